"""Copy warehouse schemas into a new DuckDB file, all of one night or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import astuple, dataclass
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from data_contracts.errors import BusyError, HomeError
from pipelines.publication.night import Night
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


@dataclass(frozen=True, slots=True)
class Copied:
    """What one file took over."""

    tables: int
    rows: int


def copy_tables(
    settings: Settings,
    night: Night,
    schemas: tuple[str, ...],
    target: Path,
    *,
    parquet: Path | None = None,
) -> Copied:
    """Copy all tables of some schemas into a new file and close it.

    Parameters
    ----------
    schemas : tuple of str
        Warehouse schemas; one that does not exist has no tables.
    target : Path
        DuckDB file to create; holds no log file afterwards.
    parquet : Path, optional
        Folder for ``<schema>/<table>.parquet`` of the same rows.

    Returns
    -------
    Copied
        Tables and rows, without ``meta.publication``.

    Raises
    ------
    HomeError, BusyError
        See ``serving_copy.publish``.
    """
    with _opened(settings, target) as connection:
        found = _tables(connection, schemas)
        if "core" in schemas:
            _refuse_if_half_built(connection, night, found)
        rows = sum(_copy(connection, schema, table) for schema, table in found)
        _describe(connection, schemas)
        _write_night(connection, night)
        if parquet is not None:
            for schema, table in [*found, ("meta", "publication")]:
                file = parquet / schema / f"{table}.parquet"
                file.parent.mkdir(parents=True, exist_ok=True)
                connection.execute(
                    f"copy {_named(schema, table)} to {_text(file)} "
                    "(format parquet, compression zstd)"
                )
    return Copied(tables=len(found), rows=rows)


@contextmanager
def _opened(settings: Settings, target: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    if not settings.warehouse.is_file():
        raise HomeError(f"warehouse {settings.warehouse} does not exist", fix=_REFRESH)
    with duckdb.connect(target) as connection:
        # a mart that is a view reads raw files by paths relative to the home
        connection.execute(f"set file_search_path = {_text(settings.home)}")
        try:
            connection.execute(
                f"attach {_text(settings.warehouse)} as warehouse (read_only)"
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


def _copy(connection: duckdb.DuckDBPyConnection, schema: str, table: str) -> int:
    connection.execute(f'create schema if not exists "{schema}"')
    # ordered by every column: the same rows are the same bytes in Parquet
    connection.execute(
        f"create table {_named(schema, table)} as "
        f"from warehouse.{_named(schema, table)} order by all"
    )
    return int(str(_one(connection, f"from {_named(schema, table)}", "count(*)")))


def _describe(connection: duckdb.DuckDBPyConnection, schemas: tuple[str, ...]) -> None:
    """Take over the comments dbt left, which a copy by query loses."""
    shown = [list(schemas)]
    tables = connection.execute(
        "select schema_name, table_name, comment from duckdb_tables() "
        "where database_name = 'warehouse' and comment is not null "
        "and list_contains(?, schema_name)",
        shown,
    ).fetchall()
    columns = connection.execute(
        "select schema_name, table_name, column_name, comment from duckdb_columns() "
        "where database_name = 'warehouse' and comment is not null "
        "and list_contains(?, schema_name)",
        shown,
    ).fetchall()
    for schema, table, comment in tables:
        connection.execute(
            f"comment on table {_named(schema, table)} is {_text(comment)}"
        )
    for schema, table, column, comment in columns:
        connection.execute(
            f'comment on column {_named(schema, table)}."{column}" is {_text(comment)}'
        )


def _write_night(connection: duckdb.DuckDBPyConnection, night: Night) -> None:
    connection.execute("create schema meta")
    connection.execute(
        "create table meta.publication (as_of date, data_through date, "
        "plan_version integer, policy_hash varchar, company varchar, currency varchar)"
    )
    connection.execute(
        "insert into meta.publication values (?, ?, ?, ?, ?, ?)", astuple(night)
    )


def _one(connection: duckdb.DuckDBPyConnection, source: str, value: str) -> object:
    row = connection.execute(f"{source} select {value}").fetchone()
    return row[0] if row else None


def _named(schema: str, table: str) -> str:
    return f'"{schema}"."{table}"'


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
