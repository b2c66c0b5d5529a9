"""A plan's money is told in one row: ARR that adds up, revenue, margin, efficiency."""

from datetime import date

import polars as pl

from pipelines.ledger.summary import financial_summary

JAN, FEB = date(2026, 1, 1), date(2026, 2, 1)
MONTHS = {
    "bookings": (900, 1_100),
    "arr_opening": (10_000, 10_400),
    "arr_new": (500, 700),
    "arr_lost": (-100, -100),
    "arr_closing": (10_400, 11_000),
    "revenue": (850, 890),
    "gross_margin": (680, 712),
    "sales_cost": (200, 300),
}


def content(**months: tuple[int, ...]) -> dict[str, pl.DataFrame]:
    rows = [
        (level, month, measure, cents)
        for level in ("company", "segment")
        for measure, values in months.items()
        for month, cents in zip((JAN, FEB), values, strict=False)
    ]
    names = ["node_level", "month_start", "measure", "value_cents"]
    return {"target": pl.DataFrame(rows, schema=names, orient="row")}


def test_the_years_bridge_opens_with_its_first_month_and_closes_with_its_last() -> None:
    told = financial_summary(content(**MONTHS))
    bridge = (told.arr_opening_cents, told.arr_new_cents, told.arr_lost_cents)
    assert bridge == (10_000, 1_200, -200)
    assert told.arr_closing_cents == sum(bridge) == 11_000
    assert (told.revenue_cents, told.gross_margin_cents) == (1_740, 1_392)


def test_efficiency_is_net_new_arr_for_a_cent_of_sales_cost() -> None:
    assert financial_summary(content(**MONTHS)).efficiency_multiple == 1_000 / 500
    without_billing = {"bookings": (900, 1_100), "sales_cost": (200, 300)}
    assert financial_summary(content(**without_billing)).efficiency_multiple is None


def test_the_gap_counts_only_months_that_the_forecast_speaks_of() -> None:
    told = financial_summary(content(**MONTHS, bottom_up=(700,)))
    assert (told.target_cents, told.bottom_up_cents, told.gap_cents) == (
        2_000,
        700,
        200,
    )
