"""How large a demo company is, and the days its story turns on."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from data_contracts.errors import PolicyError

DEMO_SEED: Final = 76  # any other would do
PLAN_YEAR: Final = 2026  # of the policy's launch; every size has its history before
FISCAL_FIRST_MONTH: Final = 2  # the demo's fiscal year starts on 1 February


@dataclass(frozen=True, slots=True)
class Size:
    """One size of company; counts are those of the night before the plan year."""

    name: str
    seats_count: int  # AE seats
    accounts_count: int
    history_years: int
    regions_count: int
    growth_year: float  # of AE seats, until the plan year
    unqualified_share: float  # of opportunities that never qualify; assumption
    potential_scale: tuple[float, float, float]  # by segment; brings reps to 80 %
    deal_scale: tuple[float, float, float]  # of the norm's median; as many fewer
    has_edits: bool  # records are completed after they were opened
    is_calm: bool  # only scripted events from shortly before the plan year on
    has_inquiries: bool = False  # each is an opportunity; one a month and account


SIZES: Final = {
    size.name: size
    for size in (
        Size(
            "tiny", 14, 600, 2, 2, 0.20, 0.15, (1.20, 1.05, 1.80), (1.0, 1.0, 1.0),
            has_edits=False, is_calm=True,
        ),
        Size(
            "small", 25, 5_000, 3, 3, 0.20, 0.35, (0.88, 0.88, 0.80), (0.85, 1.0, 1.65),
            has_edits=True, is_calm=False,
        ),
        Size(
            "medium", 150, 40_000, 3, 3, 0.20, 0.60, (1.06, 1.07, 0.84),
            (0.85, 1.0, 1.65), has_edits=True, is_calm=False,
        ),
        Size(
            "large", 1_000, 250_000, 5, 3, 0.20, 0.90, (1.06, 1.07, 0.84),
            (0.85, 1.0, 1.65), has_edits=True, is_calm=False, has_inquiries=True,
        ),
        Size(
            "huge", 10_000, 2_000_000, 5, 3, 0.20, 0.90, (1.06, 1.07, 0.84),
            (0.85, 1.0, 1.65), has_edits=True, is_calm=False, has_inquiries=True,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class DemoDates:
    """The nights and days a demo script asks for by name."""

    first_day: date  # first day of history
    plan_year_start: date  # first day of the first planned fiscal year
    first_night: date  # the evening before it: the first plan is made from this
    left_on: date  # last working day of the rep who leaves
    leaver_night: date  # HR knows of it
    launch_planned_on: date  # the day the new product should have been sold from
    after_leaver_night: date  # the leaver and the slipped launch are both visible


def size_named(name: str) -> Size:
    """Return a size by its name.

    Raises
    ------
    PolicyError
        If there is no such size.
    """
    if name not in SIZES:
        raise PolicyError(
            f"demo size {name!r} does not exist",
            fix=f"choose one of {', '.join(SIZES)}",
        )
    return SIZES[name]


def demo_dates(*, size: str = "tiny", first_day: date | None = None) -> DemoDates:
    """Return the dates of the story: when to plan, who leaves when, what slips.

    Parameters
    ----------
    size : str, default "tiny"
        Name of the company's size; it decides the years of history.
    first_day : date, optional
        First day of history, taken to the first of its month; by default the one
        that makes the plan year start on 2026-02-01, as policies/demo.yaml expects.

    Returns
    -------
    DemoDates
        Dates in order. The plan year starts on the first 1 February that leaves
        the size's years of history before it.

    Raises
    ------
    PolicyError
        If there is no such size.

    Examples
    --------
    >>> days = demo_dates()
    >>> days.first_night.isoformat(), days.leaver_night.isoformat()
    ('2026-01-31', '2026-05-18')
    """
    years = size_named(size).history_years
    if first_day is None:
        first_day = date(PLAN_YEAR - years, FISCAL_FIRST_MONTH, 1)
    start = date(first_day.year + years, FISCAL_FIRST_MONTH, 1)
    if (first_day.month, first_day.day) > (FISCAL_FIRST_MONTH, 1):
        start = start.replace(year=start.year + 1)
    left = date(start.year, 5, 15)
    left -= timedelta(days=max(0, left.weekday() - 4))  # a Friday when on a weekend
    return DemoDates(
        first_day=first_day.replace(day=1),
        plan_year_start=start,
        first_night=start - timedelta(days=1),
        left_on=left,
        leaver_night=left + timedelta(days=3),
        launch_planned_on=date(start.year, 5, 1),
        after_leaver_night=date(start.year, 6, 5),
    )
