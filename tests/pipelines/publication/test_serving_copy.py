"""Readers never fail and never see a mix, whatever publication is doing."""

import multiprocessing
import shutil
import stat
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

import data_contracts
from data_contracts.errors import AopError, BusyError, HomeError
from pipelines.files import digest
from pipelines.publication.copying import PROMISED
from pipelines.publication.plan_book import write_plan_book
from pipelines.publication.serving_copy import (
    current_parquet,
    publish,
    restricted_copy,
)
from pipelines.settings import Settings
from tests.pipelines.publication.conftest import NIGHT, write_run, write_warehouse

POLICIES = Path(data_contracts.__file__).parent / "policies"


def ask(file: Path, query: str) -> list[Any]:
    with duckdb.connect(file, read_only=True) as connection:
        return connection.execute(query).fetchall()


@pytest.mark.slow
def test_readers_find_the_tables_of_the_five_rooms_and_no_other(
    home: Settings,
) -> None:
    published = publish(home)
    found = ask(
        home.serving_copy,
        "select table_schema || '.' || table_name from information_schema.tables",
    )
    assert {row[0] for row in found} == {*PROMISED, "meta.publication"}
    assert published.path == home.serving_copy
    assert published.tables == len(PROMISED)
    assert published.rows == 5 * (len(PROMISED) - 1) + 1
    assert published.bytes == home.serving_copy.stat().st_size


@pytest.mark.slow
def test_personal_data_is_in_a_file_only_the_owner_reads(home: Settings) -> None:
    publish(home)
    hidden = restricted_copy(home)
    assert stat.S_IMODE(hidden.stat().st_mode) == 0o600
    assert ask(hidden, "from restricted.dim_rep_identity") == [("R1", "r1@example.com")]


@pytest.mark.slow
def test_the_copy_says_which_night_and_plan_it_is(
    home: Settings, publish_plan: Callable[..., Any]
) -> None:
    publish(home)
    night = "select as_of, plan_version, policy_hash from meta.publication"
    assert ask(home.serving_copy, night) == [(NIGHT, None, "p1")]
    publish_plan({"A1": "R1"})
    write_plan_book(home)
    publish(home)
    assert ask(home.serving_copy, night) == [(NIGHT, 1, "p1")]


def test_comments_reach_the_analysts(home: Settings) -> None:
    publish(home)
    assert ask(
        home.serving_copy,
        "select comment from duckdb_tables() where comment is not null",
    ) == [("A rep's life.",)]
    assert ask(
        home.serving_copy,
        "select comment from duckdb_columns() where comment is not null",
    ) == [("US cents",)]


@pytest.mark.slow
def test_nothing_is_left_beside_the_copy(home: Settings) -> None:
    publish(home)
    publish(home)
    assert {file.name for file in home.serving.iterdir()} == {
        *("aop.duckdb", "aop_restricted.duckdb", "parquet"),
        *(".parquet", ".lock", ".copies.json"),
    }


def test_the_remains_of_a_killed_run_are_swept(home: Settings) -> None:
    (home.serving / ".build-killed").mkdir(parents=True)
    publish(home)
    assert not list(home.serving.glob(".build-*"))


@pytest.mark.slow
def test_the_same_night_gives_the_same_parquet_bytes(home: Settings) -> None:
    publish(home)
    folder = current_parquet(home)
    first = {file.name: digest(file) for file in folder.rglob("*.parquet")}
    assert len(first) == len(PROMISED) + 1
    write_warehouse(home, NIGHT)
    publish(home)
    assert current_parquet(home) == folder
    assert {file.name: digest(file) for file in folder.rglob("*.parquet")} == first


@pytest.mark.slow
def test_a_replaced_night_stays_for_its_readers_and_then_goes(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(home)
    old = current_parquet(home)
    move_to(home, NIGHT + timedelta(days=1))
    publish(home)
    new = current_parquet(home)
    assert old != new
    assert (old / "core" / "dim_rep.parquet").is_file()
    monkeypatch.setattr(
        "pipelines.publication.serving_copy.KEPT_FOR", timedelta(seconds=-10)
    )
    publish(home)
    assert not old.exists()
    assert new.is_dir()


@pytest.mark.slow
def test_replaced_nights_are_kept_as_the_policy_says(
    home: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "pipelines.publication.serving_copy.KEPT_FOR", timedelta(seconds=-10)
    )
    told = (POLICIES / "template.yaml").read_text(encoding="utf-8")
    assert "kept_nights_count: 7" in told
    two = told.replace("kept_nights_count: 7", "kept_nights_count: 2")
    home.policy_file.write_text(two, encoding="utf-8")
    folders = []
    for day in range(4):
        move_to(home, NIGHT + timedelta(days=day))
        publish(home)
        folders.append(current_parquet(home))
    assert [folder.is_dir() for folder in folders] == [False, True, True, True]
    night = ask_parquet(folders[1] / "core" / "dim_rep.parquet")
    assert night == {NIGHT + timedelta(days=1)}


def ask_parquet(file: Path) -> set[date]:
    return set(pl.read_parquet(file)["as_of"])


def move_to(home: Settings, night: date) -> None:
    write_run(home, night)
    write_warehouse(home, night)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (lambda home: home.warehouse.unlink(), "warehouse.duckdb does not exist"),
        (
            lambda home: home.warehouse.write_bytes(b"not a database" * 100),
            "is no DuckDB file",
        ),
        (
            lambda home: run(home, "drop table drift.fct_drift_signal"),
            "half-built: it lacks drift.fct_drift_signal",
        ),
        (
            lambda home: run(home, "update core.dim_rep set as_of = as_of - 1"),
            "half-built: core.dim_rep is of 2026-04-11, the run of 2026-04-12",
        ),
        (
            lambda home: (home.reference / "run.parquet").unlink(),
            "run.parquet is missing",
        ),
    ],
)
def test_a_warehouse_that_is_not_whole_leaves_the_old_copy(
    home: Settings, harm: Callable[[Settings], Any], said: str
) -> None:
    publish(home)
    before, folder = digest(home.serving_copy), current_parquet(home)
    harm(home)
    with pytest.raises(HomeError) as refused:
        publish(home)
    assert said in refused.value.what
    assert digest(home.serving_copy) == before
    assert current_parquet(home) == folder
    assert not list(home.serving.glob(".build-*"))


