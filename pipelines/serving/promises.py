"""What every proposal must keep, checked on its lines; for checks and for pages."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from pipelines.ledger.records import PlanVersion


@dataclass(frozen=True, slots=True)
class Promise:
    """One promise of a proposal, whether it is kept, and what was found."""

    name: str
    is_kept: bool
    found: str


PROMISES = ("quotas_sum_to_target", "books_inside_tolerance", "gap_is_stated")


def promises(plan: PlanVersion, content: Mapping[str, pl.DataFrame]) -> list[Promise]:
    """Hold a version to its promises.

    Parameters
    ----------
    plan : PlanVersion
        Its proof and gap were stored by whoever proposed it.
    content : mapping of component name to frame
        The lines of that version.

    Returns
    -------
    list of Promise
        One for each of ``PROMISES``, in that order.
    """
    return [_quotas(content), _books(plan), _gap(plan)]


def _quotas(content: Mapping[str, pl.DataFrame]) -> Promise:
    """Rep quotas make the quota target of every month, and cover the bookings."""
    targets = content["target"].filter(pl.col("node_level") == "company")
    by_month = (
        targets.pivot("measure", index="month_start", values="value_cents")
        .join(
            content["quota"].group_by("month_start").agg(pl.col("quota_cents").sum()),
            on="month_start",
            how="full",
            coalesce=True,
        )
        .sort("month_start")
    )
    for measure in ("bookings", "quota"):
        if measure not in by_month.columns:
            by_month = by_month.with_columns(pl.lit(0, pl.Int64).alias(measure))
    filled = by_month.fill_null(0)
    off = filled.filter(pl.col("quota") != pl.col("quota_cents"))
    cents, target = int(filled["quota_cents"].sum()), int(filled["bookings"].sum())
    return Promise(
        "quotas_sum_to_target",
        off.is_empty() and cents >= target,
        f"quotas of {cents} cents for bookings of {target} cents over "
        f"{filled.height} months; {off.height} months do not sum",
    )


def _books(plan: PlanVersion) -> Promise:
    """Books are inside the tolerance, or the proposal says they are best effort."""
    proof = plan.territory_proof
    said = {
        "optimal": "inside the tolerance, proven best",
        "feasible": "inside the tolerance, not proven best",
    }.get(proof or "", f"labelled {proof}: {plan.why}")
    return Promise("books_inside_tolerance", proof is not None, said)


def _gap(plan: PlanVersion) -> Promise:
    gap = plan.territory_gap_share
    return Promise(
        "gap_is_stated",
        gap is not None,
        "no gap was stored" if gap is None else f"at most {gap:.2%} above the bound",
    )
