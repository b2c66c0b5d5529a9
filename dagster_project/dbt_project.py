"""The dbt project as Dagster sees it: its manifest and how its nodes are named."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DagsterDbtTranslator

from pipelines import warehouse
from pipelines.settings import Settings

_PLANNING = frozenset({"plan", "drift", "forecast", "plan_book"})
_STEPS = frozenset({"intermediate", "steps"})
CHECK = "tests"
"""Name of the check that stands for all dbt tests of a model."""

_SIZES = "select schema_name, table_name, estimated_size from duckdb_tables()"


@cache
def manifest() -> Path:
    """Return the manifest shipped with the project; parse the project if missing."""
    return warehouse.manifest()


def folders_of(selector: str) -> str:
    """Return the folders of one selector as dbt's node paths.

    The selectors name them by ``path:``, which dbt resolves against the current
    folder; definitions load from any.
    """
    project = _project()
    parts = project["selectors"][selector]["definition"]["union"]
    name = project["metadata"]["project_name"]
    return " ".join(
        ".".join(["fqn:" + name, *Path(part["value"]).parts[1:]])
        for part in parts
        if "value" in part  # the other part says which tests a night leaves out
    )


class Rooms(DagsterDbtTranslator):
    """Asset key is schema and model; group is the room the model lives in."""

    def get_asset_key(self, dbt_resource_props: Mapping[str, Any]) -> dg.AssetKey:
        """Name a model ``schema/model`` and a source ``source/table``."""
        props = dbt_resource_props
        if props["resource_type"] == "source":
            return dg.AssetKey([props["source_name"], props["name"]])
        return dg.AssetKey([props["schema"], props["name"]])

    def get_group_name(self, dbt_resource_props: Mapping[str, Any]) -> str:
        """Group models by room: staging, intermediate, or the kind of mart."""
        _, room, *rest = dbt_resource_props["fqn"]
        return str(rest[0] if room == "marts" else room)

    def get_owners(self, dbt_resource_props: Mapping[str, Any]) -> Sequence[str]:
        """Give what shows a plan to planning, the rest to the analysts."""
        is_planning = _PLANNING & set(dbt_resource_props["fqn"])
        return ["team:planning" if is_planning else "team:analytics"]


def checks_of(specs: Sequence[dg.AssetSpec]) -> list[dg.AssetCheckSpec]:
    """Promise one blocking check per model a night tests: all of its tests hold.

    One check per test would be six hundred, each four writes to Dagster's event log
    every night; the check names the tests that do not hold.
    """
    tested = {_tested_key(node) for node in _nodes().values() if _is_test(node)}
    return [
        dg.AssetCheckSpec(CHECK, asset=spec.key, blocking=True)
        for spec in specs
        if spec.key in tested
    ]


def told(
    result: warehouse.BuildResult,
    settings: Settings,
    context: dg.AssetExecutionContext,
) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
    """Tell Dagster what one dbt pass did: checks first, then what was built.

    Parameters
    ----------
    result : BuildResult
        A pass that failed somewhere still tells what it built and checked.
    settings : Settings
        Its warehouse is asked once for the sizes of its tables.
    context : AssetExecutionContext
        Knows what the run expects; a pass always builds and tests all of itself.
    """
    nodes, became = _nodes(), {node.unique_id: node for node in result.nodes}
    tests: dict[dg.AssetKey, list[warehouse.NodeResult]] = {}
    for node_id, node in nodes.items():
        if _is_test(node) and node_id in became:
            tests.setdefault(_tested_key(node), []).append(became[node_id])
    for check in sorted(context.selected_asset_check_keys, key=str):
        ran = tests.get(check.asset_key, [])
        yield dg.AssetCheckResult(
            passed=all(test.is_ok for test in ran),
            check_name=check.name,
            asset_key=check.asset_key,
            metadata={
                "tests": len(ran),
                "do_not_hold": [test.name for test in ran if not test.is_ok],
            },
        )
    sizes = _sizes(settings)
    for node_id, model in became.items():
        key = _key(nodes[node_id]) if node_id.startswith("model.") else None
        if key in context.selected_asset_keys and key is not None and model.is_ok:
            size = sizes.get((key.path[0], key.path[1]))
            rows = {} if size is None else {"dagster/row_count": size}
            yield dg.MaterializeResult(
                asset_key=key, metadata={"seconds": model.seconds, **rows}
            )


@cache
def _project() -> dict[str, Any]:
    project: dict[str, Any] = json.loads(manifest().read_text(encoding="utf-8"))
    return project


def _nodes() -> dict[str, dict[str, Any]]:
    nodes: dict[str, dict[str, Any]] = _project()["nodes"]
    return nodes


def _is_test(node: Mapping[str, Any]) -> bool:
    """Tell whether a night runs it: steps between staging and marts are left out."""
    is_step = _STEPS & set(Path(node["original_file_path"]).parts)
    return node["resource_type"] == "test" and bool(_tested(node)) and not is_step


def _tested(node: Mapping[str, Any]) -> str:
    """Return the id of the model a test is written under, empty for a source's."""
    found = node.get("attached_node") or next(iter(node["depends_on"]["nodes"]), "")
    return found if found.startswith("model.") else ""


def _tested_key(node: Mapping[str, Any]) -> dg.AssetKey:
    return _key(_nodes()[_tested(node)])


def _key(node: Mapping[str, Any]) -> dg.AssetKey:
    return Rooms().get_asset_key(node)


def _sizes(settings: Settings) -> dict[tuple[str, str], int]:
    """Count the rows of every table; views are not worth a scan."""
    if not settings.warehouse.is_file():
        return {}  # dbt broke before it built anything; its own error says why
    return {(s, t): n for s, t, n in warehouse.read(settings, _SIZES).iter_rows()}
