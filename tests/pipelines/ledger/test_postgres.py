"""The same ledger on a real PostgreSQL, which these tests start and stop."""

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from data_contracts.errors import BusyError, LedgerError
from pipelines.ledger import connection as opening
from pipelines.ledger.connection import open_database, reading, writing
from pipelines.ledger.schema import metadata
from pipelines.ledger.store import Ledger
from tests.pipelines.ledger.conftest import books, proposing, targets

pytestmark = pytest.mark.slow

Run = Callable[..., None]


def binaries() -> Path | None:
    """Where Debian or the path keeps the server's programs."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    found = shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    return debian[-1] if debian else None


@pytest.fixture(scope="session")
def server() -> Iterator[str]:
    """A cluster of its own, reached by a socket in its own folder."""
    pytest.importorskip("psycopg", reason="the PostgreSQL driver is not installed")
    programs = binaries()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed: no initdb found")
    owner = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    if owner and owner not in {user.pw_name for user in pwd.getpwall()}:
        pytest.skip("PostgreSQL refuses to run as root and there is no postgres user")
    folder = Path(tempfile.mkdtemp(prefix="ledger-pg-"))
    if owner:
        shutil.chown(folder, owner)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [programs / program, *arguments],
            user=owner,
            cwd=folder,
            check=True,
            capture_output=True,
            timeout=120,
        )

    data = str(folder / "data")
    run("initdb", "-D", data, "-U", "aop", "-A", "trust", "--no-sync", "-E", "UTF8")
    quiet = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
    run("pg_ctl", "-D", data, "-w", "-o", quiet, "-l", str(folder / "log"), "start")
    try:
        yield f"postgresql+psycopg://aop@/{{name}}?host={folder}"
    finally:
        run("pg_ctl", "-D", data, "-w", "-m", "immediate", "stop")
        shutil.rmtree(folder)


@pytest.fixture
def url(server: str, request: pytest.FixtureRequest) -> str:
    """A new database for each test."""
    name = f"t{abs(hash(request.node.nodeid))}"
    admin = sa.create_engine(
        server.format(name="postgres"),
        isolation_level="AUTOCOMMIT",
        poolclass=sa.pool.NullPool,
    )
    with admin.connect() as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {name}")
    return server.format(name=name)


def test_the_migrations_build_exactly_the_tables_described(url: str) -> None:
    with reading(open_database(url)) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []


def test_many_may_open_a_new_ledger_at_once(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(open_database, [url] * 8))
    assert Ledger(url).versions() == []


def test_a_plan_is_the_same_plan_on_both_databases(
    url: str, tmp_path: Path, clock: Any
) -> None:
    owners = {"A1": "R1", 'Ä, "2"\n': "", "A3": "R\\N"}
    start = date(2026, 1, 1)
    content = {"assignment": books(owners, start), "target": targets(start, 12)}
    postgres = proposing(Ledger(url))(content=content)
    sqlite = Ledger(f"sqlite:///{tmp_path / 'ledger.sqlite'}", clock=clock)
    assert proposing(sqlite)(content=content).content_hash == postgres.content_hash
    for component, frame in sqlite.content(1).items():
        assert Ledger(url).lines(1, component).equals(frame)
    assert Ledger(url).verify().is_intact


def test_a_life_from_proposal_to_history(url: str) -> None:
    ledger = Ledger(url)
    propose = proposing(ledger)
    propose()
    with pytest.raises(LedgerError, match="may not approve it"):
        ledger.approve(1, "ANA@example.com")
    ledger.approve(1, "bo")
    ledger.publish(1, "bo")
    propose(start=date(2026, 6, 1), parent_version=1, breach_key="R1 left")
    with pytest.raises(LedgerError, match="already answered by plan version 2"):
        propose(breach_key="R1 left")
    ledger.approve(2, "bo")
    ledger.publish(2, "bo")
    assert [str(plan.state) for plan in ledger.versions()] == [
        "superseded",
        "published",
    ]
    assert ledger.book().lines["target"].height == 12 + 7
    assert ledger.verify().faults == ()


def test_of_two_approvers_one_wins_and_the_other_is_told_who(url: str) -> None:
    proposing(Ledger(url))()

    def approve(actor: str) -> str:
        try:
            Ledger(url).approve(1, actor)
        except LedgerError as error:
            return error.what
        return "won"

    people = [f"approver {number}" for number in range(6)]
    with ThreadPoolExecutor(6) as pool:
        answers = dict(zip(people, pool.map(approve, people), strict=True))
    (winner,) = (who for who, answer in answers.items() if answer == "won")
    assert sum(f"approved by {winner}" in answer for answer in answers.values()) == 5


def test_proposals_at_once_get_numbers_of_their_own(url: str) -> None:
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: proposing(Ledger(url))().version, range(8)))
    assert sorted(made) == list(range(1, 9))
    assert Ledger(url).verify().is_intact


def test_lines_cannot_be_changed_through_the_database(url: str) -> None:
    proposing(Ledger(url))()
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    for change in (
        "UPDATE plan_target SET value_cents = 0",
        "DELETE FROM plan_event",
        "UPDATE plan_version SET why = 'because'",
    ):
        with (
            pytest.raises(sa.exc.DBAPIError, match="immutable"),
            engine.begin() as connection,
        ):
            connection.exec_driver_sql(change)


def test_altered_lines_are_found(url: str) -> None:
    proposing(Ledger(url))()
    engine = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE plan_target DISABLE TRIGGER ALL")
        connection.exec_driver_sql("UPDATE plan_target SET value_cents = 0")
    assert Ledger(url).verify().faults == ("version 1: its lines were altered",)


def test_a_writer_who_waits_too_long_is_told(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "BUSY_SECONDS", 0.2)
    engine = open_database(url)
    with (
        writing(engine),
        pytest.raises(BusyError, match="has been writing the ledger"),
        writing(engine),
    ):
        pass


def test_a_database_that_is_not_there_is_refused(server: str) -> None:
    with pytest.raises(LedgerError, match="cannot be opened"):
        open_database(server.format(name="nowhere"))
