"""Rows of a serving table, filtered and scoped: what pages, CSV and the API share."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from data_contracts.errors import AopError
from pipelines.serving.reading import Rows
from pipelines.serving.web.scope import Scope, masked, table_scope
from pipelines.serving.web.serving import Column, Snapshot

MOST_ROWS: Final = 10_000
"""Rows of one answer of the API; page on with `offset`."""


class UnknownTableError(AopError):
    """There is no such table, or it is not one for readers."""


class FilterError(AopError):
    """A filter names no column, or its value is not of the column's type."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Some rows of one table, and how many there are in all."""

    table: str
    columns: tuple[Column, ...]
    rows: Rows
    total: int


def readable(snapshot: Snapshot, scope: Scope) -> list[str]:
    """Return the tables a visitor may ask for, by name."""
    found = []
    for table, columns in snapshot.catalog.items():
        try:
            table_scope(table, columns, scope)
        except AopError:
            continue
        found.append(table)
    return sorted(found)


def browse(
    snapshot: Snapshot,
    scope: Scope,
    table: str,
    *,
    where: Sequence[str] = (),
    limit: int | None = 100,
    offset: int = 0,
) -> Answer:
    """Return rows of a serving table that a visitor may see.

    Parameters
    ----------
    table : str
        ``schema.table`` of the serving copy.
    where : sequence of str
        Each ``column:value``; a row must fit all. An empty value means null.
    limit : int or None
        Most rows returned; None for all.
    offset : int
        Rows left out first, >= 0.

    Returns
    -------
    Answer
        Rows in the order of their columns, so that pages never overlap.

    Raises
    ------
    UnknownTableError, FilterError
        If the table, a column or a value is not one.
    NotYoursError
        If the table is not for the visitor's role.
    """
    columns = snapshot.catalog.get(table)
    if columns is None:
        raise UnknownTableError(
            f"there is no serving table {table!r}",
            fix="see those there are: /api/v1/tables",
        )
    condition, values = table_scope(table, columns, scope)
    for one in where:
        part, value = _filter(one, columns)
        condition += f" and {part}"
        values += value
    schema, name = table.split(".", 1)
    # both names come from the catalog, never from who asks
    source = f'from "{schema}"."{name}" where {condition}'
    try:
        total = int(snapshot.ask(f"select count(*) as n {source}", values)[0]["n"])
        rows = snapshot.ask(
            f"select * {source} order by all limit {_whole(limit)} "
            f"offset {int(offset)}",
            values,
        )
    except (duckdb.ConversionException, duckdb.InvalidInputException) as error:
        raise FilterError(
            f"a filter on {table} does not fit: {str(error).splitlines()[0]}",
            fix="give dates as YYYY-MM-DD, numbers without separators, true or false",
        ) from error
    return Answer(table, columns, [masked(row, scope) for row in rows], total)


def _filter(text: str, columns: Sequence[Column]) -> tuple[str, list[Any]]:
    name, colon, value = text.partition(":")
    found = next((column for column in columns if column.name == name), None)
    if not colon or found is None:
        raise FilterError(
            f"filter {text!r} names no column",
            fix="write column:value, with one of "
            + ", ".join(column.name for column in columns),
        )
    if value == "":
        return f'"{found.name}" is null', []
    if "\x00" in value:
        raise FilterError("a filter holds a null character", fix="leave it out")
    return f'"{found.name}" = cast(? as {found.kind})', [value]


def _whole(limit: int | None) -> str:
    return "all" if limit is None else str(int(limit))
