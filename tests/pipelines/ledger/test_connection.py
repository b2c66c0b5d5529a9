"""Opening a ledger: new, again, by two at once, damaged, too new, nowhere."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from data_contracts.errors import BusyError, LedgerError
from pipelines.ledger import connection as opening
from pipelines.ledger.connection import (
    HEAD,
    MIGRATIONS,
    open_database,
    reading,
    writing,
)
from pipelines.ledger.schema import metadata
from pipelines.ledger.store import Ledger


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A ledger nobody has opened yet, unlike that of the other tests."""
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


def test_the_migrations_build_exactly_the_tables_described(url: str) -> None:
    with reading(open_database(url)) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_the_head_named_in_the_code_is_the_newest_migration() -> None:
    assert ScriptDirectory(MIGRATIONS).get_current_head() == HEAD


@pytest.mark.slow
@pytest.mark.parametrize("times", range(10))
def test_many_may_open_a_new_ledger_at_once(url: str, times: int) -> None:
    with ThreadPoolExecutor(8) as pool:
        engines = list(pool.map(open_database, [url] * 16))
    with reading(engines[times]) as connection:
        assert sa.inspect(connection).has_table("plan_version")


def test_a_closed_ledger_is_one_file(url: str, tmp_path: Path) -> None:
    open_database(url)
    assert [file.name for file in tmp_path.iterdir()] == ["ledger.sqlite"]


def test_readers_do_not_block_the_writer(url: str) -> None:
    engine = open_database(url)
    with reading(engine) as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"


def test_a_writer_who_waits_too_long_is_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.1)
    engine = open_database(url)
    with (
        writing(engine),
        pytest.raises(BusyError, match="has been writing the ledger"),
        writing(engine),
    ):
        pass


def test_what_fails_half_way_leaves_nothing(url: str) -> None:
    engine = open_database(url)

    def fail() -> None:
        with writing(engine) as connection:
            connection.exec_driver_sql("CREATE TABLE half (x INTEGER)")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    with reading(engine) as connection:
        assert not sa.inspect(connection).has_table("half")


def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite").write_text("a spreadsheet, perhaps\n" * 100)
    with pytest.raises(LedgerError, match="file is not a database"):
        open_database(f"sqlite:///{tmp_path / 'ledger.sqlite'}")


def test_a_ledger_of_a_newer_release_is_refused(url: str, tmp_path: Path) -> None:
    open_database(url)
    raw = sqlite3.connect(tmp_path / "ledger.sqlite")
    raw.execute("UPDATE alembic_version SET version_num = '9999'")
    raw.commit()
    raw.close()
    with pytest.raises(LedgerError, match="format 9999, newer than this release"):
        open_database(url)


def test_a_ledger_without_a_home_is_refused(tmp_path: Path) -> None:
    with pytest.raises(LedgerError, match="nowhere of the ledger"):
        open_database(f"sqlite:///{tmp_path / 'nowhere' / 'ledger.sqlite'}")


@pytest.mark.parametrize("url", ["not a url", "nosuchdb://host/x"])
def test_a_url_nobody_can_open_is_refused(url: str) -> None:
    with pytest.raises(LedgerError, match="ledger URL cannot be used"):
        open_database(url)


@pytest.mark.slow
def test_a_ledger_of_the_first_format_gains_a_journal_and_loses_nothing(
    tmp_path: Path,
) -> None:
    url = f"sqlite:///{tmp_path / 'old.sqlite'}"
    engine = sa.create_engine(url)
    script = ScriptDirectory(MIGRATIONS)
    with (
        engine.begin() as connection,
        EnvironmentContext(
            Config(),
            script,
            fn=lambda revision, _: script._upgrade_revs("0001", revision),
        ) as environment,
    ):
        environment.configure(connection=connection)
        environment.run_migrations()
        tables = set(sa.inspect(connection).get_table_names())
        assert "plan_journal" not in tables
        connection.exec_driver_sql(
            "INSERT INTO plan_version (version, state, scenario, title, as_of, "
            "effective_from, effective_to, proposed_by, proposed_at, why, policy_hash, "
            "input_hash, code_hash, content_hash) VALUES (1, 'draft', 'base', 'old', "
            "'2026-01-01', '2026-01-01', '2026-12-31', 'ana', '2026-01-01 00:00:00', "
            "'', 'p', 'i', 'c', 'h')"
        )
    engine.dispose()
    ledger = Ledger(url)
    assert ledger.get(1).title == "old"
    ledger.comment(1, "bo", "still here")
    assert [entry.body for entry in ledger.journal(1)] == [{"text": "still here"}]
