"""Leave nothing of removed rows in the free space of a DuckDB file.

DuckDB marks blocks of dropped tables as free and keeps their bytes. A copy that goes
on from last night's would hand them to whoever opens the file with another tool.
"""

import struct
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipelines.publication.fingerprints import FILE_HEADER_BYTES, text

_PARTS: Final = 64  # of a block of metadata
_CHECKSUM_BYTES: Final = 8


class UnknownLayoutError(Exception):
    """The file is not laid out as this module knows it; build it from nothing."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Which blocks of a file hold something.

    Parameters
    ----------
    block_bytes : int
    used : frozenset of int
        Blocks with values of tables or with metadata.
    free_parts : mapping of int to tuple of int
        Parts without content of the blocks of metadata.
    """

    block_bytes: int
    used: frozenset[int]
    free_parts: Mapping[int, tuple[int, ...]]
    total: int

    @property
    def free_share(self) -> float:
        """Return the share of the file's blocks that hold nothing, 0 to 1."""
        return 1 - len(self.used) / self.total if self.total else 0.0


def layout(
    connection: duckdb.DuckDBPyConnection,
    database: str,
    held: Iterable[AbstractSet[int]],
) -> Layout:
    """Return what an attached file holds where, right after a checkpoint.

    Parameters
    ----------
    held : iterable of set of int
        Blocks of each table.

    Raises
    ------
    UnknownLayoutError
        If the engine counts other blocks as free than we do.
    """
    metadata = {
        int(block): tuple(int(part) for part in parts)
        for block, parts in connection.execute(
            f"select block_id, free_list from pragma_metadata_info({text(database)})"  # noqa: S608  # our own words
        ).fetchall()
    }
    used = frozenset(metadata).union(*held)
    row = connection.execute(
        "select total_blocks, free_blocks, block_size from pragma_database_size() "  # noqa: S608  # our own words
        f"where database_name = {text(database)}"
    ).fetchone() or (0, 0, 0)
    total, free, size = (int(each) for each in row)
    if total - len(used) != free:
        raise UnknownLayoutError(f"{free} blocks are free, not {total - len(used)}")
    return Layout(size, used, metadata, total)


def scrub(file: Path, known: Layout) -> None:
    """Overwrite with zeros what holds nothing; the file must be closed.

    Raises
    ------
    UnknownLayoutError
        If a checksum in the file is not what it should be; nothing is written then
        that the engine would read.
    """
    size = known.block_bytes
    zeros = bytes(size)
    with file.open("r+b") as stream:
        for block in range(known.total):
            if block not in known.used:
                stream.seek(FILE_HEADER_BYTES + block * size)
                stream.write(zeros)
        for block, parts in known.free_parts.items():
            stream.seek(FILE_HEADER_BYTES + block * size)
            held = bytearray(stream.read(size))
            if _stored_checksum(held) != checksum(held[_CHECKSUM_BYTES:]):
                raise UnknownLayoutError(f"block {block} has another checksum")
            _empty(held, parts)
            stream.seek(FILE_HEADER_BYTES + block * size)
            stream.write(held)


def checksum(payload: bytes | bytearray) -> int:
    """Return what DuckDB puts before a block with these bytes, unsigned 64 bit.

    Parameters
    ----------
    payload : bytes
        A multiple of eight bytes.
    """
    total = 5381
    for (word,) in struct.iter_unpack("<Q", payload):
        if word:  # most of a block of metadata is empty
            total ^= word * 0xBF58476D1CE4E5B9 & 0xFFFFFFFFFFFFFFFF
    return total


def _stored_checksum(block: bytearray) -> int:
    (found,) = struct.unpack_from("<Q", block)
    return int(found)


def _empty(block: bytearray, parts: tuple[int, ...]) -> None:
    part_bytes = (len(block) - _CHECKSUM_BYTES) // _PARTS // 8 * 8
    for part in parts:
        start = _CHECKSUM_BYTES + part * part_bytes
        block[start : start + part_bytes] = bytes(part_bytes)
    rest = _CHECKSUM_BYTES + _PARTS * part_bytes
    block[rest:] = bytes(len(block) - rest)
    struct.pack_into("<Q", block, 0, checksum(block[_CHECKSUM_BYTES:]))
