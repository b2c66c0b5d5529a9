"""A plan version and an event as values; not for storing them."""

from dataclasses import dataclass
from datetime import date, datetime

from data_contracts.plan import EVER_PUBLISHED, PlanState


@dataclass(frozen=True, slots=True)
class PlanVersion:
    """One numbered plan: who proposed it, from when it holds, what became of it.

    Fields are those of ``data_contracts.plan.VERSION_COLUMNS``, in order. Dates
    are inclusive; moments are UTC without a zone; hashes are SHA-256 in hex.
    """

    version: int
    state: PlanState
    scenario: str
    parent_version: int | None
    title: str
    as_of: date
    effective_from: date
    effective_to: date
    proposed_by: str
    proposed_at: datetime
    decided_by: str | None
    decided_at: datetime | None
    published_at: datetime | None
    why: str
    breach_key: str | None
    scope: str | None
    policy_hash: str
    input_hash: str
    code_hash: str
    content_hash: str
    territory_gap_share: float | None
    territory_proof: str | None

    @property
    def was_published(self) -> bool:
        """True once people were told to work by it, even if replaced since."""
        return self.state in EVER_PUBLISHED

    def overlaps(self, other: "PlanVersion") -> bool:
        """Tell whether both versions speak of at least one common day."""
        return (
            self.effective_from <= other.effective_to
            and other.effective_from <= self.effective_to
        )

    def outranks(self, other: "PlanVersion") -> bool:
        """Tell whether this version governs the days that both speak of.

        The later start wins, then the greater number.
        """
        return (self.effective_from, self.version) > (
            other.effective_from,
            other.version,
        )


@dataclass(frozen=True, slots=True)
class PlanEvent:
    """One transition of one version; `hash` seals it and all events before it."""

    seq: int
    version: int
    from_state: str  # empty when the version was stored
    to_state: PlanState
    actor: str
    note: str
    happened_at: datetime  # UTC, without a zone
    hash: str
    prev_hash: str
    head_hash: str  # of the immutable columns of the version


def governing(versions: list[PlanVersion], day: date) -> PlanVersion | None:
    """Return the version in force on a day, None where none was ever published.

    Among versions ever published that speak of the day, the one with the latest
    ``effective_from``, then the greatest number.
    """
    speaking = [
        version
        for version in versions
        if version.was_published
        and version.effective_from <= day <= version.effective_to
    ]
    return max(
        speaking, key=lambda each: (each.effective_from, each.version), default=None
    )
