"""Run the company month by month, and hold everything that ever happened."""

from dataclasses import dataclass
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray

from data_contracts.calendar import add_months
from data_contracts.calendar import months_between as months_apart
from pipelines.demo import norms
from pipelines.demo.billing import Billing, Books
from pipelines.demo.happenings import Happenings
from pipelines.demo.hiring import Hiring
from pipelines.demo.market import Arrivals, Market
from pipelines.demo.months import Months, day_number, months_between
from pipelines.demo.places import Places, cities
from pipelines.demo.scenario import Scenario, usual_scenario
from pipelines.demo.selling import RENEWAL, WON, Deals, Selling
from pipelines.demo.sizes import (
    FISCAL_FIRST_MONTH,
    DemoDates,
    Size,
    demo_dates,
    size_named,
)
from pipelines.demo.staff import Staff
from pipelines.demo.storyline import Storyline

PRODUCTS: Final = (
    ("core", "Core"), ("insights", "Insights"), ("connect", "Connect"),
    ("mobile", "Mobile"),
)  # fmt: skip
LAUNCHED: Final = 3  # place of the product whose launch slips
LAUNCH_SLIPS_DAYS: Final = 170
WARM_UP_MONTHS: Final = 18  # lived before the first day, so that nothing starts empty


@dataclass(frozen=True)
class World:
    """A company's whole past, truth included, up to the end of a month."""

    size: Size
    seed: int
    dates: DemoDates
    months: Months
    places: Places
    staff: Staff
    market: Market
    deals: Deals
    books: Books
    scenario: Scenario
    happened: tuple[tuple[str, int, int], ...]  # event, day, person or -1


def live(
    *,
    size: str,
    seed: int,
    as_of: date,
    first_day: date | None = None,
    scenario: Scenario | None = None,
) -> World:
    """Simulate a company from its first day to the end of the month of `as_of`.

    Parameters
    ----------
    size : str
        Name of the size.
    seed : int
        Same seed, size and first day give the same past whatever `as_of` is.
    as_of : date
        Last night wanted.
    first_day : date, optional
        First day of history; by default that of `demo_dates`.
    scenario : Scenario, optional
        What happens; by default what the size does by itself.

    Returns
    -------
    World
        Nothing in it that happened by some night depends on what came later.
    """
    chosen, dates = size_named(size), demo_dates(size=size, first_day=first_day)
    scenario = usual_scenario(chosen) if scenario is None else scenario
    story = Storyline(scenario.events, dates)
    warm_up = add_months(dates.first_day, -WARM_UP_MONTHS)
    months = months_between(warm_up, as_of, fiscal_first_month=FISCAL_FIRST_MONTH)
    plan_day = day_number(dates.plan_year_start)
    plan_month = months_apart(warm_up, dates.plan_year_start)
    places = cities()
    hiring = Hiring(
        chosen, places, months, seed=seed, plan_day=plan_day,
        leavers=scenario.events.leavers,
    )  # fmt: skip
    arrivals = Arrivals(
        chosen, hiring.staff, places, months, seed=seed, plan_month=plan_month
    )
    selling = Selling(
        chosen, hiring.staff, arrivals.market, months, story=story, seed=seed
    )
    billing = Billing(selling, arrivals.market, months, seed=seed)
    score = _Score(hiring.staff, selling.deals, months)
    happenings = Happenings(story, hiring, arrivals, selling, months, seed=seed)
    for month in range(len(months)):
        hiring.step(month, score.attainment(month))
        happenings.people(month)
        moved = len(arrivals.market.moves)
        arrivals.step(month)
        happenings.accounts(month)
        selling.hand_over(
            int(months.start[month]), arrivals.market.moves["account"][moved:]
        )
        selling.prospect(month)
        closed = selling.close(month)
        score.add(month, closed)
        billing.step(month, closed)
    return World(
        chosen, seed, dates, months, places, hiring.staff, arrivals.market,
        selling.deals, billing.books, scenario, tuple(happenings.log),
    )  # fmt: skip


class _Score:
    """Bookings by person and month, for the hazard of leaving."""

    def __init__(self, staff: Staff, deals: Deals, months: Months) -> None:
        self._staff, self._deals, self._months = staff, deals, months
        self._booked: list[NDArray[np.float64]] = []

    def add(self, month: int, closed: NDArray[np.int64]) -> None:
        """Count what was won in the latest month."""
        del month
        rows = self._deals.rows
        counts = (rows["outcome"][closed] == WON) & (rows["kind"][closed] != RENEWAL)
        won = closed[counts]
        self._booked.append(
            np.bincount(
                rows["closer"][won], rows["amount_cents"][won], len(self._staff.people)
            ).astype(np.float64)
        )

    def attainment(self, month: int) -> NDArray[np.float64]:
        """Return bookings over quota of the six months before `month`; nan early on."""
        people = len(self._staff.people)
        total = np.full(people, np.nan)
        if month >= 6:
            total = np.zeros(people)
            for booked in self._booked[month - 6 : month]:
                total[: len(booked)] += booked
        quota = norms.by_segment("quota_cents")
        segment = self._staff.people["segment"]
        return total / np.where(segment >= 0, quota[segment] / 2, np.inf)
