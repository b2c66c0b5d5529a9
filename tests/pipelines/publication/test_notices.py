"""People are told once, in groups, and never more often than they can read."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from data_contracts.errors import HomeError
from pipelines.publication import notices
from pipelines.publication.notices import Notice, NoticeKind
from pipelines.settings import Settings

NOON = datetime(2026, 5, 18, 12, tzinfo=UTC)
LEFT = Notice("breach left:R2", NoticeKind.BREACH, "rep:R2: R2 left")
SLIPPED = Notice("breach slipped:mobile", NoticeKind.BREACH, "company: mobile is late")
WAITS = Notice("proposed 2", NoticeKind.PROPOSAL, "version 2 waits for an approver")
FAILED = notices.failed_night("run-1", "nightly: accounts.csv is truncated")


class Receiver:
    """A web hook on this machine that keeps what it was sent."""

    def __init__(self) -> None:
        self.took: list[dict[str, str]] = []
        self.status = 200
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if outer.status == 200:
                    outer.took.append(json.loads(body))
                self.send_response(outer.status)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing on standard error."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def settings(tmp_path: Path, receiver: Receiver) -> Settings:
    return Settings(tmp_path, notify_urls=(receiver.url,))


@pytest.mark.slow
def test_what_waits_arrives_as_one_message_grouped_by_kind(
    settings: Settings, receiver: Receiver
) -> None:
    told = notices.tell(settings, [WAITS, LEFT, SLIPPED], NOON)
    assert (told.sent, told.held) == (3, 0)
    (took,) = receiver.took
    assert took["title"] == "continuous-aop: 2 breach, 1 proposal waiting"
    assert took["message"].splitlines() == [
        "breach:",
        "- rep:R2: R2 left",
        "- company: mobile is late",
        "proposal waiting:",
        "- version 2 waits for an approver",
    ]


@pytest.mark.slow
def test_nobody_is_told_the_same_twice_even_by_a_new_process(
    settings: Settings, receiver: Receiver
) -> None:
    notices.tell(settings, [LEFT], NOON)
    again = notices.tell(settings, [LEFT], NOON + timedelta(days=1))
    assert (again.sent, again.held) == (0, 0)
    assert len(receiver.took) == 1


@pytest.mark.slow
def test_within_a_quarter_of_an_hour_what_is_new_waits_for_the_next_message(
    settings: Settings, receiver: Receiver
) -> None:
    notices.tell(settings, [LEFT], NOON)
    soon = notices.tell(settings, [LEFT, WAITS], NOON + timedelta(minutes=14))
    assert (soon.sent, soon.held) == (0, 1)
    assert "12:00 UTC" in soon.reason
    notices.tell(settings, [LEFT, WAITS, SLIPPED], NOON + timedelta(minutes=15))
    assert [took["title"] for took in receiver.took] == [
        "continuous-aop: 1 breach",
        "continuous-aop: 1 breach, 1 proposal waiting",
    ]


@pytest.mark.slow
def test_a_failed_night_is_told_at_once(settings: Settings, receiver: Receiver) -> None:
    notices.tell(settings, [LEFT], NOON)
    told = notices.tell(settings, [WAITS, FAILED], NOON + timedelta(minutes=1))
    assert (told.sent, told.held) == (1, 1)
    assert (
        "accounts.csv is truncated; the last good plan" in receiver.took[1]["message"]
    )


@pytest.mark.slow
def test_a_receiver_that_is_down_gets_the_message_the_next_time(
    settings: Settings, receiver: Receiver
) -> None:
    receiver.status = 500
    told = notices.tell(settings, [LEFT], NOON)
    assert (told.sent, told.held) == (0, 1)
    assert told.reason == "a receiver did not take the message"
    receiver.status = 200
    assert notices.tell(settings, [LEFT], NOON).sent == 1


@pytest.mark.slow
def test_a_flood_is_cut_and_says_how_much_is_left(
    settings: Settings, receiver: Receiver
) -> None:
    many = [Notice(f"b{n}", NoticeKind.BREACH, f"account {n}") for n in range(200)]
    notices.tell(settings, many, NOON)
    lines = receiver.took[0]["message"].splitlines()
    assert len(lines) == notices.LINES_IN_A_MESSAGE + 1
    assert lines[-1] == "and 181 more: aop status"


def test_without_a_receiver_everything_is_held(tmp_path: Path) -> None:
    told = notices.tell(Settings(tmp_path), [LEFT], NOON)
    assert (told.sent, told.held) == (0, 1)
    assert "AOP_NOTIFY_URLS" in told.reason


@pytest.mark.slow
def test_a_receiver_that_is_no_address_is_named_by_its_place_not_its_secret(
    tmp_path: Path,
) -> None:
    settings = Settings(tmp_path, notify_urls=("nonsense://s3cret",))
    with pytest.raises(HomeError, match="receiver 1") as raised:
        notices.tell(settings, [LEFT], NOON)
    assert "s3cret" not in str(raised.value) + repr(settings)


@pytest.mark.slow
def test_a_broken_record_says_what_to_do(settings: Settings) -> None:
    settings.notices.write_text("{", encoding="utf-8")
    with pytest.raises(HomeError, match="is not a record of notices"):
        notices.tell(settings, [LEFT], NOON)
