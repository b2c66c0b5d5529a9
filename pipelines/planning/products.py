"""Targets by product, in lines that add up, and the margin they leave."""

from collections.abc import Collection
from dataclasses import replace
from datetime import date

import polars as pl

from data_contracts.money import split
from data_contracts.policy import CompanyPolicy
from pipelines.planning.cycle import Content, PlanDraft
from pipelines.planning.inputs import Facts
from pipelines.planning.revenue import product_cents
from pipelines.planning.targets import Horizon, launch_parts

PRODUCT, SEGMENT_PRODUCT = "product", "segment_product"
SEPARATOR = "/"


def with_products(
    draft: PlanDraft,
    facts: Facts,
    plan: Horizon,
    *,
    parent: Content | None = None,
    without_launches: Collection[str] = (),
) -> PlanDraft:
    """Add target lines by product to a plan, where the policy names products.

    Parameters
    ----------
    draft : PlanDraft
        With the bookings target of every segment.
    parent : component name to lines, optional
        Version whose proportions go on, where a re-plan carries targets over.
    without_launches : collection of launch ids
        Launches that the plan does not count on.

    Returns
    -------
    PlanDraft
        ``segment_product`` lines sum to their segment and ``product`` lines to the
        company in every month, to the cent.
    """
    years = product_cents(facts)
    if not years:
        return draft
    levels = (PRODUCT, SEGMENT_PRODUCT)
    lines = draft.content["target"].filter(~pl.col("node_level").is_in(levels))
    asked = lines.filter(
        pl.col("node_level") == "segment", pl.col("measure") == "bookings"
    ).sort("node_id", "month_start")
    launched = launch_parts(
        facts.bookings, facts.policy, plan, facts.last_full_month, without_launches
    )
    before = _proportions(parent)
    rows = []
    for segment, month, cents in asked.select(
        "node_id", "month_start", "value_cents"
    ).iter_rows():
        weights = before.get((segment, month))
        if weights is None:
            weights = _month_weights(years[segment], launched, segment, month, cents)
        names = sorted(weights)
        parts = split(cents, [round(weights[name] * 1000) for name in names])
        rows += [
            (segment, name, month, part)
            for name, part in zip(names, parts, strict=True)
        ]
    made = pl.DataFrame(
        rows,
        schema=["segment_id", "product_id", "month_start", "value_cents"],
        orient="row",
    ).cast({"value_cents": pl.Int64, "month_start": pl.Date})
    by_pair = made.with_columns(
        node_level=pl.lit(SEGMENT_PRODUCT),
        node_id=pl.concat_str("segment_id", "product_id", separator=SEPARATOR),
    )
    by_product = (
        made.group_by("product_id", "month_start")
        .agg(pl.col("value_cents").sum())
        .with_columns(node_level=pl.lit(PRODUCT), node_id=pl.col("product_id"))
    )
    why = pl.lit("the product's part of the segment's target, by the policy's products")
    added = [
        frame.with_columns(measure=pl.lit("bookings"), reason=why).select(lines.columns)
        for frame in (by_pair, by_product)
    ]
    keys = ("node_level", "node_id", "month_start", "measure")
    both = pl.concat([lines, *added]).sort(keys)
    return replace(draft, content={**draft.content, "target": both})


def company_margin(policy: CompanyPolicy) -> float:
    """Return the share of recognised revenue that is kept after serving it."""
    own = policy.targets.gross_margin_share
    return policy.replanning.gross_margin_share if own is None else own


def margin_by_month(
    policy: CompanyPolicy, lines: pl.DataFrame, segment: str
) -> dict[date, float]:
    """Return a segment's margin by month, weighed by its products' targets.

    Parameters
    ----------
    lines : target lines, those of products included

    Returns
    -------
    dict of month to share
        Empty where no product has a margin of its own.
    """
    own = {
        one.product_id: one.gross_margin_share
        for one in policy.targets.products
        if one.gross_margin_share is not None
    }
    if not own:
        return {}
    others = company_margin(policy)
    mine = lines.filter(
        pl.col("node_level") == SEGMENT_PRODUCT,
        pl.col("node_id").str.starts_with(segment + SEPARATOR),
    )
    kept: dict[date, float] = {}
    total: dict[date, int] = {}
    for node, month, cents in mine.select(
        "node_id", "month_start", "value_cents"
    ).iter_rows():
        product = node.removeprefix(segment + SEPARATOR)
        total[month] = total.get(month, 0) + cents
        kept[month] = kept.get(month, 0.0) + cents * own.get(product, others)
    return {month: kept[month] / cents for month, cents in total.items() if cents > 0}


def _month_weights(
    year: dict[str, float],
    launched: dict[tuple[str, date, str], int],
    segment: str,
    month: date,
    cents: int,
) -> dict[str, float]:
    """Return what a month's target is split by: the year's parts, then launches."""
    extra = {
        product: part
        for (where, when, product), part in launched.items()
        if (where, when) == (segment, month)
    }
    base = max(cents - sum(extra.values()), 0)
    total = sum(year.values())
    even = 1 / len(year)
    weights = {
        name: base * (part / total if total > 0 else even)
        for name, part in year.items()
    }
    for product, part in extra.items():
        weights[product] = weights.get(product, 0.0) + part
    return weights


def _proportions(parent: Content | None) -> dict[tuple[str, date], dict[str, float]]:
    """Read the products' parts of a version's targets, by segment and month."""
    found: dict[tuple[str, date], dict[str, float]] = {}
    if parent is None:
        return found
    mine = parent["target"].filter(pl.col("node_level") == SEGMENT_PRODUCT)
    for node, month, cents in mine.select(
        "node_id", "month_start", "value_cents"
    ).iter_rows():
        segment, _, product = node.partition(SEPARATOR)
        found.setdefault((segment, month), {})[product] = float(cents)
    return {key: parts for key, parts in found.items() if sum(parts.values()) > 0}
