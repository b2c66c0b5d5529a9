"""Pooled interval widths."""

import numpy as np

from ml.intervals import naive_scale, pool_errors


def test_the_scale_is_the_seasonal_naive_error() -> None:
    values = np.concatenate([np.zeros(12), np.full(12, 3.0)])[None]
    assert np.isclose(naive_scale(values)[0], 3.0)


def test_a_series_that_never_changes_has_no_scale() -> None:
    assert np.isnan(naive_scale(np.full((1, 30), 4.0))[0])


def test_many_errors_give_their_own_quantile() -> None:
    errors = np.random.default_rng(0).normal(size=(20_000, 1))
    pool = pool_errors(errors, 1)
    assert np.allclose(pool.width[0], [1.2816, 1.96], atol=0.03)
    assert pool.share_own == 0.0


def test_without_errors_a_stated_guess_answers_and_widens() -> None:
    pool = pool_errors(np.empty((0, 6)), 6)
    assert (np.diff(pool.width, axis=0) > 0).all()
    assert pool.share_own == 1.0
    assert pool.errors_count == 0


def test_widths_never_shrink_with_the_horizon() -> None:
    errors = np.random.default_rng(1).normal(size=(300, 5)) * [5, 1, 3, 2, 1]
    pool = pool_errors(errors, 5)
    assert (np.diff(pool.width, axis=0) >= 0).all()
    assert (pool.width[:, 1] >= pool.width[:, 0]).all()
