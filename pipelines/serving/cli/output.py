"""What commands print: aligned tables for people, one JSON document for programs."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Self

from data_contracts import money

Row = Mapping[str, object]


def document(content: object) -> None:
    """Print one JSON document on standard output."""
    print(json.dumps(content, indent=2, default=_plain))


def table(rows: Sequence[Row], *, columns: Sequence[str], empty: str) -> None:
    """Print the named columns of rows, aligned, or one line where there are none."""
    if not rows:
        print(empty)
        return
    titles = [column.removesuffix("_cents").replace("_", " ") for column in columns]
    cells = [[text(row[column], column) for column in columns] for row in rows]
    widths = [
        max(len(title), *(len(line[place]) for line in cells))
        for place, title in enumerate(titles)
    ]
    is_number = [
        all(_is_number(row[column]) or row[column] is None for row in rows)
        for column in columns
    ]
    for line in [titles, *cells]:
        parts = [
            cell.rjust(width) if right else cell.ljust(width)
            for cell, width, right in zip(line, widths, is_number, strict=True)
        ]
        print("  ".join(parts).rstrip())


def text(value: object, column: str) -> str:
    """Write one value for people: money with cents, shares in percent, null as a dash.

    Examples
    --------
    >>> text(123456, "quota_cents"), text(0.8436, "attainment_share"), text(None, "x")
    ('1,234.56', '84.4 %', '-')
    """
    if value is None:
        return "-"
    if column.endswith("_cents") and isinstance(value, int | Decimal):
        return money.show(int(value))
    if column.endswith("_share") and isinstance(value, float):
        return f"{value:.1%}".replace("%", " %")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:,.2f}"
    if isinstance(value, datetime):
        return value.strftime("%Y-%m-%d %H:%M")
    return str(value)


def of_measure(row: Row) -> dict[str, object]:
    """Write a row's whole numbers as its `measure` says: cents as money or counts.

    Examples
    --------
    >>> of_measure({"measure": "quota_cents", "driver": "price", "change": -123456})
    {'measure': 'quota', 'driver': 'price', 'change': '-1,234.56'}
    >>> of_measure({"measure": "moved_accounts_count", "driver": "price", "change": 3})
    {'measure': 'moved accounts', 'driver': 'price', 'change': 3}
    """
    measure = str(row["measure"])
    name = measure.removesuffix("_cents").removesuffix("_count")
    is_money = measure.endswith("_cents")
    return {
        key: money.show(value) if is_money and isinstance(value, int) else value
        for key, value in row.items()
    } | {"measure": name.replace("_", " ")}


class Progress:
    """Steps of a long command on a terminal's standard error; silent elsewhere."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._started = time.monotonic()
        self._done = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._write("")

    def __call__(self, step: str, became: str) -> None:
        """Show that a step started, was done or failed."""
        self._done += became == "done"
        seconds = time.monotonic() - self._started
        self._write(f"{seconds:5.0f} s  {self._done:>3} done  {became} {step}")

    def _write(self, line: str) -> None:
        if self._is_terminal:
            print(f"\r\x1b[K{line[:78]}", end="", file=sys.stderr, flush=True)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float | Decimal) and not isinstance(value, bool)


def _plain(value: object) -> object:
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return str(value)
