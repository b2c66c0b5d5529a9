"""Rules of the policy about books and hires change who owns what and who is hired."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from data_contracts.policy import CompanyPolicy
from pipelines.planning.cycle import first_books
from pipelines.planning.hires import plan_people
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts, planned_reps
from pipelines.planning.targets import first_horizon
from pipelines.planning.territories import accounts_with_potential, plan_books


def under(facts: Facts, **parts: Any) -> Facts:
    """Return the facts under a policy with other values, checked as a whole."""
    whole = facts.policy.model_dump(mode="json")
    for part, values in parts.items():
        whole[part] |= values
    return replace(facts, policy=CompanyPolicy.model_validate(whole))


def books_of(facts: Facts, forecasts: Forecasts) -> pl.DataFrame:
    return first_books(facts, forecasts, first_horizon(facts.policy, facts.as_of)).lines


def owned(lines: pl.DataFrame, *reps: str) -> list[int]:
    counts = dict(lines.group_by("rep_id").len().iter_rows())
    return [counts.get(rep, 0) for rep in reps]


@pytest.fixture
def crowded(facts: Facts) -> Facts:
    """r1 owns all ten accounts of smb."""
    owner = pl.when(pl.col("segment_id") == "smb").then(pl.lit("r1"))
    accounts = facts.accounts.with_columns(
        owner_rep_id=owner.otherwise(pl.col("owner_rep_id"))
    )
    return replace(facts, accounts=accounts)


@pytest.mark.slow
def test_no_book_passes_the_cap_on_accounts(
    crowded: Facts, forecasts: Forecasts
) -> None:
    loose = {"balance_tolerance_share": 1.0}  # nothing need move to even books out
    assert owned(books_of(under(crowded, territories=loose), forecasts), "r1") == [10]
    capped = under(crowded, territories=loose | {"max_accounts_per_rep_count": 7})
    assert owned(books_of(capped, forecasts), "r1", "r2") == [7, 3]


@pytest.mark.slow
def test_a_rep_of_another_region_owns_nothing_where_region_counts(
    facts: Facts, forecasts: Forecasts
) -> None:
    # every account is in the east; r4 sells large accounts in the west
    assert owned(books_of(facts, forecasts), "r3", "r4") == [5, 5]
    regional = under(facts, territories={"eligibility": ["segment", "region"]})
    assert owned(books_of(regional, forecasts), "r3", "r4") == [10, 0]


@pytest.mark.slow
def test_a_named_account_is_its_reps_and_costs_what_the_policy_says(
    facts: Facts, forecasts: Forecasts
) -> None:
    # a00 goes from r1 to r2: 50 and half of 1,200 booked and a tenth of 400 open
    rules = {
        "named_accounts": {"a00": "r2"},
        "move_fixed_in_currency": 50,
        "move_share_of_bookings_share": 0.5,
        "move_share_of_pipeline_share": 0.1,
    }
    accounts = facts.accounts.with_columns(open_pipeline_cents=pl.lit(400_00))
    world = under(replace(facts, accounts=accounts), territories=rules)
    line = books_of(world, forecasts).filter(pl.col("account_id") == "a00")
    assert line.select("rep_id", "move_cost_cents").row(0) == ("r2", 690_00)


@pytest.fixture
def apart(facts: Facts) -> Facts:
    """a00, r1's, lies at r2's door, 111 km from r1; all others of smb are between."""
    here = pl.when(pl.col("account_id") == "a00").then(1.0).otherwise(0.5)
    accounts = facts.accounts.with_columns(
        latitude=pl.when(pl.col("segment_id") == "smb").then(here), longitude=0.0
    )
    home = pl.when(pl.col("rep_id") == "r1").then(0.0)
    reps = facts.reps.with_columns(
        latitude=home.when(pl.col("rep_id") == "r2").then(1.0), longitude=0.0
    )
    return replace(facts, accounts=accounts, reps=reps)


def owner_of_a00(lines: pl.DataFrame) -> str:
    return str(lines.filter(pl.col("account_id") == "a00")["rep_id"][0])


@pytest.mark.slow
def test_travel_moves_accounts_to_who_lives_near_them(
    apart: Facts, forecasts: Forecasts
) -> None:
    def owner(**rules: float) -> str:
        return owner_of_a00(books_of(under(apart, territories=rules), forecasts))

    # 4 visits of 111 km
    assert owner() == "r1"  # travel is free
    assert owner(travel_per_km_in_currency=1) == "r2"  # 444 against a move of 280
    assert owner(travel_per_km_in_currency=1, visits_per_year_count=2) == "r1"


@pytest.mark.slow
def test_a_repair_moves_only_what_saves_several_hand_overs(
    apart: Facts, forecasts: Forecasts
) -> None:
    def owner(multiple: float) -> str:
        rules = {
            "travel_per_km_in_currency": 1,
            "replan_move_price_multiple": multiple,
        }
        world = under(apart, territories=rules)
        accounts = accounts_with_potential(world, forecasts)
        plan = first_horizon(world.policy, world.as_of)
        books = plan_books(
            world,
            forecasts,
            accounts,
            planned_reps(world, starts_on=plan.effective_from),
            plan,
            owner=dict(accounts.select("account_id", "owner_rep_id").iter_rows()),
            free=set(accounts["account_id"]),
        )
        return owner_of_a00(books.lines)

    assert owner(1) == "r2"  # 444 of travel against a hand-over of 280
    assert owner(2) == "r1"  # against two of them


def test_hires_start_after_the_lead_time_and_no_faster_than_the_limit(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    # smb asks for twice what two reps bring
    limits = {"hire_lead_time_months": 5, "max_hires_per_month_count": 1}
    plan = first_horizon(facts.policy, facts.as_of)
    hires = plan_people(under(facts, capacity=limits), forecasts, doubled, plan)["hire"]
    assert hires["month_start"].min() == date(2026, 6, 1)
    assert hires["hires_count"].max() == 1
    fast = {"hire_lead_time_months": 0, "max_hires_per_month_count": 9}
    early = plan_people(under(facts, capacity=fast), forecasts, doubled, plan)["hire"]
    assert early["hires_count"].max() == 9  # pay of late starters is the least
