"""From a cycle's result to a proposed version in the ledger. Publishes nothing."""

from collections.abc import Sequence
from dataclasses import replace

from data_contracts.calendar import add_months
from data_contracts.drift import Breach
from data_contracts.errors import HomeError, LedgerError
from data_contracts.plan import PlanState
from data_contracts.replanning import Verdict
from pipelines.ledger.bridges import keep_quota_bridge
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.store import Ledger
from pipelines.logs import logger
from pipelines.planning import deciding, replan
from pipelines.planning.bridges import quota_bridges
from pipelines.planning.computing import (
    PlanInputs,
    compute,
    inputs_hash,
    with_overrides,
)
from pipelines.planning.cycle import PlanDraft
from pipelines.planning.decisions import keep_decision, read_decisions
from pipelines.planning.fingerprint import code_hash
from pipelines.planning.forecast import read_forecasts
from pipelines.planning.inputs import Facts, night_policy, read_facts
from pipelines.planning.recorded import keep_inputs
from pipelines.planning.signing import approve_if_small
from pipelines.planning.targets import first_horizon
from pipelines.planning.weighing import quarters_budget, weighed
from pipelines.settings import Settings

SYSTEM = "nightly-refresh"
"""Who proposes when no person did; so any person may approve."""

BASE = "base"
"""The scenario of the plan itself; a what-if never stands in its place."""

_log = logger(__name__)


def propose_if_due(
    settings: Settings, *, breach_key: str | None = None, actor: str = SYSTEM
) -> PlanVersion | None:
    """Propose a first plan where nothing was ever proposed, or answer a breach.

    Parameters
    ----------
    breach_key : str, optional
        Breach of the last night to be answered; without it only a first plan is due.
    actor : str
        Who proposes, and therefore may not approve.

    Returns
    -------
    PlanVersion or None
        None when nothing is due: a plan exists, or the breach is answered, has to wait
        or is not worth a re-plan; what was decided of it is then on record. Asked by a
        person, only an answer or a freeze window stands in the way.

    Raises
    ------
    LedgerError
        If the last night knows no such breach.
    """
    ledger = Ledger(settings.ledger_url)
    if breach_key is not None:
        return _answer(settings, ledger, breach_key, actor)
    if any(plan.scenario == BASE for plan in ledger.versions()):
        return None
    return propose_first(settings, actor=actor)


def propose_first(
    settings: Settings, *, actor: str, keep: Sequence[str] = (), of: int | None = None
) -> PlanVersion:
    """Propose a whole plan from today's facts, whatever was planned before.

    Parameters
    ----------
    keep : sequence of str
        Steps that go on as an earlier version answered them; see `keeping.STEPS`.
    of : int, optional
        That version; the one in force on the plan's first day where absent.

    Raises
    ------
    LedgerError
        If steps are kept and there is no version to keep them of.
    """
    facts, forecasts = read_facts(settings), read_forecasts(settings)
    if actor == SYSTEM:
        facts = replace(facts, policy=night_policy(settings))
    ledger = Ledger(settings.ledger_url)
    plan = first_horizon(facts.policy, facts.as_of)
    inputs = with_overrides(ledger, PlanInputs(facts, forecasts, plan))
    in_force = ledger.in_force(plan.effective_from)
    why = f"planned from the facts of {facts.as_of}"
    if keep:
        source = _source(ledger, of, in_force)
        content = ledger.content(source)
        inputs = replace(inputs, parent=content, kept=tuple(sorted(keep)))
        why += f"; {', '.join(sorted(keep))} kept of version {source}"
    fiscal_year = facts.policy.fiscal.year_of(plan.effective_from)
    return _store(
        settings,
        ledger,
        inputs,
        compute(inputs),
        title=f"plan for fiscal year {fiscal_year} from {plan.effective_from}",
        why=why,
        actor=actor,
        parent=in_force.version if in_force else None,
    )


def _source(ledger: Ledger, of: int | None, in_force: PlanVersion | None) -> int:
    """Return the version that steps are kept of."""
    if of is not None:
        return ledger.get(of).version
    if in_force is None:
        raise LedgerError(
            "no version is in force to keep steps of",
            fix="name one: aop plan list",
        )
    return in_force.version


