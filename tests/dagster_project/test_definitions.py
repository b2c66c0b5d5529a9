"""Dagster and dg find the definitions, and the definitions keep the house rules."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.slow  # loading every definition takes seconds


@pytest.fixture(scope="module")
def defs() -> dg.Definitions:
    from dagster_project.definitions import defs

    return defs


def test_the_jobs_are_those_of_the_loop(defs: dg.Definitions) -> None:
    names = {job.name for job in defs.resolve_all_job_defs()}
    assert {"nightly", "replan", "answer", "publication"} <= names


def test_nothing_planned_is_rebuilt_before_people_publish(defs: dg.Definitions) -> None:
    publication = defs.resolve_job_def("publication").asset_layer.selected_asset_keys
    assert dg.AssetKey(["planning", "proposal"]) not in publication
    assert dg.AssetKey(["plan_book", "versions"]) in publication
    assert dg.AssetKey(["serving", "drift_signal"]) in publication
    assert dg.AssetKey(["crm", "users"]) not in publication


def test_a_replan_reads_no_extract_and_fits_no_forecast(defs: dg.Definitions) -> None:
    replan = defs.resolve_job_def("replan").asset_layer.selected_asset_keys
    assert dg.AssetKey(["planning", "proposal"]) in replan
    assert not {key.path[0] for key in replan} & {"crm", "hris", "billing", "reference"}
    assert dg.AssetKey(["forecast", "ramp"]) not in replan


def test_the_night_is_everything_that_can_be_made(defs: dg.Definitions) -> None:
    night = defs.resolve_job_def("nightly").asset_layer.selected_asset_keys
    made = set(defs.resolve_asset_graph().materializable_asset_keys)
    assert night == made


def test_every_asset_has_a_group_an_owner_kinds_and_a_description(
    defs: dg.Definitions,
) -> None:
    bare = [
        spec.key.to_user_string()
        for spec in defs.resolve_all_asset_specs()
        if not (spec.group_name and spec.owners and spec.kinds and spec.description)
    ]
    assert bare == []


def test_the_night_starts_at_two_and_is_on_by_default(defs: dg.Definitions) -> None:
    schedule = defs.resolve_schedule_def("every_night")
    assert schedule.cron_schedule == "0 2 * * *"
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING


def test_what_readers_see_is_held_to_its_hour(defs: dg.Definitions) -> None:
    for key in (["serving", "aop"], ["serving", "drift_signal"]):
        policy = (
            defs.resolve_assets_def(dg.AssetKey(key))
            .specs_by_key[dg.AssetKey(key)]
            .freshness_policy
        )
        assert policy is not None
        assert "0 4 * * *" in str(policy)


def test_no_function_under_defs_is_longer_than_25_lines() -> None:
    long = []
    for path in (ROOT / "dagster_project" / "defs").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                lines = (node.end_lineno or 0) - node.lineno + 1
                is_builder = any(isinstance(one, ast.FunctionDef) for one in node.body)
                if lines > 25 and not is_builder:
                    long.append(f"{path.name}:{node.name} {lines}")
    assert long == []


@pytest.mark.parametrize(
    "command",
    [
        ["dagster", "definitions", "validate"],
        ["dg", "check", "defs"],
        ["dg", "list", "defs", "--json"],
    ],
    ids=" ".join,
)
def test_the_tools_of_dagster_find_the_definitions(
    command: list[str], tmp_path: Path
) -> None:
    tool = Path(sys.executable).with_name(command[0])
    found = subprocess.run(
        [str(tool), *command[1:]],
        cwd=ROOT,
        env=os.environ
        | {
            "AOP_HOME": str(tmp_path),
            "DAGSTER_HOME": str(tmp_path),
            "PATH": f"{tool.parent}{os.pathsep}{os.environ.get('PATH', '')}",
            "PYTHONPATH": os.pathsep.join(
                [str(ROOT), os.environ.get("PYTHONPATH", "")]
            ),
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert found.returncode == 0, found.stdout[-2000:] + found.stderr[-2000:]
