"""A policy approves small answers to drift, in a name, and nothing else."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
import pytest
from pydantic import ValidationError

from data_contracts.approval import Approval, AutomaticApproval
from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger.content import canonical
from pipelines.ledger.guardrails import outside
from pipelines.ledger.store import Ledger
from tests.pipelines.ledger.conftest import books, targets

Make = Callable[..., Any]
JUNE = date(2026, 6, 1)
SIGNED = {
    "signed_by": "di",
    "signed_on": date(2026, 1, 1),
    "expires_on": date(2026, 12, 31),
    "metrics": ["rep_left"],
    "max_moved_accounts_count": 1,
    "max_moved_potential_share": 0.5,
}


def rules(**changed: Any) -> Approval:
    return Approval.model_validate({"automatic": {**SIGNED, **changed}})


def quotas(cents: int, reps: tuple[str, ...] = ("R1", "R2")) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "rep_id": rep,
                "segment_id": "smb",
                "region_id": "x",
                "month_start": date(2026, month, 1),
                "quota_cents": cents if rep == "R1" else 1000,
                "base_cents": 900,
                "reason": "",
            }
            for rep in reps
            for month in range(6, 13)
        ]
    )


def content(owners: dict[str, str], quota: int = 1000) -> dict[str, pl.DataFrame]:
    lines = books(owners, JUNE).with_columns(potential_cents=pl.lit(100))
    return canonical({"assignment": lines, "quota": quotas(quota)})


def limits(**changed: Any) -> AutomaticApproval:
    return AutomaticApproval.model_validate({**SIGNED, **changed})


OLD = content({"A1": "R1", "A2": "R2"})


def test_nothing_changed_breaks_no_limit() -> None:
    nothing = {name: 0 for name in SIGNED if name.startswith("max_")}
    assert outside(limits(**nothing), OLD, OLD, start=JUNE) == []


def test_every_broken_limit_is_named_with_its_value() -> None:
    # one of two accounts moves (50 % of potential); R1 from 1,000 to 1,100 is 10 %,
    # all quotas from 2,000 to 2,100 a month 5 %
    new = content({"A1": "R2", "A2": "R2"}, quota=1100)
    assert outside(limits(), OLD, new, start=JUNE) == [
        "largest change of a rep's quota: 0.1, at most 0 may be approved automatically",
        "change of all quotas together: 0.05, at most 0 may be approved automatically",
    ]
    wide = limits(max_rep_quota_change_share=0.1, max_company_quota_change_share=0.05)
    assert outside(wide, OLD, new, start=JUNE) == []
    narrow = limits(max_moved_accounts_count=0, max_moved_potential_share=0.49)
    assert len(outside(narrow, OLD, new, start=JUNE)) == 4


def test_a_quota_from_nothing_is_never_a_small_change() -> None:
    new = {
        **OLD,
        "quota": canonical({"quota": quotas(1000, ("R1", "R2", "R3"))})["quota"],
    }
    told = outside(limits(max_rep_quota_change_share=1), OLD, new, start=JUNE)
    assert told[0].startswith("largest change of a rep's quota: inf")


@pytest.fixture
def answered(publish: Make, propose: Make) -> Callable[..., Any]:
    """A published plan, and an answer to a leaver that moves A1."""

    def answer(**facts: Any) -> Any:
        publish(
            content={
                "assignment": books({"A1": "R1", "A2": "R2"}, date(2026, 1, 1)),
                "target": targets(date(2026, 1, 1), 12),
            }
        )
        return propose(
            **{
                "start": JUNE,
                "owners": {"A1": "R2", "A2": "R2"},
                "parent_version": 1,
                "breach_key": "rep_left:R1:2026-05-03",
                "approval": rules(),
                "policy_hash": "abcdef0123456789",
                **facts,
            }
        )

    return answer


def test_a_small_answer_is_approved_in_the_name_of_who_signed(
    ledger: Ledger, answered: Make
) -> None:
    answered()
    plan = ledger.approve_as_policy(2, rules())
    assert plan.state is PlanState.APPROVED
    assert plan.decided_by == "policy abcdef012345 signed by di"
    assert ledger.standing(2).signatures[0].is_policy
    assert ledger.verify().faults == ()


def test_a_larger_answer_waits_for_people(ledger: Ledger, answered: Make) -> None:
    small = rules(max_moved_accounts_count=0)
    answered(approval=small)
    with pytest.raises(LedgerError, match="accounts that move: 1, at most 0"):
        ledger.approve_as_policy(2, small)
    assert ledger.get(2).state is PlanState.PROPOSED
    assert ledger.journal(2)[-1].kind == "rules"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        ({"breach_key": "attainment:company"}, "signs no answers to attainment"),
        ({"breach_key": None}, "no breach at all"),
        ({"parent_version": None}, "not made on the version in force"),
        ({"approval": None}, "does not sign for it"),
    ],
)
def test_what_the_policy_does_not_cover_waits_for_people(
    ledger: Ledger, answered: Make, facts: dict[str, Any], told: str
) -> None:
    answered(**facts)
    with pytest.raises(LedgerError, match=told):
        ledger.approve_as_policy(2, rules())


def test_an_expired_or_changed_signature_approves_nothing(
    url: str, ledger: Ledger, answered: Make
) -> None:
    answered()
    with pytest.raises(LedgerError, match="or its limits changed since"):
        ledger.approve_as_policy(2, rules(max_moved_accounts_count=99))
    next_year = Ledger(url, clock=lambda: datetime(2027, 1, 1, tzinfo=UTC))
    with pytest.raises(LedgerError, match="not on 2027-01-01"):
        next_year.approve_as_policy(2, rules())


def test_who_signs_the_policy_must_approve_at_the_last_level() -> None:
    levels = [{"name": "cro", "approvers": ["bo"]}]
    with pytest.raises(ValidationError, match="is no approver of the last level"):
        Approval.model_validate({"levels": levels, "automatic": SIGNED})
