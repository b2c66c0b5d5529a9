"""Blend what the open pipeline will bring into the forecasts of the next months."""

from calendar import monthrange
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl

from data_contracts.calendar import add_months
from data_contracts.errors import ForecastError
from ml.backtest_deals import BLEND, LEARNED, SERIES, past_errors
from ml.panel import Floats
from ml.pipeline import PipelineEstimator
from ml.pipeline_blend import blend_weights, width_ratio
from pipelines.logs import logger
from pipelines.planning.known import Known
from pipelines.planning.series_forecast import with_nodes

MONTHS = 6  # months ahead that the pipeline speaks about
_CELL = ["segment_id", "region_id"]
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Blend:
    """Forecasts with the pipeline in them, and the pipeline's own rows."""

    ahead: pl.DataFrame  # as `forecast_series`, the first months blended
    pipeline: pl.DataFrame  # rows of the pipeline file


def blend_pipeline(
    known: Known,
    ahead: pl.DataFrame,
    backtest: pl.DataFrame,
    *,
    is_used: bool,
    data_through: date,
) -> Blend | None:
    """Blend the pipeline into every node's next months.

    Parameters
    ----------
    known : Known
    ahead : frame from `pipelines.planning.series_forecast.forecast_series`
        Not yet made to agree; one row per node and month.
    backtest : frame of `ml.backtest_scores.BACKTEST_SCHEMA`
        Past as-of errors, from which weights and widths are learned.
    is_used : bool
        False where the pipeline lost out of sample: its weight is then zero.
    data_through : date
        Last day fully covered; the pipeline is read as of its evening.

    Returns
    -------
    Blend or None
        None when there is nothing to learn the pipeline from.
    """
    deals = known.deals(data_through + timedelta(days=1))
    try:
        model = PipelineEstimator(horizon=MONTHS).fit(
            deals.snapshots, deals.outcomes, as_of=data_through
        )
    except ForecastError as error:
        _log.warning("pipeline not forecast: %s", error.what)
        return None
    pipeline_errors = past_errors(backtest, LEARNED, MONTHS)
    series_errors = past_errors(backtest, SERIES, MONTHS)
    weight = blend_weights(pipeline_errors, series_errors) * float(is_used)
    ratio = width_ratio(past_errors(backtest, BLEND, MONTHS), series_errors, weight)
    cells = _by_cell(known, model, deals.open_now(), data_through)
    first: date = ahead["month_start"].min()  # type: ignore[assignment]  # a date column
    rows = _by_month(cells, first, data_through)
    at = remaining(first, data_through)
    rows = rows.with_columns(
        weight_share=pl.col("horizon").replace_strict(
            dict(enumerate(_at(weight, at).tolist(), start=1)), return_dtype=pl.Float64
        ),
        ratio=pl.col("horizon").replace_strict(
            dict(enumerate(_at(ratio, at).tolist(), start=1)), return_dtype=pl.Float64
        ),
    )
    joined = with_nodes(ahead).join(
        rows, on=["node_level", "node_id", "month_start", "horizon"], how="left"
    )
    sums = ("booked", "open", "new", "pipeline")
    pipeline = joined.filter(pl.col("pipeline").is_not_null()).select(
        "node_level",
        "node_id",
        "month_start",
        "horizon",
        *(pl.col(one).round().cast(pl.Int64).alias(f"{one}_cents") for one in sums),
        pl.col("p50").round().cast(pl.Int64).alias("series_cents"),
        "weight_share",
        level_share=pl.lit(model.level_),
        is_thin=pl.lit(model.is_thin_),
    )
    return Blend(_blended(joined).select(ahead.columns), pipeline)


def remaining(first: date, data_through: date) -> Floats:
    """Return how many months ahead each of the next months ends, (MONTHS,).

    A month under way ends within less than one month: what is left of it.

    Examples
    --------
    >>> remaining(date(2026, 5, 1), date(2026, 4, 30)).tolist()[:2]
    [1.0, 2.0]
    >>> remaining(date(2026, 6, 1), date(2026, 6, 15)).tolist()[:2]
    [0.5, 1.5]
    """
    days = monthrange(first.year, first.month)[1]
    done = max((data_through - first).days + 1, 0)
    out: Floats = max(days - done, 0) / days + np.arange(MONTHS, dtype=np.float64)
    return out


def _at(by_horizon: Floats, months: Floats) -> Floats:
    """Read a value by months ahead, flat outside."""
    out: Floats = np.interp(months, np.arange(1, len(by_horizon) + 1), by_horizon)
    return out


def _tell_of_amounts(now: pl.DataFrame, model: PipelineEstimator) -> None:
    """Log the open opportunities whose stated amount is not believed."""
    beyond = now.filter(pl.col("amount_cents") > model.largest_cents_)
    for row in beyond.select("opportunity_id", "amount_cents").iter_rows():
        _log.warning(
            "open opportunity %s states %s cents and nothing near it was ever won: it "
            "counts as %.0f; correct it in the CRM",
            *row,
            model.largest_cents_,
        )


