"""Whether a breach may be planned again tonight: freezes, patience, change budgets.

Rules over what was decided before; what a re-plan is worth is summed in ``worth``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

import polars as pl

from data_contracts.calendar import add_months
from data_contracts.drift import Breach, DriftMetric
from data_contracts.plan import PlanState
from data_contracts.policy import CompanyPolicy
from data_contracts.replanning import Decision, Verdict
from pipelines.ledger.records import PlanVersion
from pipelines.planning.worth import Worth

FACTS: Final = frozenset({DriftMetric.REP_LEFT, DriftMetric.LAUNCH_SLIPPED})
"""What happened and will not pass: waiting tells no more about it."""

_WAITING: Final = (PlanState.PROPOSED, PlanState.APPROVED)
_WEEK: Final = timedelta(days=7)
_REJECTIONS: Final = 2  # after so many a breach is asked again only if it has grown


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a breach is not planned again tonight, and when it is looked at next."""

    verdict: Verdict
    why: str
    reconsider_on: date


def held(
    breach: Breach,
    policy: CompanyPolicy,
    as_of: date,
    versions: Sequence[PlanVersion],
    before: Sequence[Decision],
) -> Hold | None:
    """Return the rule that keeps a breach from being planned again tonight.

    Parameters
    ----------
    breach : Breach
    policy : CompanyPolicy
        Freeze windows and patience.
    as_of : date
        Tonight. A re-plan would take effect on the first of the next month.
    versions : sequence of PlanVersion
        Everything in the ledger, oldest first.
    before : sequence of Decision
        What was decided about this breach on earlier nights, oldest first.

    Returns
    -------
    Hold or None
        In this order: freeze window, rejections, a re-plan of the same scope.
    """
    return (
        frozen(policy, as_of)
        or _refused(breach, policy, as_of, versions, before)
        or _cooling(breach, policy, as_of, versions)
    )


def frozen(policy: CompanyPolicy, as_of: date) -> Hold | None:
    """Return the freeze window that tonight, or the day of effect, lies in."""
    effective = add_months(as_of, 1)
    for window in policy.negotiation.freeze_windows:
        for day in (as_of, effective):
            if window.starts_on <= day <= window.ends_on:
                after = window.ends_on + timedelta(days=1)
                return Hold(
                    Verdict.FROZEN,
                    f"nothing may change from {window.starts_on} to {window.ends_on}: "
                    f"{window.why}",
                    after
                    if day == as_of
                    else max(as_of + timedelta(days=1), effective),
                )
    return None


def _refused(
    breach: Breach,
    policy: CompanyPolicy,
    as_of: date,
    versions: Sequence[PlanVersion],
    before: Sequence[Decision],
) -> Hold | None:
    refusals = [
        one
        for one in versions
        if one.breach_key == breach.key and one.state is PlanState.REJECTED
    ]
    if not refusals:
        return None
    last = refusals[-1]
    again = last.as_of + timedelta(days=policy.replanning.cooldown_days)
    if as_of < again:
        return Hold(
            Verdict.REFUSED,
            f"version {last.version} was rejected; asked again from {again}",
            again,
        )
    if len(refusals) < _REJECTIONS:
        return None
    at_refusal = [
        one.statistic
        for one in before
        if one.verdict is Verdict.WORTH and one.decided_on <= last.as_of
    ]
    grown = policy.replanning.regrown_multiple * (at_refusal[-1] if at_refusal else 0.0)
    if breach.metric not in FACTS and at_refusal and breach.statistic >= grown:
        return None
    is_fact = breach.metric in FACTS
    return Hold(
        Verdict.REFUSED,
        f"rejected {len(refusals)} times, last as version {last.version}; "
        "asked no more "
        + ("in this plan" if is_fact else f"below evidence of {grown:.4g}"),
        max(last.effective_to, as_of) + timedelta(days=1)
        if is_fact
        else add_months(as_of, 1),
    )


