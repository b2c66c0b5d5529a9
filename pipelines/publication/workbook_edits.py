"""Read what people wrote into an exported workbook; never evaluates a formula.

A workbook is taken whole or refused whole, with every cell at fault named. What an
edit means for the plan is checked in ``edit_rules``.
"""

import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from xml.etree import ElementTree

import openpyxl  # type: ignore[import-untyped]  # it ships no types
from openpyxl.utils import get_column_letter  # type: ignore[import-untyped]

from data_contracts.errors import WorkbookError
from pipelines.files import digest
from pipelines.ledger.overrides import Ask
from pipelines.publication.sheets import (
    FORMAT,
    HEADER_ROW,
    LONGEST_TEXT,
    PASSPORT,
    Column,
    Content,
    Sheet,
    Unit,
    plan_sheets,
)

SHOWN_FAULTS: Final = 20
LARGEST_BYTES: Final = 4 * 2**30
"""Most that a workbook may unpack to; a real one of a million rows has half."""

_BROKEN: Final = (
    ElementTree.ParseError,
    zipfile.BadZipFile,
    zlib.error,
    EOFError,
    KeyError,
    OverflowError,
    ValueError,
)
"""What the parser raises while it reads the rows of a damaged file."""

Key = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Fault:
    """One cell that cannot be taken over, and why."""

    place: str  # sheet and cell, such as Books!E12
    what: str

    def __str__(self) -> str:
        return f"{self.place}: {self.what}"


@dataclass(frozen=True, slots=True)
class Edit:
    """One cell somebody wrote into, typed, with its row's key and reason."""

    ask: Ask
    key: Key
    value: str | int  # a rep id, cents, a count, or yes
    reason: str
    place: str


@dataclass(frozen=True, slots=True)
class EditedWorkbook:
    """What a workbook asks for."""

    version: int
    edits: tuple[Edit, ...]
    source: str  # SHA-256 of the file


def read_edits(
    path: Path,
    *,
    content_of: Callable[[int, str], Content],
    currency: str,
) -> EditedWorkbook:
    """Read the edits of a workbook that `write_workbook` wrote.

    Parameters
    ----------
    path : Path
        The ``.xlsx`` as it came back.
    content_of : callable
        Gives the lines of a version, from its number and content hash; raises an
        AopError where the ledger holds no such version.
    currency : str
        ISO code that its titles carry.

    Returns
    -------
    EditedWorkbook
        Edits in the order of sheets and rows.

    Raises
    ------
    WorkbookError
        If the file is no workbook of this format; a title, key or locked cell was
        altered; a row is gone, twice or new; a cell holds a formula or a value of the
        wrong type; or an edit has no reason. Every cell at fault is named.
    """
    with _opened(path) as book:
        version, sealed = _passport(book, path)
        content = content_of(version, sealed)
        faults: list[Fault] = []
        edits: list[Edit] = []
        for sheet in plan_sheets(content, currency):
            if sheet.name not in book.sheetnames:
                faults.append(Fault(f"{sheet.name}!A1", "the sheet is gone"))
                continue
            _read_sheet(book[sheet.name], sheet, faults, edits)
    refuse(path, faults)
    return EditedWorkbook(version, tuple(edits), digest(path))


def refuse(path: Path, faults: Sequence[Fault]) -> None:
    """Raise one error that names the cells at fault; do nothing without any."""
    if not faults:
        return
    shown = [str(fault) for fault in faults[:SHOWN_FAULTS]]
    more = len(faults) - len(shown)
    if more:
        shown.append(f"and {more} more")
    raise WorkbookError(
        f"{path.name} is not taken over, {len(faults)} cell(s) are at fault:\n  "
        + "\n  ".join(shown),
        fix="mend these cells and import it again; nothing was stored",
    )


