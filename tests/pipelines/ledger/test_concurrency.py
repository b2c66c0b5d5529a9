"""People and processes act at once: one wins, the others are told; all adds up."""

import multiprocessing
import random
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from data_contracts.approval import Approval
from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger.store import Ledger
from tests.pipelines.ledger.conftest import proposing

Make = Callable[..., Any]


def test_of_two_approvers_one_wins_and_the_other_is_told_who(
    url: str, propose: Make
) -> None:
    propose()

    def approve(actor: str) -> str:
        try:
            Ledger(url).approve(1, actor)
        except LedgerError as error:
            return error.what
        return "won"

    people = [f"approver {number}" for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = dict(zip(people, pool.map(approve, people), strict=True))
    (winner,) = (who for who, answer in answers.items() if answer == "won")
    for who, answer in answers.items():
        if who != winner:
            assert f"approved by {winner} at " in answer
    assert Ledger(url).get(1).decided_by == winner


def test_a_level_that_needs_two_of_three_is_signed_by_two_and_no_more(
    url: str, propose: Make
) -> None:
    people = ["bo", "cy", "di"]
    level = {"name": "revops", "approvers": people, "needs_count": 2}
    propose(approval=Approval.model_validate({"levels": [level]}))

    def sign(actor: str) -> str:
        try:
            return str(Ledger(url).approve(1, actor).state)
        except LedgerError as error:
            return error.what

    with ThreadPoolExecutor(3) as pool:
        answers = sorted(pool.map(sign, people))
    ledger = Ledger(url)
    assert answers[0] == "approved"
    assert "is 'approved', approved by" in answers[1]
    assert answers[2] == "proposed"
    assert len(ledger.standing(1).signatures) == 2
    assert ledger.verify().is_intact


@pytest.mark.slow
def test_of_two_answers_to_one_breach_one_is_stored(url: str, ledger: Ledger) -> None:
    def answer(_: int) -> bool:
        try:
            proposing(Ledger(url))(breach_key="rep_left:R1")
        except LedgerError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(answer, range(8))) == 1
    assert len(ledger.by_breach("rep_left:R1")) == 1


ACTS = ("propose", "approve", "reject", "publish", "recall", "submit", "send_back")


def act_at_random(url: str, seed: int) -> Counter[str]:
    """Try twenty acts, whatever they do; count those that succeeded."""
    choose = random.Random(seed)
    ledger, done = Ledger(url), Counter[str]()
    for _ in range(20):
        act, number = choose.choice(ACTS), choose.randint(1, 6)
        who = choose.choice(["ana@example.com", "bo", "cy"])
        try:
            if act == "propose":
                month = choose.randint(1, 12)
                key = choose.choice([None, "breach 1", "breach 2"])
                proposing(ledger)(
                    start=date(2026, month, 1), breach_key=key, proposed_by=who
                )
            else:
                getattr(ledger, act)(number, who, "as I see it")
        except LedgerError:
            continue
        done[act] += 1
    return done


@pytest.mark.slow
def test_many_processes_leave_a_ledger_that_adds_up(url: str, tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(3, mp_context=context) as pool:
        done: Counter[str] = Counter()
        for each in pool.map(act_at_random, [url] * 6, range(6)):
            done.update(each)
    ledger = Ledger(url)
    assert ledger.verify().faults == ()
    told = Counter(str(event.to_state) for event in ledger.events())
    assert len(ledger.versions()) == done["propose"]
    assert told["approved"] == done["approve"]
    assert told["rejected"] == done["reject"]
    assert told["published"] == done["publish"]
    assert told["proposed"] == done["propose"] + done["submit"]
    assert [event.seq for event in ledger.events()] == list(
        range(1, sum(told.values()) + 1)
    )
    open_keys = [
        plan.breach_key
        for plan in ledger.versions()
        if plan.breach_key and plan.state in (PlanState.PROPOSED, PlanState.APPROVED)
    ]
    assert len(open_keys) == len(set(open_keys))
