"""The review pages: every page, with and without nights, and what must not leak."""

import asyncio
import re

import httpx
import pytest

from pipelines.serving.web.app import pages
from pipelines.settings import Settings

PATHS = ["/", "/drift", "/plans", "/plans/1", "/plans/2", "/data"]


class Client:
    """Ask the pages as a browser on this machine would."""

    def __init__(self, settings: Settings) -> None:
        self._transport = httpx.ASGITransport(app=pages(settings))

    def ask(
        self, path: str, method: str = "GET", host: str = "127.0.0.1"
    ) -> httpx.Response:
        async def once() -> httpx.Response:
            async with httpx.AsyncClient(
                transport=self._transport, base_url=f"http://{host}"
            ) as client:
                return await client.request(method, path)

        return asyncio.run(once())

    def get(self, path: str) -> httpx.Response:
        return self.ask(path)


@pytest.fixture
def client(home: Settings) -> Client:
    return Client(home)


@pytest.mark.parametrize("path", PATHS)
def test_every_page_says_night_version_and_currency(path: str, client: Client) -> None:
    found = client.get(path)
    assert found.status_code == 200
    assert "As of 2026-04-12" in found.text
    assert "amounts in USD" in found.text
    assert '<a href="/plans/1">version 1</a>, 2026-01-01 to 2026-12-31' in found.text
    assert "Acme &amp; Sons" in found.text


@pytest.mark.parametrize("path", PATHS)
def test_no_page_holds_script_or_asks_anything_from_elsewhere(
    path: str, client: Client
) -> None:
    found = client.get(path)
    assert "<script" not in found.text.lower()
    assert not re.findall(r'(?:src|href)="(?:https?:)?//', found.text)
    assert "style=" not in found.text  # the policy below would refuse it
    assert "default-src 'none'" in found.headers["content-security-policy"]


def test_home_shows_plan_actual_forecast_and_what_waits(client: Client) -> None:
    text = client.get("/").text
    assert "an approver who did not propose it" in text
    assert "1,000.00" in text
    assert "950.00" in text
    assert "90.0 %" in text  # three full months: 270,000 of 300,000 cents
    assert text.count('class="plan"') == 12
    assert 'class="actual partial"' in text


def test_a_cause_is_shown_as_text_never_as_markup(client: Client) -> None:
    assert "&lt;b&gt;R2&lt;/b&gt; left" in client.get("/drift").text
    moved = client.get("/plans/2").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in moved


def test_a_proposal_shows_what_moves_why_and_the_gap(client: Client) -> None:
    text = client.get("/plans/2").text
    assert "feasible: at most 1.0 % dearer" in text
    assert "1 accounts; reason, price" in text
    assert "Against version 1" in text


def test_a_version_that_does_not_exist_is_a_page_that_says_so(
    client: Client,
) -> None:
    found = client.get("/plans/9")
    assert found.status_code == 404
    assert "plan version 9 does not exist" in found.text
    assert "Fix: use one of 1, 2" in found.text


def test_before_the_first_night_pages_say_what_to_run(empty_home: Settings) -> None:
    client = Client(empty_home)
    found = client.get("/")
    assert found.status_code == 503
    assert "was never refreshed" in found.text
    assert client.get("/plans").status_code == 200


def test_another_host_name_for_this_machine_is_refused(client: Client) -> None:
    assert client.ask("/", host="evil.example").status_code == 400


@pytest.mark.parametrize("path", PATHS)
def test_pages_only_read(path: str, client: Client) -> None:
    assert client.ask(path, method="POST").status_code == 405


def test_nothing_outside_the_static_folder_is_served(client: Client) -> None:
    assert client.get("/static/style.css").status_code == 200
    assert client.get("/static/../app.py").status_code == 404
    assert client.get("/static/%2e%2e/app.py").status_code == 404
