"""Recurring revenue: it opens, moves and closes without a cent lost."""

from datetime import date
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.demo.months import day_number
from pipelines.demo.recurring import arr_by_account, arr_movements
from pipelines.demo.world import World, live

FIRST, LAST = date(2024, 2, 1), date(2026, 6, 5)


@cache
def world() -> World:
    return live(size="tiny", seed=5, first_day=FIRST, as_of=LAST)


@pytest.mark.slow
@settings(max_examples=20, deadline=None)
@given(st.dates(FIRST, LAST), st.dates(FIRST, LAST))
def test_closing_is_opening_plus_movements(one: date, other: date) -> None:
    opening, closing = sorted((day_number(one), day_number(other)))
    moved = arr_movements(world(), opening, closing)
    before = int(arr_by_account(world(), opening).sum())
    after = int(arr_by_account(world(), closing).sum())
    assert before + sum(moved.values()) == after
    assert moved["new"] >= 0
    assert moved["churn"] <= 0
    assert moved["contraction"] <= 0


def test_no_account_has_negative_revenue() -> None:
    assert (arr_by_account(world(), day_number(LAST)) >= 0).all()
