"""No question about the past ever sees what was learned later.

The models' own SQL, as dbt compiled it, runs here on histories made up by hypothesis:
whatever was believed on a night must be what a build of that night would have said.
"""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as fewer
from hypothesis import strategies as st

pytestmark = pytest.mark.slow

NIGHTS = [date(2026, 1, 1) + timedelta(days=step) for step in range(6)]
DAYS = [date(2025, 12, 1) + timedelta(days=20 * step) for step in range(5)]
Sql = Callable[[str], str]


@pytest.fixture(scope="session")
def compiled(built) -> Sql:
    """The SQL of a model as dbt compiled it."""
    folder = built.settings.dbt_target / "compiled" / "continuous_aop" / "models"
    paths = {
        path.stem: path
        for path in Path(folder).rglob("*.sql")
        if ".yml" not in str(path)  # those are tests, with rows of their own
    }
    return lambda name: paths[name].read_text("utf-8")


def rooms() -> duckdb.DuckDBPyConnection:
    """An empty warehouse in memory, with the schemas of the real one."""
    connection = duckdb.connect()
    connection.execute("attach ':memory:' as warehouse; use warehouse")
    connection.execute("create schema staging; create schema intermediate")
    return connection


def fill(connection: duckdb.DuckDBPyConnection, table: str, columns: str) -> None:
    connection.execute(f"create table {table} ({columns})")


def tell(connection: duckdb.DuckDBPyConnection, night: date) -> None:
    connection.execute(
        f"create or replace table staging.stg_reference__run as "
        f"select date '{night}' as as_of"
    )


job_versions = st.dictionaries(
    st.tuples(
        st.sampled_from(["w1", "w2"]), st.sampled_from(DAYS), st.sampled_from(NIGHTS)
    ),
    st.tuples(st.sampled_from(["ae", "lead"]), st.booleans()),
    max_size=12,
)
worker_versions = st.dictionaries(
    st.tuples(st.sampled_from(["w1", "w2"]), st.sampled_from(NIGHTS)),
    st.tuples(
        st.sampled_from(DAYS[:2]), st.none() | st.sampled_from(DAYS), st.booleans()
    ),
    max_size=6,
)


@given(job_versions, worker_versions)
@fewer(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_jobs_believed_on_a_night_are_those_a_build_of_that_night_gives(
    compiled: Sql, jobs: dict, workers: dict
) -> None:
    db = rooms()
    fill(
        db,
        "staging.stg_hris__job_changes",
        "worker_id varchar, effective_on date, known_on date, role_name varchar, "
        "segment_name varchar, region_name varchar, team varchar, is_deleted boolean",
    )
    fill(
        db,
        "staging.stg_hris__workers",
        "worker_id varchar, known_on date, hired_on date, left_on date, "
        "is_deleted boolean",
    )
    for (worker, day, night), (role, is_deleted) in jobs.items():
        db.execute(
            "insert into staging.stg_hris__job_changes values (?, ?, ?, ?, ?, ?, ?, ?)",
            [worker, day, night, role, "smb", "na", "east", is_deleted],
        )
    for (worker, night), (hired, left, is_deleted) in workers.items():
        db.execute(
            "insert into staging.stg_hris__workers values (?, ?, ?, ?, ?)",
            [worker, night, hired, left, is_deleted],
        )
    db.execute(
        """
        create table intermediate.int_rep__reps as
            select 'r1' as rep_id, 'ae' as role, 'smb' as segment_id, 'na' as region_id,
                   'east' as team union all select 'r2', 'ae', 'smb', 'na', 'east';
        create table intermediate.int_rep__current_jobs as
            select 'r1' as rep_id, 'w1' as worker_id union all select 'r2', 'w2';
        create table intermediate.int_policy__roles_matched as
            select 'ae' as role_name, 'ae' as role union all select 'lead', 'lead';
        create table intermediate.int_policy__segments_matched as
            select 'smb' as segment_name, 'smb' as segment_id
        """
    )

    def build(night: date) -> None:
        tell(db, night)
        for name in ("int_hris__job_beliefs", "int_rep__job_beliefs"):
            db.execute(
                f"create or replace table intermediate.{name} as {compiled(name)}"
            )

    told = (
        "select rep_id, valid_from, valid_to, role "
        "from intermediate.int_rep__job_beliefs"
    )
    build(NIGHTS[-1])
    believed = {
        night: db.execute(
            f"{told} where date '{night}' between known_from "
            "and coalesce(known_to, date '9999-12-31') order by all"
        ).fetchall()
        for night in NIGHTS
    }
    for night in NIGHTS:
        build(night)
        then = db.execute(f"{told} where known_to is null order by all").fetchall()
        assert believed[night] == then, night


quota_versions = st.dictionaries(
    st.tuples(
        st.sampled_from(["r1", "r2"]), st.sampled_from(DAYS), st.sampled_from(NIGHTS)
    ),
    st.tuples(st.integers(0, 9), st.booleans()),
    max_size=15,
)


@given(quota_versions)
@fewer(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_quotas_known_on_a_night_are_those_a_build_of_that_night_gives(
    compiled: Sql, quotas: dict
) -> None:
    db = rooms()
    fill(
        db,
        "staging.stg_crm__quotas",
        "rep_id varchar, period_start date, period_end date, known_on date, "
        "quota_cents bigint, currency varchar, is_deleted boolean",
    )
    for (rep, day, night), (cents, is_deleted) in quotas.items():
        db.execute(
            "insert into staging.stg_crm__quotas values (?, ?, ?, ?, ?, ?, ?)",
            [rep, day, day + timedelta(days=9), night, cents, "USD", is_deleted],
        )
    tell(db, NIGHTS[-1])
    db.execute(f"create table history as {compiled('fct_quota_history')}")
    for night in NIGHTS:
        tell(db, night)
        now = db.execute(
            "select rep_id, period_start, quota_cents "
            f"from ({compiled('int_crm__known_quotas')}) order by all"
        ).fetchall()
        then = db.execute(
            "select rep_id, valid_from, quota_cents from history "
            f"where date '{night}' between known_from "
            "and coalesce(known_to, date '9999-12-31') order by all"
        ).fetchall()
        assert then == now, night