def _cooling(
    breach: Breach,
    policy: CompanyPolicy,
    as_of: date,
    versions: Sequence[PlanVersion],
) -> Hold | None:
    if breach.metric in FACTS:
        return None
    patience = timedelta(days=policy.replanning.cooldown_days)
    for other in reversed(versions):
        is_same = other.scope in (breach.scope, "company")
        if other.breach_key is None or other.breach_key == breach.key or not is_same:
            continue
        if other.breach_key.partition(":")[0] in FACTS:
            continue
        if other.state in _WAITING:
            return Hold(
                Verdict.COOLING,
                f"version {other.version} of {other.scope} waits for a decision",
                as_of + _WEEK,
            )
        if other.was_published and other.as_of <= as_of < other.as_of + patience:
            return Hold(
                Verdict.COOLING,
                f"{other.scope} was planned again on {other.as_of} as version "
                f"{other.version}",
                other.as_of + patience,
            )
    return None


def spent(
    breach: Breach,
    policy: CompanyPolicy,
    as_of: date,
    *,
    changes: Mapping[str, int],
    now: set[str],
    moved: pl.DataFrame,
) -> Hold | None:
    """Return the rep whose change budget of the quarter a re-plan would exceed.

    Parameters
    ----------
    changes : mapping of rep to int
        Re-plans of this fiscal quarter that changed the rep's quota.
    now : set of str
        Reps whose quota this one changes.
    moved : frame of rep_id, moved_cents, book_cents
        Potential that re-plans of this quarter and this one take from reps who are
        there, and that of their book.

    Returns
    -------
    Hold or None
        None for a departure: somebody must take the accounts.
    """
    if breach.metric is DriftMetric.REP_LEFT:
        return None
    rules = policy.replanning
    most = rules.max_quota_changes_per_rep_and_quarter_count
    tired = sorted(rep for rep in now if changes.get(rep, 0) + 1 > most)
    share = rules.max_moved_potential_per_rep_and_quarter_share
    torn = (
        moved.filter(pl.col("moved_cents") > share * pl.col("book_cents"))["rep_id"]
        .sort()
        .to_list()
    )
    if not tired and not torn:
        return None
    why = (
        f"{len(tired)} reps, {tired[0]} first, would get more than {most} new quotas "
        "this quarter"
        if tired
        else f"{len(torn)} reps, {torn[0]} first, would lose more than {share:.0%} of "
        "their book this quarter"
    )
    next_quarter = policy.fiscal.day(as_of).quarter_end + timedelta(days=1)
    return Hold(Verdict.SPENT, why, next_quarter)


def decided(
    breach: Breach,
    policy: CompanyPolicy,
    as_of: date,
    worth: Worth,
    before: Sequence[Decision],
) -> Decision:
    """Weigh gain against cost, with a higher bar for what was not worth it before."""
    was_declined = bool(before) and before[-1].verdict is Verdict.NOT_WORTH
    rules = policy.replanning
    bar = rules.reopen_gain_multiple if was_declined else rules.gain_multiple
    is_worth = worth.pays(bar)
    judged = "worth re-planning" if is_worth else "not worth re-planning"
    return Decision(
        breach_key=breach.key,
        decided_on=as_of,
        verdict=Verdict.WORTH if is_worth else Verdict.NOT_WORTH,
        reconsider_on=as_of + timedelta(days=rules.cooldown_days)
        if is_worth
        else add_months(as_of, 1),
        statistic=breach.statistic,
        policy_hash=policy.digest,
        why=f"{judged}: {worth.told()}; the bar is {bar:g} times the cost",
        gain_cents=worth.gain_cents,
        cost_cents=worth.cost_cents,
    )


def put_off(breach: Breach, policy: CompanyPolicy, as_of: date, hold: Hold) -> Decision:
    """State a hold as the decision of a night."""
    return Decision(
        breach_key=breach.key,
        decided_on=as_of,
        verdict=hold.verdict,
        reconsider_on=hold.reconsider_on,
        statistic=breach.statistic,
        policy_hash=policy.digest,
        why=hold.why,
    )
