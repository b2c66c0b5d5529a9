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
from importlib.metadata import version
from os import environ  # dbt's profile reads AOP_HOME: it is set here, never read
from pathlib import Path
from typing import Any, Final

import duckdb
import polars as pl

from data_contracts.errors import BusyError, HomeError
from pipelines.build_result import BuildResult, NodeResult, WarehouseError
from pipelines.last_build import LastBuild
from pipelines.logs import logger
from pipelines.settings import Settings
from pipelines.statements import Heard, Said

__all__ = [
    "PROJECT", "BuildResult", "NodeResult", "WarehouseError", "build", "exclusive",
    "manifest", "read",
]  # fmt: skip

_log = logger(__name__)

PROJECT: Final = Path(__file__).resolve().parents[1] / "dbt"
"""Folder of the dbt project."""

_PARSED: Final = ("partial_parse.msgpack", "semantic_manifest.json", "manifest.json")
_REFRESH: Final = "run the nightly job: aop refresh"

# A lock belongs to the process, not to a call: whoever holds it here may enter again.
_held: dict[Path, int] = {}
_guard = threading.Lock()


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

    Notes
    -----
    What dbt says to the warehouse on a night that goes on from the one before is kept,
    and said again on the next such night without dbt (`pipelines.statements`).

    Raises
    ------
    WarehouseError
        If dbt could not begin: the project does not parse, or the selector is unknown.
    """
    with exclusive(settings):
        started = time.perf_counter()
        # the pass over the plan has no incremental fact
        last = LastBuild(settings, _digest_of_project()) if selector != "plan" else None
        goes_on = settings.warehouse.is_file() and not full_refresh
        goes_on = goes_on and (last is None or last.goes_on)
        if last is not None:
            last.tell(anew=not goes_on)
            last.forget()
        said = _said(settings, selector)
        nodes = said.again() if goes_on and not with_unit_tests else None
        if nodes is None:
            if said.is_half_done and last is not None:
                goes_on = False
                last.tell(anew=True)
            words = [] if goes_on else ["--full-refresh"]
            words += [] if with_unit_tests else ["--exclude-resource-type", "unit_test"]
            heard = Heard()
            results = _run_dbt(selector, settings, words, heard)
            nodes = tuple(_node(one) for one in results)
            if goes_on and not with_unit_tests and all(one.is_ok for one in nodes):
                said.keep(heard.nodes(results))
        if last is not None and all(one.is_ok for one in nodes if one.is_model):
            last.remember()
    broken = sum(node.is_broken for node in nodes)
    _log.info(
        "dbt %s: %d nodes, %d broken, %.1f s",
        selector or "everything",
        len(nodes),
        broken,
        time.perf_counter() - started,
    )
    return BuildResult(nodes)


def _said(settings: Settings, selector: str) -> Said:
    """Return what dbt said last time, if it would say the same now."""
    profile = PROJECT / "profiles.yml"
    every = hashlib.sha256()
    for path in (*_sources(), profile):
        every.update(str(path.relative_to(PROJECT)).encode() + path.read_bytes())
    for library in ("dbt-core", "dbt-duckdb", "duckdb"):
        every.update(version(library).encode())
    return Said(
        settings,
        selector,
        project=every.hexdigest(),
        profile=profile.read_text(encoding="utf-8"),
    )


def _run_dbt(
    selector: str, settings: Settings, words: list[str], heard: Heard
) -> list[Any]:
    """Let dbt build a selector, and hear what it says to the warehouse."""
    arguments = ["build", *_places(settings.dbt_target), "--no-write-json"]
    arguments += ["--selector", selector] if selector else []
    arguments += ["--exclude-resource-type", "exposure", *words]
    done = _invoke(arguments, settings.home, parsed=manifest(), heard=heard)
    results: list[Any] = done.results
    return results


def _node(one: Any) -> NodeResult:
    return NodeResult(
        unique_id=one.node.unique_id,
        status=str(one.status),
        seconds=float(one.execution_time),
        failures=one.failures,
        message=one.message or "",
    )


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


def _invoke(
    arguments: list[str], home: Path, *, parsed: Path | None, heard: Heard | None = None
) -> Any:
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
        callbacks = [] if heard is None else [heard]
        done = dbtRunner(manifest=known, callbacks=callbacks).invoke(arguments)
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
