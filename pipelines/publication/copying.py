"""Copy warehouse schemas into a new DuckDB file, all of one night or nothing.

What did not change since the last copy is not written again: the new file begins as
the bytes of the last one, tables that changed are replaced in it, and Parquet of the
others is linked. The answer is the one a copy from nothing gives.
"""

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from data_contracts.errors import BusyError, HomeError
from pipelines.publication.cloning import Clone, cloning
from pipelines.publication.fingerprints import (
    Blocks,
    Fingerprint,
    block_bytes,
    content,
    quoted,
    stored,
    text,
)
from pipelines.publication.last_copy import LastCopy
from pipelines.publication.night import Night
from pipelines.publication.parquet_files import write_parquet
from pipelines.publication.scrubbing import (
    Layout,
    UnknownLayoutError,
    layout,
    scrub,
)
from pipelines.publication.writing import Held, Table, attached, renew, write_anew
from pipelines.settings import Settings

PROMISED: Final = (
    "core.dim_account",
    "core.dim_rep",
    "core.fct_bookings",
    "core.fct_rep_month",
    "plan.dim_plan_version",
    "plan.fct_attainment",
    "plan.fct_plan_assignment",
    "plan.fct_plan_quota",
    "plan.fct_plan_target",
    "plan.fct_plan_vs_actual",
    "drift.fct_drift_breach",
    "drift.fct_drift_signal",
    "quality.fct_load",
)
"""Tables without which a warehouse is half-built; each pass of dbt owns some."""

OF_THE_NIGHT: Final = (
    "core.dim_account",
    "core.dim_rep",
    "core.fct_rep_month",
    "plan.fct_plan_vs_actual",
    "drift.fct_drift_signal",
)
"""Tables whose newest ``as_of`` is the night they were built, in both passes."""


REUSED_SHARE: Final = 0.2
"""Least share of the rows that must be unchanged for the last file to be reused."""

MOST_FREE_SHARE: Final = 0.3
"""Share of a file's blocks that may hold nothing before it is written anew."""


@dataclass(frozen=True, slots=True)
class Copied:
    """What one file took over.

    Parameters
    ----------
    tables, rows : int
        Without ``meta.publication``.
    changed : int
        Tables whose rows are not those of the last copy.
    last : LastCopy
        What to remember of it.
    """

    tables: int
    rows: int
    changed: int
    last: LastCopy


@dataclass(frozen=True, slots=True)
class Begun:
    """A file that is known well enough to be written."""

    connection: duckdb.DuckDBPyConnection
    tables: Sequence[Table]
    night: Night
    target: Path
    parquet: Path | None
    last: LastCopy | None
    clone: Clone | None  # None where the last file is not gone on from

    def finish(self) -> Copied:
        """Write the file and close it; no byte of a row not in the tables is in it.

        Raises
        ------
        OSError, duckdb.Error
            If the disk is full.
        """
        try:
            held, digests = self._written(self.clone)
        except UnknownLayoutError:  # right all the same, but with leftovers
            self.target.unlink()
            if self.parquet and self.parquet.is_dir():
                shutil.rmtree(self.parquet)
            held, digests = self._written(None)
        before = self.last.tables if self.last else {}
        prints = {table.name: table.fingerprint for table in self.tables}
        return Copied(
            tables=len(self.tables),
            rows=sum(one.rows for one in prints.values()),
            changed=sum(
                not one.is_same(before.get(name)) for name, one in prints.items()
            ),
            last=LastCopy(self.target, prints, self.parquet, digests, held),
        )

    def _written(self, clone: Clone | None) -> tuple[Held, dict[str, str]]:
        known: Layout | None = None
        if clone:
            clone.finish()
        with attached(self.connection, self.target):
            if clone and self.last:
                held = renew(
                    self.connection,
                    self.tables,
                    self.night,
                    before=self.last.tables,
                    held=self.last.blocks,
                )
                known = layout(self.connection, "served", held.values())
                if known.free_share > MOST_FREE_SHARE:
                    raise UnknownLayoutError("too little of the file is in use")
            else:
                self.connection.execute("reset threads")  # long sorts gain by them
                held = write_anew(self.connection, self.tables, self.night)
            digests: dict[str, str] = {}
            if self.parquet is not None:
                digests = write_parquet(
                    self.connection, self.tables, self.parquet, last=self.last
                )
        if known:
            scrub(self.target, known)
        return held, digests


