"""Events: each does what its name says, from its day on, and only when it is on."""

from dataclasses import fields, replace
from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest

from pipelines.demo import truth
from pipelines.demo.dirt import Soiler
from pipelines.demo.extracts import extracts
from pipelines.demo.months import SECONDS_A_DAY, day_number
from pipelines.demo.scenario import REAL_DIRT, Event, Events, Scenario, usual_scenario
from pipelines.demo.selling import RENEWAL, WON
from pipelines.demo.sizes import demo_dates, size_named
from pipelines.demo.staff import AE
from pipelines.demo.world import World, live

FIRST = date(2024, 2, 1)
DAYS = demo_dates(size="small", first_day=FIRST)
LAST = date(DAYS.plan_year_start.year, 12, 31)
QUIET = Events(leavers=Event(), good_rep_leaves=Event(), launch_slips=Event())


@cache
def world(**events: Event) -> World:
    scenario = Scenario(events=replace(QUIET, **events))
    return live(size="small", seed=4, first_day=FIRST, as_of=LAST, scenario=scenario)


def stirred() -> World:
    """Return a company to which several things happen, none in another's way."""
    return world(
        team_leaves=Event(is_on=True, month=4, strength=1.0),
        top_rep_leaves=Event(is_on=True, month=1),
        reorganisation=Event(is_on=True, month=3, strength=0.5),
        resegmentation=Event(is_on=True, month=2, strength=1.0),
        crm_migration=Event(is_on=True, month=-6),
    )  # fmt: skip


def table(past: World, contract: str, night: date) -> pl.DataFrame:
    """Return one extract of a small company, where each is a single piece."""
    return next(f for name, f in extracts(past, night) if name == contract)


def opened(past: World, first: int, last: int) -> int:
    days = past.deals.rows["created"] // SECONDS_A_DAY
    sales = past.deals.rows["kind"] != RENEWAL
    return int(((days >= first) & (days < last) & sales).sum())


@pytest.mark.slow
def test_nothing_happens_when_everything_is_off() -> None:
    assert world().happened == ()
    assert truth.events(world(), day_number(LAST)).is_empty()
    products = table(world(), "crm-products", DAYS.after_leaver_night)
    assert products["launched_on"].null_count() == 0


@pytest.mark.slow
def test_people_leave_by_themselves_only_when_they_may() -> None:
    assert (world().staff.people["left"] > day_number(LAST)).all()
    usual = world(leavers=Event(is_on=True, strength=0.25))
    told = truth.events(usual, day_number(LAST))
    assert told["event"].unique().to_list() == ["leaver"]
    users = table(usual, "crm-users", LAST)
    gone = users.filter(~pl.col("is_active"))["user_id"].to_list()
    assert sorted(told["subject"]) == sorted(gone)
    restless = world(leavers=Event(is_on=True, strength=0.5))
    assert truth.events(restless, day_number(LAST)).height > 1.4 * told.height


@pytest.mark.slow
def test_before_an_event_the_company_is_the_same() -> None:
    shaken = world(
        competitor_enters=Event(is_on=True), demand_falls=Event(is_on=True),
        reorganisation=Event(is_on=True), team_leaves=Event(is_on=True),
        resegmentation=Event(is_on=True, month=3), price_rises=Event(is_on=True),
    )  # fmt: skip
    night = DAYS.first_night
    for contract in ("crm-accounts", "crm-opportunities", "hris-workers"):
        assert table(shaken, contract, night).equals(table(world(), contract, night))


@pytest.mark.slow
def test_less_demand_opens_fewer_deals_and_more_demand_more() -> None:
    first = day_number(DAYS.plan_year_start)
    falls = world(demand_falls=Event(is_on=True, month=0, strength=0.5))
    rises = world(demand_rises=Event(is_on=True, month=0, strength=0.5))
    usual = opened(world(), first, first + 120)
    assert opened(falls, first, first + 120) < 0.7 * usual
    assert opened(rises, first, first + 120) > 1.2 * usual


@pytest.mark.slow
def test_a_competitor_takes_wins_in_its_region_only() -> None:
    strong = world(competitor_enters=Event(is_on=True, month=0, strength=0.9))
    first = day_number(DAYS.plan_year_start) * SECONDS_A_DAY

    def wins(past: World, region: int) -> int:
        deals = past.deals.rows
        there = past.market.accounts["region"][deals["account"]] == region
        won = (deals["outcome"] == WON) & (deals["kind"] != RENEWAL)
        return int((there & won & (deals["ends"] >= first)).sum())

    assert wins(strong, 1) < 0.3 * wins(world(), 1)
    # elsewhere the same draws decide, but colleagues leave earlier or later
    assert abs(wins(strong, 0) / wins(world(), 0) - 1) < 0.25


