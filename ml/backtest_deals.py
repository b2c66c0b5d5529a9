"""Backtests of the pipeline and of account potential, from what was known then."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import numpy as np
import polars as pl

from data_contracts.errors import ForecastError
from ml.backtest_reps import ROW_SCHEMA, Row
from ml.backtest_scores import BACKTEST_SCHEMA, finish_backtest
from ml.bookings import BookingsEngine
from ml.panel import Floats
from ml.pipeline import PipelineEstimator
from ml.pipeline_blend import blend_weights, error_spread
from ml.potential import PotentialEstimator
from ml.potential_naive import NAIVE_POTENTIAL, last_year

LEARNED: Final = "win within horizon"
BLEND: Final = "pipeline and series"
COVERAGE: Final = "coverage ratio"
SERIES: Final = "series alone"
MOST_ROWS: Final = (
    8_000  # snapshot rows read at a past origin; tonight's fit reads more
)
Z80: Final = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Deals:
    """Opportunities as somebody could see them on one morning."""

    snapshots: pl.DataFrame  # as `PipelineEstimator.fit`: month-ends of the past
    outcomes: pl.DataFrame  # as `PipelineEstimator.fit`: all known by then
    booked: pl.DataFrame  # month_start, value_cents: the company's complete months

    def open_now(self) -> pl.DataFrame:
        """Return the newest snapshot's rows."""
        newest = self.snapshots["snapshot_on"].max()
        return self.snapshots.filter(pl.col("snapshot_on") == newest)


