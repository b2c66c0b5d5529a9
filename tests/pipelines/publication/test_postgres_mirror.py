"""The mirror on a real PostgreSQL: the same rows, readers that never wait or mix."""

import shutil
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from data_contracts.errors import AopError, BusyError
from pipelines.publication.postgres_mirror import mirror
from pipelines.serving.cli.main import app
from pipelines.serving.home import make_home
from pipelines.settings import Settings
from tests.pipelines.ledger.test_postgres import server as server
from tests.pipelines.ledger.test_postgres import url as url

pytestmark = pytest.mark.slow

ODD = ["plain", "", None, 'a "quoted", comma', "two\nlines", "\\N", "\\.", "Ä€", "  "]


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    settings = Settings(tmp_path / "home")
    make_home(settings)
    settings.serving.mkdir()
    publish_night(settings, date(2026, 4, 12))
    return settings


def publish_night(settings: Settings, night: date, *, rows: int = 20) -> None:
    """Put a copy in place as publication does: whole, by a rename."""
    fresh = settings.serving / "next.duckdb"
    seen_at = datetime(2026, 1, 2, tzinfo=UTC).replace(tzinfo=None)
    with duckdb.connect(str(fresh)) as made:
        made.execute("create schema core; create schema meta; create schema drift")
        made.execute(
            "create table meta.publication as select ?::date as as_of", [night]
        )
        made.execute(
            "create table core.dim_account (account_id varchar, cents bigint, "
            "share double, is_customer boolean, rate decimal(18, 4), seen_at timestamp)"
        )
        made.execute("comment on table core.dim_account is 'It''s one row an account'")
        made.execute("comment on column core.dim_account.cents is 'US cents'")
        made.executemany(
            "insert into core.dim_account values (?, ?, ?, ?, ?, ?)",
            [
                (text, 2**53 + 1, 0.1, number % 2 == 0, "1.2500", seen_at)
                for number, text in enumerate(ODD)
            ],
        )
        for name in ("rpt_drift_board", "fct_drift_signal"):
            made.execute(
                f"create table drift.{name} as select ?::date as as_of, n "
                f"from range({rows}) as numbers(n)",
                [night],
            )
    fresh.replace(settings.serving_copy)


@pytest.fixture
def engine(url: str) -> Iterator[sa.Engine]:
    found = sa.create_engine(url, poolclass=sa.pool.NullPool)
    yield found
    found.dispose()


def ask(engine: sa.Engine, sql: str) -> list[Any]:
    with engine.connect() as connection:
        return [tuple(row) for row in connection.exec_driver_sql(sql)]


def test_the_database_holds_what_the_copy_holds(
    home: Settings, url: str, engine: sa.Engine
) -> None:
    done = mirror(home, url)
    assert (done.tables, done.rows) == (4, len(ODD) + 2 * 20 + 1)
    with duckdb.connect(str(home.serving_copy), read_only=True) as copy:
        order = "order by account_id nulls first, is_customer"
        here = copy.execute(f"from core.dim_account {order}").fetchall()
    same = 'order by account_id collate "C" nulls first, is_customer'
    there = ask(engine, f"select * from core.dim_account {same}")
    assert there == here
    assert ask(engine, "select as_of from meta.publication") == [(date(2026, 4, 12),)]
    columns = {
        each["name"]: each
        for each in sa.inspect(engine).get_columns("dim_account", schema="core")
    }
    assert columns["cents"]["comment"] == "US cents"
    assert isinstance(columns["cents"]["type"], sa.BigInteger)
    told = sa.inspect(engine).get_table_comment("dim_account", schema="core")
    assert told["text"] == "It's one row an account"


def test_the_next_night_replaces_rows_and_keeps_grants_and_views(
    home: Settings, url: str, engine: sa.Engine
) -> None:
    mirror(home, url)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "create view public.mine as select max(as_of) as night, count(*) as n "
            "from drift.rpt_drift_board"
        )
    publish_night(home, date(2026, 4, 13), rows=5)
    mirror(home, url)
    assert ask(engine, "select * from public.mine") == [(date(2026, 4, 13), 5)]


def test_a_table_that_is_no_longer_served_goes_and_another_shape_is_taken_over(
    home: Settings, url: str, engine: sa.Engine
) -> None:
    mirror(home, url)
    with duckdb.connect(str(home.serving_copy)) as copy:
        copy.execute("drop table drift.fct_drift_signal")
        copy.execute("alter table core.dim_account add column city varchar")
    mirror(home, url)
    found = sa.inspect(engine)
    assert found.get_table_names(schema="drift") == ["rpt_drift_board"]
    names = [each["name"] for each in found.get_columns("dim_account", schema="core")]
    assert names[-1] == "city"


def test_readers_never_wait_and_never_see_two_nights(
    home: Settings, url: str, engine: sa.Engine
) -> None:
    mirror(home, url)
    nights, done = [], threading.Event()

    def read() -> None:
        while not done.is_set():
            nights.extend(
                ask(
                    engine,
                    "select m.as_of, min(b.as_of), max(b.as_of), min(s.as_of), "
                    "max(s.as_of), count(distinct b.n) from meta.publication m, "
                    "drift.rpt_drift_board b, drift.fct_drift_signal s group by 1",
                )
            )

    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for day in range(13, 17):
        publish_night(home, date(2026, 4, day))
        mirror(home, url)
    done.set()
    for reader in readers:
        reader.join()
    assert nights
    assert all(len(set(row[:5])) == 1 and row[5] == 20 for row in nights)


def test_a_mirror_that_fails_leaves_the_database_as_it_was(
    home: Settings, url: str, engine: sa.Engine
) -> None:
    mirror(home, url)
    publish_night(home, date(2026, 4, 13))
    with duckdb.connect(str(home.serving_copy)) as copy:
        copy.execute("insert into core.dim_account (account_id) values (chr(0))")
    with pytest.raises(AopError, match="did not take the tables") as refused:
        mirror(home, url)
    assert "holds what it held before" in refused.value.fix
    assert ask(engine, "select max(as_of) from drift.rpt_drift_board") == [
        (date(2026, 4, 12),)
    ]


def test_two_mirrors_do_not_fill_one_database_at_once(
    home: Settings, url: str, engine: sa.Engine
) -> None:
    with engine.begin() as other:
        other.exec_driver_sql(f"select pg_advisory_xact_lock({0x616F71})")
        with pytest.raises(BusyError):
            mirror(home, url)


def test_the_command_says_what_it_did_and_what_to_do(
    home: Settings, url: str, tmp_path: Path
) -> None:
    aop = CliRunner()
    given = ["publish", "--home", str(home.home), "--to"]
    found = aop.invoke(app, [*given, url])
    assert found.exit_code == 0
    assert found.output.startswith("4 tables, 50 rows in ")
    wrong = aop.invoke(app, [*given, "mysql://x/y"])
    assert wrong.exit_code == 1
    assert "'mysql' is no database to mirror to" in wrong.output
    shutil.rmtree(home.serving)
    assert "has no serving copy" in aop.invoke(app, [*given, url]).output
