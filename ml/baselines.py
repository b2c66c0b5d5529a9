"""What a planner's spreadsheet would say: the baselines every people model must beat.

They answer in the same columns as the models, so that a model that lost out of sample
can be replaced by the sheet it lost to.
"""

from typing import Final

import numpy as np
import polars as pl

from ml.attrition import BANDS, months_at_risk
from ml.panel import Floats, RepPanel, read_panel

SHEET: Final = "heads x productivity"
SHEET_RAMP_MONTHS: Final = 6.0
BAND: Final = 0.1  # a planner's ten percent; no sheet publishes an interval
RAMPED_MONTHS: Final = 12.0  # tenure from which the sheets call a rep ramped


def sheet_capacity(
    known: pl.DataFrame, groups: list[tuple[str, str]], horizon: int
) -> Floats:
    """Return heads x last-12-month productivity x a straight ramp, (groups, h) cents.

    Parameters
    ----------
    known : polars.DataFrame
        Rep-months with the columns of `ml.panel.PANEL_COLUMNS`.
    groups : list of (segment_id, role)
    horizon : int, months
    """
    out = np.zeros((len(groups), horizon))
    last = known["month_start"].max()
    recent = known.filter(
        pl.col("month_start") > pl.lit(last).dt.offset_by("-12mo")
    ).with_columns(is_ramped=pl.col("tenure_months").fill_null(99) >= SHEET_RAMP_MONTHS)
    for g, (segment, role) in enumerate(groups):
        mine = recent.filter(
            (pl.col("segment_id") == segment) & (pl.col("role") == role)
        )
        ramped = mine.filter("is_ramped")
        base = ramped if ramped.height else mine
        worked = float(base["active_share"].sum())
        rate = float(base["bookings_cents"].sum()) / max(worked, 1.0)
        now = mine.filter(
            (pl.col("month_start") == last) & pl.col("left_on").is_null()
        )["tenure_months"].fill_null(99)
        tenure = now.cast(pl.Float64).to_numpy()[:, None] + 1 + np.arange(horizon)
        out[g] = np.clip(tenure / SHEET_RAMP_MONTHS, 0, 1).sum(axis=0) * rate
    return out


def tenure_curve(panel: pl.DataFrame, months: int = 36) -> pl.DataFrame:
    """Return ramp curves by averaging bookings by tenure month, never falling.

    Parameters
    ----------
    panel : polars.DataFrame
        Rep-months with the columns of `ml.panel.PANEL_COLUMNS`.
    months : int, default 36

    Returns
    -------
    polars.DataFrame
        The columns of `ml.ramp.RampEstimator.curve`; the interval is the point.
        A segment without a month of some tenure carries the tenure before.
    """
    rows = read_panel(panel)
    n = months + 1
    step = np.minimum(np.rint(rows.tenure), months).astype(np.intp)
    size = len(rows.groups) * n
    place = rows.group * n + step
    booked = np.bincount(place, rows.bookings, size).reshape(-1, n)
    worked = np.bincount(place, rows.exposure, size).reshape(-1, n)
    plateau = _ramped_rate(rows)[:, None]
    rate = np.divide(booked, worked, out=np.zeros_like(booked), where=worked > 0.5)
    share = np.divide(rate, plateau, out=np.zeros_like(rate), where=plateau > 0)
    share[:, 0] = 0.0
    share = np.minimum(np.maximum.accumulate(share, axis=1), 1.0)
    share[:, -1] = 1.0
    reached = np.argmax(share >= 0.8, axis=1).astype(np.float64)
    count = np.bincount(rows.group, minlength=len(rows.groups))
    flat = share.ravel()
    m80 = np.repeat(reached, n)
    return pl.DataFrame(
        {
            "segment_id": np.repeat([s for s, _ in rows.groups], n),
            "role": np.repeat([r for _, r in rows.groups], n),
            "tenure_month": np.tile(np.arange(n, dtype=np.int32), len(rows.groups)),
            "share": flat,
            "share_p10": flat,
            "share_p90": flat,
            "months_to_80": m80,
            "months_to_80_p10": m80,
            "months_to_80_p90": m80,
            "rep_months_count": np.repeat(count, n).astype(np.int64),
            "is_pooled": False,
        },
        schema_overrides={"segment_id": pl.String, "role": pl.String},
    )


def mean_productivity(panel: pl.DataFrame) -> pl.DataFrame:
    """Return the mean month of ramped reps over 12 months, by group.

    Returns
    -------
    polars.DataFrame
        The columns of `ml.productivity.ProductivityEstimator.by_group`.
    """
    rows = read_panel(panel)
    rate = _ramped_rate(rows)
    pairs = np.unique(rows.rep * len(rows.groups) + rows.group) % len(rows.groups)
    reps = np.bincount(pairs, minlength=len(rows.groups)).astype(np.int64)
    return pl.DataFrame(
        {
            "segment_id": [s for s, _ in rows.groups],
            "role": [r for _, r in rows.groups],
            "ramped_month_cents": np.rint(rate).astype(np.int64),
            "p10_cents": np.rint((1 - BAND) * rate).astype(np.int64),
            "p90_cents": np.rint((1 + BAND) * rate).astype(np.int64),
            "reps_count": reps,
            "is_pooled": reps < 3,
        },
        schema_overrides={"segment_id": pl.String, "role": pl.String},
    )


def flat_hazard(panel: pl.DataFrame) -> pl.DataFrame:
    """Return one monthly rate of leaving for everybody.

    Returns
    -------
    polars.DataFrame
        The columns of `ml.attrition.AttritionEstimator.hazard`.
    """
    rows = read_panel(panel)
    at_risk, left = months_at_risk(rows)
    rate = float(left.sum()) / max(int(at_risk.sum()), 1)
    n, bands = len(rows.groups), len(BANDS)
    return pl.DataFrame(
        {
            "segment_id": np.repeat([s for s, _ in rows.groups], bands),
            "role": np.repeat([r for _, r in rows.groups], bands),
            "tenure_band": list(BANDS) * n,
            "monthly_hazard_share": rate,
            "p10": (1 - BAND) * rate,
            "p90": (1 + BAND) * rate,
            "leavers_count": np.repeat(
                np.bincount(rows.group[left], minlength=n), bands
            ).astype(np.int64),
            "is_informed": bool(left.any()),
        },
        schema_overrides={"segment_id": pl.String, "role": pl.String},
    )


def _ramped_rate(rows: RepPanel) -> Floats:
    """Return cents per month worked of ramped reps over 12 months, (g,)."""
    n = len(rows.groups)
    recent = rows.month > rows.month.max() - 12
    out = np.full(n, rows.bookings.sum() / max(float(rows.exposure.sum()), 1e-9))
    for mine in (recent, recent & (rows.tenure >= RAMPED_MONTHS)):
        got = np.bincount(rows.group[mine], rows.bookings[mine], n)
        put = np.bincount(rows.group[mine], rows.exposure[mine], n)
        out = np.where(put > 0.5, got / np.maximum(put, 1e-9), out)
    found: Floats = np.maximum(out, 0.0)
    return found
