"""Who sees what: each role, each route, own and foreign branch."""

import re

import duckdb
import polars as pl
import pytest

from data_contracts.plan import COMPONENTS
from pipelines.serving.web.roles import MAY, Deed, Role
from pipelines.serving.web.scope import branch
from tests.pipelines.serving.web.conftest import PAY_SEEN, PEOPLE, Browser, put

pytestmark = pytest.mark.slow

OF_ROLE = {
    role: name for name, (role, _) in PEOPLE.items() if name != "bea@example.com"
}
WHOLE = {Role.VIEWER, Role.PLANNER, Role.APPROVER, Role.ADMIN}
PAID = {Role.PLANNER, Role.APPROVER, Role.ADMIN}
EVERYBODY = set(Role)
REVIEWERS = EVERYBODY - {Role.REP}
BRANCH = {Role.MANAGER}
OWN_REP = EVERYBODY  # R1 belongs to the rep, to M1 and to the whole company
FOREIGN = WHOLE

# route: who is answered; all others are refused
ROUTES = {
    "/": EVERYBODY,
    "/drift": WHOLE,
    "/drift?metric=attainment&level=company&node=company": WHOLE,
    "/plans": REVIEWERS,
    "/plans/1": REVIEWERS,
    "/plans/2": REVIEWERS,
    "/plans/2/lines/assignment": REVIEWERS,
    "/plans/2/lines/quota?csv=rows": REVIEWERS,
    "/plans/2/lines/target": WHOLE,
    "/plans/2/lines/compensation": PAID,
    "/territories": EVERYBODY,
    "/territories?on=2025-01-01": EVERYBODY,
    "/capacity": WHOLE,
    "/scenarios": WHOLE,
    "/quotas": EVERYBODY,
    "/forecasts": WHOLE,
    "/data": WHOLE,
    "/reps": EVERYBODY,
    "/reps/R1": OWN_REP,
    "/reps/R2": WHOLE | BRANCH,
    "/reps/R3": FOREIGN,
    "/accounts/A1": OWN_REP,
    "/accounts/A2": WHOLE | BRANCH,
    "/accounts/A3": FOREIGN,
    "/rows": EVERYBODY,
    "/rows/plan.fct_plan_quota": EVERYBODY,
    "/rows/plan.fct_plan_quota?csv=rows": EVERYBODY,
    "/rows/core.fct_arr_month": EVERYBODY,
    "/rows/plan.fct_plan_vs_actual": WHOLE,
    "/rows/plan.fct_plan_compensation": PAID,
    "/api/v1/tables": EVERYBODY,
    "/api/v1/tables/plan.fct_plan_quota": EVERYBODY,
    "/api/v1/tables/plan.fct_plan_vs_actual": WHOLE,
    "/api/v1/tables/plan.fct_plan_compensation": PAID,
    "/api/v1/plans": REVIEWERS,
    "/api/v1/plans/2": REVIEWERS,
}


@pytest.mark.parametrize("role", list(Role))
def test_each_role_opens_its_routes_and_no_other(role: Role, reading: Browser) -> None:
    visitor = reading.become(OF_ROLE[role])
    found = {route: visitor.get(route).status_code for route in ROUTES}
    refused = {route for route, status in found.items() if status in (403, 404)}
    assert refused == {route for route, roles in ROUTES.items() if role not in roles}
    assert {status for route, status in found.items() if route not in refused} == {200}


def test_every_route_of_the_pages_is_in_the_matrix(reading: Browser) -> None:
    listed = {route.partition("?")[0] for route in ROUTES}
    patterns = {
        re.sub(r"\{[^}]+\}", "[^/]+", route.path)
        for route in reading.app.routes
        if "GET" in (getattr(route, "methods", None) or ())
    } - {"/sign-in"}
    missing = [
        pattern
        for pattern in patterns
        if not any(re.fullmatch(pattern, route) for route in listed)
    ]
    assert missing == []
    assert len(patterns) >= 14


def test_nobody_opens_anything_without_signing_in(reading: Browser) -> None:
    for route in ROUTES:
        found = reading.get(route)
        assert found.status_code == (401 if route.startswith("/api/") else 303), route
        assert "Acme" not in found.text


