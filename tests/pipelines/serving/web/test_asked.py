"""A new night is shown once what people ask for is ready, and never mixed."""

import shutil
import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import duckdb
import pytest

from pipelines.serving.web.asked import Asked
from pipelines.serving.web.serving import COMING, Serving, Snapshot
from pipelines.settings import Settings
from tests.pipelines.serving.web.conftest import NIGHT, browser_of

pytestmark = pytest.mark.slow

NEXT = NIGHT + timedelta(days=1)


def put_next(home: Settings) -> None:
    """Put a copy in place that is of the day after."""
    newer = home.serving_copy.with_suffix(".newer")
    shutil.copyfile(home.serving_copy, newer)
    with duckdb.connect(newer) as connection:
        connection.execute("update meta.publication set as_of = ?", [NEXT])
    newer.replace(home.serving_copy)


def night_of(serving: Serving) -> Any:
    with serving.snapshot() as snapshot:
        return snapshot.ask("select as_of from meta.publication")[0]["as_of"]


def finish() -> None:
    """Wait for the night being made ready, where there is one."""
    for thread in threading.enumerate():
        if thread.name == COMING:
            thread.join(60)


@pytest.fixture
def held() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()
    finish()


def test_the_old_night_answers_until_the_new_one_is_ready(
    home: Settings, held: threading.Event
) -> None:
    serving, prepared = Serving(home), []

    def prepare(snapshot: Snapshot) -> None:
        assert held.wait(60)
        prepared.append(snapshot.ask("select as_of from meta.publication"))

    serving.prepare = prepare
    assert night_of(serving) == NIGHT
    put_next(home)
    assert [night_of(serving) for _ in range(3)] == [NIGHT] * 3
    held.set()
    finish()
    assert night_of(serving) == NEXT
    assert prepared == [[{"as_of": NEXT}]]  # once, whoever asked


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_night_that_cannot_be_made_ready_is_shown_all_the_same(
    home: Settings,
) -> None:
    serving = Serving(home)

    def fail(_: Snapshot) -> None:
        raise ZeroDivisionError

    serving.prepare = fail
    assert night_of(serving) == NIGHT
    put_next(home)
    night_of(serving)
    finish()
    assert night_of(serving) == NEXT


def test_a_copy_that_does_not_open_leaves_the_old_night(home: Settings) -> None:
    serving = Serving(home)
    serving.prepare = lambda _: None
    assert night_of(serving) == NIGHT
    home.serving_copy.unlink()
    home.serving_copy.write_bytes(b"no database" * 1000)
    assert night_of(serving) == NIGHT
    finish()
    assert night_of(serving) == NIGHT


def test_what_was_opened_lately_is_answered_from_memory_on_the_new_night(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = browser_of(home)
    desk = browser.desk
    desk.serving.prepare = desk.prepare
    ada, ray = browser.become("ada@example.com"), browser.become("ray@example.com")
    opened = [(ada, "/"), (ada, "/territories?on=2026-03-01"), (ray, "/reps/R1")]
    before = [who.get(path).text for who, path in opened]
    put_next(home)
    ada.get("/drift")  # seen by whoever comes first
    finish()
    asked: list[str] = []
    answered = Snapshot._asked

    def spy(self: Snapshot, sql: str, parameters: Any) -> Any:
        asked.append(sql)
        return answered(self, sql, parameters)

    monkeypatch.setattr(Snapshot, "_asked", spy)
    after = [who.get(path).text for who, path in opened]
    assert asked == []
    assert all(f"As of {NIGHT}" in text for text in before)
    assert all(f"As of {NEXT}" in text for text in after)


def test_what_is_remembered_has_no_session_and_an_end(home: Settings) -> None:
    browser = browser_of(home)
    browser.desk._asked = asked = Asked(most=2)
    ada = browser.become("ada@example.com")
    for path in ("/plans", "/data", "/data?csv=loads", "/nowhere", "/rows"):
        ada.get(path)
    found = list(asked.latest())
    assert [one.path for one in found] == ["/rows", "/data"]
    assert {one.visitor.token for one in found} == {""}
    assert all("cookie" not in one.again().headers for one in found)
    assert list(asked.latest(seconds=-1)) == []
