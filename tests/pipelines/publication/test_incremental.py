"""A publication that goes on from the last one equals one from nothing."""

import shutil
import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest
from typer.testing import CliRunner

from pipelines.files import digest
from pipelines.publication.fingerprints import Blocks, content, stored
from pipelines.publication.last_copy import recall
from pipelines.publication.scrubbing import UnknownLayoutError, checksum
from pipelines.publication.serving_copy import (
    current_parquet,
    publish,
    restricted_copy,
)
from pipelines.serving.cli.main import app
from pipelines.serving.home import make_home
from pipelines.settings import Settings
from tests.pipelines.publication.conftest import NIGHT, write_run

LARGE = "core.fct_pipeline_snapshot"


@pytest.fixture
def published(home: Settings) -> Settings:
    """A night with a table large enough to be left as it is, published."""
    run(
        home,
        f"create table {LARGE} as select 'deal ' || i as opportunity_id, i as cents, "
        f"date '{NIGHT}' as as_of from range(20001) as r(i)",
        # values that no compression changes, so that they can be looked for
        "create table core.dim_note as select 'R' || i as rep_id, "
        "md5(i::varchar)::uuid as words from range(2000) as r(i)",
        f"comment on column {LARGE}.cents is 'US cents'",
        f"comment on column {LARGE}.as_of is 'the night'",
    )
    publish(home)
    return home


def run(home: Settings, *statements: str) -> None:
    with duckdb.connect(home.warehouse) as connection:
        for statement in statements:
            connection.execute(statement)


def ask(file: Path, query: str) -> list[Any]:
    with duckdb.connect(file, read_only=True) as connection:
        return connection.execute(query).fetchall()


def whole(file: Path) -> dict[str, Any]:
    """Return every table's rows and every word said of it."""
    with duckdb.connect(file, read_only=True) as connection:

        def told(query: str) -> list[Any]:
            return connection.execute(query).fetchall()

        tables = told(
            "select schema_name, table_name, comment from duckdb_tables() order by all"
        )
        columns = told(
            "select schema_name, table_name, column_index, column_name, data_type, "
            "comment from duckdb_columns() where not internal order by all"
        )
        found: dict[str, Any] = {"tables": tables, "columns": columns}
        for schema, table, _ in tables:
            found[f"{schema}.{table}"] = told(
                "select count(*), md5(string_agg(t::varchar, chr(10) order by rowid)) "
                f"from {schema}.{table} as t"
            )
    return found


def parquet(home: Settings) -> dict[str, str]:
    folder = current_parquet(home)
    return {
        str(file.relative_to(folder)): digest(file)
        for file in folder.rglob("*.parquet")
    }


def bytes_of(value: uuid.UUID) -> bytes:
    """Return how half of a value lies in a file."""
    return (value.int & (2**64 - 1)).to_bytes(8, "little")


def next_night(home: Settings, number: int) -> list[str]:
    """Return how the warehouse comes to be that of a later night, no row else new."""
    night = NIGHT + timedelta(days=number)
    write_run(home, night)
    tables = ask(
        home.warehouse,
        "select schema_name || '.' || table_name from duckdb_columns() "
        "where column_name = 'as_of' order by all",
    )
    return [f"update {name} set as_of = date '{night}'" for (name,) in tables]


NIGHTS: list[list[str]] = [
    [],
    [
        "insert into core.dim_note values ('R9999', uuid())",
        "update core.dim_note set words = uuid() where rep_id = 'R7'",
        "delete from core.fct_bookings where rep_id = 'R1'",
        "create table plan.fct_plan_more as select 1 as one",
        "comment on table core.dim_note is 'said of reps'",
        "comment on column core.dim_rep.cents is null",
        # the same rows, written again
        f"create or replace table {LARGE} as from {LARGE} order by hash(cents)",
        "update restricted.dim_rep_identity set email = 'r2@example.com'",
    ],
    [
        f"insert into {LARGE} values ('x', 1, null)",
        "delete from core.dim_note",
        # more than one group of rows, written by one thread and by several
        "create table core.fct_many as select i from range(130000) as r(i)",
    ],
    [f"alter table {LARGE} alter cents type integer", "drop table core.fct_many"],
    ["drop table core.dim_note", f"delete from {LARGE}"],
    # known as large only once it is read: too little stays to go on from
    ["create view core.rpt_many as select i from range(100000) as r(i)"],
]


