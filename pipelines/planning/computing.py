"""Everything one version is computed from, as a value, and the computation itself.

A proposal, a verification and a scenario all go through `compute`, so that what is
recorded is what was planned from.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

import polars as pl

from data_contracts.drift import Breach, DriftMetric
from pipelines.ledger.content import canonical, content_hash
from pipelines.ledger.overrides import Override
from pipelines.ledger.queries import LedgerReader
from pipelines.planning import replan
from pipelines.planning.cycle import Content, PlanDraft, first_plan, quota_nodes
from pipelines.planning.finance import with_finance
from pipelines.planning.fingerprint import frame_bytes, input_hash
from pipelines.planning.inputs import Facts
from pipelines.planning.keeping import plan_keeping
from pipelines.planning.memory import Memory
from pipelines.planning.overrides import respected, wishes_of, with_owners
from pipelines.planning.people import Forecasts
from pipelines.planning.products import with_products
from pipelines.planning.proofs import proof_lines
from pipelines.planning.quota_moves import move_quotas
from pipelines.planning.restating import carried_quotas
from pipelines.planning.targets import Horizon
from pipelines.planning.territories import Books
from pipelines.planning.units import with_units


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a version is computed from.

    ``breach`` and ``parent`` are those of a re-plan, both None for a whole plan; a plan
    that keeps some steps (`kept`) of an earlier version has that one as its parent;
    ``told`` holds the assignment and quota lines of the versions that `overrides`
    speak of, by version and component.
    """

    facts: Facts
    forecasts: Forecasts
    plan: Horizon
    breach: Breach | None = None
    parent: Content | None = None
    overrides: tuple[Override, ...] = ()
    told: Mapping[tuple[int, str], pl.DataFrame] | None = None
    kept: tuple[str, ...] = ()


def with_overrides(ledger: LedgerReader, inputs: PlanInputs) -> PlanInputs:
    """Add the overrides that hold on the plan's first day, and what they speak of."""
    holding = tuple(ledger.overrides(on=inputs.plan.effective_from))
    numbers = sorted({each.version for each in holding})
    told = {
        (number, part): ledger.lines(number, part)
        for number in numbers
        for part in ("assignment", "quota")
    }
    return replace(inputs, overrides=holding, told=told)


def inputs_hash(inputs: PlanInputs) -> str:
    """Hash facts, forecasts and overrides; the policy has a hash of its own."""
    planned_from = input_hash(inputs.facts, inputs.forecasts)
    if inputs.kept:
        sealed = content_hash(canonical(inputs.parent or {}))
        told = "|".join([planned_from, sealed, *inputs.kept])
        planned_from = hashlib.sha256(told.encode()).hexdigest()
    if not inputs.overrides:
        return planned_from
    asked = [
        f"{one.ask}|{one.key}|{one.value}|{one.version}" for one in inputs.overrides
    ]
    return hashlib.sha256("\n".join([planned_from, *asked]).encode()).hexdigest()


def books_key(inputs: PlanInputs) -> str:
    """Hash what a whole plan's territories depend on, and nothing else.

    Two inputs with one key have the same books, whatever they say of targets, hires,
    attrition, budget or pay.
    """
    facts, policy = inputs.facts, inputs.facts.policy
    rules = (
        policy.territories.model_dump_json(),
        [role.id for role in policy.roles if role.is_quota_bearing],
        policy.capacity.ramp_source,
        float(policy.capacity.prior_months_to_80_months),
        policy.coverage.ideal_customer,
        policy.coverage.account_mix,
        facts.as_of,
        inputs.plan,
        [(one.ask, one.key, one.value, one.version) for one in inputs.overrides],
        "territories" in inputs.kept,
    )
    state = hashlib.sha256(repr(rules).encode())
    for frame in (
        facts.accounts,
        facts.reps,
        inputs.forecasts.potential,
        inputs.forecasts.ramp,
    ):
        state.update(frame_bytes(frame))
    return state.hexdigest()


def compute(
    inputs: PlanInputs, *, books: Books | None = None, memory: Memory | None = None
) -> PlanDraft:
    """Plan a whole year, or answer a breach, with what people fixed by hand.

    Parameters
    ----------
    books : Books, optional
        Of the same territory question (`books_key`), where it was answered before.
    memory : Memory, optional
        Steps of whole plans that were worked out before.

    Returns
    -------
    PlanDraft
        The same inputs give the same content.

    Raises
    ------
    PolicyError
        If nobody on the books may carry quota.
    InfeasibleError
        If a solver proves that the ask cannot be met.
    """
    facts, forecasts, plan = inputs.facts, inputs.forecasts, inputs.plan
    told = inputs.told or {}
    wishes = wishes_of(inputs.overrides, lambda number, part: told[number, part])
    asked = with_owners(facts, wishes, plan)
    if inputs.breach is not None and inputs.parent is not None:
        draft = replan.answer(asked, forecasts, inputs.breach, inputs.parent, plan)
        draft = _with_moved_quotas(draft, inputs.breach, inputs.parent, facts)
        draft = _with_sums(draft, inputs.breach, inputs.parent, plan)
    elif inputs.kept:
        draft = plan_keeping(
            asked,
            forecasts,
            plan,
            inputs.kept,
            inputs.parent or {},
            books=books,
            memory=memory,
        )
    else:
        draft = first_plan(asked, forecasts, plan, books=books, memory=memory)
    prices_pay = inputs.breach is None and "programme" not in inputs.kept
    fixed = respected(draft, facts, forecasts, plan, wishes, prices_pay=prices_pay)
    slipped = _slipped(inputs.breach)
    is_carried = inputs.breach is not None or "targets" in inputs.kept
    by_product = with_products(
        fixed,
        facts,
        plan,
        parent=inputs.parent if is_carried and not slipped else None,
        without_launches=slipped,
    )
    summed = with_finance(by_product, facts, forecasts, plan)
    return with_units(summed, facts.policy.organisation)


def _slipped(breach: Breach | None) -> tuple[str, ...]:
    """Return the launch that a breach is about, if it is about one."""
    is_about = breach is not None and breach.metric is DriftMetric.LAUNCH_SLIPPED
    return (breach.node_id,) if breach is not None and is_about else ()


def _with_sums(
    draft: PlanDraft, breach: Breach, parent: Content, plan: Horizon
) -> PlanDraft:
    """Prove that quotas which were not split anew add up to what they did."""
    if "quotas" in breach.asks_for and not breach.scope.startswith("rep:"):
        return draft
    was = parent["quota"].filter(pl.col("month_start") >= plan.effective_from)
    line = carried_quotas(draft.content["quota"], was)
    proofs = pl.concat([draft.content["proof"], proof_lines([line])])
    content = {**draft.content, "proof": proofs.sort("solver", "node_id")}
    return replace(draft, content=content)


def _with_moved_quotas(
    draft: PlanDraft, breach: Breach, parent: Content, facts: Facts
) -> PlanDraft:
    """Let carried quotas follow the accounts a re-plan moves, as the policy says.

    A re-plan that splits quotas anew, or hands a leaver's over, has done so already.
    """
    mode = facts.policy.handover.moved_quota
    is_carried = "quotas" not in breach.asks_for and not breach.scope.startswith("rep:")
    if mode == "stays" or not is_carried:
        return draft
    content = dict(draft.content)
    content["quota"] = move_quotas(
        content["quota"], parent["quota"], content["assignment"], mode=mode
    )
    content["target"] = pl.concat(
        [
            content["target"].filter(pl.col("measure") != "quota"),
            quota_nodes(content["quota"]).select(content["target"].columns),
        ]
    )
    return replace(draft, content=content)
