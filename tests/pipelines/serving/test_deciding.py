"""A plan goes through two levels, comes back once, and somebody stands in."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from data_contracts.approval import Approval
from pipelines.ledger.store import Ledger
from pipelines.serving.cli.main import app
from pipelines.settings import Settings
from tests.pipelines.serving.conftest import MONTHS, NIGHT, content

runner = CliRunner()
LEVELS = Approval.model_validate(
    {
        "levels": [
            {"name": "revops", "approvers": ["bo"]},
            {"name": "cro", "approvers": ["di"]},
        ]
    }
)


@pytest.fixture
def waiting(home: Settings) -> Path:
    """Version 3 waits for two levels."""
    Ledger(home.ledger_url).propose(
        content(),
        scenario="base",
        title="plan",
        as_of=NIGHT,
        effective_from=MONTHS[0],
        effective_to=MONTHS[-1].replace(day=31),
        proposed_by="ana",
        why="",
        policy_hash="p",
        input_hash="i",
        code_hash="c",
        approval=LEVELS,
    )
    return home.home


def plan(home: Path, *arguments: str) -> str:
    """Run a verb of `aop plan`; its output, or its error after a bang."""
    found = runner.invoke(app, ["plan", *arguments, "--home", str(home)])
    return found.stdout if found.exit_code == 0 else f"! {found.stderr}"


@pytest.mark.slow
def test_a_plan_is_signed_level_by_level_by_those_named(waiting: Path) -> None:
    assert "waits for level 'revops': bo" in plan(waiting, "show", "3")
    assert "! aop: plan version 3 waits for level 'revops'" in plan(
        waiting, "approve", "3", "--as", "di"
    )
    assert "waits for level 'cro': di" in plan(waiting, "approve", "3", "--as", "bo")
    assert "without a reason" in plan(waiting, "send-back", "3", "--as", "di")
    told = plan(waiting, "send-back", "3", "--as", "di", "--note", "uneven")
    assert "version 3 is draft" in told
    plan(waiting, "comment", "3", "--as", "ana", "--note", "two heavy accounts")
    plan(waiting, "propose", "3", "--as", "ana")
    today = ["--from", "2026-01-01", "--until", "2999-12-31", "--note", "leave"]
    assert "eve signs for bo" in plan(
        waiting, "delegate", "--as", "bo", "--to", "eve", *today
    )
    plan(waiting, "approve", "3", "--as", "eve")
    assert "version 3 is approved" in plan(waiting, "approve", "3", "--as", "di")
    shown = plan(waiting, "show", "3")
    for said in ("sent back: uneven", "two heavy accounts", "level 'revops' for bo"):
        assert said in shown
    kept = json.loads(plan(waiting, "show", "3", "--json"))
    assert [one["kind"] for one in kept["journal"]] == [
        "signature",
        "comment",
        "signature",
        "signature",
    ]
    assert json.loads(plan(waiting, "delegate", "--json"))[0]["giver"] == "bo"


def test_who_signs_is_said_one_way(waiting: Path) -> None:
    for words in ([], ["--as", "bo", "--by-policy"]):
        assert "say who signs: --as EMAIL, or --by-policy" in plan(
            waiting, "approve", "3", *words
        )
    refused = plan(waiting, "approve", "3", "--by-policy")
    assert "the policy does not sign for it" in refused


def test_a_delegation_says_from_when_to_when(waiting: Path) -> None:
    refused = plan(waiting, "delegate", "--as", "bo", "--to", "eve")
    assert "--from DATE --until DATE" in refused
