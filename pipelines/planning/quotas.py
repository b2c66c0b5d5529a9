"""Quotas by rep and month that add up to their target, cushion included."""

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.policy import CompanyPolicy
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import Horizon
from solvers.months import spread_over_months
from solvers.quotas import split_quotas

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

    Returns
    -------
    frame of quota lines, sorted by rep and month
        In each segment that has reps and a target, quotas sum to the cent to
        ``round(target * (1 + segment cushion) * (1 + rep cushion))``, and each rep's
        months to the rep's quota. A segment without reps gets no quota.
    """
    cushion = policy.quotas.over_assignment_share
    raised = (1 + cushion.get("segment", 0.0)) * (1 + cushion.get("rep", 0.0))
    potential = dict(
        assignment.group_by("rep_id").agg(pl.col("potential_cents").sum()).iter_rows()
    )
    frames = [pl.DataFrame(schema=QUOTA_SCHEMA)]
    for (segment,), members in reps.sort("rep_id").group_by(
        "segment_id", maintain_order=True
    ):
        target = _by_month(cells, str(segment), plan)
        if target.sum() > 0:
            frames.append(
                _segment_quotas(
                    policy, forecasts, members, potential, plan, target, raised
                )
            )
    return pl.concat(frames).sort("rep_id", "month_start")


def _segment_quotas(
    policy: CompanyPolicy,
    forecasts: Forecasts,
    reps: pl.DataFrame,
    potential: dict[str, int],
    plan: Horizon,
    target: NDArray[np.int64],
    raised: float,
) -> pl.DataFrame:
    n_reps, n_months = reps.height, len(plan.month_starts)
    carries = np.empty((n_reps, n_months))  # what each rep could book, before targets
    season = target / target.mean()
    for place, rep in enumerate(reps.iter_rows(named=True)):
        curves = forecasts.curves(rep["segment_id"], rep["role"], policy)
        ramp = np.ones(n_months)
        if policy.quotas.ramp_relief:
            tenure = np.arange(n_months) + rep["tenure_months"]
            ramp = curves.ramp_share[np.minimum(tenure, curves.ramp_share.size - 1)]
        carries[place] = np.maximum(ramp, 1e-6) * season
    book = np.array([potential.get(rep, 0) for rep in reps["rep_id"]], float)
    can = _shares(carries.sum(axis=1))
    has = _shares(book * carries.sum(axis=1))  # an unramped rep cannot work all of it
    weight = policy.quotas.potential_weight_share if book.sum() > 0 else 0.0
    base = weight * has + (1 - weight) * can

    total = round(int(target.sum()) * raised)
    unit = round(policy.quotas.rounding_in_currency * 100)
    parent = np.concatenate([[-1], np.zeros(n_reps, dtype=np.intp)]).astype(np.intp)
    names = np.array(["", *reps["rep_id"].to_list()])
    tree = split_quotas(
        total,
        parent=parent,
        base_cents=np.concatenate([[0.0], base * total]),
        unit_cents=unit,
        node_ids=names,
    )
    by_month = spread_over_months(
        tree.quota_cents,
        parent=parent,
        season_share=np.vstack([season, carries]),
        unit_cents=unit,
        node_ids=names,
    ).month_cents[1:]
    year = tree.quota_cents[1:]
    plain = by_month / raised
    return pl.DataFrame(
        {
            "rep_id": np.repeat(reps["rep_id"].to_numpy(), n_months),
            "segment_id": np.repeat(reps["segment_id"].to_numpy(), n_months),
            "region_id": np.repeat(reps["region_id"].to_numpy(), n_months),
            "month_start": list(plan.month_starts) * n_reps,
            "quota_cents": by_month.ravel(),
            "base_cents": np.rint(plain).astype(np.int64).ravel(),
            "reason": np.repeat(
                [
                    f"{has[i]:.1%} of the segment's potential, {can[i]:.1%} of its "
                    f"ramped capacity, weighed {weight:.0%} to {1 - weight:.0%}; "
                    f"cushion {raised - 1:.1%}; {year[i] / total:.1%} of the quota"
                    for i in range(n_reps)
                ],
                n_months,
            ),
        },
        schema=QUOTA_SCHEMA,
    )


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