@contextmanager
def begun(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Path,
    night: Night,
    schemas: tuple[str, ...],
    target: Path,
    *,
    parquet: Path | None = None,
    last: LastCopy | None = None,
) -> Iterator[Begun]:
    """Begin to copy all tables of some schemas into a new file.

    Parameters
    ----------
    connection : DuckDBPyConnection
        As `opened` gives it, with this warehouse.
    schemas : tuple of str
        Warehouse schemas; one that does not exist has no tables.
    target : Path
        DuckDB file to create; holds no log file afterwards.
    parquet : Path, optional
        Folder for ``<schema>/<table>.parquet`` of the same rows.
    last : LastCopy, optional
        The copy that stands; what did not change is taken from it.

    Yields
    ------
    Begun
        Its `finish` writes; meanwhile the bytes of the last file are on their way.

    Raises
    ------
    HomeError, BusyError
        See ``serving_copy.publish``.
    """
    before = last.tables if last else {}
    names = _tables(connection, schemas)
    if "core" in schemas:
        _refuse_if_half_built(connection, night, names)
    with cloning(last.file if last else None, target) as clone:
        tables = _found(connection, warehouse, names)
        if clone and _is_reusable(tables, before, _lies_as_before):
            clone.begin()
        tables = [_read(connection, table, before) for table in tables]
        if clone and not _is_reusable(tables, before, _has_the_rows_of):
            clone.abandon()
            clone = None
        yield Begun(connection, tables, night, target, parquet, last, clone)


