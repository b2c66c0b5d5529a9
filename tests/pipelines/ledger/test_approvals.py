"""Levels sign in order, people stand in for each other, and nobody for themselves."""

import shutil
import sqlite3
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from data_contracts.approval import Approval
from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger.store import Ledger
from tests.pipelines.ledger.conftest import proposing

Make = Callable[..., Any]

TWO_LEVELS = Approval.model_validate(
    {
        "levels": [
            {"name": "revops", "approvers": ["bo", "cy"]},
            {"name": "cro", "approvers": ["di"]},
        ]
    }
)
JANUARY = {"valid_from": date(2026, 1, 1), "valid_to": date(2026, 1, 31)}


@pytest.fixture
def waiting(propose: Make) -> Any:
    """Version 1, proposed by ana, waits for revops and then for the cro."""
    return propose(approval=TWO_LEVELS, proposed_by="ana")


def test_levels_sign_in_their_order(ledger: Ledger, waiting: Any) -> None:
    with pytest.raises(LedgerError, match=r"level 'revops'.*at level 'cro'"):
        ledger.approve(1, "di")
    assert ledger.approve(1, "bo").state is PlanState.PROPOSED
    with pytest.raises(LedgerError, match="is 'proposed'; only an approved"):
        ledger.publish(1, "bo")
    assert ledger.approve(1, "di", "go").state is PlanState.APPROVED
    assert [(one.level, one.actor) for one in ledger.standing(1).signatures] == [
        ("revops", "bo"),
        ("cro", "di"),
    ]
    assert ledger.get(1).decided_by == "di"
    assert ledger.verify().faults == ()


def test_a_stranger_signs_nothing_and_is_told_whom_to_ask(
    ledger: Ledger, waiting: Any
) -> None:
    with pytest.raises(LedgerError, match="which eve may not sign") as refused:
        ledger.approve(1, "eve")
    assert "ask bo, cy" in refused.value.fix
    for act in (ledger.reject, ledger.send_back):
        with pytest.raises(LedgerError, match="eve is no approver"):
            act(1, "eve", "because")


def test_the_proposer_signs_at_no_level_though_named_there(
    ledger: Ledger, propose: Make
) -> None:
    propose(approval=TWO_LEVELS, proposed_by="Bo")
    with pytest.raises(LedgerError, match="may not approve it"):
        ledger.approve(1, "bo")


def test_one_person_signs_once(ledger: Ledger, propose: Make) -> None:
    both = [{"name": name, "approvers": ["bo", "cy"]} for name in ("first", "second")]
    propose(approval=Approval.model_validate({"levels": both}))
    ledger.approve(1, "bo")
    with pytest.raises(LedgerError, match="has signed plan version 1 already"):
        ledger.approve(1, " BO ")
    assert ledger.approve(1, "cy").state is PlanState.APPROVED


def test_sent_back_with_reasons_it_is_a_draft_and_signatures_are_void(
    ledger: Ledger, waiting: Any
) -> None:
    ledger.approve(1, "bo")
    with pytest.raises(LedgerError, match="without a reason"):
        ledger.send_back(1, "di", "  ")
    assert ledger.send_back(1, "di", "smb is uneven").state is PlanState.DRAFT
    assert ledger.events(1)[-1].note == "sent back: smb is uneven"
    ledger.submit(1, "ana")
    assert ledger.standing(1).signatures == ()
    with pytest.raises(LedgerError, match="waits for level 'revops'"):
        ledger.approve(1, "di")
    ledger.approve(1, "cy")
    assert ledger.approve(1, "di").state is PlanState.APPROVED
    assert ledger.verify().faults == ()


def test_a_recall_voids_the_signatures(ledger: Ledger, waiting: Any) -> None:
    ledger.approve(1, "bo")
    ledger.recall(1, "ana")
    ledger.submit(1, "ana")
    assert ledger.standing(1).open_level == TWO_LEVELS.levels[0]


def test_a_rejection_needs_a_reason(ledger: Ledger, waiting: Any) -> None:
    with pytest.raises(LedgerError, match="rejected without a reason"):
        ledger.reject(1, "bo")
    assert ledger.reject(1, "ana", "typo").state is PlanState.REJECTED  # their own


def test_a_stand_in_signs_for_an_approver_and_it_says_so(
    ledger: Ledger, waiting: Any
) -> None:
    ledger.delegate("bo", "eve", **JANUARY, why="holiday")
    ledger.approve(1, "eve")
    (given_,) = ledger.standing(1).signatures
    assert (given_.actor, given_.for_whom) == ("eve", "bo")
    assert ledger.verify().faults == ()


def test_a_stand_in_does_not_pass_it_on(ledger: Ledger, waiting: Any) -> None:
    ledger.delegate("bo", "eve", **JANUARY, why="holiday")
    ledger.delegate("eve", "flo", **JANUARY, why="holiday too")
    with pytest.raises(LedgerError, match="flo may not sign"):
        ledger.approve(1, "flo")


def test_nobody_stands_in_for_the_proposer(ledger: Ledger, propose: Make) -> None:
    propose(approval=TWO_LEVELS, proposed_by="bo")
    ledger.delegate("bo", "eve", **JANUARY, why="sign mine, please")
    with pytest.raises(LedgerError, match="eve may not sign"):
        ledger.approve(1, "eve")


@pytest.mark.parametrize(
    "moment", [datetime(2026, 1, 31, 23, tzinfo=UTC), datetime(2026, 2, 1, tzinfo=UTC)]
)
def test_a_delegation_holds_to_its_last_day_and_no_longer(
    url: str, moment: datetime, waiting: Any, ledger: Ledger
) -> None:
    ledger.delegate("bo", "eve", **JANUARY, why="holiday")
    later = Ledger(url, clock=lambda: moment)
    if moment.month == 1:
        assert later.approve(1, "eve").state is PlanState.PROPOSED
        return
    with pytest.raises(LedgerError, match="eve may not sign"):
        later.approve(1, "eve")