@pytest.mark.slow
def test_a_price_rise_is_paid_by_deals_opened_after_it() -> None:
    dear = world(price_rises=Event(is_on=True, month=0, strength=0.2))
    first = day_number(DAYS.plan_year_start) * SECONDS_A_DAY

    def price(past: World) -> float:
        deals = past.deals.rows
        after = (deals["created"] >= first) & (deals["kind"] != RENEWAL)
        core = after & (deals["product"] == 0)
        return float(deals["price_cents"][core].mean())

    assert 1.15 < price(dear) / price(world()) < 1.25


@pytest.mark.slow
def test_a_team_leaves_together_and_the_truth_names_them() -> None:
    shaken = stirred()
    gone = truth.events(shaken, day_number(LAST)).filter(pl.col("event") == "team_left")
    assert gone.height >= 4
    assert gone["began_on"].unique().to_list() == [
        date(DAYS.plan_year_start.year, 6, 10)
    ]
    users = table(shaken, "crm-users", LAST).filter(
        pl.col("user_id").is_in(gone["subject"].to_list())
    )
    assert users["manager_id"].n_unique() == 1
    assert not users["is_active"].any()


@pytest.mark.slow
def test_every_event_can_be_switched_on_and_is_told_with_its_day() -> None:
    every = {
        part.name: replace(getattr(Events(), part.name), is_on=True)
        for part in fields(Events)
    }
    told = truth.events(world(**every), day_number(LAST))
    assert set(told["event"]) == {
        "leaver", "rep_left", "top_rep_left", "team_left", "launch_slipped",
        "competitor_enters", "price_rises", "demand_falls", "demand_rises",
        "reorganisation", "crm_migration", "resegmentation",
    }  # fmt: skip
    assert told["began_on"].null_count() == 0
    assert told["began_on"].max() <= LAST


def test_the_top_rep_is_the_one_with_most_bookings() -> None:
    shaken = stirred()
    (event, day, person) = next(one for one in shaken.happened if one[2] >= 0)
    assert event == "top_rep_left"
    deals = shaken.deals.rows
    year = (deals["ends"] // SECONDS_A_DAY > day - 395) & (
        deals["ends"] // SECONDS_A_DAY < day - 13
    )
    won = year & (deals["outcome"] == WON) & (deals["kind"] != RENEWAL)
    booked = np.bincount(
        deals["closer"][won], deals["amount_cents"][won], len(shaken.staff.people)
    )
    assert booked[person] >= np.sort(booked)[-3]  # others may have left before


def test_a_reorganisation_moves_its_share_inside_segment_and_region() -> None:
    shaken = stirred()
    day = day_number(date(DAYS.plan_year_start.year, 5, 1))
    moves, seats = shaken.market.moves, shaken.staff.seats
    mine = moves["day"] == day
    account = moves["account"][mine]
    share = mine.sum() / (shaken.market.accounts["created"] < day * SECONDS_A_DAY).sum()
    assert 0.45 < share < 0.55
    seat = moves["seat"][mine]
    assert (seats["role"][seat] == AE).all()
    assert (seats["region"][seat] == shaken.market.accounts["region"][account]).all()
    assert (seats["segment"][seat] == shaken.market.accounts["segment"][account]).all()


def test_a_resegmentation_shows_from_its_day_on() -> None:
    shaken = stirred()
    day = date(DAYS.plan_year_start.year, 4, 1)
    small = pl.col("employee_count").is_between(100, 249)
    for night, segments in ((DAYS.first_night, {"mm"}), (day, {"smb"})):
        seen = table(shaken, "crm-accounts", night).filter(
            small & (pl.col("created_at") < pl.lit(day).cast(pl.Datetime("us", "UTC")))
        )
        assert set(seen["segment"]) == segments


def test_a_crm_migration_cuts_older_history_and_keeps_the_open_state() -> None:
    shaken = stirred()
    day = date(DAYS.plan_year_start.year - 1, 8, 1)
    before = table(shaken, "crm-opportunity-history", date(day.year, 7, 31))
    after = table(shaken, "crm-opportunity-history", day)
    assert before["changed_at"].min().date() < day
    assert after["changed_at"].min().date() == day
    deals = table(shaken, "crm-opportunities", day)
    open_before = deals.filter(
        ~pl.col("is_closed") & (pl.col("created_at").dt.date() < day)
    )
    assert set(open_before["opportunity_id"]) <= set(after["opportunity_id"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "night", [date(2025, 11, 30), date(2026, 3, 17), date(2026, 7, 2)], ids=str
)
def test_a_night_of_a_restless_dirty_company_knows_nothing_of_the_future(
    night: date,
) -> None:
    every = Events(**{part.name: Event(is_on=True) for part in fields(Events)})
    scenario = replace(usual_scenario(size_named("small")), events=every)
    assert scenario.dirt == REAL_DIRT
    assert scenario.has_splits

    def soiled(as_of: date) -> list[tuple[str, pl.DataFrame]]:
        past = live(size="small", seed=4, as_of=as_of, scenario=scenario)
        return list(extracts(past, night, soiler=Soiler(past, day_number(night))))

    for (contract, known), (same, later) in zip(
        soiled(night), soiled(date(2027, 1, 31)), strict=True
    ):
        assert contract == same
        assert known.equals(later, null_equal=True), contract
