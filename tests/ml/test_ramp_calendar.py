"""Season and drift."""

import numpy as np

from ml.ramp_calendar import Calendar, learn_walk, step_calendar

MONTHS = np.arange(36) % 12


def settle(due: np.ndarray, got: np.ndarray) -> Calendar:
    """Iterate to convergence on counts with known expectation."""
    calendar = Calendar.flat(len(due), due.shape[1])
    for _ in range(30):
        mean = due * np.exp(calendar.effects(MONTHS))
        calendar = step_calendar(
            calendar, MONTHS, mean, got - mean,
            company_sds=(0.3, 0.02), segment_sds=(0.12, 0.015),
        )  # fmt: skip
    return calendar


def test_a_company_season_is_recovered_and_segments_add_nothing() -> None:
    season = 0.3 * np.cos(np.arange(12) * np.pi / 6)
    due = np.full((2, 36), 5000.0)
    calendar = settle(due, due * np.exp(season[MONTHS]))
    total = calendar.season[0] + calendar.season[1:]
    assert np.allclose(total, season - season.mean(), atol=0.02)
    assert np.abs(calendar.season[1:]).max() < 0.03


def test_a_segment_that_falls_is_told_from_the_company() -> None:
    due = np.full((3, 36), 5000.0)
    got = due.copy()
    got[1, 24:] *= 0.8
    effects = settle(due, got).effects(MONTHS)
    fall = effects[:, -6:].mean(axis=1) - effects[:, :18].mean(axis=1)
    assert fall[1] < -0.15
    assert np.abs(fall[[0, 2]]).max() < 0.05


def test_means_stay_with_the_level() -> None:
    due = np.full((2, 36), 50.0)
    calendar = settle(due, 1.5 * due)
    assert np.allclose(calendar.season.mean(axis=1), 0, atol=1e-9)
    assert np.allclose(calendar.drift.mean(axis=1), 0, atol=1e-9)


def test_a_restless_market_learns_larger_steps() -> None:
    rng = np.random.default_rng(0)
    due = np.full(36, 20_000.0)
    flat = Calendar.flat(1, 36)
    quiet = learn_walk(flat, MONTHS, due, rng.normal(0, 100, 36), (0.3, 0.02))
    walk = np.cumsum(rng.normal(0, 0.05, 36))
    wild = learn_walk(flat, MONTHS, due, due * walk, (0.3, 0.02))
    assert quiet.step_sd < 0.012 < 0.03 < wild.step_sd
    assert wild.now_sd >= wild.year_sd > 0