@pytest.mark.slow
def test_a_revoked_delegation_is_over_and_what_was_signed_stays(
    ledger: Ledger, propose: Make
) -> None:
    propose(approval=TWO_LEVELS)
    propose(approval=TWO_LEVELS, parent_version=1)
    number = ledger.delegate("bo", "eve", **JANUARY, why="holiday").seq
    ledger.approve(1, "eve")
    with pytest.raises(LedgerError, match="is bo's, not cy's"):
        ledger.revoke(number, "cy")
    ledger.revoke(number, "bo")
    with pytest.raises(LedgerError, match="eve may not sign"):
        ledger.approve(2, "eve")
    with pytest.raises(LedgerError, match="no delegation"):
        ledger.revoke(number, "bo")
    ledger.approve(1, "di")
    assert ledger.verify().faults == ()


def test_a_delegation_that_makes_no_sense_is_refused(ledger: Ledger) -> None:
    for facts, told in (
        ({"receiver": "BO"}, "cannot stand in for themselves"),
        ({"valid_to": date(2025, 12, 31)}, "over before it holds"),
        ({"why": ""}, "without a reason"),
    ):
        wanted: dict[str, Any] = {"receiver": "eve", **JANUARY, "why": "leave", **facts}
        with pytest.raises(LedgerError, match=told):
            ledger.delegate("bo", wanted.pop("receiver"), **wanted)
    assert ledger.delegations() == []


def test_comments_stay_beside_a_version(ledger: Ledger, waiting: Any) -> None:
    ledger.comment(1, "eve", "why is R1 so heavy?")
    ledger.comment(1, "ana", "the two enterprise accounts")
    with pytest.raises(LedgerError, match="without a reason"):
        ledger.comment(1, "eve", " ")
    with pytest.raises(LedgerError, match="does not exist"):
        ledger.comment(9, "eve", "?")
    said = [one for one in ledger.journal(1) if one.kind == "comment"]
    assert [(one.actor, one.body["text"]) for one in said] == [
        ("eve", "why is R1 so heavy?"),
        ("ana", "the two enterprise accounts"),
    ]


def test_the_levels_of_a_version_are_those_it_was_proposed_with(
    ledger: Ledger, waiting: Any, propose: Make
) -> None:
    propose(parent_version=1)  # under a policy without levels
    assert ledger.approve(2, "eve").state is PlanState.APPROVED
    assert ledger.standing(1).rules == TWO_LEVELS


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("DELETE FROM plan_journal WHERE seq = 2", "entry 2 is missing"),
        (
            "UPDATE plan_journal SET actor = 'eve' WHERE kind = 'signature'",
            "it was altered after it was stored",
        ),
        ("DELETE FROM plan_journal WHERE seq >= 3", "without level 'cro'"),
    ],
)
def test_a_signature_altered_behind_the_ledgers_back_is_found(
    ledger: Ledger, waiting: Any, tmp_path: Path, statement: str, told: str
) -> None:
    ledger.approve(1, "bo")
    ledger.approve(1, "di")
    with sqlite3.connect(tmp_path / "ledger.sqlite") as raw:
        with pytest.raises(sqlite3.IntegrityError, match="immutable"):
            raw.execute(statement)
        for guard in ("keeps_rows", "loses_nothing"):
            raw.execute(f"DROP TRIGGER plan_journal_{guard}")
        raw.execute(statement)
    assert any(told in fault for fault in ledger.verify().faults)


PEOPLE = ("ana", "bo", "cy", "di", "eve")
Act = tuple[str, str, str]


@pytest.mark.slow
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["approve", "recall", "submit", "send_back", "reject", "delegate"]
            ),
            st.sampled_from(PEOPLE),
            st.sampled_from(PEOPLE),
        ),
        max_size=8,
    )
)
def test_whatever_people_try_an_approved_plan_was_signed_at_every_level(
    tmp_path_factory: pytest.TempPathFactory, pristine: Path, acts: list[Act]
) -> None:
    folder = tmp_path_factory.mktemp("ledger")
    shutil.copy(pristine, folder / "l.sqlite")
    ledger = Ledger(
        f"sqlite:///{folder / 'l.sqlite'}",
        clock=lambda: datetime(2026, 1, 2, tzinfo=UTC),
    )
    proposing(ledger)(approval=TWO_LEVELS, proposed_by="ana")
    for act, who, other in acts:
        try:
            if act == "delegate":
                ledger.delegate(who, other, **JANUARY, why="x")
            else:
                getattr(ledger, act)(1, who, "x")
        except LedgerError:
            continue
    plan, standing = ledger.get(1), ledger.standing(1)
    if plan.state is PlanState.APPROVED:
        first, last = standing.signatures
        assert (first.for_whom or first.actor) in ("bo", "cy")
        assert (last.for_whom or last.actor) == "di"
        assert "ana" not in (first.actor, last.actor)
        assert first.actor != last.actor
    assert ledger.verify().faults == ()


def test_a_level_nobody_can_meet_is_refused() -> None:
    for levels, told in (
        ([{"name": "a", "approvers": ["bo", "BO"], "needs_count": 2}], "needs 2"),
        ([{"name": "a", "approvers": []}], "at least 1 item"),
        ([{"name": x, "approvers": ["bo"]} for x in ("a", "A")], "given twice"),
    ):
        with pytest.raises(ValidationError, match=told):
            Approval.model_validate({"levels": levels})
