"""Who sits in which seat from when to when, and which seats a company has."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data_contracts import money
from pipelines.demo import norms
from pipelines.demo.columns import Columns
from pipelines.demo.sizes import Size

AE, MANAGER, CSM, SDR, SE, DIRECTOR, CRO = range(7)  # places in norms.ROLES
REGION_SHARE: Final = (0.5, 0.3, 0.2)  # of seats and accounts; assumption
CUSTOMERS_A_CSM: Final = 60  # B: AM to customers 1:60
DAY_ROOM: Final = 2**20  # more than any day number, to sort by seat and day at once


@dataclass
class Staff:
    """People, seats, and the spells in which a person holds a seat."""

    people: Columns = field(
        default_factory=lambda: Columns(
            role="i1", segment="i1", region="i1", hired="i4", left="i4",
            is_voluntary="?", activity="f8", win="f8", fte="f8",
        )
    )  # fmt: skip
    seats: Columns = field(
        default_factory=lambda: Columns(
            role="i1", segment="i1", region="i1", supervisor="i4", opened="i4",
            target_start="i4",
        )
    )  # fmt: skip
    spells: Columns = field(
        default_factory=lambda: Columns(
            seat="i4", person="i4", start="i4", end="i4", ramp_months="f8",
            plateau="f8",
        )
    )  # fmt: skip
    jobs: Columns = field(
        default_factory=lambda: Columns(
            person="i4",
            day="i4",
            role="i1",
            segment="i1",
            region="i1",
            seat="i4",
            city="i4",
        )
    )
    openings: Columns = field(
        default_factory=lambda: Columns(seat="i4", opened="i4", fill="i4")
    )
    leaves: Columns = field(
        default_factory=lambda: Columns(person="i4", start="i4", end="i4", kind="i1")
    )

    def job_of(self, person: NDArray[Any], day: ArrayLike) -> NDArray[np.int64]:
        """Find the job each person held, or last held, on a day; -1 before any."""
        return _latest(self.jobs["person"], self.jobs["day"], person, day)

    def is_away(self, person: NDArray[Any], day: int) -> NDArray[np.bool_]:
        """Say who is on leave on a day."""
        now = (self.leaves["start"] <= day) & (self.leaves["end"] > day)
        return np.isin(person, self.leaves["person"][now])

    def spell_of(
        self, seat: NDArray[Any], day: ArrayLike
    ) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """Find who holds, or last held, each seat on a day.

        Returns
        -------
        spell : (n,) int64
            Row of the latest spell begun by that day; -1 before the first.
        is_held : (n,) bool
            False where the seat is vacant on that day.
        """
        spell = _latest(self.spells["seat"], self.spells["start"], seat, day)
        is_held = (spell >= 0) & (self.spells["end"][spell] > day)
        return spell, is_held


def _latest(
    whose: NDArray[Any], since: NDArray[Any], wanted: NDArray[Any], day: ArrayLike
) -> NDArray[np.int64]:
    """Find each wanted one's latest row begun by a day; -1 before the first."""
    keys = whose.astype(np.int64) * DAY_ROOM + since
    order = np.argsort(keys, kind="stable")
    asked = wanted.astype(np.int64) * DAY_ROOM + np.asarray(day, dtype=np.int64)
    place = np.searchsorted(keys[order], asked, side="right") - 1
    row = np.where(place >= 0, order[np.maximum(place, 0)], -1)
    return np.where(whose[row] == wanted, row, -1)


def seat_plan(size: Size) -> NDArray[np.int64]:
    """Spread a size's AE seats over segments and regions.

    Returns
    -------
    (n_segments, n_regions) int64
        Seats on the night before the plan year; they sum to the size's seats.
    """
    by_segment = money.split(size.seats_count, [s.seat_share for s in norms.SEGMENTS])
    shares = (
        (0.5, 0.5) if size.regions_count == 2 else REGION_SHARE[: size.regions_count]
    )
    return np.array([money.split(count, shares) for count in by_segment])
