"""The scenarios page: plans side by side, and bridges that close to the cent."""

import csv
import json
import shutil
from pathlib import Path

import pytest

from pipelines.files import write_text
from pipelines.ledger.bridges import scenario_bridge_file
from pipelines.serving.scenario_bridges import compared
from pipelines.settings import Settings
from tests.pipelines.serving.web.conftest import Browser, add_scenarios, browser_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def planned(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Browser:
    """Nobody has signed in to a home in which two scenarios were run."""
    home = tmp_path_factory.mktemp("scenarios") / "home"
    shutil.copytree(built, home)
    add_scenarios(Settings(home))
    return browser_of(Settings(home))


def rows_of(browser: Browser, section: str) -> list[list[str]]:
    text = browser.get(f"/scenarios?csv={section}").text
    return list(csv.reader(text.splitlines()))


def test_scenarios_stand_beside_the_base_they_depart_from(planned: Browser) -> None:
    planner = planned.become("pla@example.com")
    assert rows_of(planner, "side_by_side_downturn_cents") == [
        ["measure", "base_cents", "downturn_cents", "push_cents"],
        ["target", "4800000", "4300000", "5049999"],
        ["target pay", "98765432", "98764432", "98765432"],
    ]
    assert rows_of(planner, "side_by_side_downturn_count")[1:] == [
        ["hires", "3", "1", "3"]
    ]


@pytest.mark.parametrize("scenario", ["downturn", "push"])
def test_base_and_steps_sum_to_the_scenario(scenario: str, planned: Browser) -> None:
    planner = planned.become("pla@example.com")
    _, *rows = rows_of(planner, f"bridge_{scenario}")
    for measure in {row[0] for row in rows}:
        base, *steps, end = [row for row in rows if row[0] == measure]
        assert (base[1], end[1]) == ("base", scenario)
        total = int(base[2])
        for step in steps:
            total += int(step[2])
            assert int(step[3]) == total
        assert int(end[2]) == total


def test_pay_of_a_scenario_is_for_whose_role_says_so(planned: Browser) -> None:
    assert "target pay" in planned.become("app@example.com").get("/scenarios").text
    viewer = planned.become("vic@example.com").get("/scenarios").text
    assert "987,654.32" not in viewer
    assert "target pay" not in viewer
    assert "48,000.00" in viewer


def test_scenarios_of_different_plans_do_not_share_a_table(
    home: Settings,
) -> None:
    versions = add_scenarios(home)
    file = scenario_bridge_file(home, versions["push"])
    kept = json.loads(file.read_text())
    kept["base"]["target_cents"] += 7
    kept["measures"]["target_cents"] += 7
    write_text(json.dumps(kept), file)
    planner = browser_of(home).become("pla@example.com")
    assert rows_of(planner, "side_by_side_push_cents")[0] == [
        "measure",
        "base_cents",
        "push_cents",
    ]
    with pytest.raises(Exception, match="depart from different plans"):
        compared(home, planner.desk.ledger, ["downturn", "push"])


def test_before_any_run_the_page_says_how_to_run_one(reading: Browser) -> None:
    assert (
        "aop scenario run" in reading.become("pla@example.com").get("/scenarios").text
    )
