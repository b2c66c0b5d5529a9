"""Files are found by their folders, dated by their paths, and mapped by name."""

from datetime import date
from pathlib import Path

import pytest

from data_contracts.contract import contract
from data_contracts.errors import ContractError, HomeError
from pipelines.ingestion.sources import (
    check_night,
    data_through,
    deliveries,
    extract_dates,
    unclaimed,
)
from pipelines.settings import Settings

NIGHT = date(2026, 1, 31)
REQUIRED = (
    "billing-customers",
    "crm-accounts",
    "crm-opportunities",
    "crm-users",
    "hris-job-history",
    "hris-workers",
)


def days(settings: Settings, night: date = NIGHT) -> list[date]:
    found = deliveries(contract("crm-users"), night, settings)
    return [one.known_on for one in found]


def test_the_last_date_in_the_path_is_the_night(home) -> None:
    for path in ("2026-01-01/backfill-2025-12-31.csv", "2026-01-02.csv", "x/9.csv"):
        file = home.landing / "crm" / "users" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("user_id,name\n")
    assert days(home) == [date(2025, 12, 31), date(2026, 1, 2), NIGHT]


def test_hidden_and_unfinished_files_are_left_alone(deliver, home) -> None:
    deliver("crm-users", "", name=".")
    deliver("crm-users", "", suffix=".csv.part")
    assert days(home) == []


def test_a_date_that_is_none_is_not_taken_for_one(deliver, home) -> None:
    deliver("crm-users", "", night=None, name="2026-02-31-")
    assert days(home) == [NIGHT]


def test_the_dates_of_every_contract_are_known(deliver, home) -> None:
    deliver("crm-users", "")
    deliver("crm-users", "", night=date(2026, 2, 28))
    assert extract_dates(home, NIGHT) == {"crm-users": (NIGHT, date(2026, 2, 28))}


def test_data_reach_to_the_newest_extract_known(deliver, home) -> None:
    for one in REQUIRED:
        deliver(one, "")
    deliver("crm-users", "", night=date(2026, 2, 28))
    assert data_through(home, date(2026, 2, 15)) == NIGHT
    assert data_through(home, date(2026, 3, 15)) == date(2026, 2, 28)


def test_a_night_is_checked_before_anything_is_written(deliver, home) -> None:
    with pytest.raises(HomeError, match="there is no extract"):
        check_night(home, NIGHT)
    for one in REQUIRED[1:]:
        deliver(one, "")
    with pytest.raises(HomeError, match="night 2026-01-30 lies before"):
        check_night(home, date(2026, 1, 30))
    with pytest.raises(ContractError, match="no file for billing-customers"):
        check_night(home, NIGHT)
    deliver(REQUIRED[0], "")
    check_night(home, NIGHT)


def test_files_no_contract_reads_are_named(home) -> None:
    for path in ("crm/deals/a.csv", "crm/b.csv", "crm/users/c.csv"):
        file = home.landing / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert unclaimed(home) == ["crm/b.csv", "crm/deals/a.csv"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("sources: [", "is not YAML"),
        ("sources:\n  - {folder: x}\n", "give either layout"),
        ("sources:\n  - {folder: x, layout: by_contract, when: now}\n", "when"),
        (
            "sources:\n  - {folder: x, url: 's3://b', layout: by_contract}\n",
            "give one of",
        ),
        ("sources:\n  - {url: 's3://b/x', layout: by_contract}\n", "give name"),
        (
            "sources:\n  - {url: 's3://b', name: crm, layout: by_contract}\n",
            "own folder",
        ),
        (
            "sources:\n  - {url: 'sftp://u:pw@h/x', name: hr, layout: by_contract}\n",
            "holds a password",
        ),
        (
            "sources:\n" + "  - {folder: x, layout: by_contract}\n" * 2,
            "2 sources are called 'x'",
        ),
        ("sources:\n  - {folder: gone, mapping: adventureworks}\n", "does not exist"),
    ],
)
def test_a_broken_sources_file_is_told(home, text: str, told: str) -> None:
    home.home.mkdir()
    home.sources_file.write_text(text)
    with pytest.raises(HomeError, match=told):
        days(home)


def test_an_unknown_mapping_names_those_there_are(home) -> None:
    home.landing.mkdir(parents=True)
    home.sources_file.write_text(
        "sources:\n  - {folder: landing, mapping: adventurework}\n"
    )
    with pytest.raises(ContractError, match="neither ready-made nor a file") as told:
        days(home)
    assert "adventureworks" in told.value.fix


def mapped(home: Settings, text: str) -> None:
    home.home.mkdir(exist_ok=True)
    (home.home / "ours.yaml").write_text(text)
    home.sources_file.write_text(
        "sources:\n"
        "  - {folder: exports, mapping: ours.yaml}\n"
        "  - {folder: landing, layout: by_contract}\n"
    )


MAPPING = """
name: ours
description: Our exports.
files: {people: "*users*.csv"}
contracts:
  crm-users:
    file: people
    columns: {user_id: Id, name: Name}
"""


def export(home: Settings, name: str, text: str = "Id,Name\nu1,Ada\n") -> Path:
    path = home.home / "exports" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_mapping_finds_its_files_by_pattern_and_night(home) -> None:
    mapped(home, MAPPING)
    export(home, "users-2026-01-30.csv")
    export(home, "users-2026-01-31.csv")
    export(home, "accounts.csv")
    assert days(home) == [date(2026, 1, 30), NIGHT]


def test_two_sources_may_feed_one_contract(home, deliver) -> None:
    mapped(home, MAPPING)
    export(home, "users-2026-01-30.csv")
    export(home, "users-2026-01-31.csv")
    deliver("crm-users", "user_id,name\n")
    found = deliveries(contract("crm-users"), NIGHT, home)
    assert [(one.known_on, one.source) for one in found] == [
        (date(2026, 1, 30), "exports as ours.yaml"),
        (NIGHT, "exports as ours.yaml"),
        (NIGHT, "landing"),
    ]


def test_joined_files_are_taken_as_they_stood_that_night(home) -> None:
    mapped(
        home,
        MAPPING.replace('"}', '", teams: "teams*.csv"}').replace(
            "columns: {user_id: Id, name: Name}",
            'sql: "select Id as user_id, Name as name from people, teams"',
        ),
    )
    export(home, "users-2026-01-30.csv")
    export(home, "users-2026-01-31.csv")
    export(home, "teams-2026-01-15.csv")
    export(home, "teams-2026-01-31.csv")
    found = deliveries(contract("crm-users"), NIGHT, home)
    assert [[file.shown for file in one.files] for one in found] == [
        ["users-2026-01-30.csv", "teams-2026-01-15.csv"],
        ["users-2026-01-31.csv", "teams-2026-01-31.csv"],
    ]
