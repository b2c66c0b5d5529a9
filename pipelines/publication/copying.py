"""Copy warehouse schemas into a new DuckDB file, all of one night or nothing.

What did not change since the last copy is not written again: the new file begins as
the bytes of the last one, tables that changed are replaced in it, and Parquet of the
others is linked. The answer is the one a copy from nothing gives.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from data_contracts.errors import BusyError, HomeError
from pipelines.publication.fingerprints import (
    Blocks,
    Fingerprint,
    block_bytes,
    content,
    quoted,
    stored,
)
from pipelines.publication.last_copy import LastCopy
from pipelines.publication.night import Night
from pipelines.publication.writing import (
    Table,
    renew,
    text,
    write_anew,
    write_parquet,
)
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


def copy_tables(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Path,
    night: Night,
    schemas: tuple[str, ...],
    target: Path,
    *,
    parquet: Path | None = None,
    last: LastCopy | None = None,
) -> Copied:
    """Copy all tables of some schemas into a new file and close it.

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

    Returns
    -------
    Copied
        No byte of a row that is not in the tables is in the file.

    Raises
    ------
    HomeError, BusyError
        See ``serving_copy.publish``.
    """
    before = last.tables if last else {}
    names = _tables(connection, schemas)
    if "core" in schemas:
        _refuse_if_half_built(connection, night, names)
    tables = _read(connection, warehouse, names, before)
    changed = {
        table.name
        for table in tables
        if not table.fingerprint.is_same(before.get(table.name))
    }
    is_done = (
        last is not None
        and _is_reusable(tables, changed, before)
        and renew(connection, target, tables, night, changed=changed, last=last.file)
    )
    if not is_done:
        write_anew(connection, target, tables, night)
    digests = {}
    if parquet is not None:
        digests = write_parquet(
            connection, target, tables, parquet, changed=changed, last=last
        )
    prints = {table.name: table.fingerprint for table in tables}
    return Copied(
        tables=len(tables),
        rows=sum(one.rows for one in prints.values()),
        changed=len(changed),
        last=LastCopy(target, prints, parquet, digests),
    )


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
    found = connection.execute(
        "select table_schema, table_name from information_schema.tables "
        "where table_catalog = 'warehouse' and list_contains(?, table_schema) "
        "and table_name not like '%\\_\\_dbt\\_tmp' escape '\\' "
        "order by table_schema, table_name",
        [list(schemas)],
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


def _read(
    connection: duckdb.DuckDBPyConnection,
    warehouse: Path,
    names: Sequence[tuple[str, str]],
    before: Mapping[str, Fingerprint],
) -> list[Table]:
    """Return tonight's tables; rows are read of those only that were written since."""
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
            sql = f"warehouse.{_named(schema, table)}"
            place = stored(connection, sql, blocks)
            known = before.get(f"{schema}.{table}")
            if not (known and place and known.stored == place and known.shape == shape):
                rows, digest = content(connection, sql, [name for name, _ in shape])
                known = Fingerprint(shape, place, rows, digest)
            found.append(
                Table(
                    schema,
                    table,
                    known,
                    comments.get((schema, table)),
                    tuple(comment for _, _, comment in told),
                )
            )
    return found


def _is_reusable(
    tables: Sequence[Table],
    changed: Collection[str],
    before: Mapping[str, Fingerprint],
) -> bool:
    """Tell whether the last file is worth going on from.

    Where a table or a column went or is another, no: it may have gone for a reason.
    """
    now = {table.name: table.fingerprint for table in tables}
    if any(
        name not in now or now[name].shape != was.shape for name, was in before.items()
    ):
        return False
    kept = sum(one.rows for name, one in now.items() if name not in changed)
    return kept >= REUSED_SHARE * sum(one.rows for one in now.values())


def _one(connection: duckdb.DuckDBPyConnection, source: str, value: str) -> object:
    row = connection.execute(f"{source} select {value}").fetchone()
    return row[0] if row else None


def _named(schema: str, table: str) -> str:
    return f"{quoted(schema)}.{quoted(table)}"
