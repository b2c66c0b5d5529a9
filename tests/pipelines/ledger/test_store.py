"""The life of a version: who may do what, and what was promised when."""

import sqlite3
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_contracts.errors import LedgerError
from data_contracts.plan import COMPONENTS, VERSION_COLUMNS, PlanState
from pipelines.ledger.content import canonical
from pipelines.ledger.schema import frame_schema
from pipelines.ledger.store import Ledger

Make = Callable[..., Any]


def test_a_proposal_waits_for_approval_under_the_next_number(propose: Make) -> None:
    first, second = propose(), propose(parent_version=1)
    assert (first.version, second.version) == (1, 2)
    assert first.state is PlanState.PROPOSED
    assert second.parent_version == 1


def test_lines_come_back_as_they_went_in(ledger: Ledger, propose: Make) -> None:
    version = propose(
        {"A2": "R2", "A1": "R1", 'Ä, "3"': ""}, territory_gap_share=0.1 + 0.2
    )
    lines = ledger.lines(version.version, "assignment")
    assert lines.get_column("account_id").to_list() == ["A1", "A2", 'Ä, "3"']
    assert lines.get_column("rep_id").to_list() == ["R1", "R2", ""]
    assert lines.get_column("reason").to_list() == [None] * 3
    assert lines.schema == canonical({})["assignment"].schema
    assert ledger.get(1) == version
    assert ledger.get(1).territory_gap_share == 0.1 + 0.2


def test_the_same_content_has_the_same_hash_whoever_proposes_it(
    propose: Make,
) -> None:
    assert (
        propose().content_hash
        == propose(proposed_by="bo@example.com", title="again").content_hash
    )


def test_the_proposer_cannot_approve_under_any_spelling(
    ledger: Ledger, propose: Make
) -> None:
    propose(proposed_by="Ana@Example.com")
    for spelling in ("ana@example.com", " ANA@EXAMPLE.COM "):
        with pytest.raises(LedgerError, match="may not approve it"):
            ledger.approve(1, spelling)
    assert ledger.approve(1, "bo@example.com").state is PlanState.APPROVED


def test_who_submits_a_draft_of_somebody_else_cannot_approve_it(
    ledger: Ledger, propose: Make
) -> None:
    propose(proposed_by="planner", is_draft=True)
    ledger.submit(1, "ana")
    for author in ("planner", "ana"):
        with pytest.raises(LedgerError, match="may not approve it"):
            ledger.approve(1, author)


def test_only_an_approved_version_is_published(ledger: Ledger, propose: Make) -> None:
    propose()
    with pytest.raises(LedgerError, match="'proposed'; only an approved") as refused:
        ledger.publish(1, "bo")
    assert "aop plan approve 1" in refused.value.fix


def test_a_decision_keeps_who_when_and_why(ledger: Ledger, propose: Make) -> None:
    propose()
    ledger.reject(1, "bo", "books are uneven")
    rejected = ledger.get(1)
    assert (rejected.state, rejected.decided_by) == (PlanState.REJECTED, "bo")
    assert rejected.decided_at == datetime(2026, 1, 1, 12, 0, 3)  # noqa: DTZ001 - UTC
    assert [(e.from_state, e.to_state, e.actor, e.note) for e in ledger.events(1)] == [
        ("", "draft", "ana@example.com", "first plan"),
        ("draft", "proposed", "ana@example.com", ""),
        ("proposed", "rejected", "bo", "books are uneven"),
    ]


def test_a_rejected_version_stays_rejected(ledger: Ledger, propose: Make) -> None:
    propose()
    ledger.reject(1, "bo", "no")
    for act in (ledger.approve, ledger.publish, ledger.submit, ledger.reject):
        with pytest.raises(LedgerError, match="rejected by bo at 2026-01-01 12:00"):
            act(1, "cy")


def test_only_the_proposer_recalls(ledger: Ledger, propose: Make) -> None:
    propose()
    with pytest.raises(LedgerError, match="was proposed by ana@"):
        ledger.recall(1, "bo")
    assert ledger.recall(1, "ANA@example.com").state is PlanState.DRAFT
    assert ledger.submit(1, "ana@example.com").state is PlanState.PROPOSED


def test_an_unknown_version_lists_the_known(ledger: Ledger, propose: Make) -> None:
    with pytest.raises(LedgerError, match="no plan was ever proposed"):
        ledger.get(1)
    propose(), propose()
    for ask in (
        lambda: ledger.get(9),
        lambda: ledger.approve(9, "bo"),
        lambda: ledger.lines(9, "target"),
        lambda: ledger.events(9),
        lambda: propose(parent_version=9),
    ):
        with pytest.raises(LedgerError, match=r"version 9 does not exist\n.*1, 2"):
            ask()
    with pytest.raises(LedgerError, match="no component 'bonus'"):
        ledger.lines(1, "bonus")


def test_a_refused_proposal_leaves_no_trace(ledger: Ledger, propose: Make) -> None:
    propose(breach_key="rep_left:R1")
    with pytest.raises(LedgerError):
        propose(breach_key="rep_left:R1")
    assert len(ledger.versions()) == 1
    assert len(ledger.events()) == 2


def test_one_open_version_answers_a_breach(ledger: Ledger, propose: Make) -> None:
    key = "rep_left:R1:2026-04-10"
    propose(breach_key=key)
    propose(breach_key="another")
    with pytest.raises(LedgerError, match="already answered by plan version 1"):
        propose(breach_key=key)
    ledger.reject(1, "bo", "no")
    propose(breach_key=key)
    assert [plan.version for plan in ledger.by_breach(key)] == [1, 3]


