"""Nothing is published from stale inputs unless somebody says why, for ever."""

import json
from datetime import date

import pytest
from typer.testing import CliRunner

from data_contracts.contract import contract
from data_contracts.errors import LedgerError
from pipelines.ingestion import standing
from pipelines.ledger.store import Ledger
from pipelines.serving.cli import play
from pipelines.serving.cli.main import app
from pipelines.serving.nights import state
from pipelines.serving.staleness import note_over_stale
from pipelines.settings import Settings

NIGHT = date(2026, 4, 13)


@pytest.fixture
def stale(home: Settings) -> Settings:
    """The home after a night on which billing's customers were refused."""
    customers = contract("billing-customers")
    standing.record(customers, NIGHT, ["customers.csv is cut short"], home)
    return home


def told(settings: Settings, *words: str) -> tuple[int, str]:
    found = CliRunner().invoke(app, [*words, "--home", str(settings.home)])
    assert found.exception is None or isinstance(found.exception, SystemExit)
    return found.exit_code, found.stdout + found.stderr


def test_sound_inputs_leave_the_note_alone(home: Settings) -> None:
    assert note_over_stale(home, "as agreed", "") == "as agreed"
    assert note_over_stale(home, "as agreed", "no need") == "as agreed"


def test_publication_over_stale_inputs_is_refused(stale: Settings) -> None:
    with pytest.raises(LedgerError) as refused:
        note_over_stale(stale, "", "  ")
    assert (
        "billing-customers failed contract on 2026-04-13, never good"
        in refused.value.what
    )
    assert "--over-stale" in refused.value.fix


def test_the_command_refuses_before_anything_is_published(stale: Settings) -> None:
    ledger = Ledger(stale.ledger_url)
    ledger.approve(2, "ana@example.com")
    code, said = told(stale, "plan", "publish", "2", "--as", "ana@example.com")
    assert code == 1
    assert "nothing is published from stale inputs" in said
    assert ledger.get(2).state == "approved"


def test_the_demo_publishes_no_sooner_than_anybody(stale: Settings) -> None:
    with pytest.raises(LedgerError, match="nothing is published from stale inputs"):
        play._decide(stale, 2)
    assert Ledger(stale.ledger_url).get(2).state == "approved"


def test_an_override_is_in_the_ledger_for_ever(stale: Settings) -> None:
    ledger = Ledger(stale.ledger_url)
    ledger.approve(2, "ana@example.com")
    note = note_over_stale(stale, "as agreed", "billing is  late,\nit changes nothing")
    ledger.publish(2, "ana@example.com", note)
    event = ledger.events(2)[-1]
    assert event.note == (
        "as agreed; over stale inputs: billing is late, it changes nothing; "
        "billing-customers failed contract on 2026-04-13, never good"
    )


@pytest.mark.slow
def test_status_names_the_stale_input(stale: Settings) -> None:
    rows = state(stale)["stale"]
    assert [(row["contract"], row["night"]) for row in rows] == [
        ("billing-customers", NIGHT)
    ]
    code, said = told(stale, "status", "--json")
    assert code == 0
    assert json.loads(said)["stale"][0]["reason"] == "customers.csv is cut short"
    assert "the last good rows serve on" in told(stale, "status")[1]
