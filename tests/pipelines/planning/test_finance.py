"""A plan's financial summary adds up, and follows from the year behind it."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from data_contracts.calendar import months
from pipelines.ledger.budget import budget_lines
from pipelines.planning.computing import PlanInputs, compute
from pipelines.planning.cycle import PlanDraft
from pipelines.planning.finance import with_finance
from pipelines.planning.inputs import ARR_SCHEMA, Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import first_horizon, target_lines

BEHIND = months(date(2025, 1, 1), 12)


@pytest.fixture
def recurring(facts: Facts) -> Facts:
    """smb stands at 12,000 of ARR, wins 100 and loses 100 in every month of 2025."""
    rows = [("smb", date(2024, 12, 1), "new", 12_000_00)]
    for month in BEHIND:
        rows += [("smb", month, "new", 100_00), ("smb", month, "churn", -100_00)]
    arr = pl.DataFrame(rows, schema=ARR_SCHEMA, orient="row")
    return replace(facts, arr=arr)


def pay() -> pl.DataFrame:
    """Pay two heads 700 a month in 2026, 300 of it variable."""
    return pl.DataFrame({"month_start": months(date(2026, 1, 1), 12)}).select(
        "month_start",
        segment_id=pl.lit("smb"),
        role=pl.lit("ae"),
        heads=pl.lit(2.0),
        target_pay_cents=pl.lit(700_00, pl.Int64),
        variable_cents=pl.lit(300_00, pl.Int64),
    )


def told(facts: Facts, forecasts: Forecasts, cells: pl.DataFrame) -> pl.DataFrame:
    """Return the lines of a plan that asks for cells, its pay and budget empty."""
    plan = first_horizon(facts.policy, facts.as_of)
    content = {"target": target_lines(cells, reason="x"), "compensation": pay()}
    draft = PlanDraft(content, 0.0, "optimal", ())
    return with_finance(draft, facts, forecasts, plan).content["target"]


def measured(lines: pl.DataFrame, measure: str, level: str = "segment") -> list[int]:
    mine = lines.filter(pl.col("measure") == measure, pl.col("node_level") == level)
    return mine.sort("month_start")["value_cents"].to_list()


def test_recurring_revenue_goes_on_as_in_the_year_behind(
    recurring: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    # 10 accounts booked 100 each a month, which won 100 of ARR: a tenth of bookings;
    # 100 of 12,000 were lost each month: a 120th. 2,000 a month are asked for
    lines = told(recurring, forecasts, doubled)
    assert measured(lines, "arr_opening")[0] == 12_000_00
    assert measured(lines, "arr_new") == [200_00] * 12
    assert measured(lines, "arr_lost")[0] == -100_00
    assert measured(lines, "arr_closing")[0] == 12_100_00
    assert measured(lines, "revenue")[0] == (12_000_00 + 12_100_00) // 24
    share = recurring.policy.replanning.gross_margin_share
    assert measured(lines, "gross_margin")[0] == round(1004_16 * share)
    assert measured(lines, "sales_cost") == [700_00] * 12


def test_the_bridge_of_recurring_revenue_closes_in_every_month(
    recurring: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    lines = told(recurring, forecasts, doubled)
    for level in ("segment", "company"):
        opening, new, lost, closing = (
            measured(lines, f"arr_{step}", level)
            for step in ("opening", "new", "lost", "closing")
        )
        assert [sum(parts) for parts in zip(opening, new, lost, strict=True)] == closing
        assert opening[1:] == closing[:-1]


def test_what_pipeline_and_history_expect_stands_beside_the_target(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    lines = told(facts, forecasts, doubled)
    assert measured(lines, "bottom_up") == [800_00] * 12
    reason = lines.filter(pl.col("measure") == "bottom_up")["reason"][0]
    assert "the target is 1,200.00" in reason
    assert "above it" in reason


def test_without_recurring_revenue_there_are_no_lines_of_it(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    lines = told(facts, forecasts, doubled)
    assert set(lines["measure"]) == {"bookings", "bottom_up", "sales_cost"}


def test_a_summary_made_twice_is_made_once(
    recurring: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    once = told(recurring, forecasts, doubled)
    plan = first_horizon(recurring.policy, recurring.as_of)
    draft = PlanDraft({"target": once, "compensation": pay()}, 0.0, "optimal", ())
    again = with_finance(draft, recurring, forecasts, plan).content["target"]
    keys = again.select("node_level", "node_id", "month_start", "measure")
    assert keys.is_duplicated().sum() == 0
    assert measured(again, "arr_closing") == measured(once, "arr_closing")


@pytest.mark.slow
def test_the_cost_of_a_plan_is_its_budget(
    recurring: Facts, forecasts: Forecasts
) -> None:
    plan = first_horizon(recurring.policy, recurring.as_of)
    content = compute(PlanInputs(recurring, forecasts, plan)).content
    cost = sum(measured(content["target"], "sales_cost", "company"))
    assert cost == budget_lines(content)["cost_cents"].sum() > 0
