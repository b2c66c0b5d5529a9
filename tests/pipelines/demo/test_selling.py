"""Selling: deals end after they begin, in the books of those who may own them."""

from datetime import date
from functools import cache

import numpy as np
import pytest

from pipelines.demo.deal_history import history
from pipelines.demo.months import SECONDS_A_DAY, day_number
from pipelines.demo.selling import OPEN, RENEWAL
from pipelines.demo.staff import AE, CSM
from pipelines.demo.world import World, live

LAST = date(2026, 6, 5)


@cache
def world(size: str) -> World:
    return live(size=size, seed=3, as_of=LAST)


@pytest.mark.parametrize("size", ["tiny", "small"])
def test_deals_end_after_they_were_opened(size: str) -> None:
    deals = world(size).deals.rows
    assert (deals["ends"] > deals["created"]).all()
    created = world(size).market.accounts["created"][deals["account"]]
    assert (deals["created"] >= created).all()


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
