"""A plan goes to the CRM through its API: once, whatever fails on the way, and back."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from data_contracts.errors import BusyError, HomeError, LedgerError
from pipelines.publication.bulk_api import BulkApi
from pipelines.publication.outbox import write_outbox
from pipelines.publication.push import export_live, push
from pipelines.settings import Settings
from tests.pipelines.publication.crm_server import TOKEN, Crm, serving
from tests.pipelines.publication.test_outbox import FILLED, hires, quotas


@pytest.fixture
def crm() -> Iterator[Crm]:
    """A CRM that knows two accounts, each at somebody else's."""
    accounts = {a: {"Id": a, "OwnerId": "R9"} for a in ("A1", "A2")}
    with serving(Crm(records={"Account": accounts})) as running:
        yield running


@pytest.fixture
def api(crm: Crm) -> BulkApi:
    return BulkApi(crm.url, TOKEN, wait=lambda _asked: None)


@pytest.fixture
def home(home: Settings, publish_plan: Callable[..., Any]) -> Settings:
    """Version 1 holds: R1 owns A1 and A2 and has a quota for each month."""
    publish_plan({"A1": "R1", "A2": "R1"}, quota=quotas("R1", 100_00), hire=hires())
    (home.home / "outbox.yaml").write_text(FILLED)
    return home


def cutover(home: Settings, api: BulkApi) -> Any:
    """Export what is live, write the difference, load it."""
    export_live(home, api)
    write_outbox(home, 1)
    return push(home, 1, api)


def owners(crm: Crm) -> set[str]:
    return {record["OwnerId"] for record in crm.records["Account"].values()}


@pytest.mark.slow
def test_two_rounds_bring_the_plan_in_and_reading_back_finds_no_difference(
    home: Settings, crm: Crm, api: BulkApi
) -> None:
    first = cutover(home, api)
    assert (first.loaded, first.is_complete) == (1 + 2 + 12, True)
    assert owners(crm) == {"R1"}
    assert len(crm.records["ForecastingQuota"]) == 12
    second = cutover(home, api)  # the territory has an id now: members and accounts
    assert second.loaded == 1 + 2
    export_live(home, api)
    assert write_outbox(home, 1, dry_run=True).is_empty


@pytest.mark.slow
def test_pushing_twice_sends_nothing_twice(
    home: Settings, crm: Crm, api: BulkApi
) -> None:
    cutover(home, api)
    jobs = len(crm.jobs)
    again = push(home, 1, api)
    assert (again.loaded, again.already, len(crm.jobs)) == (0, 15, jobs)


@pytest.mark.slow
def test_what_the_crm_refuses_is_named_and_sent_again_alone(
    home: Settings, crm: Crm, api: BulkApi
) -> None:
    crm.refuse["A2"] = "UNABLE_TO_LOCK_ROW"
    first = cutover(home, api)
    assert not first.is_complete
    assert first.failed["crm/07-Account.update.csv"] == 1
    assert first.errors == ("crm/07-Account.update.csv: UNABLE_TO_LOCK_ROW",)
    assert len(crm.records["ForecastingQuota"]) == 12  # the rest arrived
    del crm.refuse["A2"]
    second = push(home, 1, api)
    assert (second.loaded, second.already, second.is_complete) == (1, 14, True)
    assert owners(crm) == {"R1"}
    sent = [job["csv"] for job in crm.jobs.values() if job.get("object") == "Account"]
    assert sent[-1] == "Id,OwnerId\nA2,R1\n"


@pytest.mark.slow
def test_a_busy_crm_is_asked_again_and_then_given_up(
    home: Settings, crm: Crm, api: BulkApi
) -> None:
    crm.busy = 3
    assert cutover(home, api).is_complete
    crm.busy = 99
    with pytest.raises(BusyError, match="503 busy"):
        cutover(home, api)
    crm.busy = 0
    assert cutover(home, api).is_complete


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["POST", "PUT", "PATCH", "GET"])
def test_a_lost_answer_loads_nothing_twice(
    home: Settings, crm: Crm, api: BulkApi, verb: str
) -> None:
    export_live(home, api)
    write_outbox(home, 1)
    crm.hang_up_on = [verb]
    assert push(home, 1, api).is_complete
    assert len(crm.records["ForecastingQuota"]) == 12
    assert len(crm.records["Territory2"]) == 1


@pytest.mark.slow
def test_a_push_that_was_stopped_is_taken_up_where_it_stood(
    home: Settings, crm: Crm, api: BulkApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    export_live(home, api)
    write_outbox(home, 1)

    def stop(_self: BulkApi, _job: str) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(BulkApi, "results", stop)
        with pytest.raises(KeyboardInterrupt):
            push(home, 1, api)
    assert push(home, 1, api).is_complete
    territories = [j for j in crm.jobs.values() if j.get("object") == "Territory2"]
    assert len([job for job in territories if job["operation"] == "insert"]) == 1
    assert len(crm.records["Territory2"]) == 1


@pytest.mark.slow
def test_the_reverse_files_bring_back_what_was_there(
    home: Settings, crm: Crm, api: BulkApi
) -> None:
    before = dict(crm.records["Account"])
    cutover(home, api)
    cutover(home, api)
    export_live(home, api)
    write_outbox(home, 1)
    assert push(home, 1, api, direction="reverse").is_complete
    assert crm.records["Account"] == before
    for crm_object in ("ForecastingQuota", "ObjectTerritory2Association"):
        assert crm.records[crm_object] == {}


@pytest.mark.slow
def test_a_file_altered_after_it_was_written_is_not_sent(
    home: Settings, crm: Crm, api: BulkApi
) -> None:
    export_live(home, api)
    folder = write_outbox(home, 1).folder
    file: Path = folder / "crm" / "07-Account.update.csv"
    file.write_text(file.read_text() + "A9,R1\n")
    with pytest.raises(LedgerError, match="is not as it was written"):
        push(home, 1, api)
    assert owners(crm) == {"R9"}


def test_nothing_is_pushed_without_an_outbox(home: Settings, api: BulkApi) -> None:
    with pytest.raises(LedgerError, match="there is no outbox"):
        push(home, 1, api)


@pytest.mark.parametrize(
    ("url", "token", "told"),
    [
        ("http://crm.example.com", TOKEN, "in the open"),
        ("crm.example.com", TOKEN, "is no address"),
        ("https://crm.example.com", "", "there is no token"),
    ],
)
def test_a_token_goes_nowhere_it_should_not(url: str, token: str, told: str) -> None:
    with pytest.raises(HomeError, match=told):
        BulkApi(url, token, wait=lambda _asked: None)


def test_a_wrong_token_is_told_and_not_tried_again(home: Settings, crm: Crm) -> None:
    api = BulkApi(crm.url, "wrong", wait=lambda _asked: None)
    with pytest.raises(HomeError, match="401 INVALID_SESSION_ID"):
        export_live(home, api)
    assert len(crm.requests) == 1


def test_a_job_that_never_ends_is_given_up(
    crm: Crm, api: BulkApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipelines.publication.bulk_api.MOST_POLLS", 3)
    crm.polls = 99
    with pytest.raises(BusyError, match="has not finished"):
        api.export("SELECT Id, OwnerId FROM Account")
