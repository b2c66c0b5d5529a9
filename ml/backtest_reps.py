"""One origin of the backtests of ramp, productivity and attrition, rep by rep."""

from datetime import date
from typing import Final

import numpy as np
import polars as pl

from ml.attrition import AttritionEstimator, last_rows, on_the_books
from ml.capacity import CapacityAssumptions
from ml.leavers import simulate_leavers
from ml.outlook import simulate_labels
from ml.panel import Floats, Ints, RepPanel
from ml.ramp import RampEstimator

RAMPING_MONTHS: Final = 12.0  # tenure at the origin below which a rep counts as ramping
RATE_HORIZONS: Final = (1, 3, 6, 12)
LEAVE_HORIZONS: Final = (3, 6, 12)
TENURE_STEP: Final = 3  # months of tenure averaged together by the baseline
BAND: Final = 0.1  # a planner's ten percent around a baseline
STAYING = CapacityAssumptions(
    backfill_share=0.0, leave_share=0.0, hazard_factor=0.0
)  # rates are scored per month worked, so nobody leaves in them
MODELS: Final = {
    "ramp": ("hierarchical ramp", "tenure means"),
    "productivity": ("talent posterior", "last 12 months"),
    "attrition": ("hazard", "flat rate"),
}
ROW_SCHEMA: dict[str, pl.DataType] = {
    "measure": pl.String(),
    "model": pl.String(),
    "is_baseline": pl.Boolean(),
    "origin_on": pl.Date(),
    "horizon": pl.Int32(),
    "node_level": pl.String(),
    "node_id": pl.String(),
    "unit": pl.String(),
    "actual": pl.Float64(),
    "forecast": pl.Float64(),
    "lower": pl.Float64(),
    "upper": pl.Float64(),
    "loss": pl.Float64(),
}
Row = tuple[object, ...]


def rate_rows(
    ramp: RampEstimator,
    leavers: AttritionEstimator,
    after: pl.DataFrame,
    origin_on: date,
    horizon: int,
    draws: int,
    seed: int,
) -> pl.DataFrame:
    """Score bookings per month worked of ramping and of ramped reps, by segment.

    Parameters
    ----------
    ramp, leavers
        Fitted to what was known at the origin.
    after : polars.DataFrame
        Rep-months from the origin on; the actuals.

    Returns
    -------
    polars.DataFrame
        Cumulative rates, cents per month worked, in the columns of `ROW_SCHEMA`.
    """
    panel = ramp.panel_
    there = on_the_books(panel)
    last = last_rows(panel)
    tenure = panel.tenure[last] + (panel.month.max() - panel.month[last])
    segment = panel.segment_of_group[panel.group[last]]
    is_ramping = (tenure < RAMPING_MONTHS).astype(np.intp)
    label = np.where(there, segment * 2 + is_ramping, -1).astype(np.intp)
    heads = np.bincount(label[there], minlength=2 * len(panel.segments))
    if not heads.any():
        return pl.DataFrame(schema=ROW_SCHEMA)
    total = np.cumsum(
        simulate_labels(
            ramp, leavers, label, months=horizon, assumptions=STAYING,
            draws=draws, seed=seed,
        ),
        axis=2,
    )  # fmt: skip
    naive = _naive_ahead(panel, label, tenure, len(heads), horizon)
    booked, worked = _after(after, panel, label, len(heads), origin_on, horizon)
    rows: list[Row] = []
    for kind, measure in enumerate(("productivity", "ramp")):
        nodes = [("segment", s, [2 * i + kind]) for i, s in enumerate(panel.segments)]
        everyone = [2 * i + kind for i in range(len(panel.segments))]
        for level, node, members in [*nodes, ("company", "company", everyone)]:
            mine = [m for m in members if m < total.shape[1] and heads[m] > 0]
            people = int(heads[mine].sum())
            for h in RATE_HORIZONS:
                done = worked[mine, :h].sum() if h <= worked.shape[1] else 0.0
                if not people or done < 0.5:
                    continue
                actual = booked[mine, :h].sum() / done
                ours = total[:, mine, h - 1].sum(axis=1) / (people * h)
                theirs = naive[mine, :h].sum() / (people * h)
                low, middle, high = np.quantile(ours, [0.1, 0.5, 0.9])
                at = (origin_on, h, level, node, "cents", actual)
                model, baseline = MODELS[measure]
                rows.append((measure, model, False, *at, middle, low, high, None))
                rows.append(
                    (measure, baseline, True, *at, theirs, (1 - BAND) * theirs,
                     (1 + BAND) * theirs, None)
                )  # fmt: skip
    return pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row")


def _after(
    after: pl.DataFrame,
    panel: RepPanel,
    label: Ints,
    n_labels: int,
    origin_on: date,
    horizon: int,
) -> tuple[Floats, Floats]:
    """Return cents booked and months worked after the origin, (labels, seen) each."""
    names = pl.DataFrame(
        {"rep_id": panel.rep_ids, "label": label},
        schema={"rep_id": pl.String, "label": pl.Int64},
    ).filter(pl.col("label") >= 0)
    month = pl.col("month_start")
    ahead = (month.dt.year() - origin_on.year) * 12 + (
        month.dt.month().cast(pl.Int32) - origin_on.month
    )
    rows = after.join(names, on="rep_id").with_columns(ahead=ahead)
    seen = min(horizon, int(rows["ahead"].max()) + 1) if rows.height else 0  # type: ignore[arg-type]  # integers
    booked, worked = np.zeros((n_labels, seen)), np.zeros((n_labels, seen))
    rows = rows.filter(pl.col("ahead") < seen)
    place = (rows["label"].to_numpy(), rows["ahead"].to_numpy())
    np.add.at(booked, place, rows["bookings_cents"].cast(pl.Float64).to_numpy())
    np.add.at(worked, place, rows["active_share"].cast(pl.Float64).to_numpy())
    return booked, worked


