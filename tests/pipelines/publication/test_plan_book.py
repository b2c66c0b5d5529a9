"""The plan book: typed before the first plan, the same bytes ever after."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from data_contracts.plan import COMPONENTS
from pipelines.publication.plan_book import (
    anchor,
    component_schema,
    write_plan_book,
)
from pipelines.settings import Settings


def types(file: Path) -> dict[str, str]:
    rows = duckdb.connect().execute(f"describe from '{file}'").fetchall()
    return {row[0]: row[1] for row in rows}


def test_before_the_first_plan_every_file_is_there_without_rows(
    home: Settings,
) -> None:
    written = write_plan_book(home)
    beside = ["versions", "events", "decisions", "quota_bridges", "scenario_bridges"]
    assert written == dict.fromkeys([*beside, *COMPONENTS], 0)
    for component in COMPONENTS:
        frame = pl.read_parquet(home.plan_book / f"{component}.parquet")
        assert frame.is_empty()
        assert frame.schema == pl.Schema(component_schema(component))


def test_dbt_finds_the_types_agreed(home: Settings) -> None:
    write_plan_book(home)
    assert types(home.plan_book / "assignment.parquet") == {
        "version": "INTEGER",
        "account_id": "VARCHAR",
        "rep_id": "VARCHAR",
        "segment_id": "VARCHAR",
        "valid_from": "DATE",
        "valid_to": "DATE",
        "previous_rep_id": "VARCHAR",
        "is_moved": "BOOLEAN",
        "reason": "VARCHAR",
        "keep_cost_cents": "BIGINT",
        "move_cost_cents": "BIGINT",
        "next_best_rep_id": "VARCHAR",
        "potential_cents": "BIGINT",
    }
    found = types(home.plan_book / "versions.parquet") | types(
        home.plan_book / "events.parquet"
    )
    assert found["version"] == found["seq"] == found["parent_version"] == "INTEGER"
    assert found["proposed_at"] == found["happened_at"] == "TIMESTAMP"
    assert found["territory_gap_share"] == "DOUBLE"
    assert found["as_of"] == "DATE"
    assert types(home.plan_book / "hire.parquet")["hires_count"] == "BIGINT"


def test_what_was_published_is_there_and_what_was_not_is_not(
    home: Settings, publish_plan: Callable[..., Any], ledger: Any
) -> None:
    publish_plan({"A1": "R1", "A2": "R2"})
    ledger.propose(
        {},
        **{
            name: getattr(ledger.get(1), name)
            for name in (
                *("scenario", "title", "as_of", "effective_from", "effective_to"),
                *("proposed_by", "why", "policy_hash", "input_hash", "code_hash"),
            )
        },
    )
    written = write_plan_book(home)
    assert (written["versions"], written["events"], written["assignment"]) == (2, 6, 2)
    versions = pl.read_parquet(home.plan_book / "versions.parquet")
    assert versions.get_column("state").to_list() == ["published", "proposed"]


def test_the_same_ledger_gives_the_same_bytes(
    home: Settings, publish_plan: Callable[..., Any]
) -> None:
    publish_plan({"A1": "R1", "A2": "R2"})
    write_plan_book(home)
    first = {file.name: file.read_bytes() for file in home.plan_book.iterdir()}
    write_plan_book(home)
    assert {file.name: file.read_bytes() for file in home.plan_book.iterdir()} == first
    assert len(first) == 5 + len(COMPONENTS)


def test_the_book_keeps_the_newest_event_for_the_ledger_to_be_held_against(
    home: Settings, publish_plan: Callable[..., Any], ledger: Any
) -> None:
    assert anchor(home) is None
    publish_plan({"A1": "R1"})
    write_plan_book(home)
    assert anchor(home) == ledger.verify().last_hash
    assert ledger.verify(anchor=anchor(home)).is_intact


def test_without_a_book_there_is_no_anchor(tmp_path: Path) -> None:
    assert anchor(Settings(home=tmp_path)) is None
