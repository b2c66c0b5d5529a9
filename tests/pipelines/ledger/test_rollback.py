"""Going back is a new version: the past stays promised, the future is as before."""

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest

from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger.in_force import assignments_in_force
from pipelines.ledger.rollback import propose_rollback, way_back
from pipelines.ledger.store import Ledger

Make = Callable[..., Any]
MARCH, JUNE = date(2026, 3, 1), date(2026, 6, 1)


@pytest.fixture
def history(ledger: Ledger, publish: Make) -> Ledger:
    """In March A1 goes from R1 to R3, and A9 is new."""
    publish({"A1": "R1", "A2": "R2"})
    publish({"A1": "R3", "A2": "R2", "A9": "R3"}, start=MARCH, parent_version=1)
    return ledger


def go_back(ledger: Ledger, version: int, day: date = JUNE) -> Any:
    return propose_rollback(
        ledger, version, effective_from=day, proposed_by="ana", why="R3 is ill"
    )


def test_it_is_a_proposal_on_the_plan_in_force(history: Ledger) -> None:
    plan = go_back(history, 1)
    assert (plan.version, plan.state) == (3, PlanState.PROPOSED)
    assert plan.parent_version == 2
    assert (plan.effective_from, plan.effective_to) == (JUNE, date(2026, 12, 31))
    assert plan.title == "back to version 1 from 2026-06-01"
    assert plan.why == "R3 is ill; undoes version 2"


def test_the_way_back_leads_over_what_both_versions_share(
    ledger: Ledger, propose: Make
) -> None:
    propose()
    propose(start=MARCH, parent_version=1)
    propose(start=JUNE, parent_version=2)
    propose(start=JUNE, parent_version=1)
    assert way_back(ledger, 3, 1) == ([3, 2], [])
    assert way_back(ledger, 4, 3) == ([4], [2, 3])


def test_months_already_promised_are_not_touched(history: Ledger) -> None:
    plan = go_back(history, 1)
    months = history.lines(plan.version, "target")["month_start"]
    assert months.to_list() == [date(2026, month, 1) for month in range(6, 13)]


def test_each_account_says_whether_it_moves_back(history: Ledger) -> None:
    plan = go_back(history, 1)
    lines = history.lines(plan.version, "assignment").select(
        "account_id", "rep_id", "valid_from", "previous_rep_id", "is_moved", "reason"
    )
    assert lines.rows() == [
        ("A1", "R1", JUNE, "R3", True, "back to its owner in version 1"),
        ("A2", "R2", JUNE, "R2", False, None),
        ("A9", "R3", JUNE, None, False, "kept: version 1 did not know the account"),
    ]


def test_once_published_the_owners_are_those_of_each_time(history: Ledger) -> None:
    go_back(history, 1)
    history.approve(3, "bo")
    history.publish(3, "bo")
    owned = assignments_in_force(history)
    assert owned.select("account_id", "rep_id", "valid_from", "version").rows() == [
        ("A1", "R1", date(2026, 1, 1), 1),
        ("A1", "R3", MARCH, 2),
        ("A1", "R1", JUNE, 3),
        ("A2", "R2", date(2026, 1, 1), 1),
        ("A2", "R2", MARCH, 2),
        ("A2", "R2", JUNE, 3),
        ("A9", "R3", MARCH, 2),
        ("A9", "R3", JUNE, 3),
    ]
    assert history.verify().is_intact


@pytest.mark.slow
@pytest.mark.parametrize(
    ("version", "day", "said"),
    [
        (2, JUNE, "version 2 is in force on 2026-06-01 already"),
        (1, date(2027, 1, 1), "says nothing about 2027-01-01"),
        (2, date(2026, 2, 1), "says nothing about 2026-02-01"),
        (7, JUNE, "version 7 does not exist"),
    ],
)
def test_where_there_is_nothing_to_go_back_to_it_says_so(
    history: Ledger, version: int, day: date, said: str
) -> None:
    with pytest.raises(LedgerError, match=said):
        go_back(history, version, day)


def test_what_was_never_the_plan_cannot_come_back(
    history: Ledger, propose: Make
) -> None:
    propose(start=JUNE)
    with pytest.raises(LedgerError, match="never was the plan"):
        go_back(history, 3)
