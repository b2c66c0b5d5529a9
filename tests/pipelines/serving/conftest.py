"""A home as a night leaves it, small enough to read: a ledger and a serving copy."""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.files import write_parquet
from pipelines.ledger.content import canonical
from pipelines.ledger.store import Ledger
from pipelines.serving.home import make_home
from pipelines.settings import Settings

NIGHT = date(2026, 4, 12)
MONTHS = [date(2026, month, 1) for month in range(1, 13)]

_COPY = """
create schema meta; create schema core; create schema plan; create schema drift;
create schema quality;
create table meta.publication as
    select date '2026-04-12' as as_of, 1 as plan_version;
create table plan.fct_plan_vs_actual as
    select
        1 as plan_version, 'company' as node_level, 'company' as node_id,
        date '2026-01-01' + to_months(i::int) as month_start, 'bookings' as measure,
        100000.0 as plan_value,
        case when i < 3 then 90000.0 when i = 3 then 30000.0 end as actual_value,
        case when i >= 3 then 80000.0 end as forecast_p10,
        case when i >= 3 then 95000.0 end as forecast_p50,
        case when i >= 3 then 120000.0 end as forecast_p90,
        i = 3 as is_partial, true as is_in_force, date '2026-04-12' as as_of
    from range(12) as months(i);
create table drift.fct_drift_breach as
    select
        'rep_left:R2:2026-04-10' as breach_key, 'rep_left' as metric,
        'open' as state, date '2026-04-10' as first_seen_on,
        date '2026-04-12' as last_seen_on, 'rep:R2' as scope,
        'territories,quotas' as asks_for, '<b>R2</b> left' as cause,
        null::int as answered_by_version, null::varchar as verdict,
        null::varchar as decision_why;
create table drift.fct_drift_signal as
    select
        'attainment' as metric, 'company' as node_level, 'company' as node_id,
        'below' as direction, 'act' as tier, 1.5 as statistic, 24.0 as limit_value,
        false as is_alarm, false as is_silent, true as is_latest;
create table drift.rpt_drift_board as
    select
        'attainment' as metric, 'company' as node_level, 'company' as node_id,
        date '2026-03-01' as month_start, 'on_plan' as status, 0.9 as to_date_share,
        1.5 as below_statistic, 0.5 as above_statistic, 24.0 as act_limit_value,
        null::double as watch_limit_value, null::varchar as cause, 1 as plan_version;
create table quality.rpt_input_coverage as
    select
        'terminations' as capability, 'hris-workers' as contract,
        'attrition from history' as what_is_not_computed,
        'no worker has a termination date' as why, false as is_supplied;
"""


def content(owner: str = "R1") -> dict[str, pl.DataFrame]:
    """One account, one rep, one year."""
    return canonical(
        {
            "target": pl.DataFrame(
                {
                    "node_level": "company",
                    "node_id": "company",
                    "month_start": MONTHS * 2,
                    "measure": ["bookings"] * 12 + ["quota"] * 12,
                    "value_cents": [100000] * 12 + [110000] * 12,
                    "reason": "growth 10 %",
                }
            ),
            "assignment": pl.DataFrame(
                {
                    "account_id": ["A1"],
                    "rep_id": [owner],
                    "segment_id": ["smb"],
                    "valid_from": [MONTHS[0]],
                    "valid_to": [date(2026, 12, 31)],
                    "previous_rep_id": ["R1"],
                    "is_moved": [owner != "R1"],
                    "reason": ["<script>alert(1)</script>"],
                    "keep_cost_cents": [500],
                    "move_cost_cents": [700],
                    "next_best_rep_id": ["R3"],
                    "potential_cents": [90000],
                }
            ),
            "quota": pl.DataFrame(
                {
                    "rep_id": "R1",
                    "segment_id": "smb",
                    "region_id": "emea",
                    "month_start": MONTHS,
                    "quota_cents": 110000,
                    "base_cents": 100000,
                    "reason": "capacity and potential",
                }
            ),
        }
    )


def propose(ledger: Ledger, owner: str, parent: int | None = None) -> int:
    """Propose the year with the account at `owner`; return the version."""
    return ledger.propose(
        content(owner),
        scenario="base",
        title="plan for 2026",
        as_of=NIGHT,
        effective_from=MONTHS[0],
        effective_to=date(2026, 12, 31),
        proposed_by="nightly-refresh",
        why="planned from the facts",
        policy_hash="p" * 64,
        input_hash="i" * 64,
        code_hash="c" * 64,
        parent_version=parent,
        territory_gap_share=0.01,
        territory_proof="feasible",
    ).version


@pytest.fixture
def empty_home(tmp_path: Path) -> Settings:
    """A home without any night."""
    settings = Settings(tmp_path / "home")
    make_home(settings)
    return settings


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A night was run, version 1 is published, version 2 moves A1 and waits."""
    settings = Settings(tmp_path_factory.mktemp("night") / "home")
    make_home(settings)
    run = {
        "as_of": [NIGHT],
        "data_through": [NIGHT],
        "company": ["Acme & Sons"],
        "currency": ["USD"],
    }
    write_parquet(pl.DataFrame(run), settings.reference / "run.parquet")
    settings.serving.mkdir()
    with duckdb.connect(settings.serving_copy) as connection:
        connection.execute(_COPY)
    ledger = Ledger(
        settings.ledger_url, clock=lambda: datetime(2026, 4, 1, 9, 30, tzinfo=UTC)
    )
    first = propose(ledger, "R1")
    ledger.approve(first, "ana@example.com", "good")
    ledger.publish(first, "ana@example.com")
    propose(ledger, "R2", parent=first)
    return settings.home


@pytest.fixture
def home(built: Path, tmp_path: Path) -> Settings:
    """A copy of the night for one test: to copy is ten times faster than to build."""
    shutil.copytree(built, tmp_path / "home")
    return Settings(tmp_path / "home")
