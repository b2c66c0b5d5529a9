"""Account potential against last year's spend repeated, in simulated companies.

Spend follows headcount and industry times an account's own taste; in half of the worlds
a share of the accounts stops buying each year. The forecast is of the 12 months that
follow. Run: python tests/benchmarks/ml_potential.py
"""

from datetime import date

import numpy as np
import polars as pl

from ml.potential import PotentialEstimator
from ml.potential_naive import last_year

AS_OF = date(2025, 12, 31)
YEARS = 3
STOP = 0.15  # of accounts a year, where accounts stop


def make_company(
    seed: int, accounts_count: int, *, stops: bool
) -> tuple[pl.DataFrame, pl.DataFrame, np.ndarray, np.ndarray]:
    """Return accounts, past spend, next year's spend and each account's mean year."""
    rng = np.random.default_rng(seed)
    n = accounts_count
    heads = np.exp(rng.normal(5, 1, n))
    industry = np.where(rng.random(n) < 0.5, "a", "b")
    mean = 1_000_00 * heads**0.7 * np.where(industry == "b", 2.0, 1.0)
    mean = mean * rng.gamma(1.5, 1 / 1.5, n)
    every = rng.uniform(0.1, 0.6, n)  # chance of an order in a month
    last = np.full(n, 10**6)
    if stops:
        last = rng.geometric(1 - (1 - STOP) ** (1 / 12), n)
    rows, after = [], np.zeros(n)
    for month in range(12 * (YEARS + 1)):
        buys = (rng.random(n) < every) & (month < last)
        cents = np.rint(mean / 12 / every * rng.gamma(2, 0.5, n)).astype(np.int64)
        if month >= 12 * YEARS:
            after += np.where(buys, cents, 0)
            continue
        on = date(2026 - YEARS + month // 12, month % 12 + 1, 10)
        rows += [(f"a{i:04d}", on, int(cents[i])) for i in np.flatnonzero(buys)]
    accounts = pl.DataFrame(
        {
            "account_id": [f"a{i:04d}" for i in range(n)],
            "industry": industry,
            "employee_count": heads.round(),
        }
    )
    spend = pl.DataFrame(
        rows, schema=["account_id", "booked_on", "amount_cents"], orient="row"
    )
    return accounts, spend, after, mean


def score(
    accounts_count: int, seeds: range, *, stops: bool = False
) -> dict[str, float]:
    """Return errors beside last year's, total, coverage and what the score ranks."""
    rows = []
    for seed in seeds:
        accounts, spend, after, mean = make_company(seed, accounts_count, stops=stops)
        model = PotentialEstimator().fit(accounts, spend, as_of=AS_OF)
        out = model.predict()
        ours = out["potential_cents"].to_numpy().astype(float)
        naive = last_year(accounts, spend, as_of=AS_OF)["potential_cents"]
        gap, naive_gap = ours - after, naive.to_numpy().astype(float) - after
        inside = (out["p10_cents"].to_numpy() <= after) & (
            after <= out["p90_cents"].to_numpy()
        )
        ranks = np.argsort(np.argsort(np.stack([out["icp_score"], mean])))
        rows.append(
            (
                np.sqrt((gap**2).mean() / (naive_gap**2).mean()),
                np.abs(gap).mean() / np.abs(naive_gap).mean(),
                ours.sum() / after.sum(),
                inside.mean(),
                np.corrcoef(ranks)[0, 1],
            )
        )
    names = ("rmse ratio", "mae ratio", "total", "cover 80", "score rank corr")
    return dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))


def main() -> dict[str, dict[str, float]]:
    """Print a row per size and world."""
    out = {}
    for stops in (False, True):
        for size, count in ((60, 40), (300, 20), (2000, 4)):
            label = f"{size} accounts, {'some stop' if stops else 'all stay'}"
            out[label] = score(size, range(count), stops=stops)
            figures = "  ".join(f"{k} {v:.3f}" for k, v in out[label].items())
            print(f"{label:26s} {figures}")
    return out


if __name__ == "__main__":
    main()
