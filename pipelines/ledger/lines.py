"""Lines of a version in and out of the database, quickly and unchanged."""

import polars as pl
import sqlalchemy as sa

from data_contracts.plan import COMPONENTS, KEYS, Kind
from pipelines.ledger.schema import frame_schema, line_tables


def insert_lines(
    connection: sa.Connection, version: int, component: str, frame: pl.DataFrame
) -> None:
    """Add the lines of one component of one version.

    Parameters
    ----------
    connection : sa.Connection
        Inside a writing transaction.
    frame : pl.DataFrame
        In canonical form; 250,000 lines take seconds, not minutes.
    """
    if frame.is_empty():
        return
    table = line_tables[component]
    numbered = frame.select(pl.lit(version, dtype=pl.Int32).alias("version"), pl.all())
    if connection.dialect.name == "postgresql":
        _copy_in(connection, table, numbered)
        return
    # straight to the driver: a dictionary per line costs four times as much
    statement = sa.insert(table).compile(dialect=connection.dialect)
    connection.exec_driver_sql(str(statement), _without_dates(numbered).rows())


def select_lines(
    connection: sa.Connection, component: str, versions: list[int]
) -> pl.DataFrame:
    """Return the lines of some versions, with the version first, sorted by key."""
    kinds = {"version": Kind.COUNT, **COMPONENTS[component]}
    table = line_tables[component]
    # asked as text, dates are parsed by Polars for all lines at once
    is_text = {
        name
        for name, kind in kinds.items()
        if kind is Kind.DATE and connection.dialect.name == "sqlite"
    }
    columns = [
        sa.type_coerce(table.c[name], sa.Text()).label(name)
        if name in is_text
        else table.c[name]
        for name in kinds
    ]
    rows = connection.execute(
        sa.select(*columns).where(table.c.version.in_(versions))
    ).fetchall()
    schema = frame_schema(kinds)
    raw = {
        name: pl.String() if name in is_text else kind for name, kind in schema.items()
    }
    return (
        pl.DataFrame([tuple(row) for row in rows], schema=raw, orient="row")
        .with_columns(pl.col(sorted(is_text)).str.to_date("%Y-%m-%d"))
        .sort("version", *KEYS[component])
    )


def _without_dates(frame: pl.DataFrame) -> pl.DataFrame:
    return frame.with_columns(
        pl.col(pl.Date).dt.to_string("%Y-%m-%d"),
        pl.col(pl.Boolean).cast(pl.Int8),
    )


def _copy_in(connection: sa.Connection, table: sa.Table, frame: pl.DataFrame) -> None:
    columns = ", ".join(frame.columns)
    # a bare empty field is null and a quoted one is empty text, in both programs
    text = frame.write_csv(include_header=False, quote_style="non_numeric")
    raw = connection.connection.dbapi_connection
    with (
        raw.cursor() as cursor,  # type: ignore[union-attr]  # open inside a transaction
        cursor.copy(f"COPY {table.name} ({columns}) FROM STDIN (FORMAT csv)") as copy,
    ):
        copy.write(text)
