"""Quarantined rows come back through the door, each accounted for."""

from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from data_contracts.contract import ExtractContract, contract
from data_contracts.errors import ContractError
from pipelines.ingestion.land import land
from pipelines.ingestion.replaying import Replay, export, replay

NIGHT = date(2026, 1, 31)
QUOTAS = contract("crm-quotas")
HEAD = "user_id,period_start,period_end,quota\n"
MIXED = (
    HEAD + "u1,2026-01-01,2026-03-31,100\n"
    "u2,2026-01-01,2026-03-31,12k\n"
    "u3,2026-01-01,2025-03-31,300\n"
    "u4,2026-01-01,2026-03-31,400\n"
)


def mended(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def accounted(found: Replay) -> bool:
    return found.tried == found.accepted + len(found.refused) + found.left


@pytest.mark.slow
def test_a_repaired_row_is_landed_for_its_night(
    deliver, landing, raw, loads, home, tmp_path
) -> None:
    deliver("crm-quotas", MIXED)
    assert landing("crm-quotas").quarantined == 2
    out = tmp_path / "rows.csv"
    assert export(QUOTAS, home, out) == 2
    assert "type money" in out.read_text("utf-8")
    mended(out, "12k", "12000")
    found = replay(QUOTAS, home, repaired=out)
    assert (found.tried, found.accepted, found.nights) == (2, 1, (NIGHT,))
    assert [one.line for one in found.refused] == [4]
    assert accounted(found)
    result = landing("crm-quotas")
    assert (result.rows, result.loaded, result.quarantined) == (5, 3, 2)
    landed = raw("crm-quotas", NIGHT).sort("user_id")["quota"].to_list()
    assert landed == [100, 12000, 400]
    files = [row["file"] for row in loads() if row["contract"] == "crm-quotas"]
    assert "replayed/crm/quotas/2026-01-31.parquet" in files
    with pytest.raises(ContractError, match="does not wait in quarantine"):
        replay(QUOTAS, home, repaired=out)  # the repaired row was sent back already


@pytest.mark.slow
def test_landing_again_after_a_replay_changes_nothing(
    deliver, landing, raw, home, tmp_path
) -> None:
    deliver("crm-quotas", MIXED)
    landing("crm-quotas")
    export(QUOTAS, home, tmp_path / "rows.csv")
    mended(tmp_path / "rows.csv", "12k", "12000")
    replay(QUOTAS, home, repaired=tmp_path / "rows.csv")
    landing("crm-quotas")
    before = raw("crm-quotas", NIGHT)
    assert not landing("crm-quotas").is_news
    assert raw("crm-quotas", NIGHT).equals(before)


@pytest.mark.slow
def test_a_later_delivery_wins_over_a_replayed_row(
    deliver, landing, raw, home, tmp_path
) -> None:
    later = NIGHT + timedelta(days=1)
    deliver("crm-quotas", MIXED)
    landing("crm-quotas")
    deliver("crm-quotas", MIXED.replace("12k", "777"), night=later)
    landing("crm-quotas", later)
    export(QUOTAS, home, tmp_path / "rows.csv")
    mended(tmp_path / "rows.csv", "12k", "12000")
    replay(QUOTAS, home, repaired=tmp_path / "rows.csv")
    landing("crm-quotas", later)
    known = raw("crm-quotas", "*").filter(pl.col("user_id") == "u2")
    newest = known.sort("_known_on").row(-1, named=True)
    assert (newest["_known_on"], newest["quota"]) == (later, 777)


def looser(one: ExtractContract) -> ExtractContract:
    """The contract without its row rules: a period may end before it starts."""
    schema = one.schema_[0].model_copy(update={"quality": ()})
    return one.model_copy(update={"schema_": (schema,), "version": "1.1.0"})


@pytest.mark.slow
def test_rows_under_new_rules_pass_as_they_are(deliver, landing, home) -> None:
    deliver("crm-quotas", MIXED)
    landing("crm-quotas")
    found = replay(looser(QUOTAS), home)
    assert (found.tried, found.accepted) == (2, 1)
    assert [one.rule for one in found.refused] == ["quota: type money"]
    assert accounted(found)
    again = replay(looser(QUOTAS), home)
    assert (again.tried, again.accepted) == (1, 0)
    assert land(looser(QUOTAS), NIGHT, home).loaded == 3


@pytest.mark.slow
def test_a_row_is_read_by_the_mapping_it_came_through(landing, home, tmp_path) -> None:
    folder = home.home / "exports"
    folder.mkdir(parents=True)
    (folder / "q.csv").write_text("Who,From,To,Sum\nu1,a,2026-03-31,5\nu2,b,,x\n")
    (home.home / "ours.yaml").write_text(
        "name: ours\ndescription: Ours.\nfiles: {q: q.csv}\ncontracts:\n"
        "  crm-quotas:\n    file: q\n    columns:\n      user_id: Who\n"
        "      period_start: {from: From, values: {b: 2026-01-01}}\n"
        "      period_end: To\n      quota: Sum\n"
    )
    home.sources_file.write_text(
        "sources:\n  - folder: exports\n    mapping: ours.yaml\n"
        "    extracted_on: 2026-01-31\n"
    )
    (folder / "q.csv").write_text(
        "Who,From,To,Sum\nu1,b,2026-03-31,5\nu2,b,2026-03-31,x\n"
    )
    assert landing("crm-quotas").quarantined == 1
    export(QUOTAS, home, tmp_path / "rows.csv")
    assert (tmp_path / "rows.csv").read_text().startswith("Who,From,To,Sum,_night")
    mended(tmp_path / "rows.csv", ",x,", ",7,")
    assert replay(QUOTAS, home, repaired=tmp_path / "rows.csv").accepted == 1
    assert landing("crm-quotas").loaded == 2


def test_of_two_rows_with_one_key_the_loser_is_not_sent_back_unasked(
    deliver, landing, raw, home
) -> None:
    two = HEAD + "u1,2026-01-01,2026-03-31,1\nu1,2026-01-01,2026-03-31,2\n"
    deliver("crm-quotas", two)
    landing("crm-quotas")
    found = replay(QUOTAS, home)
    assert (found.tried, found.accepted, found.left) == (1, 0, 1)
    landing("crm-quotas")
    assert raw("crm-quotas", NIGHT)["quota"].to_list() == [2]


@pytest.mark.slow
def test_a_night_whose_files_were_put_away_is_left(deliver, landing, home) -> None:
    path = deliver("crm-quotas", MIXED)
    landing("crm-quotas")
    path.unlink()
    found = replay(looser(QUOTAS), home)
    assert (found.accepted, found.left) == (0, 2)
    assert accounted(found)


def test_nothing_in_quarantine_is_told(home, tmp_path) -> None:
    with pytest.raises(ContractError, match=r"no row of crm-quotas waits"):
        replay(QUOTAS, home)
    with pytest.raises(ContractError, match=r"no row of crm-quotas waits"):
        export(QUOTAS, home, tmp_path / "rows.csv")


@pytest.mark.slow
def test_a_repair_must_say_which_row_it_mends(deliver, landing, home, tmp_path) -> None:
    deliver("crm-quotas", MIXED)
    landing("crm-quotas")
    rows = tmp_path / "rows.csv"
    rows.write_text("user_id,quota\nu2,5\n")
    with pytest.raises(ContractError, match="no column _night"):
        replay(QUOTAS, home, repaired=rows)
    rows.write_bytes(b"")
    with pytest.raises(ContractError, match="cannot be read as CSV"):
        replay(QUOTAS, home, repaired=rows)
