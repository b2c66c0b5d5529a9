"""Wins against what was expected: luck stays luck, a slump shows, a season repeats."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.win_level import win_level, win_season


def test_without_windows_wins_are_as_expected() -> None:
    assert win_level(np.zeros(0), np.zeros(0)) == pytest.approx(1.0, abs=0.02)


def test_luck_moves_the_level_little_and_a_lasting_slump_much() -> None:
    due = np.full(30, 20.0)
    luck = np.random.default_rng(3).poisson(20, 30).astype(float)
    slump = np.append(luck[:24], np.full(6, 12.0))
    assert abs(win_level(due, luck) - 1) < 0.15
    assert 0.6 < win_level(due, slump) < 0.8


def test_poor_months_say_less_where_months_always_jumped_about() -> None:
    due = np.full(30, 40.0)
    turn = np.where(np.arange(24) % 2, 1.0, -1.0)
    steady, restless = 40 + 3 * turn, 40 + 16 * turn
    slump = np.full(3, 27.0)
    calm = win_level(due[:27], np.append(steady, slump))
    wild = win_level(due[:27], np.append(restless, slump))
    assert calm < 0.78
    assert wild > calm + 0.05


def test_a_lasting_slump_of_a_third_shows_within_half_a_year() -> None:
    due = np.full(36, 15.0)
    got = np.append(np.random.default_rng(1).poisson(15, 30), np.full(6, 10.0))
    assert win_level(due, got.astype(float)) < 0.8


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 24), st.floats(5, 50), st.floats(0.4, 2.0))
def test_the_level_lies_between_one_and_what_was_seen(
    windows: int, due: float, seen: float
) -> None:
    level = win_level(np.full(windows, due), np.full(windows, due * seen))
    low, high = sorted((1.0, seen))
    assert low - 0.06 <= level <= high + 0.06


def test_a_month_that_is_strong_every_year_is_found() -> None:
    month = np.tile(np.arange(12), 4)
    due = np.full(48, 40.0)
    got = np.where(month == 11, 60.0, 38.0) + np.random.default_rng(0).normal(0, 3, 48)
    effect = win_season(month, due, got)
    assert np.argmax(effect) == 11
    assert 0.25 < effect[11] < 0.5


def test_one_odd_year_is_no_season() -> None:
    month = np.arange(12)
    got = np.where(month == 11, 80.0, 40.0)
    assert not win_season(month, np.full(12, 40.0), got).any()


def test_noise_alone_gives_next_to_no_season() -> None:
    rng = np.random.default_rng(8)
    got = rng.poisson(15, 36).astype(float)
    effect = win_season(np.tile(np.arange(12), 3), np.full(36, 15.0), got)
    assert np.abs(effect).max() < 0.15
