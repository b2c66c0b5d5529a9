"""What wakes a whole night, one thing at a time; all else lets the tables stand."""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import duckdb
import pytest
import yaml

from data_contracts.errors import HomeError
from data_contracts.replanning import Decision, Verdict
from pipelines.ledger.store import Ledger
from pipelines.planning.decisions import keep_decision
from pipelines.publication.plan_book import write_plan_book
from pipelines.publication.serving_copy import restricted_copy
from pipelines.serving import quiet_nights
from pipelines.serving.cli.status import app as status
from pipelines.serving.dated_facts import dates_reached, first_dated_fact
from pipelines.serving.quiet_nights import why_whole
from pipelines.settings import Settings
from tests.pipelines.serving.conftest import NIGHT

NEXT = NIGHT + timedelta(days=1)
DIGEST = quiet_nights.digest_of_code
pytestmark = pytest.mark.slow  # each copies a home

_DATED = """
create table core.dim_rep (
    rep_id varchar, hired_on date, left_on date, as_of date);
create table core.dim_rep_history (rep_id varchar, valid_from date, valid_to date);
create table core.fct_leave_cover (rep_id varchar, covered_from date, covered_to date);
create table core.fct_opportunity (opportunity_id varchar, close_date date);
create table core.dim_territory_history (
    rep_id varchar, started_on date, ended_on date);
create table core.fct_requisition (requisition_id varchar, target_start_on date);
create table core.dim_fiscal_day (
    date_day date, week_start date, month_start date, period_start date,
    quarter_start date);
create table plan.dim_plan_version (in_force_from date, in_force_to date);
create table plan.fct_plan_assignment (valid_from date, valid_to date);
alter table drift.fct_drift_breach add column reconsider_on date;
"""


@pytest.fixture(scope="module", autouse=True)
def same_code() -> Iterator[None]:
    """Keep what the nights run as it is, whoever edits it meanwhile."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(quiet_nights, "digest_of_code", lambda: "the same")
        yield


@pytest.fixture(scope="module")
def stands(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose last night was whole: nothing is open and nobody asks anything."""
    home = Settings(tmp_path_factory.mktemp("whole") / "home")
    shutil.copytree(built, home.home)
    with duckdb.connect(settings_copy(home)) as copy:
        copy.execute(_DATED)
    with duckdb.connect(str(restricted_copy(home))) as copy:
        copy.execute("create schema restricted")
    home.warehouse.touch()
    write_plan_book(home)
    tell_signal(home)
    deliver(home, NIGHT)
    whole_night(home)
    return home.home


@pytest.fixture
def settled(stands: Path, tmp_path: Path) -> Settings:
    """A copy of it for one test, with the times of its files."""
    shutil.copytree(stands, tmp_path / "home")
    return Settings(tmp_path / "home")


def settings_copy(settings: Settings) -> str:
    return str(settings.serving_copy)


def whole_night(settings: Settings) -> None:
    quiet_nights.begin(settings, NIGHT)
    quiet_nights.note_inputs(settings, NIGHT)
    quiet_nights.finish(settings, NIGHT)


def deliver(settings: Settings, night: date, text: str = "user_id,name\n") -> Path:
    file = settings.landing / "crm" / "users" / f"{night}.csv"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")
    return file


def tell_signal(settings: Settings, *breaches: dict[str, object]) -> None:
    told = {"as_of": str(NIGHT), "plan_version": 1, "breaches": breaches}
    settings.drift_signal.write_text(json.dumps(told), encoding="utf-8")


