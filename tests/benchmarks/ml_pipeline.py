"""Pipeline forecasts against the coverage ratio and stage percentages.

Simulated companies, twelve as-of dates each, with steady and with falling win rates:
24, and the first eight and four of them on their own, as first measured.
Run: python tests/benchmarks/ml_pipeline.py [first company] [companies]
"""

import sys
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from ml.pipeline import PipelineEstimator
from ml.pipeline_blend import blend_weights
from ml.series_batch import forecast_batch

MONTHS = 48
FIRST = 2022 * 12
STAGES = ("discover", "qualify", "propose", "negotiate")
STAGE_SHARE = {"discover": 0.1, "qualify": 0.3, "propose": 0.55, "negotiate": 0.8}
SEASON = np.array([0.8, 0.9, 1.2, 0.8, 0.9, 1.2, 0.8, 0.9, 1.2, 0.9, 1.0, 1.4])


def day(month: int, of_month: int = 1) -> date:
    """Return a day of the simulated window."""
    number = FIRST + month
    return date(number // 12, number % 12 + 1, of_month)


@dataclass(frozen=True)
class Company:
    """Month-end snapshots, what became of the deals, and monthly bookings."""

    snapshots: pl.DataFrame
    deals: pl.DataFrame
    bookings: np.ndarray  # (MONTHS,) cents


def make_company(seed: int, *, has_slump: bool, rate: float = 55.0) -> Company:
    """Simulate deals that move through stages, slip, stall and close."""
    rng = np.random.default_rng(seed)
    snapshots, deals = [], []
    bookings = np.zeros(MONTHS)
    number = 0
    for start in range(-10, MONTHS):
        for _ in range(rng.poisson(rate * (1 + 0.008 * start))):
            number += 1
            name = f"o{number:06d}"
            amount = int(rng.lognormal(10.2, 0.9) * 100)
            quality = rng.normal(0, 0.9)
            stage, age = 0, 0
            stated = start + int(rng.integers(2, 5))
            closed_on, is_won = None, False
            created = max(start, -10)
            for month in range(start, MONTHS):
                if month > start:
                    slump = 0.65 if has_slump and month >= 36 else 1.0
                    season = SEASON[month % 12]
                    age += 1
                    if stage == 3 and rng.random() < (
                        0.30 * season * slump * np.exp(0.35 * quality)
                    ):
                        closed_on, is_won = day(month, int(rng.integers(2, 28))), True
                        if month >= 0:
                            bookings[month] += amount
                        break
                    lose = 0.11 + 0.012 * age - 0.02 * quality
                    lose += 0.05 * (1 - slump)
                    if rng.random() < lose:
                        closed_on = day(month, int(rng.integers(2, 28)))
                        break
                    if stage < 3 and rng.random() < 0.38 * np.exp(0.25 * quality):
                        stage += 1
                    if month >= stated:
                        stated = month + int(rng.integers(1, 4))
                    elif rng.random() < 0.15:
                        stated += int(rng.integers(1, 3))
                if month >= 0:
                    snapshots.append(
                        (name, day(month, 28), STAGES[stage], amount,
                         day(created, 5), day(stated, 28))
                    )  # fmt: skip
            deals.append((name, day(created, 5), closed_on, is_won, amount))
    return Company(
        pl.DataFrame(
            snapshots,
            schema=["opportunity_id", "snapshot_on", "stage", "amount_cents",
                    "created_on", "stated_close_on"],
            orient="row", infer_schema_length=None,
        ),
        pl.DataFrame(
            deals,
            schema={"opportunity_id": pl.String, "created_on": pl.Date,
                    "closed_on": pl.Date, "is_won": pl.Boolean,
                    "amount_cents": pl.Int64},
            orient="row",
        ),
        bookings,
    )  # fmt: skip


def at_origin(company: Company, month: int) -> dict[str, np.ndarray]:
    """Return cumulative forecasts for 1 to 6 months by method, and Brier scores."""
    as_of = day(month, 28)
    open_now = company.snapshots.filter(pl.col("snapshot_on") == as_of)
    model = PipelineEstimator().fit(company.snapshots, company.deals, as_of=as_of)
    learned = model.predict(open_now)["total_cents"].to_numpy()
    amounts = open_now["amount_cents"].to_numpy().astype(float)
    share = np.array([STAGE_SHARE[s] for s in open_now["stage"]])
    stated = (open_now["stated_close_on"] - as_of).dt.total_days().to_numpy() / 31
    horizon = np.arange(1, 7)
    weighted = (
        np.array([(amounts * share * (stated <= h)).sum() for h in horizon])
        + model.predict(open_now)["new_cents"].to_numpy()
    )
    coverage = []
    for h in horizon:
        ratios = []
        for past in range(12, month - h + 1):
            then = company.snapshots.filter(pl.col("snapshot_on") == day(past, 28))
            due = (then["stated_close_on"] - day(past, 28)).dt.total_days() / 31
            window = then.filter(due <= h)["amount_cents"].sum()
            ratios.append(company.bookings[past + 1 : past + 1 + h].sum() / window)
        coverage.append(np.mean(ratios) * amounts[stated <= h].sum())
    top = np.cumsum(
        forecast_batch(company.bookings[None, : month + 1] / 1e6, 6).point[0] * 1e6
    )
    after = np.cumsum(company.bookings[month + 1 : month + 7])
    chance = model.win_probability(open_now).filter(pl.col("horizon") == 3)
    won = open_now.join(company.deals, on="opportunity_id", suffix="_end")
    y = (won["is_won"] & (won["closed_on"] <= day(month + 3, 28))).fill_null(False)
    y = y.to_numpy().astype(float)
    return {
        "actual": after, "learned": learned, "stage": weighted,
        "coverage": np.array(coverage), "top": top,
        "brier": np.array([np.mean((chance["win_share"].to_numpy() - y) ** 2),
                           np.mean((share - y) ** 2)]),
    }  # fmt: skip


FIRST_COUNTS = (4, 8)  # companies as first measured


def rows_of(seed: int, *, has_slump: bool, step: int) -> list[dict[str, np.ndarray]]:
    """Return forecasts and what came at every as-of date of one company."""
    company = make_company(seed, has_slump=has_slump)
    mine: list[dict[str, np.ndarray]] = []
    for month in range(30, 42, step):
        row = at_origin(company, month)
        past = [m for m in mine if m["month"] + 6 <= month]
        errors = [
            np.stack([m["actual"] - m[method] for m in past])
            if past
            else np.zeros((0, 6))
            for method in ("learned", "top")
        ]
        weight = blend_weights(*errors)
        row["blend"] = weight * row["learned"] + (1 - weight) * row["top"]
        row["month"] = np.array(month)
        mine.append(row)
    return mine


def table(rows: list[dict[str, np.ndarray]]) -> dict[str, float]:
    """Print errors by method; return the three ratios that have a goal."""
    actual = np.stack([r["actual"] for r in rows])
    brier = np.stack([r["brier"] for r in rows]).mean(axis=0)
    print(f"  Brier {brier[0]:.4f}, stage percentages {brier[1]:.4f}")
    three = {}
    for method in ("coverage", "stage", "top", "learned", "blend"):
        error = np.abs(np.stack([r[method] for r in rows]) - actual) / actual
        mean = error.mean(axis=0)
        three[method] = float(mean[2])
        print(
            f"  {method:9s} error at 1 / 3 / 6 months: "
            f"{mean[0]:.3f} / {mean[2]:.3f} / {mean[5]:.3f}"
        )
    return {
        "brier": float(brier[0] / brier[1]),
        "learned": three["learned"] / three["coverage"],
        "blend": three["blend"] / three["coverage"],
    }


def main(seeds: range = range(24), step: int = 1) -> dict[str, dict[str, float]]:
    """Print the tables of all companies and of the first few; return their ratios."""
    out = {}
    for world, has_slump in (("steady", False), ("slump", True)):
        by_seed = [rows_of(s, has_slump=has_slump, step=step) for s in seeds]
        for count in sorted({*FIRST_COUNTS, len(by_seed)}, reverse=True):
            label = f"{world}, {count} companies"
            print(label)
            out[label] = table([row for one in by_seed[:count] for row in one])
            print("  ratios", {k: round(v, 3) for k, v in out[label].items()})
    return out


if __name__ == "__main__":
    first, count = (int(v) for v in (*sys.argv[1:3], *("0", "24")[len(sys.argv) - 1 :]))
    main(range(first, first + count))
