"""A new home: what is written, and what is refused."""

import json
from pathlib import Path

import pytest
import yaml

from data_contracts.errors import HomeError
from data_contracts.policy import load_policy
from pipelines.ingestion.sources import load_sources
from pipelines.serving.home import EXAMPLES, POLICIES, example_sources, make_home
from pipelines.settings import Settings


def test_a_new_home_holds_a_policy_and_sources_that_load(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    made = make_home(settings)
    assert settings.policy_file in made
    assert load_policy(settings.policy_file).company.name == "My company"
    assert [source.layout for source in load_sources(settings)] == ["by_contract"]
    assert settings.require_home() is settings


def test_a_new_home_lets_editors_help_with_the_policy(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "home")
    make_home(settings)
    first = settings.policy_file.read_text(encoding="utf-8").splitlines()[0]
    named = first.removeprefix("# yaml-language-server: $schema=")
    shape = json.loads((settings.home / named).read_text(encoding="utf-8"))
    assert {"segments", "roles", "approval"} <= shape["properties"].keys()


@pytest.mark.parametrize(
    "policy", sorted(path.stem for path in POLICIES.glob("*.yaml"))
)
def test_every_policy_on_file_loads(policy: str) -> None:
    path = POLICIES / f"{policy}.yaml"
    assert load_policy(path).segments
    assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: ")


def test_a_home_is_never_overwritten(tmp_path: Path) -> None:
    settings = Settings(tmp_path)
    make_home(settings)
    settings.policy_file.write_text("mine", encoding="utf-8")
    with pytest.raises(HomeError, match="is there already"):
        make_home(settings)
    assert settings.policy_file.read_text(encoding="utf-8") == "mine"


def test_an_example_points_to_its_files_and_copies_none(tmp_path: Path) -> None:
    data = tmp_path / "a folder: with 'signs' #1"
    data.mkdir()
    (data / EXAMPLES["adventureworks"].marker).touch()
    found = yaml.safe_load(example_sources("adventureworks", data))
    assert found["sources"][0]["folder"] == str(data)
    assert found["sources"][0]["mapping"] == "adventureworks"


def test_a_folder_without_the_examples_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=r"does not hold FactResellerSales\.csv"):
        example_sources("adventureworks", tmp_path)


def test_an_unknown_example_is_refused_with_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="no example 'acme'") as refused:
        example_sources("acme", tmp_path)
    assert "adventureworks" in refused.value.fix
