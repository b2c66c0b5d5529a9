"""Simulated sales forces with known truth, for benchmarks and tests of `ml`.

Harder than any estimator's own assumptions: six ramp shapes, part months, leave,
credits, mega deals, market drift, a level shift and attrition that picks the weak.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

Floats = NDArray[np.float64]
SHAPES = ("weibull", "logistic", "gompertz", "line", "late_line", "two_step")
SEASON = np.array([0.75, 0.9, 1.25, 0.8, 0.95, 1.25, 0.7, 0.85, 1.25, 0.85, 1.0, 1.45])
FIRST = date(2023, 1, 1)
# segment: share of reps, monthly plateau (USD), deal size (USD), months to 80 %
SEGMENTS = {
    "smb": (0.40, 40_000.0, 8_000.0, 3.5),
    "mid": (0.30, 60_000.0, 25_000.0, 6.0),
    "ent": (0.20, 90_000.0, 90_000.0, 10.0),
    "strat": (0.10, 120_000.0, 200_000.0, 15.0),
}
ROLES = {"hunter": (0.65, 1.0), "farmer": (0.35, 0.8)}  # share of reps, x plateau


def true_share(shape: str, tenure: Floats, m80: float) -> Floats:
    """Return the true share of full productivity; 0.8 at `m80` for every shape."""
    t = np.maximum(tenure, 0.0) / m80
    if shape == "weibull":
        return 1 - 0.2 ** (t**1.4)
    if shape == "logistic":
        k = 5.0
        mid = 1 - np.log(4.0) / k
        low = 1 / (1 + np.exp(k * mid))
        raw = (1 / (1 + np.exp(-k * (t - mid))) - low) / (1 - low)
        return np.clip(raw / ((0.8 - low) / (1 - low)) * 0.8, 0, 1)
    if shape == "gompertz":
        b = 3.5
        c = -np.log(-np.log(0.8) / b)
        return np.exp(-b * np.exp(-c * t)) * np.clip(t * 8, 0, 1)
    if shape == "line":
        return np.clip(0.8 * t, 0, 1)
    if shape == "late_line":
        return np.clip((t - 0.25) / 0.75 * 0.8, 0, 1)
    return np.clip(np.where(t < 0.5, 0.5 * t, 0.25 + 1.1 * (t - 0.5)), 0, 1)


@dataclass(frozen=True)
class World:
    """A company's rep-months up to a cut, what came after, and the truth."""

    panel: pl.DataFrame  # known at the cut
    future: pl.DataFrame  # rep-months of the 12 months after, reps known at the cut
    truth: pl.DataFrame  # segment_id, role, months_to_80, plateau_cents
    curves: dict[tuple[str, str], Floats]  # share at tenure 0..36
    talent: dict[str, float]


