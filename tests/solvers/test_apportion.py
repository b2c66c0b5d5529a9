"""Bounded Webster is exact: checked against every possible split."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.apportion import apportion, exchange_slack


def spread(quota: np.ndarray, weight: np.ndarray) -> float:
    """The objective the method minimises, at the exact common ratio."""
    fair = weight * quota.sum() / weight.sum()
    return float(((quota - fair) ** 2 / weight).sum())


@st.composite
def cases(draw: st.DrawFn) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    n = draw(st.integers(1, 4))
    weight = np.array(draw(st.lists(st.integers(1, 9), min_size=n, max_size=n)), float)
    low = np.array(draw(st.lists(st.integers(0, 3), min_size=n, max_size=n)))
    room = np.array(draw(st.lists(st.integers(0, 5), min_size=n, max_size=n)))
    units = draw(st.integers(int(low.sum()), int((low + room).sum())))
    return units, weight, low, low + room


@pytest.mark.slow
@settings(max_examples=200, deadline=None)
@given(cases())
def test_no_split_within_the_bounds_is_more_even(case: tuple) -> None:
    units, weight, low, high = case
    quota = apportion(units, weight, low, high)
    assert quota.sum() == units
    assert ((low <= quota) & (quota <= high)).all()
    ranges = [range(a, b + 1) for a, b in zip(low, high, strict=True)]
    best = min(
        spread(np.array(q), weight)
        for q in itertools.product(*ranges)
        if sum(q) == units
    )
    assert spread(quota, weight) == pytest.approx(best, abs=1e-9)
    assert exchange_slack(quota, weight, low, high) >= -1e-12


def test_the_certificate_refuses_a_worse_split() -> None:
    low, high = np.zeros(2, np.int64), np.full(2, 10)
    assert exchange_slack(np.array([5, 1]), np.ones(2), low, high) < 0


def test_textbook_webster_seats() -> None:
    # Balinski & Young's example: votes 21878, 9713, 4167, 3252, 1065 over 26 seats.
    votes = np.array([21_878.0, 9_713, 4_167, 3_252, 1_065])
    none, many = np.zeros(5, np.int64), np.full(5, 26)
    assert apportion(26, votes, none, many).tolist() == [14, 6, 3, 2, 1]


def test_parts_without_weight_get_their_floor_until_the_others_are_full() -> None:
    weight = np.array([1.0, 0.0])
    low, high = np.zeros(2, np.int64), np.array([3, 9])
    assert apportion(2, weight, low, high).tolist() == [2, 0]
    assert apportion(5, weight, low, high).tolist() == [3, 2]


def test_units_outside_the_bounds_are_refused() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        apportion(5, np.ones(1), np.zeros(1, np.int64), np.array([4]))
