"""People who help sellers: how many the planned sellers need, and when they start."""

import math

import numpy as np
import polars as pl

from data_contracts.organisation import Overlay
from pipelines.planning.inputs import Facts
from pipelines.planning.managers import HEADS_SCHEMA, helpers_by_segment
from pipelines.planning.targets import Horizon


def overlay_lines(
    facts: Facts, capacity: pl.DataFrame, hires: pl.DataFrame, plan: Horizon
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Staff every overlay of the policy to the planned sellers.

    Parameters
    ----------
    facts : Facts
    capacity : frame of capacity lines
        Sellers by segment, role and month, hires included.
    hires : frame of hire lines
        For its columns.
    plan : Horizon

    Returns
    -------
    frame of heads by segment, role and month; frame of hire lines
        From the lead time on every segment has one helper for so many sellers or
        more. Those on board stay; nobody is let go where there are too many.
    """
    segments = sorted(capacity["segment_id"].unique())
    sellers = {
        (segment, month): float(heads)
        for segment, month, heads in capacity.group_by("segment_id", "month_start")
        .agg(pl.col("heads").sum())
        .iter_rows()
    }
    counts = np.array([sellers[segment, plan.month_starts[0]] for segment in segments])
    heads: list[tuple[object, ...]] = []
    starts: list[dict[str, object]] = []
    for overlay in facts.policy.capacity.overlays:
        here = helpers_by_segment(facts, overlay.role, segments, counts)
        for segment, on_board in zip(segments, here.tolist(), strict=True):
            told = _staffed(facts, overlay, segment, on_board, sellers, plan)
            heads += told[0]
            starts += told[1]
    return (
        pl.DataFrame(heads, schema=HEADS_SCHEMA, orient="row"),
        pl.DataFrame(starts, schema=hires.schema),
    )


def _staffed(
    facts: Facts,
    overlay: Overlay,
    segment: str,
    have: float,
    sellers: dict[tuple[str, object], float],
    plan: Horizon,
) -> tuple[list[tuple[object, ...]], list[dict[str, object]]]:
    heads: list[tuple[object, ...]] = []
    starts: list[dict[str, object]] = []
    lead = facts.policy.capacity.hire_lead_time_months
    for place, month in enumerate(plan.month_starts):
        there = sellers[segment, month]
        missing = math.ceil(there / overlay.sellers_per_head_count - have - 1e-9)
        if place >= lead and missing > 0:
            have += missing
            starts.append(
                {
                    "segment_id": segment,
                    "role": overlay.role,
                    "month_start": month,
                    "hires_count": missing,
                    "reason": f"helps {there:.1f} sellers in {segment}, one for every "
                    f"{overlay.sellers_per_head_count:g}",
                }
            )
        if have > 0:
            heads.append((segment, overlay.role, month, have))
    return heads, starts
