"""Missed nights in order, clocks that jump, nights without files, files to come."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from dagster_project.defs import schedules
from dagster_project.defs.schedules import every_night
from dagster_project.keys import LAST_NIGHT, QUIET
from pipelines.serving.cli.refresh import newest_night
from pipelines.serving.home import make_home
from pipelines.settings import Settings

TONIGHT = date(2026, 6, 10)
pytestmark = pytest.mark.slow  # each makes a home


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    settings = Settings(tmp_path / "home")
    make_home(settings, policy="demo")
    return settings


def deliver(settings: Settings, *nights: date) -> None:
    """Put one file a night into landing; nobody reads what is in it."""
    folder = settings.landing / "crm" / "users"
    folder.mkdir(parents=True, exist_ok=True)
    for night in nights:
        (folder / f"{night}.csv").write_text("user_id,name\nu1,Ann\n", encoding="utf-8")


def show(settings: Settings, night: date) -> None:
    """Let readers see a night."""
    settings.serving.mkdir(exist_ok=True)
    with duckdb.connect(str(settings.serving_copy)) as copy:
        copy.execute("create schema meta")
        copy.execute(f"create table meta.publication as select date '{night}' as as_of")


def nights(settings: Settings, tonight: date) -> list[str]:
    found = requests(settings, tonight)
    assert [one.run_key for one in found] == [one.partition_key for one in found]
    return [str(one.partition_key) for one in found]


def requests(settings: Settings, tonight: date) -> list[dg.RunRequest]:
    found = tick(settings, tonight)
    assert isinstance(found, list), found
    return found


def tick(settings: Settings, tonight: date) -> list[dg.RunRequest] | dg.SkipReason:
    at_two = datetime(tonight.year, tonight.month, tonight.day, 2, tzinfo=UTC)
    context = dg.build_schedule_context(scheduled_execution_time=at_two)
    found = every_night(context, settings=settings)
    assert isinstance(found, list | dg.SkipReason)
    return found


def test_missed_nights_run_first_and_in_order(settings: Settings) -> None:
    deliver(settings, date(2026, 6, 9), date(2026, 6, 7), date(2026, 6, 5))
    show(settings, date(2026, 6, 5))
    assert nights(settings, TONIGHT) == ["2026-06-07", "2026-06-09", "2026-06-10"]


def test_a_first_night_makes_up_for_nothing(settings: Settings) -> None:
    deliver(settings, date(2026, 6, 8), date(2026, 6, 9))
    assert nights(settings, TONIGHT) == ["2026-06-10"]


def test_a_night_without_files_runs_on_what_is_known(settings: Settings) -> None:
    deliver(settings, date(2026, 6, 9))
    show(settings, date(2026, 6, 9))
    assert nights(settings, TONIGHT) == ["2026-06-10"]


def test_a_clock_that_went_back_runs_nothing(settings: Settings) -> None:
    deliver(settings, TONIGHT)
    show(settings, TONIGHT)
    found = tick(settings, TONIGHT - timedelta(days=3))
    assert isinstance(found, dg.SkipReason)
    assert "the clock went back" in str(found.skip_message)
    assert nights(settings, TONIGHT) == ["2026-06-10"]  # the same night may run again


def test_a_clock_that_went_ahead_runs_nothing(settings: Settings) -> None:
    deliver(settings, TONIGHT)
    show(settings, TONIGHT)
    found = tick(settings, TONIGHT + timedelta(days=365))
    assert isinstance(found, dg.SkipReason)
    assert "365 days before 2027-06-10" in str(found.skip_message)
    assert "aop refresh --as-of 2027-06-10" in str(found.skip_message)
    assert nights(settings, TONIGHT + timedelta(days=7)) == ["2026-06-17"]


def test_a_file_from_the_future_waits_for_its_night(settings: Settings) -> None:
    deliver(settings, date(2026, 6, 9), date(2026, 6, 12))
    show(settings, date(2026, 6, 9))
    assert nights(settings, TONIGHT) == ["2026-06-10"]
    assert nights(settings, date(2026, 6, 13)) == ["2026-06-12", "2026-06-13"]


def test_a_file_dated_after_today_is_not_the_newest_night(settings: Settings) -> None:
    today = datetime.now(UTC).date()
    for contract in ("accounts", "opportunities"):  # what a night cannot do without
        deliver(settings, today - timedelta(days=3), today + timedelta(days=400))
        (settings.landing / "crm" / contract).mkdir()
        (settings.landing / "crm" / contract / "2020-01-01.csv").touch()
    for contract in ("workers", "job_history"):
        (settings.landing / "hris" / contract).mkdir(parents=True)
        (settings.landing / "hris" / contract / "2020-01-01.csv").touch()
    for contract in ("customers",):
        (settings.landing / "billing" / contract).mkdir(parents=True)
        (settings.landing / "billing" / contract / "2020-01-01.csv").touch()
    assert newest_night(settings) == today - timedelta(days=3)


def test_before_anything_is_delivered_the_schedule_says_so(settings: Settings) -> None:
    found = tick(settings, TONIGHT)
    assert isinstance(found, dg.SkipReason)
    assert found.skip_message == "no extract was delivered up to 2026-06-10"


def test_a_folder_that_is_no_home_is_left_alone(tmp_path: Path) -> None:
    found = tick(Settings(tmp_path / "nowhere"), TONIGHT)
    assert isinstance(found, dg.SkipReason)
    assert "is not a home yet" in str(found.skip_message)


def test_a_night_nothing_can_have_changed_is_asked_for_without_what_made_the_tables(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(settings, date(2026, 6, 9))
    show(settings, date(2026, 6, 9))
    monkeypatch.setattr(schedules, "why_whole", lambda *_: "")
    (quiet,) = requests(settings, TONIGHT)
    assert quiet.asset_selection == [LAST_NIGHT]
    assert quiet.tags.items() >= QUIET.items()
    assert quiet.run_key == quiet.partition_key == "2026-06-10"
    monkeypatch.setattr(schedules, "why_whole", lambda *_: "the policy was edited")
    (whole,) = requests(settings, TONIGHT)
    assert whole.asset_selection is None


def test_missed_nights_are_run_whole_and_tonight_after_them(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    deliver(settings, date(2026, 6, 8), date(2026, 6, 9))
    show(settings, date(2026, 6, 8))
    monkeypatch.setattr(schedules, "why_whole", lambda *_: "")
    assert [one.asset_selection for one in requests(settings, TONIGHT)] == [None, None]
