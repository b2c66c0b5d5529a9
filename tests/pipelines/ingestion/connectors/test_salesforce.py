"""Salesforce is read by time of change; faults on the way cost no row."""

import re

import pytest
import yaml

from data_contracts.errors import HomeError
from pipelines.ingestion.connectors.salesforce import Salesforce
from pipelines.ingestion.declared import Source
from pipelines.ingestion.mapping import Mapping

from .conftest import Answer, Reading, Request, serving

pytestmark = pytest.mark.slow

MAPPING = """
name: ours
description: Two objects of Salesforce.
files: {accounts: "**/Account[!A-Za-z]*", products: "**/Product2[!A-Za-z]*"}
contracts:
  crm-accounts:
    file: accounts
    columns:
      {account_id: Id, name: Name, owner_id: Owner.Email, industry: Sector__c,
       modified_at: SystemModstamp, is_deleted: IsDeleted}
  crm-products: {file: products, columns: {product_id: Id, name: Name}}
"""


def moment(minute: int) -> str:
    return f"2026-01-30T10:{minute:02d}:00.000+0000"


def account(number: int, minute: int, **more: object) -> dict[str, object]:
    return {
        "Id": f"001{number}",
        "Name": f"Acme {number}",
        "IsDeleted": False,
        "SystemModstamp": moment(minute),
        "Owner": {"attributes": {"type": "User"}, "Email": "a@b.example"},
        **more,
    }


class Org:
    """An org: two rows a page, sessions that end, locators that expire."""

    def __init__(self) -> None:
        self.rows = {"Account": [account(n, n * 10) for n in range(5)], "Product2": []}
        self.fields = {
            "Account": ["Id", "Name", "IsDeleted", "SystemModstamp", "OwnerId"],
            "Product2": ["Id", "Name"],
        }
        self.token = "first"
        self.pages: dict[str, list[dict[str, object]]] = {}

    def __call__(self, request: Request) -> Answer:
        if request.path == "/services/oauth2/token":
            if "client_secret=secret" not in request.body:
                return 400, {}, {"error": "invalid_client"}
            return 200, {}, {"access_token": self.token}
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return 401, {}, [{"errorCode": "INVALID_SESSION_ID"}]
        if found := re.search(r"sobjects/(\w+)/describe", request.path):
            return self._describe(found.group(1))
        if request.path.endswith(("/query", "/queryAll")):
            return self._query(request)
        locator = request.path.rpartition("/")[2]
        if locator not in self.pages:
            return 400, {}, [{"errorCode": "INVALID_QUERY_LOCATOR"}]
        return self._page(self.pages[locator])

    def _describe(self, name: str) -> Answer:
        if name not in self.fields:
            return 404, {}, [{"errorCode": "NOT_FOUND"}]
        links = {"OwnerId": "Owner"}
        told = [
            {"name": f, "relationshipName": links.get(f)} for f in self.fields[name]
        ]
        return 200, {}, {"fields": told}

    def _query(self, request: Request) -> Answer:
        soql = request.one("q")
        chosen, name = re.match(r"SELECT (.+) FROM (\w+)", soql).groups()
        rows = self.rows[name]
        if since := re.search(r"SystemModstamp >= (\S+)", soql):
            rows = [r for r in rows if r["SystemModstamp"][:19] >= since.group(1)[:19]]
        if "ORDER BY" in soql:
            rows = sorted(rows, key=lambda r: (r["SystemModstamp"], r["Id"]))
        if request.path.endswith("/query"):
            rows = [row for row in rows if not row.get("IsDeleted")]
        tops = {field.split(".")[0] for field in chosen.split(", ")}
        return self._page(
            [
                {"attributes": {"type": name}}
                | {f: value for f, value in row.items() if f in tops}
                for row in rows
            ]
        )

    def _page(self, rows: list[dict[str, object]]) -> Answer:
        rest = rows[2:]
        told: dict[str, object] = {"records": rows[:2], "done": not rest}
        if rest:
            locator = f"01g-{len(self.pages)}"
            self.pages[locator] = rest
            told["nextRecordsUrl"] = f"/services/data/v62.0/query/{locator}"
        return 200, {}, told


@pytest.fixture
def org() -> Org:
    return Org()


@pytest.fixture
def server(org, monkeypatch):
    monkeypatch.setenv("AOP_SALESFORCE_CLIENT_ID", "us")
    monkeypatch.setenv("AOP_SALESFORCE_CLIENT_SECRET", "secret")
    with serving(org) as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def read(server, waits) -> Reading:
    source = Source(connector="salesforce", url=server.url)
    mapping = Mapping.model_validate(yaml.safe_load(MAPPING))
    return Reading(Salesforce(source, mapping, wait=waits.append))


