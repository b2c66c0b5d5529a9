"""Keep a PostgreSQL database the same as the serving copy, for tools that need one.

Rows are deleted and copied in one transaction: a reader never waits and sees all
tables of one night or all of the next; grants and views on the tables stay.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Final

import duckdb
import polars as pl

from data_contracts.errors import AopError, BusyError, HomeError
from pipelines.logs import logger
from pipelines.settings import Settings

BATCH_ROWS: Final = 100_000

_MIRRORS: Final = 0x616F71  # advisory lock: one mirror at a time
_KINDS: Final = {
    "VARCHAR": "text",
    "BIGINT": "bigint",
    "INTEGER": "integer",
    "SMALLINT": "smallint",
    "TINYINT": "smallint",
    "HUGEINT": "numeric(38, 0)",
    "DOUBLE": "double precision",
    "FLOAT": "real",
    "BOOLEAN": "boolean",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "TIMESTAMP WITH TIME ZONE": "timestamp with time zone",
}
_LOG: Final = logger(__name__)


class MirrorError(AopError):
    """The database cannot be reached, or something in it is in the way."""


@dataclass(frozen=True, slots=True)
class Mirrored:
    """What the database holds after it was brought up to date."""

    database: str
    tables: int
    rows: int


@dataclass(frozen=True, slots=True)
class _Table:
    schema: str
    name: str
    columns: tuple[tuple[str, str, str], ...]  # name, PostgreSQL's type, comment
    comment: str

    @property
    def sql(self) -> str:
        return f"{_quoted(self.schema)}.{_quoted(self.name)}"


def mirror(settings: Settings, url: str) -> Mirrored:
    """Make a PostgreSQL database hold the tables of the serving copy, and no others.

    Parameters
    ----------
    settings : Settings
        Home whose serving copy is read; a newer copy put in its place meanwhile is
        left for the next call.
    url : str
        ``postgresql://user@host/database``; a password may stand in it, in
        ``PGPASSWORD`` or in ``~/.pgpass``. The user must own the schemas of the copy
        or be allowed to create them.

    Returns
    -------
    Mirrored
        Tables and rows, ``meta.publication`` included: it says which night it is.

    Raises
    ------
    HomeError
        If nothing was published yet.
    BusyError
        If another process is filling the same database.
    MirrorError
        If the database does not answer or refuses; it is then as it was.
    """
    copy = settings.require_home().serving_copy
    if not copy.is_file():
        raise HomeError(
            f"home {settings.home} has no serving copy", fix="run a night: aop refresh"
        )
    driver = _driver()
    try:
        with (
            duckdb.connect(str(copy), read_only=True) as source,
            driver.connect(_plain(url)) as target,  # one transaction, kept or dropped
        ):
            _take_turn(target)
            tables = _tables(source)
            _drop_others(target, tables)
            rows = sum(_refill(source, target, table) for table in tables)
            name = f"{target.info.host}/{target.info.dbname}"
    except driver.Error as error:
        raise MirrorError(
            f"the database did not take the tables: {str(error).strip()}",
            fix="check the address of --to, and that its user may create schemas; "
            "it holds what it held before",
        ) from error
    _LOG.info("mirrored %d tables, %d rows", len(tables), rows)
    return Mirrored(name, len(tables), rows)


def _driver() -> ModuleType:
    try:
        import psycopg
    except ImportError as error:
        raise MirrorError(
            "the PostgreSQL driver is not installed",
            fix="install it: pip install 'continuous-aop[postgres]'",
        ) from error
    return psycopg


def _plain(url: str) -> str:
    found = re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", url)
    if not found.startswith("postgresql://"):
        raise MirrorError(
            f"{url.partition(':')[0]!r} is no database to mirror to",
            fix="give --to postgresql://user@host/database",
        )
    return found


def _take_turn(target: Any) -> None:
    got = target.execute("select pg_try_advisory_xact_lock(%s)", [_MIRRORS]).fetchone()
    if not got[0]:
        raise BusyError(
            "another process is filling this database", fix="wait for it to finish"
        )


def _tables(source: duckdb.DuckDBPyConnection) -> list[_Table]:
    columns: dict[tuple[str, str], list[tuple[str, str, str]]] = {}
    for schema, table, name, kind, comment in source.execute(
        "select schema_name, table_name, column_name, data_type, comment "
        "from duckdb_columns() where not internal "
        "order by schema_name, table_name, column_index"
    ).fetchall():
        found = columns.setdefault((schema, table), [])
        found.append((name, _kind(kind, f"{schema}.{table}.{name}"), comment or ""))
    comments = source.execute(
        "select schema_name, table_name, comment from duckdb_tables()"
    ).fetchall()
    told = {(schema, table): comment or "" for schema, table, comment in comments}
    return [
        _Table(schema, table, tuple(found), told.get((schema, table), ""))
        for (schema, table), found in columns.items()
    ]


def _kind(kind: str, where: str) -> str:
    if kind.startswith("DECIMAL"):
        return kind.replace("DECIMAL", "numeric")
    if kind not in _KINDS:
        raise MirrorError(
            f"{where} is of type {kind}, which has no like in PostgreSQL",
            fix="tell who keeps this release; the other tables were not touched",
        )
    return _KINDS[kind]


def _drop_others(target: Any, tables: list[_Table]) -> None:
    """Drop tables of our schemas that are no longer served, or no longer the same."""
    wanted = {(each.schema, each.name): each.columns for each in tables}
    schemas = sorted({schema for schema, _ in wanted})
    there: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for schema, table, name, kind in target.execute(
        "select n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod) "
        "from pg_class c join pg_namespace n on n.oid = c.relnamespace "
        "join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 "
        "and not a.attisdropped "
        "where c.relkind = 'r' and n.nspname = any(%s) "
        "order by n.nspname, c.relname, a.attnum",
        [schemas],
    ).fetchall():
        there.setdefault((schema, table), []).append((name, _spelled(kind)))
    for (schema, table), found in there.items():
        asked = [
            (name, _spelled(kind)) for name, kind, _ in wanted.get((schema, table), ())
        ]
        if asked != found:
            target.execute(f"drop table {_quoted(schema)}.{_quoted(table)}")


def _refill(source: duckdb.DuckDBPyConnection, target: Any, table: _Table) -> int:
    columns = ", ".join(f"{_quoted(name)} {kind}" for name, kind, _ in table.columns)
    target.execute(f"create schema if not exists {_quoted(table.schema)}")
    target.execute(f"create table if not exists {table.sql} ({columns})")
    # not truncate: readers would wait; the name is the catalog's, quoted
    target.execute(f"delete from {table.sql}")  # noqa: S608
    _describe(target, table)
    rows = 0
    with target.cursor().copy(f"copy {table.sql} from stdin (format csv)") as sent:
        for batch in _batches(source, table):
            # a bare empty field is null, a quoted one is empty text
            sent.write(batch.write_csv(include_header=False, quote_style="non_numeric"))
            rows += batch.height
    return rows


def _batches(
    source: duckdb.DuckDBPyConnection, table: _Table
) -> Iterator[pl.DataFrame]:
    found = source.execute(f"from {table.sql}")
    for batch in found.to_arrow_reader(BATCH_ROWS):
        frame = pl.from_arrow(batch)
        if isinstance(frame, pl.DataFrame) and frame.height:
            yield frame


def _describe(target: Any, table: _Table) -> None:
    target.execute(f"comment on table {table.sql} is {_text(table.comment)}")
    for name, _, comment in table.columns:
        target.execute(
            f"comment on column {table.sql}.{_quoted(name)} is {_text(comment)}"
        )


def _spelled(kind: str) -> str:
    """Return a type as PostgreSQL itself and we spell it alike."""
    return kind.replace(" without time zone", "").replace(", ", ",")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'" if value else "null"
