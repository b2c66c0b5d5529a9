"""Plan a year with some steps as an earlier version answered them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import polars as pl

from data_contracts.errors import PolicyError
from pipelines.planning.cycle import Content, PlanDraft, assemble, first_books
from pipelines.planning.inputs import Facts
from pipelines.planning.memory import Memory
from pipelines.planning.people import Forecasts, planned_reps
from pipelines.planning.replan import cells_of
from pipelines.planning.revenue import asked_cells, asked_reason
from pipelines.planning.targets import Horizon
from pipelines.planning.territories import Books

STEPS = ("targets", "people", "territories", "quotas", "programme")
"""Steps that may be kept: targets; capacity, hires and pay of heads; owners; quotas;
coverage, budget and payout curves."""

MONTHLY = {"targets": "target", "people": "compensation", "quotas": "quota"}


def plan_keeping(
    facts: Facts,
    forecasts: Forecasts,
    plan: Horizon,
    kept: Sequence[str],
    version: Content,
    *,
    books: Books | None = None,
    memory: Memory | None = None,
) -> PlanDraft:
    """Plan every step but those kept, which an earlier version answered.

    Parameters
    ----------
    kept : sequence of str
        Some of `STEPS`.
    version : component name to lines
        The version that answered them.
    books : Books, optional
        Who owns what, where the same question was answered before.
    memory : Memory, optional
        Steps that were worked out before.

    Returns
    -------
    PlanDraft
        Lines of kept steps are the version's, from the plan's first month on. Kept
        territories leave every account with its owner of the version's last day where
        that rep is still there; the others, and accounts that are new, are assigned.

    Raises
    ------
    PolicyError
        If a step is unknown, or the version does not reach over the plan's months.
    """
    _check(kept, version, plan)
    reps = planned_reps(facts, starts_on=plan.effective_from)
    if "targets" in kept:
        cells, reason = cells_of(version["target"], plan), "kept as they were"
    else:
        cells, reason = asked_cells(facts, plan), asked_reason(facts)
    if books is None:
        books = first_books(holding(facts, kept, version, plan), forecasts, plan)
    draft = assemble(
        facts,
        forecasts,
        plan,
        cells=cells,
        target_reason=reason,
        books=books,
        reps=reps,
        quotas=_from(version["quota"], plan) if "quotas" in kept else None,
        parent=version if "programme" in kept else None,
        memory=memory,
    )
    content = dict(draft.content)
    if "people" in kept:
        for name in ("capacity", "hire", "compensation"):
            content[name] = _from(version[name], plan).select(content[name].columns)
    solvers = {"people": ("hiring",), "quotas": ("quotas", "months")}
    for solver in [name for step in kept for name in solvers.get(step, ())]:
        content["proof"] = _with_proofs(content["proof"], version, solver)
    note = f"kept from an earlier version: {', '.join(kept)}"
    return replace(draft, content=content, notes=(*draft.notes, note))


def holding(
    facts: Facts, kept: Sequence[str], version: Content, plan: Horizon
) -> Facts:
    """Name the owners that kept territories hold, for the solver to keep."""
    if "territories" not in kept:
        return facts
    here = planned_reps(facts, starts_on=plan.effective_from)["rep_id"].to_list()
    last = version["assignment"].sort("valid_from").group_by("account_id").last()
    owned = last.filter(pl.col("rep_id").is_in(here))
    named = dict(owned.select("account_id", "rep_id").sort("account_id").iter_rows())
    rules = facts.policy.territories
    held = rules.model_copy(
        update={"named_accounts": {**rules.named_accounts, **named}}
    )
    policy = facts.policy.model_copy(update={"territories": held})
    return replace(facts, policy=policy)


def _check(kept: Sequence[str], version: Content, plan: Horizon) -> None:
    for step in kept:
        if step not in STEPS:
            raise PolicyError(
                f"there is no step {step!r} to keep",
                fix=f"keep some of {', '.join(STEPS)}",
            )
        if step not in MONTHLY:
            continue
        there = set(version[MONTHLY[step]]["month_start"])
        missing = [month for month in plan.month_starts if month not in there]
        if missing:
            raise PolicyError(
                f"{step} cannot be kept: that version has none for {missing[0]:%B %Y}",
                fix="keep steps of a version over the same months, or plan them anew",
            )


def _from(lines: pl.DataFrame, plan: Horizon) -> pl.DataFrame:
    first, last = plan.month_starts[0], plan.effective_to + timedelta(days=1)
    return lines.filter(pl.col("month_start") >= first, pl.col("month_start") < last)


def _with_proofs(proofs: pl.DataFrame, version: Content, solver: str) -> pl.DataFrame:
    """Put the version's statements about a kept step in place of new ones."""
    is_step = pl.col("solver") == solver
    told = [proofs.filter(~is_step)]
    if "proof" in version:
        told.append(version["proof"].filter(is_step).select(proofs.columns))
    return pl.concat(told, how="vertical_relaxed").sort("solver", "node_id")
