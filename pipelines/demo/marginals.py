"""Hold the demo company's marginals against the norms of the trade."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import norms
from pipelines.demo.deal_history import history
from pipelines.demo.months import DAYS_A_MONTH, NEVER, SECONDS_A_DAY, day_number
from pipelines.demo.pay import commissions
from pipelines.demo.recurring import arr_by_account
from pipelines.demo.selling import EXPANSION, NEW, OPEN, RENEWAL, WON
from pipelines.demo.staff import AE, MANAGER, SDR, SE
from pipelines.demo.world import World


@dataclass(frozen=True, slots=True)
class Marginal:
    """One figure of the company and the band the norms give for it."""

    name: str
    value: float
    low: float
    high: float
    source: str
    grade: str  # of the source; A measured, B agreed, C one voice, else an assumption

    @property
    def is_normal(self) -> bool:
        """Whether the figure lies in its band."""
        return self.low <= self.value <= self.high


def marginals(world: World) -> list[Marginal]:
    """Measure the year before the plan year against the norms.

    Parameters
    ----------
    world : World
        A company that has lived at least until its first night.

    Returns
    -------
    list of Marginal
        In a fixed order.
    """
    parts = (_deals, _season, _pipeline, _open_deals, _people, _support, _revenue)
    return [one for part in parts for one in part(world)]


def year_of(world: World) -> tuple[int, int]:
    """Return the first and the last day of the year before the plan year."""
    start = world.dates.plan_year_start
    return day_number(start.replace(year=start.year - 1)), day_number(start) - 1


def sold(world: World) -> NDArray[np.int64]:
    """Return new and expansion deals won in the year before the plan year."""
    first, last = year_of(world)
    deals = world.deals.rows
    day = deals["ends"] // SECONDS_A_DAY
    is_sale = (deals["outcome"] == WON) & (deals["kind"] != RENEWAL)
    return np.flatnonzero(is_sale & (day >= first) & (day <= last))


def attainment(world: World) -> NDArray[np.float64]:
    """Return bookings over quota of the year for reps ramped and there throughout."""
    first, last = year_of(world)
    spells, deals, rows = world.staff.spells, world.deals.rows, sold(world)
    is_ae = world.staff.seats["role"][spells["seat"]] == AE
    there = is_ae & (spells["start"] < first - 270) & (spells["end"] > last)
    person = spells["person"][there]
    booked = np.bincount(
        deals["closer"][rows], deals["amount_cents"][rows], len(world.staff.people)
    )
    segment = world.staff.seats["segment"][spells["seat"][there]]
    score: NDArray[np.float64] = (
        booked[person] / norms.by_segment("quota_cents")[segment]
    )
    return score


def _deals(world: World) -> Iterator[Marginal]:
    deals, rows = world.deals.rows, sold(world)
    segment = world.market.accounts["first_segment"][deals["account"]]
    first, last = year_of(world)
    end = deals["ends"] // SECONDS_A_DAY
    decided = (deals["outcome"] != OPEN) & (deals["kind"] == NEW)
    decided &= (end >= first) & (end <= last) & (deals["cycle_days"] > 0)
    took = (deals["ends"] - deals["created"]) / SECONDS_A_DAY
    bands = (
        (4_000, 15_000, 25, 60, 0.15, 0.40),
        (15_000, 50_000, 60, 150, 0.12, 0.30),
        (60_000, 200_000, 120, 360, 0.10, 0.25),
    )
    for place, (low, high, quick, slow, few, many) in enumerate(bands):
        name = norms.SEGMENTS[place].segment_id
        new = rows[(segment[rows] == place) & (deals["kind"][rows] == NEW)]
        size = float(np.median(deals["amount_cents"][new])) / 100
        yield Marginal(
            f"{name}: median new deal, USD", size, low, high, "Bridge Group", "A/C"
        )
        days = float(np.median(took[new]))
        yield Marginal(
            f"{name}: median cycle, days", days, quick, slow, "PulseRevOps", "A/C"
        )
        mine = decided & (segment == place)
        # a deal that never qualified left prospecting only by being closed
        qualified = mine & ((deals["reached"] > 0) | (deals["outcome"] == WON))
        share = float((deals["outcome"][qualified] == WON).mean())
        yield Marginal(
            f"{name}: win rate from qualified", share, few, many, "Knowlee", "C"
        )


def _season(world: World) -> Iterator[Marginal]:
    deals, rows = world.deals.rows, sold(world)
    month = world.months.of(deals["ends"][rows] // SECONDS_A_DAY)
    value = deals["amount_cents"][rows]
    by_month = np.bincount(world.months.quarter_month[month], value, 3) / value.sum()
    by_quarter = np.bincount(world.months.fiscal_quarter[month], value, 4) / value.sum()
    yield Marginal(
        "third month's share of a quarter",
        float(by_month[2]),
        0.40,
        0.58,
        "Winsabove",
        "C",
    )
    yield Marginal(
        "fourth quarter's share of the year",
        float(by_quarter[3]),
        0.24,
        0.40,
        "none",
        "assumption",
    )


def _pipeline(world: World) -> Iterator[Marginal]:
    """Measure coverage on the first night, where the quarter after it was lived."""
    deals, night = world.deals.rows, day_number(world.dates.first_night)
    if world.months.start[-1] < night + 89:
        return
    cutoff = (night + 1) * SECONDS_A_DAY
    is_open = (deals["created"] < cutoff) & (deals["ends"] >= cutoff)
    rows = np.flatnonzero(is_open & (deals["kind"] != RENEWAL))
    state = history(world, rows, cutoff=cutoff).unique("deal", keep="last")
    due = state.filter(pl.col("close").is_between(night + 1, night + 89))
    later = (deals["ends"] >= cutoff) & (deals["ends"] < cutoff + 89 * SECONDS_A_DAY)
    later &= (deals["outcome"] == WON) & (deals["kind"] != RENEWAL)
    won = float(deals["amount_cents"][later].sum())
    cover = float(due["amount_cents"].sum()) / max(won, 1.0)
    yield Marginal(
        "coverage of the next quarter's wins", cover, 2.0, 8.0, "Fullcast", "C"
    )


def _open_deals(world: World) -> Iterator[Marginal]:
    """Count what a seller has open on the first night, inquiries left out."""
    deals, night = world.deals.rows, day_number(world.dates.first_night)
    cutoff = (night + 1) * SECONDS_A_DAY
    is_open = (deals["created"] < cutoff) & (deals["ends"] >= cutoff)
    is_open &= (deals["kind"] != RENEWAL) & (deals["odds"] > 0)
    seats = world.staff.seats
    segment = seats["segment"][deals["seat"][is_open]]
    _, is_held = world.staff.spell_of(np.arange(len(seats)), night)
    for place, (low, high) in enumerate(norms.OPEN_DEALS_NORM):
        sellers = (seats["role"] == AE) & (seats["segment"] == place) & is_held
        name = norms.SEGMENTS[place].segment_id
        count = float((segment == place).sum() / max(1, sellers.sum()))
        yield Marginal(
            f"{name}: open deals a seller", count, low, high, "PulseRevOps", "C"
        )


def _support(world: World) -> Iterator[Marginal]:
    """Compare who supports sellers with the usual ratios, and what selling costs."""
    role = world.staff.seats["role"]
    sellers = float((role == AE).sum())
    for other, name, low, high, source in (
        (SDR, "development rep", 2.0, 4.8, "TOPO"),
        (SE, "solutions engineer", 2.5, 4.0, "Insight"),
    ):
        count = int((role == other).sum())
        if count:
            yield Marginal(f"sellers a {name}", sellers / count, low, high, source, "B")
    every = commissions(world, day_number(world.dates.first_night))
    start = day_number(
        world.dates.plan_year_start.replace(year=world.dates.plan_year_start.year - 1)
    )
    year = every.start >= start
    paid, booked = every.paid_cents[year].sum(), every.booked_cents[year].sum()
    yield Marginal(
        "commission's share of bookings",
        float(paid / booked),
        0.05,
        0.18,
        "trade press",
        "C",
    )


def _people(world: World) -> Iterator[Marginal]:
    score = attainment(world)
    yield Marginal(
        "mean attainment of ramped reps",
        float(score.mean()),
        0.65,
        1.05,
        "Fullcast",
        "B/C",
    )
    at_quota = float((score >= 1).mean())
    yield Marginal(
        "ramped reps at quota", at_quota, 0.20, 0.60, "RepVue, BenchSights", "B/C"
    )
    skew = float(((score - score.mean()) ** 3).mean() / score.std() ** 3)
    yield Marginal("skew of attainment", skew, 0.0, 5.0, "Alexander Group", "B")
    spells, seats = world.staff.spells, world.staff.seats
    is_ae = seats["role"][spells["seat"]] == AE
    first = int(world.months.start[0])
    last = year_of(world)[1]
    begun = np.maximum(spells["start"][is_ae], first)
    years = (np.minimum(spells["end"][is_ae], last) - begun).clip(0).sum() / 365.25
    person = spells["person"][is_ae]
    left = world.staff.people["left"]
    gone = np.unique(person[(left[person] >= first) & (left[person] <= last)])
    yield Marginal(
        "sellers leaving in a year",
        float(len(gone) / years),
        0.18,
        0.36,
        "Forbes, SMA",
        "C",
    )
    openings = world.staff.openings
    refills = (openings["opened"] > first) & (openings["fill"] < NEVER)
    refills &= openings["opened"] > seats["target_start"][openings["seat"]]
    wait = float((openings["fill"] - openings["opened"])[refills].mean())
    yield Marginal("days to fill a vacancy", wait, 50, 95, "HRO Today, SBI", "B/C")
    boss = seats["supervisor"][np.flatnonzero(seats["role"] == AE)]
    team = np.bincount(boss)[np.unique(boss)]
    yield Marginal("sellers a manager", float(team.mean()), 4, 9, "HBR, Insight", "B/C")
    talent = np.log(world.staff.people["activity"] * world.staff.people["win"])
    yield Marginal(
        "spread of talent, sigma",
        float(talent.std()),
        0.32,
        0.48,
        "Alexander Group",
        "B",
    )
    kept = spells["ramp_months"][is_ae & (seats["segment"][spells["seat"]] == 0)]
    yield Marginal(
        "smb: months to 90 % of output",
        float(np.median(kept)),
        3,
        6,
        "Bridge Group",
        "B",
    )
    stay = (left[gone] - world.staff.people["hired"][gone]) / DAYS_A_MONTH
    yield Marginal(
        "median months until leaving",
        float(np.median(stay)),
        10,
        36,
        "none",
        "assumption",
    )
    managers = seats["role"] == MANAGER
    yield Marginal(
        "managers a seller",
        float(managers.sum() / len(boss)),
        0.1,
        0.4,
        "HBR, Insight",
        "B/C",
    )


def _revenue(world: World) -> Iterator[Marginal]:
    first, last = year_of(world)
    opening, closing = arr_by_account(world, first), arr_by_account(world, last)
    cohort = opening > 0
    segment = world.market.accounts["first_segment"]
    bands = ((0.75, 0.88), (0.82, 0.94), (0.86, 0.98))
    for place, (low, high) in enumerate(bands):
        mine = cohort & (segment == place)
        kept = np.minimum(opening, closing)[mine].sum() / opening[mine].sum()
        name = norms.SEGMENTS[place].segment_id
        yield Marginal(
            f"{name}: gross retention", float(kept), low, high, "High Alpha", "B/C"
        )
    net = closing[cohort].sum() / opening[cohort].sum()
    yield Marginal("net retention", float(net), 0.90, 1.30, "Benchmarkit", "B/C")
    growth = closing.sum() / opening.sum() - 1
    yield Marginal(
        "growth of recurring revenue", float(growth), 0.10, 0.70, "Benchmarkit", "B"
    )
    deals, rows = world.deals.rows, sold(world)
    more = deals["amount_cents"][rows[deals["kind"][rows] == EXPANSION]].sum()
    share = float(more / deals["amount_cents"][rows].sum())
    yield Marginal(
        "expansion's share of new revenue", share, 0.25, 0.52, "Benchmarkit", "B"
    )
