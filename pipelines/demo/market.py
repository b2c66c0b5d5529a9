"""Accounts as they arrive: place, size, industry, fit, potential and a seat."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.columns import Columns
from pipelines.demo.months import SECONDS_A_DAY, Months
from pipelines.demo.places import Places
from pipelines.demo.sizes import Size
from pipelines.demo.staff import AE, CUSTOMERS_A_CSM, REGION_SHARE, Staff

PRESENT_SHARE = 0.75  # of the accounts of the first night are there from day one
POTENTIAL_SIGMA = 0.75  # of log potential, what nobody can see; assumption
CHILD_SHARE: Final = 0.12  # of mid-market and enterprise accounts; assumption
TAIL_SHARE, TAIL_INDEX = 0.05, 1.8  # a Pareto tail on top: a few whales; assumption


@dataclass
class Market:
    """Accounts and their moves between seats."""

    accounts: Columns = field(
        default_factory=lambda: Columns(
            created="i8", segment="i1", region="i1", city="i4", industry="i1",
            employees="i4", revenue_cents="i8", fit="f8", potential_cents="i8",
            seat="i4", first_seat="i4", first_segment="i1", csm_seat="i4",
            open_count="i2", customer_from="i4", parent="i4",
        )
    )  # fmt: skip
    moves: Columns = field(
        default_factory=lambda: Columns(account="i4", day="i4", seat="i4")
    )
    reclassed: Columns = field(
        default_factory=lambda: Columns(account="i4", day="i4", segment="i1")
    )

    def move(
        self, account: NDArray[np.int64], seat: NDArray[np.int64] | int, day: int
    ) -> None:
        """Give accounts to other seats on a day."""
        self.accounts["seat"][account] = seat
        self.moves.add(len(account), account=account, day=day, seat=seat)


class Arrivals:
    """Adds the accounts of each month and gives books to new seats.

    Parameters
    ----------
    size : Size
        Accounts on the first planning night; arrivals go on at the same pace.
    staff : Staff
        Seats that own accounts.
    places : Places
        Cities accounts are in, drawn by population.
    months : Months
        Months of the simulation.
    seed : int
        Seed of the company.
    plan_month : int
        Place of the first planned month.
    """

    def __init__(
        self,
        size: Size,
        staff: Staff,
        places: Places,
        months: Months,
        *,
        seed: int,
        plan_month: int,
    ) -> None:
        self.size, self.staff, self.places, self.months = size, staff, places, months
        self.seed = seed
        self.market = Market()
        present = round(size.accounts_count * PRESENT_SHARE)
        self._pace = (size.accounts_count - present) / plan_month
        first = int(months.start[0])
        generator = streams.stream(seed, "first accounts")
        age = generator.exponential(700.0, present).clip(1, 2_500)
        self._add(present, np.sort(first - age).astype(np.int64), first, generator)

    def step(self, month: int) -> None:
        """Let the month's accounts arrive and hand books to the seats it opens."""
        first, last = int(self.months.start[month]), int(self.months.start[month + 1])
        generator = streams.stream(self.seed, "accounts", month)
        count = int(self._pace * (month + 1)) - int(self._pace * month)
        days = np.sort(generator.integers(first, last, count))
        starts = self.staff.seats["target_start"]
        is_ae = self.staff.seats["role"] == AE
        self._carve(np.flatnonzero(is_ae & (starts == first)), first, generator)
        self._add(count, days, first, generator)

    def _add(
        self,
        count: int,
        day: NDArray[np.int64],
        known: int,
        generator: np.random.Generator,
    ) -> None:
        share = norms.by_segment("account_share")
        segment = generator.choice(len(share), size=count, p=share / share.sum())
        weight = np.array((0.5, 0.5) if self.size.regions_count == 2 else REGION_SHARE)
        region = generator.choice(len(weight), size=count, p=weight)
        industry = generator.choice(
            len(norms.INDUSTRIES), size=count, p=norms.INDUSTRY_SHARE
        )
        city = np.zeros(count, dtype=np.int64)
        for index in range(len(weight)):
            here = np.flatnonzero(region == index)
            name = norms.REGIONS[index]
            city[here] = self.places.draw(name, len(here), generator)
        employees = _employees(segment, generator)
        spread = generator.normal(size=(count, 2))
        revenue = employees * 18_000_000 * np.exp(0.5 * spread[:, 0])
        fit = _fit(segment, industry, employees)
        median = norms.by_segment("deal_median_cents")[segment]
        tail = np.where(
            generator.random(count) < TAIL_SHARE,
            1 + generator.pareto(TAIL_INDEX, count).clip(0, 15),
            1.0,
        )
        median = median * np.array(self.size.potential_scale)[segment]
        median = median * np.array(self.size.deal_scale)[segment]
        potential = median * 2.0 * np.exp(fit + POTENTIAL_SIGMA * spread[:, 1]) * tail
        seat = self.book_of(segment, region, known, generator)
        second = generator.integers(28_800, 64_800, count)
        self.market.accounts.add(
            count, created=day * SECONDS_A_DAY + second,
            segment=segment, region=region, city=city, industry=industry,
            employees=employees, revenue_cents=np.floor(revenue / 100_000) * 100_000,
            fit=fit, potential_cents=potential.astype(np.int64), seat=seat,
            first_seat=seat, first_segment=segment, csm_seat=self._csm_of(region),
            open_count=0, customer_from=-1, parent=self._parents(segment),
        )  # fmt: skip

    def book_of(
        self,
        segment: NDArray[np.int64],
        region: NDArray[np.int64],
        known: int,
        generator: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Draw a seat of the account's segment and region that is already open."""
        seats = self.staff.seats
        is_open = (seats["role"] == AE) & (seats["target_start"] <= known)
        seat = np.zeros(len(segment), dtype=np.int64)
        for s, r in {*zip(segment.tolist(), region.tolist(), strict=True)}:
            choices = np.flatnonzero(
                is_open & (seats["segment"] == s) & (seats["region"] == r)
            )
            rows = np.flatnonzero((segment == s) & (region == r))
            seat[rows] = choices[generator.integers(0, len(choices), len(rows))]
        return seat

    def _parents(self, segment: NDArray[np.int64]) -> NDArray[np.int64]:
        """Hang some larger accounts below an enterprise that was there before."""
        known = self.market.accounts
        row = np.arange(len(segment)) + len(known)
        if self.size.is_calm:
            return np.full(len(segment), -1)
        draw = streams.uniform_of(self.seed, "family", row)
        is_child = (segment > 0) & (draw < CHILD_SHARE)
        largest = len(norms.SEGMENTS) - 1
        before = (known["segment"] == largest) & (known["parent"] < 0)
        new = (segment == largest) & ~is_child  # families are flat
        heads = np.concatenate([np.flatnonzero(before), row[new]])
        count = np.searchsorted(heads, row)
        is_child &= count > 0
        if not is_child.any():
            return np.full(len(segment), -1)
        head = heads[(draw / CHILD_SHARE * count).astype(np.int64) % len(heads)]
        return np.where(is_child, head, -1)

    def _csm_of(self, region: NDArray[np.int64]) -> NDArray[np.int64]:
        """Spread accounts evenly over the CSM seats of their region."""
        seats = self.staff.seats
        is_csm = seats["role"] == AE + 2
        row = np.arange(len(region)) + len(self.market.accounts)
        found = np.zeros(len(region), dtype=np.int64)
        for index in np.unique(region):
            choices = np.flatnonzero(is_csm & (seats["region"] == index))
            here = np.flatnonzero(region == index)
            found[here] = choices[row[here] // CUSTOMERS_A_CSM % len(choices)]
        return found

    def _carve(
        self, opened: NDArray[np.int64], day: int, generator: np.random.Generator
    ) -> None:
        """Give each new seat an even share of its colleagues' accounts."""
        seats, accounts = self.staff.seats, self.market.accounts
        for seat in opened.tolist():
            like = (
                (seats["segment"] == seats["segment"][seat])
                & (seats["region"] == seats["region"][seat])
                & (seats["target_start"] <= day)
                & (seats["role"] == AE)
            )
            rows = np.flatnonzero(like[accounts["seat"]])
            taken = rows[generator.random(len(rows)) < 1.0 / like.sum()]
            self.market.move(taken, seat, day)


def _employees(
    segment: NDArray[np.int64], generator: np.random.Generator
) -> NDArray[np.int64]:
    """Draw sizes inside each segment's bounds: many small, few large (Pareto)."""
    low = norms.by_segment("min_employees")[segment]
    high = norms.by_segment("max_employees")[segment] + 1
    index = 1.06  # A: Axtell, "Zipf Distribution of U.S. Firm Sizes", Science 2001
    share = generator.random(len(segment)) * (1 - (low / high) ** index)
    size: NDArray[np.float64] = np.floor(low * (1 - share) ** (-1 / index))
    return size.astype(np.int64)


def _fit(
    segment: NDArray[Any], industry: NDArray[Any], employees: NDArray[Any]
) -> NDArray[np.float64]:
    """Score how well an account fits: what can be seen of its log potential."""
    low = norms.by_segment("min_employees")[segment]
    by_size = 0.30 * np.log(employees / (1.6 * low))
    fit: NDArray[np.float64] = np.array(norms.INDUSTRY_FIT)[industry] + by_size
    return fit
