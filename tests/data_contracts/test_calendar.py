"""Fiscal days against calendars that companies and a trade body have published."""

from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

import data_contracts
from data_contracts.calendar import (
    FiscalCalendar,
    NamedAfter,
    Pattern,
    Weekday,
    YearEnd,
)
from data_contracts.policy import CompanyPolicy

# US National Retail Federation, 4-5-4 calendar
RETAIL = FiscalCalendar(
    2, Pattern.WEEKS_454, Weekday.SUNDAY, named_after=NamedAfter.START
)
# Apple Inc., form 10-K: 52 or 53 weeks that end on the last Saturday of September,
# the extra week in the first quarter
APPLE = FiscalCalendar(
    10,
    Pattern.WEEKS_445,
    Weekday.SUNDAY,
    YearEnd.LAST,
    extra_week_in_quarter=1,
)
CALENDARS = st.builds(
    FiscalCalendar,
    st.integers(1, 12),
    st.sampled_from(Pattern),
    st.sampled_from(Weekday),
    st.sampled_from(YearEnd),
    st.integers(1, 4),
    st.sampled_from(NamedAfter),
)
DAYS = st.dates(date(1990, 1, 1), date(2090, 1, 1))


def test_june_2020_is_the_last_quarter_of_fiscal_2020() -> None:
    # AdventureWorks' year starts in July
    day = FiscalCalendar(7).day(date(2020, 6, 1))
    assert (day.fiscal_year, day.fiscal_quarter, day.fiscal_period) == (2020, 4, 12)
    assert (day.quarter_start, day.quarter_end) == (date(2020, 4, 1), date(2020, 6, 30))


def test_retail_s_2023_has_the_periods_the_federation_published() -> None:
    starts = {day.period_start for day in RETAIL.days(2023, 2023)}
    published = [
        *((1, 29), (2, 26), (4, 2), (4, 30), (5, 28), (7, 2)),
        *((7, 30), (8, 27), (10, 1), (10, 29), (11, 26), (12, 31)),
    ]
    assert sorted(start for start in starts if date(2023, 1, 29) <= start)[:12] == [
        date(2023, month, day) for month, day in published
    ]


@pytest.mark.parametrize(
    ("year", "first", "last", "weeks"),
    [
        (2012, date(2012, 1, 29), date(2013, 2, 2), 53),
        (2016, date(2016, 1, 31), date(2017, 1, 28), 52),
        (2017, date(2017, 1, 29), date(2018, 2, 3), 53),
        (2022, date(2022, 1, 30), date(2023, 1, 28), 52),
        (2023, date(2023, 1, 29), date(2024, 2, 3), 53),
        (2024, date(2024, 2, 4), date(2025, 2, 1), 52),
    ],
)
def test_retail_years_start_and_end_as_published(
    year: int, first: date, last: date, weeks: int
) -> None:
    end = RETAIL.day(last)
    assert (end.fiscal_year, end.year_start, end.year_end) == (year, first, last)
    assert end.fiscal_week == weeks


def test_apple_s_53_weeks_of_2023_are_those_of_its_reports() -> None:
    # quarters ended on 31 December, 1 April, 1 July and 30 September
    ends = sorted({day.quarter_end for day in APPLE.days(2023, 2023)})
    assert [end for end in ends if date(2022, 9, 24) < end <= date(2023, 9, 30)] == [
        date(2022, 12, 31),
        date(2023, 4, 1),
        date(2023, 7, 1),
        date(2023, 9, 30),
    ]
    assert APPLE.day(date(2022, 9, 24)).year_end == date(2022, 9, 24)


@given(CALENDARS, DAYS)
@settings(deadline=None)
def test_every_day_lies_inside_its_own_periods(
    calendar: FiscalCalendar, day: date
) -> None:
    fiscal = calendar.day(day)
    assert fiscal.year_start <= fiscal.quarter_start <= fiscal.period_start <= day
    assert day <= fiscal.period_end <= fiscal.quarter_end <= fiscal.year_end
    assert fiscal.month_start <= day <= fiscal.month_end
    assert fiscal.week_start <= day <= fiscal.week_end
    assert fiscal.fiscal_quarter == (fiscal.fiscal_period + 2) // 3
    assert 1 <= fiscal.fiscal_week <= 54


@given(CALENDARS, DAYS)
@settings(deadline=None)
def test_a_calendar_month_stands_for_one_period_of_its_own(
    calendar: FiscalCalendar, day: date
) -> None:
    year = calendar.month(day).fiscal_year
    stood_for = [calendar.month(month) for month in calendar.year_months(year)]
    assert [month.fiscal_period for month in stood_for] == list(range(1, 13))
    assert {month.fiscal_year for month in stood_for} == {year}


@pytest.mark.slow
@given(CALENDARS)
@settings(max_examples=25, deadline=None)
def test_years_meet_without_a_gap(calendar: FiscalCalendar) -> None:
    days = [day.date_day for day in calendar.days(2019, 2021)]
    assert days[0].day == 1
    assert (days[-1] + timedelta(days=1)).day == 1
    assert all(b - a == timedelta(days=1) for a, b in pairwise(days))


def test_months_and_quarters_that_no_year_has_are_refused() -> None:
    with pytest.raises(ValueError, match="start_month is 13"):
        FiscalCalendar(13)
    with pytest.raises(ValueError, match="extra_week_in_quarter is 5"):
        FiscalCalendar(1, extra_week_in_quarter=5)


def test_the_policy_s_calendar_is_the_one_it_describes() -> None:
    template = Path(data_contracts.__file__).parent / "policies" / "template.yaml"
    values = yaml.safe_load(template.read_text("utf-8"))
    values["calendar"] = {
        "fiscal_year_start_month": 2,
        "pattern": "4-5-4",
        "week_starts_on": "sunday",
        "year_named_after": "start",
    }
    assert CompanyPolicy.model_validate(values).fiscal == RETAIL
