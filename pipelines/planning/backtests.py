"""Past forecasts made with what was known then, scored against what happened."""

import polars as pl

from ml.backtest import backtest_capacity, backtest_series

HORIZON_MONTHS = 12
ORIGINS = 3


def backtest(series: pl.DataFrame, panel: pl.DataFrame) -> pl.DataFrame | None:
    """Backtest bookings by node and the capacity of known reps.

    Parameters
    ----------
    series : frame of series_id ("level|node"), month_start, value_cents
    panel : rep-months of the sellers

    Returns
    -------
    frame of backtest rows, or None
        No rows while history is too short for a single past origin; None without
        any history.
    """
    frames = []
    if series.height:
        node = pl.col("series_id").str.splitn("|", 2).struct
        nodes = series.select(
            node.field("field_0").alias("node_level"),
            node.field("field_1").alias("node_id"),
            "month_start",
            "value_cents",
        )
        frames.append(backtest_series(nodes, horizon=HORIZON_MONTHS, origins=ORIGINS))
    if panel.height and panel["bookings_cents"].sum() > 0:
        frames.append(backtest_capacity(panel, horizon=HORIZON_MONTHS, origins=ORIGINS))
    return pl.concat(frames) if frames else None