def _naive_ahead(
    panel: RepPanel, label: Ints, tenure: Floats, n_labels: int, horizon: int
) -> Floats:
    """Return the baselines' bookings by label and month ahead, cents per head.

    A ramping rep is given the mean of everybody ever seen at that tenure in the
    segment; a ramped one the mean of the segment's ramped reps over 12 months.
    """
    out = np.zeros((n_labels, horizon))
    bins = int(60 / TENURE_STEP)
    step = np.minimum(panel.tenure // TENURE_STEP, bins - 1).astype(np.intp)
    segment = panel.segment_of_group[panel.group]
    size = len(panel.segments) * bins
    booked = np.bincount(segment * bins + step, panel.bookings, size)
    worked = np.bincount(segment * bins + step, panel.exposure, size)
    shape = (len(panel.segments), bins)
    booked, worked = booked.reshape(shape), worked.reshape(shape)
    company = booked.sum(axis=0) / np.maximum(worked.sum(axis=0), 1e-9)
    mean = np.where(worked >= 1, booked / np.maximum(worked, 1e-9), company)
    recent = (panel.month > panel.month.max() - 12) & (panel.tenure >= RAMPING_MONTHS)
    got = np.bincount(segment[recent], panel.bookings[recent], len(panel.segments))
    put = np.bincount(segment[recent], panel.exposure[recent], len(panel.segments))
    usual = panel.bookings.sum() / max(float(panel.exposure.sum()), 1e-9)
    rate = np.where(put > 0, got / np.maximum(put, 1e-9), usual)
    ahead = np.arange(1, horizon + 1)
    for i in np.flatnonzero(label >= 0):
        s, is_ramping = divmod(int(label[i]), 2)
        if is_ramping:
            at = np.minimum((tenure[i] + ahead) // TENURE_STEP, bins - 1)
            out[label[i]] += mean[s, at.astype(np.intp)]
        else:
            out[label[i]] += rate[s]
    return out


def attrition_rows(
    leavers: AttritionEstimator,
    truth: pl.DataFrame,
    origin_on: date,
    horizon: int,
    seed: int,
) -> pl.DataFrame:
    """Score how many of the reps on the books left, by segment and horizon.

    Parameters
    ----------
    leavers : AttritionEstimator
        Fitted to what was known at the origin.
    truth : polars.DataFrame
        All rep-months; read for `left_on` and for how far the actuals reach.

    Returns
    -------
    polars.DataFrame
        Leavers, in the columns of `ROW_SCHEMA`; the loss is the mean log-loss.
    """
    panel = leavers.panel_
    there = np.flatnonzero(on_the_books(panel))
    last_seen: date = truth["month_start"].max()  # type: ignore[assignment]  # a date column
    seen = (last_seen.year - origin_on.year) * 12 + last_seen.month - origin_on.month
    gone = dict(
        truth.filter(pl.col("left_on") >= origin_on)
        .group_by("rep_id")
        .agg(pl.col("left_on").max())
        .iter_rows()
    )
    left = np.array(
        [
            (gone[r].year - origin_on.year) * 12 + gone[r].month - origin_on.month
            if (r := panel.rep_ids[int(i)]) in gone
            else 10_000
            for i in there
        ],
        dtype=np.intp,
    )
    months = int(leavers.at_risk_.sum())
    flat = max(leavers.leavers_count_, 0.5) / max(months, 1)
    segment = panel.segment_of_group[panel.group[last_rows(panel)[there]]]
    nodes = [("segment", s, segment == i) for i, s in enumerate(panel.segments)]
    nodes.append(("company", "company", np.ones(len(there), dtype=bool)))
    rows: list[Row] = []
    for h in (h for h in LEAVE_HORIZONS if h <= min(horizon, seen + 1)):
        chance = leavers.leave_probability(h)["leave_share"].to_numpy()
        draws = simulate_leavers(leavers, months=h, seed=seed)
        y = left < h
        naive = np.full(len(there), 1 - (1 - flat) ** h)
        for level, node, mine in nodes:
            if not mine.any():
                continue
            low, high = np.quantile(draws[:, mine].sum(axis=1), [0.1, 0.9])
            at = (origin_on, h, level, node, "leavers", float(y[mine].sum()))
            model, baseline = MODELS["attrition"]
            ours, theirs = float(chance[mine].sum()), float(naive[mine].sum())
            rows.append(
                ("attrition", model, False, *at, ours, float(low), float(high),
                 _log_loss(y[mine], chance[mine]))
            )  # fmt: skip
            rows.append(
                ("attrition", baseline, True, *at, theirs, (1 - BAND) * theirs,
                 (1 + BAND) * theirs, _log_loss(y[mine], naive[mine]))
            )  # fmt: skip
    return pl.DataFrame(rows, schema=ROW_SCHEMA, orient="row")


def _log_loss(y: np.ndarray, chance: Floats) -> float:
    """Return the mean log-loss of chances of leaving."""
    p = np.clip(chance, 1e-9, 1 - 1e-9)
    return float(-np.mean(np.where(y, np.log(p), np.log1p(-p))))