def edit_policy(settings: Settings, old: str, new: str) -> None:
    text = settings.policy_file.read_text(encoding="utf-8")
    assert old in text
    settings.policy_file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_night_without_news_leaves_the_tables_standing_and_says_so(
    settled: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    before = settled.serving_copy.read_bytes()
    assert why_whole(settled, NEXT) == ""
    last = quiet_nights.leave_standing(settled, NEXT)
    assert (last.night, last.as_of, last.is_whole) == (NEXT, NIGHT, True)
    assert settled.serving_copy.read_bytes() == before
    status.registered_commands[0].callback(home=settled.home, as_json=False)  # type: ignore[misc]  # typer keeps it
    told = capsys.readouterr().out
    assert f"{NEXT}: nothing changed since {NIGHT}, whose tables stand" in told
    assert f"readers see   {NIGHT}" in told
    assert "did not finish" not in told


def test_a_quiet_night_after_a_quiet_night_still_names_the_night_of_the_tables(
    settled: Settings,
) -> None:
    # 2026-04-12 is a Sunday; nothing here says when a week begins
    for days in (1, 2, 3):
        quiet_nights.leave_standing(settled, NIGHT + timedelta(days=days))
    last = quiet_nights.read_last_night(settled)
    assert last is not None
    assert (last.night, last.as_of) == (NIGHT + timedelta(days=3), NIGHT)


def _new_file(settings: Settings) -> None:
    deliver(settings, NEXT)


def _late_file(settings: Settings) -> None:
    deliver(settings, NIGHT - timedelta(days=3))


def _changed_file(settings: Settings) -> None:
    file = settings.landing / "crm" / "users" / f"{NIGHT}.csv"
    os.utime(file, ns=(1, 1))  # same name, same size, written anew


def _file_put_away(settings: Settings) -> None:
    (settings.landing / "crm" / "users" / f"{NIGHT}.csv").unlink()


def _replayed_rows(settings: Settings) -> None:
    place = settings.home / "replayed" / "crm" / "users"
    place.mkdir(parents=True)
    (place / f"{NIGHT}.parquet").touch()


def _policy(settings: Settings) -> None:
    text = settings.policy_file.read_text(encoding="utf-8")
    settings.policy_file.write_text(text + "# agreed\n", encoding="utf-8")


def _sources(settings: Settings) -> None:
    (settings.home / "more").mkdir()
    text = "sources:\n- {folder: landing, layout: by_contract}\n"
    settings.sources_file.write_text(
        text + "- {folder: more, layout: by_contract}\n", encoding="utf-8"
    )


def _rejected(settings: Settings) -> None:
    ledger = Ledger(settings.ledger_url)
    ledger.reject(2, "ana@example.com", "not now")


def _decided(settings: Settings) -> None:
    keep_decision(
        settings,
        Decision("b", NIGHT, Verdict.COOLING, NEXT, 1.0, "p", "it cools"),
    )


def _due(settings: Settings) -> None:
    breach = {
        "key": "left:R2", "metric": "rep_left", "node_level": "rep", "node_id": "R2",
        "direction": "below", "first_seen_on": str(NIGHT), "scope": "rep:R2",
        "asks_for": ["quotas"], "cause": "R2 left", "state": "open", "plan_version": 1,
    }  # fmt: skip
    tell_signal(settings, breach)


def _no_copy(settings: Settings) -> None:
    settings.serving_copy.unlink()


def _broke_off(settings: Settings) -> None:
    quiet_nights.begin(settings, NEXT)


def _fetched(settings: Settings) -> None:
    settings.sources_file.write_text(
        "sources:\n- {name: away, url: 'memory://x', layout: by_contract}\n",
        encoding="utf-8",
    )


WAKES: dict[Callable[[Settings], None], str] = {
    _new_file: "files were delivered",
    _late_file: "files were delivered",
    _changed_file: "files were delivered, changed",
    _file_put_away: "or put away",
    _replayed_rows: "files were delivered",
    _policy: "the policy was edited",
    _sources: "files were delivered",
    _rejected: "plan versions were proposed or decided on",
    _decided: "planning decided about a breach",
    _due: "breach left:R2 waits for an answer",
    _no_copy: "readers do not see the tables of 2026-04-12",
    _broke_off: "no whole night stands",
    _fetched: "source away has to be asked what it holds",
}


@pytest.mark.parametrize("happens", WAKES)
def test_what_may_change_a_table_wakes_a_whole_night(
    happens: Callable[[Settings], None], settled: Settings
) -> None:
    happens(settled)
    assert WAKES[happens] in why_whole(settled, NEXT)


def test_other_code_or_contracts_wake_a_whole_night(
    settled: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiet_nights, "digest_of_code", lambda: "other")
    assert why_whole(settled, NEXT) == "code, SQL or contracts were changed"


def test_code_sql_and_contracts_are_told_apart_by_what_they_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quiet_nights, "_ROOT", tmp_path)
    seen = {DIGEST()}
    for name in ("ml/drift.py", "dbt/models/a.sql", "data_contracts/extracts/a.yaml"):
        (tmp_path / name).parent.mkdir(parents=True)
        for text in ("one", "two"):
            (tmp_path / name).write_text(text, encoding="utf-8")
            seen.add(DIGEST())
    assert len(seen) == 7
    (tmp_path / "ml" / "__pycache__").mkdir()
    (tmp_path / "ml" / "__pycache__" / "drift.py").touch()
    (tmp_path / "notes.py").touch()
    seen.add(DIGEST())
    assert len(seen) == 7


