"""What sellers earn: salary and target, and commission with accelerators by quarter."""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import norms
from pipelines.demo.months import DAYS_A_MONTH, SECONDS_A_DAY, day_number
from pipelines.demo.selling import RENEWAL, WON
from pipelines.demo.staff import AE
from pipelines.demo.world import World

MERIT_SHARE: Final = 0.03  # of pay, each fiscal year; assumption
LEAST_QUOTA_SHARE: Final = 0.1  # of a full quarter; below it none is set; assumption


def yearly_pay(
    role: NDArray[np.int8], segment: NDArray[np.int8]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return base and target variable pay of jobs, cents a year, before rises."""
    is_seller = role == AE
    base = np.where(
        is_seller,
        norms.by_segment("base_cents")[segment],
        np.array(norms.BASE_PAY_CENTS)[role],
    )
    variable = np.where(
        is_seller,
        norms.by_segment("variable_cents")[segment],
        np.array(norms.VARIABLE_PAY_CENTS)[role],
    )
    return base, variable


def rises(
    world: World, person: NDArray[np.int64], day: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return how much pay has risen by a day: each fiscal year three in a hundred."""
    months = world.months
    is_turn = (months.fiscal_quarter == 0) & (months.quarter_month == 0)
    turn = months.start[:-1][is_turn]
    hired = world.staff.people["hired"][person].astype(np.int64)
    count = np.searchsorted(turn, day, side="right")
    count = count - np.searchsorted(turn, hired + 90, side="right")
    grown: NDArray[np.float64] = (1 + MERIT_SHARE) ** np.maximum(0, count)
    return grown


def payout_share(attainment: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what is earned at an attainment, as a share of target variable pay.

    Parameters
    ----------
    attainment : (n,) float, 1.0 = quota, >= 0

    Returns
    -------
    (n,) float, >= 0
        Each part of attainment pays the rate of its tier.

    Examples
    --------
    One and a half times quota: 1.0 at the base rate, a quarter at 1.5 times it and
    the last quarter at twice it.

    >>> payout_share(np.array([0.5, 1.0, 1.5])).tolist()
    [0.5, 1.0, 1.875]
    """
    paid = np.zeros(len(attainment))
    bounds = [start for start, _ in norms.ACCELERATORS]
    for (start, rate), end in zip(
        norms.ACCELERATORS, [*bounds[1:], np.inf], strict=True
    ):
        paid += rate * (np.minimum(attainment, end) - start).clip(0)
    return paid


@dataclass(frozen=True)
class Commissions:
    """Each seller's quarters: what was asked, sold and earned; arrays of one length."""

    person: NDArray[np.int64]
    start: NDArray[np.int64]  # first day of the fiscal quarter
    quota_cents: NDArray[np.int64]
    booked_cents: NDArray[np.int64]  # (n, 3) by month of the quarter
    target_cents: NDArray[np.int64]  # variable pay at quota
    paid_cents: NDArray[np.int64]  # (n, 3) earned in each month, accelerators in


def commissions(world: World, night: int) -> Commissions:
    """Work out every seller's commission of the quarters begun by a night.

    Parameters
    ----------
    world : World
    night : int, day number
        Deals won later do not count.

    Returns
    -------
    Commissions
        One entry per seller and quarter with a quota, in order of quarter and seller.

    Notes
    -----
    A month pays what attainment so far earns less what was paid in the quarter.
    """
    quarters = Quotas.of(world, night)
    deals, people = world.deals.rows, len(world.staff.people)
    end = (night + 1) * SECONDS_A_DAY
    won = (deals["outcome"] == WON) & (deals["kind"] != RENEWAL) & (deals["ends"] < end)
    rows = np.flatnonzero(won)
    month = world.months.of(deals["ends"][rows] // SECONDS_A_DAY)
    key = month.astype(np.int64) * people + deals["closer"][rows]
    total = np.bincount(
        key, deals["amount_cents"][rows], (len(world.months) + 3) * people
    )
    first = world.months.of(quarters.start)
    place = (first[:, None] + np.arange(3)) * people + quarters.person[:, None]
    booked = np.rint(total[place]).astype(np.int64)
    attained = booked.cumsum(axis=1) / quarters.quota_cents[:, None]
    earned = payout_share(attained.ravel()).reshape(attained.shape)
    earned = np.diff(earned, axis=1, prepend=0.0) * quarters.target_cents[:, None]
    return Commissions(
        quarters.person, quarters.start, quarters.quota_cents, booked,
        quarters.target_cents, np.rint(earned).astype(np.int64),
    )  # fmt: skip


@dataclass(frozen=True)
class Quotas:
    """Quarterly quotas and the pay that goes with them; arrays of one length."""

    person: NDArray[np.int64]
    start: NDArray[np.int64]
    end: NDArray[np.int64]
    quota_cents: NDArray[np.int64]
    target_cents: NDArray[np.int64]

    @classmethod
    def of(cls, world: World, night: int) -> "Quotas":
        """Return the quotas of every quarter begun within the history by a night.

        A seller who starts inside a quarter gets the days left of it, relieved by
        the usual ramp of the segment; below a tenth of a full quarter there is none.
        """
        spells, seats = world.staff.spells, world.staff.seats
        start, end, weight = _quarters(world, night)
        is_ae = seats["role"][spells["seat"]] == AE
        overlaps = spells["start"][:, None] <= np.minimum(end, night)[None, :]
        overlaps &= spells["end"][:, None] > start[None, :]
        spell, quarter = np.nonzero(overlaps & is_ae[:, None])
        begin = np.maximum(spells["start"][spell], start[quarter])
        share = (end[quarter] + 1 - begin) / (end + 1 - start)[quarter]
        segment = seats["segment"][spells["seat"][spell]]
        middle = ((begin + end[quarter]) / 2 - spells["start"][spell]) / DAYS_A_MONTH
        relief = norms.ramp_share(middle, norms.by_segment("ramp_months")[segment])
        whole = norms.by_segment("quota_cents")[segment] * weight[quarter]
        quota = np.round(whole * share * relief / 100_000) * 100_000
        person = spells["person"][spell].astype(np.int64)
        _, variable = yearly_pay(seats["role"][spells["seat"][spell]], segment)
        target = variable * weight[quarter] * share * relief  # the same rate all along
        target = target * rises(world, person, start[quarter])
        kept = np.flatnonzero(share * relief >= LEAST_QUOTA_SHARE)
        order = np.lexsort((person[kept], start[quarter][kept]))
        kept = kept[order]
        pair = np.stack([start[quarter][kept], person[kept]])
        is_first = np.ones(len(kept), dtype=bool)
        is_first[1:] = (pair[:, 1:] != pair[:, :-1]).any(axis=0)
        kept = kept[is_first]  # who moved inside a quarter keeps the first quota
        return cls(
            person[kept], start[quarter][kept], end[quarter][kept],
            quota[kept].astype(np.int64), np.rint(target[kept]).astype(np.int64),
        )  # fmt: skip


def _quarters(
    world: World, night: int
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Return first day, last day and yearly weight of the quarters begun."""
    months = world.months
    opening = np.flatnonzero(months.quarter_month == 0)
    start = months.start[opening]
    known = (start >= day_number(world.dates.first_day)) & (start <= night)
    opening, start = opening[known], start[known]
    turn = start.astype("datetime64[D]").astype("datetime64[M]") + 3
    end = turn.astype("datetime64[D]").astype(np.int64) - 1
    weight = np.array(norms.QUARTER_SHARE)[months.fiscal_quarter[opening]]
    return start, end, weight
