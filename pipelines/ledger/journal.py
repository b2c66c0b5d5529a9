"""What people said about plans that moves no state: an append-only, sealed journal.

Signatures, comments, delegations and overrides. Each entry seals the one before it
and the newest event of its moment, so neither chain can be rewritten alone.
"""

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from pipelines.ledger.chain import GENESIS, sealed
from pipelines.ledger.records import PlanEvent
from pipelines.ledger.schema import event_table, journal_table


class EntryKind(StrEnum):
    """What an entry says."""

    RULES = "rules"
    SIGNATURE = "signature"
    COMMENT = "comment"
    DELEGATION = "delegation"
    REVOCATION = "revocation"
    OVERRIDE = "override"
    WITHDRAWAL = "withdrawal"


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing somebody said; `version` is None where it concerns no version."""

    seq: int
    kind: EntryKind
    version: int | None
    actor: str
    happened_at: datetime  # UTC, without a zone
    body: dict[str, Any]  # plain JSON values
    event_seq: int  # newest event of that moment; 0 before the first
    event_hash: str
    prev_hash: str
    hash: str


def entry_hash(entry: Entry) -> str:
    """Return the hash an entry must have, from its fields and the one before."""
    return sealed(
        [
            entry.prev_hash,
            entry.event_seq,
            entry.event_hash,
            entry.seq,
            entry.kind,
            entry.version,
            entry.actor,
            entry.happened_at,
            _text(entry.body),
        ]
    )


def add_entry(
    connection: sa.Connection,
    kind: EntryKind,
    *,
    version: int | None,
    actor: str,
    at: datetime,
    body: dict[str, Any],
) -> Entry:
    """Append an entry inside a writing transaction and return it, sealed."""
    last = _newest(connection, journal_table)
    event = _newest(connection, event_table)
    unsealed = Entry(
        seq=last[0] + 1,
        kind=kind,
        version=version,
        actor=actor,
        happened_at=at,
        body=body,
        event_seq=event[0],
        event_hash=event[1],
        prev_hash=last[1],
        hash="",
    )
    entry = replace(unsealed, hash=entry_hash(unsealed))
    values = {name: getattr(entry, name) for name in Entry.__slots__}
    connection.execute(
        sa.insert(journal_table), {**values, "kind": str(kind), "body": _text(body)}
    )
    return entry


def read_entries(
    connection: sa.Connection,
    *,
    kinds: Collection[EntryKind] = (),
    version: int | None = None,
) -> list[Entry]:
    """Return entries as they were said; of some kinds and one version if asked."""
    asked = sa.select(journal_table).order_by(journal_table.c.seq)
    if kinds:
        asked = asked.where(journal_table.c.kind.in_([str(kind) for kind in kinds]))
    if version is not None:
        asked = asked.where(journal_table.c.version == version)
    return [
        Entry(
            **{**row, "kind": EntryKind(row["kind"]), "body": json.loads(row["body"])}
        )
        for row in connection.execute(asked).mappings()
    ]


def journal_faults(entries: Iterable[Entry], events: Iterable[PlanEvent]) -> list[str]:
    """Recompute the journal's chain; one sentence per thing that does not fit."""
    known = {event.seq: event.hash for event in events} | {0: GENESIS}
    faults, previous = [], GENESIS
    for place, entry in enumerate(entries, start=1):
        name = f"journal entry {entry.seq}"
        if entry.seq != place:
            faults.append(f"journal entry {place} is missing; the next is {entry.seq}")
        if entry.prev_hash != previous:
            faults.append(f"{name}: the entry before it was altered or removed")
        if entry_hash(entry) != entry.hash:
            faults.append(f"{name}: it was altered after it was stored")
        if known.get(entry.event_seq) != entry.event_hash:
            faults.append(f"{name}: event {entry.event_seq} is not the one it saw")
        previous = entry.hash
    return faults


def _newest(connection: sa.Connection, table: sa.Table) -> tuple[int, str]:
    found = connection.execute(
        sa.select(table.c.seq, table.c.hash).order_by(table.c.seq.desc()).limit(1)
    ).one_or_none()
    return (found.seq, found.hash) if found else (0, GENESIS)


def _text(body: dict[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
