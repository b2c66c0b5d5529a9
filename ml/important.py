"""A slower tier for the few series people look at: several engines, averaged.

Optional: needs the package statsforecast. The nightly thousands use `ml.bookings`.
"""

from datetime import date

import numpy as np
import polars as pl

from data_contracts.errors import ForecastError
from ml.bookings import BookingsEngine, read_series
from ml.panel import Floats

MOST = 200  # series this tier accepts; beyond that the batch engine is the right one
LEAST_POINTS = 24  # months below which its engines refuse or guess


def important_series(
    frame: pl.DataFrame, origin_on: date, horizon: int
) -> pl.DataFrame:
    """Forecast few series with the mean of four engines; a `ml.backtest.Forecaster`.

    Parameters
    ----------
    frame : polars.DataFrame
        series_id, month_start, value_cents as for `BookingsEngine.fit_predict`.
    origin_on : date
        Not read; part of the forecaster's signature.
    horizon : int, months

    Returns
    -------
    polars.DataFrame
        Columns of `BookingsEngine.fit_predict`. Series with gaps, negatives, no
        variation or under 24 months keep the batch engine's answer; intervals keep
        the batch engine's calibrated widths around the new middle.

    Raises
    ------
    ForecastError
        If statsforecast is not installed, or there are more than 200 series.

    Notes
    -----
    Mean of dynamic optimised Theta, ETS, complex smoothing and the batch engine:
    averages of good methods beat their best member; Petropoulos & Svetunkov 2020,
    doi:10.1016/j.ijforecast.2019.01.006.
    """
    del origin_on
    values, ids, _ = read_series(frame)
    if len(ids) > MOST:
        raise ForecastError(
            f"{len(ids)} series are too many for the slow tier of {MOST}",
            fix="pass the company, regions and segments only; the rest is the batch's",
        )
    batch = BookingsEngine(horizon=horizon).fit_predict(frame)
    middle = batch["p50"].to_numpy().reshape(len(ids), horizon).copy()
    for i, row in enumerate(values):
        known = row[~np.isnan(row)]
        plain = len(known) == len(row) and len(row) >= LEAST_POINTS
        if plain and known.min() >= 0 and known.max() > known.min():
            engines = _engines(row, horizon)
            middle[i] = np.vstack([middle[i][None], engines]).mean(axis=0)
    middle = np.maximum(middle, np.where(np.nanmin(values) >= 0, 0.0, -np.inf))
    shift = middle.ravel() - batch["p50"].to_numpy()
    names = ("p10", "p50", "p90", "lo80", "hi80", "lo95", "hi95")
    floor = 0.0 if np.nanmin(values) >= 0 else -np.inf
    moved = [
        pl.Series(name, np.maximum(batch[name].to_numpy() + shift, floor))
        for name in names
    ]
    return batch.with_columns(*moved, model=pl.lit("engines averaged"))


def _engines(row: Floats, horizon: int) -> Floats:
    """Return the forecasts of three engines, (3, horizon)."""
    try:
        # Over a second to import, and optional: only those who ask for it pay.
        from statsforecast.models import AutoCES, AutoETS, DynamicOptimizedTheta
    except ImportError:
        raise ForecastError(
            "the package statsforecast is not installed",
            fix="pip install 'continuous-aop[bench]', or use the batch engine",
        ) from None
    unit = float(np.abs(row).mean())
    engines = (DynamicOptimizedTheta, AutoETS, AutoCES)
    ahead = [
        engine(season_length=12).forecast(y=row / unit, h=horizon)["mean"] * unit
        for engine in engines
    ]
    out: Floats = np.stack(ahead).astype(np.float64)
    return out
