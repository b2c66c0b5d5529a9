"""Signing in: right and wrong passwords, guessing, sessions, forged forms."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from data_contracts.errors import AopError
from pipelines.serving.web.roles import Role
from pipelines.serving.web.sessions import LASTS, Sessions
from pipelines.serving.web.signing import FAILURES_A_NAME
from pipelines.serving.web.throttle import WINDOW_SECONDS, Throttle
from pipelines.serving.web.users import Users
from pipelines.settings import Settings
from tests.pipelines.serving.web.conftest import (
    PASSWORD,
    QUICK,
    Browser,
    browser_of,
)

pytestmark = pytest.mark.slow


def signed_in(browser: Browser, **fields: str) -> int:
    """Send the sign-in form as its page gave it; return the status."""
    token = browser.token("/sign-in")
    filled = {"name": "app@example.com", "password": PASSWORD, "token": token}
    return browser.post("/sign-in", **filled | fields).status_code


def test_the_right_password_opens_the_pages(browser: Browser) -> None:
    assert browser.get("/plans").headers["location"] == "/sign-in?next=%2Fplans"
    assert signed_in(browser, name="APP@example.com ") == 303
    assert "app@example.com (approver)" in browser.get("/").text


@pytest.mark.parametrize(
    "fields",
    [
        {"password": "wrong horse battery"},
        {"name": "nobody@example.com"},
        {"name": "' or 1=1 --"},
        {"password": ""},
    ],
)
def test_anything_else_does_not_and_does_not_say_which(
    fields: dict[str, str], browser: Browser
) -> None:
    assert signed_in(browser, **fields) == 401
    assert browser.get("/").status_code == 303


def test_guessing_has_to_wait_even_with_the_right_password(browser: Browser) -> None:
    for _ in range(FAILURES_A_NAME):
        assert signed_in(browser, password="wrong horse battery") == 401
    assert signed_in(browser) == 429
    assert signed_in(browser, name="bea@example.com") == 303  # others may


def test_the_wait_ends_when_the_window_has_passed() -> None:
    now = [0.0]
    throttle = Throttle(2, clock=lambda: now[0])
    throttle.failed("x")
    now[0] = 60.0
    throttle.failed("x")
    assert throttle.wait_seconds("x") == WINDOW_SECONDS - 60
    assert throttle.wait_seconds("y") == 0
    now[0] = WINDOW_SECONDS
    assert throttle.wait_seconds("x") == 0


@pytest.mark.parametrize(
    "next_page", ["//evil.example", "https://evil.example", "/\\e"]
)
def test_signing_in_leads_to_a_page_of_ours_only(
    next_page: str, browser: Browser
) -> None:
    token = browser.token("/sign-in")
    found = browser.post(
        "/sign-in",
        name="app@example.com",
        password=PASSWORD,
        token=token,
        next=next_page,
    )
    assert found.headers["location"] == "/"


def test_the_cookie_is_kept_from_scripts_and_other_sites(home: Settings) -> None:
    set_cookie = browser_of(home).get("/sign-in").headers["set-cookie"].lower()
    assert "httponly" in set_cookie
    assert "samesite=lax" in set_cookie
    assert "secure" not in set_cookie  # plain HTTP on this machine
    wide = browser_of(home, is_https=True).get("/sign-in").headers["set-cookie"]
    assert wide.startswith("__Host-aop=")
    assert "secure" in wide.lower()


def test_a_session_ends_with_its_day_its_account_and_signing_out(
    browser: Browser,
) -> None:
    users = browser.desk.users
    now = [datetime(2026, 4, 12, 9, tzinfo=UTC)]
    sessions = Sessions(users, clock=lambda: now[0])
    user = users.find("app@example.com")
    cookie = sessions.begin(user)
    now[0] += LASTS
    assert sessions.read(cookie) is not None
    now[0] += timedelta(seconds=1)
    assert sessions.read(cookie) is None

    approver = browser.become("app@example.com")
    other_window = browser.become("app@example.com")
    assert approver.post("/sign-out", token=approver.token()).status_code == 303
    assert other_window.get("/").status_code == 303
    changed = browser.become("bea@example.com")
    users.change_password("bea@example.com", "another horse battery")
    assert changed.get("/").status_code == 303
    removed = browser.become("vic@example.com")
    users.remove("vic@example.com")
    assert removed.get("/").status_code == 303
    assert users.checked("vic@example.com", PASSWORD) is None


def test_a_cookie_that_was_altered_is_worth_nothing(browser: Browser) -> None:
    approver = browser.become("vic@example.com")
    cookie = approver.cookies[browser.desk.cookie]
    payload, _, seal = cookie.rpartition(".")
    for forged in (payload, f"{payload}x.{seal}", f"{payload}.{seal[:-2]}", "", "é"):
        assert browser.desk.sessions.read(forged) is None


def test_a_form_without_its_token_or_from_elsewhere_is_refused(
    browser: Browser,
) -> None:
    approver = browser.become("app@example.com")
    token = approver.token()
    other = browser.become("bea@example.com").token()
    fields = {"deed": "comment", "note": "forged"}
    for wrong in ("", other, token[:-1]):
        found = approver.post("/plans/2/decisions", **fields, token=wrong)
        assert found.status_code == 403
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"sec-fetch-site": "cross-site"},
    ):
        found = approver.ask(
            "/plans/2/decisions",
            "POST",
            data={**fields, "token": token},
            headers=headers,
        )
        assert found.status_code == 403
        assert signed_in_from(browser, headers) == 403
    assert approver.post("/sign-out", token=other).status_code == 403
    assert "forged" not in approver.get("/plans/2").text


def signed_in_from(browser: Browser, headers: dict[str, str]) -> int:
    token = browser.token("/sign-in")
    data = {"name": "app@example.com", "password": PASSWORD, "token": token}
    return browser.ask("/sign-in", "POST", data=data, headers=headers).status_code


def test_a_sign_in_form_needs_its_token_too(browser: Browser) -> None:
    assert signed_in(browser, token="") == 403
    assert signed_in(browser, token="x" * 32) == 403


def test_a_form_that_is_too_long_is_not_read(browser: Browser) -> None:
    approver = browser.become("app@example.com")
    long = {"deed": "comment", "note": "x" * 70_000, "token": approver.token()}
    assert approver.post("/plans/2/decisions", **long).status_code == 413


def test_passwords_are_kept_as_hashes_for_the_owner_of_the_home(
    open_home: Settings,
) -> None:
    users = Users(open_home)
    users.add("ana@example.com", PASSWORD, role=Role.ADMIN)
    file = open_home.home / "accounts.sqlite"
    assert file.stat().st_mode & 0o777 == 0o600
    stored = file.read_bytes()
    assert PASSWORD.encode() not in stored
    assert re.search(rb"\$argon2id\$v=19\$m=65536,t=3,p=4\$", stored)


def test_an_account_is_added_once_with_a_long_password_and_a_place(
    open_home: Settings,
) -> None:
    users = Users(open_home, hasher=QUICK)
    users.add("ana@example.com", PASSWORD, role=Role.ADMIN)
    with pytest.raises(AopError, match="already"):
        users.add("ANA@example.com", PASSWORD, role=Role.VIEWER)
    with pytest.raises(AopError, match="has 5 characters"):
        users.add("bob@example.com", "short", role=Role.VIEWER)
    with pytest.raises(AopError, match="no place in the tree"):
        users.add("bob@example.com", PASSWORD, role=Role.MANAGER)
    with pytest.raises(AopError, match="no account"):
        users.remove("bob@example.com")
    users.remove("ana@example.com")
    assert users.any()  # the pages do not open again to everybody
    assert users.add("ana@example.com", PASSWORD, role=Role.VIEWER).sessions > 0
