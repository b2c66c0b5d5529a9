"""What starts a night besides the clock, and who hears of it."""

import json
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.defs import schedules
from dagster_project.defs.drift.notices import people_told
from dagster_project.defs.schedules import files_delivered
from pipelines.ingestion.listing import Listed, State
from pipelines.publication import notices
from pipelines.settings import Settings

OLD, NEW = date(2026, 5, 17), date(2026, 5, 18)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    (tmp_path / "policy.yaml").touch()
    return Settings(tmp_path)


@pytest.fixture
def listed(monkeypatch: pytest.MonkeyPatch) -> list[Listed]:
    """Whatever the test says was delivered."""
    rows: list[Listed] = []
    monkeypatch.setattr(schedules, "list_extracts", lambda *_: rows)
    return rows


def waits(night: date, file: str) -> Listed:
    return Listed("crm-users", night, file, State.WAITING)


def tick(settings: Settings, cursor: str | None) -> dg.SensorResult | dg.SkipReason:
    context = dg.build_sensor_context(cursor=cursor)
    found = files_delivered(context, settings=settings)
    assert isinstance(found, dg.SensorResult | dg.SkipReason)
    return found


def test_files_run_their_night_once_two_ticks_saw_the_same_ones(
    settings: Settings, listed: list[Listed]
) -> None:
    listed += [waits(NEW, "users.csv"), waits(OLD, "users_old.csv")]
    first = tick(settings, None)
    assert isinstance(first, dg.SensorResult)
    assert first.run_requests == []
    assert first.skip_reason is not None
    assert first.skip_reason.skip_message == "2 files may still be arriving"
    second = tick(settings, first.cursor)
    assert isinstance(second, dg.SensorResult)
    (request,) = second.run_requests or []
    assert request.partition_key == "2026-05-18"
    third = tick(settings, second.cursor)
    assert isinstance(third, dg.SkipReason)
    assert "already sent to be loaded" in str(third.skip_message)


def test_a_file_that_arrives_between_two_ticks_waits_for_a_quiet_one(
    settings: Settings, listed: list[Listed]
) -> None:
    listed.append(waits(NEW, "users.csv"))
    cursor = tick(settings, None).cursor  # type: ignore[union-attr]  # a result
    listed.append(waits(NEW, "accounts.csv"))
    again = tick(settings, cursor)
    assert isinstance(again, dg.SensorResult)
    assert again.run_requests == []


def test_without_new_files_it_says_why_it_skips(
    settings: Settings, listed: list[Listed]
) -> None:
    listed.append(Listed("crm-users", NEW, "users.csv", State.LOADED))
    found = tick(settings, None)
    assert isinstance(found, dg.SkipReason)
    assert "is loaded or refused" in str(found.skip_message)


def test_without_a_receiver_the_sensor_says_how_to_set_one(settings: Settings) -> None:
    found = people_told(dg.build_sensor_context(), settings=settings)
    assert isinstance(found, dg.SkipReason)
    assert found.skip_message == "no receiver is set: AOP_NOTIFY_URLS"


def test_the_sensor_tells_of_open_breaches_that_ask_for_something(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    breach = {
        "key": "left:R2", "metric": "rep_left", "node_level": "rep", "node_id": "R2",
        "direction": "below", "first_seen_on": "2026-05-18", "scope": "rep:R2",
        "asks_for": ["quotas"], "cause": "R2 left", "state": "open", "plan_version": 1,
    }  # fmt: skip
    quiet = breach | {"key": "watched", "asks_for": []}
    signal = {"as_of": "2026-05-18", "plan_version": 1, "breaches": [breach, quiet]}
    settings.drift_signal.parent.mkdir()
    settings.drift_signal.write_text(json.dumps(signal), encoding="utf-8")
    assert notices.due(settings) == [
        notices.Notice("breach left:R2", notices.NoticeKind.BREACH, "rep:R2: R2 left")
    ]
    sent: list[notices.Notice] = []

    def take(_: Settings, found: list[notices.Notice], now: datetime) -> notices.Told:
        assert now.tzinfo is UTC
        sent.extend(found)
        return notices.Told(len(found), 0)

    monkeypatch.setattr(notices, "tell", take)
    heard = Settings(settings.home, notify_urls=("json://127.0.0.1",))
    found = people_told(dg.build_sensor_context(), settings=heard)
    assert isinstance(found, dg.SkipReason)
    assert found.skip_message == "1 notices sent"
    assert [one.key for one in sent] == ["breach left:R2"]


def test_what_is_only_watched_is_told_in_a_group_of_its_own(
    settings: Settings,
) -> None:
    watched = {
        "key": "pipeline_created:company:below:2026-05-04", "state": "open",
        "metric": "pipeline_created", "node_level": "company", "node_id": "company",
        "direction": "below", "first_seen_on": "2026-05-10", "scope": "company",
        "asks_for": [], "cause": "deals opened since 2026-01-05 are 80 % of usual",
        "plan_version": 1, "is_due": False, "tier": "watch",
    }  # fmt: skip
    passed = watched | {"key": "pipeline_created:segment:smb", "state": "answered"}
    signal = {"as_of": "2026-05-18", "plan_version": 1, "breaches": [watched, passed]}
    settings.drift_signal.parent.mkdir()
    settings.drift_signal.write_text(json.dumps(signal), encoding="utf-8")
    found = notices.due(settings)
    assert [(one.key, one.kind) for one in found] == [
        (f"breach {watched['key']}", notices.NoticeKind.WATCH)
    ]
    title, text = notices.message(found)
    assert title == "continuous-aop: 1 watch"
    assert text == "watch:\n- company: deals opened since 2026-01-05 are 80 % of usual"


def test_a_breach_that_is_not_worth_a_replan_is_told_with_its_sum(
    settings: Settings,
) -> None:
    breach = {
        "key": "slipped:pro", "metric": "launch_slipped", "node_level": "launch",
        "node_id": "pro", "direction": "below", "first_seen_on": "2026-05-18",
        "scope": "company", "asks_for": ["quotas"], "cause": "Pro has not come",
        "state": "open", "plan_version": 1, "is_due": False, "verdict": "not_worth",
        "why": "not worth re-planning: gain 1.00 against cost 2.00",
    }  # fmt: skip
    signal = {"as_of": "2026-05-18", "plan_version": 1, "breaches": [breach]}
    settings.drift_signal.parent.mkdir()
    settings.drift_signal.write_text(json.dumps(signal), encoding="utf-8")
    (told,) = notices.due(settings)
    assert told.text == (
        "company: Pro has not come; not worth re-planning: gain 1.00 against cost 2.00"
    )
