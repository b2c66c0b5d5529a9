"""The serving copy as pages read it: opened once a night, one cursor a request."""

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import duckdb

from data_contracts.errors import AopError, HomeError
from pipelines.logs import logger
from pipelines.serving.reading import Rows
from pipelines.serving.web.keeping import Kept
from pipelines.settings import Settings

SCHEMAS: Final = ("core", "plan", "forecast", "drift", "quality")
"""What pages and the API may show; personal data is in another file."""

COMING: Final = "new night"
"""Name of the thread that makes a newer copy ready."""

_LOG: Final = logger(__name__)
_KEPT_BYTES: Final = 96_000_000
_CELL_BYTES: Final = 80  # of a value in a dict, on average


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a serving table."""

    name: str
    kind: str  # DuckDB's name of the type
    comment: str


@dataclass(frozen=True, slots=True)
class _Night:
    """One copy, open. It stays open while a request still reads it."""

    key: tuple[int, int, int]
    connection: duckdb.DuckDBPyConnection
    catalog: Mapping[str, tuple[Column, ...]]
    kept: Kept


class Snapshot:
    """One night's tables for one request.

    Parameters
    ----------
    cursor : DuckDBPyConnection
        Of this request alone.
    catalog : mapping of ``schema.table`` to columns
    key : str
        Differs between copies; for caches.
    kept : Kept, optional
        What was computed from this copy so far; shared by all its requests.
    """

    def __init__(
        self,
        cursor: duckdb.DuckDBPyConnection,
        catalog: Mapping[str, tuple[Column, ...]],
        key: str,
        kept: Kept | None = None,
    ) -> None:
        self._cursor = cursor
        self.catalog = catalog
        self.key = key
        self.kept = kept or new_kept()

    def ask(self, sql: str, parameters: Sequence[object] = ()) -> Rows:
        """Return the rows of one query, each as a dict; not to be changed.

        The same question of the same copy is answered from memory.

        Raises
        ------
        HomeError
            If the copy lacks a table or column: an older release built it.
        """
        return self.kept.get(
            ("ask", sql, hashable(parameters)), lambda: self._asked(sql, parameters)
        )

    def _asked(self, sql: str, parameters: Sequence[object]) -> Rows:
        try:
            found = self._cursor.execute(sql, list(parameters))
        except (duckdb.CatalogException, duckdb.BinderException) as error:
            raise HomeError(
                f"the serving copy was built by another release: {_first(error)}",
                fix="build it again with this one: aop refresh",
            ) from error
        names = [column[0] for column in found.description or []]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]

    def has(self, table: str) -> bool:
        """Tell whether the copy holds a table, such as ``plan.fct_plan_quota``."""
        return table in self.catalog


class Serving:
    """Give every request a cursor on the newest copy.

    A process that keeps a connection to a path goes on seeing the old file, so each
    copy is attached to an engine of its own. That engine can read nothing else: no
    files, no network, no settings, whatever SQL reaches it.

    Parameters
    ----------
    settings : Settings
        Home whose copy is shown; it may be replaced at any moment.

    Attributes
    ----------
    prepare : callable or None
        Computes from a newer copy what will be asked of it. While it runs, in a
        thread of its own, the copy shown last goes on answering. Without it a newer
        copy is shown at once.
    """

    def __init__(self, settings: Settings) -> None:
        self.prepare: Callable[[Snapshot], None] | None = None
        self._settings = settings
        self._lock = threading.Lock()
        self._night: _Night | None = None
        self._coming: tuple[int, int, int] | None = None  # being made ready

    @contextmanager
    def snapshot(self) -> Iterator[Snapshot]:
        """Give the newest copy until the block ends.

        Raises
        ------
        HomeError
            If there is no home, or no night was ever refreshed.
        """
        with _reading(self._newest()) as snapshot:
            yield snapshot

    def _newest(self) -> _Night:
        copy = self._settings.require_home().serving_copy
        if not copy.is_file():
            raise HomeError(
                f"home {self._settings.home} was never refreshed: "
                "it has no serving copy",
                fix=f"run a night: aop refresh --home {self._settings.home}",
            )
        stat = copy.stat()
        key = (stat.st_ino, stat.st_mtime_ns, stat.st_size)
        with self._lock:
            if self._night is None or (self._night.key != key and not self.prepare):
                # the old one closes when its last cursor does
                self._night = _opened(str(copy), key)
            elif self._night.key != key and self._coming is None:
                self._coming = key
                threading.Thread(
                    target=self._make_ready,
                    args=[str(copy), key],
                    name=COMING,
                    daemon=True,
                ).start()
            return self._night

    def _make_ready(self, path: str, key: tuple[int, int, int]) -> None:
        night: _Night | None = None
        try:
            night = _opened(path, key)
            if self.prepare is not None:
                with _reading(night) as snapshot:
                    self.prepare(snapshot)
        except (AopError, duckdb.Error, OSError) as error:
            _LOG.warning("the new serving copy is not ready: %s", error)
        finally:
            with self._lock:
                # opened, it is shown, ready or not; else the next request tries again
                self._night = night or self._night
                self._coming = None


@contextmanager
def _reading(night: _Night) -> Iterator[Snapshot]:
    cursor = night.connection.cursor()
    try:
        cursor.execute("use copy")
        yield Snapshot(cursor, night.catalog, "-".join(map(str, night.key)), night.kept)
    finally:
        cursor.close()


def _opened(path: str, key: tuple[int, int, int]) -> _Night:
    quoted = path.replace("'", "''")
    connection = duckdb.connect(":memory:", config={"threads": 2})
    connection.execute(f"attach '{quoted}' as copy (read_only)")
    connection.execute("set enable_external_access = false")
    connection.execute("set lock_configuration = true")
    columns: dict[str, list[Column]] = {}
    for schema, table, name, kind, comment in connection.execute(
        "select schema_name, table_name, column_name, data_type, comment "
        "from duckdb_columns() where database_name = 'copy' "
        "order by schema_name, table_name, column_index"
    ).fetchall():
        if schema in SCHEMAS:
            columns.setdefault(f"{schema}.{table}", []).append(
                Column(name, kind, comment or "")
            )
    return _Night(
        key,
        connection,
        {table: tuple(found) for table, found in columns.items()},
        new_kept(),
    )


def new_kept() -> Kept:
    """Return room for what is computed from one copy."""
    return Kept(_KEPT_BYTES, weigh=_bytes)


def hashable(value: Any) -> Hashable:
    """Return query parameters as a key: lists become tuples.

    Examples
    --------
    >>> hashable([True, ["R1", "R2"]])
    (True, ('R1', 'R2'))
    """
    if isinstance(value, list | tuple):
        return tuple(hashable(each) for each in value)
    key: Hashable = value
    return key


def _bytes(value: object) -> int:
    """Estimate what a value takes: text by its length, rows by their cells."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return len(value) * len(value[0]) * _CELL_BYTES
    return 1000


def _first(error: Exception) -> str:
    return str(error).splitlines()[0]


def names(rows: Rows, column: str) -> list[Any]:
    """Return one column of rows."""
    return [row[column] for row in rows]
