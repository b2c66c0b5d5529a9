"""What people ask of the next plan, whatever the solver would do: typed overrides."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from pipelines.ledger.journal import Entry, EntryKind


class Ask(StrEnum):
    """What an override fixes."""

    ACCOUNT_OWNER = "account_owner"
    QUOTA = "quota"
    LOCKED_BOOK = "locked_book"
    HIRES = "hires"


@dataclass(frozen=True, slots=True)
class Override:
    """One wish of a person, kept until it is withdrawn, replaced, or over.

    ``key`` names what is fixed: the account, the rep, or ``segment/role/month`` of
    hires. ``value`` is the owner's rep id, the quota in cents over the plan's months,
    ``yes`` for a locked book, or the number of hires, as text.
    """

    ask: Ask
    key: str
    value: str
    reason: str
    version: int  # the plan it was said about
    until: date  # last day it holds, the end of that plan's period
    place: str = ""  # sheet and cell it came from
    source: str = ""  # SHA-256 of the workbook
    author: str = ""
    number: int = 0  # given when stored

    def body(self) -> dict[str, Any]:
        """Return what the journal keeps of it."""
        kept = asdict(self)
        for name in ("author", "number", "version"):
            del kept[name]
        return {**kept, "ask": str(self.ask), "until": self.until.isoformat()}


def override_of(entry: Entry) -> Override:
    """Return the override an entry holds."""
    return Override(
        **{
            **entry.body,
            "ask": Ask(entry.body["ask"]),
            "until": date.fromisoformat(entry.body["until"]),
        },
        version=entry.version or 0,
        author=entry.actor,
        number=entry.seq,
    )


def overrides_of(entries: Iterable[Entry], *, on: date | None = None) -> list[Override]:
    """Return the overrides that hold, by what they fix; the newest word counts.

    Parameters
    ----------
    entries : iterable of Entry
        The journal.
    on : date, optional
        Leave out those that are over by this day.
    """
    said: dict[tuple[str, str], Override] = {}
    withdrawn = set()
    for entry in entries:
        if entry.kind is EntryKind.OVERRIDE:
            found = override_of(entry)
            said[(found.ask, found.key)] = found
        if entry.kind is EntryKind.WITHDRAWAL:
            withdrawn.add(entry.body["override"])
    return [
        said[name]
        for name in sorted(said)
        if said[name].number not in withdrawn and (on is None or said[name].until >= on)
    ]
