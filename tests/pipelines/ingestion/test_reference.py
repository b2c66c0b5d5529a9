"""Date, policy and calendar reach SQL as rows."""

from datetime import date
from pathlib import Path

import polars as pl
import pytest

import data_contracts
from data_contracts.errors import HomeError, PolicyError
from data_contracts.policy import load_policy
from pipelines.ingestion.reference import write_reference

NIGHT = date(2026, 2, 15)
POLICY = Path(data_contracts.__file__).parent / "policies" / "adventureworks.yaml"
REQUIRED = {
    "billing-customers": "customer_id\nc1\n",
    "crm-accounts": "account_id,name\na1,Acme\n",
    "crm-opportunities": (
        "opportunity_id,account_id,owner_id,stage,close_date,is_closed,is_won\n"
        "o1,a1,u1,won,2011-07-01,true,true\n"
    ),
    "crm-users": "user_id,name\nu1,Ada\n",
    "hris-job-history": "worker_id,effective_date,role\nw1,2020-01-01,ae\n",
    "hris-workers": "worker_id,hire_date\nw1,2020-01-01\n",
}


@pytest.fixture
def ready(home, deliver, landing):
    for one, text in REQUIRED.items():
        deliver(one, text)
        landing(one)
    home.policy_file.write_text(POLICY.read_text())
    return home


def read(home, table: str) -> pl.DataFrame:
    return pl.read_parquet(home.reference / f"{table}.parquet")


@pytest.mark.slow
def test_the_run_row_holds_date_coverage_and_policy(ready) -> None:
    assert write_reference(NIGHT, ready)["run"] == 1
    assert read(ready, "run").row(0, named=True) == {
        "as_of": NIGHT,
        "data_through": date(2026, 1, 31),
        "policy_hash": load_policy(ready.policy_file).digest,
        "company": "Adventure Works Cycles",
        "currency": "USD",
        "booking_types": "new,expansion",
        "reconciliation_tolerance_cents": 100,
        "reconciliation_tolerance_share": 0.005,
    }


@pytest.mark.slow
def test_what_is_watched_shares_one_budget_whether_the_policy_names_it_or_not(
    ready,
) -> None:
    write_reference(NIGHT, ready)
    watched = read(ready, "thresholds").filter(tier="watch")
    assert watched.height == 12  # three measures at four levels, four a year
    assert set(watched["false_alarms_per_year"]) == {4 / 12}
    assert set(watched["min_history_months"]) == {12}
    assert set(watched["asks_for"]) == {""}
    one = "watch: {metrics: [win_rate], false_alarms_per_year_count: 1}\n"
    ready.policy_file.write_text(POLICY.read_text() + one)
    write_reference(NIGHT, ready)
    watched = read(ready, "thresholds").filter(tier="watch")
    assert set(watched["metric"]) == {"win_rate"}
    assert watched["false_alarms_per_year"].to_list() == [0.25] * 4


@pytest.mark.slow
def test_the_calendar_covers_every_day_from_the_oldest_deal(ready) -> None:
    write_reference(NIGHT, ready)
    days = read(ready, "fiscal_calendar")
    # the deal of 1 July 2011 opens fiscal 2012; the night is in fiscal 2026
    assert days["date_day"].min() == date(2011, 7, 1)
    assert days["date_day"].max() == date(2029, 6, 30)
    assert days["date_day"].diff().drop_nulls().dt.total_days().unique().to_list() == [
        1
    ]
    night = days.row(by_predicate=pl.col("date_day") == NIGHT, named=True)
    assert (night["fiscal_year"], night["fiscal_quarter"]) == (2026, 3)


@pytest.mark.slow
def test_policy_lists_become_rows_in_their_order(ready) -> None:
    write_reference(NIGHT, ready)
    assert read(ready, "segments")["segment_id"].to_list() == [
        "north-america",
        "europe",
        "pacific",
    ]
    assert read(ready, "segments")["rank"].to_list() == [1, 2, 3]
    role = read(ready, "roles").row(0, named=True)
    assert (role["role_id"], role["ote_cents"]) == ("ae", 8_000_000)
    assert read(ready, "launches").schema["planned_on"] == pl.Date


@pytest.mark.slow
def test_the_same_night_gives_the_same_bytes(ready) -> None:
    write_reference(NIGHT, ready)
    before = {p.name: p.read_bytes() for p in ready.reference.iterdir()}
    write_reference(NIGHT, ready)
    assert {p.name: p.read_bytes() for p in ready.reference.iterdir()} == before


@pytest.mark.slow
def test_a_broken_policy_changes_nothing(ready) -> None:
    write_reference(NIGHT, ready)
    before = {p.name: p.read_bytes() for p in ready.reference.iterdir()}
    ready.policy_file.write_text(POLICY.read_text().replace("0.3 #", "3 #"))
    with pytest.raises(PolicyError, match="balance_tolerance_share"):
        write_reference(NIGHT, ready)
    assert {p.name: p.read_bytes() for p in ready.reference.iterdir()} == before


@pytest.mark.slow
def test_a_night_before_any_extract_has_no_reference(ready) -> None:
    with pytest.raises(HomeError, match="lies before the first extract"):
        write_reference(date(2026, 1, 1), ready)
    assert not ready.reference.exists()
