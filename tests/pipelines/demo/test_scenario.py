"""A scenario file: what is known is taken, what is not is refused by name."""

from dataclasses import replace
from pathlib import Path

import pytest

from data_contracts.errors import PolicyError
from pipelines.demo.company import write_company
from pipelines.demo.scenario import CLEAN, REAL_DIRT, load_scenario, usual_scenario
from pipelines.demo.sizes import size_named

SMALL = size_named("small")


def written(folder: Path, text: str) -> Path:
    path = folder / "scenario.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_calm_sizes_are_clean_and_the_others_as_dirty_as_real_ones() -> None:
    calm = usual_scenario(size_named("tiny")).dirt
    # but for close dates nobody moves and a leaver's book, which the story needs
    assert replace(calm, past_close_date_share=0, left_owner_share=0) == CLEAN
    assert usual_scenario(SMALL).dirt == REAL_DIRT


def test_a_file_changes_only_what_it_names(tmp_path: Path) -> None:
    text = """
    events: {competitor_enters: {is_on: true, month: 4}}
    dirt: {late_edit_share: 0}
    """
    scenario = load_scenario(written(tmp_path, text), SMALL)
    usual = usual_scenario(SMALL)
    assert scenario.events.competitor_enters.is_on
    assert scenario.events.competitor_enters.month == 4
    assert scenario.events.competitor_enters.strength == 0.3
    assert scenario.events.launch_slips == usual.events.launch_slips
    assert scenario.dirt.late_edit_share == 0
    assert scenario.dirt.blank_industry_share == REAL_DIRT.blank_industry_share


def test_an_empty_file_is_the_usual_scenario(tmp_path: Path) -> None:
    assert load_scenario(written(tmp_path, ""), SMALL) == usual_scenario(SMALL)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("evnts: {}", "no key 'evnts'"),
        ("events: {meteor: {is_on: true}}", "no key 'meteor'"),
        ("events: {team_leaves: {days: 3}}", "no key 'days'"),
        ("dirt: {blank_names_share: 0.1}", "no key 'blank_names_share'"),
        ("dirt: {late_edit_share: much}", "late_edit_share is 'much'"),
        ("dirt: {late_edit_share: 1.5}", "late_edit_share is 1.5, not a share"),
        ("events: {team_leaves: {strength: -1}}", "team_leaves is -1, not a share"),
        ("events: {team_leaves: {is_on: 1}}", "is_on is 1"),
        ("has_splits: 3", "has_splits is 3"),
        ("- a list", "not a mapping"),
        ("events: [unclosed", "cannot be read"),
    ],
)
def test_what_is_not_known_is_refused_before_anything_is_written(
    tmp_path: Path, text: str, fault: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(PolicyError, match=fault):
        write_company(
            tmp_path / "landing", tmp_path / "truth", size="small", scenario=path
        )
    assert list(tmp_path.iterdir()) == [path]


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        load_scenario(tmp_path / "nowhere.yaml", SMALL)


def test_the_documented_example_is_a_scenario(tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "methods" / "demo_company.md"
    example = page.read_text(encoding="utf-8").split("```yaml\n")[1].split("```")[0]
    scenario = load_scenario(written(tmp_path, example), SMALL)
    assert scenario.events.team_leaves.is_on
    assert not scenario.events.launch_slips.is_on
    assert scenario.dirt.orphan_owner_share == 0
