"""One planning cycle: targets → books → people → quotas → pay, as a plan's content."""

from collections.abc import Sequence
from dataclasses import dataclass

import polars as pl

from data_contracts.errors import PolicyError
from data_contracts.policy import CompanyPolicy
from pipelines.planning.hires import prove_people
from pipelines.planning.inputs import Facts
from pipelines.planning.managers import manager_heads
from pipelines.planning.memory import Memory
from pipelines.planning.overlays import overlay_lines
from pipelines.planning.pay import ACCRUED, plan_pay
from pipelines.planning.people import Forecasts, compensation_lines, planned_reps
from pipelines.planning.programme import plan_budget, plan_coverage
from pipelines.planning.proofs import ProofLine, proof_lines
from pipelines.planning.quotas import prove_quotas
from pipelines.planning.relief import quota_facts
from pipelines.planning.revenue import asked_cells, asked_reason
from pipelines.planning.targets import Horizon, target_lines
from pipelines.planning.territories import Books, accounts_with_potential, plan_books

Content = dict[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """The content of a plan and how sure its territories are."""

    content: Content
    territory_gap_share: float
    territory_proof: str
    notes: tuple[str, ...]


def first_plan(
    facts: Facts,
    forecasts: Forecasts,
    plan: Horizon,
    *,
    books: Books | None = None,
    memory: Memory | None = None,
) -> PlanDraft:
    """Plan every component from the facts, owners as they are today.

    Parameters
    ----------
    books : Books, optional
        Who owns what, where the same question was answered before; solved when absent.
    memory : Memory, optional
        Steps that were worked out before.

    Raises
    ------
    PolicyError
        If nobody on the books may carry quota.
    InfeasibleError
        If a solver proves that the ask cannot be met.
    """
    reps = planned_reps(facts, starts_on=plan.effective_from)
    if reps.is_empty():
        bearing = [role.id for role in facts.policy.roles if role.is_quota_bearing]
        raise PolicyError(
            f"no active rep has a quota-bearing role ({', '.join(bearing)}) "
            f"on {facts.as_of}",
            fix="check roles[].hris_roles in policy.yaml against the HR job history",
        )
    cells = asked_cells(facts, plan)
    if books is None:
        books = first_books(facts, forecasts, plan)
    return assemble(
        facts,
        forecasts,
        plan,
        cells=cells,
        target_reason=asked_reason(facts),
        books=books,
        reps=reps,
        memory=memory,
    )


def first_books(facts: Facts, forecasts: Forecasts, plan: Horizon) -> Books:
    """Assign every account, departing from who owns it today."""
    accounts = accounts_with_potential(facts, forecasts)
    owners = dict(
        accounts.filter(pl.col("owner_rep_id").is_not_null())
        .select("account_id", "owner_rep_id")
        .iter_rows()
    )
    reps = planned_reps(facts, starts_on=plan.effective_from)
    return plan_books(facts, forecasts, accounts, reps, plan, owner=owners)


def assemble(
    facts: Facts,
    forecasts: Forecasts,
    plan: Horizon,
    *,
    cells: pl.DataFrame,
    target_reason: str,
    books: Books,
    reps: pl.DataFrame,
    quotas: pl.DataFrame | None = None,
    parent: Content | None = None,
    also: Sequence[ProofLine] | None = None,
    staff: Facts | None = None,
    memory: Memory | None = None,
) -> PlanDraft:
    """Put people, quotas and pay to given targets and books.

    Parameters
    ----------
    cells : frame of segment_id, region_id, month_start, value_cents
        Bookings targets.
    books : Books
        Who owns what.
    reps : frame from :func:`planned_reps`
    quotas : frame of quota lines, optional
        Kept as given; split anew when absent.
    parent : component name to lines, optional
        Version whose coverage, budget and payout curves go on as they are.
    also : sequence of ProofLine, optional
        Further statements that go with the plan.
    staff : Facts, optional
        Whose people are planned and within which limits, where that is not everybody.
    memory : Memory, optional
        Steps that were worked out before.
    """
    memory, led, policy = memory or Memory(), staff or facts, facts.policy
    people, hiring = memory.once(
        "people",
        (
            *_of_people(led.policy),
            led.reps,
            led.as_of,
            *_curves(forecasts),
            cells,
            plan,
        ),
        lambda: prove_people(led, forecasts, cells, plan),
    )
    proofs = [*hiring, *books.proofs, *(also or ())]
    if quotas is None:
        known = quota_facts(facts, forecasts, cells, people["capacity"], plan)
        told = (known.leaves, known.held, known.booked, known.vacant)
        quotas, proved = memory.once(
            "quotas",
            (
                *_of_quotas(policy),
                forecasts.ramp,
                cells,
                reps,
                books.lines,
                *told,
                plan,
            ),
            lambda: prove_quotas(
                policy, forecasts, cells, reps, books.lines, plan, known=known
            ),
        )
        proofs += proved
    helping, helpers = overlay_lines(facts, people["capacity"], people["hire"], plan)
    heads = pl.concat(
        [
            people["capacity"].select("segment_id", "role", "month_start", "heads"),
            manager_heads(facts, people["hire"], plan),
            helping,
        ]
    )
    hires = pl.concat([people["hire"], helpers])
    programme = _carried(parent) or _programme(
        policy, _covered(facts, forecasts, books), quotas, reps, heads, memory
    )
    lines = pl.concat([programme.pop("proof"), proof_lines(proofs)])
    return PlanDraft(
        content={
            "target": pl.concat(
                [
                    target_lines(cells, reason=target_reason),
                    quota_nodes(quotas),
                ]
            ),
            "capacity": people["capacity"],
            "hire": hires.sort("segment_id", "role", "month_start"),
            "assignment": books.lines,
            "quota": quotas,
            "compensation": compensation_lines(facts.policy, heads),
            **programme,
            "proof": lines.sort("solver", "node_id"),
        },
        territory_gap_share=books.gap_share,
        territory_proof=books.proof,
        notes=books.notes,
    )


def _programme(
    policy: CompanyPolicy,
    covered: pl.DataFrame,
    quotas: pl.DataFrame,
    reps: pl.DataFrame,
    heads: pl.DataFrame,
    memory: Memory,
) -> Content:
    """Plan coverage, budget and payout curves, with their proof lines."""
    coverage, tiered = memory.once(
        "coverage",
        (policy.coverage, covered),
        lambda: plan_coverage(policy.coverage, covered),
    )
    allocation, allocated = memory.once(
        "allocation", (policy.budget,), lambda: plan_budget(policy.budget)
    )
    led = heads.filter(pl.col("role") == policy.capacity.manager_role)
    pay, priced = memory.once(
        "pay",
        (policy.pay, policy.roles, policy.capacity.manager_role, quotas, reps, led),
        lambda: plan_pay(policy, quotas, reps, led),
    )
    return {
        "coverage": coverage,
        "allocation": allocation,
        "pay": pay,
        "proof": proof_lines([*tiered, *allocated, *priced]),
    }


def _covered(facts: Facts, forecasts: Forecasts, books: Books) -> pl.DataFrame:
    """Return accounts to cover: their potential, and grades where a tier needs them."""
    accounts = books.lines.select("account_id", "potential_cents")
    if not any(tier.grades for tier in facts.policy.coverage.tiers):
        return accounts
    graded = accounts_with_potential(facts, forecasts).select("account_id", "grade")
    return accounts.join(graded, on="account_id", how="left", maintain_order="left")


def _of_people(policy: CompanyPolicy) -> tuple[object, ...]:
    """Return what planning people reads of the policy."""
    return policy.capacity, policy.roles, policy.promise


def _of_quotas(policy: CompanyPolicy) -> tuple[object, ...]:
    """Return what splitting quotas reads of the policy."""
    limits = policy.capacity
    return policy.quotas, limits.ramp_source, limits.prior_months_to_80_months


def _curves(forecasts: Forecasts) -> tuple[pl.DataFrame, ...]:
    """Return what planning people reads of the forecasts."""
    return (
        forecasts.ramp,
        forecasts.productivity,
        forecasts.attrition,
        forecasts.capacity,
    )


def _carried(parent: Content | None) -> Content | None:
    """Take coverage, budget and curves from a parent; None where it has none."""
    if parent is None or parent.get("pay", pl.DataFrame()).is_empty():
        return None
    kept = pl.col("solver").is_in(["coverage", "allocation", "compensation"])
    is_actual = pl.col("node_id").str.ends_with(ACCRUED)
    return {
        **{name: parent[name] for name in ("coverage", "allocation", "pay")},
        "proof": parent["proof"].filter(kept & ~is_actual),
    }


def quota_nodes(quotas: pl.DataFrame) -> pl.DataFrame:
    """Add rep quotas up to company, segment, region and cell lines."""
    return target_lines(
        quotas.select(
            "segment_id",
            "region_id",
            "month_start",
            pl.col("quota_cents").alias("value_cents"),
        ),
        measure="quota",
        reason="sum of the quotas below, cushion included",
    )
