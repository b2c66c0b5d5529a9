"""Marts promise their columns, say what each means, and are keyed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from data_contracts.contract import all_contracts
from pipelines import warehouse

KEYS = {"unique", "unique_combination"}
MAY_REPEAT = {
    "fct_quarantine",
    "fct_quarantined_row",
    "fct_load",
}  # a log: one row breaks many rules
UNITS = ("cents", "share", "days", "months", "count", "heads", "percent", "0 to 1")


@pytest.fixture(scope="module")
def manifest() -> dict[str, Any]:
    """Everything dbt knows of the project."""
    parsed: dict[str, Any] = json.loads(warehouse.manifest().read_text("utf-8"))
    return parsed


def models(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    nodes = manifest["nodes"].values()
    return [node for node in nodes if node["resource_type"] == "model"]


def marts(manifest: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        node
        for node in models(manifest)
        if "/marts/" in node["original_file_path"]
        and "/steps/" not in node["original_file_path"]
    ]


def kinds_tested(manifest: dict[str, Any]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for node in manifest["nodes"].values():
        if node["resource_type"] == "test" and node.get("attached_node"):
            kind = (node.get("test_metadata") or {}).get("name", "singular")
            found.setdefault(node["attached_node"], set()).add(kind)
    return found


def test_every_mart_has_a_contract_a_group_and_an_owner(
    manifest: dict[str, Any],
) -> None:
    groups = {group["name"]: group for group in manifest["groups"].values()}
    loose = [
        node["name"]
        for node in marts(manifest)
        if not node["config"]["contract"]["enforced"]
        or node["config"]["access"] != "public"
        or not groups[node["config"]["group"]]["owner"]["email"]
    ]
    assert loose == []


def test_nothing_but_marts_is_public(manifest: dict[str, Any]) -> None:
    public = {node["name"] for node in models(manifest) if node["access"] == "public"}
    assert public == {node["name"] for node in marts(manifest)}


def test_every_mart_is_keyed_and_lets_no_gap_into_its_key(
    manifest: dict[str, Any],
) -> None:
    tests = kinds_tested(manifest)
    loose = [
        node["name"]
        for node in marts(manifest)
        if "has_no_gaps" not in tests.get(node["unique_id"], set())
        or (node["name"] not in MAY_REPEAT and not tests[node["unique_id"]] & KEYS)
    ]
    assert loose == []


def test_every_column_of_every_model_is_described(manifest: dict[str, Any]) -> None:
    silent = [
        f"{node['name']}.{column['name']}"
        for node in models(manifest)
        for column in node["columns"].values()
        if not column["description"].rstrip().endswith(".")
    ]
    assert silent == []


def test_every_model_says_what_one_row_is(manifest: dict[str, Any]) -> None:
    silent = [
        node["name"]
        for node in models(manifest)
        if not node["description"].rstrip().split(". ")[-1].startswith("One row per ")
    ]
    assert silent == []


def test_amounts_and_shares_say_their_unit(manifest: dict[str, Any]) -> None:
    silent = [
        f"{node['name']}.{column['name']}"
        for node in marts(manifest)
        for column in node["columns"].values()
        if column["name"].endswith(("_cents", "_share"))
        and not any(unit in column["description"] for unit in UNITS)
        and "ver" not in column["description"]  # a share says what over what
    ]
    assert silent == []


def test_every_model_lies_beside_a_yaml_of_its_name(manifest: dict[str, Any]) -> None:
    strangers = [
        node["name"]
        for node in models(manifest)
        if Path(node["patch_path"].split("://")[1]).with_suffix(".sql")
        != Path(node["original_file_path"])
    ]
    assert strangers == []


def test_every_test_reads_as_a_claim_about_its_model(manifest: dict[str, Any]) -> None:
    # a name given by hand holds the model, two underscores and the claim
    nameless = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test" and "__" not in node["name"]
    ]
    assert nameless == []


def test_deliveries_are_overdue_when_their_contracts_say_so(
    manifest: dict[str, Any],
) -> None:
    (told,) = [
        node["test_metadata"]["kwargs"]
        for node in manifest["nodes"].values()
        if (node.get("test_metadata") or {}).get("name") == "delivered_lately"
    ]
    promised = {one.id: one.late_after_days for one in all_contracts()}
    asked = {name: told["slower"].get(name, told["days"]) for name in promised}
    assert asked == promised


def test_no_two_tests_share_a_name(manifest: dict[str, Any]) -> None:
    names = [
        node["name"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "test"
    ]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_table_that_anybody_reads_is_on_an_exposure(
    manifest: dict[str, Any],
) -> None:
    root = Path(__file__).parents[2]
    readers = [*(root / "pipelines").rglob("*.py"), root / "docs" / "analysts.md"]
    marts_of = {
        f"{node['schema']}.{node['name']}": node["unique_id"]
        for node in marts(manifest)
    }
    read = {
        marts_of[name]
        for page in readers
        for name in re.findall(
            r"\b(?:core|plan|forecast|drift|quality|restricted)\.\w+",
            page.read_text("utf-8"),
        )
        if name in marts_of
    }
    exposed = {
        unique_id
        for exposure in manifest["exposures"].values()
        for unique_id in exposure["depends_on"]["nodes"]
    }
    assert sorted(read - exposed) == []