def _by_cell(
    known: Known, model: PipelineEstimator, now: pl.DataFrame, data_through: date
) -> pl.DataFrame:
    """Return cumulative expectations by cell and months ahead, new business shared."""
    morning = data_through + timedelta(days=1)
    year = pl.col("booked_on") > pl.lit(data_through).dt.offset_by("-12mo")
    booked = _cells(known.won(morning))
    past = booked.filter(year).group_by(_CELL).agg(year=pl.col("amount_cents").sum())
    this = pl.col("month_start") == morning.replace(day=1)
    if morning.day == 1:
        this = pl.lit(value=False)
    done = booked.filter(this).group_by(_CELL).agg(booked=pl.col("amount_cents").sum())
    places = _cells(now).select("opportunity_id", *_CELL)
    expected = model.expected(now) if now.height else None
    _tell_of_amounts(now, model)
    company = model.predict(now)
    total = max(float(past["year"].sum()), 1.0)
    grid = (
        pl.concat([booked.select(_CELL), places.select(_CELL)])
        .unique()
        .join(company.select("horizon", "new_cents"), how="cross")
        .join(past, on=_CELL, how="left")
        .join(done, on=_CELL, how="left")
    )
    opened = pl.DataFrame(
        schema={**dict.fromkeys(_CELL, pl.String), "horizon": pl.Int32,
                "open": pl.Float64}
    )  # fmt: skip
    if expected is not None:
        opened = (
            expected.join(places, on="opportunity_id")
            .group_by(*_CELL, "horizon")
            .agg(open=pl.col("expected_cents").sum())
        )
    return (
        grid.join(opened, on=[*_CELL, "horizon"], how="left")
        .with_columns(
            pl.col("open").fill_null(0.0),
            pl.col("booked").fill_null(0).cast(pl.Float64),
            new=pl.col("new_cents") * pl.col("year").fill_null(0).clip(0) / total,
        )
        .select(*_CELL, "horizon", "open", "new", "booked")
        .sort(*_CELL, "horizon")
    )


def _cells(rows: pl.DataFrame) -> pl.DataFrame:
    """Name the cells of rows without a segment or region."""
    return rows.with_columns(pl.col(_CELL).fill_null("none"))


def _by_month(cells: pl.DataFrame, first: date, data_through: date) -> pl.DataFrame:
    """Turn cumulative expectations into calendar months, and add up the nodes."""
    at = remaining(first, data_through)
    parts = []
    for (segment, region), part in cells.group_by(_CELL, maintain_order=True):
        columns = {}
        for name in ("open", "new"):
            total = np.concatenate([[0.0], part[name].to_numpy()])
            reached = np.interp(np.append(0.0, at), np.arange(len(total)), total)
            columns[name] = np.diff(reached)
        booked = np.zeros(MONTHS)
        booked[0] = float(part["booked"][0])
        parts.append(
            pl.DataFrame(
                {
                    "segment_id": [segment] * MONTHS,
                    "region_id": [region] * MONTHS,
                    "month_start": [add_months(first, k) for k in range(MONTHS)],
                    "horizon": np.arange(1, MONTHS + 1, dtype=np.int32),
                    "booked": booked,
                    **columns,
                }
            )
        )
    rows = pl.concat(parts).with_columns(
        pipeline=pl.col("booked") + pl.col("open") + pl.col("new")
    )
    levels = {
        "company": pl.lit("company"),
        "segment": pl.col("segment_id"),
        "region": pl.col("region_id"),
        "cell": pl.concat_str(_CELL, separator="/"),
    }
    values = ("booked", "open", "new", "pipeline")
    return pl.concat(
        rows.with_columns(node_level=pl.lit(level), node_id=node)
        .group_by("node_level", "node_id", "month_start", "horizon")
        .agg(pl.col(one).sum() for one in values)
        for level, node in levels.items()
    )


def _blended(joined: pl.DataFrame) -> pl.DataFrame:
    """Mix the middles, narrow or widen the bounds around them."""
    weight, middle = pl.col("weight_share"), pl.col("p50")
    mixed = weight * pl.col("pipeline") + (1 - weight) * middle
    is_blended = pl.col("pipeline").is_not_null() & (weight > 0)
    below = (middle - pl.col("p10")) * pl.col("ratio")
    above = (pl.col("p90") - middle) * pl.col("ratio")
    booked = pl.col("booked")
    return joined.with_columns(
        p50=pl.when(is_blended).then(mixed).otherwise(middle),
        # what is booked already cannot be lost again
        p10=pl.when(is_blended)
        .then(pl.max_horizontal(mixed - below, pl.min_horizontal(booked, mixed)))
        .otherwise(pl.col("p10")),
        p90=pl.when(is_blended).then(mixed + above).otherwise(pl.col("p90")),
        model=pl.when(is_blended)
        .then(pl.col("model") + pl.lit(" + pipeline"))
        .otherwise(pl.col("model")),
    )
