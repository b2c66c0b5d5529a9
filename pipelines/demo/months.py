"""Months of the simulation as arrays of day numbers; a day is days since 1970."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

NEVER = 2**30  # a day far past every simulation
SECONDS_A_DAY = 86_400
DAYS_A_MONTH = 30.4375


def day_number(day: date) -> int:
    """Return days since 1970-01-01.

    Examples
    --------
    >>> day_number(date(1970, 2, 1))
    31
    """
    return (day - date(1970, 1, 1)).days


@dataclass(frozen=True, slots=True)
class Months:
    """The months from the first of history to the one `as_of` lies in."""

    start: NDArray[np.int64]  # (n + 1,) first day of each month, and of the next one
    quarter_month: NDArray[np.int64]  # (n,) 0, 1, 2 within the fiscal quarter
    fiscal_quarter: NDArray[np.int64]  # (n,) 0 to 3
    fiscal_year: NDArray[np.int64]  # (n,) calendar year the fiscal year starts in

    def __len__(self) -> int:
        return len(self.quarter_month)

    def of(self, day: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the month index of each day; -1 before, n after the simulation."""
        return np.searchsorted(self.start, day, side="right") - 1


def months_between(first: date, last: date, *, fiscal_first_month: int) -> Months:
    """List the calendar months that touch two days.

    Parameters
    ----------
    first, last : date
        Any day of the first and of the last month.
    fiscal_first_month : int, 1 to 12
        Calendar month a fiscal year starts with.

    Returns
    -------
    Months
        In order, without gaps.

    Examples
    --------
    >>> first, last = date(2024, 1, 9), date(2024, 3, 1)
    >>> listed = months_between(first, last, fiscal_first_month=2)
    >>> len(listed), listed.fiscal_quarter.tolist()
    (3, [3, 0, 0])
    """
    span = np.arange(
        np.datetime64(first, "M"), np.datetime64(last, "M") + np.timedelta64(2, "M")
    )
    ordinal = span[:-1].astype(np.int64) - (fiscal_first_month - 1)
    return Months(
        start=span.astype("datetime64[D]").astype(np.int64),
        quarter_month=ordinal % 3,
        fiscal_quarter=ordinal % 12 // 3,
        fiscal_year=1970 + ordinal // 12,
    )


def add_months(
    day: NDArray[np.int64], count: NDArray[np.int64] | int
) -> NDArray[np.int64]:
    """Move days by whole months, keeping the day of the month.

    Parameters
    ----------
    day : (n,) int64, day numbers
        Days no later than the 28th of their month.
    count : (n,) int64 or int
        Months to add.

    Returns
    -------
    (n,) int64
        Day numbers with the same day of the month.

    Examples
    --------
    >>> moved = add_months(np.array([day_number(date(2025, 11, 28))]), 3)
    >>> moved.astype("datetime64[D]").item()
    datetime.date(2026, 2, 28)
    """
    month, offset = split_day(day)
    moved = (month + count).astype("datetime64[M]").astype("datetime64[D]")
    return moved.astype(np.int64) + offset


def split_day(
    day: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Split days into months since 1970-01 and days since the month's first."""
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    return month.astype(np.int64), day - month.astype("datetime64[D]").astype(np.int64)
