"""The company's fiscal calendar: any date to its year, quarter, period and week.

Periods are calendar months, or weeks by four and five (4-4-5, 4-5-4, 5-4-4) with a
53rd week every five or six years. Plans count in calendar months either way: a month
stands for the period that holds its 15th day.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

_ONE = timedelta(days=1)
_WEEK = timedelta(days=7)
_WEEKS_IN_QUARTER = 13


class Pattern(StrEnum):
    """What the twelve periods of a fiscal year are made of."""

    CALENDAR_MONTHS = "calendar_months"
    WEEKS_445 = "4-4-5"
    WEEKS_454 = "4-5-4"
    WEEKS_544 = "5-4-4"

    @property
    def weeks(self) -> tuple[int, ...]:
        """Weeks of a quarter's three periods; empty where periods are months."""
        if self is Pattern.CALENDAR_MONTHS:
            return ()
        return tuple(int(part) for part in self.split("-"))


class Weekday(StrEnum):
    """A day of the week, Monday first as in ISO 8601."""

    MONDAY = "monday"
    TUESDAY = "tuesday"
    WEDNESDAY = "wednesday"
    THURSDAY = "thursday"
    FRIDAY = "friday"
    SATURDAY = "saturday"
    SUNDAY = "sunday"


class YearEnd(StrEnum):
    """Which end of a week ends a fiscal year of whole weeks."""

    LAST = "last"  # the last one in the month before the start month
    NEAREST = "nearest"  # the one nearest to that month's end


class NamedAfter(StrEnum):
    """Which of its two calendar years a fiscal year is named after."""

    END = "end"
    START = "start"


def month_start(day: date) -> date:
    """Return the first day of the month of `day`."""
    return day.replace(day=1)


def add_months(day: date, count: int) -> date:
    """Return the first day of the month `count` months after that of `day`.

    Examples
    --------
    >>> add_months(date(2026, 11, 30), 3)
    datetime.date(2027, 2, 1)
    """
    years, month = divmod(day.year * 12 + day.month - 1 + count, 12)
    return date(years, month + 1, 1)


def months_between(first: date, last: date) -> int:
    """Count whole months from the month of `first` to the month of `last`."""
    return (last.year - first.year) * 12 + last.month - first.month


def months(first: date, count: int) -> list[date]:
    """List `count` month starts from the month of `first`."""
    return [add_months(first, step) for step in range(count)]