def run(home: Settings, statement: str) -> None:
    with duckdb.connect(home.warehouse) as connection:
        connection.execute(statement)


@pytest.mark.slow
def test_an_empty_table_has_no_night_to_disagree_with(home: Settings) -> None:
    run(home, "delete from drift.fct_drift_signal")
    publish(home)


def test_before_the_first_publication_there_is_nothing_to_read(
    home: Settings,
) -> None:
    with pytest.raises(HomeError, match="nothing is published"):
        current_parquet(home)


def test_a_folder_in_place_of_the_link_is_not_overwritten(home: Settings) -> None:
    (home.serving / "parquet").mkdir(parents=True)
    with pytest.raises(HomeError, match="is a folder, not the link"):
        publish(home)


@pytest.mark.slow
def test_a_warehouse_that_is_being_written_makes_publication_wait_its_turn(
    home: Settings,
) -> None:
    context = multiprocessing.get_context("spawn")
    held, done = context.Event(), context.Event()
    writer = context.Process(target=hold, args=(str(home.warehouse), held, done))
    writer.start()
    assert held.wait(30)
    try:
        with pytest.raises(BusyError, match="another process is writing"):
            publish(home)
    finally:
        done.set()
        writer.join(30)


def hold(file: str, held: Any, done: Any) -> None:
    with duckdb.connect(file):
        held.set()
        done.wait(30)


PUBLISHES = 30


@pytest.mark.slow
def test_readers_never_fail_and_never_see_two_nights_at_once(
    home: Settings, tmp_path: Path
) -> None:
    built = [tmp_path / "one night", tmp_path / "the next"]
    for number, file in enumerate(built):
        write_warehouse(home, NIGHT + timedelta(days=number))
        shutil.copyfile(home.warehouse, file)
    write_warehouse(home, NIGHT)
    publish(home)
    context = multiprocessing.get_context("spawn")
    stop, reads, faults = context.Event(), context.Value("i", 0), context.Queue()
    readers = [
        context.Process(target=read, args=(home.home, stop, reads, faults))
        for _ in range(2)
    ]
    for reader in readers:
        reader.start()
    try:
        for number in range(PUBLISHES):
            before = reads.value
            write_run(home, NIGHT + timedelta(days=number % 2))
            shutil.copyfile(built[number % 2], home.warehouse)
            publish(home)
            while reads.value < before + 2 and any(r.is_alive() for r in readers):
                time.sleep(0.01)  # let both read before the next night is made
    finally:
        stop.set()
        for reader in readers:
            reader.join(60)
    assert faults.empty(), faults.get()
    assert [reader.exitcode for reader in readers] == [0, 0]
    assert reads.value >= 2 * PUBLISHES


def read(home: Path, stop: Any, reads: Any, faults: Any) -> None:
    settings = Settings(home=home)
    tables = [name for name in PROMISED if name != "drift.fct_drift_breach"]
    in_file = " union ".join(
        f"select as_of from {name}" for name in [*tables, "meta.publication"]
    )
    while not stop.is_set():
        try:
            nights = ask(
                settings.serving_copy,
                f"{in_file} union from meta.publication select as_of",
            )
            folder = current_parquet(settings)
            beside = duckdb.connect().execute(
                f"select distinct as_of from read_parquet('{folder}/*/*.parquet', "
                "union_by_name = true)"
            )
            if len(nights) != 1 or len(beside.fetchall()) != 1:
                faults.put(f"mixed nights: {nights}")
        except (AopError, duckdb.Error, OSError) as error:
            faults.put(repr(error))
        with reads.get_lock():
            reads.value += 1


def publish_for_ever(home: Path) -> None:
    while True:
        publish(Settings(home=home))


@pytest.mark.slow
def test_a_publisher_killed_at_any_moment_leaves_a_copy_that_reads(
    home: Settings,
) -> None:
    publish(home)
    context = multiprocessing.get_context("spawn")
    for wait in (0.9, 1.0, 1.15, 1.3):
        process = context.Process(target=publish_for_ever, args=(home.home,))
        process.start()
        time.sleep(wait)
        process.kill()
        process.join(30)
        assert ask(home.serving_copy, "select as_of from meta.publication") == [
            (NIGHT,)
        ]
        assert (current_parquet(home) / "core" / "dim_rep.parquet").is_file()
    publish(home)
    assert not list(home.serving.glob(".build-*"))
