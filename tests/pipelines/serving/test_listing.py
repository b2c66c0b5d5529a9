"""Commands on a home with a night, a published plan and a proposal."""

import json

import pytest
from typer.testing import CliRunner

from pipelines.serving.cli.main import app
from pipelines.settings import Settings

runner = CliRunner()


def aop(home: Settings, *arguments: str) -> str:
    found = runner.invoke(app, [*arguments, "--home", str(home.home)])
    assert found.exit_code == 0, found.stderr
    return found.stdout


@pytest.mark.slow
def test_status_says_what_is_fresh_missing_and_waiting(home: Settings) -> None:
    out = aop(home, "status")
    assert "last night    2026-04-12" in out
    assert "plan in force version 1, plan for 2026" in out
    assert "no worker has a termination date" in out
    assert "an approver who did not propose it" in out
    assert "rep_left:R2:2026-04-10" in out


@pytest.mark.slow
def test_status_as_json_is_the_same_truth(home: Settings) -> None:
    found = json.loads(aop(home, "status", "--json"))
    assert found["as_of"] == found["serving_as_of"] == "2026-04-12"
    assert [one["version"] for one in found["waiting"]] == [2]
    assert found["plan"]["version"] == 1
    assert found["not_computed"][0]["contract"] == "hris-workers"


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        ("plan", "list"),
        ("plan", "show", "2"),
        ("plan", "show", "2", "--lines", "quota"),
        ("plan", "diff", "1", "2"),
        ("drift",),
        ("drift", "--signals"),
        ("explain", "rep", "R1"),
        ("explain", "account", "A1", "--version", "2"),
        ("verify",),
    ],
)
def test_everything_that_lists_gives_one_document(
    arguments: tuple[str, ...], home: Settings
) -> None:
    assert json.loads(aop(home, *arguments, "--json"))
    assert aop(home, *arguments).strip()


def test_a_version_whose_inputs_were_not_kept_is_not_called_verified(
    home: Settings,
) -> None:
    found = runner.invoke(app, ["verify", "2", "--home", str(home.home)])
    assert found.exit_code != 0
    assert "computed from is not recorded" in str(found.exception) + found.output


def test_a_difference_is_told_with_old_new_and_reason(home: Settings) -> None:
    changes = json.loads(aop(home, "plan", "diff", "1", "2", "--json"))["changes"]
    assert [(one["what"], one["old"], one["new"]) for one in changes] == [
        ("A1", "R1", "R2")
    ]


def test_the_plan_in_force_explains_a_rep(home: Settings) -> None:
    found = json.loads(aop(home, "explain", "rep", "R1", "--json"))
    assert found["plan"]["version"] == 1
    assert found["quota_cents"] == 12 * 110000
    assert found["accounts_count"] == 1


def test_who_proposed_may_not_approve(home: Settings) -> None:
    found = runner.invoke(
        app,
        ["plan", "approve", "2", "--as", "Nightly-Refresh", "--home", str(home.home)],
    )
    assert found.exit_code == 1
    assert "may not approve" in found.stderr


def test_an_altered_ledger_is_found_and_said(home: Settings) -> None:
    import sqlite3

    with sqlite3.connect(home.home / "ledger.sqlite") as connection:
        names = [
            row[0]
            for row in connection.execute(
                "select name from sqlite_master where type = 'trigger'"
            )
        ]
        for name in names:
            connection.execute(f"drop trigger {name}")
        connection.execute("update plan_version set title = 'mine' where version = 2")
    connection.close()
    found = runner.invoke(app, ["verify", "--home", str(home.home)])
    assert found.exit_code == 1
    assert found.stderr.startswith("aop: the ledger was altered:")
