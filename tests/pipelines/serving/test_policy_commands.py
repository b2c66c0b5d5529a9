"""The policy is held to its rules by command, and editors get its schema."""

import json
from pathlib import Path
from typing import Any

import duckdb
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


def changed(home: Settings, *pairs: tuple[str, str]) -> str:
    """Put other values into the policy; return its text."""
    text = home.policy_file.read_text()
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new, 1)
    home.policy_file.write_text(text)
    return text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("old", "new", "key", "said"),
    [
        (
            "products: []",
            "products: [{product_id: P1, mix_share: 0.7}, "
            "{product_id: P2, mix_share: 0.2}]",
            "products: [",
            "mix_share sum to 0.9",
        ),
        (
            "season_by_fiscal_month_share: null",
            "season_by_fiscal_month_share: [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]",
            "season_by_fiscal_month_share: [",
            "sum to 2; they must sum to 1",
        ),
        (
            "arr_drivers_by_segment: {}",
            "arr_drivers_by_segment: {mars: {churn_per_month_share: 0.1}}",
            "arr_drivers_by_segment: {",
            "segment 'mars', but segments has only",
        ),
        (
            "ideal_customer: null",
            "ideal_customer: {weights: {firmographics_share: -0.2, wallet_share: 1, "
            "fit_share: 0.2}}",
            "ideal_customer: {",
            "greater than or equal to 0",
        ),
        (
            "ideal_customer: null",
            "ideal_customer: {weights: {firmographics_share: 0.2, wallet_share: 0.2, "
            "fit_share: 0.2}}",
            "ideal_customer: {",
            "weights of the ideal customer sum to 0.6",
        ),
        (
            "account_mix: []",
            "account_mix: [{group: platinum}]",
            "account_mix: [",
            "neither a grade of ideal_customer nor customers",
        ),
        (
            "locked_accounts: []",
            "locked_accounts: [A1, A1]",
            "locked_accounts: [",
            "account 'A1' is given twice",
        ),
        (
            "max_moved_potential_share: null",
            "max_moved_potential_share: 10",
            "max_moved_potential_share: 10",
            "less than or equal to 1",
        ),
    ],
)
def test_nonsense_in_the_components_is_named_with_its_line(
    empty_home: Settings, old: str, new: str, key: str, said: str
) -> None:
    text = changed(empty_home, (old, new))
    told = run(empty_home, "check")
    line = next(n for n, each in enumerate(text.splitlines(), 1) if key in each)
    assert f"line {line}: " in told
    assert said in told


@pytest.mark.slow
def test_names_that_the_last_night_does_not_know_are_told_with_their_line(
    empty_home: Settings,
) -> None:
    text = changed(
        empty_home,
        ("products: []", "products: [{product_id: P1}, {product_id: P7}]"),
        ("locked_accounts: []", "locked_accounts: [A1, A9]"),
        ("ideal_customer: null", "ideal_customer: {industries: [Softwear]}"),
    )
    assert "keeps every rule" in run(empty_home, "check")  # no night to ask
    empty_home.serving.mkdir(exist_ok=True)
    with duckdb.connect(empty_home.serving_copy) as connection:
        connection.execute(
            "create schema core; "
            "create table core.dim_product as select 'P1' as product_id; "
            "create table core.dim_account as "
            "select 'A1' as account_id, 'Software' as industry"
        )
    told = run(empty_home, "check")
    assert "names 3 thing(s)" in told
    for key, what in (
        ("products: [", "no product 'P7'; there is P1"),
        ("locked_accounts: [", "no account 'A9'"),
        ("ideal_customer: {", "'Softwear'; there is Software"),
    ):
        line = next(n for n, each in enumerate(text.splitlines(), 1) if key in each)
        assert any(f"line {line}: " in row and what in row for row in told.split("\n"))


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
