"""Past forecasts of pipeline and potential see only what was known then."""

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from ml.backtest_deals import (
    BLEND,
    COVERAGE,
    LEARNED,
    SERIES,
    Deals,
    backtest_pipeline,
    backtest_potential,
    coverage_ratio,
    past_errors,
)

FIRST = date(2023, 1, 1)


def month(number: int) -> date:
    return date(2023 + number // 12, number % 12 + 1, 1)


@pytest.fixture(scope="module")
def company() -> tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame]:
    """Deals that live about three months; half of them are won."""
    rng = np.random.default_rng(4)
    snapshots, deals = [], []
    booked = np.zeros(30)
    for number in range(600):
        start, life = int(rng.integers(0, 29)), int(rng.integers(1, 5))
        amount, won = int(rng.lognormal(9, 0.5)) * 100, bool(rng.random() < 0.5)
        name = f"o{number:04d}"
        over = start + life
        closed = month(over) + timedelta(days=10) if over < 30 else None
        deals.append((name, month(start) + timedelta(days=3), closed, won, amount))
        if closed and won:
            booked[over] += amount
        for at in range(start, min(over, 30)):
            end = month(at + 1) - timedelta(days=1)
            stage = "late" if at == over - 1 else "early"
            snapshots.append(
                (name, end, stage, amount, month(start) + timedelta(days=3),
                 month(over) + timedelta(days=14))
            )  # fmt: skip
    return (
        pl.DataFrame(
            snapshots,
            schema=["opportunity_id", "snapshot_on", "stage", "amount_cents",
                    "created_on", "stated_close_on"],
            orient="row",
        ),
        pl.DataFrame(
            deals,
            schema={"opportunity_id": pl.String, "created_on": pl.Date,
                    "closed_on": pl.Date, "is_won": pl.Boolean,
                    "amount_cents": pl.Int64},
            orient="row",
        ),
        pl.DataFrame({"month_start": [month(m) for m in range(30)],
                      "value_cents": booked}),
    )  # fmt: skip


def seen(company: tuple[pl.DataFrame, pl.DataFrame, pl.DataFrame], day: date) -> Deals:
    snapshots, deals, booked = company
    over = pl.col("closed_on") < day
    return Deals(
        snapshots.filter(pl.col("snapshot_on") < day),
        deals.filter(pl.col("created_on") < day).with_columns(
            closed_on=pl.when(over).then("closed_on"),
            is_won=(pl.col("is_won") & over).fill_null(value=False),
        ),
        booked.filter(pl.col("month_start") < day),
    )


def test_every_method_is_scored_at_every_origin(company) -> None:
    origins = [month(m) for m in (18, 20, 22, 24)]
    rows = backtest_pipeline(
        lambda day: seen(company, day), company[2], origins=origins, horizon=3
    )
    assert set(rows["model"]) == {LEARNED, BLEND, COVERAGE, SERIES}
    assert rows.height == 4 * 4 * 3
    assert set(rows.filter("is_baseline")["model"]) == {COVERAGE, SERIES}
    assert past_errors(rows, LEARNED, 3).shape == (4, 3)


def test_what_happens_after_an_origin_does_not_change_its_forecast(company) -> None:
    origin = month(20)
    after = company[2].with_columns(
        value_cents=pl.when(pl.col("month_start") >= origin)
        .then(10 * pl.col("value_cents"))
        .otherwise("value_cents")
    )
    one, two = (
        backtest_pipeline(
            lambda day: seen(company, day), truth, origins=[origin], horizon=3
        )
        for truth in (company[2], after)
    )
    assert one["forecast_cents"].equals(two["forecast_cents"])
    assert not one["actual_cents"].equals(two["actual_cents"])


def test_windows_that_are_not_over_are_not_scored(company) -> None:
    rows = backtest_pipeline(
        lambda day: seen(company, day), company[2], origins=[month(28)], horizon=6
    )
    assert rows["horizon"].unique().sort().to_list() == [1, 2]


def test_a_company_without_snapshots_has_no_rows(company) -> None:
    empty = Deals(company[0].clear(), company[1], company[2])
    rows = backtest_pipeline(lambda _: empty, company[2], origins=[month(20)])
    assert rows.is_empty()


def test_the_coverage_ratio_by_hand() -> None:
    ends = [month(1) - timedelta(days=1), month(2) - timedelta(days=1)]
    deals = Deals(
        pl.DataFrame(
            {
                "snapshot_on": ends,
                "stated_close_on": [ends[0] + timedelta(days=20)] * 1
                + [ends[1] + timedelta(days=20)],
                "amount_cents": [400, 600],
            }
        ),
        pl.DataFrame(),
        pl.DataFrame({"month_start": [month(0), month(1)], "value_cents": [0.0, 100]}),
    )
    # 400 due brought 100, so 600 due should bring 150
    assert coverage_ratio(deals, month(2), 1).tolist() == [150.0]


def test_potential_is_scored_by_account_against_last_year() -> None:
    rng = np.random.default_rng(1)
    names = [f"a{i:03d}" for i in range(80)]
    size = rng.lognormal(0, 1, 80)
    spend = pl.DataFrame(
        [
            (name, month(m), int(rng.gamma(0.6, 2) * one * 10_000))
            for name, one in zip(names, size, strict=True)
            for m in range(0, 36, 3)
        ],
        schema=["account_id", "booked_on", "amount_cents"],
        orient="row",
    )
    accounts = pl.DataFrame(
        {"account_id": names, "segment_id": ["smb", "ent"] * 40,
         "employee_count": (size * 100).astype(int)}
    )  # fmt: skip
    origin = month(24)
    rows = backtest_potential(
        lambda day: (accounts, spend.filter(pl.col("booked_on") < day)),
        spend,
        origins=[origin],
    )
    assert rows["node_level"].unique().sort().to_list() == ["company", "segment"]
    ours = rows.filter(~pl.col("is_baseline"), pl.col("node_level") == "company")
    assert 0.6 < ours["covered_share"][0] <= 1.0
    actual = spend.filter(pl.col("booked_on") >= origin)["amount_cents"].sum()
    assert ours["actual_cents"][0] == actual
