"""What a version comes to in money: its ARR bridge, revenue, margin and efficiency."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl


@dataclass(frozen=True, slots=True)
class FinancialSummary:
    """A plan's money over its months, whole company, in cents.

    Attributes
    ----------
    arr_opening_cents, arr_new_cents, arr_lost_cents, arr_closing_cents : int
        The first three make the last; lost is negative. Zero without billing.
    bottom_up_cents : int
        What pipeline and history expect, of the months they speak of.
    gap_cents : int
        Target above that, over the same months.
    efficiency_multiple : float or None
        Net new ARR for one cent of sales and marketing; None without either.
    """

    target_cents: int
    bottom_up_cents: int
    gap_cents: int
    arr_opening_cents: int
    arr_new_cents: int
    arr_lost_cents: int
    arr_closing_cents: int
    revenue_cents: int
    gross_margin_cents: int
    sales_cost_cents: int
    efficiency_multiple: float | None


def financial_summary(content: Mapping[str, pl.DataFrame]) -> FinancialSummary:
    """Read the financial summary of a version from its target lines.

    Parameters
    ----------
    content : component name to lines
    """
    lines = content["target"].filter(pl.col("node_level") == "company")

    def months(measure: str) -> dict[object, int]:
        mine = lines.filter(pl.col("measure") == measure).sort("month_start")
        return dict(mine.select("month_start", "value_cents").iter_rows())

    def total(measure: str) -> int:
        return sum(months(measure).values())

    asked, expected = months("bookings"), months("bottom_up")
    opening, closing = months("arr_opening"), months("arr_closing")
    net_new, cost = total("arr_new") + total("arr_lost"), total("sales_cost")
    return FinancialSummary(
        target_cents=sum(asked.values()),
        bottom_up_cents=sum(expected.values()),
        gap_cents=sum(asked.get(month, 0) - told for month, told in expected.items()),
        arr_opening_cents=next(iter(opening.values()), 0),
        arr_new_cents=total("arr_new"),
        arr_lost_cents=total("arr_lost"),
        arr_closing_cents=next(reversed(closing.values()), 0),
        revenue_cents=total("revenue"),
        gross_margin_cents=total("gross_margin"),
        sales_cost_cents=cost,
        efficiency_multiple=net_new / cost if opening and cost > 0 else None,
    )
