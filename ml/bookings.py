"""Forecast monthly bookings, or any monthly series, by the batch, with intervals."""

from datetime import date
from typing import Self

import numpy as np
import polars as pl

from ml.estimator import Estimator, require_fitted
from ml.panel import Floats, check_columns, month_number, refuse_where
from ml.series_batch import BatchForecast, Parents, forecast_batch, parent_season

SERIES_COLUMNS: dict[str, pl.DataType] = {
    "series_id": pl.String(),
    "month_start": pl.Date(),
    "value_cents": pl.Float64(),
}
MANY = 200  # series from which one past origin calibrates the intervals


class BookingsEngine(Estimator):
    """Theta, damped and seasonal smoothing, likelihood-averaged, in one batch.

    Parameters
    ----------
    horizon : int, months, default 12
        Months ahead of the last month in the frame.
    is_floored : bool, default True
        Keep forecasts and intervals of never-negative series at zero or above.
    origins : int, optional
        Past origins that calibrate weights and widths; chosen by the number of
        series when None.

    Attributes
    ----------
    forecast_ : polars.DataFrame
        What `fit_predict` returns.
    batch_ : BatchForecast
        Arrays behind the last answer, series in the order of `series_ids_`.
    series_ids_ : list of str
    months_ : list of date
        Months of history read, without gaps.

    Notes
    -----
    See `ml.smoothing` for the members. Each member's weight comes from its pooled
    hold-out error by seasonality class; interval widths are quantiles of hold-out
    errors over each series' seasonal-naive error, by horizon, pooled over series.

    References
    ----------
    .. [1] Fiorucci et al., Int. J. Forecasting 32(4), 2016,
       doi:10.1016/j.ijforecast.2016.02.005.
    .. [2] Hyndman et al., "Forecasting with Exponential Smoothing", 2008,
       doi:10.1007/978-3-540-71918-2.
    .. [3] Lei et al., JASA 113, 2018, doi:10.1080/01621459.2017.1307116.

    Examples
    --------
    >>> months = pl.date_range(date(2023, 1, 1), date(2025, 12, 1), "1mo", eager=True)
    >>> frame = pl.DataFrame({"series_id": "a", "month_start": months,
    ...                       "value_cents": [100.0 + t for t in range(36)]})
    >>> ahead = BookingsEngine(horizon=2).fit_predict(frame)
    >>> ahead["month_start"].to_list()
    [datetime.date(2026, 1, 1), datetime.date(2026, 2, 1)]
    """

    def __init__(
        self,
        *,
        horizon: int = 12,
        is_floored: bool = True,
        origins: int | None = None,
    ) -> None:
        self.horizon = horizon
        self.is_floored = is_floored
        self.origins = origins

    def fit(
        self,
        X: pl.DataFrame,
        y: object = None,  # noqa: ARG002
        *,
        parent: dict[str, str] | None = None,
        ended: dict[str, date] | None = None,
    ) -> Self:
        """Read every series and forecast it past the last month of the frame.

        Parameters
        ----------
        X, parent, ended
            As for `fit_predict`; `y` is ignored.

        Raises
        ------
        ValueError, ForecastError
            As for `fit_predict`.
        """
        if self.horizon < 1:
            raise ValueError(f"horizon is {self.horizon}; pass 1 or more months")
        values, ids, first = read_series(X)
        self.series_ids_ = ids
        t = values.shape[1]
        self.months_ = [_month(first + i) for i in range(t)]
        # Values are scaled to about 1 so that no threshold depends on the currency.
        unit = np.array([_unit(row) for row in values])
        scaled = values / unit[:, None]
        parents = find_parents(values, ids, parent)
        origins = self.origins or (1 if len(ids) >= MANY else 6)
        batch = forecast_batch(scaled, self.horizon, parents=parents, origins=origins)
        self.batch_: BatchForecast = batch
        self.forecast_ = self._frame(batch, unit, values, first + t, ended or {})
        return self

    def predict(self) -> pl.DataFrame:
        """Return the forecast of the series given to `fit`; see `fit_predict`."""
        require_fitted(self)
        return self.forecast_

    def fit_predict(
        self,
        frame: pl.DataFrame,
        *,
        parent: dict[str, str] | None = None,
        ended: dict[str, date] | None = None,
    ) -> pl.DataFrame:
        """Forecast every series past the last month of the frame.

        Parameters
        ----------
        frame : polars.DataFrame
            series_id str, month_start date, value_cents number. A missing row or a
            null is unknown, not zero; write zeros where nothing was booked.
        parent : dict of series_id to series_id or any label, optional
            Series with the same parent lean on the season of the parent series, or
            of their own sum when the label is no series in the frame.
        ended : dict of series_id to date, optional
            From this month on the series is closed: forecast and interval are 0.

        Returns
        -------
        polars.DataFrame
            series_id str, month_start date, horizon i32 (1 = next month), p10, p50,
            p90, lo80, hi80, lo95, hi95 f64 (cents; p10 = lo80, p90 = hi80), model str,
            is_thin bool (under 12 points: level and borrowed season only). Sorted by
            series and month; the same for any row order.

        Raises
        ------
        ValueError
            If `horizon` is below 1, or a column is missing or of the wrong type.
        ForecastError
            If there are no rows, a value is infinite, or a month appears twice.
        """
        return self.fit(frame, parent=parent, ended=ended).predict()

    def _frame(
        self,
        batch: BatchForecast,
        unit: Floats,
        values: Floats,
        start: int,
        ended: dict[str, date],
    ) -> pl.DataFrame:
        """Write the batch as rows, floored and closed where it must be."""
        n, h = batch.point.shape
        point = batch.point * unit[:, None]
        bounds = np.stack(
            [
                point - batch.half_width[:, :, 0] * unit[:, None],
                point + batch.half_width[:, :, 0] * unit[:, None],
                point - batch.half_width[:, :, 1] * unit[:, None],
                point + batch.half_width[:, :, 1] * unit[:, None],
            ]
        )
        if self.is_floored:
            never = np.where(np.isnan(values), np.inf, values).min(axis=1) >= 0
            bounds = np.where(never[None, :, None], np.maximum(bounds, 0.0), bounds)
        model = np.where(batch.is_thin, "level", "batch")
        model = np.where(batch.is_constant, "constant", model)
        months = [_month(start + i) for i in range(h)]
        rows = np.repeat(model[:, None], h, axis=1).astype(object)
        for i, series in enumerate(self.series_ids_):
            if series in ended:
                closed = np.array([m >= ended[series].replace(day=1) for m in months])
                point[i, closed] = 0.0
                bounds[:, i, closed] = 0.0
                rows[i, closed] = "closed"
        lo80, hi80, lo95, hi95 = (b.ravel() for b in bounds)
        return pl.DataFrame(
            {
                "series_id": np.repeat(self.series_ids_, h),
                "month_start": months * n,
                "horizon": np.tile(np.arange(1, h + 1, dtype=np.int32), n),
                "p10": lo80,
                "p50": point.ravel(),
                "p90": hi80,
                "lo80": lo80,
                "hi80": hi80,
                "lo95": lo95,
                "hi95": hi95,
                "model": rows.ravel().tolist(),
                "is_thin": np.repeat(batch.is_thin, h),
            },
            schema_overrides={"series_id": pl.String, "month_start": pl.Date},
        )


