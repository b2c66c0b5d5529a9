"""One planning cycle: targets → books → people → quotas → pay, as a plan's content."""

from dataclasses import dataclass

import polars as pl

from data_contracts.errors import PolicyError
from pipelines.planning.hires import plan_people
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts, compensation_lines, planned_reps
from pipelines.planning.quotas import plan_quotas
from pipelines.planning.targets import Horizon, target_cells, target_lines
from pipelines.planning.territories import Books, accounts_with_potential, plan_books

Content = dict[str, pl.DataFrame]


@dataclass(frozen=True, slots=True)
class PlanDraft:
    """The content of a plan and how sure its territories are."""

    content: Content
    territory_gap_share: float
    territory_proof: str
    notes: tuple[str, ...]


def first_plan(facts: Facts, forecasts: Forecasts, plan: Horizon) -> PlanDraft:
    """Plan every component from the facts, owners as they are today.

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
    cells = target_cells(
        facts.bookings, facts.policy, plan, last_full_month=facts.last_full_month
    )
    accounts = accounts_with_potential(facts, forecasts)
    owners = dict(
        accounts.filter(pl.col("owner_rep_id").is_not_null())
        .select("account_id", "owner_rep_id")
        .iter_rows()
    )
    books = plan_books(facts, forecasts, accounts, reps, plan, owner=owners)
    growth = facts.policy.targets.growth_share
    return assemble(
        facts,
        forecasts,
        plan,
        cells=cells,
        target_reason=f"growth {growth:.1%} (by segment where the policy says so) "
        "on the last twelve months, in their season",
        books=books,
        reps=reps,
    )


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
    """
    people = plan_people(facts, forecasts, cells, plan)
    if quotas is None:
        quotas = plan_quotas(facts.policy, forecasts, cells, reps, books.lines, plan)
    return PlanDraft(
        content={
            "target": pl.concat(
                [
                    target_lines(cells, reason=target_reason),
                    quota_nodes(quotas),
                ]
            ),
            "capacity": people["capacity"],
            "hire": people["hire"],
            "assignment": books.lines,
            "quota": quotas,
            "compensation": compensation_lines(facts.policy, people["capacity"]),
        },
        territory_gap_share=books.gap_share,
        territory_proof=books.proof,
        notes=books.notes,
    )


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
