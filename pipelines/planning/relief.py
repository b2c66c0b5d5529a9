"""What spares a rep quota or holds it: leave, vacant seats, and the quota before.

Each rule is the policy's; without it, or without the facts, nothing changes.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.policy import CompanyPolicy
from pipelines.planning.inputs import HELD_QUOTA_SCHEMA, LEAVE_SCHEMA, Facts
from pipelines.planning.people import Forecasts, teams_of
from pipelines.planning.targets import Horizon
from solvers.quota_bounds import NO_CAP
from solvers.quotas import QuotaTree

FULL_YEAR_MONTHS = 12
LEAST_SHARE = 1e-6  # of full productivity: nobody's months are weighed by zero


def _none(schema: dict[str, type[pl.DataType]]) -> pl.DataFrame:
    return pl.DataFrame(schema=schema)


VACANT_SCHEMA = {
    "segment_id": pl.String,
    "month_start": pl.Date,
    "vacant_share": pl.Float64,
}
BOOKED_SCHEMA = {"account_id": pl.String, "bookings_12m_cents": pl.Int64}


@dataclass(frozen=True, slots=True)
class QuotaFacts:
    """What splitting quotas reads beside targets, ramps and books.

    Attributes
    ----------
    leaves : frame of rep_id, month_start, leave_share
    held : frame of rep_id, month_start, quota_cents
        Quotas of the twelve months before.
    booked : frame of account_id, bookings_12m_cents
    vacant : frame of segment_id, month_start, vacant_share
        Part of the productive heads that are still to be hired.
    """

    leaves: pl.DataFrame = field(default_factory=lambda: _none(LEAVE_SCHEMA))
    held: pl.DataFrame = field(default_factory=lambda: _none(HELD_QUOTA_SCHEMA))
    booked: pl.DataFrame = field(default_factory=lambda: _none(BOOKED_SCHEMA))
    vacant: pl.DataFrame = field(default_factory=lambda: _none(VACANT_SCHEMA))


NOTHING_KNOWN = QuotaFacts()


def quota_facts(
    facts: Facts,
    forecasts: Forecasts,
    cells: pl.DataFrame,
    capacity: pl.DataFrame,
    plan: Horizon,
) -> QuotaFacts:
    """Gather what the policy's rules for quotas need; nothing that they do not.

    Parameters
    ----------
    cells : frame of segment_id, region_id, month_start, value_cents
    capacity : capacity lines of the plan, hires included
    """
    rules, default = facts.policy.quotas, NOTHING_KNOWN
    return QuotaFacts(
        leaves=facts.leaves if rules.leave_relief_share else default.leaves,
        held=default.held if rules.max_change_share is None else facts.held_quotas,
        booked=_booked(facts) if rules.method == "bookings" else default.booked,
        vacant=_vacant(facts, forecasts, cells, capacity, plan)
        if rules.vacancy_relief_share
        else default.vacant,
    )


def book_cents(
    policy: CompanyPolicy, assignment: pl.DataFrame, known: QuotaFacts
) -> dict[str, int]:
    """Return what each rep's book weighs, by the policy's method, in cents."""
    method = policy.quotas.method
    if method == "even":
        return {}
    lines, worth = assignment, "potential_cents"
    if method == "bookings":
        worth = "bookings_12m_cents"
        lines = assignment.join(known.booked, on="account_id", how="left")
    weighed = lines.group_by("rep_id").agg(pl.col(worth).fill_null(0).sum())
    return dict(weighed.iter_rows())


def carried_target(
    policy: CompanyPolicy,
    target: NDArray[np.int64],
    segment: str,
    plan: Horizon,
    known: QuotaFacts,
) -> NDArray[np.int64]:
    """Return what today's reps carry of a segment's target, (n_months,) cents.

    Planned hires carry the rest, as far as the policy leaves it to them.
    """
    relief = policy.quotas.vacancy_relief_share
    if not relief or known.vacant.is_empty():
        return target
    vacant = dict(
        known.vacant.filter(pl.col("segment_id") == segment)
        .select("month_start", "vacant_share")
        .iter_rows()
    )
    kept = np.array([1 - relief * vacant.get(m, 0.0) for m in plan.month_starts])
    carried: NDArray[np.int64] = np.rint(target * kept).astype(np.int64)
    return carried


def workable(
    policy: CompanyPolicy,
    forecasts: Forecasts,
    reps: pl.DataFrame,
    plan: Horizon,
    known: QuotaFacts,
) -> NDArray[np.float64]:
    """Return the part of a full month that each rep can work, (n_reps, n_months).

    Ramp, where the policy relieves who ramps, times presence, where it relieves who is
    on leave.
    """
    n_months, rules = len(plan.month_starts), policy.quotas
    part = np.ones((reps.height, n_months))
    place = {month: at for at, month in enumerate(plan.month_starts)}
    row_of = {rep: row for row, rep in enumerate(reps["rep_id"])}
    if rules.ramp_relief:
        groups = reps.select("segment_id", "role").unique().rows()
        curve = {
            (segment, role): forecasts.curves(segment, role, policy).ramp_share
            for segment, role in groups
        }
        for row, rep in enumerate(reps.iter_rows(named=True)):
            mine = curve[rep["segment_id"], rep["role"]]
            tenure = np.arange(n_months) + rep["tenure_months"]
            part[row] = mine[np.minimum(tenure, mine.size - 1)]
    for rep, month, away in known.leaves.iter_rows():
        if rep in row_of and month in place:
            part[row_of[rep], place[month]] *= 1 - rules.leave_relief_share * away
    return np.maximum(part, LEAST_SHARE)


def change_limits(
    policy: CompanyPolicy,
    rep_ids: Iterable[str],
    known: QuotaFacts,
    total_cents: int,
    n_months: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the least and most each rep may be asked, (n_reps,) int64 cents.

    Only of reps with a quota in each of the twelve months before. Where the target
    asks for less than all floors, floors give way together; caps, where it asks more,
    are raised together by the split.
    """
    names = list(rep_ids)
    floor = np.zeros(len(names), dtype=np.int64)
    cap = np.full(len(names), NO_CAP, dtype=np.int64)
    change = policy.quotas.max_change_share
    if change is None or known.held.is_empty():
        return floor, cap
    before = dict(
        known.held.filter(pl.col("quota_cents") > 0)
        .group_by("rep_id")
        .agg(pl.col("quota_cents").sum(), pl.len())
        .filter(pl.col("len") == FULL_YEAR_MONTHS)
        .select("rep_id", "quota_cents")
        .iter_rows()
    )
    for row, rep in enumerate(names):
        if rep in before:
            was = before[rep] * n_months / FULL_YEAR_MONTHS
            floor[row] = int(np.ceil(was * (1 - change)))
            cap[row] = int(np.floor(was * (1 + change)))
    unit = round(policy.quotas.rounding_in_currency * 100)
    room = total_cents - unit * len(names)  # floors are rounded up to whole units
    if floor.sum() > max(room, 0):
        floor = np.floor(floor * (max(room, 0) / floor.sum())).astype(np.int64)
    return floor, np.maximum(cap, floor + unit)


