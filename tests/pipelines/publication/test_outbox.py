"""The outbox of a version: what is in it, what is left out and why, and again."""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from data_contracts.errors import HomeError, LedgerError
from pipelines.ledger.store import Ledger
from pipelines.publication.crm_state import territory_of
from pipelines.publication.crm_target import TEMPLATE, CrmTarget, read_target
from pipelines.publication.outbox import write_outbox
from pipelines.settings import Settings

FILLED = (
    TEMPLATE.replace('territory_model_id: ""', "territory_model_id: 0MA1")
    .replace('territory_type_id: ""', "territory_type_id: 0M51")
    .replace('forecasting_type_id: ""', "forecasting_type_id: 0Db1")
)


def quotas(rep: str, cents: int) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "rep_id": rep,
                "segment_id": "smb",
                "region_id": "emea",
                "month_start": date(2026, month, 1),
                "quota_cents": cents + month,
                "base_cents": cents,
                "reason": "share of potential",
            }
            for month in range(1, 13)
        ]
    )


def hires() -> pl.DataFrame:
    return pl.DataFrame(
        {
            "segment_id": ["smb", "smb"],
            "role": ["ae", "ae"],
            "month_start": [date(2026, 2, 1), date(2026, 3, 1)],
            "hires_count": [2, 0],
            "reason": ["gap of 2 heads", ""],
        }
    )


@pytest.fixture
def published(home: Settings, publish_plan: Callable[..., Any]) -> Settings:
    """Version 1 holds: R1 owns A1 and A2, a quota for each month, two hires."""
    publish_plan({"A1": "R1", "A2": "R1"}, quota=quotas("R1", 100_00), hire=hires())
    home.serving.mkdir(exist_ok=True)
    with duckdb.connect(home.serving_copy) as connection:
        connection.execute(
            "create schema core; "
            "create table core.dim_rep as select 'R1' as rep_id, 'Ann Lee' as name; "
            "create table core.dim_account as select * from (values "
            "('A1', 'R1'), ('A2', 'R2'), ('A3', null)) t(account_id, owner_rep_id)"
        )
    (home.home / "outbox.yaml").write_text(FILLED)
    return home


def texts(folder: Path) -> dict[str, str]:
    return {
        str(file.relative_to(folder)): file.read_text(encoding="utf-8")
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.suffix != ".parquet"
    }


def test_only_what_differs_is_loaded(published: Settings) -> None:
    outbox = write_outbox(published, 1)
    assert {name: count for name, count in outbox.counts.items() if count} == {
        "Territory2.insert.csv": 1,
        "Account.update.csv": 1,
        "ForecastingQuota.insert.csv": 12,
    }
    assert outbox.waiting == {
        "UserTerritory2Association.insert.csv": 1,
        "ObjectTerritory2Association.insert.csv": 2,
    }
    files = texts(outbox.folder)
    assert files["crm/07-Account.update.csv"] == "Id,OwnerId\nA2,R1\n"
    assert files["crm/01-Territory2.insert.csv"] == (
        "Name,DeveloperName,Territory2ModelId,Territory2TypeId,"
        "AccountAccessLevel,OpportunityAccessLevel\n"
        f"Book of Ann Lee,{territory_of('R1')},0MA1,0M51,Edit,Edit\n"
    )
    assert files["crm/10-ForecastingQuota.insert.csv"].splitlines()[1] == (
        "R1,2026-01-01,0Db1,100.01"
    )
    assert files["reverse/01-Account.update.csv"] == "Id,OwnerId\nA2,R2\n"


def test_compensation_and_hr_get_their_own_files(published: Settings) -> None:
    files = texts(write_outbox(published, 1, day=date(2026, 2, 10)).folder)
    lines = files["compensation/quotas.csv"].splitlines()
    assert lines[0] == "rep_id,segment_id,region_id,period_start,period_end,quota"
    assert lines[1] == "R1,smb,emea,2026-02-01,2026-02-28,100.02"
    assert len(lines) == 1 + 11
    assert files["hr/requisitions.csv"] == (
        "segment_id,role,target_start_on,openings,reason\n"
        "smb,ae,2026-02-01,2,gap of 2 heads\n"
    )


@pytest.mark.slow
def test_a_dry_run_writes_nothing_and_counts_the_same(published: Settings) -> None:
    dry = write_outbox(published, 1, dry_run=True)
    assert not published.outbox.exists()
    assert not dry.is_written
    assert write_outbox(published, 1).counts == dry.counts


@pytest.mark.slow
def test_written_twice_it_is_the_same_bytes(published: Settings) -> None:
    first = texts(write_outbox(published, 1).folder)
    assert texts(write_outbox(published, 1).folder) == first
    assert [folder.name for folder in published.outbox.iterdir()] == ["1"]
    manifest = json.loads(first["manifest.json"])
    assert set(manifest["sha256"]) == set(first) - {"manifest.json"}


