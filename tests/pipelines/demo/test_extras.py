"""What only some companies deliver: currencies, splits, credit notes, requisitions."""

from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest

from pipelines.demo.extracts import extracts
from pipelines.demo.scenario import Scenario
from pipelines.demo.world import World, live

NIGHT = date(2026, 6, 5)
EVERYTHING = Scenario(
    is_multi_currency=True, has_splits=True, has_credit_notes=True,
    has_requisitions=True, has_account_territories=True, has_finance=True,
)  # fmt: skip


@cache
def company() -> World:
    return live(size="small", seed=9, as_of=NIGHT, scenario=EVERYTHING)


def world(scenario: Scenario = EVERYTHING) -> World:
    """Ask the same company for other tables: they are no part of what happens."""
    return replace(company(), scenario=scenario)


@cache
def tables(scenario: Scenario = EVERYTHING) -> dict[str, pl.DataFrame]:
    return {
        contract: frame
        for contract, frame in extracts(world(scenario), NIGHT)
        if contract != "billing-invoice-lines"  # comes in pieces
    }


@pytest.mark.slow
def test_a_plain_company_delivers_none_of_them() -> None:
    assert set(tables()) - set(tables(Scenario())) == {
        "crm-exchange-rates", "crm-opportunity-splits", "billing-credit-notes",
        "hris-requisitions", "crm-account-territories", "finance-actuals",
    }  # fmt: skip


@pytest.mark.slow
def test_local_amounts_come_back_to_the_dollars_they_were() -> None:
    local, dollars = (
        tables()["crm-opportunities"],
        tables(Scenario())["crm-opportunities"],
    )
    assert local["currency"].n_unique() > 5
    rates = tables()["crm-exchange-rates"].sort("started_on")
    back = (
        local.with_columns(pl.col("created_at").dt.date().alias("day"))
        .sort("day")
        .join_asof(
            rates, left_on="day", right_on="started_on", by="currency",
            check_sortedness=False,
        )
        .sort("opportunity_id")
        .select((pl.col("amount").cast(pl.Float64) * pl.col("rate")).alias("dollars"))
    )["dollars"]  # fmt: skip
    truth = dollars.sort("opportunity_id")["amount"].cast(pl.Float64)
    # half a local cent is at most half a dollar cent times the rate
    assert ((back - truth).abs() <= 0.0051 * 1.5).all()


@pytest.mark.slow
def test_the_dollar_stays_the_dollar() -> None:
    rates = tables()["crm-exchange-rates"]
    assert rates.filter(pl.col("currency") == "USD")["rate"].unique().to_list() == [1.0]
    assert (rates["rate"] > 0).all()
    assert rates["started_on"].max() <= NIGHT


def test_revenue_splits_of_every_won_sale_sum_to_a_hundred() -> None:
    splits = tables()["crm-opportunity-splits"]
    won = tables()["crm-opportunities"].filter(
        pl.col("is_won") & (pl.col("type") != "renewal")
    )
    sums = (
        splits.filter(pl.col("split_type") == "revenue")
        .group_by("opportunity_id")
        .agg(pl.col("percent").sum(), pl.len())
    )
    assert set(sums["opportunity_id"]) == set(won["opportunity_id"])
    assert sums["percent"].unique().to_list() == [100.0]
    assert 0.03 < (sums["len"] == 2).mean() < 0.15
    assert not splits.select(
        pl.struct("opportunity_id", "user_id").is_duplicated().any()
    ).item()


def test_overlays_go_to_engineers() -> None:
    splits = tables()["crm-opportunity-splits"].filter(
        pl.col("split_type") == "overlay"
    )
    users = tables()["crm-users"]
    credited = splits.join(users, on="user_id", how="left")
    assert credited["role_name"].unique().to_list() == ["Solutions Engineer"]


def test_no_invoice_is_credited_more_than_it_asked() -> None:
    notes = tables()["billing-credit-notes"].join(
        tables()["billing-invoices"], on="invoice_id", how="left"
    )
    assert notes.height > 20
    assert (notes["amount"] <= notes["total"]).all()
    assert (notes["issued_at"] > notes["issued_at_right"]).all()


def test_filled_requisitions_name_who_started_that_day() -> None:
    filled = tables()["hris-requisitions"].filter(pl.col("status") == "filled")
    jobs = tables()["hris-job-history"]
    jobs = jobs.rename({"effective_date": "filled_on"})
    found = filled.join(jobs, on=["worker_id", "filled_on"], how="left")
    assert filled.height > 20
    assert (found["position_id"] == found["position_id_right"]).all()
    assert (filled["opened_on"] < filled["filled_on"]).all()
    for column in ("role", "segment", "region"):
        assert found[column].equals(found[f"{column}_right"], null_equal=True), column


def test_every_account_is_in_one_territory_on_the_night() -> None:
    told = tables()["crm-account-territories"]
    now = told.filter(pl.col("ended_on").is_null())
    assert now["account_id"].is_unique().all()
    assert set(now["account_id"]) == set(tables()["crm-accounts"]["account_id"])


def test_an_account_changes_territory_without_gap_or_overlap() -> None:
    told = tables()["crm-account-territories"].sort("account_id", "started_on")
    after = pl.col("started_on").shift(-1).over("account_id")
    gaps = told.with_columns(after.alias("next")).drop_nulls("next")
    assert gaps.height > 100
    assert (gaps["next"] == gaps["ended_on"] + timedelta(days=1)).all()


def test_the_owner_of_an_account_holds_its_territory() -> None:
    now = tables()["crm-account-territories"].filter(pl.col("ended_on").is_null())
    members = tables()["crm-territory-members"].filter(pl.col("ended_on").is_null())
    held = (
        tables()["crm-accounts"]
        .join(now, on="account_id")
        .join(members, on="territory_id", how="inner")
    )
    assert held.height > 3_000
    assert (held["owner_id"] == held["user_id"]).all()
