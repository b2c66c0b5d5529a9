"""Split a broken delimited file record by record, losing none: the slow, exact way.

DuckDB reads whole files fast but may name the wrong line where quotes are out of
balance. A file in which it meets one broken line comes here, and goes back without it.
"""

import csv
import json
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from data_contracts.errors import ContractError
from pipelines.ingestion.probe import Prepared

BLANK = b" \t\r\n\x1a"  # and the mark some old systems end a file with
LONGEST_RECORD = 16_000_000  # bytes
_MOST_LINES = 2_000  # an open quote that long is a stray one, not a value


@dataclass(frozen=True, slots=True)
class Reject:
    """A line that does not split into the columns of its header."""

    line: int
    text: str
    reason: str

    @property
    def json(self) -> str:
        """The whole delivered line as it stands in quarantine."""
        return json.dumps({"line": self.text}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Split:
    """A file without its broken lines, and those lines.

    ``gaps`` are the physical lines of the delivered file that are in no record,
    rejected or blank, rising.
    """

    whole: Prepared
    rejects: tuple[Reject, ...]
    gaps: tuple[int, ...]


def split(prepared: Prepared, scratch: Path) -> Split:
    """Copy every record that has the header's columns; keep the other lines apart.

    Parameters
    ----------
    prepared : Prepared
        A delimited file.
    scratch : Path
        Folder for the copy.

    Returns
    -------
    Split
        Every line but the header's is in a record of the copy, rejected, or blank.

    Raises
    ------
    ContractError
        If the file ends inside a record: it was cut short.

    Notes
    -----
    A record runs on while its quotes are out of balance. Where that leads to nonsense,
    only its first line is rejected and reading goes on with the second, so that one
    stray quote never swallows its neighbours.
    """
    copy = scratch / f"{prepared.path.name}.whole"
    rejects: list[Reject] = []
    gaps: list[int] = []
    size = lines = 0
    is_cut = False
    with (
        prepared.path.open("rb") as source,
        copy.open("wb") as target,
        _long_fields(),
    ):
        for place, (line, record) in enumerate(_records(source, prepared.delimiter)):
            taken = range(line, line + record.rstrip(b"\n").count(b"\n") + 1)
            if not record.strip(BLANK):
                gaps += taken
                continue
            reason = "" if place == 0 else _fault(record, prepared)
            is_cut = reason.startswith(_OPEN_ENDS)
            if reason:
                gaps += taken
                text = record.rstrip(b"\r\n").decode("utf-8", errors="replace")
                rejects.append(Reject(line, text, reason))
                continue
            record = record.rstrip(b"\r\n") + b"\n"
            target.write(record)
            size += len(record)
            lines += record.count(b"\n")
    if is_cut:
        last = rejects[-1]
        raise ContractError(
            f"{prepared.file.shown} is cut short: line {last.line} ends in "
            f"{last.text[-60:]!r} before its {len(prepared.header)} columns are there",
            fix="export and deliver the file again",
        )
    whole = replace(prepared, path=copy, size=size, lines=lines)
    return Split(whole, tuple(rejects), tuple(gaps))


_SHORT = "too few columns"
_OPEN = "a quote is out of place"
_OPEN_ENDS = (_SHORT, _OPEN)


def _records(source: BinaryIO, delimiter: str) -> Iterator[tuple[int, bytes]]:
    """Yield each record with its first line, joining lines while a quote is open."""
    waiting: deque[tuple[int, bytes]] = deque()
    numbered = enumerate(source, start=1)
    while True:
        first = waiting.popleft() if waiting else next(numbered, None)
        if first is None:
            return
        line, record = first
        if record.count(b'"') % 2 == 0:
            yield line, record
            continue
        taken = [first]
        size = len(record)
        while len(taken) < _MOST_LINES and size < LONGEST_RECORD:
            more = waiting.popleft() if waiting else next(numbered, None)
            if more is None:
                break
            taken.append(more)
            size += len(more[1])
            if more[1].count(b'"') % 2:  # the quote closes
                break
        joined = b"".join(text for _, text in taken)
        if _is_sound(joined, delimiter):
            yield line, joined
        else:
            yield first
            waiting.extendleft(reversed(taken[1:]))


def _is_sound(record: bytes, delimiter: str) -> bool:
    return record.count(b'"') % 2 == 0 and _fields(record, delimiter) is not None


def _fields(record: bytes, delimiter: str) -> list[str] | None:
    """Take a record apart; None where its quotes are out of place."""
    text = record.decode("utf-8", errors="replace").rstrip("\r\n")
    lines = text.splitlines(keepends=True) if '"' in text else [text]
    try:
        found = list(csv.reader(lines, delimiter=delimiter, strict=True))
    except csv.Error:
        return None
    return found[0] if len(found) == 1 else None


def _fault(record: bytes, prepared: Prepared) -> str:
    """Say why a record has not the header's columns; empty where it has."""
    if len(record) >= LONGEST_RECORD:
        return f"longer than {LONGEST_RECORD:,} bytes"
    try:
        record.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    fields = _fields(record, prepared.delimiter)
    columns = len(prepared.header)
    if fields is None:
        return _OPEN
    if len(fields) < columns:
        return f"{_SHORT}: {len(fields)} of {columns}"
    if len(fields) > columns and not (len(fields) == columns + 1 and not fields[-1]):
        return f"too many columns: {len(fields)} for {columns}"
    return ""


@contextmanager
def _long_fields() -> Iterator[None]:
    """Let the csv module read long values; its limit holds for the whole process."""
    before = csv.field_size_limit(LONGEST_RECORD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
