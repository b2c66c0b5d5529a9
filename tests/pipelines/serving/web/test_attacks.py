"""What people may type, store or ask for without harm."""

import csv
import io

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.serving.web.app import pages
from pipelines.serving.web.downloads import as_csv
from tests.pipelines.serving.web.conftest import FORMULA, SCRIPT, Browser

pytestmark = pytest.mark.slow

ESCAPED = "&lt;script&gt;alert(1)&lt;/script&gt;"

INJECTIONS = [
    "R1' or '1'='1",
    'R1" or "1"="1',
    "R1; drop table core.dim_rep; --",
    "'); attach '/etc/passwd' as x; --",
    "\\'; select 1; --",
    "%00",
]


@pytest.mark.parametrize(
    "route", ["/plans/2", "/territories", "/accounts/A1", "/rows/core.dim_account"]
)
def test_what_a_record_holds_is_shown_as_text(route: str, reading: Browser) -> None:
    text = reading.become("ada@example.com").get(route).text
    assert ESCAPED in text
    assert SCRIPT not in text


def test_what_people_write_is_shown_as_text(browser: Browser) -> None:
    approver = browser.become("app@example.com")
    approver.decide(2, "comment", note=f'"><img src=x onerror=alert(1)>{SCRIPT}')
    text = approver.get("/plans/2").text
    assert "<img src=x" not in text
    assert SCRIPT not in text
    assert ESCAPED in text


@pytest.mark.parametrize(
    "route",
    [
        f"/rows/x{SCRIPT}",
        f"/rows/core.dim_rep?where={SCRIPT}:1",
        f"/reps/{SCRIPT}",
        f"/plans/{SCRIPT}",
        f"/?csv={SCRIPT}",
        f"/drift?metric={SCRIPT}",
        f"/sign-in?next=/{SCRIPT}",
        f"/territories?on={SCRIPT}",
    ],
)
def test_what_an_address_holds_is_shown_as_text(route: str, reading: Browser) -> None:
    for visitor in (reading, reading.become("ada@example.com")):
        assert SCRIPT not in visitor.get(route).text


def test_every_answer_forbids_what_pages_do_not_need(reading: Browser) -> None:
    ada = reading.become("ada@example.com")
    for route in ("/", "/nope", "/api/v1/tables", "/static/style.css", "/sign-in"):
        headers = ada.get(route).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert headers["referrer-policy"] == "same-origin"


def test_https_is_asked_for_again_where_it_is_spoken(browser: Browser) -> None:
    assert "strict-transport-security" not in browser.get("/sign-in").headers
    secure = Browser(
        browser.desk, pages(browser.desk.settings, desk=browser.desk, is_https=True)
    )
    assert "strict-transport-security" in secure.get("/sign-in").headers


@pytest.mark.parametrize("text", INJECTIONS)
def test_names_and_filters_are_values_never_sql(text: str, reading: Browser) -> None:
    vic = reading.become("vic@example.com")
    for route in (
        f"/reps/{text}",
        f"/accounts/{text}",
        f"/drift?metric={text}&level={text}&node={text}",
        f"/forecasts?level={text}&node={text}",
        f"/rows/{text}",
        f"/rows/core.dim_rep?where=rep_id:{text}",
        f"/rows/core.dim_rep?where={text}:1",
        f"/api/v1/tables/{text}",
        f"/api/v1/tables/core.dim_rep?where=rep_id:{text}",
    ):
        found = vic.get(route)
        assert found.status_code in (200, 400, 404, 422), route
        if "/api/" in route and found.status_code == 200:
            assert found.json()["rows"] == []
    assert vic.get("/api/v1/tables/core.dim_rep").json()["total"] == 6


REFUSED = r"(?i)disabled|locked|read-only|cannot"


def test_the_engine_behind_the_pages_reads_nothing_else(reading: Browser) -> None:
    with reading.desk.serving.snapshot() as snapshot:
        for sql in (
            "select * from read_csv('/etc/passwd')",
            "attach '/tmp/other.duckdb' as other",
            "set enable_external_access = true",
            "create table core.mine as select 1",
            "copy core.dim_rep to '/tmp/stolen.csv'",
        ):
            with pytest.raises(duckdb.Error, match=REFUSED):
                snapshot.ask(sql)


@pytest.mark.parametrize(
    "path",
    [
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd",
        "/static//etc/passwd",
        "/rows/..%2f..%2fpolicy.yaml",
        "/reps/..%2f..%2faccounts.sqlite",
        "/api/v1/tables/..%2fmeta.publication",
        "/rows/meta.publication",
        "/rows/restricted.fct_rep_pay",
        "/rows/information_schema.tables",
    ],
)
def test_nothing_but_pages_and_serving_tables_is_served(
    path: str, reading: Browser
) -> None:
    assert reading.become("ada@example.com").get(path).status_code == 404


@pytest.mark.parametrize(
    "route", ["/rows/core.dim_account?csv=rows", "/data?csv=quarantine"]
)
def test_a_download_holds_no_formula(route: str, reading: Browser) -> None:
    found = reading.become("ada@example.com").get(route)
    assert found.headers["content-type"].startswith("text/csv")
    assert "attachment" in found.headers["content-disposition"]
    cells = [cell for line in csv.reader(io.StringIO(found.text)) for cell in line]
    assert f"'{FORMULA}" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "@"))]


@given(st.text(min_size=1), st.integers())
def test_no_text_of_a_download_begins_a_formula(text: str, cents: int) -> None:
    lines = "".join(as_csv([{"t": text, "n_cents": cents}], ["t", "n_cents"]))
    _, (cell, number) = csv.reader(io.StringIO(lines, newline=""))
    assert not cell.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert cell in (text, f"'{text}")
    assert int(number) == cents


def test_another_host_name_for_this_machine_is_refused(reading: Browser) -> None:
    other = Browser(reading.desk, reading.app, host="evil.example")
    assert other.get("/sign-in").status_code == 400
