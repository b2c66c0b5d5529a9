"""Personal tokens: the API alone, the account's own rules, until they end."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from data_contracts.errors import AopError
from pipelines.serving.web.tokens import Tokens
from tests.pipelines.serving.web.conftest import Browser

QUOTAS = "/api/v1/tables/plan.fct_plan_quota"
PAY = "/api/v1/tables/plan.fct_plan_compensation"


def asked(browser: Browser, token: str, path: str = QUOTAS) -> int:
    headers = {"authorization": f"Bearer {token}"}
    return browser.ask(path, headers=headers).status_code


@pytest.mark.slow
def test_a_token_shows_what_its_account_may_see_and_on_the_api_alone(
    browser: Browser,
) -> None:
    mia = browser.desk.tokens.issue("MIA@example.com", days=1)
    headers = {"authorization": f"Bearer {mia}"}
    rows = browser.ask(QUOTAS, headers=headers).json()["rows"]
    assert {row["rep_id"] for row in rows} == {"R1", "R2"}  # her branch
    assert asked(browser, mia, PAY) == 403
    assert (
        asked(browser, browser.desk.tokens.issue("pla@example.com", days=1), PAY) == 200
    )
    assert asked(browser, mia, "/") == 303  # pages ask for a session
    form = browser.ask(
        "/plans/2/decisions",
        "POST",
        data={"deed": "comment", "note": "forged", "token": ""},
        headers=headers,
    )
    assert form.status_code == 401
    vic = browser.become("vic@example.com")
    assert asked(vic, "aop_of_nobody") == 401  # a session does not mend a bad token


@pytest.mark.slow
def test_a_token_ends_with_its_time_its_account_a_new_password_and_revocation(
    browser: Browser,
) -> None:
    users, tokens = browser.desk.users, browser.desk.tokens
    made = {
        name: tokens.issue(f"{name}@example.com", days=30, label=name)
        for name in ("vic", "ray", "ada")
    }
    late = Tokens(users, clock=lambda: datetime.now(UTC) + timedelta(days=30))
    assert tokens.user(made["ada"]) is not None
    assert late.user(made["ada"]) is None
    assert [one.label for one in tokens.all()] == ["vic", "ray", "ada"]
    assert late.all() == []

    users.remove("vic@example.com")
    users.add("vic@example.com", None, role=users.known("ada@example.com").role)
    users.change_password("ray@example.com", "another horse battery")
    users.end_sessions("ada@example.com")  # signing out is about browsers
    (left,) = tokens.all()
    assert left.name == "ada@example.com"
    tokens.revoke(left.token_id)
    assert [tokens.user(one) for one in made.values()] == [None, None, None]
    with pytest.raises(AopError, match="there is no token"):
        tokens.revoke(left.token_id)


def test_a_token_is_kept_as_a_hash(browser: Browser) -> None:
    token = browser.desk.tokens.issue("ada@example.com", days=1)
    stored = (browser.desk.settings.home / "accounts.sqlite").read_bytes()
    mark, number, secret = token.split("_", 2)
    assert (mark, len(secret) >= 43) == ("aop", True)
    assert number.encode() in stored
    assert secret.encode() not in stored
    for wrong in ("", token[:-1], f"aop_{number}_", f"x_{number}_{secret}", "aop__é"):
        assert browser.desk.tokens.user(wrong) is None


@pytest.mark.parametrize("days", [0, -1, 367])
def test_a_token_lasts_a_year_at_most(days: int, reading: Browser) -> None:
    with pytest.raises(AopError, match="a token of"):
        reading.desk.tokens.issue("ada@example.com", days=days)


def test_accounts_of_an_earlier_release_have_no_tokens_until_one_is_made(
    browser: Browser,
) -> None:
    engine = sa.create_engine(
        f"sqlite:///{browser.desk.settings.home / 'accounts.sqlite'}",
        poolclass=sa.pool.NullPool,
    )
    with engine.begin() as connection:
        connection.execute(sa.text("drop table if exists tokens"))
    tokens = browser.desk.tokens
    assert tokens.all() == []
    assert tokens.user("aop_1_2") is None
    assert tokens.user(tokens.issue("ada@example.com", days=1)) is not None
