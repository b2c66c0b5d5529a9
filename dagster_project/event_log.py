"""The event log of a home's runs, kept open while this process writes it.

Dagster opens and closes its SQLite files for every event; at four events a model that
was a fifth of a night. The files and what is in them are the same: Dagster's own
classes read what these wrote, and the other way about.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final, Self

import dagster as dg
import sqlalchemy as sa
import yaml

# Dagster documents its storages and the reference of an instance under these paths
from dagster._core.instance.ref import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.polling_event_watcher import SqlPollingEventWatcher
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sqlite_storage import DagsterSqliteStorage
from dagster._serdes import ConfigurableClassData
from sqlalchemy.pool import StaticPool

_OPEN_AT_MOST: Final = 4  # files: the index, the run, and those a reader looks into
_BUSY_SECONDS: Final = 60.0

Handler = Callable[[dg.EventLogEntry, str], None]
"""Takes an event and the cursor behind it."""


class OpenEventLog(SqliteEventLogStorage):
    """Dagster's own event log over connections that stay open until `dispose`.

    A commit reaches the operating system at once and the disk with the next
    checkpoint: a crash of the process loses nothing, a power cut at most the last
    events, and neither can damage the file.
    """

    def __init__(self, base_dir: str) -> None:
        self._engines: OrderedDict[str, sa.Engine] = OrderedDict()
        # the file of a run under way changes only at a checkpoint: ask, do not watch it
        self._asker = SqlPollingEventWatcher(self)
        super().__init__(base_dir)

    def run_connection(
        self, run_id: str | None = None
    ) -> AbstractContextManager[sa.Connection]:
        """Give the connection to the file of one run."""
        return self._held(str(run_id))

    def index_connection(self) -> AbstractContextManager[sa.Connection]:
        """Give the connection to the file all runs share."""
        return self._held(INDEX_SHARD_NAME)

    def watch(self, run_id: str, cursor: str | None, callback: Handler) -> None:
        """Call `callback` with each event of a run that comes after `cursor`."""
        self._asker.watch_run(run_id, cursor, callback)

    def end_watch(self, run_id: str, handler: Handler) -> None:
        """Call `handler` no more."""
        self._asker.unwatch_run(run_id, handler)

    def dispose(self) -> None:
        """Close every file."""
        self._asker.close()
        with self._db_lock:
            while self._engines:
                self._engines.popitem()[1].dispose()
        super().dispose()

    @contextmanager
    def _held(self, shard: str) -> Iterator[sa.Connection]:
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> sa.Engine:
        if shard not in self._engines:
            engine = sa.create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
            )
            self._initdb(engine)
            with engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA synchronous = NORMAL")
            self._engines[shard] = engine
            while len(self._engines) > _OPEN_AT_MOST:
                self._engines.popitem(last=False)[1].dispose()
        self._engines.move_to_end(shard)
        return self._engines[shard]


class OpenStorage(DagsterSqliteStorage):
    """Dagster's own storage with the event log kept open."""

    def __init__(
        self, base_dir: str, inst_data: ConfigurableClassData | None = None
    ) -> None:
        super().__init__(base_dir, inst_data)
        self._event_log_storage = OpenEventLog(str(Path(base_dir, "history", "runs")))

    @classmethod
    def from_config_value(
        cls, inst_data: ConfigurableClassData | None, config_value: Mapping[str, Any]
    ) -> Self:
        """Make it as Dagster does from a reference."""
        return cls(config_value["base_dir"], inst_data)


def opened(folder: Path) -> dg.DagsterInstance:
    """Open the instance in `folder`, wherever ``DAGSTER_HOME`` points.

    Parameters
    ----------
    folder : Path
        Holds ``dagster.yaml``. A storage of another kind that it names, PostgreSQL
        say, is left as it is.
    """
    reference = InstanceRef.from_dir(str(folder))
    storage = reference.storage_data
    if storage is not None and storage.class_name == OpenStorage.__name__:
        here = yaml.safe_dump({"base_dir": str(folder)})
        reference = reference._replace(storage_data=storage._replace(config_yaml=here))
    return dg.DagsterInstance.from_ref(reference)
