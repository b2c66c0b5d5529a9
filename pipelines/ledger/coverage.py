"""A version stands alone: complete from its first day to its last, nothing twice."""

from collections.abc import Mapping
from datetime import date

import polars as pl

from data_contracts.calendar import add_months, month_start, months_between
from data_contracts.errors import LedgerError

COMPLETE_BY_MONTH = ("target", "capacity", "quota", "compensation")
"""Components that, where they have lines, need one for every month."""


def check_period(
    content: Mapping[str, pl.DataFrame], *, effective_from: date, effective_to: date
) -> None:
    """Hold a plan to the period it claims to govern.

    Parameters
    ----------
    content : mapping of component name to frame
        In canonical form.
    effective_from, effective_to : date
        First and last day the version governs.

    Raises
    ------
    LedgerError
        If a line lies outside the period; a month of the period is missing from
        a component that has lines; or an account is owned twice, or by nobody,
        on a day of the period.
    """
    if effective_from > effective_to:
        raise LedgerError(
            f"the plan would hold from {effective_from} to {effective_to}, backwards",
            fix="let effective_from come before effective_to",
        )
    for component, frame in content.items():
        if "month_start" in frame.columns and frame.height:
            _check_months(component, frame, effective_from, effective_to)
    _check_owners(content["assignment"], effective_from, effective_to)


def _check_months(component: str, frame: pl.DataFrame, start: date, end: date) -> None:
    present = set(frame.get_column("month_start").unique().to_list())
    first = month_start(start)
    possible = [add_months(first, n) for n in range(months_between(first, end) + 1)]
    for strange in sorted(present.difference(possible)):
        raise LedgerError(
            f"{component} has lines of month {strange}, outside {start} to {end}",
            fix="a version holds whole months of its own period only",
        )
    if component not in COMPLETE_BY_MONTH:
        return
    # a plan that starts within a month governs from the next one on
    for month in possible:
        if month >= start and month not in present:
            raise LedgerError(
                f"{component} has no line for {month}, between {start} and {end}",
                fix="plan every month to the end of the fiscal year; a version "
                "stands alone and borrows nothing from its parent",
            )


def _check_owners(spells: pl.DataFrame, start: date, end: date) -> None:
    if spells.is_empty():
        return
    by_account = spells.sort("account_id", "valid_from").with_columns(
        is_first=pl.col("account_id") != pl.col("account_id").shift(1, fill_value=""),
        is_last=pl.col("account_id") != pl.col("account_id").shift(-1, fill_value=""),
        next_from=pl.col("valid_from").shift(-1),
    )
    until = pl.col("valid_to").fill_null(end)
    faults = {
        "has no owner": pl.col("rep_id").is_null(),
        "ends before it begins": until < pl.col("valid_from"),
        f"is owned by nobody on {start}": pl.col("is_first")
        & (pl.col("valid_from") > start),
        f"is owned before {start}, when another version governs": pl.col("valid_from")
        < start,
        f"is owned by nobody on {end}": pl.col("is_last") & (until < end),
        f"is owned after {end}, when the version ends": until > end,
        "is owned twice on a day": ~pl.col("is_last")
        & (pl.col("valid_to").is_null() | (pl.col("next_from") <= until)),
        "is owned by nobody between two spells": ~pl.col("is_last")
        & (pl.col("next_from") > until.dt.offset_by("1d")),
    }
    for fault, is_faulty in faults.items():
        for account, day in (
            by_account.filter(is_faulty)
            .select("account_id", "valid_from")
            .head(1)
            .iter_rows()
        ):
            raise LedgerError(
                f"account {account} {fault} (spell from {day})",
                fix=f"give every account one owner for each day from {start} to "
                f"{end}; valid_to is the last day, null to the end",
            )
