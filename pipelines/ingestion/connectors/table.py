"""What a connector offers: tables, and records of them since it last asked."""

from collections.abc import Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any, Protocol

Record = dict[str, Any]
State = MutableMapping[str, Any]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of an API.

    ``name`` starts the name of its landing files, which a mapping's patterns find;
    ``key`` is the field that tells its records apart. An optional table may be missing
    from an account.
    """

    name: str
    key: str
    is_optional: bool = False


@dataclass(slots=True)
class Pull:
    """What one reading of a table turned out to be, filled while it is read.

    ``is_full``: its records are the whole table. ``notes`` are for people.
    """

    is_full: bool
    notes: list[str]


class System(Protocol):
    """A live system: its tables and how each is read."""

    def tables(self) -> list[Table]:
        """List what can be read, in order."""

    def records(self, table: Table, state: State, pull: Pull) -> Iterator[Record]:
        """Yield a table's records new or changed since `state` was left.

        Parameters
        ----------
        table : Table
        state : mutable mapping
            What was remembered of the table: empty the first time. It is kept only if
            every record has been landed.
        pull : Pull
            Where to say that the whole table is read; before the first record.
        """
