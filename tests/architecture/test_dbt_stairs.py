"""dbt models may only look down the stairs."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines import warehouse

MAY_READ = {
    "staging": {"source"},
    # an as-of query reads the run and the policy where it needs them
    "intermediate": {"staging", "intermediate"},
    "marts/core": {"staging", "intermediate", "marts/core"},
    "marts/restricted": {"staging", "intermediate", "marts/core"},
    "marts/quality": {"staging", "intermediate", "marts/core"},
    "marts/forecast": {"staging"},
    "marts/plan": {"staging", "marts/core", "marts/plan"},
    "marts/drift": {"staging", "marts/core", "marts/plan", "marts/drift"},
    "marts/semantic": {"marts/core", "marts/plan", "marts/forecast", "marts/drift"},
}
ACTUALS = {"reference", "crm", "hris", "billing", "finance", "quality"}


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """Everything dbt knows of the project."""
    parsed: dict[str, Any] = json.loads(warehouse.manifest().read_text("utf-8"))
    return parsed


def room(node: dict[str, Any]) -> str:
    """Name the folder that decides what a node may read."""
    if node["resource_type"] == "source":
        return "source"
    folder = Path(node["original_file_path"]).relative_to("models").parent
    return "/".join(folder.parts[: 2 if folder.parts[0] == "marts" else 1])


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    nodes = manifest["nodes"].values()
    return [node for node in nodes if node["resource_type"] == "model"]


def test_every_model_reads_only_rooms_below_it(manifest: dict[str, Any]) -> None:
    nodes = manifest["nodes"] | manifest["sources"]
    climbs = [
        f"{node['name']} reads {nodes[parent]['name']} in {room(nodes[parent])}"
        for node in models(manifest)
        for parent in node["depends_on"]["nodes"]
        if room(nodes[parent]) not in MAY_READ[room(node)]
    ]
    assert climbs == []


def test_each_staging_model_reads_the_one_source_it_is_named_after(
    manifest: dict[str, Any],
) -> None:
    wrong = [
        node["name"]
        for node in models(manifest)
        if room(node) == "staging"
        and [parent.split(".")[2] for parent in node["depends_on"]["nodes"]]
        != [node["name"].removeprefix("stg_").split("__")[0]]
    ]
    assert wrong == []


def test_what_happened_needs_neither_forecast_nor_plan(
    manifest: dict[str, Any],
) -> None:
    # the first pass of the night runs before either is written
    nodes = manifest["nodes"] | manifest["sources"]

    def sources(unique_id: str) -> set[str]:
        if unique_id.startswith("source."):
            return {nodes[unique_id]["source_name"]}
        above = nodes[unique_id]["depends_on"]["nodes"]
        return set().union(*(sources(parent) for parent in above))

    late = {
        node["name"]: sorted(found - ACTUALS)
        for node in models(manifest)
        if room(node)
        in {"intermediate", "marts/core", "marts/quality", "marts/restricted"}
        and (found := sources(node["unique_id"])) - ACTUALS
    }
    assert late == {}


def test_a_model_is_named_after_its_room(manifest: dict[str, Any]) -> None:
    prefixes = {"staging": ("stg_",), "intermediate": ("int_",)}
    marts = ("dim_", "fct_", "rpt_")
    wrong = [
        node["name"]
        for node in models(manifest)
        if not node["name"].startswith(
            ("int_",)
            if "/steps/" in node["original_file_path"]
            else prefixes.get(room(node), marts)
        )
    ]
    assert wrong == []


def test_the_schema_of_a_model_is_its_room(manifest: dict[str, Any]) -> None:
    wrong = {
        node["name"]: node["schema"]
        for node in models(manifest)
        if node["schema"]
        != (
            "intermediate"
            if "/steps/" in node["original_file_path"]
            else room(node).split("/")[-1]
        )
    }
    assert wrong == {}
