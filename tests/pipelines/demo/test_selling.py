"""Selling: deals end after they begin, in the books of those who may own them."""

from datetime import date
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.demo import norms
from pipelines.demo.close_dates import first_guess, pushes
from pipelines.demo.deal_history import history
from pipelines.demo.months import SECONDS_A_DAY, day_number
from pipelines.demo.selling import EXPANSION, OPEN, RENEWAL, WON, none_qualifies
from pipelines.demo.staff import AE, CSM
from pipelines.demo.world import World, live

LAST = date(2026, 6, 5)


@cache
def world(size: str) -> World:
    return live(size=size, seed=3, as_of=LAST)


@pytest.mark.slow
@pytest.mark.parametrize("size", ["tiny", "small"])
def test_deals_end_after_they_were_opened(size: str) -> None:
    deals = world(size).deals.rows
    assert (deals["ends"] > deals["created"]).all()
    created = world(size).market.accounts["created"][deals["account"]]
    assert (deals["created"] >= created).all()


@pytest.mark.slow
@pytest.mark.parametrize("size", ["tiny", "small"])
def test_sellers_own_sales_and_success_managers_own_renewals(size: str) -> None:
    deals, seats = world(size).deals.rows, world(size).staff.seats
    role = seats["role"][deals["seat"]]
    is_renewal = deals["kind"] == RENEWAL
    assert (role[is_renewal] == CSM).all()
    assert (role[~is_renewal] == AE).all()


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_open_counts_are_the_open_deals(size: str) -> None:
    deals, accounts = world(size).deals.rows, world(size).market.accounts
    still = deals["account"][deals["outcome"] == OPEN]
    counted = np.bincount(still, minlength=len(accounts))
    assert (counted == accounts["open_count"]).all()


@given(st.floats(1e-3, 20.0), st.floats(0.0, 0.99))
def test_inquiries_that_never_qualify_hide_none_that_does(
    wanted: float, unqualified: float
) -> None:
    opened = -np.expm1(-wanted)
    odds = none_qualifies(np.array([wanted]), unqualified)[0]
    # what qualifies is what would be there had nobody else asked
    assert opened * (1 - odds) == pytest.approx(-np.expm1(-wanted * (1 - unqualified)))
    assert odds <= unqualified + 1e-9


def test_amounts_are_users_times_price_times_twelve() -> None:
    deals = world("small").deals.rows
    sales = deals["kind"] != RENEWAL
    worth = deals["users"].astype("i8") * deals["price_cents"] * 12
    assert (worth == deals["amount_cents"])[sales].all()


def test_history_starts_at_creation_and_ends_at_the_end() -> None:
    past = world("small")
    deals = past.deals.rows
    rows = np.flatnonzero(deals["outcome"] != OPEN)
    cutoff = (day_number(LAST) + 30) * SECONDS_A_DAY
    rows = rows[deals["ends"][rows] < cutoff]
    changes = history(past, rows, cutoff=cutoff)
    first = changes.unique("deal", keep="first", maintain_order=True)
    last = changes.unique("deal", keep="last", maintain_order=True)
    assert (first["changed"].to_numpy() == deals["created"][rows]).all()
    assert (last["changed"].to_numpy() == deals["ends"][rows]).all()
    assert (last["stage"].to_numpy() >= 4).all()
    assert (last["close"].to_numpy() == deals["ends"][rows] // SECONDS_A_DAY).all()


def test_no_history_row_tells_a_later_state() -> None:
    past = world("small")
    rows = np.flatnonzero(past.deals.rows["created"] < 1_760_000_000)
    whole = history(past, rows, cutoff=1_790_000_000)
    early = history(past, rows, cutoff=1_760_000_000)
    assert early.equals(whole.filter(whole["changed"] < 1_760_000_000))


def test_deals_are_opened_in_the_office_hours_of_their_region() -> None:
    past = world("small")
    rows = np.flatnonzero(past.deals.rows["kind"] != RENEWAL)
    region = past.market.accounts["region"][past.deals.rows["account"][rows]]
    hours = np.array(norms.HOURS_FROM_UTC)[region]
    local = (past.deals.rows["created"][rows] + 3_600 * hours) % SECONDS_A_DAY
    share = ((local >= 8 * 3_600) & (local < 19 * 3_600)).mean()
    assert share > 0.99  # a few wait for their account to be entered


def test_deals_that_were_pushed_more_are_won_less() -> None:
    past = world("small")
    deals = past.deals.rows
    rows = np.flatnonzero(
        deals["is_alive"] & (deals["kind"] != RENEWAL) & (deals["outcome"] != OPEN)
    )
    account = deals["account"][rows]
    close = first_guess(
        past.seed, rows, deals["created"][rows] // SECONDS_A_DAY,
        segment=past.market.accounts["first_segment"][account],
        is_expansion=deals["kind"][rows] == EXPANSION,
        is_renewal=np.zeros(len(rows), dtype=bool), months=past.months,
    )  # fmt: skip
    pushed = np.zeros(len(rows))
    for place, _, _ in pushes(past.seed, rows, close, deals["ends"][rows]):
        pushed[place] += 1
    odds = deals["closing_odds"][rows]
    assert odds[pushed >= 2].mean() < 0.95 * odds[pushed == 0].mean()
    won = deals["outcome"][rows] == WON
    assert won[pushed >= 2].mean() < won[pushed == 0].mean()


def test_a_close_date_never_passes_while_somebody_tends_it() -> None:
    rows = np.arange(500)
    close = np.full(500, 20_000)
    ends = np.full(500, 20_900 * SECONDS_A_DAY)
    last, before = close.copy(), close.copy()
    for place, at, moved in pushes(7, rows, close, ends):
        before[place] = last[place]
        assert (at // SECONDS_A_DAY <= before[place]).all()  # moved in time
        assert (np.isin(moved - before[place], (28, 30, 45, 60, 91))).all()
        last[place] = moved
    assert (last >= 20_900).all()
