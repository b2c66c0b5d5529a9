"""What a plan means in money: bottom-up beside the target, ARR, revenue, margin, cost.

Lines of measures beside ``bookings`` and ``quota``, for the company and its segments.
"""

from dataclasses import dataclass, replace
from datetime import date

import polars as pl

from data_contracts.calendar import add_months, months_between
from data_contracts.money import show
from pipelines.ledger.budget import budget_lines
from pipelines.planning.cycle import PlanDraft
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
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

TRAILING_MONTHS = 12
LINE_SCHEMA = {
    "node_level": pl.String,
    "node_id": pl.String,
    "month_start": pl.Date,
    "measure": pl.String,
    "value_cents": pl.Int64,
    "reason": pl.String,
}


@dataclass(frozen=True, slots=True)
class _Recurring:
    """How a segment's recurring revenue has moved in the trailing months."""

    now_cents: int
    lost_share: float  # of ARR, each month
    new_per_booking: float  # ARR won for one cent booked
    new_month_cents: int


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
    With N the ARR won for one cent booked and l the share of ARR lost a month, both of
    the trailing twelve months: new = N × planned bookings, lost = -l × opening,
    revenue = (opening + closing) / 24, margin = revenue × the policy's share.
    """
    lines = draft.content["target"].filter(~pl.col("measure").is_in(MEASURES))
    asked = lines.filter(
        pl.col("node_level") == "segment", pl.col("measure") == "bookings"
    )
    rows = [
        *_recurring_rows(facts, asked, plan),
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
    facts: Facts, asked: pl.DataFrame, plan: Horizon
) -> list[tuple[object, ...]]:
    rows: list[tuple[object, ...]] = []
    margin = facts.policy.replanning.gross_margin_share
    for segment in sorted(facts.arr["segment_id"].drop_nulls().unique()):
        moves = _moves(facts, segment)
        wanted = dict(
            asked.filter(pl.col("node_id") == segment)
            .select("month_start", "value_cents")
            .iter_rows()
        )
        opening = _rolled(moves, facts.last_full_month, plan.month_starts[0])
        why = (
            f"{moves.new_per_booking:.2f} of ARR for 1.00 booked, "
            f"{moves.lost_share:.2%} of ARR lost a month, as in the last twelve months"
        )
        for month in plan.month_starts:
            won = round(moves.new_per_booking * wanted.get(month, 0))
            lost = -round(moves.lost_share * opening)
            closing = opening + won + lost
            revenue = (opening + closing) // 24
            values = (opening, won, lost, closing, revenue, round(revenue * margin))
            rows += [
                ("segment", segment, month, measure, cents, why)
                for measure, cents in zip(MEASURES[1:7], values, strict=True)
            ]
            opening = closing
    return rows


def _moves(facts: Facts, segment: str) -> _Recurring:
    """Read the trailing year of one segment's recurring revenue."""
    first = add_months(facts.last_full_month, 1 - TRAILING_MONTHS)
    mine = facts.arr.filter(
        pl.col("segment_id") == segment,
        pl.col("month_start") <= facts.last_full_month,
    )
    recent = mine.filter(pl.col("month_start") >= first)
    is_lost = pl.col("movement").is_in(["contraction", "churn"])
    lost = -int(recent.filter(is_lost)["amount_cents"].sum())
    won = int(recent.filter(~is_lost)["amount_cents"].sum())
    now = int(mine["amount_cents"].sum())
    level, held = now - (won - lost), 0  # ARR before the first of the trailing months
    by_month = dict(
        recent.group_by("month_start").agg(pl.col("amount_cents").sum()).iter_rows()
    )
    for step in range(TRAILING_MONTHS):
        held += level
        level += by_month.get(add_months(first, step), 0)
    booked = facts.bookings.filter(
        pl.col("segment_id") == segment, pl.col("month_start") >= first
    )["bookings_cents"].sum()
    return _Recurring(
        now_cents=now,
        lost_share=min(max(lost / held, 0.0), 1.0) if held > 0 else 0.0,
        new_per_booking=max(won / int(booked), 0.0) if int(booked) > 0 else 0.0,
        new_month_cents=won // TRAILING_MONTHS,
    )


def _rolled(moves: _Recurring, known: date, starts: date) -> int:
    """Carry ARR from the last month known to the plan's first, as it went before."""
    level = moves.now_cents
    for _ in range(max(round(months_between(known, starts)) - 1, 0)):
        level += moves.new_month_cents - round(moves.lost_share * level)
    return level


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
