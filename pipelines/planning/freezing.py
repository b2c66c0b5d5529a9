"""What a re-plan keeps of its parent: people, quotas and pay it was not asked for."""

from dataclasses import replace

import polars as pl

from data_contracts.drift import Breach
from pipelines.planning.cycle import Content, quota_nodes
from pipelines.planning.inputs import Facts
from pipelines.planning.targets import Horizon, cell_parts


def scope_of(breach: Breach, level: str) -> str | None:
    """Return the node a breach's scope names at a level, None at any other.

    A cell is planned again with its segment, whose people and quotas it shares.
    """
    kind, _, name = breach.scope.partition(":")
    if kind == "cell" and level == "segment":
        return cell_parts(name)[0]
    return name if kind == level else None


def frozen_people(
    content: Content, parent: Content, breach: Breach, plan: Horizon
) -> Content:
    """Keep the parent's capacity, hires and pay where the breach asks for no other.

    Returns
    -------
    component name to lines
        Of a breach that asks for capacity within one segment, only that segment's
        people are planned anew; one that asks for none keeps everybody.
    """
    is_mine = pl.lit(value="capacity" in breach.asks_for)
    segment = scope_of(breach, "segment")
    if segment is not None:
        is_mine &= pl.col("segment_id") == segment
    changed = dict(content)
    for name in ("capacity", "hire", "compensation"):
        carried = parent[name].filter(pl.col("month_start") >= plan.effective_from)
        changed[name] = pl.concat(
            [
                content[name].filter(is_mine),
                carried.filter(~is_mine).select(content[name].columns),
            ],
            how="vertical_relaxed",
        ).sort("segment_id", "role", "month_start")
    if "capacity" not in breach.asks_for:
        is_people = pl.col("solver") == "hiring"
        proofs = [content["proof"].filter(~is_people)]
        if "proof" in parent:
            proofs.append(parent["proof"].filter(is_people))
        changed["proof"] = pl.concat(proofs, how="vertical_relaxed").sort(
            "solver", "node_id"
        )
    return changed


def staff_of(facts: Facts, breach: Breach, parent: Content, plan: Horizon) -> Facts:
    """Leave only a segment's people, and what the others' hires leave of the limit."""
    segment = scope_of(breach, "segment")
    if segment is None:
        return facts
    limits = facts.policy.capacity
    elsewhere = (
        parent["hire"]
        .filter(
            pl.col("segment_id") != segment,
            pl.col("month_start") >= plan.effective_from,
        )
        .group_by("month_start")
        .agg(pl.col("hires_count").sum())
    )
    busiest = int(elsewhere["hires_count"].max() or 0)  # type: ignore[arg-type]  # int
    left = limits.model_copy(
        update={
            "max_hires_per_month_count": max(
                limits.max_hires_per_month_count - busiest, 0
            )
        }
    )
    return replace(
        facts,
        policy=facts.policy.model_copy(update={"capacity": left}),
        reps=facts.reps.filter(
            pl.col("segment_id").eq_missing(segment) | ~pl.col("is_quota_bearing")
        ),
    )


def frozen_quotas(content: Content, kept: pl.DataFrame, breach: Breach) -> Content:
    """Keep the parent's quotas outside the segment or region that is split anew."""
    segment, region = scope_of(breach, "segment"), scope_of(breach, "region")
    if segment is None and region is None:
        return content
    column, node = ("segment_id", segment) if segment else ("region_id", region)
    mine = content["quota"].filter(pl.col(column) == node)
    others = kept.filter(
        pl.col(column) != node, ~pl.col("rep_id").is_in(mine["rep_id"].to_list())
    )
    quotas = pl.concat([mine, others.select(mine.columns)]).sort(
        "rep_id", "month_start"
    )
    targets = content["target"].filter(pl.col("measure") != "quota")
    nodes = quota_nodes(quotas).select(targets.columns)
    return {**content, "quota": quotas, "target": pl.concat([targets, nodes])}
