"""The policy is held to its rules by command, and editors get its schema."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml
from typer.testing import CliRunner

from pipelines.serving.cli.main import app
from pipelines.serving.home import POLICIES, policy_schema
from pipelines.settings import Settings

runner = CliRunner()


def run(home: Settings, verb: str) -> str:
    found = runner.invoke(app, ["policy", verb, "--home", str(home.home)])
    return found.stdout if found.exit_code == 0 else f"! {found.stderr}"


def test_a_good_policy_is_told_with_its_digest(empty_home: Settings) -> None:
    assert "keeps every rule" in run(empty_home, "check")


def test_every_broken_value_is_named_with_its_line(empty_home: Settings) -> None:
    text = empty_home.policy_file.read_text()
    lines = text.replace("levels: []", "levels: [{name: a, approvers: []}]", 1)
    lines = lines.replace("max_quota_change_share: 0.5", "max_quota_change_share: 50")
    empty_home.policy_file.write_text(lines)
    told = run(empty_home, "check")
    assert "breaks 2 rule(s)" in told
    for key in ("levels:", "max_quota_change_share:"):
        line = next(n for n, each in enumerate(lines.splitlines(), 1) if key in each)
        assert f"line {line}: " in told


def test_a_key_said_twice_is_refused_with_its_line(empty_home: Settings) -> None:
    text = empty_home.policy_file.read_text() + "\nlaunches: []\n"
    empty_home.policy_file.write_text(text)
    last = len(text.splitlines())
    assert f"line {last}: launches again" in run(empty_home, "check")


def test_the_schema_lies_where_the_policy_names_it(empty_home: Settings) -> None:
    assert "is written" in run(empty_home, "schema")
    first = empty_home.policy_file.read_text().splitlines()[0]
    name = first.rpartition("$schema=")[2]
    shape = json.loads((empty_home.home / name).read_text())
    jsonschema.Draft202012Validator.check_schema(shape)
    assert shape == policy_schema()


def plain(path: Path) -> Any:
    return json.loads(json.dumps(yaml.safe_load(path.read_text()), default=str))


@pytest.mark.slow
@pytest.mark.parametrize("name", ["template", "demo", "adventureworks"])
def test_our_own_policies_fit_the_schema(name: str) -> None:
    jsonschema.validate(plain(POLICIES / f"{name}.yaml"), policy_schema())


def test_a_wrong_value_does_not_fit_the_schema() -> None:
    wrong = plain(POLICIES / "template.yaml")
    wrong["negotiation"]["max_quota_change_share"] = 50
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, policy_schema())
