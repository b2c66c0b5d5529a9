"""What the ledger can be asked: versions, lines, events, the plan on a day."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl
import sqlalchemy as sa

from data_contracts.errors import LedgerError
from data_contracts.plan import COMPONENTS, PlanState
from pipelines.ledger import rows
from pipelines.ledger.approvals import (
    Delegation,
    Standing,
    approval_faults,
    delegations_of,
    standing_of,
)
from pipelines.ledger.chain import Verification, chain_faults
from pipelines.ledger.connection import open_database, reading
from pipelines.ledger.content import content_hash
from pipelines.ledger.guardrails import POLICY, outside
from pipelines.ledger.journal import Entry, journal_faults, read_entries
from pipelines.ledger.lines import select_lines
from pipelines.ledger.overrides import Override, overrides_of
from pipelines.ledger.records import PlanEvent, PlanVersion, governing

Content = Mapping[str, pl.DataFrame]


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

    def journal(self, version: int | None = None) -> list[Entry]:
        """Return what was said, of everything or of one version, oldest first."""
        with reading(self._engine) as connection:
            return read_entries(connection, version=version)

    def standing(self, version: int) -> Standing:
        """Return which levels a version needs and who has signed since proposed."""
        with reading(self._engine) as connection:
            plan = find_version(rows.read_versions(connection), version)
            events = rows.read_events(connection, version)
            return standing_of(plan, events, read_entries(connection))

    def delegations(self) -> list[Delegation]:
        """Return every delegation ever given, oldest first."""
        return delegations_of(self.journal())

    def overrides(self, *, on: date | None = None) -> list[Override]:
        """Return the overrides that hold (on a day), by what they fix."""
        return overrides_of(self.journal(), on=on)

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
            said = read_entries(connection)
            faults, lines = chain_faults(known, events), 0
            faults += journal_faults(said, events)
            for plan in known:
                content = all_lines(connection, plan.version)
                lines += sum(frame.height for frame in content.values())
                if content_hash(content) != plan.content_hash:
                    faults.append(f"version {plan.version}: its lines were altered")
                faults += approval_faults(plan, events, said)
                faults += _policy_faults(connection, plan, events, said, content)
        if anchor is not None and anchor not in {event.hash for event in events}:
            faults.append(f"event with hash {anchor[:12]}… was removed")
        return Verification(
            versions=len(known),
            events=len(events),
            lines=lines,
            last_hash=events[-1].hash if events else "",
            faults=tuple(faults),
        )


def _policy_faults(
    connection: sa.Connection,
    plan: PlanVersion,
    events: list[PlanEvent],
    said: list[Entry],
    content: dict[str, pl.DataFrame],
) -> list[str]:
    """Hold a version that a policy signed to the guardrails it was signed inside."""
    standing = standing_of(plan, events, said)
    if not any(one.is_policy for one in standing.signatures):
        return []
    limits = standing.rules.automatic
    if limits is None or plan.parent_version is None:
        return [f"version {plan.version}: a {POLICY} signed it without guardrails"]
    before = all_lines(connection, plan.parent_version)
    return [
        f"version {plan.version}: a {POLICY} signed it outside its guardrails, {each}"
        for each in outside(limits, before, content, start=plan.effective_from)
    ]


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