def held_reasons(policy: CompanyPolicy, tree: QuotaTree) -> list[str]:
    """Say of each rep whether the quota before held the new one, in words or not."""
    change = policy.quotas.max_change_share
    if change is None:
        return [""] * (tree.quota_cents.size - 1)
    eased = ""
    if tree.cap_relaxation_share:
        eased = f", eased by {tree.cap_relaxation_share:.1%} to reach the target"
    return [
        f"; held within {change:.0%} of the quota before{eased}"
        if tree.is_at_floor[node] or tree.is_at_cap[node]
        else ""
        for node in range(1, tree.quota_cents.size)
    ]


def _booked(facts: Facts) -> pl.DataFrame:
    amount = pl.col("bookings_12m_cents").fill_null(0).clip(lower_bound=0)
    return facts.accounts.select("account_id", amount)


def _vacant(
    facts: Facts,
    forecasts: Forecasts,
    cells: pl.DataFrame,
    capacity: pl.DataFrame,
    plan: Horizon,
) -> pl.DataFrame:
    """Return the part of each segment's ramped heads that planned hires are."""
    nobody = np.zeros(len(plan.month_starts), dtype=np.int64)
    today = [
        team.carried(nobody, plan) for team in teams_of(facts, forecasts, cells, plan)
    ]
    if not today:
        return _none(VACANT_SCHEMA)
    keys = ["segment_id", "month_start"]

    def heads(lines: pl.DataFrame, name: str) -> pl.DataFrame:
        return lines.group_by(keys).agg(pl.col("ramped_heads").sum().alias(name))

    share = 1 - pl.col("here") / pl.col("all")
    return (
        heads(capacity, "all")
        .join(heads(pl.concat(today), "here"), on=keys)
        .filter(pl.col("all") > 0)
        .select(*keys, vacant_share=share.clip(0.0, 1.0))
        .sort(keys)
    )