def test_a_draft_waits_until_the_open_answer_is_decided(
    ledger: Ledger, propose: Make
) -> None:
    propose(breach_key="b")
    propose(breach_key="b", is_draft=True)
    with pytest.raises(LedgerError, match="already answered"):
        ledger.submit(2, "ana")
    assert ledger.get(2).state is PlanState.DRAFT


def test_a_mid_year_plan_changes_the_future_only(ledger: Ledger, publish: Make) -> None:
    publish()
    assert ledger.get(1).state is PlanState.PUBLISHED
    publish(start=date(2026, 6, 1), parent_version=1)
    assert ledger.get(1).state is PlanState.SUPERSEDED
    assert [plan.version for plan in ledger.published()] == [2]

    def number(day: date) -> int | None:
        plan = ledger.in_force(day)
        return plan.version if plan else None

    assert number(date(2025, 12, 31)) is None
    assert number(date(2026, 1, 1)) == 1
    assert number(date(2026, 5, 31)) == 1
    assert number(date(2026, 6, 1)) == 2
    assert number(date(2026, 12, 31)) == 2
    assert number(date(2027, 1, 1)) is None


def test_next_years_plan_does_not_supersede_this_years(
    ledger: Ledger, publish: Make
) -> None:
    publish()
    publish(
        content={}, effective_from=date(2027, 1, 1), effective_to=date(2027, 12, 31)
    )
    assert [plan.version for plan in ledger.published()] == [1, 2]


def test_two_replans_from_one_parent_do_not_undo_each_other(
    ledger: Ledger, propose: Make, publish: Make
) -> None:
    publish()
    for key in ("R1 left", "R2 left"):
        propose(start=date(2026, 6, 1), parent_version=1, breach_key=key)
    for number in (2, 3):
        ledger.approve(number, "bo")
    ledger.publish(2, "bo")
    with pytest.raises(LedgerError, match="made on version 1, but version 2"):
        ledger.publish(3, "bo")
    assert ledger.get(3).state is PlanState.APPROVED
    assert ledger.publish(3, "bo", may_undo=True).state is PlanState.PUBLISHED
    assert ledger.get(2).state is PlanState.SUPERSEDED


def test_a_plan_of_its_own_does_not_undo_the_one_in_force_unseen(
    ledger: Ledger, propose: Make, publish: Make
) -> None:
    publish()
    publish(start=date(2026, 6, 1), parent_version=1)
    # in May version 1 is in force, but from June on it is version 2 that is changed
    for parent in (None, 1):
        number = propose(start=date(2026, 7, 1), parent_version=parent).version
        ledger.approve(number, "bo")
        with pytest.raises(LedgerError, match="but version 2 governs 2026-07-01"):
            ledger.publish(number, "bo")


def test_a_parent_may_be_published_after_its_child_was_proposed(
    ledger: Ledger, propose: Make
) -> None:
    propose()
    propose(start=date(2026, 6, 1), parent_version=1)
    for number in (1, 2):
        ledger.approve(number, "bo")
        ledger.publish(number, "bo")
    assert ledger.in_force(date(2026, 7, 1)) == ledger.get(2)


def test_a_plan_that_would_not_take_effect_is_not_published(
    ledger: Ledger, propose: Make, publish: Make
) -> None:
    publish(start=date(2026, 6, 1))
    propose(start=date(2026, 2, 1))
    ledger.approve(2, "bo")
    with pytest.raises(LedgerError, match=r"version 1 does from 2026-06-01"):
        ledger.publish(2, "bo", may_undo=True)


def test_lines_cannot_be_changed_through_the_database(
    propose: Make, tmp_path: Path
) -> None:
    propose()
    with sqlite3.connect(tmp_path / "ledger.sqlite") as raw:
        for change in (
            "UPDATE plan_target SET value_cents = 0",
            "DELETE FROM plan_target",
            "UPDATE plan_event SET actor = 'bo'",
            "DELETE FROM plan_event",
            "UPDATE plan_version SET why = 'because'",
            "DELETE FROM plan_version",
        ):
            with pytest.raises(sqlite3.IntegrityError, match="immutable"):
                raw.execute(change)
    raw.close()


def test_the_book_holds_all_versions_but_only_published_lines(
    ledger: Ledger, publish: Make, propose: Make
) -> None:
    publish()
    propose()
    book = ledger.book()
    assert book.versions.schema == pl.Schema(frame_schema(VERSION_COLUMNS))
    assert book.versions.get_column("state").to_list() == ["published", "proposed"]
    assert book.events.height == 6
    assert list(book.lines) == list(COMPONENTS)
    assert book.lines["assignment"].get_column("version").unique().to_list() == [1]
    assert book.lines["target"].height == 12


def test_nobody_cannot_propose(propose: Make) -> None:
    with pytest.raises(LedgerError, match="nobody is named"):
        propose(proposed_by=" ")


def test_a_clock_without_a_zone_is_refused(url: str) -> None:
    ledger = Ledger(url, clock=lambda: datetime(2026, 1, 1))  # noqa: DTZ001 - the fault
    with pytest.raises(ValueError, match="without a zone"):
        ledger.propose(
            {},
            scenario="base",
            title="t",
            as_of=date(2026, 1, 1),
            effective_from=date(2026, 1, 1),
            effective_to=date(2026, 12, 31),
            proposed_by="ana",
            why="",
            policy_hash="",
            input_hash="",
            code_hash="",
        )
