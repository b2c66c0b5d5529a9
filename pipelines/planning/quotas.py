"""Quotas by rep and month that add up to their target, cushion included."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.money import show
from data_contracts.policy import CompanyPolicy
from pipelines.planning.people import Forecasts
from pipelines.planning.proofs import ProofLine
from pipelines.planning.relief import (
    NOTHING_KNOWN,
    QuotaFacts,
    book_cents,
    carried_target,
    change_limits,
    held_reasons,
    workable,
)
from pipelines.planning.targets import Horizon
from solvers.months import MonthlyQuotas, spread_over_months
from solvers.quota_bounds import NO_CAP
from solvers.quotas import QuotaTree, split_quotas
from solvers.result import Proof

QUOTA_SCHEMA = {
    "rep_id": pl.String,
    "segment_id": pl.String,
    "region_id": pl.String,
    "month_start": pl.Date,
    "quota_cents": pl.Int64,
    "base_cents": pl.Int64,
    "reason": pl.String,
}


def plan_quotas(
    policy: CompanyPolicy,
    forecasts: Forecasts,
    cells: pl.DataFrame,
    reps: pl.DataFrame,
    assignment: pl.DataFrame,
    plan: Horizon,
    *,
    known: QuotaFacts = NOTHING_KNOWN,
) -> pl.DataFrame:
    """Split each segment's target over its reps, then over months.

    Parameters
    ----------
    policy : CompanyPolicy
        Over-assignment, rounding and how much potential counts against capacity.
    forecasts : Forecasts
        Ramp and productivity, for what a rep can carry in each month.
    cells : frame of segment_id, region_id, month_start, value_cents
        Bookings targets.
    reps : frame of rep_id, role, segment_id, region_id, tenure_months
        Who carries quota.
    assignment : frame of account_id, rep_id, potential_cents
        Whose potential is whose.
    plan : Horizon
    known : QuotaFacts, optional
        Leave, quotas held before, past bookings and what planned hires carry.

    Returns
    -------
    frame of quota lines, sorted by rep and month
        In each segment that has reps and a target, quotas sum to the cent to
        ``round(target * (1 + cushion of company) * (1 + segment's) * (1 + rep's))``,
        the target less what is left to vacant seats, and each rep's months to the
        rep's quota. A segment without reps gets no quota.
    """
    return prove_quotas(policy, forecasts, cells, reps, assignment, plan, known=known)[
        0
    ]


def prove_quotas(
    policy: CompanyPolicy,
    forecasts: Forecasts,
    cells: pl.DataFrame,
    reps: pl.DataFrame,
    assignment: pl.DataFrame,
    plan: Horizon,
    *,
    known: QuotaFacts = NOTHING_KNOWN,
) -> tuple[pl.DataFrame, list[ProofLine]]:
    """Split quotas as :func:`plan_quotas` does; return them with each split's proof."""
    books = book_cents(policy, assignment, known)
    frames = [pl.DataFrame(schema=QUOTA_SCHEMA)]
    proofs: list[ProofLine] = []
    for (segment,), members in reps.sort("rep_id").group_by(
        "segment_id", maintain_order=True
    ):
        asked = _by_month(cells, str(segment), plan)
        target = carried_target(policy, asked, str(segment), plan, known)
        if target.sum() > 0:
            lines, proved = _segment_quotas(
                policy, forecasts, members, books, plan, target, known
            )
            frames.append(lines)
            proofs += proved
    return pl.concat(frames).sort("rep_id", "month_start"), proofs