@contextmanager
def opened(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Give a connection with a home's ``warehouse`` attached, until the block ends.

    Raises
    ------
    HomeError, BusyError
        If there is no warehouse, or another process is writing it.
    """
    if not settings.warehouse.is_file():
        raise HomeError(f"warehouse {settings.warehouse} does not exist", fix=_REFRESH)
    with duckdb.connect() as connection:
        connection.execute("set enable_progress_bar = false")
        # many short statements: a second thread would spend more than it saves
        connection.execute("set threads = 1")
        # a mart that is a view reads raw files by paths relative to the home
        connection.execute(f"set file_search_path = {text(settings.home)}")
        try:
            connection.execute(
                f"attach {text(settings.warehouse)} as warehouse (read_only)"
            )
        except duckdb.IOException as error:
            if "lock" in str(error):
                raise BusyError(
                    f"another process is writing {settings.warehouse}",
                    fix="wait for that run to finish; the old copy stays readable",
                ) from error
            raise HomeError(
                f"{settings.warehouse} is no DuckDB file: {error}",
                fix=f"delete it and build it again: aop refresh ({settings.home})",
            ) from error
        yield connection
        connection.execute("detach warehouse")


_REFRESH: Final = "run the nightly job: aop refresh"


def _tables(
    connection: duckdb.DuckDBPyConnection, schemas: tuple[str, ...]
) -> list[tuple[str, str]]:
    listed = ", ".join(text(schema) for schema in schemas)
    found = connection.execute(
        "select table_schema, table_name from information_schema.tables "  # noqa: S608  # our own words
        f"where table_catalog = 'warehouse' and table_schema in ({listed}) "
        "and table_name not like '%\\_\\_dbt\\_tmp' escape '\\' "
        "order by table_schema, table_name"
    ).fetchall()
    return [(str(schema), str(table)) for schema, table in found]


def _refuse_if_half_built(
    connection: duckdb.DuckDBPyConnection, night: Night, found: list[tuple[str, str]]
) -> None:
    present = {f"{schema}.{table}" for schema, table in found}
    missing = sorted(set(PROMISED) - present)
    if missing:
        raise HomeError(
            f"the warehouse is half-built: it lacks {', '.join(missing)}", fix=_REFRESH
        )
    for name in OF_THE_NIGHT:
        schema, table = name.split(".")
        newest = _one(
            connection, f"from warehouse.{_named(schema, table)}", "max(as_of)"
        )
        if isinstance(newest, date) and newest != night.as_of:
            raise HomeError(
                f"the warehouse is half-built: {name} is of {newest}, "
                f"the run of {night.as_of}",
                fix=_REFRESH,
            )


def _found(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Path,
    names: Sequence[tuple[str, str]],
) -> list[Table]:
    """Return tonight's tables and where they lie; no row is read."""
    comments = {
        (schema, table): comment
        for schema, table, comment in connection.execute(
            "select schema_name, table_name, comment from duckdb_tables() "
            "where database_name = 'warehouse'"
        ).fetchall()
    }
    columns: dict[tuple[str, str], list[tuple[str, str, str | None]]] = {}
    for schema, table, column, kind, comment in connection.execute(
        "select schema_name, table_name, column_name, data_type, comment "
        "from duckdb_columns() where database_name = 'warehouse' "
        "order by schema_name, table_name, column_index"
    ).fetchall():
        columns.setdefault((schema, table), []).append((column, kind, comment))
    found = []
    with closing(Blocks(warehouse, block_bytes(connection, "warehouse"))) as blocks:
        for schema, table in names:
            told = columns[schema, table]
            shape = tuple((column, kind) for column, kind, _ in told)
            place = stored(connection, f"warehouse.{_named(schema, table)}", blocks)
            rows, where = place or (0, None)
            found.append(
                Table(
                    schema,
                    table,
                    Fingerprint(shape, where, rows, "", None),
                    comments.get((schema, table)),
                    tuple(comment for _, _, comment in told),
                )
            )
    return found


def _read(
    connection: duckdb.DuckDBPyConnection,
    table: Table,
    before: Mapping[str, Fingerprint],
) -> Table:
    """Return a table with its content; rows are read if they were written since."""
    now, known = table.fingerprint, before.get(table.name)
    if known is None or not _lies_as_before(now, known):
        rows, digest, stamp = content(connection, f"warehouse.{table.sql}", now.shape)
        known = replace(now, rows=rows, content=digest, stamp=stamp)
    return replace(table, fingerprint=known)


def _lies_as_before(now: Fingerprint, was: Fingerprint) -> bool:
    return now.stored is not None and (now.stored, now.shape) == (was.stored, was.shape)


def _has_the_rows_of(now: Fingerprint, was: Fingerprint) -> bool:
    return now.is_same(was) or now.differs_by_stamp(was)


def _is_reusable(
    tables: Sequence[Table],
    before: Mapping[str, Fingerprint],
    stays: Callable[[Fingerprint, Fingerprint], bool],
) -> bool:
    """Tell whether the last file is worth going on from.

    Where a table or a column went or is another, no: it may have gone for a reason.
    """
    now = {table.name: table.fingerprint for table in tables}
    if any(
        name not in now or now[name].shape != was.shape for name, was in before.items()
    ):
        return False
    kept = sum(
        one.rows
        for name, one in now.items()
        if name in before and stays(one, before[name])
    )
    return kept >= REUSED_SHARE * sum(one.rows for one in now.values())


def _one(connection: duckdb.DuckDBPyConnection, source: str, value: str) -> object:
    row = connection.execute(f"{source} select {value}").fetchone()
    return row[0] if row else None


def _named(schema: str, table: str) -> str:
    return f"{quoted(schema)}.{quoted(table)}"
