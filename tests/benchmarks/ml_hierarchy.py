"""Reconciled forecasts against each series alone, in simulated sales hierarchies.

188 series: company, 3 regions, 4 segments, 12 cells, 168 teams; 42 months in, 12 out.
"As first measured" keeps the livelier markets of the first version of this file.
Run: python tests/benchmarks/ml_hierarchy.py
"""

from datetime import date

import numpy as np
import polars as pl

from ml.bookings import BookingsEngine
from ml.reconcile import reconcile

MONTHS, AHEAD = 42, 12
SEASON = np.array([0.75, 0.9, 1.25, 0.8, 0.95, 1.25, 0.7, 0.85, 1.25, 0.85, 1.0, 1.45])


WORLDS = {"calmer markets": (0.012, 0.015), "as first measured": (0.02, 0.03)}
"""Monthly steps of the market and of each cell, sd of the logarithm."""


def make_tree(
    seed: int, market_sd: float = 0.012, cell_sd: float = 0.015
) -> tuple[pl.DataFrame, pl.DataFrame, dict[str, str]]:
    """Return node values by month, the hierarchy's members, and season parents."""
    rng = np.random.default_rng(seed)
    total = MONTHS + AHEAD
    market = np.cumsum(rng.normal(0.004, market_sd, total))
    values: dict[str, np.ndarray] = {}
    members = []
    parent = {}
    for region in range(3):
        for segment in range(4):
            cell = f"cell:r{region}-s{segment}"
            own = np.cumsum(rng.normal(0.002, cell_sd, total))
            depth = rng.uniform(0.6, 1.1)
            for team in range(14):
                name = f"team:r{region}-s{segment}-t{team:02d}"
                level = rng.lognormal(0, 0.5) * 40
                season = 1 + (SEASON[np.arange(total) % 12] - 1) * depth
                mean = level * season * np.exp(market + own)
                counts = rng.poisson(mean / 8.0)
                values[name] = np.array(
                    [rng.gamma(1.6, 8.0 / 1.6, c).sum() for c in counts]
                )
                for up in ("company:all", f"region:r{region}", f"segment:s{segment}"):
                    members.append((up, name))
                members.append((cell, name))
                parent[name] = "company:all"
            parent[cell] = "company:all"
    for up in sorted({m[0] for m in members}):
        values[up] = np.sum([values[b] for u, b in members if u == up], axis=0)
        if up != "company:all":
            parent[up] = "company:all"
    months = [date(2022 + m // 12, m % 12 + 1, 1) for m in range(total)]
    frame = pl.concat(
        [
            pl.DataFrame(
                {
                    "series_id": name,
                    "month_start": months,
                    "value_cents": np.rint(v * 100_000),
                }
            )
            for name, v in sorted(values.items())
        ]
    )
    tree = pl.DataFrame(members, schema=["series_id", "bottom_id"], orient="row")
    return frame, tree, parent


def wape(forecast: pl.DataFrame, truth: pl.DataFrame) -> dict[str, float]:
    """Return absolute error over actual by level."""
    joined = forecast.join(truth, on=["series_id", "month_start"]).with_columns(
        level=pl.col("series_id").str.split(":").list.first()
    )
    scored = joined.group_by("level").agg(
        (pl.col("p50") - pl.col("value_cents")).abs().sum()
        / pl.col("value_cents").sum()
    )
    return dict(scored.iter_rows())


def main(seeds: range = range(24)) -> dict[str, dict[str, float]]:
    """Print a table per world; return ratios to the unreconciled forecasts."""
    out = {}
    for name, (market_sd, cell_sd) in WORLDS.items():
        print(name)
        out[name] = one_world(seeds, market_sd, cell_sd)
    return out


def one_world(seeds: range, market_sd: float, cell_sd: float) -> dict[str, float]:
    """Print the table of one world; return ratios to the unreconciled forecasts."""
    cut = date(2022 + MONTHS // 12, MONTHS % 12 + 1, 1)
    tables: dict[str, list[dict[str, float]]] = {}
    gap = 0.0
    for seed in seeds:
        frame, tree, parent = make_tree(seed, market_sd, cell_sd)
        known = frame.filter(pl.col("month_start") < cut)
        truth = frame.filter(pl.col("month_start") >= cut)
        alone = BookingsEngine().fit_predict(known)
        shared = BookingsEngine().fit_predict(known, parent=parent)
        for name, out in (
            ("each alone", alone),
            ("alone, then MinT", reconcile(alone, tree)),
            ("shared season", shared),
            ("shared season, then MinT", reconcile(shared, tree)),
            ("shared season, top pinned", reconcile(shared, tree, method="top")),
        ):
            tables.setdefault(name, []).append(wape(out, truth))
        agreed = reconcile(shared, tree)
        teams = agreed.filter(pl.col("series_id").str.starts_with("team"))
        company = agreed.filter(pl.col("series_id") == "company:all")
        gap = max(gap, abs(teams["p50"].sum() / company["p50"].sum() - 1))
    levels = ("team", "cell", "segment", "region", "company")
    mean = {
        name: {level: float(np.mean([r[level] for r in rows])) for level in levels}
        for name, rows in tables.items()
    }
    for name, row in mean.items():
        print(f"{name:26s}" + "  ".join(f"{lv} {row[lv]:.3f}" for lv in levels))
    base, best = mean["each alone"], mean["shared season, then MinT"]
    ratios = {level: best[level] / base[level] for level in levels}
    print({k: round(v, 3) for k, v in ratios.items()}, f"largest sum gap {gap:.1e}")
    return ratios | {"gap": gap}


if __name__ == "__main__":
    main()