@pytest.mark.parametrize(
    ("name", "mine", "foreign"),
    [
        ("ray@example.com", {"R1"}, {"R2", "R3", "R4"}),
        ("mia@example.com", {"R1", "R2"}, {"R3", "R4"}),
        ("vic@example.com", {"R1", "R2", "R3", "R4"}, set()),
    ],
)
def test_rows_are_those_of_the_branch(
    name: str, mine: set[str], foreign: set[str], reading: Browser
) -> None:
    visitor = reading.become(name)
    for route in BY_REP:
        text = visitor.get(route).text
        shown = set(re.findall(r"\bR[1-4]\b", text))
        assert not shown & foreign, route
        assert shown == mine or route in EMPTY, route


BY_REP = [
    "/",
    "/quotas",
    "/territories",
    "/territories?on=2025-01-01",
    "/reps",
    "/rows/plan.fct_plan_quota",
    "/rows/plan.fct_plan_assignment?csv=rows",
    "/quotas?csv=reps",
    "/api/v1/tables/plan.fct_attainment",
    "/api/v1/tables/core.dim_account",
]
EMPTY = {"/", "/territories?on=2025-01-01"}  # a company's home names no rep


def test_a_filter_cannot_widen_a_branch(reading: Browser) -> None:
    rep = reading.become("ray@example.com")
    asked = "/api/v1/tables/plan.fct_plan_quota?where=rep_id:R3"
    assert rep.get(asked).json()["total"] == 0
    assert reading.become("vic@example.com").get(asked).json()["total"] == 12


def test_a_manager_sees_of_a_proposal_what_touches_the_branch(reading: Browser) -> None:
    text = reading.become("mia@example.com").get("/plans/2").text
    assert "A2" in text  # leaves R2, who is hers
    assert "R4</a>" not in text.split("Territory balance")[1].split("</section>")[0]
    assert "In sum" not in text
    assert "In sum" in reading.become("vic@example.com").get("/plans/2").text


def test_a_manager_reads_the_lines_of_a_proposal_of_the_branch(
    reading: Browser,
) -> None:
    asked = "/plans/2/lines/{}?csv=rows"
    mia, vic = (reading.become(f"{who}@example.com") for who in ("mia", "vic"))
    for component in ("assignment", "quota"):
        path = asked.format(component)
        mine, all_of_it = (who.get(path).text.splitlines()[1:] for who in (mia, vic))
        assert mine
        assert mine == [line for line in all_of_it if re.search(r"\bR[12]\b", line)]
        assert len(mine) < len(all_of_it)
    assert vic.get("/plans/2/lines/nothing").status_code == 404


