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
    project = json.loads(manifest().read_text(encoding="utf-8"))
    parts = project["selectors"][selector]["definition"]["union"]
    name = project["metadata"]["project_name"]
    return " ".join(
        ".".join(["fqn:" + name, *Path(part["value"]).parts[1:]]) for part in parts
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
    nodes = json.loads(manifest().read_text(encoding="utf-8"))["nodes"]
    asked = {check.name: check for check in context.selected_asset_check_keys}
    ran: dict[str, list[warehouse.NodeResult]] = {}
    for node in result.nodes:
        if node.unique_id.startswith("test.") and node.name in asked:
            ran.setdefault(node.name, []).append(node)  # a name may be given twice
    for name, tests in ran.items():
        yield dg.AssetCheckResult(
            passed=all(test.status in ("pass", "warn") for test in tests),
            check_name=name,
            asset_key=asked[name].asset_key,
            metadata={"failures": sum(test.failures or 0 for test in tests)},
        )
    rooms, sizes = Rooms(), _sizes(settings)
    for node in result.nodes:
        if node.unique_id.startswith("model.") and node.is_ok:
            key = rooms.get_asset_key(nodes[node.unique_id])
            if key not in context.selected_asset_keys:
                continue
            size = sizes.get((key.path[0], key.path[1]))
            rows = {} if size is None else {"dagster/row_count": size}
            yield dg.MaterializeResult(
                asset_key=key, metadata={"seconds": node.seconds, **rows}
            )


def _sizes(settings: Settings) -> dict[tuple[str, str], int]:
    """Count the rows of every table; views are not worth a scan."""
    if not settings.warehouse.is_file():
        return {}  # dbt broke before it built anything; its own error says why
    return {(s, t): n for s, t, n in warehouse.read(settings, _SIZES).iter_rows()}
