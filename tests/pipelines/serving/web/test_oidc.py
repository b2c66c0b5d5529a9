"""Sign-in by a real identity provider, which these tests start on this machine."""

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from joserfc.jwk import RSAKey

from data_contracts.errors import AopError
from pipelines.serving.web.oidc import Oidc
from pipelines.serving.web.roles import Role
from pipelines.settings import Settings
from tests.pipelines.serving.web.conftest import Browser, browser_of
from tests.pipelines.serving.web.provider import CLIENT, SECRET, Provider, running

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def started() -> Iterator[Provider]:
    with running() as provider:
        yield provider


@pytest.fixture
def provider(started: Provider) -> Provider:
    """The provider as it is when nothing is wrong."""
    fresh = Provider(started.issuer, key=started.key)
    for name in ("email", "claims", "said", "shown_key"):
        setattr(started, name, getattr(fresh, name))
    return started


@pytest.fixture
def browser(built: Path, provider: Provider) -> Browser:
    """Nobody has signed in; no test here decides anything."""
    return browser_of(Settings(built), oidc=Oidc(provider.issuer, CLIENT, SECRET))


def came_back(browser: Browser, *, next_page: str = "/plans/2") -> httpx.Response:
    """Leave for the provider and return from it, as a browser would."""
    left = browser.get(f"/oidc/start?next={next_page}")
    assert left.status_code == 303
    there = httpx.get(left.headers["location"])
    assert there.status_code == 302, there.text
    address = httpx.URL(there.headers["location"])
    assert address.host == "127.0.0.1"
    return browser.get(f"{address.path}?{address.query.decode()}")


def test_who_the_provider_knows_signs_in_and_sees_what_their_account_shows(
    browser: Browser, provider: Provider
) -> None:
    page = browser.get("/sign-in?next=/plans/2").text
    assert 'href="/oidc/start?next=/plans/2">Sign in at 127.0.0.1</a>' in page
    found = came_back(browser)
    assert (found.status_code, found.headers["location"]) == (303, "/plans/2")
    assert "app@example.com (approver)" in browser.get("/plans/2").text


def test_a_person_without_a_password_signs_in_at_the_provider_only(
    home: Settings, provider: Provider
) -> None:
    browser = browser_of(home, oidc=Oidc(provider.issuer, CLIENT, SECRET))
    users = browser.desk.users
    users.add("new@example.com", None, role=Role.REP, rep_id="R1")
    assert users.checked("new@example.com", "") is None
    provider.email = "New@Example.com"
    assert came_back(browser).status_code == 303
    assert browser.get("/reps/R3").status_code == 404  # a rep sees their own branch


def test_who_has_no_account_is_told_whom_to_ask(
    browser: Browser, provider: Provider
) -> None:
    provider.email = "stranger@example.com"
    found = came_back(browser)
    assert found.status_code == 403
    assert "aop user add stranger@example.com" in found.text
    assert browser.get("/").status_code == 303


@pytest.mark.parametrize(
    "said",
    [
        {"aud": ["another"]},
        {"iss": "https://elsewhere.example"},
        {"nonce": "of another sign-in"},
        {"exp": 1},
        {"exp": None},
        {"at_hash": "of another token"},
        {"azp": "another"},
    ],
    ids=lambda said: next(iter(said)),
)
def test_a_token_that_is_not_for_this_sign_in_is_worth_nothing(
    said: dict[str, object], browser: Browser, provider: Provider
) -> None:
    provider.said = said
    found = came_back(browser)
    assert found.status_code == 502
    assert "cannot be trusted" in found.text
    assert browser.get("/").status_code == 303


def test_a_token_of_another_key_is_worth_nothing(
    browser: Browser, provider: Provider
) -> None:
    provider.shown_key = RSAKey.generate_key(2048)
    assert came_back(browser).status_code == 502


@pytest.mark.parametrize("verified", [False, None, "true"])
def test_an_address_that_nobody_verified_is_nobodys(
    verified: object, browser: Browser, provider: Provider
) -> None:
    provider.claims = {"email_verified": verified}
    found = came_back(browser)
    assert found.status_code == 403
    assert "has not verified your e-mail address" in found.text


