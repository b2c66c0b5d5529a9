"""Fiscal days against AdventureWorks' year, which starts in July."""

from datetime import date, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from data_contracts.calendar import FiscalCalendar


def test_june_2020_is_the_last_quarter_of_fiscal_2020() -> None:
    day = FiscalCalendar(7).day(date(2020, 6, 1))
    assert (day.fiscal_year, day.fiscal_quarter, day.fiscal_period) == (2020, 4, 12)
    assert (day.quarter_start, day.quarter_end) == (date(2020, 4, 1), date(2020, 6, 30))


@given(st.integers(1, 12), st.dates(date(1990, 1, 1), date(2090, 1, 1)))
def test_every_day_lies_inside_its_own_periods(start: int, day: date) -> None:
    fiscal = FiscalCalendar(start).day(day)
    assert fiscal.year_start <= fiscal.quarter_start <= fiscal.month_start <= day
    assert day <= fiscal.month_end <= fiscal.quarter_end <= fiscal.year_end
    assert fiscal.year_end.year == fiscal.fiscal_year
    assert fiscal.fiscal_quarter == (fiscal.fiscal_period + 2) // 3


@given(st.integers(1, 12))
def test_years_meet_without_a_gap(start: int) -> None:
    days = [day.date_day for day in FiscalCalendar(start).days(2019, 2021)]
    assert len(days) == (days[-1] - days[0]).days + 1
    assert all(b - a == timedelta(days=1) for a, b in pairwise(days))
