"""How recurring revenue moves in a segment: as measured, or as the policy sets it."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from data_contracts.calendar import add_months, months_between
from data_contracts.revenue import ArrDrivers
from pipelines.planning.inputs import Facts

TRAILING_MONTHS = 12
AS_MEASURED = ArrDrivers()


@dataclass(frozen=True, slots=True)
class Recurring:
    """How a segment's recurring revenue moved in the trailing months, and is to move.

    Attributes
    ----------
    now_cents : int
        ARR at the end of the last full month.
    new_per_booking : float
        ARR won for one cent booked.
    expansion_share, lost_share : float
        Of a month's opening ARR, won beside bookings and lost.
    measured_lost_share : float
        What was lost a month, before anybody's hand.
    new_month_cents : int
        ARR won in a mean month of the trailing ones.
    by_hand : tuple of str
        Drivers that the policy sets.
    """

    now_cents: int
    new_per_booking: float
    expansion_share: float
    lost_share: float
    measured_lost_share: float
    new_month_cents: int
    by_hand: tuple[str, ...]

    @property
    def why(self) -> str:
        """Say in words how it moves and who says so."""
        told = [f"{self.new_per_booking:.2f} of ARR for 1.00 booked"]
        if self.expansion_share:
            told.append(f"{self.expansion_share:.2%} of ARR added a month")
        told.append(f"{self.lost_share:.2%} of ARR lost a month")
        told.append("as in the last twelve months")
        if self.by_hand:
            told.append(f"but by policy: {', '.join(self.by_hand)}")
        return ", ".join(told)

    def opening_cents(self, known: date, starts: date) -> int:
        """Carry ARR from the last month known to a plan's first, as it went before."""
        level = self.now_cents
        for _ in range(max(round(months_between(known, starts)) - 1, 0)):
            level += self.new_month_cents - round(self.measured_lost_share * level)
        return level

    def month(self, opening_cents: int, booked_cents: int) -> tuple[int, int]:
        """Return the ARR won and lost (negative) in a month, in cents.

        Parameters
        ----------
        opening_cents, booked_cents : int, cents
            ARR at its start, and bookings planned in it.
        """
        won = round(self.new_per_booking * booked_cents)
        if self.expansion_share:
            won += round(self.expansion_share * opening_cents)
        return won, -round(self.lost_share * opening_cents)


def recurring_of(facts: Facts, segment: str) -> Recurring:
    """Read the trailing year of one segment, and lay the policy's drivers over it.

    Notes
    -----
    Over twelve months: new per booking is ARR won over bookings, lost is ARR lost over
    the sum of opening ARR. A driver of ``targets.arr_drivers_by_segment`` takes the
    place of what was measured; where expansion is given, new business is measured
    without it.
    """
    first = add_months(facts.last_full_month, 1 - TRAILING_MONTHS)
    mine = facts.arr.filter(
        pl.col("segment_id") == segment,
        pl.col("month_start") <= facts.last_full_month,
    )
    recent = mine.filter(pl.col("month_start") >= first)
    moved = dict(
        recent.group_by("movement").agg(pl.col("amount_cents").sum()).iter_rows()
    )
    churned, shrunk = -int(moved.get("churn", 0)), -int(moved.get("contraction", 0))
    lost = churned + shrunk
    won = sum(int(cents) for cents in moved.values()) + lost
    now = int(mine["amount_cents"].sum())
    held = _held(recent, first, now - (won - lost))
    asked = facts.policy.targets.arr_drivers_by_segment.get(segment, AS_MEASURED)
    if asked.expansion_per_month_share is not None:
        counted = won - int(moved.get("expansion", 0))
    else:
        counted = won
    booked = int(
        facts.bookings.filter(
            pl.col("segment_id") == segment, pl.col("month_start") >= first
        )["bookings_cents"].sum()
    )
    measured_lost = _rate(lost, held)
    is_asked = {name for name, value in asked if value is not None}
    new_per_booking = max(counted / booked, 0.0) if booked > 0 else 0.0
    if asked.new_arr_per_booking_share is not None:
        new_per_booking = asked.new_arr_per_booking_share
    lost_share = measured_lost
    if is_asked & {"churn_per_month_share", "contraction_per_month_share"}:
        churn, contraction = _rate(churned, held), _rate(shrunk, held)
        if asked.churn_per_month_share is not None:
            churn = asked.churn_per_month_share
        if asked.contraction_per_month_share is not None:
            contraction = asked.contraction_per_month_share
        lost_share = min(churn + contraction, 1.0)
    return Recurring(
        now_cents=now,
        new_per_booking=new_per_booking,
        expansion_share=asked.expansion_per_month_share or 0.0,
        lost_share=lost_share,
        measured_lost_share=measured_lost,
        new_month_cents=won // TRAILING_MONTHS,
        by_hand=tuple(sorted(is_asked)),
    )


def _held(recent: pl.DataFrame, first: date, level: int) -> int:
    """Add up the opening ARR of every trailing month."""
    by_month = dict(
        recent.group_by("month_start").agg(pl.col("amount_cents").sum()).iter_rows()
    )
    held = 0
    for step in range(TRAILING_MONTHS):
        held += level
        level += by_month.get(add_months(first, step), 0)
    return held


def _rate(lost: int, held: int) -> float:
    return min(max(lost / held, 0.0), 1.0) if held > 0 else 0.0
