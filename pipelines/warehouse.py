"""The warehouse: built by dbt in this process, visited by Python, held by one run.

The only module that opens ``warehouse.duckdb``; readers of published tables use the
serving copy instead.
"""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from data_contracts.errors import AopError, BusyError, HomeError
from pipelines.logs import logger
from pipelines.settings import Settings

PROJECT = Path(__file__).parents[1] / "dbt"
_SHIPPED = PROJECT / "target" / "manifest.json"
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of one dbt model or test."""

    unique_id: str
    status: str  # success, pass, warn, error, fail, skipped
    seconds: float
    failures: int
    message: str

    @property
    def is_ok(self) -> bool:
        """True unless the node failed or was skipped."""
        return self.status in ("success", "pass", "warn")


@dataclass(frozen=True, slots=True)
class BuildResult:
    """What one dbt pass did, node by node."""

    selector: str
    nodes: tuple[NodeResult, ...]

    @property
    def broken(self) -> tuple[NodeResult, ...]:
        """The nodes that failed, without those skipped because of them."""
        return tuple(node for node in self.nodes if node.status in ("error", "fail"))

    def raise_if_broken(self) -> None:
        """Raise where a model or a test failed.

        Raises
        ------
        AopError
            Naming the first three nodes and dbt's message about each.
        """
        if self.broken:
            listed = "; ".join(
                f"{node.unique_id}: {' '.join(node.message.split())[:300]}"
                for node in self.broken[:3]
            )
            raise AopError(
                f"dbt pass {self.selector!r}: {len(self.broken)} node(s) failed: {listed}",
                fix="mend the data or the model named; the serving copy is unchanged",
            )


def manifest() -> Path:
    """Return the parsed project; parse it where that was never done."""
    newest = max(
        path.stat().st_mtime
        for path in PROJECT.rglob("*")
        if path.suffix in (".sql", ".yml", ".md") and "target" not in path.parts
    )
    if not _SHIPPED.is_file() or _SHIPPED.stat().st_mtime < newest:
        _invoke(["parse"], home=PROJECT, target=_SHIPPED.parent)
    return _SHIPPED


def build(selector: str, settings: Settings) -> BuildResult:
    """Run one dbt pass, models and tests, in this process.

    Parameters
    ----------
    selector : str
        ``actuals`` or ``plan``, from ``dbt/selectors.yml``.

    Returns
    -------
    BuildResult
        Also where something failed: call `raise_if_broken`.

    Raises
    ------
    AopError
        If dbt could not start at all.
    """
    settings.dbt_target.mkdir(parents=True, exist_ok=True)
    results = settings.dbt_target / "run_results.json"
    results.unlink(missing_ok=True)
    with exclusive(settings):
        failure = _invoke(
            ["build", "--selector", selector],
            home=settings.home,
            target=settings.dbt_target,
        )
    if not results.is_file():
        raise AopError(
            f"dbt pass {selector!r} did not start: {failure}",
            fix=f"see {settings.dbt_target / 'dbt.log'}",
        )
    rows = json.loads(results.read_text(encoding="utf-8"))["results"]
    return BuildResult(
        selector,
        tuple(
            NodeResult(
                unique_id=row["unique_id"],
                status=row["status"],
                seconds=row["execution_time"],
                failures=row["failures"] or 0,
                message=row["message"] or "",
            )
            for row in rows
        ),
    )


def read(
    settings: Settings, sql: str, parameters: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """Ask the warehouse one question, read-only, and let go of it.

    Parameters
    ----------
    sql : str
        With named parameters such as ``$day``.
    parameters : mapping, optional
        Their values.

    Raises
    ------
    HomeError
        If the warehouse was never built.
    BusyError
        If another process is writing it.
    """
    if not settings.warehouse.is_file():
        raise HomeError(
            f"warehouse {settings.warehouse} does not exist",
            fix=f"run a night: aop refresh --home {settings.home}",
        )
    try:
        with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
            connection.execute("set file_search_path = $1", [str(settings.home)])
            answer: pl.DataFrame = connection.execute(sql, parameters).pl()
            return answer
    except duckdb.IOException as error:
        raise BusyError(
            f"another process is writing {settings.warehouse}",
            fix="wait for that run to finish, or read serving/aop.duckdb",
        ) from error


_held: dict[Path, int] = {}


@contextmanager
def exclusive(settings: Settings) -> Iterator[None]:
    """Hold the home; another process that asks waits until it is let go.

    The lock goes with the process, however it ends. Asking again inside it is free.
    """
    lock = settings.lock_file
    if _held.get(lock):
        _held[lock] += 1
        try:
            yield
        finally:
            _held[lock] -= 1
        return
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            _log.warning("waiting for process %s to let go of %s", stream.read(), lock)
            fcntl.flock(stream, fcntl.LOCK_EX)
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        _held[lock] = 1
        try:
            yield
        finally:
            _held[lock] = 0


def _invoke(arguments: list[str], *, home: Path, target: Path) -> str:
    """Run dbt in this process; return its complaint, empty when it was content."""
    # dbt costs 2 s to import, and most commands never need it
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager
    from dbt.cli.main import dbtRunner

    before, folder = os.environ.get("AOP_HOME"), Path.cwd()
    os.environ["AOP_HOME"] = str(home)  # dbt's profile reads it
    try:
        outcome = dbtRunner().invoke(
            [
                "--quiet",
                "--no-use-colors",
                *arguments,
                *("--project-dir", str(PROJECT), "--profiles-dir", str(PROJECT)),
                *("--target-path", str(target), "--log-path", str(target)),
            ]
        )
    finally:
        # the runner keeps the file locked and its own folder current otherwise
        DuckDBConnectionManager.close_all_connections()
        os.chdir(folder)
        if before is None:
            del os.environ["AOP_HOME"]
        else:
            os.environ["AOP_HOME"] = before
    return "" if outcome.success else str(outcome.exception or "")
