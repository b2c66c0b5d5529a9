"""Rows of versions and events as values and back; no rules here."""

from collections.abc import Iterable
from dataclasses import asdict, replace
from datetime import datetime

import polars as pl
import sqlalchemy as sa

from data_contracts.plan import EVENT_COLUMNS, VERSION_COLUMNS, PlanState
from pipelines.ledger.chain import GENESIS, event_hash, head_hash
from pipelines.ledger.records import PlanEvent, PlanVersion
from pipelines.ledger.schema import event_table, frame_schema, version_table


def read_versions(connection: sa.Connection) -> list[PlanVersion]:
    """Return every version, by number."""
    found = connection.execute(
        sa.select(version_table).order_by(version_table.c.version)
    ).mappings()
    return [PlanVersion(**{**row, "state": PlanState(row["state"])}) for row in found]


def read_events(
    connection: sa.Connection, version: int | None = None
) -> list[PlanEvent]:
    """Return every event, or those of one version, as they happened."""
    asked = sa.select(event_table).order_by(event_table.c.seq)
    if version is not None:
        asked = asked.where(event_table.c.version == version)
    return [
        PlanEvent(**{**row, "to_state": PlanState(row["to_state"])})
        for row in connection.execute(asked).mappings()
    ]


def add_version(connection: sa.Connection, version: PlanVersion) -> None:
    """Store a version."""
    connection.execute(sa.insert(version_table), asdict(version))


def add_event(
    connection: sa.Connection,
    version: PlanVersion,
    *,
    from_state: str,
    to_state: PlanState,
    actor: str,
    note: str,
    at: datetime,
) -> PlanEvent:
    """Append an event to the chain and return it, sealed."""
    last = connection.execute(
        sa.select(event_table.c.seq, event_table.c.hash)
        .order_by(event_table.c.seq.desc())
        .limit(1)
    ).one_or_none()
    unsealed = PlanEvent(
        seq=last.seq + 1 if last else 1,
        version=version.version,
        from_state=from_state,
        to_state=to_state,
        actor=actor,
        note=note,
        happened_at=at,
        hash="",
        prev_hash=last.hash if last else GENESIS,
        head_hash=head_hash(version),
    )
    event = replace(unsealed, hash=event_hash(unsealed))
    connection.execute(sa.insert(event_table), asdict(event))
    return event


def update_state(connection: sa.Connection, version: PlanVersion) -> None:
    """Write what a transition may change of a version."""
    connection.execute(
        sa.update(version_table)
        .where(version_table.c.version == version.version)
        .values(
            state=version.state,
            decided_by=version.decided_by,
            decided_at=version.decided_at,
            published_at=version.published_at,
        )
    )


def versions_frame(versions: Iterable[PlanVersion]) -> pl.DataFrame:
    """Return versions as a frame with the columns of the plan book, in order."""
    return pl.DataFrame(
        [asdict(each) for each in versions],
        schema=frame_schema(VERSION_COLUMNS),
        orient="row",
    )


def events_frame(events: Iterable[PlanEvent]) -> pl.DataFrame:
    """Return events as a frame with the columns of the plan book, in order."""
    return pl.DataFrame(
        [{name: getattr(each, name) for name in EVENT_COLUMNS} for each in events],
        schema=frame_schema(EVENT_COLUMNS),
        orient="row",
    )
