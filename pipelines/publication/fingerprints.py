"""Tell whether a table is the one published last, reading as little of it as will do.

Two answers. Where the warehouse wrote nothing, a table still lies in the same blocks
of the file with the same checksums; that is known from a few bytes a block. Where dbt
wrote the same rows again, their digest says so, at the price of one scan.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

FILE_HEADER_BYTES: Final = 3 * 4096
"""DuckDB's file: three headers of 4 kB, then blocks that begin with a checksum."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What one table of the warehouse was when it was copied."""

    shape: tuple[tuple[str, str], ...]  # columns and their types, in order
    stored: str | None  # digest of where it lies; None where that says nothing
    rows: int
    content: str  # of its rows in any order

    def is_same(self, other: "Fingerprint | None") -> bool:
        """Tell whether another night's table has the same columns and rows."""
        return other is not None and (other.shape, other.content) == (
            self.shape,
            self.content,
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
            self._stream.seek(FILE_HEADER_BYTES + block * self._bytes)
            self._known[block] = self._stream.read(8)
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
    found = connection.execute(
        "select block_id, additional_block_ids from pragma_storage_info(?)", [table]
    ).fetchall()
    numbers = {number for block, more in found for number in (block, *(more or ()))}
    return {int(number) for number in numbers if number is not None and number >= 0}


def stored(
    connection: duckdb.DuckDBPyConnection, table: str, blocks: Blocks
) -> str | None:
    """Return a digest of where a table lies in the warehouse, and of what is there.

    Returns
    -------
    str or None
        The same digest means the same rows: every segment, its statistics and its
        blocks' checksums are in it, and how many rows are not deleted (deletions of
        a stored segment are only ever added to). None for views, and while a part of
        the table is not in the file's blocks.
    """
    try:
        segments = connection.execute(
            "select row_group_id, column_id, column_path, segment_id, segment_type, "
            '"start", count, compression, stats, has_updates, persistent, block_id, '
            "block_offset, additional_block_ids from pragma_storage_info(?) "
            "order by row_group_id, column_id, column_path, segment_id",
            [table],
        ).fetchall()
    except duckdb.Error:  # a view has no storage
        return None
    rows = connection.execute(f"from {table} select count(*)").fetchone()
    whole = hashlib.sha256(repr(rows).encode())
    for segment in segments:
        *told, has_updates, is_persistent, block, offset, more = segment
        if has_updates or not is_persistent:
            return None
        whole.update(repr((told, block, offset, more)).encode())
        for number in (block, *(more or ())):
            if number is not None and number >= 0:
                whole.update(blocks.checksum(number))
    return whole.hexdigest()


def content(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Sequence[str]
) -> tuple[int, str]:
    """Return how many rows a table has, and a digest of them in any order.

    Count, sum and exclusive or of a 64-bit hash a row: other rows have another digest
    but for a chance that does not matter.
    """
    listed = ", ".join(quoted(name) for name in columns)
    row = connection.execute(
        # names of the catalog, quoted
        "select count(*), sum(h::hugeint), bit_xor(h) from "  # noqa: S608
        f"(select hash({listed}) as h from {table})"
    ).fetchone() or (0, None, None)
    return int(row[0]), "-".join(format(int(part or 0), "x") for part in row)


def block_bytes(connection: duckdb.DuckDBPyConnection, database: str) -> int:
    """Return the size of an attached file's blocks, in bytes."""
    row = connection.execute(
        "select block_size from pragma_database_size() where database_name = ?",
        [database],
    ).fetchone()
    return int(row[0]) if row else 0


def quoted(name: str) -> str:
    """Return a name as SQL takes it, whatever is in it."""
    return '"' + name.replace('"', '""') + '"'