def ids(rows) -> list[str]:
    return [row["Id"] for row in rows]


ALL = ["0010", "0011", "0012", "0013", "0014"]


def test_pages_faults_and_a_session_that_ends_cost_no_row(server, read, waits) -> None:
    server.fail("/queryAll", 429, "slow down", Retry_After="7")
    server.fail("/query/01g-0", 500, "oops", times=2)
    server.fail("/query/01g-1", 401, [{"errorCode": "INVALID_SESSION_ID"}])
    rows, told = read("Account")
    assert ids(rows) == ALL
    assert told.is_full
    assert rows[0]["Owner"] == {"Email": "a@b.example"}  # no attributes, still nested
    assert waits[0] == 7.0  # what Retry-After asked for
    assert len(waits) == 3
    assert len(server.paths("/oauth2/token")) == 2


def test_only_fields_the_mapping_reads_are_asked_for(server, org, read) -> None:
    org.fields["Account"] += ["Salary__c", "Sector__c"]
    read("Account")
    asked = next(one.one("q") for one in server.asked if "queryAll" in one.path)
    assert asked == (
        "SELECT Id, IsDeleted, Name, Owner.Email, Sector__c, SystemModstamp "
        "FROM Account ORDER BY SystemModstamp, Id"
    )


def test_the_next_pull_asks_for_what_changed_alone(org, read) -> None:
    read("Account")
    assert ids(read("Account")[0]) == ["0014"]  # what lies within the overlap
    org.rows["Account"][1] = account(1, 55, Name="Renamed")
    org.rows["Account"].append(account(9, 56, IsDeleted=True))
    rows, told = read("Account")
    assert ids(rows) == ["0014", "0011", "0019"]
    assert rows[-1]["IsDeleted"] is True
    assert not told.is_full


def test_a_small_table_without_a_mark_of_deletion_is_read_whole(org, read) -> None:
    org.rows["Product2"] = [{"Id": "p1", "Name": "A"}, {"Id": "p2", "Name": "B"}]
    read("Product2")
    org.rows["Product2"].pop()
    rows, told = read("Product2")
    assert (ids(rows), told.is_full) == (["p1"], True)


def test_an_expired_page_is_read_on_from_the_last_row(server, read) -> None:
    server.fail("/query/01g-0", 400, [{"errorCode": "INVALID_QUERY_LOCATOR"}])
    rows, told = read("Account")
    assert sorted(set(ids(rows))) == ALL
    assert told.notes == ["Account: a page had expired; read on from it"]
    asked = [one.one("q") for one in server.asked if "queryAll" in one.path]
    assert "WHERE SystemModstamp >= 2026-01-30T10:05:00Z" in asked[1]


def test_a_page_that_always_expires_is_told(server, org, read) -> None:
    org.rows["Account"] = [account(n, n) for n in range(60)]
    server.fail("/query/01g", 400, [{"errorCode": "INVALID_QUERY_LOCATOR"}], times=9)
    with pytest.raises(HomeError, match="refused to give Account"):
        read("Account")


def test_a_new_field_is_told_and_one_the_mapping_reads_brings_all(org, read) -> None:
    read("Account")
    org.fields["Account"].append("Shoe_Size__c")
    rows, told = read("Account")
    assert (ids(rows), told.notes) == (["0014"], ["Account: new field Shoe_Size__c"])
    org.fields["Account"].append("Sector__c")
    for row in org.rows["Account"]:
        row["Sector__c"] = "Bakeries"  # filled in without a time of change
    rows, told = read("Account")
    assert told.notes == ["Account: new field Sector__c"]
    assert told.is_full
    assert [row["Sector__c"] for row in rows] == ["Bakeries"] * 5


def test_an_object_the_org_lacks_is_told_and_passed_over(org, read) -> None:
    del org.fields["Product2"]
    assert read("Product2")[0] == []
    del org.fields["Account"]
    with pytest.raises(HomeError, match="refused to give Account"):
        read("Account")


def test_wrong_credentials_are_told_without_showing_them(read, monkeypatch) -> None:
    monkeypatch.setenv("AOP_SALESFORCE_CLIENT_SECRET", "hunter2")
    with pytest.raises(HomeError, match="gave no token") as told:
        read("Account")
    assert "hunter2" not in str(told.value)
    monkeypatch.delenv("AOP_SALESFORCE_CLIENT_SECRET")
    with pytest.raises(HomeError, match="needs AOP_SALESFORCE_CLIENT_SECRET"):
        read("Account")


def test_an_answer_that_is_no_api_is_told(server, read) -> None:
    server.fail("/describe", 200, "<html>Maintenance</html>")
    with pytest.raises(HomeError, match="not JSON"):
        read("Account")
