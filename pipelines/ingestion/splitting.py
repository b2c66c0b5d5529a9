"""Split a broken delimited file record by record, losing none: the slow, exact way.

DuckDB reads whole files fast but may name the wrong line where quotes are out of
balance. Where broken lines are just lines, they are fetched by their numbers; else the
whole file comes here, and goes back without them.
"""

import csv
import json
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import BinaryIO

from data_contracts.errors import ContractError
from pipelines.ingestion.probe import Prepared

BLANK = b" \t\r\n\x1a"  # and the mark some old systems end a file with
LONGEST_RECORD = 16_000_000  # bytes
MOST_REJECTED = 256_000_000  # bytes of broken lines; more is no extract any more
_MOST_REJECTED_AT_ONCE = 1_000_000  # lines
REJECT_COSTS = 300  # bytes of memory beside its text
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
    gaps: Sequence[int]


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
    gaps = array("q")
    size = lines = lost = 0
    is_cut = False
    with (
        prepared.path.open("rb") as source,
        copy.open("wb") as target,
        long_fields(),
    ):
        for place, (line, record) in enumerate(_records(source, prepared.delimiter)):
            taken = range(line, line + record.rstrip(b"\n").count(b"\n") + 1)
            if not record.strip(BLANK):
                gaps.extend(taken)
                continue
            reason = "" if place == 0 else fault_of(record, prepared)
            is_cut = reason.startswith(_OPEN_ENDS)
            if reason:
                gaps.extend(taken)
                text = record.rstrip(b"\r\n").decode("utf-8", errors="replace")
                rejects.append(Reject(line, text, reason))
                lost += len(record) + REJECT_COSTS
                if lost > MOST_REJECTED:
                    raise _too_broken(prepared, rejects)
                continue
            record = record.rstrip(b"\r\n") + b"\n"
            target.write(record)
            size += len(record)
            lines += record.count(b"\n")
    if is_cut:
        last = rejects[-1]
        raise ContractError(
            # not what the line holds: this is logged where everybody may read
            f"{prepared.file.shown} is cut short: line {last.line} ends after "
            f"{len(last.text):,} letters, before its {len(prepared.header)} columns "
            "are there",
            fix="export and deliver the file again",
        )
    whole = replace(prepared, path=copy, size=size, lines=lines)
    return Split(whole, tuple(rejects), gaps)


def _too_broken(prepared: Prepared, rejects: list[Reject]) -> ContractError:
    first = rejects[0]
    return ContractError(
        f"{prepared.file.shown}: {len(rejects):,} lines and more do not split into its "
        f"{len(prepared.header)} columns; line {first.line}: {first.reason}",
        fix="check its delimiter and quotes, then export it again",
    )


def rejected(prepared: Prepared, lines: Sequence[int]) -> tuple[Reject, ...] | None:
    """Fetch lines the engine could not split, where each is one whole bad record.

    Parameters
    ----------
    prepared : Prepared
        A delimited file.
    lines : sequence of int
        Physical lines, rising, the header being line 1.

    Returns
    -------
    tuple of Reject or None
        None where it is not that simple, and `split` must look at the whole file: a
        line with a quote, one that is sound, or the last, which may be cut short.
    """
    if not lines or lines[-1] >= prepared.lines or len(lines) > _MOST_REJECTED_AT_ONCE:
        return None
    found = []
    with prepared.path.open("rb") as source, long_fields():
        before = 0
        for line in lines:
            record = next(islice(source, line - before - 1, None), b"")
            before = line
            reason = "" if b'"' in record else fault_of(record, prepared)
            if not reason or not record.strip(BLANK):
                return None
            text = record.rstrip(b"\r\n").decode("utf-8", errors="replace")
            found.append(Reject(line, text, reason))
    return tuple(found)


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


def fault_of(record: bytes, prepared: Prepared) -> str:
    """Say why a record has not the header's columns; empty where it has."""
    if len(record) >= LONGEST_RECORD:
        return f"longer than {LONGEST_RECORD:,} bytes"
    try:
        record.decode("utf-8")
    except UnicodeDecodeError:
        return "not UTF-8"
    columns = len(prepared.header)
    is_plain = b'"' not in record and b"\r" not in record.rstrip(b"\r\n")
    if is_plain and record.count(prepared.delimiter.encode()) == columns - 1:
        return ""  # as nearly all are; the csv module takes ten times as long
    fields = _fields(record, prepared.delimiter)
    if fields is None:
        return _OPEN
    if len(fields) < columns:
        return f"{_SHORT}: {len(fields)} of {columns}"
    if len(fields) > columns and not (len(fields) == columns + 1 and not fields[-1]):
        return f"too many columns: {len(fields)} for {columns}"
    return ""


@contextmanager
def long_fields() -> Iterator[None]:
    """Let the csv module read long values; its limit holds for the whole process."""
    before = csv.field_size_limit(LONGEST_RECORD)
    try:
        yield
    finally:
        csv.field_size_limit(before)
