"""Ramp, productivity, attrition and capacity against simulated truth.

Run: python tests/benchmarks/ml_people.py [organisations at 30] [at 300] [at 5,000]
[the same three in the world as first measured]
"""

import sys
import time

import numpy as np
import polars as pl
from ml_worlds import World, make_world
from sklearn.isotonic import IsotonicRegression

from ml.attrition import AttritionEstimator
from ml.baselines import sheet_capacity
from ml.capacity import CapacityAssumptions, simulate_capacity
from ml.outlook import rep_outlook
from ml.ramp import Z80, RampEstimator

FRESH = 9_000  # first seed; for companies nobody has looked at yet, take others
SIZES = (30, 300, 5000)
COUNTS = (100, 16, 8)  # organisations of each size
FIRST = "as first measured"  # reps there before the window start it without a record
FIRST_COUNTS = (40, 16, 2)  # and so many organisations


def tenure_means(panel: pl.DataFrame, groups: list[tuple[str, str]]) -> np.ndarray:
    """Return months to 80 % by averaging bookings by tenure month (survivors)."""
    rows = panel.filter(pl.col("active_share") > 0.5).with_columns(
        month=pl.col("tenure_months").floor()
    )
    out = []
    for segment, role in groups:
        mine = rows.filter((pl.col("segment_id") == segment) & (pl.col("role") == role))
        means = mine.group_by("month").agg(pl.col("bookings_cents").mean())
        means = means.sort("month")
        late = mine.filter(pl.col("month") >= 24)["bookings_cents"].mean()
        plateau = late or mine["bookings_cents"].mean() or 1.0
        reached = means.filter(pl.col("bookings_cents") >= 0.8 * plateau)  # type: ignore[operator]
        out.append(float(reached["month"][0]) + 0.5 if reached.height else 25.0)
    return np.array(out)


def smoothed_means(panel: pl.DataFrame, groups: list[tuple[str, str]]) -> np.ndarray:
    """Return months to 80 % from tenure means made monotone, thin groups by segment."""
    worked = panel.filter(pl.col("active_share") > 0)
    company = _smoothed(worked)
    out = []
    for segment, role in groups:
        near = worked.filter(pl.col("segment_id") == segment)
        mine = near.filter(pl.col("role") == role)
        answer = float("nan")
        for rows in (mine, near):
            if rows.filter(pl.col("tenure_months") < 12).height >= 60:
                answer = _smoothed(rows)
                break
        out.append(answer if np.isfinite(answer) else company)
    return np.clip(np.nan_to_num(np.array(out), nan=6.0), 0.5, 25.0)


def _smoothed(rows: pl.DataFrame) -> float:
    """Return where isotonic tenure means reach 80 % of months 18 and later."""
    by_month = (
        rows.group_by(month=pl.col("tenure_months").floor().clip(0, 36))
        .agg(pl.col("bookings_cents").sum(), pl.col("active_share").sum())
        .sort("month")
    )
    month, booked, worked = (c.to_numpy().astype(float) for c in by_month)
    late = month >= 18
    base = late if worked[late].sum() > 6 else np.ones(len(month), dtype=bool)
    plateau = booked[base].sum() / worked[base].sum()
    line = IsotonicRegression(out_of_bounds="clip").fit(month, booked / worked, worked)
    tenure = np.arange(0.0, 36.0, 0.1)
    reached = line.predict(tenure - 0.5) >= 0.8 * plateau
    if reached[0]:
        return float("nan")
    return float(tenure[np.argmax(reached)]) if reached.any() else 25.0


