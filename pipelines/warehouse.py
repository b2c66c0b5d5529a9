"""The one door to `warehouse.duckdb`: dbt builds it here, others look in briefly.

Not for readers: they open the serving copy, which nobody ever locks.
"""

import fcntl
import hashlib
import logging
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import environ  # dbt's profile reads AOP_HOME: it is set here, never read
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from data_contracts.errors import AopError, BusyError, HomeError
from pipelines.last_build import LastBuild
from pipelines.logs import logger
from pipelines.settings import Settings

_log = logger(__name__)

PROJECT: Final = Path(__file__).resolve().parents[1] / "dbt"
"""Folder of the dbt project."""

_PARSED: Final = ("partial_parse.msgpack", "semantic_manifest.json", "manifest.json")
_BROKEN: Final = frozenset({"error", "fail", "runtime error"})
_REFRESH: Final = "run the nightly job: aop refresh"

# A lock belongs to the process, not to a call: whoever holds it here may enter again.
_held: dict[Path, int] = {}
_guard = threading.Lock()


class WarehouseError(AopError):
    """A model could not be built, or a test on its rows did not hold."""


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of one model or test.

    ``status`` is dbt's word: success, pass, warn, fail, error or skipped; ``failures``
    counts the rows that break a test and is None for a model.
    """

    unique_id: str
    status: str
    seconds: float
    failures: int | None
    message: str

    @property
    def name(self) -> str:
        """Name without kind and package."""
        return self.unique_id.split(".")[2]

    @property
    def is_model(self) -> bool:
        """True for a model, false for a test."""
        return self.unique_id.startswith("model.")

    @property
    def is_ok(self) -> bool:
        """True for what was built or holds, with a warning or without."""
        return self.status not in _BROKEN and self.status != "skipped"


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What one dbt pass did, in the order in which it did it."""

    nodes: tuple[NodeResult, ...]

    @property
    def ok(self) -> bool:
        """True where everything was built and every test holds."""
        return all(node.is_ok for node in self.nodes)

    def raise_if_broken(self) -> None:
        """Raise the first fault, so that nothing broken looks fresh.

        Raises
        ------
        WarehouseError
            If a model could not be built or a test does not hold.
        """
        if self.ok:
            return
        broken = [node for node in self.nodes if node.status in _BROKEN]
        skipped = sum(node.status == "skipped" for node in self.nodes)
        first = broken[0] if broken else next(n for n in self.nodes if not n.is_ok)
        kind = first.unique_id.split(".")[0].replace("_", " ")
        more = f"; {len(broken) - 1} more broke" if len(broken) > 1 else ""
        behind = f"; {skipped} were skipped behind it" if skipped else ""
        raise WarehouseError(
            f"{kind} {first.name} ended as {first.status}{more}{behind}: "
            f"{' '.join(first.message.split())}",
            fix=f"look at {first.name} under dbt/models; nothing was published",
        )


def build(
    selector: str,
    settings: Settings,
    *,
    full_refresh: bool = False,
    with_unit_tests: bool = False,
) -> BuildResult:
    """Build one selector of the dbt project in this process, tests included.

    Parameters
    ----------
    selector : str
        ``actuals`` or ``plan`` of ``dbt/selectors.yml``; empty for everything.
    settings : Settings
        The home to build; ``raw``, ``reference``, ``forecast`` and ``plan_book`` must
        hold at least their zero-row files.
    full_refresh : bool, default False
        Build incremental facts from nothing. So they are anyway where the last build
        broke off, was of a later night, was made by other SQL, policy or calendar, or
        where raw rows of a night already built were changed.
    with_unit_tests : bool, default False
        Also run dbt's unit tests, which test the code rather than the night.

    Returns
    -------
    BuildResult
        Every model and test; ask ``raise_if_broken`` after telling what was built.
        No connection to the warehouse is left open.

    Raises
    ------
    WarehouseError
        If dbt could not begin: the project does not parse, or the selector is unknown.
    """
    arguments = ["build", *_places(settings.dbt_target), "--no-write-json"]
    arguments += ["--selector", selector] if selector else []
    left_out = ("exposure",) if with_unit_tests else ("exposure", "unit_test")
    arguments += [
        word for kind in left_out for word in ("--exclude-resource-type", kind)
    ]
    with exclusive(settings):
        started = time.perf_counter()
        # the pass over the plan has no incremental fact
        last = LastBuild(settings, _digest_of_project()) if selector != "plan" else None
        if last is not None:
            is_anew = full_refresh or not last.goes_on
            arguments += ["--full-refresh"] if is_anew else []
            last.tell(anew=is_anew)
            last.forget()
        results = _invoke(arguments, settings.home, parsed=manifest())
        nodes = tuple(
            NodeResult(
                unique_id=one.node.unique_id,
                status=str(one.status),
                seconds=float(one.execution_time),
                failures=one.failures,
                message=one.message or "",
            )
            for one in results.results
        )
        if last is not None and all(one.is_ok for one in nodes if one.is_model):
            last.remember()
    broken = sum(node.status in _BROKEN for node in nodes)
    _log.info(
        "dbt %s: %d nodes, %d broken, %.1f s",
        selector or "everything",
        len(nodes),
        broken,
        time.perf_counter() - started,
    )
    return BuildResult(nodes)