def test_the_same_night_and_an_earlier_one_are_run_whole(settled: Settings) -> None:
    assert why_whole(settled, NIGHT) == "the tables are of 2026-04-12 already"
    assert why_whole(settled, NIGHT - timedelta(days=1)) != ""
    with pytest.raises(HomeError, match="2026-04-12 is not a quiet one"):
        quiet_nights.leave_standing(settled, NIGHT)


def test_a_file_from_the_future_wakes_its_own_night_and_none_before(
    settled: Settings,
) -> None:
    deliver(settled, NIGHT + timedelta(days=2))
    assert why_whole(settled, NEXT) == ""
    assert "files were delivered" in why_whole(settled, NIGHT + timedelta(days=2))


def test_a_file_that_arrives_while_a_night_runs_is_news_to_the_next(
    settled: Settings,
) -> None:
    quiet_nights.begin(settled, NIGHT)
    quiet_nights.note_inputs(settled, NIGHT)
    deliver(settled, NIGHT - timedelta(days=1))
    quiet_nights.finish(settled, NIGHT)
    assert "files were delivered" in why_whole(settled, NEXT)


def test_a_night_that_readers_do_not_see_cannot_end_well(settled: Settings) -> None:
    quiet_nights.begin(settled, NEXT)
    with pytest.raises(HomeError, match="readers see 2026-04-12"):
        quiet_nights.finish(settled, NEXT)
    assert why_whole(settled, NEXT) == "no whole night stands"


def test_a_note_that_cannot_be_read_counts_for_nothing(settled: Settings) -> None:
    settled.last_night.write_text('{"night": "2026', encoding="utf-8")
    assert quiet_nights.read_last_night(settled) is None
    assert why_whole(settled, NEXT) == "no whole night stands"


DUE = NIGHT + timedelta(days=3)
EVE = DUE - timedelta(days=1)


DATED = {
    "core.dim_rep values ('R1', $due, null, null)": "dim_rep.hired_on",
    "core.dim_rep values ('R1', null, $due, null)": "dim_rep.left_on",
    "core.dim_rep_history values ('R1', $due, null)": "dim_rep_history.valid_from",
    "core.dim_rep_history values ('R1', null, $eve)": "dim_rep_history.valid_to",
    "core.fct_leave_cover values ('R1', $due, null)": "covered_from",
    "core.fct_leave_cover values ('R1', null, $eve)": "covered_to",
    "core.dim_territory_history values ('R1', $due, null)": "started_on",
    "core.dim_territory_history values ('R1', null, $eve)": "ended_on",
    "core.fct_requisition values ('Q1', $eve)": "target_start_on",
    "core.dim_fiscal_day values (null, $due, null, null, null)": "week_start",
    "core.dim_fiscal_day values (null, null, $due, null, null)": "month_start",
    "core.dim_fiscal_day values (null, null, null, $due, null)": "period_start",
    "core.dim_fiscal_day values (null, null, null, null, $due)": "quarter_start",
    "plan.dim_plan_version values ($due, null)": "in_force_from",
    "plan.dim_plan_version values (null, $eve)": "in_force_to",
    "plan.fct_plan_assignment values ($due, null)": "valid_from",
    "plan.fct_plan_assignment values (null, $eve)": "valid_to",
    "drift.fct_drift_breach (reconsider_on) values ($due)": "reconsider_on",
}


