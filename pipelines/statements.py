"""What dbt said to the warehouse on one night, to be said again on the next.

No model reads a clock or a variable, so a night that goes on from the one before makes
dbt write the same SQL once more, at a cost that on most companies is larger than that
of the SQL. Not a builder of its own: dbt writes every statement, and whatever does not
go as it did is left to dbt.
"""

import json
import re
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any, Final, Protocol

import duckdb
import yaml

from pipelines.build_result import NodeResult
from pipelines.files import write_text
from pipelines.logs import logger
from pipelines.settings import Settings

_log = logger(__name__)

_HOME: Final = "{{ env_var('AOP_HOME') }}"  # as the profile writes it
# measured on 0.1 GB: two threads take half as much processor again and no less time
_SMALL_BYTES: Final = 1 << 30
_COMMENT: Final = re.compile(r"^\s*/\*.*?\*/\s*", re.DOTALL)
_TEMPORARY: Final = re.compile(r'create temporary table\s+("[^"]+")')
_VIEW: Final = re.compile(r"create or replace view\b")
_DOES: Final = ("begin", "commit", "create", "drop", "alter")
_DOES_TO_ROWS: Final = ("insert", "delete", "update")


class _Ran(Protocol):
    """One result of dbt's, as far as it is read here."""

    node: Any
    status: Any


@dataclass(frozen=True, slots=True)
class Node:
    """One model or test of a pass, and what dbt says for it.

    ``statements`` is empty for a view, which stands. ``severity`` is error or warn
    for a test and empty for a model; ``warns_if`` is the test's own condition.
    """

    unique_id: str
    statements: tuple[str, ...]
    severity: str = ""
    warns_if: str = ""


class Heard:
    """What dbt says while it runs, by node; given to dbt to be called back."""

    def __init__(self) -> None:
        self._said: dict[str, list[str]] = defaultdict(list)

    def __call__(self, event: Any) -> None:
        """Keep a statement; dbt tells of everything it does."""
        if event.info.name == "SQLQuery":
            self._said[event.data.node_info.unique_id].append(
                _COMMENT.sub("", event.data.sql).strip()
            )

    def nodes(self, results: Iterable[_Ran]) -> tuple[Node, ...]:
        """Return what was said for each node, in the order in which they ended."""
        return tuple(
            _of_test(one.node, self._said[one.node.unique_id])
            if one.node.unique_id.startswith("test.")
            else Node(one.node.unique_id, _of_model(self._said[one.node.unique_id]))
            for one in results
        )


def _of_model(said: Iterable[str]) -> tuple[str, ...]:
    """Keep what changes the warehouse; questions were dbt's own."""
    does = [one for one in said if one.lower().startswith(_DOES + _DOES_TO_ROWS)]
    if any(_VIEW.match(one) for one in does):
        return ()
    made = [name for one in does for name in _TEMPORARY.findall(one)]
    return (*does, *(f"drop table {name}" for name in made))


def _of_test(node: Any, said: Iterable[str]) -> Node:
    asked = [one for one in said if not one.lower().startswith(_DOES)]
    config = node.config
    return Node(
        node.unique_id,
        tuple(asked),
        severity=str(config.severity).lower(),
        warns_if=str(config.warn_if),
    )


class Said:
    """What dbt last said for one selector of a home.

    Parameters
    ----------
    project : str
        Digest of all that dbt's words follow from: other words, other statements.
    profile : str
        Text of dbt's profile: the settings statements are made under.
    """

    def __init__(
        self, settings: Settings, selector: str, *, project: str, profile: str
    ) -> None:
        self._settings = settings
        self._project = project
        self._profile = profile
        self._path = settings.dbt_target / f"said_{selector or 'everything'}.json"
        self.is_half_done = False

    def keep(self, nodes: Iterable[Node]) -> None:
        """Keep what dbt said."""
        told = {"project": self._project, "nodes": [asdict(node) for node in nodes]}
        write_text(json.dumps(told), self._path)

    def again(self) -> tuple[NodeResult, ...] | None:
        """Say it again in a connection of its own.

        Returns
        -------
        tuple of NodeResult or None
            Every node as dbt would tell of it. None where dbt has to do it: nothing is
            kept of this project, or a statement failed or a test did not hold; then
            ``is_half_done`` is True, and what was kept is given up.
        """
        nodes = self._kept()
        if nodes is None:
            return None
        try:
            opened = self._connection()
        except duckdb.Error as error:  # somebody is in the way: dbt says who
            _log.warning("the warehouse cannot be opened: %s", error)
            return None
        results = []
        with opened as connection:
            for node in nodes:
                started = time.perf_counter()
                try:
                    result = _say(connection, node)
                except duckdb.Error as error:
                    self._leave_to_dbt(f"{node.unique_id} broke: {error}")
                    return None
                if not result.is_ok:
                    self._leave_to_dbt(f"{node.unique_id} does not hold")
                    return None
                seconds = time.perf_counter() - started
                results.append(replace(result, seconds=seconds))
        return tuple(results)

    def _kept(self) -> list[Node] | None:
        if not self._settings.warehouse.is_file():
            return None
        try:
            told = json.loads(self._path.read_text(encoding="utf-8"))
            if told["project"] != self._project:
                return None
            return [
                Node(**{**node, "statements": tuple(node["statements"])})
                for node in told["nodes"]
            ]
        except (OSError, ValueError, KeyError, TypeError):
            return None  # dbt says it anew

    def _connection(self) -> duckdb.DuckDBPyConnection:
        output = yaml.safe_load(self._profile)["continuous_aop"]["outputs"]["home"]
        is_small = self._settings.warehouse.stat().st_size < _SMALL_BYTES
        connection = duckdb.connect(
            self._settings.warehouse,
            config={"threads": 1 if is_small else output["threads"]},
        )
        for name, value in output["settings"].items():
            text = str(value).replace(_HOME, str(self._settings.home))
            quoted = text.replace("'", "''")
            connection.execute(f"set {name} = '{quoted}'")
        return connection

    def _leave_to_dbt(self, why: str) -> None:
        _log.warning("dbt builds this pass anew, for %s", why)
        self._path.unlink(missing_ok=True)
        self.is_half_done = True


def _say(connection: duckdb.DuckDBPyConnection, node: Node) -> NodeResult:
    for statement in node.statements:
        connection.execute(statement)
    if not node.severity:
        return NodeResult(node.unique_id, "success", 0.0, None, "OK")
    (answer,) = connection.fetchall()
    failures, warns, breaks = int(answer[0]), bool(answer[1]), bool(answer[2])
    if breaks and node.severity == "error":
        return NodeResult(node.unique_id, "fail", 0.0, failures, "")
    if not warns:
        return NodeResult(node.unique_id, "pass", 0.0, 0, "")
    rows = f"{failures} result{'' if failures == 1 else 's'}"
    why = f"Got {rows}, configured to warn if {node.warns_if}"
    return NodeResult(node.unique_id, "warn", 0.0, failures, why)
