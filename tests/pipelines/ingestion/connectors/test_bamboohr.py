"""BambooHR is reported once; later only who changed is asked for."""

import base64
import json
from typing import Any

import pytest

from data_contracts.errors import HomeError
from pipelines.ingestion.connectors.bamboohr import BambooHR
from pipelines.ingestion.declared import Source
from pipelines.ingestion.mapping import load_mapping

from .conftest import Answer, Reading, Request, serving

pytestmark = pytest.mark.slow

KEY = "Basic " + base64.b64encode(b"key:x").decode()


class Company:
    """A company: a change log by employee, whole tables of jobs."""

    def __init__(self) -> None:
        self.people = {
            str(n): {"id": str(n), "displayName": f"P{n}"} for n in (1, 2, 3)
        }
        self.log = {key: ("Inserted", f"2026-01-0{key}T08:00:00Z") for key in "123"}
        self.jobs = [{"id": "10", "employeeId": "1", "jobTitle": "Seller"}]
        self.jobs_changed = {"1": "2026-01-01T08:00:00Z"}

    def __call__(self, request: Request) -> Answer:
        if request.headers.get("Authorization") != KEY:
            return 401, {}, ""
        path, since = request.path.removeprefix("/api/v1/"), request.one("since")
        if path == "reports/custom":
            fields = json.loads(request.body)["fields"]
            rows = [self._chosen(one, fields) for one in self.people.values()]
            return 200, {}, {"title": "plan", "employees": rows}
        if path == "employees/changed":
            found = {
                key: {"id": key, "action": action, "lastChanged": moment}
                for key, (action, moment) in self.log.items()
                if moment >= since
            }
            newest = max(moment for _, moment in self.log.values())
            return 200, {}, {"latest": newest, "employees": found}
        if path == "employees/changed/tables/jobInfo":
            found = {
                key: {"lastChanged": moment, "rows": []}
                for key, moment in self.jobs_changed.items()
                if moment >= since
            }
            return 200, {}, {"table": "jobInfo", "employees": found}
        if path == "employees/all/tables/jobInfo":
            return 200, {}, self.jobs
        person = self.people.get(path.removeprefix("employees/"))
        if person is None:
            return 404, {}, ""
        return 200, {}, self._chosen(person, request.one("fields").split(","))

    def _chosen(self, person: dict[str, Any], fields: list[str]) -> dict[str, Any]:
        return {one: person.get(one) for one in fields}


@pytest.fixture
def company() -> Company:
    return Company()


@pytest.fixture
def server(company, monkeypatch):
    monkeypatch.setenv("AOP_HR_API_KEY", "key")
    with serving(company) as server:
        yield server


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def read(server, waits, tmp_path) -> Reading:
    source = Source(name="hr", connector="bamboohr", url=f"{server.url}/api")
    mapping = load_mapping("bamboohr", tmp_path)
    return Reading(BambooHR(source, mapping, wait=waits.append))


def ids(rows) -> list[str]:
    return [row["id"] for row in rows]


def test_the_first_time_the_report_brings_everyone_leavers_too(
    server, read, waits
) -> None:
    server.fail("reports/custom", 503, "busy", Retry_After="2")
    rows, told = read("employees")
    assert (ids(rows), told.is_full) == (["1", "2", "3"], True)
    assert waits == [2.0]
    report = next(one for one in server.asked if "reports" in one.path)
    assert report.one("onlyCurrent") == "false"
    # only what the mapping reads is asked for: no salaries, no birthdays
    assert "hireDate" in json.loads(report.body)["fields"]
    assert "dateOfBirth" not in json.loads(report.body)["fields"]


def test_then_only_those_who_changed_are_read(company, read) -> None:
    read("employees")
    company.people["2"]["displayName"] = "Renamed"
    company.log["2"] = ("Updated", "2026-01-09T08:00:00Z")
    rows, told = read("employees")
    assert (ids(rows), told.is_full) == (["2"], False)
    assert rows[0]["displayName"] == "Renamed"
    assert read("employees")[0] == []


def test_a_deleted_employee_shows_by_absence_from_the_whole(company, read) -> None:
    read("employees")
    del company.people["3"]
    company.log["3"] = ("Deleted", "2026-01-09T08:00:00Z")
    rows, told = read("employees")
    assert (ids(rows), told.is_full) == (["1", "2"], True)


def test_a_mark_that_expired_brings_everyone(server, company, read) -> None:
    read("employees")
    server.fail("employees/changed", 400, "since is too old")
    rows, told = read("employees")
    assert (len(rows), told.is_full) == (3, True)
    assert told.notes == ["employees: its mark has expired; read whole"]


def test_a_table_is_read_whole_once_any_of_it_changed(company, read) -> None:
    assert ids(read("jobInfo")[0]) == ["10"]
    assert read("jobInfo")[0] == []
    company.jobs.append({"id": "11", "employeeId": "1", "jobTitle": "Manager"})
    company.jobs_changed["1"] = "2026-01-09T08:00:00Z"
    rows, told = read("jobInfo")
    assert (ids(rows), told.is_full) == (["10", "11"], True)


def test_a_table_the_company_lacks_is_told_and_passed_over(server, read) -> None:
    server.fail("compensation", 404, "", times=9)
    rows, told = read("compensation")
    assert (rows, told.notes) == ([], ["compensation: this company does not have it"])


def test_a_company_that_stays_down_is_told_after_several_tries(
    server, read, waits
) -> None:
    server.fail("employees/changed", 500, "down", times=99)
    with pytest.raises(HomeError, match="still answers 500 after 6 tries"):
        read("employees")
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0]


def test_a_source_without_its_address_is_told(tmp_path) -> None:
    mapping = load_mapping("bamboohr", tmp_path)
    with pytest.raises(HomeError, match="has no url"):
        BambooHR(Source(connector="bamboohr"), mapping)