def make_world(  # noqa: C901 - one simulated company, told from top to bottom
    n_reps: int,
    seed: int,
    *,
    months: int = 36,
    selective: float = 1.0,
    attrition: float = 0.18,
    shift: bool = True,
    has_past: bool = True,
) -> World:
    """Simulate a company that has about `n_reps` reps at the cut.

    `has_past` False is the world as first measured: reps there before the window
    start it without a record, so nobody leaves over a poor one in its first months.
    """
    rng = np.random.default_rng(seed)
    groups = [(s, r) for s in SEGMENTS for r in ROLES]
    chance = np.array([SEGMENTS[s][0] * ROLES[r][0] for s, r in groups])
    m80 = {}
    shapes, plateau = {}, {}
    for segment in SEGMENTS:
        base = SEGMENTS[segment][3] * np.exp(rng.normal(0, 0.25))
        for role in ROLES:
            g = (segment, role)
            m80[g] = float(np.clip(base * np.exp(rng.normal(0, 0.15)), 2.0, 25.0))
            shapes[g] = SHAPES[int(rng.integers(len(SHAPES)))]
            plateau[g] = (
                SEGMENTS[segment][1] * ROLES[role][1] * np.exp(rng.normal(0, 0.1))
            )
    total = months + 12
    drift = np.cumsum(rng.normal(0.0, 0.012, total)) + rng.normal(0, 0.05) * (
        np.arange(total) / 12
    )
    drift -= drift[:months].mean()
    jump_at = int(rng.integers(months // 3, months))
    jump_size = rng.choice([0.8, 0.88, 1.12]) if shift else 1.0
    jump_segment = list(SEGMENTS)[int(rng.integers(len(SEGMENTS)))]
    season_depth = {s: rng.uniform(0.5, 1.2) for s in SEGMENTS}
    rows: list[tuple[object, ...]] = []
    talent_of: dict[str, float] = {}
    hire_rate = n_reps * (attrition + 0.12) / 12
    start_count = max(int(n_reps * 0.72), 2)
    people: list[tuple[int, float]] = [
        (-int(rng.integers(1, 70)), 0.0) for _ in range(start_count)
    ]
    for m in range(months):
        people += [
            (m, float(rng.uniform(0, 0.95))) for _ in range(rng.poisson(hire_rate))
        ]
    for number, (hired_month, offset) in enumerate(people):
        g = groups[int(rng.choice(len(groups), p=chance / chance.sum()))]
        talent = float(rng.gamma(5.0, 0.2))
        if hired_month < 0:  # survivors of earlier selection
            talent = float(max(rng.gamma(5.0, 0.2), rng.gamma(5.0, 0.2) * 0.8))
        rep = f"R{number:05d}"
        talent_of[rep] = talent
        segment = g[0]
        deal = SEGMENTS[segment][2]
        hired_on = _month(hired_month) + timedelta(days=int(offset * 28))
        leave_from = int(rng.integers(0, total * 4))
        recent: list[float] = []
        if has_past:
            recent = _past_attainment(
                talent, SEGMENTS[segment], seed, number, hired_month
            )
        left_on: date | None = None
        mine: list[list[object]] = []
        for m in range(max(hired_month, 0), total):
            tenure_start = m - hired_month - offset
            band = 0.6 if tenure_start < 6 else 1.5 if tenure_start < 24 else 0.8
            attainment = np.mean(recent[-6:]) if len(recent) >= 3 else 1.0
            hazard = (
                attrition / 12 * band
                * np.exp(-selective * 1.1 * (np.clip(attainment, 0.1, 2.5) - 1.0))
            )  # fmt: skip
            exposure = 1.0 - offset if m == hired_month else 1.0
            leaving = rng.random() < hazard and m > max(hired_month, 0)
            day = 28
            if leaving:
                day = int(rng.integers(1, 29))
                exposure *= day / 28
                left_on = _month(m) + timedelta(days=day - 1)
            if leave_from <= m < leave_from + 3:
                exposure *= 0.0 if m > leave_from else 0.4
            middle = max(tenure_start + 0.5, 0.02)
            if m == hired_month:
                middle = (1.0 - offset) / 2
            share = float(true_share(shapes[g], np.array([middle]), m80[g])[0])
            season = 1 + (SEASON[m % 12] - 1) * season_depth[segment]
            level = np.exp(drift[m]) * (
                jump_size if segment == jump_segment and m >= jump_at else 1.0
            )
            mean = talent * plateau[g] * share * season * level * exposure
            count = rng.poisson(mean / deal)
            sizes = rng.lognormal(-0.32, 0.8, count) * deal
            mega = rng.random(count) < 0.01
            booked = float((sizes * np.where(mega, 5.0, 1.0)).sum()) / 1.04
            if rng.random() < 0.015:
                booked -= float(rng.uniform(0.05, 0.3)) * deal
            expected = plateau[g] * share * season * level * exposure
            if exposure > 0.3:
                recent.append(booked / max(expected, 1.0))
            mine.append(
                [rep, m, g[1], segment, hired_on, middle, exposure, round(booked * 100)]
            )
            if leaving:
                break
        rows += [(*row, left_on) for row in mine]
    frame = pl.DataFrame(
        rows,
        schema=[
            "rep_id",
            "m",
            "role",
            "segment_id",
            "hired_on",
            "tenure_months",
            "active_share",
            "bookings_cents",
            "left_on",
        ],
        orient="row",
        infer_schema_length=None,
        schema_overrides={"left_on": pl.Date},
    ).with_columns(
        month_start=pl.lit(FIRST).dt.offset_by(pl.format("{}mo", pl.col("m"))),
        region_id=pl.lit("world"),
        tenure_months=pl.col("tenure_months").cast(pl.Float64),
    )
    cut = _month(months)
    known = frame.filter(pl.col("m") < months).with_columns(
        left_on=pl.when(pl.col("left_on") < cut).then("left_on")
    )
    alive = known.filter((pl.col("m") == months - 1) & pl.col("left_on").is_null())[
        "rep_id"
    ]
    future = frame.filter(
        (pl.col("m") >= months) & pl.col("rep_id").is_in(alive.to_list())
    )
    curves = {g: true_share(shapes[g], np.arange(37.0), m80[g]) for g in groups}
    truth = pl.DataFrame(
        [
            (s, r, m80[s, r],
             plateau[s, r] * 100 * float(np.exp(drift[months - 12 : months]).mean())
             * (jump_size ** float(np.mean(np.arange(months - 12, months) >= jump_at))
                if s == jump_segment else 1.0))
            for s, r in groups
        ],
        schema=["segment_id", "role", "months_to_80", "plateau_cents"],
        orient="row",
    )  # fmt: skip
    return World(known.drop("m"), future.drop("m"), truth, curves, talent_of)


def _past_attainment(
    talent: float,
    segment: tuple[float, float, float, float],
    seed: int,
    number: int,
    hired_month: int,
) -> list[float]:
    """Return attainment of the months before the window; people there had a past.

    A stream of its own, so that the rest of a world does not depend on it.
    """
    rng = np.random.default_rng([seed, number])
    _, plateau, deal, _ = segment
    months = min(max(-hired_month, 0), 6)
    counts = rng.poisson(talent * plateau / deal, months)
    return [
        float((rng.lognormal(-0.32, 0.8, count) * deal).sum()) / plateau
        for count in counts
    ]


def _month(m: int) -> date:
    """Return the first day of month `m` of the window; negative lies before."""
    year, month = divmod(FIRST.month - 1 + m, 12)
    return date(FIRST.year + year, month + 1, 1)