def read_series(frame: pl.DataFrame) -> tuple[Floats, list[str], int]:
    """Turn long rows into an array of series by month.

    Returns
    -------
    values : (s, t) float
        NaN where a month has no row; series sorted by id.
    series_ids : list of str
    first : int
        Months since year 0 of the first column.

    Raises
    ------
    ValueError, ForecastError
        As `BookingsEngine.fit_predict`.
    """
    rows = check_columns(frame, SERIES_COLUMNS, "the series frame")
    refuse_where(
        rows,
        pl.col("value_cents").is_infinite()
        | pl.col("series_id").is_null()
        | pl.col("month_start").is_null(),
        "a value is infinite, or a series or month is missing",
        "drop or correct the rows; an unknown value is null",
    )
    rows = rows.with_columns(pl.col("month_start").dt.truncate("1mo"))
    refuse_where(
        rows,
        pl.struct("series_id", "month_start").is_duplicated(),
        "a series has two values for a month",
        "sum them first",
    )
    rows = rows.sort("series_id", "month_start")
    ids = [str(s) for s in rows["series_id"].unique().sort()]
    number = month_number(rows["month_start"])
    first = int(number.min())
    values = np.full((len(ids), int(number.max()) - first + 1), np.nan)
    place = rows["series_id"].rank("dense").to_numpy().astype(np.intp) - 1
    filled = rows["value_cents"].fill_null(float("nan")).to_numpy()
    values[place, number - first] = filled
    return values, ids, first


def find_parents(
    values: Floats, ids: list[str], parent: dict[str, str] | None
) -> Parents | None:
    """Return the series that others lean on: those named, or sums of a label's own."""
    if not parent:
        return None
    labels = sorted(set(parent.values()))
    totals = np.full((len(labels), values.shape[1]), np.nan)
    of = np.full(len(ids), -1, dtype=np.intp)
    for place, label in enumerate(labels):
        members = [i for i, s in enumerate(ids) if parent.get(s) == label]
        of[[i for i in members if ids[i] != label]] = place
        if label in ids:
            totals[place] = values[ids.index(label)]
        else:
            known = ~np.isnan(values[members])
            total = np.where(known, values[members], 0.0).sum(axis=0)
            totals[place] = np.where(known.any(axis=0), total, np.nan)
    unit = np.array([_unit(row) for row in totals])
    totals = totals / unit[:, None]
    return Parents(totals, of, parent_season(totals))


def _unit(row: Floats) -> float:
    """Return the mean size of a row's known values, 1 when they are all zero."""
    known = np.abs(row[~np.isnan(row)])
    return float(known.mean()) if len(known) and known.mean() > 0 else 1.0


def _month(number: int) -> date:
    """Return the first day of the month that is `number` months after year 0."""
    return date(number // 12, number % 12 + 1, 1)