@contextmanager
def _opened(path: Path) -> Iterator[Any]:
    try:
        with zipfile.ZipFile(path) as packed:
            unpacked = sum(each.file_size for each in packed.infolist())
        if unpacked > LARGEST_BYTES:
            raise WorkbookError(
                f"{path.name} unpacks to {unpacked:,} bytes, more than any plan's",
                fix="export the plan again and edit that file",
            )
        # formulas stay text with their sign, which tells them from values
        book = openpyxl.load_workbook(path, read_only=True, data_only=False)
    except OSError as error:
        raise WorkbookError(
            f"{path} cannot be read: {error.strerror or error}",
            fix="give the path of a workbook written by: aop plan export",
        ) from error
    except WorkbookError:
        raise
    except Exception as error:  # the parser has no error of its own
        raise WorkbookError(
            f"{path.name} is not a workbook: {error}",
            fix="save it as .xlsx, or export the plan again: aop plan export",
        ) from error
    try:
        with warnings.catch_warnings():
            # of dates and styles it cannot read: such cells are refused by name
            warnings.simplefilter("ignore")
            yield book
    except _BROKEN as error:
        raise WorkbookError(
            f"{path.name} is damaged: {error}",
            fix="export the plan again and edit that file: aop plan export",
        ) from error
    finally:
        book.close()


def _passport(book: Any, path: Path) -> tuple[int, str]:
    known = {}
    if PASSPORT in book.sheetnames:
        for row in book[PASSPORT].iter_rows(max_row=20, max_col=2, values_only=True):
            if len(row) == 2:
                known[str(row[0])] = str(row[1])
    version = known.get("version", "")
    if known.get("format") != str(FORMAT) or not version.isdecimal():
        raise WorkbookError(
            f"{path.name} is no workbook of a plan: sheet {PASSPORT} is missing or "
            "altered",
            fix="export the plan and edit that file: aop plan export VERSION --xlsx",
        )
    return int(version), known.get("content_hash", "")


def _read_sheet(
    page: Any, sheet: Sheet, faults: list[Fault], edits: list[Edit]
) -> None:
    """Hold every row to the one that was written, and collect what was edited."""
    expected = _expected(sheet)
    fixed = [p for p, column in enumerate(sheet.columns) if not column.is_open]
    keyed = [p for p in fixed if sheet.columns[p].is_key]
    opened = [p for p, column in enumerate(sheet.columns) if column.is_open]
    seen: set[Key] = set()
    page.reset_dimensions()  # a program may have written them wrong
    rows = enumerate(page.iter_rows(max_col=len(sheet.columns)), start=1)
    for number, cells in rows:
        if number == HEADER_ROW + 1 and _titles_differ(sheet, cells, faults):
            return
        if number <= HEADER_ROW + 1:
            continue
        values = _values(sheet, number, cells, faults)
        if values is None:
            continue
        key = tuple(_plain(values[place]) for place in keyed)
        known = expected.get(key)
        if known is None or key in seen:
            told = "is there twice" if key in seen else "is not a row of this plan"
            place = _at(sheet, number, keyed[0])
            faults.append(Fault(place, f"{_shown(key)} {told}"))
            continue
        seen.add(key)
        faults += [
            Fault(
                _at(sheet, number, place),
                f"a locked cell was changed from {_shown((was,))}",
            )
            for place, was in zip(fixed, known, strict=True)
            if not _same(values[place], was)
        ]
        if any(values[place] is not None for place in opened):
            _read_edits(sheet, number, key, values, faults, edits)
    faults += [
        Fault(_at(sheet, row, keyed[0]), f"{_shown(key)} is gone")
        for row, key in enumerate(expected, start=HEADER_ROW + 2)
        if key not in seen
    ]


def _values(
    sheet: Sheet, number: int, cells: Sequence[Any], faults: list[Fault]
) -> list[Any] | None:
    """Return the values of a row, None where it is empty or holds no values."""
    values = [cell.value for cell in cells]
    if not any(value is not None for value in values):
        return None
    unread = [
        Fault(_at(sheet, number, place), _unread(cell))
        for place, cell in enumerate(cells)
        if cell.value is not None and cell.data_type in ("f", "e")
    ]
    faults += unread
    return None if unread else values + [None] * (len(sheet.columns) - len(values))


