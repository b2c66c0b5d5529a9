"""Bars of plan and actual by month as SVG geometry; the template only draws it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

WIDTH: Final = 720.0
HEIGHT: Final = 220.0
_FOOT: Final = 24.0  # room for month names


@dataclass(frozen=True, slots=True)
class Bar:
    """One month: x and width shared, heights from the foot, in SVG units."""

    label: str
    x: float
    width: float
    plan_y: float
    plan_height: float
    actual_y: float
    actual_height: float
    is_partial: bool
    low_y: float | None  # the forecast's 10th and 90th percentile
    high_y: float | None
    middle_y: float | None


def month_bars(months: Sequence[Mapping[str, Any]]) -> list[Bar]:
    """Return one bar for each month of `by_month`, scaled to the largest value.

    Examples
    --------
    >>> month_bars([])
    []
    """
    names = ("plan_cents", "actual_cents", "forecast_p90_cents")
    largest = max((m[name] or 0 for m in months for name in names), default=0) or 1
    step = WIDTH / max(len(months), 1)
    floor = HEIGHT - _FOOT

    def height(cents: float | None) -> float:
        return round(float(max(cents or 0, 0)) / float(largest) * (floor - 8), 1)

    def place(cents: float | None) -> float | None:
        return None if cents is None else floor - height(cents)

    return [
        Bar(
            label=f"{month['month_start']:%b}",
            x=round(at * step + step * 0.15, 1),
            width=round(step * 0.7, 1),
            plan_y=floor - height(month["plan_cents"]),
            plan_height=height(month["plan_cents"]),
            actual_y=floor - height(month["actual_cents"]),
            actual_height=height(month["actual_cents"]),
            is_partial=bool(month["is_partial"]),
            low_y=place(month["forecast_p10_cents"]),
            high_y=place(month["forecast_p90_cents"]),
            middle_y=place(month["forecast_p50_cents"]),
        )
        for at, month in enumerate(months)
    ]
