"""Write one file of a publication: anew, or going on from the bytes of the last one."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipelines.publication.fingerprints import (
    STAMP,
    Fingerprint,
    blocks_of,
    quoted,
    text,
)
from pipelines.publication.night import Night
from pipelines.publication.scrubbing import UnknownLayoutError

LARGE_ROWS: Final = 20_000
"""Tables of more rows get blocks of their own, so that they can stay as they are."""

NIGHT: Final = "meta.publication"
"""Table with one row: which night the file shows."""

Held = dict[str, frozenset[int]]
"""Blocks of a file in which the values of ``schema.table`` lie."""


@dataclass(frozen=True, slots=True)
class Table:
    """One table to publish, as the warehouse has it tonight."""

    schema: str
    table: str
    fingerprint: Fingerprint
    comment: str | None
    comments: tuple[str | None, ...]  # of the columns, in their order

    @property
    def name(self) -> str:
        """Return ``schema.table``."""
        return f"{self.schema}.{self.table}"

    @property
    def sql(self) -> str:
        """Return the quoted name."""
        return f"{quoted(self.schema)}.{quoted(self.table)}"

    @property
    def is_large(self) -> bool:
        """Tell whether it gets blocks of its own."""
        return self.fingerprint.rows > LARGE_ROWS


def write_anew(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], night: Night
) -> Held:
    """Write all tables of the attached warehouse to the file attached, still empty."""
    _write(connection, tables)
    _finish(connection, tables, night)
    return _blocks(connection, tables)


def renew(
    connection: duckdb.DuckDBPyConnection,
    tables: Sequence[Table],
    night: Night,
    *,
    before: Mapping[str, Fingerprint],
    held: Mapping[str, frozenset[int]],
) -> Held:
    """Make the file attached, which has the bytes of the last one, that of tonight.

    Parameters
    ----------
    before : mapping of ``schema.table`` to Fingerprint
        What its tables are; none of them is missing in `tables`.
    held : mapping of ``schema.table`` to frozenset of int
        Where they lie.

    Returns
    -------
    mapping of ``schema.table`` to frozenset of int
        Where the tables lie now. The file holds what `write_anew` would write; what
        was replaced lies in blocks that no table holds.

    Raises
    ------
    UnknownLayoutError
        If that cannot be said.
    """
    now = {table.name: table for table in tables}
    changed = {
        name
        for name, table in now.items()
        if not table.fingerprint.is_same(before.get(name))
    }
    stamped = {
        name
        for name in changed
        if now[name].fingerprint.differs_by_stamp(before.get(name))
    }
    replaced = sharing(held, {*(changed - stamped), NIGHT})
    written = [
        table
        for table in tables
        if table.name in replaced or (table.name in changed - stamped)
    ]
    for name in replaced & held.keys():
        sql = NIGHT if name == NIGHT else now[name].sql
        connection.execute(f"drop table {sql}")
    if any(table.is_large for table in written):
        connection.execute("checkpoint served")  # makes their blocks free
    restamped = [now[name] for name in sorted(stamped - replaced)]
    for table in restamped:
        # the one column is made again, by a constant; the others stay where they lie
        connection.execute(
            f"alter table {table.sql} alter {quoted(STAMP[0])} set data type date "
            f"using (date '{table.fingerprint.stamp}')"
        )
    _write(connection, written)
    _finish(connection, tables, night)
    found = {name: blocks for name, blocks in held.items() if name not in replaced}
    found |= _blocks(connection, [*written, *restamped])
    for table in restamped:
        left = held[table.name] - found[table.name]
        if any(left & blocks for blocks in found.values()):
            raise UnknownLayoutError(f"{table.name} left a block others are in")
    return found


@contextmanager
def attached(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[None]:
    """Use a file as the database ``served`` until the block ends, and close it.

    What was not brought into it by a checkpoint is lost: nobody else knows the file
    yet, so it needs no log.
    """
    connection.execute(f"attach {text(file)} as served (recovery_mode no_wal_writes)")
    try:
        connection.execute("use served")
        yield
    finally:
        connection.execute("use memory")
        connection.execute("detach served")


def sharing(held: Mapping[str, frozenset[int]], names: Collection[str]) -> set[str]:
    """Return tables by name and all that have values in a block with one of them.

    A block that only one of two tables leaves keeps the bytes of the other.
    """
    found = {table for table in held if table in names}
    size = 0
    while len(found) > size:  # until nobody joins
        size = len(found)
        blocks = frozenset().union(*(held[table] for table in found))
        found |= {table for table in held if not blocks.isdisjoint(held[table])}
    return found


def _write(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """Write tables, sorted by all columns; large ones get blocks of their own."""
    for schema in sorted({table.schema for table in tables}):
        connection.execute(f"create schema if not exists {quoted(schema)}")
    for table in sorted(tables, key=lambda one: one.is_large):
        if table.is_large:
            connection.execute("checkpoint served")
        # ordered by every column: the same rows are the same bytes in Parquet
        connection.execute(
            f"create table {table.sql} as from warehouse.{table.sql} order by all"
        )


def _finish(
    connection: duckdb.DuckDBPyConnection, tables: Sequence[Table], night: Night
) -> None:
    _describe(connection, tables)
    connection.execute("checkpoint served")  # what follows has blocks of its own
    _write_night(connection, night)
    connection.execute("checkpoint served")


def _blocks(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> Held:
    """Return where these tables lie, and the one that says which night it is."""
    sql = {table.name: table.sql for table in tables} | {NIGHT: NIGHT}
    return {
        name: frozenset(blocks_of(connection, f"served.{place}"))
        for name, place in sql.items()
    }


def _describe(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """Make comments those of the warehouse, which a copy by query loses."""
    of_tables = {
        (schema, table): comment
        for schema, table, comment in connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() "
            "where database_name = 'served'"
        ).fetchall()
    }
    of_columns = {
        (schema, table, column): comment
        for schema, table, column, comment in connection.execute(
            "select schema_name, table_name, column_name, comment "
            "from duckdb_columns() where database_name = 'served'"
        ).fetchall()
    }
    for table in tables:
        if of_tables[table.schema, table.table] != table.comment:
            connection.execute(f"comment on table {table.sql} is {text(table.comment)}")
        names = (name for name, _ in table.fingerprint.shape)
        for column, comment in zip(names, table.comments, strict=True):
            if of_columns[table.schema, table.table, column] != comment:
                connection.execute(
                    f"comment on column {table.sql}.{quoted(column)} is {text(comment)}"
                )


def _write_night(connection: duckdb.DuckDBPyConnection, night: Night) -> None:
    connection.execute("create schema if not exists meta")
    connection.execute(
        "create table meta.publication (as_of date, data_through date, "
        "plan_version integer, policy_hash varchar, company varchar, currency varchar)"
    )
    connection.execute(
        # words of the run's own reference, as literals
        f"insert into meta.publication values ({', '.join(map(text, astuple(night)))})"  # noqa: S608
    )
