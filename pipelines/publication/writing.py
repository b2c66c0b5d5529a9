"""Write one file of a publication: anew, or going on from the bytes of the last one."""

import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Final

import duckdb

from pipelines.files import digest
from pipelines.publication.fingerprints import Fingerprint, blocks_of, quoted
from pipelines.publication.last_copy import LastCopy, parquet_file
from pipelines.publication.night import Night
from pipelines.publication.scrubbing import (
    UnknownLayoutError,
    blocks_by_table,
    layout,
    scrub,
)

LARGE_ROWS: Final = 20_000
"""Tables of more rows get blocks of their own, so that they can stay as they are."""

MOST_FREE_SHARE: Final = 0.3
"""Share of a file's blocks that may hold nothing before it is written anew."""

_NIGHT: Final = ("meta", "publication")


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
        return _named(self.schema, self.table)


def write_anew(
    connection: duckdb.DuckDBPyConnection,
    target: Path,
    tables: Sequence[Table],
    night: Night,
) -> None:
    """Write all tables of the attached warehouse to a file that does not exist yet."""
    with attached(connection, target):
        _write(connection, tables)
        _describe(connection, tables)
        _write_night(connection, night)


def renew(
    connection: duckdb.DuckDBPyConnection,
    target: Path,
    tables: Sequence[Table],
    night: Night,
    *,
    changed: Collection[str],
    last: Path,
) -> bool:
    """Write a file that goes on from the bytes of the last one.

    Parameters
    ----------
    changed : collection of ``schema.table``
        Tables to replace; all others are in the last file with the same rows.
    last : Path
        File that stands, with no table that is not in `tables`.

    Returns
    -------
    bool
        True if `target` holds what `write_anew` would write, without a byte of what
        was replaced. False if it would be too empty, or the engine lays files out in
        a way not known here; `target` is then not there.
    """
    clone(last, target)
    try:
        with attached(connection, target):
            held = blocks_by_table(connection, "served")
            replaced = _sharing(held, {*changed, ".".join(_NIGHT)})
            for one in replaced:
                connection.execute(f"drop table if exists {_named(*one)}")
            names = {".".join(one) for one in replaced} | set(changed)
            if names != {".".join(_NIGHT)}:
                connection.execute("checkpoint served")  # makes their blocks free
                _write(connection, [table for table in tables if table.name in names])
            _describe(connection, tables)
            _write_night(connection, night)
            connection.execute("checkpoint served")
            written = [(t.schema, t.table) for t in tables if t.name in names]
            for one in (*written, _NIGHT):
                held[one] = blocks_of(connection, f"served.{_named(*one)}")
            known = layout(connection, "served", held.values())
        if known.free_share <= MOST_FREE_SHARE:
            scrub(target, known)
            return True
    except UnknownLayoutError:
        pass  # right all the same, but with leftovers
    target.unlink()
    return False


def write_parquet(
    connection: duckdb.DuckDBPyConnection,
    served: Path,
    tables: Sequence[Table],
    folder: Path,
    *,
    changed: Collection[str],
    last: LastCopy | None,
) -> dict[str, str]:
    """Write the tables of a file as Parquet too; link those that did not change.

    Returns
    -------
    dict of ``schema.table`` to str
        SHA-256 of each file. The same rows are the same bytes.
    """
    found = {}
    before = last.digests if last else {}
    with attached(connection, served, is_read=True):
        for schema, table in [*((t.schema, t.table) for t in tables), _NIGHT]:
            name = f"{schema}.{table}"
            file = parquet_file(folder, name)
            file.parent.mkdir(parents=True, exist_ok=True)
            is_same = name in before and name not in {*changed, ".".join(_NIGHT)}
            if last and last.parquet and is_same:
                _link(parquet_file(last.parquet, name), file)
                found[name] = before[name]
                continue
            connection.execute(
                f"copy {_named(schema, table)} to {text(file)} "
                "(format parquet, compression zstd)"
            )
            found[name] = digest(file)
    return found


@contextmanager
def attached(
    connection: duckdb.DuckDBPyConnection, file: Path, *, is_read: bool = False
) -> Iterator[None]:
    """Use a file as the database ``served`` until the block ends, and close it."""
    connection.execute(
        f"attach {text(file)} as served" + (" (read_only)" if is_read else "")
    )
    try:
        connection.execute("use served")
        yield
    finally:
        connection.execute("use memory")
        connection.execute("detach served")


def clone(source: Path, target: Path) -> None:
    """Copy a file's bytes; file systems that can share them do."""
    left = source.stat().st_size
    try:
        with source.open("rb") as read, target.open("wb") as written:
            while left > 0:
                moved = os.copy_file_range(read.fileno(), written.fileno(), left)
                if moved == 0:
                    break
                left -= moved
    except OSError:  # two file systems, or one that does not know how
        left = 1
    if left:
        shutil.copyfile(source, target)


def text(value: object) -> str:
    """Return a value as an SQL literal."""
    return "'" + str(value).replace("'", "''") + "'"


def _write(connection: duckdb.DuckDBPyConnection, tables: Sequence[Table]) -> None:
    """Write tables, sorted by all columns; large ones get blocks of their own."""
    for table in sorted(tables, key=lambda one: one.fingerprint.rows > LARGE_ROWS):
        is_large = table.fingerprint.rows > LARGE_ROWS
        if is_large:
            connection.execute("checkpoint served")
        connection.execute(f"create schema if not exists {quoted(table.schema)}")
        # ordered by every column: the same rows are the same bytes in Parquet
        connection.execute(
            f"create table {table.sql} as from warehouse.{table.sql} order by all"
        )
    connection.execute("checkpoint served")  # what follows has blocks of its own


def _sharing(
    held: Mapping[tuple[str, str], set[int]], names: Collection[str]
) -> list[tuple[str, str]]:
    """Return tables by name and all that have values in a block with one of them.

    A block that only one of two tables leaves keeps the bytes of the other.
    """
    found = {table for table in held if ".".join(table) in names}
    size = 0
    while len(found) > size:  # until nobody joins
        size = len(found)
        blocks = set().union(*(held[table] for table in found))
        found |= {table for table in held if not blocks.isdisjoint(held[table])}
    return sorted(found)


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
            connection.execute(
                f"comment on table {table.sql} is {_said(table.comment)}"
            )
        names = (name for name, _ in table.fingerprint.shape)
        for column, comment in zip(names, table.comments, strict=True):
            if of_columns[table.schema, table.table, column] != comment:
                connection.execute(
                    f"comment on column {table.sql}.{quoted(column)} "
                    f"is {_said(comment)}"
                )


def _write_night(connection: duckdb.DuckDBPyConnection, night: Night) -> None:
    connection.execute("create schema if not exists meta")
    connection.execute(
        "create table meta.publication (as_of date, data_through date, "
        "plan_version integer, policy_hash varchar, company varchar, currency varchar)"
    )
    connection.execute(
        "insert into meta.publication values (?, ?, ?, ?, ?, ?)", astuple(night)
    )


def _link(source: Path, target: Path) -> None:
    try:
        target.hardlink_to(source)
    except OSError:  # a file system without second names
        shutil.copy2(source, target)


def _named(schema: str, table: str) -> str:
    return f"{quoted(schema)}.{quoted(table)}"


def _said(comment: str | None) -> str:
    return "null" if comment is None else text(comment)
