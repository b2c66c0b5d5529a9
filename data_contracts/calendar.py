"""The company's fiscal calendar: any date to its year, quarter and period.

Periods are calendar months; a fiscal year is named after the calendar year it
ends in, as finance does.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta


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
    """One day and every fiscal period it belongs to; ends are inclusive."""

    date_day: date
    month_start: date
    month_end: date
    fiscal_year: int
    fiscal_quarter: int
    fiscal_period: int
    quarter_start: date
    quarter_end: date
    year_start: date
    year_end: date
    month_of_quarter: int


@dataclass(frozen=True, slots=True)
class FiscalCalendar:
    """A fiscal year of twelve calendar months.

    Parameters
    ----------
    start_month : int, 1 to 12
        Calendar month in which the fiscal year starts.

    Examples
    --------
    >>> FiscalCalendar(start_month=7).day(date(2020, 6, 1)).fiscal_year
    2020
    """

    start_month: int

    def __post_init__(self) -> None:
        if not 1 <= self.start_month <= 12:
            raise ValueError(f"start_month is {self.start_month}; give 1 to 12")

    def year_start(self, fiscal_year: int) -> date:
        """Return the first day of a fiscal year."""
        shift = 0 if self.start_month == 1 else 1
        return date(fiscal_year - shift, self.start_month, 1)

    def year_of(self, day: date) -> int:
        """Return the fiscal year a date belongs to."""
        later = self.start_month != 1 and day.month >= self.start_month
        return day.year + (1 if later else 0)

    def day(self, day: date) -> FiscalDay:
        """Return the fiscal periods of one date."""
        fiscal_year = self.year_of(day)
        year_start = self.year_start(fiscal_year)
        period = months_between(year_start, day)
        quarter_start = add_months(year_start, period // 3 * 3)
        one = timedelta(days=1)
        return FiscalDay(
            date_day=day,
            month_start=month_start(day),
            month_end=add_months(day, 1) - one,
            fiscal_year=fiscal_year,
            fiscal_quarter=period // 3 + 1,
            fiscal_period=period + 1,
            quarter_start=quarter_start,
            quarter_end=add_months(quarter_start, 3) - one,
            year_start=year_start,
            year_end=add_months(year_start, 12) - one,
            month_of_quarter=period % 3 + 1,
        )

    def days(self, first_year: int, last_year: int) -> Iterator[FiscalDay]:
        """Yield every day of the fiscal years given, both included."""
        day, end = self.year_start(first_year), self.year_start(last_year + 1)
        while day < end:
            yield self.day(day)
            day += timedelta(days=1)
