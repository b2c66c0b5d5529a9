"""Decisions from a page: by whom, once, on what was seen, with a reason."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from data_contracts.contract import contract
from pipelines.ingestion import standing
from tests.pipelines.serving.web.conftest import Browser

pytestmark = pytest.mark.slow


def test_a_review_goes_from_proposal_to_publication(browser: Browser) -> None:
    approver = browser.become("app@example.com")
    assert "waits for you" in approver.get("/").text
    page = approver.get("/plans/2").text
    for shown in ("Accounts that change hands", "Quota bridge by rep", "Certificate"):
        assert shown in page
    said = approver.decide(2, "comment", note="why A2?")
    assert said.headers["location"] == "/plans/2?done=comment"
    assert approver.decide(2, "approve", note="books are even").status_code == 303
    unsure = approver.decide(2, "publish")
    assert unsure.status_code == 409
    assert "tick the box" in unsure.text
    assert approver.decide(2, "publish", sure="yes").status_code == 303
    plan = browser.desk.ledger.get(2)
    assert (plan.state, plan.decided_by) == ("published", "app@example.com")
    text = approver.get("/plans/2?done=publish").text
    assert "The version is published." in text
    assert "why A2?" in text
    assert "books are even" in text
    assert "Version 2 was published since" in approver.get("/").text


def test_nothing_is_published_from_stale_inputs_by_a_click(browser: Browser) -> None:
    settings = browser.desk.settings
    customers = contract("billing-customers")
    standing.record(customers, date(2026, 4, 13), ["it is cut short"], settings)
    approver = browser.become("app@example.com")
    assert approver.decide(2, "approve", note="books are even").status_code == 303
    said = approver.decide(2, "publish", sure="yes")
    assert said.status_code == 409
    assert "billing-customers failed contract on 2026-04-13" in said.text
    assert browser.desk.ledger.get(2).state == "approved"


def test_the_decision_is_the_signed_in_persons_whatever_the_form_says(
    browser: Browser,
) -> None:
    browser.become("bea@example.com").decide(
        2, "approve", actor="ceo@example.com", name="ceo@example.com"
    )
    assert browser.desk.ledger.get(2).decided_by == "bea@example.com"


def test_the_second_of_two_people_is_told_who_was_first(browser: Browser) -> None:
    first, second = (
        browser.become(name) for name in ("app@example.com", "bea@example.com")
    )
    late = {"token": second.token(), "seen": "4"}
    assert first.decide(2, "approve").status_code == 303
    found = second.post("/plans/2/decisions", deed="reject", note="no", **late)
    assert found.status_code == 409
    assert "app@example.com acted on version 2 since you opened the page" in found.text
    assert browser.desk.ledger.get(2).state == "approved"
    again = second.post("/plans/2/decisions", deed="approve", **late)
    assert again.status_code == 409
    assert "decided by app@example.com" in again.text


def test_of_many_clicks_at_once_one_counts(browser: Browser) -> None:
    people = [
        browser.become(name)
        for name in ("app@example.com", "bea@example.com", "ada@example.com") * 2
    ]
    tokens = [one.token() for one in people]
    seen = str(browser.desk.ledger.events(2)[-1].seq)
    with ThreadPoolExecutor(len(people)) as pool:
        found = list(
            pool.map(
                lambda pair: pair[0].post(
                    "/plans/2/decisions", deed="approve", token=pair[1], seen=seen
                ),
                zip(people, tokens, strict=True),
            )
        )
    assert sorted(answer.status_code for answer in found) == [303, *[409] * 5]
    approvals = [
        event for event in browser.desk.ledger.events(2) if event.to_state == "approved"
    ]
    assert len(approvals) == 1


@pytest.mark.parametrize("deed", ["reject", "send_back", "comment"])
def test_what_needs_a_reason_is_refused_without(deed: str, browser: Browser) -> None:
    found = browser.become("app@example.com").decide(2, deed, note="  ")
    assert found.status_code == 409
    assert "without a reason" in found.text
    assert browser.desk.ledger.get(2).state == "proposed"


def test_who_proposed_it_may_not_approve_it(browser: Browser) -> None:
    ledger = browser.desk.ledger
    ledger.recall(2, "nightly-refresh")
    ledger.submit(2, "ada@example.com")
    admin = browser.become("ada@example.com")
    assert "waits for you" not in admin.get("/").text
    found = admin.decide(2, "approve")
    assert found.status_code == 409
    assert "may not approve it" in found.text


def test_a_refused_move_is_a_wish_that_the_next_plan_respects(browser: Browser) -> None:
    planner = browser.become("pla@example.com")
    done = planner.decide(2, "fix_owner", account="A2", owner="R2", note="she knows it")
    assert done.status_code == 303
    (wish,) = browser.desk.ledger.overrides()
    assert (wish.key, wish.value, wish.author) == ("A2", "R2", "pla@example.com")
    assert "she knows it" in planner.get("/plans/2").text


@pytest.mark.parametrize(
    ("account", "owner", "note", "told"),
    [
        ("A1", "R1", "why not", "does not move account"),
        ("A2", "R4", "better", "not to"),
        ("A2", "R2", "", "has no reason"),
    ],
)
def test_a_wish_about_anything_else_is_refused(
    account: str, owner: str, note: str, told: str, browser: Browser
) -> None:
    planner = browser.become("pla@example.com")
    found = planner.decide(2, "fix_owner", account=account, owner=owner, note=note)
    assert found.status_code == 409
    assert told in found.text
    assert browser.desk.ledger.overrides() == []


def test_where_nobody_has_an_account_nothing_can_be_decided(local: Browser) -> None:
    text = local.get("/plans/2").text
    assert "<form" not in text
    assert local.decide(2, "approve").status_code == 401
    assert local.desk.ledger.get(2).state == "proposed"
