"""Expected spend of accounts."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from data_contracts.errors import ForecastError
from ml.potential import PotentialEstimator

AS_OF = date(2025, 12, 31)


def company(n: int = 240, years: int = 3, seed: int = 0):
    """Accounts whose spend grows with headcount and doubles in industry "b"."""
    rng = np.random.default_rng(seed)
    heads = np.exp(rng.normal(5, 1, n))
    industry = np.where(rng.random(n) < 0.5, "a", "b")
    mean = 1000 * heads**0.7 * np.where(industry == "b", 2.0, 1.0)
    mean = mean * rng.gamma(1.0, 1.0, n)
    accounts = pl.DataFrame(
        {
            "account_id": [f"a{i:03d}" for i in range(n)],
            "industry": industry,
            "employee_count": heads.round(),
        }
    )
    rows = []
    for month in range(12 * years):
        buys = rng.random(n) < 0.3
        amount = np.rint(mean / 12 / 0.3 * rng.gamma(2, 0.5, n)).astype(int)
        on = date(2026 - years + month // 12, month % 12 + 1, 10)
        rows += [(f"a{i:03d}", on, int(amount[i])) for i in np.flatnonzero(buys)]
    spend = pl.DataFrame(
        rows, schema=["account_id", "booked_on", "amount_cents"], orient="row"
    )
    return accounts, spend, mean


def test_the_documented_columns_come_out() -> None:
    accounts, spend, _ = company()
    out = PotentialEstimator().fit(accounts, spend, as_of=AS_OF).predict()
    assert out.schema == pl.Schema(
        {
            "account_id": pl.String, "potential_cents": pl.Int64,
            "p10_cents": pl.Int64, "p90_cents": pl.Int64,
            "icp_score": pl.Float64, "drivers": pl.String,
        }
    )  # fmt: skip
    assert out["account_id"].is_sorted()
    assert out["icp_score"].is_between(0, 1).all()
    assert (out["p10_cents"] <= out["potential_cents"]).all()
    assert (out["potential_cents"] <= out["p90_cents"]).all()


def test_the_mean_account_is_predicted_better_than_by_last_year() -> None:
    accounts, spend, mean = company()
    model = PotentialEstimator().fit(accounts, spend, as_of=AS_OF)
    guess = model.predict()["potential_cents"].to_numpy()
    assert abs(guess.sum() / mean.sum() - 1) < 0.2
    assert np.abs(guess - mean).mean() < 0.9 * np.abs(model.spend_ - mean).mean()


def test_headcount_and_industry_drive_the_score() -> None:
    accounts, spend, _ = company()
    out = PotentialEstimator().fit(accounts, spend, as_of=AS_OF).predict()
    joined = out.join(accounts, on="account_id")
    means = dict(
        joined.group_by("industry").agg(pl.col("icp_score").mean()).iter_rows()
    )
    assert means["b"] > means["a"] + 0.1
    big = joined.filter(pl.col("employee_count") > 400)["icp_score"].mean()
    small = joined.filter(pl.col("employee_count") < 60)["icp_score"].mean()
    assert big > small + 0.3
    assert joined["drivers"].str.contains("employee count|industry").mean() > 0.9


def test_spend_alone_is_enough() -> None:
    accounts, spend, _ = company(60)
    out = (
        PotentialEstimator()
        .fit(accounts.select("account_id"), spend, as_of=AS_OF)
        .predict()
    )
    assert (out["icp_score"] == 0.5 + 0.5 / 60).all() or out[
        "icp_score"
    ].n_unique() == 1
    top = spend.group_by("account_id").agg(pl.col("amount_cents").sum())
    joined = out.join(top, on="account_id")
    rank = joined.select(
        pl.corr("potential_cents", "amount_cents", method="spearman")
    ).item()
    assert rank > 0.8


def test_a_month_of_history_is_scaled_to_a_year_and_never_fails() -> None:
    accounts, spend, _ = company(60)
    recent = spend.filter(pl.col("booked_on") >= date(2025, 12, 1))
    model = PotentialEstimator().fit(accounts, recent, as_of=AS_OF)
    assert not model.is_calibrated_
    assert np.isfinite(model.potential_).all()


def test_bookings_after_as_of_are_not_read() -> None:
    accounts, spend, _ = company(60)
    early = date(2025, 6, 30)
    one = PotentialEstimator().fit(accounts, spend, as_of=early).predict()
    known = spend.filter(pl.col("booked_on") <= early)
    assert one.equals(PotentialEstimator().fit(accounts, known, as_of=early).predict())


def test_row_order_does_not_matter() -> None:
    accounts, spend, _ = company(80)
    one = PotentialEstimator().fit(accounts, spend, as_of=AS_OF).predict()
    two = (
        PotentialEstimator()
        .fit(accounts.reverse(), spend.reverse(), as_of=AS_OF)
        .predict()
    )
    assert one.equals(two)


def test_nonsense_is_refused() -> None:
    accounts, spend, _ = company(10)
    with pytest.raises(ForecastError, match="appears twice"):
        PotentialEstimator().fit(pl.concat([accounts, accounts]), spend, as_of=AS_OF)
    with pytest.raises(ForecastError, match="spent anything"):
        PotentialEstimator().fit(accounts, spend, as_of=date(2019, 1, 1))
    with pytest.raises(ValueError, match="booked_on"):
        PotentialEstimator().fit(accounts, spend.drop("booked_on"), as_of=AS_OF)