def test_what_a_proof_says_of_pay_is_hidden_in_the_lines_too(
    browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = dict.fromkeys(COMPONENTS["proof"], None) | {
        "solver": "compensation",
        "statement": f"costs {PAY_SEEN}",
    }
    lines = {"proof": pl.DataFrame([said])}
    monkeypatch.setattr(browser.desk, "content", lambda _: lines)
    for path in ("/plans/2/lines/proof", "/plans/2/lines/proof?csv=rows"):
        assert PAY_SEEN in browser.become("pla@example.com").get(path).text
        assert PAY_SEEN not in browser.become("vic@example.com").get(path).text


@pytest.mark.parametrize("route", ["/quotas", "/plans/2", "/data", "/rows"])
def test_pay_is_shown_to_whose_role_says_so_only(route: str, reading: Browser) -> None:
    words = ("987,654.32", PAY_SEEN, ">compensation</td>", "fct_plan_compensation")
    seen = reading.become("pla@example.com").get(route).text
    hidden = reading.become("vic@example.com").get(route).text
    assert any(word in seen for word in words)
    assert not any(word in hidden for word in words)


@pytest.mark.parametrize("table", ["quality.fct_quarantine", "plan.fct_plan_proof"])
def test_a_row_that_speaks_of_pay_hides_it_from_the_api_too(
    table: str, reading: Browser
) -> None:
    asked = f"/api/v1/tables/{table}"
    assert PAY_SEEN in reading.become("app@example.com").get(asked).text
    found = reading.become("vic@example.com").get(asked)
    assert PAY_SEEN not in found.text
    assert "(hidden)" in found.text


def test_what_a_scenario_makes_of_pay_is_hidden_from_who_does_not_see_it(
    browser: Browser,
) -> None:
    with duckdb.connect(browser.desk.settings.serving_copy) as connection:
        for measure in ("target_pay_cents", "quota_cents"):
            put(
                connection,
                "plan.fct_scenario_bridge",
                plan_version=3,
                measure=measure,
                driver="hiring",
                change=-987_654,
                value_after=12_345,
                scenario_value=12_345,
            )
    asked = "/api/v1/tables/plan.fct_scenario_bridge?where=measure:"
    viewer, planner = (browser.become(f"{who}@example.com") for who in ("vic", "pla"))
    for who, shown in ((viewer, None), (planner, -987_654)):
        (row,) = who.get(f"{asked}target_pay_cents").json()["rows"]
        assert (row["change"], row["value_after"] is None) == (shown, shown is None)
    (row,) = viewer.get(f"{asked}quota_cents").json()["rows"]
    assert row["change"] == -987_654
    pay = "where=measure:target_pay_cents"
    for page in (f"?{pay}", f"?{pay}&csv=rows"):
        text = viewer.get(f"/rows/plan.fct_scenario_bridge{page}").text
        assert "987654" not in text.replace(",", "").replace(".", "")


def test_only_an_approver_or_admin_may_approve(browser: Browser) -> None:
    may = {role for role in Role if Deed.APPROVE in MAY[role]}
    assert may == {Role.APPROVER, Role.ADMIN}
    for role in set(Role) - may:
        visitor = browser.become(OF_ROLE[role])
        found = visitor.post(
            "/plans/2/decisions", deed="approve", token=visitor.token(), seen="4"
        )
        assert found.status_code == 403, role
        assert "may not approve" in found.text
    assert browser.desk.ledger.get(2).state == "proposed"


@pytest.mark.parametrize("role", list(Role))
def test_a_page_offers_only_what_the_role_may_do(role: Role, reading: Browser) -> None:
    text = reading.become(OF_ROLE[role]).get("/plans/2").text
    offered = set(re.findall(r'name="deed" value="(\w+)"', text))
    assert offered == {
        deed
        for deed in MAY[role] - {Deed.PUBLISH, Deed.SUBMIT, Deed.RECALL}
        if role is not Role.REP
    }


def test_a_branch_follows_the_reporting_tree_and_ends_in_a_ring() -> None:
    assert branch("M", {"A": "M", "B": "A", "C": "X"}) == ("A", "B", "M")
    assert branch("A", {"A": "B", "B": "A"}) == ("A", "B")
    assert branch("nobody", {"A": None}) == ("nobody",)


def test_who_changes_places_sees_the_new_branch_the_night_after(
    browser: Browser,
) -> None:
    mia = browser.become("mia@example.com")
    assert mia.get("/reps/R3").status_code == 404
    copy = browser.desk.settings.serving_copy
    newer = copy.with_name("newer.duckdb")
    newer.write_bytes(copy.read_bytes())
    with duckdb.connect(newer) as connection:
        connection.execute(
            "update core.dim_rep set manager_rep_id = 'M1' where rep_id = 'R3'"
        )
    newer.replace(copy)
    assert mia.get("/reps/R3").status_code == 200


def test_rows_of_a_day_follow_the_reporting_tree_of_that_day(browser: Browser) -> None:
    with duckdb.connect(browser.desk.settings.serving_copy) as connection:
        connection.execute(
            "insert into core.dim_rep_history "
            "(rep_id, manager_rep_id, valid_from, valid_to, known_from) values "
            "('R3', 'M1', date '2025-06-01', date '2026-02-28', date '2025-06-01'), "
            "('R3', 'M2', date '2026-03-01', null, date '2026-03-01')"
        )
    mia = browser.become("mia@example.com")
    assert "R3" not in mia.get("/territories").text
    assert "/reps/R3" in mia.get("/territories?on=2026-01-15").text
    assert "/reps/R3" not in mia.get("/territories?on=2026-03-15").text
    assert mia.get("/reps/R3").status_code == 404
