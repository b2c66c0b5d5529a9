"""Open the ledger's database: migrated, one writer at a time, readers never wait."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.pool import ConnectionPoolEntry, NullPool
from tenacity import (
    retry,
    retry_if_exception_message,
    stop_after_delay,
    wait_random_exponential,
)

from data_contracts.errors import BusyError, LedgerError

MIGRATIONS: Final = Path(__file__).parent / "migrations"
HEAD: Final = "0003"  # newest migration; a test holds it to the files

BUSY_SECONDS: Final = 30.0
_WRITERS: Final = 0x616F70  # PostgreSQL advisory lock that all ledger writers take


def open_database(url: str) -> sa.Engine:
    """Return an engine on a ledger whose tables are up to date.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; SQLite files are created, PostgreSQL databases must exist.

    Raises
    ------
    LedgerError
        If the URL is unusable, the file is no ledger, or a newer release wrote it.
    """
    engine = _engine(url)
    try:
        with reading(engine) as connection:
            known = MigrationContext.configure(connection).get_current_revision()
        if known != HEAD:
            with writing(engine) as connection:
                _migrate(connection)
    except sa.exc.DBAPIError as error:
        shown = engine.url.render_as_string(hide_password=True)
        raise LedgerError(
            f"ledger {shown} cannot be opened: {error.orig}",
            fix="check the path or the URL in AOP_LEDGER_URL, and that it may be "
            "written; a damaged file is restored from a backup",
        ) from error
    return engine


@contextmanager
def writing(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection that alone may write until the block ends.

    What the block did is kept whole if it succeeds and dropped whole if not.

    Raises
    ------
    BusyError
        If another writer holds the ledger longer than half a minute.
    """
    with engine.connect().execution_options(is_writer=True) as connection:
        try:
            transaction = connection.begin()
            _take_writers_lock(connection)
        except sa.exc.OperationalError as error:
            if "lock" not in str(error.orig):
                raise
            raise BusyError(
                f"another process has been writing the ledger for {BUSY_SECONDS:.0f} s",
                fix="wait for it to finish and try again",
            ) from error
        with transaction:
            yield connection


def _take_writers_lock(connection: sa.Connection) -> None:
    """Wait for one's turn in PostgreSQL; SQLite did so when the block began."""
    if connection.dialect.name == "postgresql":
        limit = f"SET LOCAL lock_timeout = {BUSY_SECONDS * 1000:.0f}"
        connection.exec_driver_sql(limit)
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_WRITERS)))


@contextmanager
def reading(engine: sa.Engine) -> Iterator[sa.Connection]:
    """Give a connection that sees the ledger as of one moment; waits for no one."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execution_options(isolation_level="REPEATABLE READ")
        with connection.begin():
            yield connection


def _engine(url: str) -> sa.Engine:
    try:
        # no pool: a closed ledger leaves no file handle, no -wal file, no lock
        engine = sa.create_engine(url, poolclass=NullPool)
    except (sa.exc.ArgumentError, ImportError) as error:
        raise LedgerError(
            f"ledger URL cannot be used: {error}",
            fix="set AOP_LEDGER_URL to sqlite:////absolute/path.sqlite or "
            "postgresql+psycopg://user@host/database with psycopg installed",
        ) from error
    if engine.dialect.name == "sqlite":
        _check_folder(engine)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
    return engine


def _check_folder(engine: sa.Engine) -> None:
    folder = Path(engine.url.database or "").parent
    if not folder.is_dir():
        raise LedgerError(
            f"folder {folder} of the ledger does not exist",
            fix="make a home first: aop init",
        )


def _prepare_sqlite(raw: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
    # the driver would begin on its own, deferred: two readers that both turn
    # writer then deadlock; we begin ourselves, below
    raw.isolation_level = None
    cursor = raw.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")
    _keep_a_write_ahead_log(cursor)
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


# a new file changes its mode only while nobody else has it open, and SQLite refuses
# that at once, whatever the busy timeout says
@retry(
    retry=retry_if_exception_message(match="database is locked"),
    stop=stop_after_delay(BUSY_SECONDS),
    wait=wait_random_exponential(multiplier=0.01, max=1.0),
    reraise=True,
)
def _keep_a_write_ahead_log(cursor: DBAPICursor) -> None:
    cursor.execute("PRAGMA journal_mode = WAL")


def _begin_sqlite(connection: sa.Connection) -> None:
    is_writer = connection.get_execution_options().get("is_writer", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writer else "BEGIN")


def _migrate(connection: sa.Connection) -> None:
    script = ScriptDirectory(MIGRATIONS)
    known = MigrationContext.configure(connection).get_current_revision()
    if known == HEAD:
        return  # another process was faster while we waited for the lock
    if known is not None and known not in {
        each.revision for each in script.walk_revisions()
    }:
        raise LedgerError(
            f"the ledger has format {known}, newer than this release's {HEAD}",
            fix="upgrade continuous-aop to the release that wrote the ledger",
        )

    def steps(revision: str, _context: MigrationContext) -> list[object]:
        # what alembic.command.upgrade itself calls; there is no public name
        return list(script._upgrade_revs("head", revision))

    with EnvironmentContext(Config(), script, fn=steps) as environment:
        environment.configure(connection=connection)
        environment.run_migrations()
