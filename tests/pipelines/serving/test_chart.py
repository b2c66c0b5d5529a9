"""Bars stay inside their frame and stand for their numbers."""

from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from pipelines.serving.web.chart import HEIGHT, WIDTH, month_bars

CENTS = st.none() | st.integers(-(10**12), 10**12)


@given(st.lists(st.tuples(CENTS, CENTS, CENTS), max_size=24))
def test_no_bar_leaves_the_frame(
    values: list[tuple[int | None, int | None, int | None]],
) -> None:
    months = [
        {
            "month_start": date(2026, 1, 1),
            "plan_cents": plan,
            "actual_cents": actual,
            "forecast_p10_cents": top,
            "forecast_p50_cents": top,
            "forecast_p90_cents": top,
            "is_partial": False,
        }
        for plan, actual, top in values
    ]
    for bar in month_bars(months):
        assert bar.x >= 0
        assert bar.x + bar.width <= WIDTH + 0.1
        assert 0 <= bar.plan_y <= HEIGHT
        assert 0 <= bar.actual_y <= HEIGHT
        assert bar.plan_height >= 0


def test_a_bar_half_as_much_is_half_as_high() -> None:
    month = {
        "month_start": date(2026, 1, 1),
        "plan_cents": 200,
        "actual_cents": 100,
        "forecast_p10_cents": None,
        "forecast_p50_cents": None,
        "forecast_p90_cents": None,
        "is_partial": True,
    }
    (bar,) = month_bars([month])
    assert bar.plan_height == 2 * bar.actual_height
    assert bar.high_y is None
