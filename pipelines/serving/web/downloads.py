"""Tables as CSV that a spreadsheet opens as data, never as formulas."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Final

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""First characters that make a spreadsheet compute a cell, full-width ones too."""


def as_csv(
    rows: Sequence[Mapping[str, object]], columns: Sequence[str]
) -> Iterator[str]:
    r"""Yield the lines of a CSV file, the header first.

    Text that a spreadsheet would run gets an apostrophe in front, as OWASP advises
    against CSV injection; numbers and dates stay as they are.

    Examples
    --------
    >>> list(as_csv([{"name": "=1+1", "cents": -5}], ["name", "cents"]))
    ['name,cents\r\n', "'=1+1,-5\r\n"]
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    lines: list[list[object]] = [list(columns)]
    lines += [[_cell(row[column]) for column in columns] for row in rows]
    for line in lines:
        writer.writerow(line)
        yield buffer.getvalue()
        buffer.seek(0)
        buffer.truncate()


def _cell(value: object) -> object:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        # blanks in front do not stop every spreadsheet
        return f"'{value}" if value.lstrip(" ").startswith(_FORMULA) else value
    return value