@pytest.mark.slow
def test_what_changed_alone_gives_what_writing_it_all_gives(
    published: Settings,
) -> None:
    copies = (published.serving_copy, restricted_copy(published))
    for number, told in enumerate(NIGHTS, start=1):
        run(published, *next_night(published, number), *told)
        publish(published)
        reused = [whole(file) for file in copies], parquet(published)
        publish(published, is_anew=True)
        assert ([whole(file) for file in copies], parquet(published)) == reused


@pytest.mark.slow
def test_what_did_not_change_is_not_written_again(published: Settings) -> None:
    before = current_parquet(published)
    run(published, "insert into core.dim_note values ('R9999', uuid())")
    publish(published)
    after = current_parquet(published)
    same = [
        (before / table).stat().st_ino == (after / table).stat().st_ino
        for table in ("core/fct_pipeline_snapshot.parquet", "core/dim_note.parquet")
    ]
    assert same == [True, False]


@pytest.mark.slow
def test_no_byte_of_what_was_removed_stays_in_the_open_file(
    published: Settings,
) -> None:
    copies = ("dim_note", "dim_said", "dim_told")
    run(
        published,
        *(
            f"create table core.{name} as select rep_id, md5(words || '{name}')::uuid "
            "as words from core.dim_note"
            for name in copies[1:]
        ),
    )
    publish(published)
    removed = {
        "dim_note": "delete from core.dim_note where rep_id <> 'R1'",
        "dim_said": "drop table core.dim_said",
        "dim_told": "alter table core.dim_told drop column words",
    }
    for name, told in removed.items():
        said = ask(
            published.serving_copy,
            f"select words from core.{name} where rep_id like 'R%99'",
        )
        held = published.serving_copy.read_bytes()
        assert len(said) == 20
        assert all(bytes_of(one) in held for (one,) in said)
        run(published, told)
        publish(published)
        held = published.serving_copy.read_bytes()
        assert not any(bytes_of(one) in held for (one,) in said)


@pytest.mark.slow
def test_a_night_that_stamps_rows_alone_writes_no_other_column(
    published: Settings,
) -> None:
    def places() -> list[Any]:
        return ask(
            published.serving_copy,
            "select column_name, row_group_id, block_id, block_offset "
            f"from pragma_storage_info('{LARGE}') where column_name <> 'as_of' "
            "order by all",
        )

    before = places()
    assert before
    for number in (1, 2):
        run(published, *next_night(published, number))
        publish(published)
        assert places() == before
    night = NIGHT + timedelta(days=2)
    assert ask(published.serving_copy, f"select distinct as_of from {LARGE}") == [
        (night,)
    ]
    assert recall(published, "open") is not None