def _sources() -> list[Path]:
    """List what the project is made of, in one order."""
    found = [
        path
        for place in ("models", "macros", "tests", "seeds")
        for path in (PROJECT / place).rglob("*")
        if path.is_file()
    ]
    return [
        *sorted(found),
        *(PROJECT / name for name in ("dbt_project.yml", "selectors.yml")),
    ]


def _digest_of_project() -> str:
    every = hashlib.sha256()
    for path in _sources():
        if path.suffix == ".sql":
            every.update(path.read_bytes())
    return every.hexdigest()


def manifest() -> Path:
    """Return the parsed project, parsing it only where it changed since.

    The same manifest serves every home, because sources are relative to the home.
    """
    target = PROJECT / "target"
    parsed = target / "manifest.json"
    newest = max(path.stat().st_mtime_ns for path in _sources())
    written = [target / name for name in _PARSED]
    if all(one.is_file() and one.stat().st_mtime_ns >= newest for one in written):
        return parsed
    target.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target) as folder:
        fresh = Path(folder)
        _invoke(["parse", *_places(fresh), "--no-partial-parse"], fresh, parsed=None)
        # manifest.json last: its date says that all is there
        for name in _PARSED:
            shutil.move(fresh / name, target / name)
    return parsed


def read(
    settings: Settings, sql: str, parameters: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """Visit the warehouse read-only for one query and leave.

    Parameters
    ----------
    sql : str
        One DuckDB query; ``$name`` takes a value from `parameters`.

    Raises
    ------
    HomeError
        If there is no warehouse yet, or it has not got a table the query names.
    BusyError
        If another process is writing it.
    """
    if not settings.warehouse.is_file():
        raise HomeError(f"warehouse {settings.warehouse} does not exist", fix=_REFRESH)
    try:
        with duckdb.connect(
            settings.warehouse,
            read_only=True,
            config={"file_search_path": str(settings.home)},  # staging reads raw by it
        ) as connection:
            return connection.execute(sql, parameters or {}).pl()
    except duckdb.IOException as error:
        if "lock" not in str(error):
            raise
        raise BusyError(
            f"another process is writing {settings.warehouse}",
            fix="wait for that run to finish, or read the serving copy",
        ) from error
    except duckdb.CatalogException as error:
        raise HomeError(
            f"{settings.warehouse} lacks what was asked: {str(error).splitlines()[0]}",
            fix=_REFRESH,
        ) from error


@contextmanager
def exclusive(settings: Settings) -> Iterator[None]:
    """Hold the home alone; a second process waits, this one may enter again.

    The lock is the operating system's: it goes with the process, however it ends.
    """
    path = settings.lock_file
    with _guard:
        is_mine = _held.get(path, 0) > 0
        _held[path] = _held.get(path, 0) + 1
    try:
        if is_mine:
            yield
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as stream:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                _log.warning("another run holds %s; waiting for it", settings.home)
                fcntl.flock(stream, fcntl.LOCK_EX)
            yield
    finally:
        with _guard:
            _held[path] -= 1


def _places(target: Path) -> list[str]:
    return [
        *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
        *("--target-path", str(target), "--log-path", str(target / "logs")),
        *("--log-level", "none", "--log-level-file", "info", "--no-use-colors"),
    ]


def _invoke(arguments: list[str], home: Path, *, parsed: Path | None) -> Any:
    """Run dbt with `home` as its home and leave nothing of it open."""
    # dbt takes two seconds to import; only a build pays for it
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner
    from dbt.contracts.graph.manifest import Manifest

    before = environ.get("AOP_HOME")
    environ["AOP_HOME"] = str(home)
    try:
        known = None
        if parsed is not None:
            known = Manifest.from_msgpack(
                parsed.with_name("partial_parse.msgpack").read_bytes()
            )
        done = dbtRunner(manifest=known).invoke(arguments)
    finally:
        # dbt neither closes its log file nor lets go of the warehouse
        file_log = logging.getLogger("file_log")
        for handler in list(file_log.handlers):
            file_log.removeHandler(handler)
            handler.close()
        DuckDBConnectionManager.close_all_connections()
        if before is None:
            del environ["AOP_HOME"]
        else:
            environ["AOP_HOME"] = before
    if done.exception is not None:
        why = " ".join(str(done.exception).split())
        raise WarehouseError(
            f"dbt {arguments[0]} could not begin: {why}",
            fix="mend what it names under dbt/, or install the locked versions",
        ) from done.exception
    return done.result
