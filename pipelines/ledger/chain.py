"""Seal events with hashes and find out whether anything was altered since.

Each event's hash covers the event, the immutable columns of its version and the
hash of the event before it, so nothing earlier can change unnoticed.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from data_contracts.plan import PlanState
from pipelines.ledger.records import PlanEvent, PlanVersion
from pipelines.ledger.schema import IMMUTABLE
from pipelines.ledger.transitions import ALLOWED, same_person

GENESIS: Final = "0" * 64
"""What the first event has for the hash before it."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify` found; an empty `faults` means nothing was altered."""

    versions: int
    events: int
    lines: int
    last_hash: str
    faults: tuple[str, ...]

    @property
    def is_intact(self) -> bool:
        """True where every hash is as it was."""
        return not self.faults


def head_hash(version: PlanVersion) -> str:
    """Return the hash of what was fixed when the version was stored."""
    return sealed([getattr(version, name) for name in IMMUTABLE])


def event_hash(event: PlanEvent) -> str:
    """Return the hash an event must have, from its fields and the one before."""
    return sealed(
        [
            event.prev_hash,
            event.seq,
            event.version,
            event.from_state,
            event.to_state,
            event.actor,
            event.note,
            event.happened_at,
            event.head_hash,
        ]
    )


def chain_faults(
    versions: Iterable[PlanVersion], events: Iterable[PlanEvent]
) -> list[str]:
    """Recompute the chain; return one sentence per thing that does not fit."""
    known = {each.version: each for each in versions}
    faults: list[str] = []
    state: dict[int, PlanState] = {}
    decided: dict[int, PlanEvent] = {}
    published: dict[int, PlanEvent] = {}
    previous = GENESIS
    for place, event in enumerate(events, start=1):
        faults += _event_faults(event, place=place, previous=previous)
        version = known.get(event.version)
        if version is None:
            faults.append(f"event {event.seq}: its version {event.version} is gone")
        elif head_hash(version) != event.head_hash:
            faults.append(
                f"version {event.version}: its facts are not those of event {event.seq}"
            )
        reached = state.get(event.version, "")
        first = event.from_state == "" and event.to_state is PlanState.DRAFT
        legal = first or (event.from_state, event.to_state) in ALLOWED
        if event.from_state != reached or not legal:
            faults.append(
                f"event {event.seq}: version {event.version} went from "
                f"'{event.from_state}' to '{event.to_state}' but was '{reached}'"
            )
        state[event.version] = event.to_state
        if event.to_state in (PlanState.APPROVED, PlanState.REJECTED):
            decided[event.version] = event
        if event.to_state is PlanState.PUBLISHED:
            published[event.version] = event
        previous = event.hash
    for number, version in sorted(known.items()):
        faults += _version_faults(
            version, state.get(number), decided.get(number), published.get(number)
        )
    return faults


def _event_faults(event: PlanEvent, *, place: int, previous: str) -> list[str]:
    faults = []
    if event.seq != place:
        faults.append(f"event {place} is missing; the next one is {event.seq}")
    if event.prev_hash != previous:
        faults.append(f"event {event.seq}: the event before it was altered or removed")
    if event_hash(event) != event.hash:
        faults.append(f"event {event.seq}: it was altered after it was stored")
    return faults


def _version_faults(
    version: PlanVersion,
    state: PlanState | None,
    decided: PlanEvent | None,
    published: PlanEvent | None,
) -> list[str]:
    number, faults = version.version, []
    if version.state != state:
        told = f"'{state}'" if state else "nothing at all"
        faults.append(f"version {number} is '{version.state}' but events say {told}")
    by, at = (decided.actor, decided.happened_at) if decided else (None, None)
    if (version.decided_by, version.decided_at) != (by, at):
        faults.append(f"version {number}: decided_by or decided_at was altered")
    if version.published_at != (published.happened_at if published else None):
        faults.append(f"version {number}: published_at was altered")
    is_approved = decided is not None and decided.to_state is PlanState.APPROVED
    if is_approved and by and same_person(by, version.proposed_by):
        faults.append(f"version {number}: {by} approved what they had proposed")
    return faults


def sealed(values: list[object]) -> str:
    """Return the SHA-256, in hex, of values in the order given."""
    text = json.dumps(
        values, ensure_ascii=False, separators=(",", ":"), default=_as_text
    )
    return hashlib.sha256(text.encode()).hexdigest()


def _as_text(value: object) -> str:
    if isinstance(value, datetime):
        return value.isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a hash")
