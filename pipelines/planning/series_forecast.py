"""Forecast bookings of company, segments, regions and cells so that all levels agree.

The series engine everywhere, the pipeline blended in where it knows more, and at each
level whichever model won there out of sample.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from ml.backtest import NAIVE, Forecaster, batch_engine, seasonal_naive
from ml.bookings import BookingsEngine
from ml.reconcile import reconcile
from pipelines.planning.forecast_files import SCHEMAS
from pipelines.planning.targets import by_node, cell_parts

HORIZON_MONTHS = 18  # a first plan may be made half a year before its year starts
BATCH = "batch"
SLOW = "engines averaged"
TOP = "company|company"
_SERIES = {
    "series_id": pl.String,
    "month_start": pl.Date,
    "value_cents": pl.Float64,
}
_NO_CHAMPIONS: Mapping[str, str] = {}


def node_series(bookings: pl.DataFrame, last_full_month: date) -> pl.DataFrame:
    """Return monthly series by node, zeros where a node booked nothing.

    Parameters
    ----------
    bookings : frame of segment_id, region_id, month_start, bookings_cents
    last_full_month : date
        Newest month whose bookings are complete.

    Returns
    -------
    frame of series_id ("level|node"), month_start, value_cents
        From the first month anybody booked to `last_full_month`, for every node.
    """
    past = bookings.filter(pl.col("month_start") <= last_full_month)
    if past.is_empty():
        return pl.DataFrame(schema=_SERIES)
    nodes = by_node(
        past.select(
            pl.col("segment_id").fill_null("none"),
            pl.col("region_id").fill_null("none"),
            "month_start",
            pl.col("bookings_cents").alias("value_cents"),
        )
    ).select(
        pl.concat_str("node_level", "node_id", separator="|").alias("series_id"),
        "month_start",
        pl.col("value_cents").cast(pl.Float64),
    )
    first: date = past["month_start"].min()  # type: ignore[assignment]  # a date column
    months = pl.DataFrame(
        {"month_start": pl.date_range(first, last_full_month, "1mo", eager=True)}
    )
    return (
        nodes.select("series_id")
        .unique()
        .join(months, how="cross")
        .join(nodes, on=["series_id", "month_start"], how="left")
        .with_columns(pl.col("value_cents").fill_null(0.0))
        .sort("series_id", "month_start")
    )


def with_nodes(series: pl.DataFrame) -> pl.DataFrame:
    """Return rows with node_level and node_id beside series_id ("level|node")."""
    node = pl.col("series_id").str.splitn("|", 2).struct
    return series.with_columns(
        node_level=node.field("field_0"), node_id=node.field("field_1")
    )


def leaning_engine(frame: pl.DataFrame, origin_on: date, horizon: int) -> pl.DataFrame:
    """Forecast with the batch engine, every series leaning on the company's season.

    A `ml.backtest.Forecaster`, so that the backtest judges what the night uses.
    """
    top = [s for s in frame["series_id"].unique() if s.startswith("company")]
    if not top:
        return batch_engine(frame, origin_on, horizon)
    parent = dict.fromkeys(frame["series_id"].unique().to_list(), top[0])
    return BookingsEngine(horizon=horizon).fit_predict(frame, parent=parent)


def series_models(*, use_slow_engines: bool) -> dict[str, Forecaster]:
    """Return the models that compete with the seasonal naive, by name."""
    models: dict[str, Forecaster] = {BATCH: leaning_engine}
    if use_slow_engines:
        models[SLOW] = _slow_engines
    return models


def _slow_engines(frame: pl.DataFrame, origin_on: date, horizon: int) -> pl.DataFrame:
    """Forecast company, segments and regions with the slow tier, cells not at all."""
    # Imported late: the optional package behind it takes over a second.
    from ml.important import important_series

    few = frame.filter(~pl.col("series_id").str.starts_with("cell"))
    return important_series(few, origin_on, horizon)


def forecast_series(
    series: pl.DataFrame,
    champions: Mapping[str, str] = _NO_CHAMPIONS,
    *,
    horizon: int = HORIZON_MONTHS,
    use_slow_engines: bool = False,
) -> pl.DataFrame:
    """Forecast every node with the champion of its level, not yet made to agree.

    Parameters
    ----------
    series : frame from :func:`node_series`
    champions : mapping of node_level to model name
        A level without one uses the batch engine.

    Returns
    -------
    frame of series_id, month_start, horizon, p10, p50, p90, model, is_thin
    """
    last: date = series["month_start"].max()  # type: ignore[assignment]  # a date column
    names = ["series_id", "month_start", "horizon", "p10", "p50", "p90"]
    base = leaning_engine(series, last, horizon).select(*names, "model", "is_thin")
    rivals = {NAIVE: seasonal_naive}
    if use_slow_engines:
        rivals[SLOW] = _slow_engines
    for name, run in rivals.items():
        levels = [level for level, winner in champions.items() if winner == name]
        is_theirs = pl.col("series_id").str.split("|").list.first().is_in(levels)
        if not levels or series.filter(is_theirs).is_empty():
            continue
        theirs = run(series, last, horizon).select(names).filter(is_theirs)
        thin = base.select("series_id", "month_start", "is_thin")
        theirs = theirs.join(thin, on=["series_id", "month_start"]).with_columns(
            pl.col("p10").clip(0), model=pl.lit(name)
        )
        base = pl.concat([base.filter(~is_theirs), theirs.select(base.columns)])
    return base.sort("series_id", "month_start")


def agree(ahead: pl.DataFrame, *, pins_top: bool = False) -> pl.DataFrame:
    """Reconcile the nodes' forecasts; return the bookings file's rows.

    Parameters
    ----------
    ahead : frame from :func:`forecast_series`
    pins_top : bool, default False
        Keep the company's forecast and move everything else.

    Returns
    -------
    frame with the columns of ``SCHEMAS["bookings"]``
        In each month cells sum to segments, regions and the company exactly.
    """
    ids = ahead["series_id"].unique().to_list()
    cells = sorted(one for one in ids if one.startswith("cell|"))
    members = pl.DataFrame(
        [
            {"series_id": node, "bottom_id": cell}
            for cell in cells
            for node in _ancestors(cell)
        ]
    )
    agreed = reconcile(ahead, members, method="top" if pins_top else "mint")
    middle = pl.col("p50")
    return (
        with_nodes(agreed)
        .with_columns(
            p10=pl.min_horizontal("p10", middle), p90=pl.max_horizontal("p90", middle)
        )
        .with_columns(
            pl.col(share).round().cast(pl.Int64).alias(f"{share}_cents")
            for share in ("p10", "p50", "p90")
        )
        .select(list(SCHEMAS["bookings"]))
        .sort("node_level", "node_id", "month_start")
    )


def forecast_bookings(bookings: pl.DataFrame, last_full_month: date) -> pl.DataFrame:
    """Forecast every node from its history alone so that all levels add up.

    Parameters
    ----------
    bookings : frame of segment_id, region_id, month_start, bookings_cents
    last_full_month : date
        Newest month whose bookings are complete.

    Returns
    -------
    frame with the columns of ``SCHEMAS["bookings"]``
    """
    series = node_series(bookings, last_full_month)
    if series.is_empty():
        return pl.DataFrame(schema=SCHEMAS["bookings"])
    return agree(forecast_series(series))


def _ancestors(cell: str) -> list[str]:
    segment, region = cell_parts(cell.removeprefix("cell|"))
    return [f"segment|{segment}", f"region|{region}", TOP]
