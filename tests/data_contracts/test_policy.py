"""A policy is checked as a whole and says which line is wrong."""

import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

import data_contracts
from data_contracts.drift import Watch
from data_contracts.errors import PolicyError
from data_contracts.policy import CompanyPolicy, Threshold, load_policy

POLICIES = Path(str(data_contracts.__file__)).parent / "policies"

GOOD = """\
company:
  name: Acme
segments:
  - {id: smb, name: Small, is_default: true}
roles:
  - {id: ae, name: AE, hris_roles: [ae], is_quota_bearing: true}
targets:
  growth_share: 0.2
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "policy.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_comments_do_not_change_the_digest_but_a_value_does(tmp_path: Path) -> None:
    plain = load_policy(write(tmp_path, GOOD)).digest
    assert load_policy(write(tmp_path, "# why\n" + GOOD)).digest == plain
    other = GOOD.replace("0.2", "0.25")
    assert load_policy(write(tmp_path, other)).digest != plain


def test_a_percentage_above_one_is_named_with_its_line(tmp_path: Path) -> None:
    text = GOOD.replace("growth_share: 0.2", "growth_share: 20")
    with pytest.raises(PolicyError, match=r"line 8: targets\.growth_share"):
        load_policy(write(tmp_path, text))


def test_an_unknown_segment_is_named_beside_the_known_ones(tmp_path: Path) -> None:
    text = GOOD + "  growth_share_by_segment: {mid: 0.1}\n"
    with pytest.raises(PolicyError, match="segment 'mid', but segments has only smb"):
        load_policy(write(tmp_path, text))


def test_an_unknown_key_is_refused_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="line 9: colour"):
        load_policy(write(tmp_path, GOOD + "colour: red\n"))


def test_broken_yaml_and_a_missing_file_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(PolicyError, match="is not YAML"):
        load_policy(write(tmp_path, "company: [\n"))
    with pytest.raises(PolicyError, match="cannot be read") as caught:
        load_policy(tmp_path / "none.yaml")
    assert "aop init" in caught.value.fix


@pytest.mark.parametrize("text", ["", "- 1\n", "42\n"])
def test_a_file_that_is_no_mapping_is_a_policy_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(PolicyError):
        load_policy(write(tmp_path, text))


def test_a_policy_that_is_not_utf8_says_how_to_save_it(tmp_path: Path) -> None:
    path = tmp_path / "policy.yaml"
    path.write_bytes(GOOD.replace("Acme", "Müller").encode("latin-1"))
    with pytest.raises(PolicyError, match="not UTF-8") as caught:
        load_policy(path)
    assert "save policy.yaml as UTF-8" in caught.value.fix


def numbers(shape: dict[str, Any]) -> bool:
    """Tell whether a key of the schema holds numbers, alone or in a list or a map."""
    inner = [
        *shape.get("anyOf", []),
        *([shape["items"]] if isinstance(shape.get("items"), dict) else []),
        *shape.get("prefixItems", []),
    ]
    if isinstance(shape.get("additionalProperties"), dict):
        inner.append(shape["additionalProperties"])
    return shape.get("type") in ("number", "integer") or any(map(numbers, inner))


UNITS = (
    *("_share", "_shares", "_share_by_segment", "_by_metric_share", "_multiple"),
    *("_count", "_months", "_days", "_month", "_in_currency", "_deviation"),
)
BARE = {  # pure numbers and places in an order
    *("steepness", "accelerators", "second_accelerators"),
    *("extra_week_in_quarter", "rank"),
}


def test_every_number_of_the_policy_has_its_unit_in_its_name() -> None:
    shape = CompanyPolicy.model_json_schema()
    parts = [shape, *shape["$defs"].values()]
    named = {
        key
        for part in parts
        for key, told in part.get("properties", {}).items()
        if numbers(told)
    }
    assert len(named) > 80
    assert {key for key in named if not key.endswith(UNITS)} == BARE


@pytest.mark.parametrize("name", ["template", "demo", "adventureworks"])
def test_every_value_of_our_policies_has_its_reason_beside_it(name: str) -> None:
    plain = r"-?[\d.]+|true|false|null|\[[^#]*\d[^#]*\]"
    value = re.compile(rf"\s*(- )?[a-z_]+: *({plain})\s*$")
    text = (POLICIES / f"{name}.yaml").read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if value.match(line)] == []


def test_the_template_names_every_key_a_policy_may_set() -> None:
    text = (POLICIES / "template.yaml").read_text(encoding="utf-8")
    shape = CompanyPolicy.model_json_schema()
    missing = [
        key
        for part in (shape, *shape["$defs"].values())
        for key in part.get("properties", {})
        if not re.search(rf"\b{key}:", text)
    ]
    assert missing == []


def test_a_leading_measure_is_watched_and_never_asks_for_a_replan() -> None:
    with pytest.raises(
        ValidationError, match="pipeline_created is watched by the week"
    ):
        Threshold.model_validate(
            {"metric": "pipeline_created", "node_level": "company", "asks_for": []}
        )
    with pytest.raises(ValidationError, match="'attainment', give each of"):
        Watch.model_validate({"metrics": ["attainment"]})
    with pytest.raises(ValidationError, match="once at most"):
        Watch.model_validate({"metrics": ["win_rate", "win_rate"]})
    assert Watch().false_alarms_per_year_count == 4
