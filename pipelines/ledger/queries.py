"""What the ledger can be asked: versions, lines, events, the plan on a day."""

from dataclasses import dataclass
from datetime import date

import polars as pl
import sqlalchemy as sa

from data_contracts.errors import LedgerError
from data_contracts.plan import COMPONENTS, PlanState
from pipelines.ledger import rows
from pipelines.ledger.chain import Verification, chain_faults
from pipelines.ledger.connection import open_database, reading
from pipelines.ledger.content import content_hash
from pipelines.ledger.lines import select_lines
from pipelines.ledger.records import PlanEvent, PlanVersion, governing


@dataclass(frozen=True, slots=True)
class Book:
    """The whole ledger as of one moment, as frames; lines where ever published."""

    plans: tuple[PlanVersion, ...]
    versions: pl.DataFrame
    events: pl.DataFrame
    lines: dict[str, pl.DataFrame]


class LedgerReader:
    """The asking half of the ledger; never waits for a writer.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; tables are brought up to date on opening.
    """

    def __init__(self, url: str) -> None:
        self._engine = open_database(url)

    def versions(self) -> list[PlanVersion]:
        """Return every version, by number."""
        with reading(self._engine) as connection:
            return rows.read_versions(connection)

    def get(self, version: int) -> PlanVersion:
        """Return one version; a LedgerError for an unknown number lists the known."""
        return find_version(self.versions(), version)

    def published(self) -> list[PlanVersion]:
        """Return the versions in state ``published``, by their first day."""
        return sorted(
            (each for each in self.versions() if each.state is PlanState.PUBLISHED),
            key=lambda each: (each.effective_from, each.version),
        )

    def in_force(self, day: date) -> PlanVersion | None:
        """Return the version that governs a day, None where none does."""
        return governing(self.versions(), day)

    def by_breach(self, breach_key: str) -> list[PlanVersion]:
        """Return the versions that answer a breach, oldest first."""
        return [each for each in self.versions() if each.breach_key == breach_key]

    def lines(self, version: int, component: str) -> pl.DataFrame:
        """Return the lines of one component, in canonical form.

        Raises
        ------
        LedgerError
            If the version or the component is unknown.
        """
        if component not in COMPONENTS:
            raise LedgerError(
                f"a plan has no component {component!r}",
                fix=f"ask for one of {', '.join(COMPONENTS)}",
            )
        with reading(self._engine) as connection:
            find_version(rows.read_versions(connection), version)
            return select_lines(connection, component, [version]).drop("version")

    def content(self, version: int) -> dict[str, pl.DataFrame]:
        """Return every component of one version, as `propose` takes them."""
        with reading(self._engine) as connection:
            find_version(rows.read_versions(connection), version)
            return all_lines(connection, version)

    def events(self, version: int | None = None) -> list[PlanEvent]:
        """Return every transition, or those of one version, as they happened."""
        with reading(self._engine) as connection:
            if version is not None:
                find_version(rows.read_versions(connection), version)
            return rows.read_events(connection, version)

    def book(self) -> Book:
        """Return everything the plan book shows, as of one moment."""
        with reading(self._engine) as connection:
            known = rows.read_versions(connection)
            shown = [each.version for each in known if each.was_published]
            return Book(
                plans=tuple(known),
                versions=rows.versions_frame(known),
                events=rows.events_frame(rows.read_events(connection)),
                lines={
                    component: select_lines(connection, component, shown)
                    for component in COMPONENTS
                },
            )

    def verify(self, *, anchor: str | None = None) -> Verification:
        """Recompute every hash and tell what was altered behind the ledger's back.

        Parameters
        ----------
        anchor : str, optional
            Hash of an event seen earlier, e.g. the last in a kept plan book; the
            chain must still hold it. Without one, a ledger whose newest events
            were all removed looks like an older ledger.
        """
        with reading(self._engine) as connection:
            known, events = rows.read_versions(connection), rows.read_events(connection)
            faults, lines = chain_faults(known, events), 0
            for plan in known:
                content = all_lines(connection, plan.version)
                lines += sum(frame.height for frame in content.values())
                if content_hash(content) != plan.content_hash:
                    faults.append(f"version {plan.version}: its lines were altered")
        if anchor is not None and anchor not in {event.hash for event in events}:
            faults.append(f"event with hash {anchor[:12]}… was removed")
        return Verification(
            versions=len(known),
            events=len(events),
            lines=lines,
            last_hash=events[-1].hash if events else "",
            faults=tuple(faults),
        )


def find_version(versions: list[PlanVersion], number: int) -> PlanVersion:
    """Return a version by number; a LedgerError lists the known ones."""
    for each in versions:
        if each.version == number:
            return each
    known = ", ".join(str(each.version) for each in versions)
    raise LedgerError(
        f"plan version {number} does not exist",
        fix=f"use one of {known}: aop plan list"
        if known
        else "no plan was ever proposed; make one: aop refresh",
    )


def all_lines(connection: sa.Connection, version: int) -> dict[str, pl.DataFrame]:
    """Return every component of one version in canonical form."""
    return {
        component: select_lines(connection, component, [version]).drop("version")
        for component in COMPONENTS
    }
