"""Stripe is listed once and then followed by its events; faults cost no object."""

from typing import Any

import pytest

from data_contracts.errors import HomeError
from pipelines.ingestion.connectors.stripe import Stripe
from pipelines.ingestion.declared import Source
from pipelines.ingestion.mapping import load_mapping

from .conftest import Answer, Reading, Request, serving

pytestmark = pytest.mark.slow

GONE = {"error": {"type": "invalid_request_error", "code": "resource_missing"}}


class Account:
    """An account: pages of two, newest first, events that are kept for a while."""

    def __init__(self) -> None:
        self.objects: dict[str, list[dict[str, Any]]] = {
            "customers": [{"id": f"cus_{n}", "name": f"N{n}"} for n in range(5)],
            "subscriptions": [
                {"id": "sub_1", "items": {"data": [], "has_more": False}}
            ],
            "invoices": [],
            "credit_notes": [],
        }
        self.lines = [{"id": f"il_{n}"} for n in range(5)]
        self.events: list[dict[str, Any]] = []  # oldest first
        self.happens("customer.created", "cus_4")

    def happens(self, kind: str, key: str) -> None:
        number = 1 + int(self.events[-1]["id"][4:]) if self.events else 1
        self.events.append(
            {"id": f"evt_{number}", "type": kind, "data": {"object": {"id": key}}}
        )

    def __call__(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != "Bearer rk_test":
            return 401, {}, {"error": {"message": "Invalid API Key provided"}}
        parts = request.path.strip("/").split("/")[1:]
        if parts == ["events"]:
            return self._events(request)
        if parts[-1] == "lines":
            return self._page(self.lines, request)
        every = self.objects[parts[0]]
        if len(parts) == 1:
            return self._page(every, request)
        found = [one for one in every if one["id"] == parts[1]]
        return (200, {}, found[0]) if found else (404, {}, GONE)

    def _page(self, every: list[dict[str, Any]], request: Request) -> Answer:
        after, keys = request.one("starting_after"), [one["id"] for one in every]
        rest = every[keys.index(after) + 1 :] if after else every
        return 200, {}, {"data": rest[:2], "has_more": len(rest) > 2}

    def _events(self, request: Request) -> Answer:
        kinds = request.query["types[]"]
        some = [one for one in self.events if one["type"] in kinds]
        last = request.one("ending_before")
        if not last:
            newest = some[::-1][: int(request.one("limit"))]
            return 200, {}, {"data": newest, "has_more": len(some) > len(newest)}
        keys = [one["id"] for one in some]
        if last not in keys:
            return 404, {}, GONE
        rest = some[keys.index(last) + 1 :]
        return 200, {}, {"data": rest[:2][::-1], "has_more": len(rest) > 2}


@pytest.fixture
def account() -> Account:
    return Account()


@pytest.fixture
def server(account, monkeypatch):
    monkeypatch.setenv("AOP_STRIPE_API_KEY", "rk_test")
    with serving(account) as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def read(server, waits, tmp_path) -> Reading:
    source = Source(connector="stripe", url=server.url)
    return Reading(Stripe(source, load_mapping("stripe", tmp_path), wait=waits.append))


def ids(rows) -> list[str]:
    return [row["id"] for row in rows]


def test_the_first_time_every_page_is_read_whatever_goes_wrong(
    server, read, waits
) -> None:
    server.fail("/v1/customers", 429, {"error": {}}, Retry_After="3")
    server.fail("/v1/events", 503, "")
    rows, told = read("customers")
    assert ids(rows) == [f"cus_{n}" for n in range(5)]
    assert told.is_full
    assert 3.0 in waits
    statuses = [one.one("status") for one in server.asked if "subscr" in one.path]
    assert statuses == []
    read("subscriptions")
    assert server.asked[-1].one("status") == "all"  # the canceled ones too


def test_then_only_what_events_name_is_read_as_it_now_is(account, read) -> None:
    read("customers")
    account.objects["customers"][1]["name"] = "Renamed"
    for kind, key in (
        ("customer.updated", "cus_1"),
        ("customer.updated", "cus_3"),
        ("invoice.paid", "in_1"),
        ("customer.updated", "cus_1"),
    ):
        account.happens(kind, key)
    rows, told = read("customers")
    assert (ids(rows), told.is_full) == (["cus_1", "cus_3"], False)
    assert rows[0]["name"] == "Renamed"
    assert read("customers")[0] == []


def test_events_that_are_gone_bring_the_whole_list(account, read) -> None:
    read("customers")
    account.happens("customer.updated", "cus_2")
    del account.events[0]  # older than thirty days
    rows, told = read("customers")
    assert (len(rows), told.is_full) == (5, True)
    assert told.notes == ["customers: its events are gone; read whole"]
    account.happens("customer.updated", "cus_0")
    assert ids(read("customers")[0]) == ["cus_0"]


def test_a_deleted_customer_shows_by_its_absence_from_the_whole(account, read) -> None:
    read("customers")
    account.objects["customers"].pop(2)
    account.happens("customer.deleted", "cus_2")
    rows, told = read("customers")
    assert told.is_full
    assert "cus_2" not in ids(rows)
    assert read("customers")[0] == []  # and the deletion is told once


def test_an_account_without_events_is_listed_until_it_has_some(account, read) -> None:
    account.events = []
    assert read("customers")[1].is_full
    assert read("customers")[1].is_full


def test_an_invoice_with_many_lines_comes_with_all_of_them(account, read) -> None:
    short = {"data": account.lines[:2], "has_more": True}
    account.objects["invoices"] = [{"id": "in_1", "lines": short, "grown": {"x": 1}}]
    rows, _ = read("invoices")
    assert ids(rows[0]["lines"]["data"]) == [f"il_{n}" for n in range(5)]
    assert rows[0]["grown"] == {"x": 1}  # a field nobody knew comes along


def test_a_draft_deleted_before_it_is_read_is_passed_over(account, read) -> None:
    account.happens("invoice.created", "in_0")
    read("invoices")
    account.happens("invoice.created", "in_1")
    account.happens("invoice.updated", "in_2")
    account.objects["invoices"] = [{"id": "in_2"}]
    assert ids(read("invoices")[0]) == ["in_2"]


def test_a_key_that_is_not_accepted_is_told(read, monkeypatch) -> None:
    monkeypatch.setenv("AOP_STRIPE_API_KEY", "sk_live_wrong")
    with pytest.raises(HomeError, match="does not accept the credentials") as told:
        read("customers")
    assert "sk_live_wrong" not in str(told.value)
    assert "AOP_STRIPE_" in told.value.fix
