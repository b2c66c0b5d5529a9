"""A plan is a budget by month, adds up to the cent, and is bounded by a ceiling."""

from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.approval import Approval
from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger.budget import budget_lines, over_ceiling
from pipelines.ledger.content import canonical
from pipelines.ledger.store import Ledger

MONTHS = [date(2026, month, 1) for month in (11, 12)]


def content(spend: int = 1000, targets: tuple[int, ...] = (100, 300)) -> Any:
    """Two heads cost 5,000 a month, 2,000 of it variable; one programme."""
    return canonical(
        {
            "target": pl.DataFrame(
                {
                    "node_level": "segment",
                    "node_id": "smb",
                    "month_start": MONTHS,
                    "measure": "bookings",
                    "value_cents": targets,
                    "reason": "",
                }
            ),
            "compensation": pl.DataFrame(
                {
                    "segment_id": "smb",
                    "role": "ae",
                    "month_start": MONTHS,
                    "heads": 2.0,
                    "target_pay_cents": 5000,
                    "variable_cents": 2000,
                }
            ),
            "allocation": pl.DataFrame(
                {
                    "segment_id": ["smb"],
                    "activity": ["events"],
                    "spend_cents": [spend],
                    "value_cents": [0],
                    "reason": [""],
                }
            ),
        }
    )


def test_pay_and_programme_are_costs_of_each_month() -> None:
    assert budget_lines(content()).rows() == [
        (MONTHS[0], "smb", "fixed_pay", 3000),
        (MONTHS[0], "smb", "programme", 250),
        (MONTHS[0], "smb", "variable_pay", 2000),
        (MONTHS[1], "smb", "fixed_pay", 3000),
        (MONTHS[1], "smb", "programme", 750),
        (MONTHS[1], "smb", "variable_pay", 2000),
    ]


@pytest.mark.slow
@given(st.integers(0, 10**9), st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)))
def test_whatever_is_spent_the_months_sum_to_it(
    spend: int, targets: tuple[int, int]
) -> None:
    lines = budget_lines(content(spend, targets))
    programme = lines.filter(pl.col("item") == "programme")["cost_cents"].sum()
    assert programme == spend
    assert lines["cost_cents"].sum() == spend + 10000


def test_a_plan_of_two_months_may_cost_two_twelfths_of_the_year() -> None:
    assert over_ceiling(content(), 66_000) is None  # 11,000 of 11,000
    assert over_ceiling(content(), 65_994) == (
        "it costs 110.00 in 2 month(s); the ceiling allows 109.99"
    )


def test_a_plan_without_lines_costs_nothing() -> None:
    assert budget_lines(canonical({})).is_empty()
    assert over_ceiling(canonical({}), 0) is None


@pytest.mark.parametrize(
    ("ceiling", "state"), [(660.0, "approved"), (659.9, "proposed")]
)
def test_a_plan_above_the_ceiling_is_not_approved(
    ledger: Ledger, propose: Callable[..., Any], ceiling: float, state: str
) -> None:
    propose(
        content=content(),
        effective_from=MONTHS[0],
        approval=Approval(max_year_cost_in_currency=ceiling),
    )
    if state == "proposed":
        with pytest.raises(LedgerError, match=r"it costs 110\.00 in 2 month"):
            ledger.approve(1, "bo")
    else:
        ledger.approve(1, "bo")
    assert ledger.get(1).state is PlanState(state)