def test_a_sign_in_that_this_browser_did_not_begin_is_refused(
    browser: Browser, provider: Provider
) -> None:
    left = browser.get("/oidc/start")
    there = httpx.get(left.headers["location"]).headers["location"]
    back = httpx.URL(there)
    victim = Browser(browser.desk, browser.app)
    assert victim.get(f"{back.path}?{back.query.decode()}").status_code == 403
    forged = back.copy_set_param("state", "x" * 64)
    assert browser.get(f"{forged.path}?{forged.query.decode()}").status_code == 403
    cancelled = back.copy_remove_param("code").copy_set_param("error", "access_denied")
    found = browser.get(f"{cancelled.path}?{cancelled.query.decode()}")
    assert found.status_code == 403
    assert "did not sign you in" in found.text


def test_a_code_serves_once_and_only_who_can_prove_to_have_asked(
    browser: Browser, provider: Provider
) -> None:
    oidc = Oidc(provider.issuer, CLIENT, SECRET)
    back = "http://127.0.0.1/oidc/back"

    def code_of(page: str) -> str:
        return httpx.URL(httpx.get(page).headers["location"]).params["code"]

    page, asked = oidc.start(back)
    other = oidc.start(back)[1]
    with pytest.raises(AopError, match="does not accept"):
        oidc.finish(other, code_of(page), back)  # the verifier is another's
    page, asked = oidc.start(back)
    code = code_of(page)
    assert oidc.finish(asked, code, back) == "app@example.com"
    with pytest.raises(AopError, match="does not accept"):
        oidc.finish(asked, code, back)
    stranger = Oidc(provider.issuer, CLIENT, "a guess")
    page, asked = stranger.start(back)
    with pytest.raises(AopError, match="does not accept"):
        stranger.finish(asked, code_of(page), back)


def test_a_token_is_worth_nothing_after_its_hour(provider: Provider) -> None:
    late = Oidc(
        provider.issuer,
        CLIENT,
        SECRET,
        clock=lambda: datetime.now(UTC) + timedelta(hours=2),
    )
    back = "http://127.0.0.1/oidc/back"
    page, asked = late.start(back)
    code = httpx.URL(httpx.get(page).headers["location"]).params["code"]
    with pytest.raises(AopError, match="cannot be trusted"):
        late.finish(asked, code, back)


@pytest.fixture(scope="module")
def others() -> Iterator[str]:
    """A provider that others wrote, as a process of its own; give its issuer."""
    verified = {"sub": "1", "email": "app@example.com", "email_verified": True}
    stranger = {"sub": "2", "email": "app@example.com", "email_verified": False}
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "oidc_provider_mock", "--port", "0"),
            *("--require-nonce", "true"),
            *("--user-claims", json.dumps(verified)),
            *("--user-claims", json.dumps(stranger)),
        ],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    for line in process.stderr:
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        if found:
            yield found.group()
            break
    process.terminate()
    process.communicate()


@pytest.mark.parametrize(("subject", "status"), [("1", 303), ("2", 403)])
def test_a_provider_that_others_wrote_signs_people_in(
    subject: str, status: int, others: str, home: Settings
) -> None:
    browser = browser_of(home, oidc=Oidc(others, CLIENT, SECRET))
    page = browser.get("/oidc/start?next=/plans").headers["location"]
    there = httpx.post(page, data={"sub": subject})  # its own sign-in form
    back = httpx.URL(there.headers["location"])
    found = browser.get(f"{back.path}?{back.query.decode()}")
    assert found.status_code == status
    signed_in = "app@example.com (approver)" in browser.get("/plans").text
    assert signed_in is (status == 303)


@pytest.mark.parametrize("issuer", ["http://login.example.com", "ftp://127.0.0.1", ""])
def test_a_provider_that_others_can_listen_to_is_refused(issuer: str) -> None:
    with pytest.raises(AopError, match="not reached by HTTPS"):
        Oidc(issuer, CLIENT, SECRET)


def test_a_provider_that_does_not_answer_is_a_page_that_says_so(home: Settings) -> None:
    nobody = browser_of(home, oidc=Oidc("http://127.0.0.1:9", CLIENT, SECRET))
    found = nobody.get("/oidc/start")
    assert found.status_code == 502
    assert "127.0.0.1 does not answer" in found.text
    assert browser_of(home).get("/oidc/start").status_code == 404  # none is set up