@pytest.mark.slow
def test_personal_data_removed_leaves_the_restricted_file_too(
    published: Settings,
) -> None:
    run(
        published,
        "create table restricted.fct_bonus as select md5(i::varchar)::uuid as bonus "
        "from range(999) as r(i)",
        "create table restricted.fct_pay as select i from range(99999) as r(i)",
    )
    publish(published)
    pay = ask(
        restricted_copy(published), "select bonus from restricted.fct_bonus limit 9"
    )
    held = restricted_copy(published).read_bytes()
    assert all(bytes_of(one) in held for (one,) in pay)
    run(published, "delete from restricted.fct_bonus")
    publish(published)
    held = restricted_copy(published).read_bytes()
    assert not any(bytes_of(one) in held for (one,) in pay)
    assert restricted_copy(published).stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_a_file_that_cannot_be_cleaned_is_written_anew_and_the_last_night_stays(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(*_: object) -> None:
        raise UnknownLayoutError("another engine")

    before, was = current_parquet(published), parquet(published)
    run(published, *next_night(published, 1))
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.publication.copying.scrub", cannot)
        publish(published)
    made = whole(published.serving_copy), parquet(published)
    assert {
        str(file.relative_to(before)): digest(file)
        for file in before.rglob("*.parquet")
    } == was
    publish(published, is_anew=True)
    assert (whole(published.serving_copy), parquet(published)) == made


@pytest.mark.slow
def test_a_file_does_not_grow_with_the_nights(published: Settings) -> None:
    publish(published, is_anew=True)
    first = published.serving_copy.stat().st_size
    for number in range(3):
        run(published, f"update core.dim_note set rep_id = rep_id || '{number}'")
        publish(published)
    publish(published)
    assert published.serving_copy.stat().st_size < 1.5 * first


@pytest.mark.slow
def test_what_is_not_as_it_was_put_is_not_gone_on_from(published: Settings) -> None:
    expected = whole(published.serving_copy), parquet(published)
    memory = published.serving / ".copies.json"
    harms: list[Callable[[], Any]] = [
        lambda: memory.write_text("{", encoding="utf-8"),
        lambda: (current_parquet(published) / "core" / "dim_rep.parquet").unlink(),
        lambda: published.serving_copy.write_bytes(b"harmed"),
        lambda: shutil.rmtree(current_parquet(published)),
    ]
    for harm in harms:
        harm()
        publish(published)
        assert (whole(published.serving_copy), parquet(published)) == expected


@pytest.mark.slow
def test_the_command_writes_what_changed_or_all_of_it(published: Settings) -> None:
    aop, given = CliRunner(), ["publish", "--home", str(published.home)]
    make_home(published)
    made = parquet_times(published)
    assert aop.invoke(app, given).exit_code == 0
    assert parquet_times(published) == made
    shutil.rmtree(published.serving / ".parquet")
    assert aop.invoke(app, [*given, "--anew"]).exit_code == 0
    assert parquet_times(published).keys() == made.keys()
    assert not set(parquet_times(published).values()) & set(made.values())


def parquet_times(home: Settings) -> dict[str, int]:
    """Return when each table of Parquet was written."""
    folder = current_parquet(home)
    return {
        str(file.relative_to(folder)): file.stat().st_mtime_ns
        for file in folder.rglob("*.parquet")
        if file.parent.name != "meta"
    }


@pytest.mark.slow
def test_a_run_killed_between_the_files_and_the_memory_is_made_good(
    published: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    run(published, "insert into core.dim_note values ('R9999', uuid())")
    with monkeypatch.context() as patched:
        patched.setattr("pipelines.publication.serving_copy.remember", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(published)
    assert recall(published, "open") is None
    run(published, "delete from core.dim_note where rep_id = 'R9999'")
    publish(published)
    notes = ask(published.serving_copy, "select count(*) from core.dim_note")
    assert notes == [(2000,)]


def test_a_digest_knows_rows_and_not_their_order() -> None:
    with duckdb.connect() as connection:

        def of(values: str) -> tuple[int, str, str | None]:
            connection.execute(
                f"create or replace table t as from (values {values}) as v(a, b)"
            )
            return content(connection, "t", [("a", "INTEGER"), ("b", "VARCHAR")])

        base = of("(1, 'x'), (2, 'y')")
        assert of("(2, 'y'), (1, 'x')") == base
        others = [
            of("(1, 'y'), (2, 'x')"),
            of("(1, 'x'), (2, 'y'), (2, 'y')"),
            of("(1, 'x'), (2, 'y'), (3, 'z'), (3, 'z')"),
            of("(1, 'x'), (2, null)"),
            of("(1, 'x')"),
        ]
        assert len({base, *others}) == len(others) + 1


@pytest.mark.slow
def test_a_place_in_the_file_changes_with_every_kind_of_writing(
    tmp_path: Path,
) -> None:
    file = tmp_path / "w.duckdb"
    places = []
    for told in (
        "create table t as select i, 'x' || i as x from range(5000) as r(i)",
        "select 1",
        "create table other as select 1 as one",
        "delete from t where i = 7",
        "update t set x = 'y' where i = 8",
        "insert into t values (1, 'z')",
    ):
        with duckdb.connect(file) as connection:
            connection.execute(told)
        with duckdb.connect() as connection:
            connection.execute(f"attach '{file}' as w (read_only)")
            blocks = Blocks(file, 262144)
            places.append(stored(connection, '"w"."main"."t"', blocks))
            blocks.close()
    assert places[0] == places[1] == places[2]
    assert len(set(places)) == 4


def test_the_checksum_is_the_one_duckdb_writes(tmp_path: Path) -> None:
    file = tmp_path / "any.duckdb"
    with duckdb.connect(file) as connection:
        connection.execute("create table t as select i from range(1000) as r(i)")
    block = file.read_bytes()[3 * 4096 : 3 * 4096 + 262144]
    assert int.from_bytes(block[:8], "little") == checksum(block[8:])
