"""How versions stand in each other's way; pure rules."""

from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger.records import PlanVersion, governing
from pipelines.ledger.schema import OPEN_STATES


def superseded_by(plan: PlanVersion, known: list[PlanVersion]) -> list[PlanVersion]:
    """Return the published versions a plan takes over from, by number.

    They share days with it and it outranks them there; on days before its first
    they still govern.
    """
    return [
        other
        for other in known
        if other.state is PlanState.PUBLISHED
        and other.version != plan.version
        and plan.overlaps(other)
        and plan.outranks(other)
    ]


def refuse_if_stale(
    plan: PlanVersion, known: list[PlanVersion], *, may_undo: bool
) -> None:
    """Stop a publication that would not take effect, or would undo another unseen.

    A version holds the whole plan, so one that was not made on the version it
    replaces silently takes back what that one changed: of two re-plans with the
    same parent only the first can be published as it is.

    Parameters
    ----------
    plan : PlanVersion
        About to be published.
    known : list of PlanVersion
        All versions of the ledger.
    may_undo : bool
        True where somebody decided to take back the other version's changes.

    Raises
    ------
    LedgerError
        If a version ever published governs days of the plan's own period, or the
        one that governs its first day is not its parent.
    """
    others = [each for each in known if each.version != plan.version]
    for rival in others:
        if rival.was_published and plan.overlaps(rival) and rival.outranks(plan):
            raise LedgerError(
                f"plan version {plan.version} would not govern from "
                f"{plan.effective_from} to {plan.effective_to}: version "
                f"{rival.version} does from {rival.effective_from}",
                fix="propose it as a new version that starts no earlier than "
                f"{max(rival.effective_from, plan.effective_from)}",
            )
    base = governing(others, plan.effective_from)
    if may_undo or base is None or base.version == plan.parent_version:
        return
    made_on = (
        f"on version {plan.parent_version}" if plan.parent_version else "on no other"
    )
    raise LedgerError(
        f"plan version {plan.version} was made {made_on}, but version {base.version} "
        f"governs {plan.effective_from}; it would undo what that one changed",
        fix=f"reject it and plan again on version {base.version}: "
        f"aop plan reject {plan.version}",
    )


def refuse_second_answer(known: list[PlanVersion], plan: PlanVersion) -> None:
    """Stop a proposal whose breach an open version already answers.

    Raises
    ------
    LedgerError
        If another version with the same breach is proposed or approved.
    """
    if plan.breach_key is None:
        return
    for other in known:
        is_other = other.version != plan.version
        is_same = other.breach_key == plan.breach_key
        if is_other and is_same and other.state in OPEN_STATES:
            raise LedgerError(
                f"breach {plan.breach_key} is already answered by plan version "
                f"{other.version}, {other.state} by {other.proposed_by}",
                fix=f"decide on that one first: aop plan show {other.version}",
            )
