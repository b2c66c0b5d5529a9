"""Several sources feed one contract, and each speaks for its own rows."""

from datetime import date
from pathlib import Path

import pytest

from data_contracts.contract import contract
from data_contracts.errors import ContractError
from pipelines.ingestion.land import land
from pipelines.settings import Settings

FIRST, SECOND, THIRD = date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 1)
HEADER = "user_id,period_start,period_end,quota,currency\n"
QUOTAS = contract("crm-quotas")


def row(user: str, quota: int) -> str:
    return f"{user},2026-01-01,2026-03-31,{quota},USD\n"


def put(home: Settings, source: str, night: date, *rows: str) -> Path:
    path = home.home / source / "crm" / "quotas" / f"{night}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(rows))
    return path


@pytest.fixture
def two(home: Settings) -> Settings:
    """A home fed by a whole table of Europe and one of the United States."""
    return fed(home, "full", "full")


def fed(home: Settings, eu: str, us: str) -> Settings:
    home.home.mkdir(exist_ok=True)
    home.sources_file.write_text(
        "sources:\n"
        f"  - {{name: eu, folder: eu, layout: by_contract, delivery: {eu}}}\n"
        f"  - {{name: us, folder: us, layout: by_contract, delivery: {us}}}\n"
    )
    return home


def bytes_of(home: Settings) -> dict[str, bytes]:
    return {
        path.relative_to(home.home).as_posix(): path.read_bytes()
        for folder in (home.raw, home.quarantine)
        for path in sorted(folder.rglob("*.parquet"))
    }


@pytest.mark.slow
def test_rows_of_both_stand_side_by_side(two, raw, loads) -> None:
    put(two, "us", FIRST, row("u1", 1))
    put(two, "eu", FIRST, row("e1", 2), row("e2", 3))
    result = land(QUOTAS, FIRST, two)
    assert (result.rows, result.loaded) == (3, 3)
    assert raw("crm-quotas", FIRST)["user_id"].to_list() == ["e1", "e2", "u1"]
    assert {(one["source"], one["rows_loaded"]) for one in loads()} == {
        ("eu", 2),
        ("us", 1),
    }


@pytest.mark.slow
def test_a_whole_table_deletes_only_what_its_own_source_had(two, raw) -> None:
    put(two, "us", FIRST, row("u1", 1), row("u2", 1))
    put(two, "eu", FIRST, row("e1", 2))
    put(two, "us", SECOND, row("u1", 1))
    result = land(QUOTAS, SECOND, two)
    assert result.deleted == 1
    assert raw("crm-quotas", SECOND)["user_id"].to_list() == ["u2"]


@pytest.mark.slow
def test_a_source_that_was_retired_is_spoken_for_by_those_that_stay(two, raw) -> None:
    put(two, "us", FIRST, row("u1", 1))
    put(two, "eu", FIRST, row("e1", 2))
    land(QUOTAS, FIRST, two)
    two.sources_file.write_text(
        "sources:\n  - {name: us, folder: us, layout: by_contract}\n"
    )
    put(two, "us", SECOND, row("u1", 1))
    assert land(QUOTAS, SECOND, two).deleted == 1
    assert raw("crm-quotas", SECOND)["user_id"].to_list() == ["e1"]


@pytest.mark.slow
def test_changes_stand_over_the_whole_table_of_their_night(home, raw) -> None:
    both = fed(home, "changes", "full")  # the changes are listed first
    put(both, "eu", FIRST, row("a", 20))
    put(both, "us", FIRST, row("a", 1), row("b", 1))
    result = land(QUOTAS, FIRST, both)
    # the row replaced is a copy of an older state, not a fault
    assert (result.loaded, result.duplicates, result.quarantined) == (2, 1, 0)
    assert dict(raw("crm-quotas").select("user_id", "quota").iter_rows()) == {
        "a": 20,
        "b": 1,
    }


@pytest.mark.slow
def test_two_whole_tables_that_contradict_are_told(two, quarantined) -> None:
    put(two, "eu", FIRST, row("a", 20))
    put(two, "us", FIRST, row("a", 1))
    result = land(QUOTAS, FIRST, two)
    assert (result.loaded, result.quarantined) == (1, 1)
    refused = quarantined("crm-quotas", FIRST).row(0, named=True)
    assert (refused["rule"], refused["file"]) == (
        "duplicate key",
        f"crm/quotas/{FIRST}.csv",
    )


@pytest.mark.slow
def test_the_order_files_come_in_does_not_matter(tmp_path) -> None:
    files = [
        ("us", FIRST, [row("u1", 1), row("u2", 1)]),
        ("eu", FIRST, [row("e1", 2), row("u2", 5)]),
        ("us", SECOND, [row("u1", 7)]),
        ("eu", SECOND, [row("e1", 2)]),
    ]
    together = fed(Settings(tmp_path / "together"), "full", "full")
    for source, night, rows in files:
        put(together, source, night, *rows)
    land(QUOTAS, THIRD, together)
    for name, order in (("back", [3, 2, 1, 0]), ("mixed", [2, 0, 3, 1])):
        home = fed(Settings(tmp_path / name), "full", "full")
        for place in order:
            source, night, rows = files[place]
            put(home, source, night, *rows)
            land(QUOTAS, THIRD, home)
        assert bytes_of(home) == bytes_of(together)


@pytest.mark.slow
def test_one_refused_source_refuses_the_night_and_the_rest_stays(two, raw) -> None:
    put(two, "us", FIRST, row("u1", 1))
    put(two, "eu", FIRST, row("e1", 2))
    land(QUOTAS, FIRST, two)
    before = bytes_of(two)
    put(two, "us", SECOND, row("u1", 9))
    put(two, "eu", SECOND).write_text("user,quota\n")
    result = land(QUOTAS, SECOND, two)
    assert "lacks column" in result.refused[0]
    after = bytes_of(two)
    assert {one: after[one] for one in before} == before
    put(two, "us", THIRD, row("u1", 9))  # says nothing of the table refused
    assert land(QUOTAS, THIRD, two).refused
    put(two, "eu", THIRD, row("e1", 2))
    result = land(QUOTAS, THIRD, two)
    assert (result.refused, result.loaded) == ((), 1)


@pytest.mark.slow
def test_a_late_file_does_not_lose_what_was_put_away(home, raw) -> None:
    both = fed(home, "changes", "changes")
    gone = put(both, "us", FIRST, row("u1", 1))
    land(QUOTAS, FIRST, both)
    gone.unlink()
    put(both, "eu", FIRST, row("e1", 2))
    before = bytes_of(both)
    result = land(QUOTAS, FIRST, both)
    assert "its 1 rows would be lost" in result.refused[0]
    with pytest.raises(ContractError, match="has to be landed"):
        result.raise_if_refused()
    assert bytes_of(both) == before
    put(both, "us", FIRST, row("u1", 1))
    assert land(QUOTAS, FIRST, both).refused == ()
    assert raw("crm-quotas", FIRST)["user_id"].to_list() == ["e1", "u1"]