def one_world(world: World) -> dict[str, np.ndarray]:
    """Fit everything to one organisation and compare with its truth and future."""
    began = time.process_time()
    ramp = RampEstimator().fit(world.panel)
    fitted = time.process_time() - began
    leavers = AttritionEstimator().fit(world.panel, ramp)
    says = CapacityAssumptions(backfill_share=0.0)
    capacity = simulate_capacity(ramp, leavers, assumptions=says)
    truth = {(s, r): (m, p) for s, r, m, p in world.truth.iter_rows()}
    m80 = np.array([truth[g][0] for g in ramp.groups_])
    plateau = np.array([truth[g][1] for g in ramp.groups_])
    segment = ramp.panel_.segment_of_group
    level = np.exp(ramp.fit_.theta[:, 0]) * ramp.fit_.unit
    level = level * ramp.season_.mean(axis=1)[segment]
    share = ramp.share_at(np.arange(37.0))
    true_share = np.stack([world.curves[g] for g in ramp.groups_])
    booked = {
        (s, r): v
        for s, r, v in world.future.group_by("segment_id", "role")
        .agg(pl.col("bookings_cents").sum())
        .iter_rows()
    }
    actual = np.array([booked.get(g, 0) for g in capacity.groups], dtype=float)
    year = capacity.draws.sum(axis=2)
    low, high = np.quantile(year, [0.1, 0.9], axis=0)
    some = actual > 0
    sheet = sheet_capacity(world.panel, capacity.groups, 12).sum(axis=1)
    left = world.future.group_by("rep_id").agg(y=pl.col("left_on").is_not_null().any())
    joined = leavers.leave_probability().join(left, on="rep_id")
    y, p = joined["y"].to_numpy(), joined["leave_share"].to_numpy()
    rate = max(leavers.leavers_count_, 0.5) / leavers.at_risk_.sum()
    q = np.full(len(y), 1 - (1 - rate) ** 12)
    gap = np.log(m80 / ramp.months_to_80_)
    total = year.sum(axis=1)
    # Plans of many ambitions, none of them taken from our own forecast.
    plans = sheet.sum() * np.arange(0.7, 1.31, 0.1)
    odds = (total[:, None] >= plans).mean(axis=0)
    met = (actual.sum() >= plans).astype(float)
    return {
        "plan odds": odds,
        "plans met": met,
        "plan brier": (odds - met) ** 2,
        "error": np.abs(ramp.months_to_80_ - m80),
        "means error": np.abs(tenure_means(world.panel, ramp.groups_) - m80),
        "smooth error": np.abs(smoothed_means(world.panel, ramp.groups_) - m80),
        "six error": np.abs(6.0 - m80),
        "rep covered": _reps_covered(ramp, leavers, world),
        "covered": np.abs(gap) <= Z80 * ramp.months_to_80_sd_,
        "rmse": np.sqrt(((share - true_share) ** 2).mean(axis=1)),
        "level error": np.abs(level / plateau - 1),
        "seconds": np.array([fitted]),
        "capacity error": np.abs(np.median(year, axis=0) - actual)[some],
        "sheet error": np.abs(sheet - actual)[some],
        "actual": actual[some],
        "capacity covered": ((low <= actual) & (actual <= high))[some],
        "total covered": np.array(
            [np.quantile(total, 0.1) <= actual.sum() <= np.quantile(total, 0.9)]
        ),
        "loss": -np.log(np.where(y, p, 1 - p)),
        "flat loss": -np.log(np.where(y, q, 1 - q)),
        "expected leavers": p,
        "leavers": y.astype(float),
    }


def _reps_covered(
    ramp: RampEstimator, leavers: AttritionEstimator, world: World
) -> np.ndarray:
    """Return which reps booked inside their own 80 % interval of 12 months."""
    says = CapacityAssumptions(backfill_share=0.0)
    outlook = rep_outlook(ramp, leavers, assumptions=says, draws=200)
    booked = world.future.group_by("rep_id").agg(pl.col("bookings_cents").sum())
    joined = outlook.join(booked, on="rep_id", how="left").with_columns(
        pl.col("bookings_cents").fill_null(0)
    )
    inside = pl.col("bookings_cents").is_between("p10_cents", "p90_cents")
    return joined.select(inside).to_series().to_numpy()


def summary(worlds: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """Return the figures of organisations of one size."""
    a = {k: np.concatenate([w[k] for w in worlds]) for k in worlds[0]}
    wape = np.mean([w["capacity error"].sum() / w["actual"].sum() for w in worlds])
    sheet = np.mean([w["sheet error"].sum() / w["actual"].sum() for w in worlds])
    naive = {
        "tenure means": a["means error"].mean(),
        "smoothed tenure means": a["smooth error"].mean(),
        "six months for all": a["six error"].mean(),
    }
    return {
        "m80 error": a["error"].mean(),
        **naive,
        "ratio to the best": a["error"].mean() / min(naive.values()),
        "cover 80": a["covered"].mean(),
        "curve rmse": a["rmse"].mean(),
        "level median error": float(np.median(a["level error"])),
        "fit seconds": a["seconds"].mean(),
        "capacity wape": wape,
        "sheet wape": sheet,
        "capacity ratio": wape / sheet,
        "group cover": a["capacity covered"].mean(),
        "total cover": a["total covered"].mean(),
        "rep cover": a["rep covered"].mean(),
        "log-loss v. flat": a["loss"].mean() / a["flat loss"].mean(),
        "plans met, said": a["plan odds"].mean(),
        "plans met": a["plans met"].mean(),
        "plan odds Brier": a["plan brier"].mean(),
        "Brier of one rate": a["plans met"].var(),
        "count bias": a["expected leavers"].sum() / a["leavers"].sum() - 1,
    }


def main(
    counts: tuple[int, ...] = COUNTS, first: tuple[int, ...] = FIRST_COUNTS
) -> dict[tuple[str, int], dict[str, float]]:
    """Print a row per world and size; return the figures with goals."""
    out = {}
    for name, has_past, many in (("now", True, counts), (FIRST, False, first)):
        for size, count in zip(SIZES, many, strict=True):
            worlds = [
                one_world(make_world(size, FRESH + s, has_past=has_past))
                for s in range(count)
            ]
            if not worlds:
                continue
            row = {k: float(v) for k, v in summary(worlds).items()}
            out[name, size] = row
            print(f"{size} reps, {count} organisations, simulator {name}", flush=True)
            for figure, value in row.items():
                print(f"    {figure:22s} {value:8.3f}", flush=True)
    return out


if __name__ == "__main__":
    given = tuple(int(v) for v in sys.argv[1:7])
    main(given[:3] or COUNTS, given[3:] or ((0, 0, 0) if given else FIRST_COUNTS))
