"""Billing: downgrades inside a term come back by the day on the next invoice."""

from datetime import date
from functools import cache

import numpy as np
import pytest

from pipelines.demo.months import day_number
from pipelines.demo.recurring import arr_by_account, arr_movements
from pipelines.demo.world import World, live

LAST = date(2026, 6, 5)


@cache
def world() -> World:
    return live(size="small", seed=5, as_of=LAST)


@pytest.mark.slow
def test_a_downgrade_is_credited_by_the_day_on_the_next_turn() -> None:
    books = world().books
    owed, lines, items = books.credits, books.lines, books.items
    negative = np.flatnonzero(lines["amount_cents"] < 0)
    assert len(negative) > 20
    assert lines["is_proration"][negative].all()
    key = dict(
        zip(
            zip(owed["item"].tolist(), owed["start"].tolist(), strict=True),
            range(len(owed)),
            strict=True,
        )
    )
    for row in negative[:50].tolist():
        item, start = int(lines["item"][row]), int(lines["start"][row])
        change = np.flatnonzero(
            (books.changes["item"] == item) & (books.changes["day"] == start)
        )[0]
        earlier = books.changes["item"][:change] == item
        before = (
            books.changes["users"][:change][earlier][-1]
            if earlier.any()
            else items["first_users"][item]
        )
        dropped = int(before - books.changes["users"][change])
        sub = items["subscription"][item]
        months = 1 if books.subscriptions["is_monthly"][sub] else 12
        end = int(lines["end"][row])
        opened = (
            np.datetime64(end, "D").astype("datetime64[M]") - months
        ).astype("datetime64[D]").astype(int)  # fmt: skip
        opened += int(np.datetime64(end, "D").astype(object).day) - 1
        share = (end - start) / (end - opened)
        wanted = -round(dropped * int(items["price_cents"][item]) * months * share)
        assert abs(int(lines["amount_cents"][row]) - wanted) <= 1
        assert (item, start) in key
        issued = books.invoices["issued"][lines["invoice"][row]] // 86_400
        assert issued == end  # credited when the next period is billed


@pytest.mark.slow
def test_no_invoice_asks_for_less_than_nothing() -> None:
    assert (world().books.invoices["total_cents"] > 0).all()


def test_recurring_revenue_still_closes_with_downgrades() -> None:
    opening, closing = day_number(date(2024, 1, 31)), day_number(LAST)
    moved = arr_movements(world(), opening, closing)
    assert moved["contraction"] < 0
    before = int(arr_by_account(world(), opening).sum())
    assert before + sum(moved.values()) == int(arr_by_account(world(), closing).sum())


def test_an_upgrade_inside_a_period_pays_its_rest_by_the_day() -> None:
    books = world().books
    lines, items = books.lines, books.items
    added = np.flatnonzero(lines["is_proration"] & (lines["amount_cents"] > 0))
    sub = items["subscription"][lines["item"][added]]
    months = np.where(books.subscriptions["is_monthly"][sub], 1, 12)
    whole = items["first_users"][lines["item"][added]].astype("i8")
    whole = whole * items["price_cents"][lines["item"][added]] * months
    assert len(added) > 100
    assert (lines["amount_cents"][added] < whole).all()
    assert (lines["start"][added] == items["start"][lines["item"][added]]).all()