@pytest.mark.slow
def test_once_the_crm_holds_the_plan_nothing_is_left_but_the_way_back(
    published: Settings,
) -> None:
    write_outbox(published, 1)
    live, name = published.outbox / "live", territory_of("R1")
    live.mkdir()
    exports = {
        "Account": "Id,OwnerId\nA1,R1\nA2,R1\nA3,\n",
        "Territory2": f"Id,DeveloperName,Name\n0MI1,{name},Book of Ann Lee\n",
        "UserTerritory2Association": "Id,UserId,Territory2Id\n0MU1,R1,0MI1\n",
        "ObjectTerritory2Association": (
            "Id,ObjectId,Territory2Id\n0MO1,A1,0MI1\n0MO2,A2,0MI1\n"
        ),
        "ForecastingQuota": "Id,QuotaOwnerId,StartDate,QuotaAmount\n"
        + "".join(f"0J{m},R1,2026-{m:02}-01,100.{m:02}\n" for m in range(1, 13)),
    }
    for crm_object, text in exports.items():
        (live / f"{crm_object}.csv").write_text(text)
    outbox = write_outbox(published, 1)
    assert outbox.is_empty
    assert outbox.notes == ()
    files = texts(outbox.folder)
    assert "Nothing: the CRM already holds this plan." in files["checklist.md"]
    assert files["reverse/01-Account.update.csv"] == "Id,OwnerId\nA2,R2\n"
    deleted = files["reverse/02-ForecastingQuota.delete.csv"].splitlines()
    assert len(deleted) == 1 + 12
    undone = [text for file, text in files.items() if "Association.delete" in file]
    assert "Id\n0MO1\n0MO2\n" in undone


def test_what_cannot_be_loaded_is_left_out_and_said(published: Settings) -> None:
    (published.home / "outbox.yaml").unlink()
    outbox = write_outbox(published, 1)
    assert list(outbox.counts) == ["Account.update.csv"]
    assert "territory_model_id, territory_type_id is empty in outbox.yaml" in str(
        outbox.notes
    )
    checklist = (outbox.folder / "checklist.md").read_text()
    assert "ForecastingQuota is left out: forecasting_type_id is empty" in checklist


@pytest.mark.slow
def test_accounts_the_crm_does_not_know_are_named(
    published: Settings, publish_plan: Callable[..., Any]
) -> None:
    publish_plan({"A9": "R1"}, start=date(2026, 1, 1), parent_version=1)
    outbox = write_outbox(published, 2)
    assert "1 accounts of the plan are unknown to the CRM, e.g. A9" in outbox.notes
    assert outbox.counts["Account.update.csv"] == 0


@pytest.mark.slow
def test_a_leavers_quota_goes_and_a_managers_stays(
    published: Settings, publish_plan: Callable[..., Any]
) -> None:
    content = {"quota": quotas("R2", 50_00)}
    publish_plan({"A1": "R2"}, parent_version=1, **content)
    live = published.outbox / "live"
    live.mkdir(parents=True)
    (live / "ForecastingQuota.csv").write_text(
        "Id,QuotaOwnerId,StartDate,QuotaAmount\n"
        "0J1,R1,2026-05-01,100.05\n0J2,M1,2026-05-01,900.00\n0J3,R1,2025-05-01,1.00\n"
    )
    files = texts(write_outbox(published, 2).folder)
    assert files["crm/08-ForecastingQuota.delete.csv"] == "Id\n0J1\n"


@pytest.mark.slow
@pytest.mark.parametrize("day", [date(2025, 12, 31), date(2027, 1, 1)])
def test_a_version_is_not_loaded_on_a_day_it_does_not_govern(
    published: Settings, day: date
) -> None:
    with pytest.raises(LedgerError, match=f"does not govern {day}"):
        write_outbox(published, 1, day=day)


@pytest.mark.slow
def test_a_proposal_can_only_be_tried(published: Settings) -> None:
    ledger = Ledger(published.ledger_url)
    plan = ledger.get(1)
    ledger.propose(
        {},
        scenario="base",
        title="t",
        as_of=plan.as_of,
        effective_from=plan.effective_from,
        effective_to=plan.effective_to,
        proposed_by="ana",
        why="",
        policy_hash="",
        input_hash="",
        code_hash="",
    )
    with pytest.raises(LedgerError, match=r"version 2 \(proposed\) does not govern"):
        write_outbox(published, 2)
    assert not write_outbox(published, 2, dry_run=True).is_written


def test_the_template_is_a_target_with_gaps(tmp_path: Path) -> None:
    (tmp_path / "outbox.yaml").write_text(TEMPLATE)
    assert read_target(tmp_path) == CrmTarget()
    assert set(CrmTarget().gaps) == {"Territory2", "ForecastingQuota"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("modle: 1", "modle: Extra inputs are not permitted"),
        ("account_access: Own", "account_access: Input should be 'Read', 'Edit'"),
        ("a: [", "outbox.yaml cannot be used: while parsing"),
    ],
)
def test_a_target_that_is_wrong_names_its_key(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "outbox.yaml").write_text(text)
    with pytest.raises(HomeError) as refused:
        read_target(tmp_path)
    assert said in refused.value.what