def test_a_date_in_a_table_wakes_the_night_it_is_reached(settled: Settings) -> None:
    for statement, says in DATED.items():
        with duckdb.connect(settings_copy(settled)) as copy:
            days = {"due": DUE, "eve": EVE}
            used = {name: day for name, day in days.items() if f"${name}" in statement}
            copy.execute(f"insert into {statement}", used)
        assert dates_reached(settled.serving_copy, NIGHT, EVE) == [], statement
        ((day, what),) = dates_reached(settled.serving_copy, NIGHT, DUE)
        assert day == DUE, statement
        assert what.endswith(f"{says} is reached")
        with duckdb.connect(settings_copy(settled)) as copy:
            copy.execute(f"delete from {statement.split()[0]} where {_any_date(says)}")
    assert why_whole(settled, DUE) == ""


def _any_date(says: str) -> str:
    return f"{says.rpartition('.')[2]} is not null"


def test_a_fact_of_people_in_the_restricted_copy_wakes_too(settled: Settings) -> None:
    with duckdb.connect(str(restricted_copy(settled))) as copy:
        copy.execute("create table restricted.fct_rep_pay (valid_from date)")
        copy.execute("insert into restricted.fct_rep_pay values ($day)", {"day": DUE})
    assert "fct_rep_pay.valid_from" in why_whole(settled, DUE)


def test_a_deal_whose_hoped_for_day_passes_wakes_nobody(settled: Settings) -> None:
    with duckdb.connect(settings_copy(settled)) as copy:
        copy.execute(f"insert into core.fct_opportunity values ('O1', date '{NEXT}')")
    assert why_whole(settled, NEXT) == ""


FAR, LONG_AGO = date(2027, 1, 1), date(2026, 1, 1)


def _freeze(starts: date, ends: date) -> dict[str, object]:
    window = {"starts_on": starts, "ends_on": ends, "why": "year end"}
    return {"negotiation": {"freeze_windows": [window]}}


def _launch(planned: date, grace: int) -> dict[str, object]:
    about = {"id": "pro", "product_id": "pro", "name": "Pro"}
    return {"launches": [about | {"planned_on": planned, "grace_days": grace}]}


def _signature(signed: date, expires: date) -> dict[str, object]:
    who = {"signed_by": "ana@example.com"}
    signs = who | {"signed_on": signed, "expires_on": expires}
    return {"approval": {"automatic": signs}}


def test_a_date_of_the_policy_wakes_the_night_it_is_reached(settled: Settings) -> None:
    policy = yaml.safe_load(settled.policy_file.read_text(encoding="utf-8"))
    for decided, says in (
        (_freeze(DUE, FAR), "freeze (year end) begins"),
        (_freeze(LONG_AGO, EVE), "freeze (year end) is over"),
        (_launch(DUE, 300), "launch of Pro is planned"),
        (_launch(EVE - timedelta(days=30), 30), "launch of Pro is late"),
        (_signature(DUE, FAR), "signature in advance begins"),
        (_signature(LONG_AGO, EVE), "signature in advance expired"),
    ):
        text = yaml.safe_dump(policy | decided)
        settled.policy_file.write_text(text, encoding="utf-8")
        assert first_dated_fact(settled, NIGHT, EVE) == "", says
        assert first_dated_fact(settled, NIGHT, DUE) == f"{says} on {DUE}"


@pytest.mark.parametrize(
    ("first", "last", "says"), [(DUE, FAR, "begins"), (NIGHT, EVE, "expired")]
)
def test_a_delegation_that_begins_or_expires_wakes_the_night(
    first: date, last: date, says: str, settled: Settings
) -> None:
    ledger = Ledger(settled.ledger_url, clock=lambda: datetime(2026, 4, 12, tzinfo=UTC))
    ledger.delegate(
        "ana@example.com", "bob@example.com", valid_from=first, valid_to=last, why="off"
    )
    assert why_whole(settled, EVE) == ""
    assert why_whole(settled, DUE) == (
        f"delegation of bob@example.com for ana@example.com {says} on {DUE}"
    )
