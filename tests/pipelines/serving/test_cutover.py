"""A published plan is loaded, read back, undone and rolled back by commands."""

import json
from collections.abc import Iterator

import pytest
from typer.testing import CliRunner

from pipelines.ledger.store import Ledger
from pipelines.serving.cli.main import app
from pipelines.settings import Settings
from tests.pipelines.publication.crm_server import TOKEN, Crm, serving
from tests.pipelines.publication.test_outbox import FILLED
from tests.pipelines.serving.conftest import propose

runner = CliRunner()


@pytest.fixture
def crm(monkeypatch: pytest.MonkeyPatch) -> Iterator[Crm]:
    """A CRM that knows account A1 and answers at once."""
    monkeypatch.setenv("AOP_CRM_TOKEN", TOKEN)
    accounts = {"A1": {"Id": "A1", "OwnerId": "R9"}}
    with serving(Crm(records={"Account": accounts}, polls=1)) as running:
        yield running


@pytest.fixture
def home(empty_home: Settings) -> Settings:
    """Version 1 gives A1 to R1, version 2 to R2; both were published."""
    ledger = Ledger(empty_home.ledger_url)
    for number, rep in enumerate(("R1", "R2"), start=1):
        propose(ledger, rep, parent=number - 1 or None)
        ledger.approve(number, "bo")
        ledger.publish(number, "bo")
    (empty_home.home / "outbox.yaml").write_text(FILLED)
    return empty_home


def plan(home: Settings, *arguments: str) -> str:
    found = runner.invoke(app, ["plan", *arguments, "--home", str(home.home)])
    return found.stdout if found.exit_code == 0 else f"! {found.stderr}"


def test_a_dry_run_counts_and_writes_nothing(home: Settings) -> None:
    told = plan(home, "export", "2", "--outbox", "--dry-run")
    assert "would be written to" in told
    assert not (home.outbox / "2").exists()
    refused = plan(home, "export", "1", "--outbox")
    assert "does not govern" in refused


@pytest.mark.slow
def test_a_cutover_is_pushed_read_back_and_undone(home: Settings, crm: Crm) -> None:
    check = ("cutover", "2", "--read-back", "--crm", crm.url)
    assert "! aop: the CRM does not hold plan version 2 yet" in plan(home, *check)
    for _ in range(2):  # the second round loads what needed ids of the first
        plan(home, "export", "2", "--outbox")
        assert "records were taken" in plan(
            home, "cutover", "2", "--push", "--crm", crm.url
        )
        plan(home, *check)
    assert "the CRM holds plan version 2" in plan(home, *check)
    assert crm.records["Account"]["A1"]["OwnerId"] == "R2"
    plan(home, "export", "2", "--outbox")
    undone = json.loads(
        plan(home, "cutover", "2", "--reverse", "--crm", crm.url, "--json")
    )
    assert undone["loaded"] > 0
    assert crm.records["Account"]["A1"]["OwnerId"] == "R9"


@pytest.mark.slow
def test_what_the_crm_refuses_ends_with_its_words(home: Settings, crm: Crm) -> None:
    crm.refuse["A1"] = "UNABLE_TO_LOCK_ROW"
    plan(home, "cutover", "2", "--read-back", "--crm", crm.url)
    plan(home, "export", "2", "--outbox")
    refused = plan(home, "cutover", "2", "--push", "--crm", crm.url)
    assert "the CRM refused 1 records" in refused
    assert "UNABLE_TO_LOCK_ROW" in refused


def test_what_to_do_is_said_one_way(home: Settings) -> None:
    assert "--push, --reverse or --read-back" in plan(home, "cutover", "2")
    assert "--xlsx FILE, or --outbox" in plan(home, "export", "2")
    assert "--from DATE" in plan(home, "rollback", "1", "--as", "ana")


def test_going_back_is_a_new_version_that_needs_approval(home: Settings) -> None:
    words = ("rollback", "1", "--as", "ana", "--from", "2026-07-01")
    assert "without a reason" in plan(home, *words)
    told = plan(home, *words, "--note", "R2 is overrun")
    assert "version 3 is proposed; it is back to version 1 from 2026-07-01" in told
    assert "may not approve it" in plan(home, "approve", "3", "--as", "ana")
    changes = json.loads(plan(home, "diff", "2", "3", "--json"))["changes"]
    assert [(each["what"], each["old"], each["new"]) for each in changes] == [
        ("A1", "R2", "R1")
    ]


@pytest.mark.slow
def test_verify_misses_events_cut_off_the_end(home: Settings) -> None:
    from pipelines.publication.plan_book import write_plan_book

    write_plan_book(home)
    words = ["verify", "--home", str(home.home)]
    assert runner.invoke(app, words).exit_code == 0
    ledger = home.home / "ledger.sqlite"
    kept = ledger.read_bytes()
    plan(home, "comment", "2", "--as", "bo", "--note", "fine")
    plan(home, "rollback", "1", "--as", "a", "--from", "2026-07-01", "--note", "x")
    write_plan_book(home)
    ledger.write_bytes(kept)  # an older copy is put in its place
    for side in ("-wal", "-shm"):
        (home.home / f"ledger.sqlite{side}").unlink(missing_ok=True)
    found = runner.invoke(app, words)
    assert found.exit_code == 1
    assert "was removed" in found.stderr
