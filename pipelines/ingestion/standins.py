"""Put a stand-in where a line of a delimited file is broken, so that none is missing.

For files with many broken lines and nothing else odd: every line then stays one record
of the same number, and one fast pass reads the whole. What is not that simple is left
to `splitting`.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from pipelines.ingestion.probe import Prepared
from pipelines.ingestion.splitting import (
    BLANK,
    LONGEST_RECORD,
    MOST_REJECTED,
    REJECT_COSTS,
    Reject,
    fault_of,
    long_fields,
)

STAND_IN = "\x01broken line\x01"  # in the first column; counted, so never mistaken
MANY_SHARE = 0.001  # of the lines looked at; fewer cost less one by one
_BLOCK = 1 << 23
_SAMPLES, _SAMPLE = 16, 1 << 16


@dataclass(frozen=True, slots=True)
class StoodIn:
    """A copy of a file in which each broken line has a stand-in, and those lines."""

    whole: Prepared
    rejects: tuple[Reject, ...]


def has_many_broken(prepared: Prepared) -> bool:
    """Tell from samples across a file whether many of its lines are broken.

    Parameters
    ----------
    prepared : Prepared
        A delimited file.

    Returns
    -------
    bool
        A guess, for speed alone: either way leads to the same rows.
    """
    seen = broken = 0
    with prepared.path.open("rb") as source:
        for place in range(_SAMPLES):
            source.seek(place * prepared.size // _SAMPLES)
            piece = source.read(_SAMPLE)
            inner = piece[piece.find(b"\n") + 1 : piece.rfind(b"\n") + 1]
            found = _Lines.of(inner, prepared)
            if found is not None:
                seen += len(found.ends)
                broken += int(np.count_nonzero(found.is_odd))
    return broken > MANY_SHARE * seen


def stand_in(prepared: Prepared, first_line: int, scratch: Path) -> StoodIn | None:
    """Copy a file with a stand-in for every broken line.

    Parameters
    ----------
    prepared : Prepared
        A delimited file.
    first_line : int
        Line after the header.
    scratch : Path
        Folder for the copy.

    Returns
    -------
    StoodIn or None
        None where it is not that simple: a record spans lines, a line is blank or far
        too long, quotes are out of place, or the last line may be cut short.
    """
    copy = scratch / f"{prepared.path.name}.stoodin"
    instead = (
        STAND_IN + prepared.delimiter * (len(prepared.header) - 1) + "\n"
    ).encode()
    rejects: list[Reject] = []
    line, lost = first_line, 0
    with (
        prepared.path.open("rb") as source,
        copy.open("wb") as target,
        long_fields(),
    ):
        target.writelines(source.readline() for _ in range(first_line - 1))
        for block in _blocks(source):
            found = _Lines.of(block, prepared)
            if found is None:
                return None
            written = 0
            for at in np.flatnonzero(found.is_odd).tolist():
                begin = int(found.ends[at - 1]) + 1 if at else 0
                end = int(found.ends[at]) + 1
                record = block[begin:end]
                reason = fault_of(record, prepared) if record.strip(BLANK) else ""
                if not reason:
                    return None
                text = record.rstrip(b"\r\n").decode("utf-8", errors="replace")
                rejects.append(Reject(line + at, text, reason))
                lost += len(record) + REJECT_COSTS
                if lost > MOST_REJECTED:
                    return None
                target.write(block[written:begin])
                target.write(instead)
                written = end
            target.write(block[written:])
            line += len(found.ends)
    if not rejects or rejects[-1].line >= prepared.lines:
        return None
    return StoodIn(replace(prepared, path=copy), tuple(rejects))


def _blocks(source: BinaryIO) -> Iterator[bytes]:
    """Read on in blocks of whole lines; a line far too long comes as it is cut."""
    rest = b""
    while chunk := source.read(_BLOCK):
        held = rest + chunk
        end = held.rfind(b"\n") + 1
        rest = held[end:]
        if end:
            yield held[:end]
        if len(rest) > LONGEST_RECORD:
            yield rest
            rest = b""
    if rest:
        yield rest


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where the lines of a block end, and which have not the header's columns."""

    ends: NDArray[np.int64]
    is_odd: NDArray[np.bool_]

    @classmethod
    def of(cls, block: bytes, prepared: Prepared) -> "_Lines | None":
        """Count the delimiters outside quotes; None where a line's quotes are odd."""
        if b"\r" in block and block.count(b"\r") != block.count(b"\r\n"):
            return None
        signs = np.frombuffer(block, dtype=np.uint8)
        ends = np.flatnonzero(signs == ord("\n"))
        if block and not block.endswith(b"\n"):
            ends = np.append(ends, len(block))
        parts = np.flatnonzero(signs == ord(prepared.delimiter))
        quotes = np.flatnonzero(signs == ord('"'))
        quoted = np.searchsorted(quotes, ends)
        if np.any(quoted % 2):
            return None
        opened, closed = quotes[0::2], quotes[1::2]
        hidden = np.searchsorted(parts, closed) - np.searchsorted(parts, opened)
        before = np.concatenate(([0], np.cumsum(hidden)))
        told = np.searchsorted(parts, ends) - before[quoted // 2]
        counts = np.diff(told, prepend=0)
        return cls(ends, counts != len(prepared.header) - 1)
