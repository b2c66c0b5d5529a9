"""Weights and widths are learned from past as-of errors and fall back on a rule."""

import numpy as np

from ml.pipeline_blend import blend_weights, error_spread, width_ratio

NONE = np.zeros((0, 6))


def test_dates_whose_window_is_open_do_not_count() -> None:
    series = np.ones((8, 2))
    pipeline = np.array([[0.0, np.nan]] * 8)
    weight = blend_weights(pipeline, series)
    assert weight[0] > 0.9 + 0.05  # always right: above the rule of 0.9
    assert weight[1] == blend_weights(np.zeros((0, 2)), np.zeros((0, 2)))[1]


def test_equal_forecasts_keep_the_rule() -> None:
    same = np.random.default_rng(0).normal(size=(5, 6))
    assert np.allclose(blend_weights(same, same), blend_weights(NONE, NONE))


def test_a_spread_is_between_what_was_seen_and_what_is_usual() -> None:
    seen = np.full((6, 3), 0.5)
    spread = error_spread(seen)
    assert (spread < 0.5).all()
    assert (spread > error_spread(np.zeros((0, 3)))).all()


def test_a_blend_that_errs_half_as_much_is_narrower() -> None:
    weight = np.full(6, 0.5)
    series = np.ones((20, 6))
    narrow = width_ratio(series / 2, series, weight)
    assert (narrow < width_ratio(NONE, NONE, weight)).all()
    assert (narrow > 0.4).all()
