"""Sums that agree."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data_contracts.errors import ForecastError
from ml.reconcile import reconcile, reconcile_array, shrunk_covariance

SUMMING = np.array(
    [[1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 1, 1], [1, 0, 0, 0], [0, 1, 0, 0],
     [0, 0, 1, 0], [0, 0, 0, 1]], dtype=float,
)  # fmt: skip
IDS = ["all", "left", "right", "a", "b", "c", "d"]
MEMBERS = pl.DataFrame(
    {
        "series_id": ["all"] * 4 + ["left"] * 2 + ["right"] * 2,
        "bottom_id": ["a", "b", "c", "d", "a", "b", "c", "d"],
    }
)


def frame(values: np.ndarray) -> pl.DataFrame:
    months = [date(2026, m + 1, 1) for m in range(values.shape[1])]
    return pl.DataFrame(
        {
            "series_id": np.repeat(IDS, len(months)),
            "month_start": months * len(IDS),
            "p10": values.ravel() * 0.8,
            "p50": values.ravel(),
            "p90": values.ravel() * 1.2,
        }
    )


@settings(max_examples=40, deadline=None)
@given(
    arrays(float, (7, 3), elements=st.floats(0, 1e9)),
    st.sampled_from(["mint", "top"]),
)
def test_every_parent_is_exactly_the_sum_of_its_bottoms(
    values: np.ndarray, method: str
) -> None:
    out = reconcile(frame(values), MEMBERS, method=method)  # type: ignore[arg-type]
    p50 = out["p50"].to_numpy().reshape(7, 3)
    assert (p50 == SUMMING @ p50[3:]).all()
    assert (p50 >= 0).all()
    assert (p50 == np.rint(p50)).all()
    if method == "top":
        assert np.array_equal(p50[0], np.rint(values[0]))


def test_forecasts_that_agree_already_do_not_move() -> None:
    bottom = np.array([[10.0], [20.0], [30.0], [40.0]])
    assert np.allclose(reconcile_array(SUMMING @ bottom, SUMMING), SUMMING @ bottom)


def test_mint_is_generalised_least_squares() -> None:
    rng = np.random.default_rng(0)
    base, errors = rng.normal(50, 5, (7, 2)), rng.normal(size=(7, 60))
    w = shrunk_covariance(errors)
    inverse = np.linalg.inv(w)
    expected = SUMMING @ np.linalg.solve(
        SUMMING.T @ inverse @ SUMMING, SUMMING.T @ inverse @ base
    )
    mine = reconcile_array(base, SUMMING, residuals=errors, is_floored=False)
    assert np.allclose(mine, expected, rtol=1e-6)


def test_a_shrunk_covariance_keeps_variances_and_is_definite() -> None:
    errors = np.random.default_rng(1).normal(size=(20, 8))
    w = shrunk_covariance(errors)
    assert np.allclose(np.diag(w), errors.var(axis=1))
    assert np.linalg.eigvalsh(w).min() > 0


def test_bounds_move_with_the_middle() -> None:
    values = np.arange(1.0, 8.0)[:, None] * 1000
    before, after = frame(values), reconcile(frame(values), MEMBERS)
    assert np.allclose(after["p90"] - after["p50"], before["p90"] - before["p50"])


def test_a_missing_month_or_top_is_refused() -> None:
    values = np.ones((7, 2))
    with pytest.raises(ForecastError, match="rows"):
        reconcile(frame(values).head(13), MEMBERS)
    with pytest.raises(ForecastError, match="top"):
        reconcile(
            frame(values).filter(pl.col("series_id") != "all"),
            MEMBERS.filter(pl.col("series_id") != "all"),
            method="top",
        )
    with pytest.raises(ValueError, match="no forecast"):
        reconcile(frame(values), pl.concat([MEMBERS, pl.DataFrame(
            {"series_id": ["all"], "bottom_id": ["z"]})]))  # fmt: skip
