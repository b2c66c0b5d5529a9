"""The API: what its description promises, and the pages' access rules."""

import httpx
import pytest
from hypothesis import HealthCheck, given, settings

from tests.pipelines.serving.web.conftest import Browser


@pytest.mark.slow
def test_rows_come_in_pages_that_say_night_version_and_currency(
    reading: Browser,
) -> None:
    vic = reading.become("vic@example.com")
    asked = "/api/v1/tables/plan.fct_plan_quota"
    whole = vic.get(asked).json()
    assert (whole["as_of"], whole["plan_version"], whole["currency"]) == (
        "2026-04-12",
        1,
        "USD",
    )
    assert whole["total"] == len(whole["rows"]) == 48
    pages = [
        vic.get(f"{asked}?limit=20&offset={start}").json()["rows"]
        for start in (0, 20, 40, 60)
    ]
    assert [row for page in pages for row in page] == whole["rows"]
    one = vic.get(f"{asked}?where=rep_id:R1&where=month_start:2026-03-01").json()
    assert [row["quota_cents"] for row in one["rows"]] == [110_000]


def test_an_empty_filter_means_null(reading: Browser) -> None:
    vic = reading.become("vic@example.com")
    asked = "/api/v1/tables/plan.fct_plan_vs_actual?where=actual_value:"
    assert vic.get(asked).json()["total"] == 8


def test_decisions_are_read_with_who_when_and_why(reading: Browser) -> None:
    ada = reading.become("ada@example.com")
    assert [plan["version"] for plan in ada.get("/api/v1/plans").json()] == [1, 2]
    first = ada.get("/api/v1/plans/1").json()
    approved = next(e for e in first["events"] if e["to_state"] == "approved")
    assert (approved["actor"], approved["note"]) == ("ana@example.com", "good")
    assert approved["happened_at"] == "2026-04-01T09:30:00"
    assert ada.get("/api/v1/plans/2").json()["waits_for"]


def test_a_refusal_says_what_and_what_to_do(reading: Browser) -> None:
    assert reading.get("/api/v1/plans").json()["fix"] == "sign in: /sign-in"
    ada = reading.become("ada@example.com")
    for asked, status in (
        ("/api/v1/plans/9", 404),
        ("/api/v1/plans/x", 422),
        ("/api/v1/tables/core.nothing", 404),
        ("/api/v1/tables/core.dim_rep?where=name", 400),
        ("/api/v1/nothing", 404),
    ):
        found = ada.get(asked)
        assert found.status_code == status
        assert set(found.json()) == {"what", "fix"}


def test_the_api_only_reads(reading: Browser) -> None:
    ada = reading.become("ada@example.com")
    for path in ("/api/v1/plans/2", "/api/v1/tables/core.dim_rep"):
        assert ada.post(path).status_code == 405
    described = ada.get("/api/v1/openapi.json").json()["paths"]
    assert {verb for verbs in described.values() for verb in verbs} == {"get"}


@pytest.mark.slow
def test_every_answer_is_as_described(reading: Browser) -> None:
    # a second of imports that other tests need not pay for
    import schemathesis
    from schemathesis.checks import CHECKS, load_all_checks

    load_all_checks()
    promised = CHECKS.get_by_names(
        [
            "not_a_server_error",
            "status_code_conformance",
            "content_type_conformance",
            "response_schema_conformance",
        ]
    )
    ada = reading.become("ada@example.com")
    described = ada.get("/api/v1/openapi.json").json()
    schema = schemathesis.openapi.from_dict(described)
    seen: set[tuple[str, int]] = set()
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=12,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        )
        @given(operation.as_strategy())
        def hold(case: schemathesis.Case) -> None:
            asked = case.as_transport_kwargs(base_url="http://127.0.0.1/api/v1")
            query = httpx.QueryParams(asked.get("params") or {})
            answer = ada.get(f"{asked['url']}?{query}")
            seen.add((case.path, answer.status_code))
            case.validate_response(answer, checks=promised)

        hold()
    assert {path for path, status in seen if status == 200} >= {"/tables", "/plans"}
