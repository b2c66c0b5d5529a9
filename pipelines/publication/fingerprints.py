"""Tell whether a table is the one published last, reading as little of it as will do.

Two answers. Where the warehouse wrote nothing, a table still lies in the same blocks
of the file with the same checksums; that is known from a few bytes a block. Where dbt
wrote the same rows again, their digest says so, at the price of one scan; and it says
so too where nothing but the night they are stamped with is another.
"""

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

FILE_HEADER_BYTES: Final = 3 * 4096
"""DuckDB's file: three headers of 4 kB, then blocks that begin with a checksum."""

STAMP: Final = ("as_of", "DATE")
"""Column that says of every row on which night it was known."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What one table of the warehouse was when it was copied."""

    shape: tuple[tuple[str, str], ...]  # columns and their types, in order
    stored: str | None  # digest of where it lies; None where that says nothing
    rows: int
    content: str  # of its rows in any order, without the stamp if that is known
    stamp: str | None  # the date if it is that of every row; None where there is none

    def is_same(self, other: "Fingerprint | None") -> bool:
        """Tell whether another night's table has the same columns and rows."""
        return other is not None and (other.shape, other.content, other.stamp) == (
            self.shape,
            self.content,
            self.stamp,
        )

    def differs_by_stamp(self, other: "Fingerprint | None") -> bool:
        """Tell whether another night's table differs in the stamp of its rows alone."""
        return (
            other is not None
            and other.stamp is not None
            and self.stamp not in {None, other.stamp}
            and (other.shape, other.content) == (self.shape, self.content)
        )


class Blocks:
    """Checksums of the blocks of one DuckDB file, read when first asked for."""

    def __init__(self, file: Path, block_bytes: int) -> None:
        self._stream = file.open("rb")
        self._bytes = block_bytes
        self._known: dict[int, bytes] = {}

    def checksum(self, block: int) -> bytes:
        """Return the eight bytes DuckDB put before a block when it wrote it."""
        if block not in self._known:
            place = FILE_HEADER_BYTES + block * self._bytes
            self._known[block] = os.pread(self._stream.fileno(), 8, place)
        return self._known[block]

    def close(self) -> None:
        """Let go of the file."""
        self._stream.close()


def blocks_of(connection: duckdb.DuckDBPyConnection, table: str) -> set[int]:
    """Return the numbers of the blocks in which a table's values lie.

    Parameters
    ----------
    table : str
        Quoted name, with its database.
    """
    row = connection.execute(
        # a name of the catalog
        f"select {_BLOCKS} from pragma_storage_info({text(table)})"  # noqa: S608
    ).fetchone()
    return _numbers(row[0] if row else None)


def stored(
    connection: duckdb.DuckDBPyConnection, table: str, blocks: Blocks
) -> tuple[int, str] | None:
    """Return how many rows a table has, and a digest of where and what they are.

    Returns
    -------
    tuple of int and str, or None
        The same digest means the same rows: every segment, its statistics and its
        blocks' checksums are in it, and how many rows are not deleted (deletions of
        a stored segment are only ever added to). None for views, and while a part of
        the table is not in the file's blocks.
    """
    try:
        row = connection.execute(
            # a name of the catalog
            "select count(*), sum(h::hugeint), bit_xor(h), bool_or(is_loose), "  # noqa: S608
            f"{_BLOCKS}, (select count(*) from {table}) from "
            "(select has_updates or not persistent as is_loose, block_id, "
            "additional_block_ids, hash(row_group_id, column_id, column_path, "
            'segment_id, segment_type, "start", count, compression, '
            "stats, block_id, block_offset, additional_block_ids) as h "
            f"from pragma_storage_info({text(table)}))"
        ).fetchone()
    except duckdb.Error:  # a view has no storage
        return None
    if row is None or row[3]:
        return None
    *told, _, lies_in, rows = row
    whole = hashlib.sha256(repr((rows, told)).encode())
    for number in sorted(_numbers(lies_in)):
        whole.update(blocks.checksum(number))
    return int(rows), whole.hexdigest()


_BLOCKS: Final = (
    "list_distinct(flatten(list(list_prepend(block_id, "
    "coalesce(additional_block_ids, [])))))"
)


def _numbers(found: Sequence[int] | None) -> set[int]:
    return {number for number in found or () if number >= 0}


def content(
    connection: duckdb.DuckDBPyConnection,
    table: str,
    shape: Sequence[tuple[str, str]],
) -> tuple[int, str, str | None]:
    """Return how many rows a table has, a digest of them in any order, their stamp.

    Count, sum and exclusive or of a 64-bit hash a row: other rows have another digest
    but for a chance that does not matter. Where all rows carry one stamp it is told
    beside the digest, which then is of the other columns.
    """
    names = [quoted(name) for name, kind in shape if (name, kind) != STAMP]
    night = quoted(STAMP[0]) if STAMP in shape else "null::date"
    told = connection.execute(
        # names of the catalog, quoted
        "select count(*), min(n), max(n), count(n), sum(h::hugeint), bit_xor(h), "  # noqa: S608
        "sum(hash(h, n)::hugeint), bit_xor(hash(h, n)) from "
        f"(select hash({', '.join(names or ['0'])}) as h, {night} as n from {table})"
    ).fetchone()
    if told is None:
        raise ValueError(f"{table} cannot be counted")
    rows, least, most, stamped, *digests = told
    has_one = rows > 0 and stamped == rows and least == most
    parts = (rows, *(digests[:2] if has_one else digests[2:]))
    digest = "-".join(format(int(part or 0), "x") for part in parts)
    return int(rows), digest, least.isoformat() if has_one else None


def block_bytes(connection: duckdb.DuckDBPyConnection, database: str) -> int:
    """Return the size of an attached file's blocks, in bytes."""
    row = connection.execute(
        "select block_size from pragma_database_size() "  # noqa: S608  # our own words
        f"where database_name = {text(database)}"
    ).fetchone()
    return int(row[0]) if row else 0


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'


def text(value: object) -> str:
    """Return a value as an SQL literal.

    A bound parameter would have DuckDB import pandas, which costs a second.
    """
    return "null" if value is None else "'" + str(value).replace("'", "''") + "'"
