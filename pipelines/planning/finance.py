"""What a plan means in money: bottom-up beside the target, ARR, revenue, margin, cost.

Lines of measures beside ``bookings`` and ``quota``, for the company and its segments.
"""

from dataclasses import replace

import polars as pl

from data_contracts.money import show
from pipelines.ledger.budget import budget_lines
from pipelines.planning.cycle import PlanDraft
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.products import company_margin, margin_by_month
from pipelines.planning.recurring import recurring_of
from pipelines.planning.targets import Horizon

MEASURES = (
    "bottom_up",
    "arr_opening",
    "arr_new",
    "arr_lost",
    "arr_closing",
    "revenue",
    "gross_margin",
    "sales_cost",
)
"""Measures in cents. Opening, new and lost (negative) make the closing, exactly."""

LINE_SCHEMA = {
    "node_level": pl.String,
    "node_id": pl.String,
    "month_start": pl.Date,
    "measure": pl.String,
    "value_cents": pl.Int64,
    "reason": pl.String,
}


def with_finance(
    draft: PlanDraft, facts: Facts, forecasts: Forecasts, plan: Horizon
) -> PlanDraft:
    """Add the financial summary to a plan.

    Parameters
    ----------
    draft : PlanDraft
        With its bookings targets, pay and budget.
    facts : Facts
        `arr` gives recurring revenue; without it there are no lines of it.
    forecasts : Forecasts
        Bookings expected of pipeline and history (P50).
    plan : Horizon

    Returns
    -------
    PlanDraft
        Segments sum to the company in every month and measure; opening, new and lost
        ARR make the closing, and the closing opens the next month.

    Notes
    -----
    With N the ARR won for one cent booked, e and l the shares of ARR added and lost a
    month, of the trailing twelve months or the policy's (:mod:`recurring`): new =
    N × planned bookings + e × opening, lost = -l × opening, revenue =
    (opening + closing) / 24, margin = revenue × the policy's share, weighed by
    products where they have their own.
    """
    lines = draft.content["target"].filter(~pl.col("measure").is_in(MEASURES))
    asked = lines.filter(
        pl.col("node_level") == "segment", pl.col("measure") == "bookings"
    )
    rows = [
        *_recurring_rows(facts, lines, asked, plan),
        *_cost_rows(draft.content),
    ]
    by_segment = pl.DataFrame(rows, schema=LINE_SCHEMA, orient="row")
    company = (
        by_segment.group_by("month_start", "measure")
        .agg(pl.col("value_cents").sum(), pl.col("reason").min())
        .with_columns(node_level=pl.lit("company"), node_id=pl.lit("company"))
        .select(LINE_SCHEMA.keys())
    )
    expected = _expected(forecasts, lines, plan)
    both = pl.concat(
        [lines, *(p.select(lines.columns) for p in (by_segment, company, expected))]
    )
    keys = ("node_level", "node_id", "month_start", "measure")
    return replace(draft, content={**draft.content, "target": both.sort(keys)})


def _expected(forecasts: Forecasts, lines: pl.DataFrame, plan: Horizon) -> pl.DataFrame:
    """Return what pipeline and history say will be booked, beside what is asked."""
    asked = lines.filter(pl.col("measure") == "bookings").select(
        "node_level", "node_id", "month_start", asked_cents="value_cents"
    )
    expected = forecasts.bookings.filter(
        pl.col("node_level").is_in(["company", "segment"]),
        pl.col("month_start").is_in(plan.month_starts),
    ).select("node_level", "node_id", "month_start", value_cents="p50_cents")
    found = expected.join(asked, on=["node_level", "node_id", "month_start"])
    reasons = [
        f"pipeline and history expect this (P50); the target is {show(abs(gap))} "
        + ("above it" if gap >= 0 else "below it")
        for gap in found["asked_cents"] - found["value_cents"]
    ]
    return found.with_columns(
        measure=pl.lit("bottom_up"),
        reason=pl.Series(reasons, dtype=pl.String),
        value_cents=pl.col("value_cents").cast(pl.Int64),
    ).select(LINE_SCHEMA.keys())


def _recurring_rows(
    facts: Facts, lines: pl.DataFrame, asked: pl.DataFrame, plan: Horizon
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    for segment in sorted(facts.arr["segment_id"].drop_nulls().unique()):
        moves = recurring_of(facts, segment)
        wanted = dict(
            asked.filter(pl.col("node_id") == segment)
            .select("month_start", "value_cents")
            .iter_rows()
        )
        margins = margin_by_month(facts.policy, lines, segment)
        kept = company_margin(facts.policy)
        opening = moves.opening_cents(facts.last_full_month, plan.month_starts[0])
        for month in plan.month_starts:
            won, lost = moves.month(opening, wanted.get(month, 0))
            closing = opening + won + lost
            revenue = (opening + closing) // 24
            margin = round(revenue * margins.get(month, kept))
            values = (opening, won, lost, closing, revenue, margin)
            rows += [
                ("segment", segment, month, measure, cents, moves.why)
                for measure, cents in zip(MEASURES[1:7], values, strict=True)
            ]
            opening = closing
    return rows


def _cost_rows(content: dict[str, pl.DataFrame]) -> list[tuple[object, ...]]:
    """Return what the plan costs sales and marketing, by segment and month."""
    costs = (
        budget_lines(content)
        .group_by("segment_id", "month_start")
        .agg(pl.col("cost_cents").sum())
        .sort("segment_id", "month_start")
    )
    why = "pay of the planned heads at target and programme spend"
    return [
        ("segment", segment, month, "sales_cost", cents, why)
        for segment, month, cents in costs.iter_rows()
    ]