def _answer(
    settings: Settings, ledger: Ledger, breach_key: str, actor: str
) -> PlanVersion | None:
    breach = next(
        (one for one in replan.all_breaches(settings) if one.key == breach_key), None
    )
    if breach is None:
        raise LedgerError(
            f"the last night knows no breach {breach_key!r}",
            fix="see the breaches there are: aop drift",
        )
    living = [
        one
        for one in ledger.by_breach(breach_key)
        if one.state not in (PlanState.DRAFT, PlanState.REJECTED)
    ]
    if living:
        _log.info("breach %s: version %s", breach_key, living[-1].version)
        return None
    facts, forecasts = read_facts(settings), read_forecasts(settings)
    facts = replace(facts, policy=night_policy(settings))
    before = [
        one
        for one in read_decisions(settings, breach_key)
        if one.decided_on < facts.as_of
    ]
    is_asked = actor != SYSTEM  # somebody insists: only a freeze stands above that
    hold = (
        deciding.frozen(facts.policy, facts.as_of)
        if is_asked
        else deciding.held(breach, facts.policy, facts.as_of, ledger.versions(), before)
    )
    if hold is not None:
        _put_off(settings, breach, facts, hold)
        return None
    parent = _parent(ledger, breach, facts)
    plan = replan.rest_of(facts, parent.effective_to)
    content = ledger.content(parent.version)
    inputs = with_overrides(
        ledger, PlanInputs(facts, forecasts, plan, breach=breach, parent=content)
    )
    draft = compute(inputs)
    hold = None if is_asked else quarters_budget(ledger, inputs, draft.content)
    if hold is not None:
        _put_off(settings, breach, facts, hold)
        return None
    worth = weighed(inputs, draft.content)
    made = deciding.decided(breach, facts.policy, facts.as_of, worth, before)
    keep_decision(settings, made)
    if made.verdict is not Verdict.WORTH and not is_asked:
        _log.info("breach %s: %s", breach_key, made.why)
        return None
    return _store(
        settings,
        ledger,
        inputs,
        draft,
        title=f"re-plan of {breach.scope} from {plan.effective_from}: {breach.cause}",
        why=f"{breach.cause}; may change {', '.join(breach.asks_for)} "
        f"within {breach.scope}; {made.why}",
        actor=actor,
        parent=parent.version,
    )


def _put_off(
    settings: Settings, breach: Breach, facts: Facts, hold: deciding.Hold
) -> None:
    keep_decision(settings, deciding.put_off(breach, facts.policy, facts.as_of, hold))
    _log.info("breach %s waits: %s", breach.key, hold.why)


def _parent(ledger: Ledger, breach: Breach, facts: Facts) -> PlanVersion:
    """Return the version that governs the first month a re-plan may change."""
    in_force = ledger.in_force(add_months(facts.as_of, 1))
    if in_force is not None:
        return in_force
    published = ledger.published()
    if not published:
        raise HomeError(
            f"breach {breach.key} has no published plan to depart from",
            fix="publish a plan first: aop plan list, aop plan publish N",
        )
    return published[0]


def _store(
    settings: Settings,
    ledger: Ledger,
    inputs: PlanInputs,
    draft: PlanDraft,
    *,
    title: str,
    why: str,
    actor: str,
    parent: int | None,
) -> PlanVersion:
    facts, plan, breach = inputs.facts, inputs.plan, inputs.breach
    notes = "".join(f"; {note}" for note in draft.notes)
    version = ledger.propose(
        draft.content,
        scenario=BASE,
        title=title,
        as_of=facts.as_of,
        effective_from=plan.effective_from,
        effective_to=plan.effective_to,
        proposed_by=actor,
        why=why + notes,
        parent_version=parent,
        breach_key=breach.key if breach else None,
        scope=breach.scope if breach else "company",
        policy_hash=facts.policy.digest,
        input_hash=inputs_hash(inputs),
        code_hash=code_hash(),
        territory_gap_share=draft.territory_gap_share,
        territory_proof=draft.territory_proof,
        approval=facts.policy.approval,
    )
    keep_inputs(settings, version.version, inputs)
    keep_quota_bridge(settings, version.version, quota_bridges(inputs, draft.content))
    _log.info("proposed version %s: %s", version.version, title)
    return approve_if_small(ledger, version, facts.policy.approval)
