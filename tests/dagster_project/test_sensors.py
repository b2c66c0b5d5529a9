"""Both sensors by direct invocation: what they ask for, and why they skip."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import polars as pl
import pytest

from dagster_project.defs.drift.sensor import drift_breach
from dagster_project.defs.plan_book.sensor import plan_published
from pipelines.ledger.store import Ledger
from pipelines.settings import Settings


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "policy.yaml").touch()
    (tmp_path / "serving").mkdir()
    return Settings(tmp_path)


def breach(key: str, state: str = "open", asks_for: tuple[str, ...] = ("quotas",)):  # type: ignore[no-untyped-def]  # a plain dict for JSON
    return {
        "key": key,
        "metric": "rep_left",
        "node_level": "rep",
        "node_id": "R2",
        "direction": "below",
        "first_seen_on": "2026-05-18",
        "scope": "rep:R2",
        "asks_for": list(asks_for),
        "cause": "R2 left",
        "state": state,
        "plan_version": 1,
    }


def publish(settings: Settings, *breaches: object, as_of: str = "2026-05-18") -> None:
    signal = {"as_of": as_of, "plan_version": 1, "breaches": breaches}
    settings.drift_signal.write_text(json.dumps(signal), encoding="utf-8")


def asked(settings: Settings, cursor: str | None = None) -> dg.SensorResult:
    found = drift_breach(dg.build_sensor_context(cursor=cursor), settings=settings)
    assert isinstance(found, dg.SensorResult)
    return found


def skipped(settings: Settings, cursor: str | None = None) -> str:
    found = drift_breach(dg.build_sensor_context(cursor=cursor), settings=settings)
    assert isinstance(found, dg.SkipReason)
    return str(found.skip_message)


def test_before_any_night_the_sensor_says_that_there_is_no_signal(
    settings: Settings,
) -> None:
    assert "no night has written" in skipped(settings)


def test_without_a_breach_the_sensor_says_so(settings: Settings) -> None:
    publish(settings)
    assert skipped(settings) == "no breach waits for a re-plan"


def test_an_open_breach_asks_for_one_replan_of_its_own(settings: Settings) -> None:
    publish(settings, breach("left:R2"), breach("slipped:mobile"))
    requests = asked(settings).run_requests or []
    keys = ["left:R2 2026-05-18", "slipped:mobile 2026-05-18"]
    assert [request.run_key for request in requests] == keys
    assert requests[0].tags["aop/breach"] == "left:R2"
    assert requests[0].tags["aop/metric"] == "rep_left"


def test_the_same_breach_is_never_sent_twice_on_a_night(settings: Settings) -> None:
    publish(settings, breach("left:R2"))
    cursor = asked(settings).cursor
    assert skipped(settings, cursor) == "already sent to planning: left:R2 2026-05-18"


def test_a_sensor_that_lost_its_cursor_asks_under_the_same_run_key(
    settings: Settings,
) -> None:
    """Dagster starts no second run for a run key it has seen, so a restart is safe."""
    publish(settings, breach("left:R2"))
    once, again = asked(settings), asked(settings, None)
    assert [one.run_key for one in once.run_requests or []] == [
        one.run_key for one in again.run_requests or []
    ]


def test_a_breach_without_an_answer_is_looked_at_again_the_next_night(
    settings: Settings,
) -> None:
    publish(settings, breach("left:R2"))
    cursor = asked(settings).cursor
    publish(settings, breach("left:R2"), as_of="2026-05-19")
    requests = asked(settings, cursor).run_requests or []
    assert [request.run_key for request in requests] == ["left:R2 2026-05-19"]


def test_a_breach_that_is_not_worth_it_is_not_asked_again_before_its_day(
    settings: Settings,
) -> None:
    told = {"is_due": False, "verdict": "not_worth", "why": "gain 1 against cost 2"}
    publish(settings, breach("left:R2") | told)
    assert skipped(settings) == "no breach waits for a re-plan"


def test_the_widest_breach_is_asked_first(settings: Settings) -> None:
    whole = breach("attainment:company") | {"scope": "company"}
    publish(settings, breach("left:R2"), whole)
    requests = asked(settings).run_requests or []
    assert [one.tags["aop/breach"] for one in requests] == [
        "attainment:company",
        "left:R2",
    ]


def test_only_the_new_one_of_two_breaches_is_sent(settings: Settings) -> None:
    publish(settings, breach("left:R2"))
    cursor = asked(settings).cursor
    publish(settings, breach("left:R2"), breach("slipped:mobile"))
    requests = asked(settings, cursor).run_requests or []
    assert [one.tags["aop/breach"] for one in requests] == ["slipped:mobile"]


@pytest.mark.parametrize("state", ["proposed", "answered", "rejected"])
def test_a_breach_people_already_hold_is_left_to_them(
    state: str, settings: Settings
) -> None:
    publish(settings, breach("left:R2", state))
    assert skipped(settings) == "no breach waits for a re-plan"


def test_a_breach_that_asks_for_nothing_plans_nothing(settings: Settings) -> None:
    publish(settings, breach("watched", asks_for=()))
    assert skipped(settings) == "no breach waits for a re-plan"


def _published(settings: Settings) -> None:
    ledger = Ledger(
        settings.ledger_url, clock=lambda: datetime(2026, 1, 31, tzinfo=UTC)
    )
    version = ledger.propose(
        {
            "quota": pl.DataFrame(
                {
                    "rep_id": "R1",
                    "segment_id": "smb",
                    "region_id": "emea",
                    "month_start": [date(2026, 1, 1)],
                    "quota_cents": 100,
                    "base_cents": 100,
                    "reason": "capacity",
                }
            )
        },
        scenario="base",
        title="January",
        as_of=date(2026, 1, 1),
        effective_from=date(2026, 1, 1),
        effective_to=date(2026, 1, 31),
        proposed_by="nightly-refresh",
        why="test",
        policy_hash="p",
        input_hash="i",
        code_hash="c",
    ).version
    ledger.approve(version, "ana@example.com")
    ledger.publish(version, "ana@example.com")


def test_a_ledger_without_publications_asks_for_nothing(settings: Settings) -> None:
    found = plan_published(dg.build_sensor_context(), settings=settings)
    assert isinstance(found, dg.SkipReason)
    assert found.skip_message == "no plan version was ever published"


def test_a_published_version_is_shown_once(settings: Settings) -> None:
    _published(settings)
    found = plan_published(dg.build_sensor_context(), settings=settings)
    assert isinstance(found, dg.SensorResult)
    assert [one.run_key for one in found.run_requests or []] == ["published-1"]
    assert [one.asset_key.path for one in found.asset_events] == [
        ["ledger", "plan_version"]
    ]
    again = plan_published(
        dg.build_sensor_context(cursor=found.cursor), settings=settings
    )
    assert isinstance(again, dg.SkipReason)
    assert again.skip_message == "version 1 was already sent to be shown"


def test_a_folder_that_is_no_home_is_left_alone(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "nowhere")
    found = plan_published(dg.build_sensor_context(), settings=settings)
    assert isinstance(found, dg.SkipReason)
    assert not settings.home.exists()
