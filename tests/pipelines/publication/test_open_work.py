"""A cutover says who owns the open deals of the accounts that move with it."""

from collections.abc import Callable
from datetime import date
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from pipelines.publication.outbox import write_outbox
from pipelines.serving.home import POLICIES
from pipelines.settings import Settings

JUNE = date(2026, 6, 1)


@pytest.fixture
def moved(home: Settings, publish_plan: Callable[..., Any]) -> Settings:
    """A1 goes from R1 to R2 on 1 June, with two open deals and a won one; A2 stays."""
    publish_plan({"A1": "R1", "A2": "R1"})
    publish_plan({"A1": "R2", "A2": "R1"}, start=JUNE, parent_version=1)
    rules = yaml.safe_load((POLICIES / "template.yaml").read_text())
    rules["handover"]["holdover"].update(
        expires_after_days=30, stages=["proposal"], old_owner_share=0.5
    )
    home.policy_file.write_text(yaml.safe_dump(rules))
    home.serving.mkdir(exist_ok=True)
    with duckdb.connect(home.serving_copy) as connection:
        connection.execute(
            "create schema core; "
            "create table core.dim_rep as select * from (values "
            "('R1', 'Ann', null::date, 'M'), ('R2', 'Bo', null, 'M')) "
            "t(rep_id, name, left_on, manager_rep_id); "
            "create table core.dim_account as select * from (values "
            "('A1', 'R1'), ('A2', 'R1')) t(account_id, owner_rep_id); "
            "create table core.fct_opportunity as select * from (values "
            "('O1', 'A1', date '2026-05-01', 'proposal', false), "
            "('O2', 'A1', date '2026-05-01', 'early', false), "
            "('O3', 'A1', date '2026-01-01', 'won', true), "
            "('O4', 'A2', date '2026-05-01', 'proposal', false)) "
            "t(opportunity_id, account_id, opened_on, stage, is_closed); "
            "alter table core.fct_opportunity add column amount_cents bigint "
            "default 5; "
            "alter table core.fct_opportunity add column as_of date "
            "default date '2026-05-20'"
        )
    return home


@pytest.mark.slow
def test_the_file_holds_deals_by_the_policys_rule(moved: Settings) -> None:
    folder = write_outbox(moved, 2).folder
    rows = pl.read_csv(folder / "handover" / "opportunities.csv", try_parse_dates=True)
    assert rows.select(
        "opportunity_id",
        "rep_id",
        "account_rep_id",
        "rep_share",
        "valid_from",
        "valid_to",
    ).rows() == [
        ("O1", "R1", "R2", 0.5, JUNE, date(2026, 6, 30)),
        ("O1", "R2", "R2", 1.0, date(2026, 7, 1), date(2026, 12, 31)),
        ("O2", "R2", "R2", 1.0, JUNE, date(2026, 12, 31)),
    ]


@pytest.mark.slow
def test_long_leave_is_covered_in_the_file(moved: Settings) -> None:
    rules = yaml.safe_load(moved.policy_file.read_text())
    rules["handover"] |= {"leave_cover": "manager", "leave_cover_min_days": 14}
    moved.policy_file.write_text(yaml.safe_dump(rules))
    with duckdb.connect(moved.serving_copy) as connection:
        connection.execute(
            "create table core.fct_leave_cover as select * from (values "
            "('R2', 'M', date '2026-07-10', date '2026-08-09'), "
            "('R2', null, date '2026-11-01', null), "
            "('R1', 'M', date '2026-06-21', null)) "
            "t(rep_id, acting_rep_id, covered_from, covered_to)"
        )
    folder = write_outbox(moved, 2).folder
    rows = pl.read_csv(folder / "handover" / "opportunities.csv", try_parse_dates=True)
    held = rows.filter(pl.col("opportunity_id") == "O1")
    assert held.select("rep_id", "acting_rep_id", "valid_from", "valid_to").rows() == [
        ("R1", "R1", JUNE, date(2026, 6, 20)),
        ("R1", "M", date(2026, 6, 21), date(2026, 6, 30)),
        ("R2", "R2", date(2026, 7, 1), date(2026, 7, 9)),
        ("R2", "M", date(2026, 7, 10), date(2026, 8, 9)),
        ("R2", "R2", date(2026, 8, 10), date(2026, 12, 31)),
    ]


@pytest.mark.slow
def test_without_opportunities_the_note_says_so(moved: Settings) -> None:
    with duckdb.connect(moved.serving_copy) as connection:
        connection.execute("drop table core.fct_opportunity")
    outbox = write_outbox(moved, 2, dry_run=True)
    assert any("holdover is not told" in note for note in outbox.notes)
