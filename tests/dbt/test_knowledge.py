"""No question about the past ever sees what was learned later.

The models' own SQL, as dbt compiled it, runs here on histories made up by hypothesis:
whatever was believed on a night must be what a build of that night would have said.
"""

from collections.abc import Callable
from datetime import date, timedelta
from itertools import pairwise, zip_longest
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as fewer
from hypothesis import strategies as st
from jinja2 import Environment

from pipelines.warehouse import PROJECT

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
        "segment_name varchar, region_name varchar, team varchar, "
        "manager_worker_id varchar, is_deleted boolean",
    )
    fill(
        db,
        "staging.stg_hris__workers",
        "worker_id varchar, known_on date, hired_on date, left_on date, "
        "is_deleted boolean",
    )
    for (worker, day, night), (role, is_deleted) in jobs.items():
        db.execute(
            "insert into staging.stg_hris__job_changes values "
            "(?, ?, ?, ?, ?, ?, ?, ?, ?)",
            # leads have a manager; of the others HR names none
            [
                worker,
                day,
                night,
                role,
                "smb",
                "na",
                "east",
                "w2" if role == "lead" else None,
                is_deleted,
            ],
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
                   'east' as team, 'r0' as manager_rep_id
            union all select 'r2', 'ae', 'smb', 'na', 'east', 'r0';
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
        "select rep_id, valid_from, valid_to, role, manager_rep_id "
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


record_versions = st.dictionaries(
    st.tuples(st.sampled_from(["x1", "x2"]), st.sampled_from(NIGHTS)),
    st.tuples(st.sampled_from(["r1", "r2", "r3"]), st.booleans()),
    max_size=10,
)
HISTORIES = {
    "dim_account_history": (
        "int_crm__known_accounts",
        "stg_crm__accounts",
        "account_id varchar, owner_rep_id varchar, known_on date, is_deleted boolean, "
        "parent_account_id varchar, name varchar, industry varchar, "
        "segment_name varchar, employee_count bigint, annual_revenue_cents bigint, "
        "city varchar, region_name varchar, postal_code varchar, country varchar, "
        "latitude double, longitude double, created_on date, modified_on date, "
        "is_deleted_in_crm boolean",
    ),
    "fct_opportunity_history": (
        "int_crm__known_opportunities",
        "stg_crm__opportunities",
        "opportunity_id varchar, rep_id varchar, known_on date, is_deleted boolean, "
        "account_id varchar, product_id varchar, name varchar, booking_type varchar, "
        "amount_cents bigint, currency varchar, win_probability_share double, "
        "stage varchar, forecast_category varchar, is_closed boolean, is_won boolean, "
        "close_date date, created_on date, modified_on date, is_deleted_in_crm boolean",
    ),
}


@pytest.mark.parametrize("history", HISTORIES)
@given(versions=record_versions)
@fewer(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
def test_records_known_on_a_night_are_those_a_build_of_that_night_gives(
    compiled: Sql, history: str, versions: dict
) -> None:
    known, staged, columns = HISTORIES[history]
    key, owner = (column.split()[0] for column in columns.split(", ")[:2])
    db = rooms()
    fill(db, f"staging.{staged}", columns)
    db.execute(
        "create table intermediate.int_policy__segments_matched as "
        "select null::varchar as segment_name, null::varchar as segment_id where false;"
        "create table intermediate.int_crm__amounts_remembered as select null::varchar "
        "as opportunity_id, null::bigint as amount_cents, null::date as told_on "
        "where false"
    )
    for (record, night), (rep, is_deleted) in versions.items():
        db.execute(
            f"insert into staging.{staged} by name select ? as {key}, ? as {owner}, "
            "? as known_on, ? as is_deleted, false as is_deleted_in_crm",
            [record, rep, night, is_deleted],
        )
    tell(db, NIGHTS[-1])
    db.execute(f"create table history as {compiled(history)}")
    early = db.execute("select 1 from history where valid_from > known_from")
    assert early.fetchall() == []
    for night in NIGHTS:
        tell(db, night)
        now = db.execute(
            f"select {key}, {owner} from ({compiled(known)}) order by all"
        ).fetchall()
        then = db.execute(
            f"select {key}, {owner} from history where date '{night}' "
            "between known_from and coalesce(known_to, date '9999-12-31') order by all"
        ).fetchall()
        assert then == now, night


state = st.tuples(
    st.sampled_from(["open", "talk", "won"]),
    st.none() | st.integers(0, 5),
    st.sampled_from([None, 10.0, 50.0]),
    st.sampled_from(DAYS),
    st.sampled_from([None, "commit"]),
)
FIELDS = ("stage", "amount", "probability", "close_date", "forecast_category")
# every step changes something, as a change does
diaries = st.lists(state, min_size=2, max_size=5).filter(
    lambda states: all(a != b for a, b in pairwise(states))
)


@given(diaries)
@fewer(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
def test_both_shapes_of_history_tell_the_same_states(
    compiled: Sql, diary: list
) -> None:
    db = rooms()
    db.execute(
        "create table intermediate.int_crm__known_opportunity_changes "
        "(opportunity_id varchar, changed_at timestamp, stage varchar, "
        "amount_cents bigint, win_probability_share double, close_date date, "
        "forecast_category varchar);"
        "create table intermediate.int_crm__known_field_changes "
        "(opportunity_id varchar, changed_at timestamp, field_name varchar, "
        "old_value varchar, new_value varchar);"
        "create table intermediate.int_crm__opportunities_valued as select "
        "null::varchar as opportunity_id, null::varchar as stage, null::bigint as "
        "amount_cents, null::double as win_probability_share, null::date as close_date,"
        "null::varchar as forecast_category, null::date as created_on, "
        "1.0 as company_currency_per_unit where false"
    )
    nights = [NIGHTS[0] + timedelta(days=step) for step in range(len(diary))]
    for night, (stage, amount, percent, close, category) in zip(
        nights, diary, strict=True
    ):
        db.execute(
            "insert into intermediate.int_crm__known_opportunity_changes "
            "values ('whole', ?, ?, ?, ?, ?, ?)",
            [
                *(night, stage, None if amount is None else amount * 100),
                *(None if percent is None else percent / 100, close, category),
            ],
        )
    for night, (old, new) in zip(nights[1:], pairwise(diary), strict=True):
        for name, before, after in zip(FIELDS, old, new, strict=True):
            if before != after:
                db.execute(
                    "insert into intermediate.int_crm__known_field_changes "
                    "values ('fields', ?, ?, ?, ?)",
                    [
                        *(night, name),
                        *(None if v is None else str(v) for v in (before, after)),
                    ],
                )
    stage, amount, percent, close, category = diary[-1]
    for deal in ("whole", "fields"):
        db.execute(
            "insert into intermediate.int_crm__opportunities_valued "
            "values (?, ?, ?, ?, ?, ?, ?, 1.0)",
            [
                *(deal, stage, None if amount is None else amount * 100),
                *(None if percent is None else percent / 100, close, category),
                nights[0],
            ],
        )
    for model in ("int_crm__field_states", "int_crm__opportunity_states"):
        db.execute(f"create table intermediate.{model} as {compiled(model)}")
    told = {
        deal: db.execute(
            "select changed_at, stage, amount_cents, win_probability_share, close_date,"
            " forecast_category, next_changed_on "
            "from intermediate.int_crm__opportunity_states "
            "where opportunity_id = ? order by changed_at",
            [deal],
        ).fetchall()
        for deal in ("whole", "fields")
    }
    assert told["fields"] == told["whole"]
    assert len(told["whole"]) == len(diary)


versions_of_one = st.dictionaries(
    st.sampled_from(NIGHTS),
    st.tuples(st.sampled_from(DAYS), st.sampled_from(["r1", "r2"])),
    min_size=1,
    max_size=5,
)


@given(versions_of_one, st.booleans(), st.sampled_from(DAYS), st.sampled_from(NIGHTS))
@fewer(max_examples=60, deadline=None)
def test_the_state_on_a_day_is_that_of_the_versions_known_that_night(
    versions: dict, is_gone: bool, day: date, night: date
) -> None:
    macros = Environment(autoescape=False).from_string(
        (PROJECT / "macros" / "known.sql").read_text("utf-8"),
        globals={"end_of_time": lambda: "date '9999-12-31'"},
    )
    told = macros.module.state_on(
        "history", "account_id", f"date '{day}'", f"date '{night}'"
    )
    db = duckdb.connect()
    db.execute(
        "create table history (account_id varchar, owner varchar, valid_from date, "
        "known_from date, known_to date)"
    )
    learned = sorted(versions)
    for known_from, after in zip_longest(learned, learned[1:]):
        valid_from, owner = versions[known_from]
        known_to = after - timedelta(days=1) if after else None
        if known_to is None and is_gone:  # the CRM dropped it the night after
            known_to = known_from
        db.execute(
            "insert into history values ('a', ?, ?, ?, ?)",
            [owner, valid_from, known_from, known_to],
        )
    heard = [one for one in learned if one <= night]
    begun = [one for one in heard if versions[one][0] <= day]
    last = max(begun, key=lambda one: (versions[one][0], one), default=None)
    is_held = not (is_gone and heard == learned and night > learned[-1])
    expected = [(versions[last][1],)] if last is not None and is_held else []
    assert db.execute(f"select owner from {told} as told").fetchall() == expected