def _segment_quotas(
    policy: CompanyPolicy,
    forecasts: Forecasts,
    reps: pl.DataFrame,
    books: dict[str, int],
    plan: Horizon,
    target: NDArray[np.int64],
    known: QuotaFacts,
) -> tuple[pl.DataFrame, list[ProofLine]]:
    n_reps, n_months = reps.height, len(plan.month_starts)
    raised = policy.quotas.raised_multiple
    season = target / target.mean()
    # what each rep could book, before targets
    carries = workable(policy, forecasts, reps, plan, known) * season
    book = np.array([books.get(rep, 0) for rep in reps["rep_id"]], float)
    can = _shares(carries.sum(axis=1))
    has = _shares(book * carries.sum(axis=1))  # an unramped rep cannot work all of it
    weight = policy.quotas.book_weight_share if book.sum() > 0 else 0.0
    base = weight * has + (1 - weight) * can

    total = round(int(target.sum()) * raised)
    unit = round(policy.quotas.rounding_in_currency * 100)
    parent = np.concatenate([[-1], np.zeros(n_reps, dtype=np.intp)]).astype(np.intp)
    names = np.array(["", *reps["rep_id"].to_list()])
    floor, cap = change_limits(policy, reps["rep_id"], known, total, n_months)
    tree = split_quotas(
        total,
        parent=parent,
        base_cents=np.concatenate([[0.0], base * total]),
        floor_cents=np.concatenate([[0], floor]),
        cap_cents=np.concatenate([[NO_CAP], cap]),
        unit_cents=unit,
        node_ids=names,
        best_effort=True,
    )
    months = spread_over_months(
        tree.quota_cents,
        parent=parent,
        season_share=np.vstack([season, carries]),
        unit_cents=unit,
        node_ids=names,
    )
    by_month = months.month_cents[1:]
    year = tree.quota_cents[1:]
    held = held_reasons(policy, tree)
    measured = "bookings" if policy.quotas.method == "bookings" else "potential"
    plain = by_month / raised
    lines = pl.DataFrame(
        {
            "rep_id": np.repeat(reps["rep_id"].to_numpy(), n_months),
            "segment_id": np.repeat(reps["segment_id"].to_numpy(), n_months),
            "region_id": np.repeat(reps["region_id"].to_numpy(), n_months),
            "month_start": list(plan.month_starts) * n_reps,
            "quota_cents": by_month.ravel(),
            "base_cents": np.rint(plain).astype(np.int64).ravel(),
            "reason": np.repeat(
                [
                    f"{has[i]:.1%} of the segment's {measured}, {can[i]:.1%} of its "
                    f"ramped capacity, weighed {weight:.0%} to {1 - weight:.0%}; "
                    f"cushion {raised - 1:.1%}; {year[i] / total:.1%} of the quota"
                    + held[i]
                    for i in range(n_reps)
                ],
                n_months,
            ),
        },
        schema=QUOTA_SCHEMA,
    )
    return lines, _proofs(str(reps["segment_id"][0]), tree, months)


def _proofs(segment: str, tree: QuotaTree, months: MonthlyQuotas) -> list[ProofLine]:
    """Add everything up again and say what makes the split the best one."""
    root, leaves = int(tree.quota_cents[0]), tree.quota_cents[1:]
    rows = months.month_cents
    sums = bool((rows.sum(axis=1) == tree.quota_cents).all())
    columns = bool((rows[1:].sum(axis=0) == rows[0]).all())
    n_reps, unit = leaves.size, show(tree.unit_cents)
    return [
        ProofLine(
            solver="quotas",
            node_id=segment,
            proof=tree.proof,
            unit="cents",
            objective=float(root),
            bound=float(root),
            gap_share=0.0 if tree.is_certified.all() else None,
            is_verified=bool(leaves.sum() == root and tree.is_certified.all()),
            statement=f"{n_reps} quotas add up to {show(root)} exactly; no exchange of "
            f"{unit} between two reps brings quotas nearer to their bases",
        ),
        ProofLine(
            solver="months",
            node_id=segment,
            proof=Proof.OPTIMAL,
            unit="units of rounding",
            objective=float(months.largest_error_units),
            bound=1.0,
            gap_share=None,
            is_verified=sums and columns,
            statement=f"{rows.shape[1]} months add up to every rep's quota and reps to "
            f"every month; no month is {unit} or more off its exact part",
        ),
    ]


def _by_month(cells: pl.DataFrame, segment: str, plan: Horizon) -> NDArray[np.int64]:
    totals = dict(
        cells.filter(pl.col("segment_id") == segment)
        .group_by("month_start")
        .agg(pl.col("value_cents").sum())
        .iter_rows()
    )
    return np.array([totals.get(month, 0) for month in plan.month_starts], np.int64)


def _shares(values: NDArray[np.float64]) -> NDArray[np.float64]:
    total = values.sum()
    return values / total if total > 0 else np.full(values.size, 1 / values.size)
