"""Homes that lack things, or hold odd ones: what passed the door breaks no model."""

from datetime import date
from pathlib import Path

import company
import pytest
from homes import write_home
from oddities import odd_rows

from data_contracts.calendar import FiscalCalendar, Pattern, Weekday
from pipelines import warehouse

pytestmark = pytest.mark.slow


def broken(result: warehouse.BuildResult) -> list[str]:
    return [f"{node.name}: {node.message}" for node in result.nodes if not node.is_ok]


def test_a_home_without_any_row_builds_and_says_what_is_not_computed(
    tmp_path: Path,
) -> None:
    settings = write_home(
        tmp_path,
        as_of=date(2026, 6, 15),
        rows={
            "reference/segments": [
                {"segment_id": "all", "name": "All", "rank": 1, "is_default": True}
            ]
        },
    )
    assert broken(warehouse.build("", settings)) == []
    said = warehouse.read(
        settings,
        "select count(*) as told, count(why) as whys, bool_or(is_supplied) as any "
        "from quality.rpt_input_coverage",
    )
    assert said.row(0) == (20, 20, False)


def test_rows_as_odd_as_the_contracts_allow_break_nothing(tmp_path: Path) -> None:
    # blanks wherever a column may be blank, orphans, deletions, later and earlier ends
    rows = company.rows() | odd_rows(seed=7)
    # and in a fiscal year of weeks, as retail counts
    retail = FiscalCalendar(2, Pattern.WEEKS_454, Weekday.SUNDAY)
    settings = write_home(tmp_path, as_of=company.AS_OF, rows=rows, calendar=retail)
    assert broken(warehouse.build("", settings)) == []
    years = warehouse.read(
        settings,
        "select year_start, days_count from core.dim_fiscal_year "
        "where fiscal_year in (2024, 2025) order by 1",
    )
    assert years.rows() == [(date(2023, 1, 29), 371), (date(2024, 2, 4), 364)]
    # plans are made by months: each belongs to the quarter that holds its 15th, so that
    # plan and actuals of a quarter are those of the same three months
    uneven = warehouse.read(
        settings,
        "select fiscal_year, fiscal_quarter, count(*) as months, "
        "bool_and(month_start + 14 between quarter_start and quarter_end) as is_held "
        "from core.dim_fiscal_period "
        "where month_start between date '2023-05-01' and date '2027-10-01' "
        "group by 1, 2 having count(*) <> 3 or not is_held",
    )
    assert uneven.rows() == []
    apart = warehouse.read(
        settings,
        "select quarter_start, sum(bookings_cents) as booked from plan.fct_attainment "
        "group by 1 except all "
        "select quarter_start, sum(booked) from (select attained.quarter_start, "
        "attained.rep_id, coalesce(sum(amount_cents) filter (is_in_plan), 0) as booked "
        "from plan.fct_attainment as attained join core.dim_fiscal_period as months "
        "on attained.quarter_start = months.quarter_start left join core.fct_bookings "
        "as bookings on attained.rep_id = bookings.rep_id "
        "and bookings.booked_on between months.month_start and months.month_end "
        "group by 1, 2) group by 1",
    )
    assert apart.rows() == []