def _read_edits(
    sheet: Sheet,
    number: int,
    key: Key,
    values: list[Any],
    faults: list[Fault],
    edits: list[Edit],
) -> None:
    """Type what somebody wrote into one row; a reason is needed and not alone."""
    place_of_reason = next(p for p, c in enumerate(sheet.columns) if c.is_reason)
    at_reason = _at(sheet, number, place_of_reason)
    reason = values[place_of_reason]
    if reason is not None and not isinstance(reason, str):
        faults.append(Fault(at_reason, f"{reason!r} is no reason in words"))
        return
    reason = (reason or "").strip()
    asked = [
        (place, column)
        for place, column in enumerate(sheet.columns)
        if column.ask is not None and not _is_blank(values[place])
    ]
    if asked and not reason:
        faults.append(Fault(at_reason, "say why, beside every change"))
        return
    if reason and not asked:
        faults.append(Fault(at_reason, "a reason without a change"))
    for place, column in asked:
        try:
            value = _typed(values[place], column)
        except ValueError as error:
            faults.append(Fault(_at(sheet, number, place), str(error)))
            continue
        ask = column.ask
        if ask is not None:
            edits.append(Edit(ask, key, value, reason, _at(sheet, number, place)))


def _typed(value: Any, column: Column) -> str | int:
    """Return a written value as the plan's type.

    Raises
    ------
    ValueError
        If it has another type; the message says which is wanted.
    """
    if column.unit is Unit.TEXT and isinstance(value, str):
        return value.strip()
    if column.unit is Unit.FLAG:
        if isinstance(value, str) and value.strip().casefold() == "yes":
            return "yes"
        raise ValueError(f"{value!r} is not yes; leave it empty for no")
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or column.unit is Unit.TEXT:
        wanted = {Unit.TEXT: "an id", Unit.MONEY: "an amount", Unit.COUNT: "a count"}
        raise ValueError(f"{value!r} is not {wanted[column.unit]}")
    if column.unit is Unit.MONEY:
        if not 0 <= value < 1e13:
            raise ValueError(f"{value!r} is no amount from 0 up")
        cents: int = round(value * 100)
        if abs(value * 100 - cents) > 1e-3:
            raise ValueError(f"{value!r} has parts of a cent")
        return cents
    if value != int(value) or not 0 <= value < 10_000:
        raise ValueError(f"{value!r} is not a whole number of people")
    return int(value)


def _expected(sheet: Sheet) -> dict[Key, tuple[Any, ...]]:
    """Return each row as it was written, by its key, in order."""
    columns = []
    for column in sheet.fixed:
        values = sheet.rows.get_column(column.name)
        if column.unit is Unit.MONEY:
            columns.append((values / 100).to_list())
        elif column.unit is Unit.FLAG:
            columns.append(["yes" if value else None for value in values.to_list()])
        elif column.unit is Unit.TEXT:
            cut = values.str.slice(0, LONGEST_TEXT).to_list()
            columns.append([text or None for text in cut])
        else:
            columns.append(values.to_list())
    keyed = [p for p, column in enumerate(sheet.fixed) if column.is_key]
    rows: Iterator[tuple[Any, ...]] = zip(*columns, strict=True)
    return {tuple(row[p] for p in keyed): row for row in rows}


def _titles_differ(sheet: Sheet, cells: Sequence[Any], faults: list[Fault]) -> bool:
    found = [cell.value for cell in cells] + [None] * len(sheet.columns)
    wrong = [
        Fault(
            _at(sheet, HEADER_ROW + 1, place),
            f"the title must be {column.title!r}, not {found[place]!r}",
        )
        for place, column in enumerate(sheet.columns)
        if found[place] != column.title
    ]
    faults.extend(wrong)
    return bool(wrong)


def _same(value: Any, was: Any) -> bool:
    if value is was or value == was:
        return True
    if isinstance(was, float | int) and not isinstance(was, bool):
        if not isinstance(value, float | int) or isinstance(value, bool):
            return False
        return bool(abs(value - was) <= max(1e-9 * abs(was), 1e-9))
    return bool(_plain(value) == was)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.date()
    return None if value == "" else value


def _is_blank(value: Any) -> bool:
    return value is None or (isinstance(value, str) and not value.strip())


def _unread(cell: Any) -> str:
    if cell.data_type == "e":
        return f"it holds the error {cell.value}"
    return "it holds a formula; formulas are never run, write the value"


def _shown(key: Key) -> str:
    return ", ".join("nothing" if part is None else str(part) for part in key)


def _at(sheet: Sheet, number: int, place: int) -> str:
    return f"{sheet.name}!{get_column_letter(place + 1)}{number}"
