"""A rule that an answer breaks, in words a planner can act on."""

from dataclasses import dataclass
from enum import StrEnum


class ViolationKind(StrEnum):
    """Which promise is broken."""

    UNASSIGNED = "unassigned"  # nobody may own the account
    ELIGIBILITY = "eligibility"  # the owner may not own the account
    PIN = "pin"  # a pin or lock cannot be kept, or contradicts another rule
    FAMILY = "family"  # accounts of one family are apart
    BAND_LOW = "band_low"  # a book is below its band
    BAND_HIGH = "band_high"  # a book is above its band
    CEILING = "ceiling"  # a book is above its capacity or ceiling
    BUDGET = "budget"  # more is moved than the disruption budget allows


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken rule."""

    kind: ViolationKind
    what: str  # names the thing and its value
    fix: str  # what a planner can do
    rep: int = -1  # column of the rep concerned, in the caller's order
    metric: int = -1  # column of the metric concerned
    amount: float = 0.0  # by how much, in the metric's unit
    share: float = 0.0  # the same as a share of the target; 0.0 where it has none

    @property
    def is_band(self) -> bool:
        """Return whether this is about a book's size, which a plan may yet settle."""
        return self.kind in (
            ViolationKind.BAND_LOW,
            ViolationKind.BAND_HIGH,
            ViolationKind.CEILING,
        )