def backtest_pipeline(
    known: Callable[[date], Deals],
    booked: pl.DataFrame,
    *,
    origins: Sequence[date],
    horizon: int = 6,
) -> pl.DataFrame:
    """Backtest bookings of the next months from the pipeline, company-wide.

    Parameters
    ----------
    known : function of a date
        What was known on the morning of an origin; nothing else is read.
    booked : polars.DataFrame
        month_start date, value_cents: what the company booked; the truth.
    origins : sequence of dates
        First days of the first months to be forecast.
    horizon : int, months, default 6

    Returns
    -------
    polars.DataFrame
        `BACKTEST_SCHEMA`, measure "pipeline", cumulative cents from the origin:
        "win within horizon" and its blend with the series, by weights learned at
        earlier origins only, against "coverage ratio" and "series alone". Origins
        with nothing to learn from are left out.
    """
    truth = dict(booked.select("month_start", "value_cents").iter_rows())
    last = max(truth, default=date.min)
    rows: list[Row] = []
    past: list[tuple[date, dict[str, Floats], Floats]] = []
    for origin_on in sorted(origins):
        found = _forecasts(known(origin_on), origin_on, horizon)
        if found is None:
            continue
        months = [_ahead(origin_on, h) for h in range(horizon)]
        actual = np.cumsum([float(truth.get(m, 0.0)) for m in months])
        actual = np.where([m <= last for m in months], actual, np.nan)
        # At this origin only windows that had closed are known.
        closed = [
            (f, np.where([_ahead(o, h) < origin_on for h in range(horizon)], a, np.nan))
            for o, f, a in past
        ]
        weight = blend_weights(
            _errors(closed, LEARNED, horizon), _errors(closed, SERIES, horizon)
        )
        found[BLEND] = weight * found[LEARNED] + (1 - weight) * found[SERIES]
        for model, forecast in found.items():
            spread = Z80 * error_spread(_relative(closed, model, horizon))
            for h in np.flatnonzero(np.isfinite(actual)):
                f = float(forecast[h])
                rows.append(
                    ("pipeline", model, model in (COVERAGE, SERIES), origin_on,
                     int(h) + 1, "company", "company", "cents", float(actual[h]), f,
                     f * float(np.exp(-spread[h])), f * float(np.exp(spread[h])), None)
                )  # fmt: skip
        past.append((origin_on, found, actual))
    if not rows:
        return pl.DataFrame(schema=BACKTEST_SCHEMA)
    return finish_backtest(pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row"))


def past_errors(backtest: pl.DataFrame, model: str, horizon: int) -> Floats:
    """Return the errors of one pipeline model by origin, (origins, horizon) cents.

    Actual less forecast; NaN where the window is not over. Feeds `blend_weights`.
    """
    rows = backtest.filter(
        (pl.col("measure") == "pipeline") & (pl.col("model") == model)
    ).sort("origin_on", "horizon")
    days = rows["origin_on"].unique().sort().to_list()
    out = np.full((len(days), horizon), np.nan)
    for day, h, actual, forecast in rows.select(
        "origin_on", "horizon", "actual_value", "forecast_value"
    ).iter_rows():
        if h <= horizon:
            out[days.index(day), h - 1] = actual - forecast
    return out


def _forecasts(deals: Deals, origin_on: date, horizon: int) -> dict[str, Floats] | None:
    """Return cumulative forecasts of the three methods, or None without a past."""
    as_of = origin_on - timedelta(days=1)
    try:
        model = PipelineEstimator(horizon=horizon, most_rows=MOST_ROWS).fit(
            deals.snapshots, deals.outcomes, as_of=as_of
        )
    except ForecastError:
        return None
    if deals.booked.height < 2 or deals.booked["value_cents"].sum() <= 0:
        return None
    ahead = BookingsEngine(horizon=horizon).fit_predict(
        deals.booked.with_columns(series_id=pl.lit("company"))
    )
    return {
        LEARNED: model.predict(deals.open_now())["total_cents"].to_numpy(),
        SERIES: np.cumsum(ahead["p50"].to_numpy()),
        COVERAGE: coverage_ratio(deals, origin_on, horizon),
    }


def coverage_ratio(deals: Deals, origin_on: date, horizon: int) -> Floats:
    """Return cumulative bookings by the habit: due pipeline times its past yield.

    Parameters
    ----------
    deals : Deals
    origin_on : date
    horizon : int, months

    Returns
    -------
    (horizon,) float, cents
        Open amounts stated to close within h months, times the mean past ratio of
        what was booked in such a window to what was due in it.
    """
    months = pl.col("stated_close_on") - pl.col("snapshot_on")
    due = deals.snapshots.with_columns(
        due=months.dt.total_days() / 30.4375,
        month=pl.col("snapshot_on").dt.truncate("1mo").dt.offset_by("1mo"),
    )
    booked = dict(deals.booked.select("month_start", "value_cents").iter_rows())
    out = np.zeros(horizon)
    for h in range(1, horizon + 1):
        window = dict(
            due.filter(pl.col("due") <= h)
            .group_by("month")
            .agg(pl.col("amount_cents").sum())
            .iter_rows()
        )
        ratios = [
            sum(float(booked.get(_ahead(start, k), 0.0)) for k in range(h)) / cents
            for start, cents in sorted(window.items())
            if cents > 0 and _ahead(start, h - 1) < origin_on and start in booked
        ]
        now = float(window.get(origin_on, 0) or 0)
        out[h - 1] = now * float(np.mean(ratios)) if ratios else now
    return out


def _ahead(day: date, months: int) -> date:
    """Return the first day of the month `months` later."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, 1)


def _errors(
    closed: list[tuple[dict[str, Floats], Floats]], model: str, horizon: int
) -> Floats:
    """Return actual less forecast at earlier origins, (origins, horizon)."""
    if not closed:
        return np.zeros((0, horizon))
    return np.stack([actual - found[model] for found, actual in closed])


def _relative(
    closed: list[tuple[dict[str, Floats], Floats]], model: str, horizon: int
) -> Floats:
    """Return the log of actual over forecast at earlier origins."""
    if not closed:
        return np.zeros((0, horizon))
    return np.stack(
        [
            np.log(np.maximum(actual, 1.0) / np.maximum(found[model], 1.0))
            for found, actual in closed
        ]
    )


def backtest_potential(
    known: Callable[[date], tuple[pl.DataFrame, pl.DataFrame]],
    spend: pl.DataFrame,
    *,
    origins: Sequence[date],
) -> pl.DataFrame:
    """Backtest the 12-month spend of every account.

    Parameters
    ----------
    known : function of a date
        Accounts and bookings known on the morning of an origin, as
        `PotentialEstimator.fit`; accounts also need segment_id.
    spend : polars.DataFrame
        account_id, booked_on, amount_cents: the truth.
    origins : sequence of dates
        Each at least 12 months before the end of `spend`.

    Returns
    -------
    polars.DataFrame
        `BACKTEST_SCHEMA`, measure "potential", horizon 12; values are sums over the
        accounts of a segment or the company. The loss is the squared error over the
        squared actual of single accounts (a forecast is a mean, and this is the
        score a mean minimises); covered_share is the share of accounts inside
        their own interval.
    """
    rows: list[Row] = []
    covered: list[float | None] = []
    for origin_on in sorted(origins):
        accounts, seen = known(origin_on)
        as_of = origin_on - timedelta(days=1)
        try:
            ours = PotentialEstimator().fit(accounts, seen, as_of=as_of).predict()
        except ForecastError:
            continue
        naive = last_year(accounts, seen, as_of=as_of)
        end = pl.lit(as_of).dt.offset_by("12mo")
        after = spend.filter(
            (pl.col("booked_on") > as_of) & (pl.col("booked_on") <= end)
        )
        total = after.group_by("account_id").agg(actual=pl.col("amount_cents").sum())
        joined = (
            ours.select("account_id", "potential_cents", "p10_cents", "p90_cents")
            .join(naive.rename({"potential_cents": "naive"}), on="account_id")
            .join(accounts.select("account_id", "segment_id"), on="account_id")
            .join(total, on="account_id", how="left")
            .with_columns(
                pl.col("actual").fill_null(0).clip(0),
                pl.col("segment_id").fill_null("none"),
            )
            .sort("account_id")
        )
        parts = {("company", "company"): joined} | {
            ("segment", str(name)): part
            for (name,), part in joined.group_by("segment_id", maintain_order=True)
        }
        for (level, node), part in parts.items():
            actual = part["actual"].cast(pl.Float64)
            square = float((actual**2).sum())
            inside = actual.is_between(part["p10_cents"], part["p90_cents"]).mean()
            for column, model in (
                ("potential_cents", "firmographic credibility"),
                ("naive", NAIVE_POTENTIAL),
            ):
                gap = part[column].cast(pl.Float64) - actual
                is_naive = column == "naive"
                loss = float((gap**2).sum()) / square if square > 0 else None
                rows.append(
                    ("potential", model, is_naive, origin_on, 12, level, node, "cents",
                     float(actual.sum()), float(part[column].sum()), None, None, loss)
                )  # fmt: skip
                covered.append(None if is_naive else float(inside))  # type: ignore[arg-type]  # a mean of booleans
    if not rows:
        return pl.DataFrame(schema=BACKTEST_SCHEMA)
    frame = pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row")
    return finish_backtest(
        frame.with_columns(covered_share=pl.Series(covered, dtype=pl.Float64))
    )