@dataclass(frozen=True, slots=True)
class FiscalDay:
    """One day and every fiscal period it belongs to; ends are inclusive.

    ``month_start`` and ``month_end`` are those of the calendar month whatever the
    pattern. ``fiscal_week`` counts the weeks of the fiscal year in which the week ends.
    """

    date_day: date
    month_start: date
    month_end: date
    fiscal_year: int
    fiscal_quarter: int
    fiscal_period: int
    fiscal_week: int
    week_start: date
    week_end: date
    period_start: date
    period_end: date
    quarter_start: date
    quarter_end: date
    year_start: date
    year_end: date
    month_of_quarter: int


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """A fiscal year of twelve calendar months, or of 52 or 53 whole weeks.

    Parameters
    ----------
    start_month : int, 1 to 12
        Calendar month in which, or about whose start, the fiscal year starts.
    pattern : Pattern, default calendar months
        What the twelve periods are made of.
    week_starts_on : Weekday, default Monday
        First day of every week.
    year_ends : YearEnd, default nearest
        Which end of a week closes a year of whole weeks.
    extra_week_in_quarter : int, 1 to 4, default 4
        Quarter whose last period holds the 53rd week.
    named_after : NamedAfter, default end
        Calendar year whose number the fiscal year takes, that of its end or its start.

    Notes
    -----
    The 52-53-week year of 26 CFR 1.441-2 ends on the same weekday each year, either
    the last in a month or the nearest to the month's end. Retail's 4-5-4 calendar (US
    National Retail Federation) is ``start_month=2, 4-5-4, sunday, nearest, start``.

    Examples
    --------
    >>> FiscalCalendar(start_month=7).day(date(2020, 6, 1)).fiscal_year
    2020
    >>> retail = FiscalCalendar(2, Pattern.WEEKS_454, Weekday.SUNDAY)
    >>> retail.year_start(2024)
    datetime.date(2023, 1, 29)
    """

    start_month: int
    pattern: Pattern = Pattern.CALENDAR_MONTHS
    week_starts_on: Weekday = Weekday.MONDAY
    year_ends: YearEnd = YearEnd.NEAREST
    extra_week_in_quarter: int = 4
    named_after: NamedAfter = NamedAfter.END

    def __post_init__(self) -> None:
        if not 1 <= self.start_month <= 12:
            raise ValueError(f"start_month is {self.start_month}; give 1 to 12")
        if not 1 <= self.extra_week_in_quarter <= 4:
            raise ValueError(
                f"extra_week_in_quarter is {self.extra_week_in_quarter}; give 1 to 4"
            )

    def year_months(self, fiscal_year: int) -> list[date]:
        """List the twelve calendar months that stand for a fiscal year's periods."""
        is_same = self.start_month == 1 or self.named_after is NamedAfter.START
        return months(date(fiscal_year - (not is_same), self.start_month, 1), 12)

    def year_start(self, fiscal_year: int) -> date:
        """Return the first day of a fiscal year."""
        first = self.year_months(fiscal_year)[0]
        if self.pattern is Pattern.CALENDAR_MONTHS:
            return first
        before = self.week_start(first)
        is_far = self.year_ends is YearEnd.NEAREST and (first - before).days > 3
        return before + _WEEK if is_far else before

    def year_of(self, day: date) -> int:
        """Return the fiscal year a date belongs to."""
        guess = day.year + 1
        while self.year_start(guess) > day:
            guess -= 1
        return guess

    def week_start(self, day: date) -> date:
        """Return the first day of the week of a date."""
        first = list(Weekday).index(self.week_starts_on)
        return day - timedelta(days=(day.weekday() - first) % 7)

    def day(self, day: date) -> FiscalDay:
        """Return the fiscal periods of one date."""
        return self._day(day, self.year_of(day))

    def month(self, day: date) -> FiscalDay:
        """Return the periods that the calendar month of a date stands for."""
        return self.day(day.replace(day=15))

    def days(self, first_year: int, last_year: int) -> Iterator[FiscalDay]:
        """Yield every day of the fiscal years given, out to whole calendar months."""
        day = month_start(self.year_start(first_year))
        end = self.year_start(last_year + 1)
        if end.day > 1:
            end = add_months(end, 1)
        year = self.year_of(day)
        while day < end:
            if day >= self.year_start(year + 1):
                year += 1
            yield self._day(day, year)
            day += _ONE

    def _day(self, day: date, year: int) -> FiscalDay:
        year_start, next_year = self.year_start(year), self.year_start(year + 1)
        bounds = self._period_starts(year_start, next_year)
        period = sum(bound <= day for bound in bounds) - 1
        first = period // 3 * 3
        bounds.append(next_year)
        week = self.week_start(day)
        last_of_week = week + _WEEK - _ONE
        counted_from = next_year if last_of_week >= next_year else year_start
        return FiscalDay(
            date_day=day,
            month_start=month_start(day),
            month_end=add_months(day, 1) - _ONE,
            fiscal_year=year,
            fiscal_quarter=period // 3 + 1,
            fiscal_period=period + 1,
            fiscal_week=(week - self.week_start(counted_from)).days // 7 + 1,
            week_start=week,
            week_end=last_of_week,
            period_start=bounds[period],
            period_end=bounds[period + 1] - _ONE,
            quarter_start=bounds[first],
            quarter_end=bounds[first + 3] - _ONE,
            year_start=year_start,
            year_end=next_year - _ONE,
            month_of_quarter=period % 3 + 1,
        )

    def _period_starts(self, year_start: date, next_year: date) -> list[date]:
        if self.pattern is Pattern.CALENDAR_MONTHS:
            return months(year_start, 12)
        weeks = list(self.pattern.weeks) * 4
        if next_year - year_start > 4 * _WEEKS_IN_QUARTER * _WEEK:
            weeks[self.extra_week_in_quarter * 3 - 1] += 1
        return [year_start + sum(weeks[:period]) * _WEEK for period in range(12)]
