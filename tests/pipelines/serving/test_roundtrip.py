"""Out as a workbook, back as overrides: all of it, by policy, or nothing."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import pytest
import yaml
from typer.testing import CliRunner

from pipelines.ledger.store import Ledger
from pipelines.serving.cli.main import app
from pipelines.settings import Settings
from tests.pipelines.publication.books import FIRST, LAST, content

runner = CliRunner()


@pytest.fixture
def home(empty_home: Settings) -> Settings:
    """Version 1 of a plan for November and December waits."""
    rules = yaml.safe_load(empty_home.policy_file.read_text())
    rules["segments"] = [
        {"id": "smb", "name": "Small", "is_default": True},
        {"id": "ent", "name": "Large"},
    ]
    rules["capacity"]["hire_lead_time_months"] = 1
    rules["capacity"]["max_hires_per_month_count"] = 3
    rules["territories"]["max_accounts_per_rep_count"] = 2
    rules["territories"]["named_accounts"] = {"A3": "R2"}
    empty_home.policy_file.write_text(yaml.safe_dump(rules))
    Ledger(
        empty_home.ledger_url, clock=lambda: datetime(2026, 10, 1, tzinfo=UTC)
    ).propose(
        content(),
        scenario="base",
        title="plan",
        as_of=date(2026, 10, 1),
        effective_from=FIRST,
        effective_to=LAST,
        proposed_by="ana",
        why="",
        policy_hash="p",
        input_hash="i",
        code_hash="c",
    )
    return empty_home


def plan(home: Settings, *arguments: str | Path) -> str:
    """Run a verb of `aop plan`; its output, or its error after a bang."""
    words = [str(one) for one in arguments]
    found = runner.invoke(app, ["plan", *words, "--home", str(home.home)])
    return found.stdout if found.exit_code == 0 else f"! {found.stderr}"


@pytest.fixture
def edited(home: Settings, tmp_path: Path) -> Callable[..., Path]:
    """The exported workbook with values in some cells."""

    def write(cells: dict[str, Any]) -> Path:
        path = tmp_path / "plan.xlsx"
        assert "rows" in plan(home, "export", "1", "--xlsx", path)
        book = openpyxl.load_workbook(path)
        for place, value in cells.items():
            sheet, _, cell = place.partition("!")
            book[sheet][cell] = value
        book.save(path)
        return path

    return write


GOOD = {
    "Books!E5": "R2",
    "Books!F5": "knows them",
    "Quotas!G4": 2400,
    "Quotas!H4": "yes",
    "Quotas!I4": "leave in December",
    "Hires!E5": 2,
    "Hires!F5": "two good candidates",
}


@pytest.mark.slow
def test_edits_become_overrides_with_author_reason_and_cell(
    home: Settings, edited: Callable[..., Path]
) -> None:
    path = edited({key: GOOD[key] for key in GOOD if key != "Quotas!H4"})
    assert "3 overrides hold from now on" in plan(home, "import", path, "--as", "bo")
    kept = json.loads(plan(home, "overrides", "--json"))
    assert [(one["ask"], one["key"], one["value"]) for one in kept] == [
        ("account_owner", "A2", "R2"),
        ("hires", "smb/ae/2026-12", "2"),
        ("quota", "R1", "240000"),
    ]
    assert {one["author"] for one in kept} == {"bo"}
    assert kept[0]["place"] == "Books!E5"
    assert kept[0]["until"] == "2026-12-31"
    shown = plan(home, "show", "1")
    assert "account_owner A2 = R2: knows them" in shown


@pytest.mark.slow
def test_an_override_is_taken_back_with_a_reason(
    home: Settings, edited: Callable[..., Path]
) -> None:
    plan(home, "import", edited({"Quotas!H6": "yes", "Quotas!I6": "x"}), "--as", "bo")
    number = json.loads(plan(home, "overrides", "--json"))[0]["number"]
    words = ("overrides", "--withdraw", str(number), "--as", "bo")
    assert "without a reason" in plan(home, *words)
    assert "holds no longer" in plan(home, *words, "--note", "changed my mind")
    assert "nothing is fixed by hand" in plan(home, "overrides")
    assert "no override" in plan(home, *words, "--note", "again")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"Books!E4": "R7"}, "Books!E4: 'R7' is no rep with a quota in this plan"),
        ({"Books!E4": "R9"}, "Books!E4: R9 sells to ent and the account is smb"),
        ({"Books!E6": "R1"}, "Books!E6: the policy names R2 for account A3"),
        ({"Books!E4": "R2", "Books!E5": "R2"}, "R2 would own 3 accounts"),
        ({"Quotas!G4": 2400.5}, "Quotas!G4: 2,400.50 is no multiple of 100.00"),
        ({"Quotas!G4": 1400}, "is 53% away from 3,000.00; the policy allows 50%"),
        ({"Hires!E4": 1}, "Hires!E4: nobody new starts before 2026-12-01"),
        ({"Hires!E5": 4}, "Hires!E5: 4 people would start in 2026-12"),
        ({"Quotas!H4": "yes", "Books!E4": "R2"}, "the book of R1 is locked"),
    ],
)
def test_what_the_policy_does_not_allow_names_its_cell_and_stores_nothing(
    home: Settings, edited: Callable[..., Path], cells: dict[str, Any], told: str
) -> None:
    reasons = {
        f"{place.split('!')[0]}!{'I' if 'Quotas' in place else 'F'}{place[-1]}": "why"
        for place in cells
    }
    fine = {"Hires!E5": 2, "Hires!F5": "fine"} if "Hires" not in str(cells) else {}
    refused = plan(home, "import", edited({**fine, **cells, **reasons}), "--as", "bo")
    assert told in refused
    assert "nothing was stored" in refused
    assert "nothing is fixed by hand" in plan(home, "overrides")


@pytest.mark.slow
def test_no_change_takes_effect_in_a_freeze_window(
    home: Settings, edited: Callable[..., Path]
) -> None:
    rules = yaml.safe_load(home.policy_file.read_text())
    window = {"starts_on": FIRST, "ends_on": LAST, "why": "year end"}
    rules["negotiation"]["freeze_windows"] = [window]
    home.policy_file.write_text(yaml.safe_dump(rules))
    refused = plan(home, "import", edited(GOOD), "--as", "bo")
    assert "may not take effect from 2026-11-01 to 2026-12-31: year end" in refused


@pytest.mark.slow
def test_the_workbook_of_another_ledger_is_refused(
    home: Settings, edited: Callable[..., Path], tmp_path: Path
) -> None:
    path = edited({})
    book = openpyxl.load_workbook(path)
    book["_aop"]["B3"] = "0" * 64
    book.save(path)
    refused = plan(home, "import", path, "--as", "bo")
    assert "was exported from another plan than version 1" in refused
    book["_aop"]["B2"] = "8"
    book.save(path)
    assert "plan version 8 does not exist" in plan(home, "import", path, "--as", "bo")


@pytest.mark.slow
def test_a_workbook_without_edits_stores_nothing(
    home: Settings, edited: Callable[..., Path]
) -> None:
    assert "holds no edits" in plan(home, "import", edited({}), "--as", "bo")


def test_a_file_of_another_kind_is_not_written(home: Settings, tmp_path: Path) -> None:
    refused = plan(home, "export", "1", "--xlsx", tmp_path / "plan.csv")
    assert "does not end in .xlsx" in refused
    assert list(tmp_path.glob("plan*")) == []
