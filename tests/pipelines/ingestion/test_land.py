"""Landing keeps what is new, quarantines what is bad and loses nothing."""

import gzip
import shutil
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from data_contracts.errors import ContractError, HomeError
from pipelines.settings import Settings

NIGHT = date(2026, 1, 31)
NEXT = date(2026, 2, 1)
HEADER = "user_id,period_start,period_end,quota,currency\n"
ONE = "u1,2026-01-01,2026-03-31,1000.50,USD\n"
TWO = "u2,2026-01-01,2026-03-31,2000,USD\n"
CUT_GZIP = gzip.compress((HEADER + ONE).encode(), mtime=0)[:-9]


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*.parquet"))
    }


@pytest.mark.slow
def test_rows_arrive_typed_with_where_they_came_from(deliver, landing, raw) -> None:
    deliver("crm-quotas", HEADER + ONE + TWO)
    result = landing("crm-quotas")
    assert (result.rows, result.loaded, result.refused) == (2, 2, ())
    first = raw("crm-quotas", NIGHT).row(0, named=True)
    assert first["quota"] == Decimal("1000.5000")
    assert first["period_start"] == date(2026, 1, 1)
    assert first["_known_on"] == NIGHT
    assert first["_is_deleted"] is False
    assert (first["_file"], first["_line"]) == ("crm/quotas/2026-01-31.csv", 2)


def test_a_timestamp_with_a_zone_is_kept_in_utc(deliver, landing, raw) -> None:
    deliver(
        "crm-opportunity-history",
        "opportunity_id,changed_at,stage\no1,2026-01-02T10:00:00+02:00,open\n",
    )
    landing("crm-opportunity-history")
    moment = raw("crm-opportunity-history")["changed_at"][0]
    assert moment == datetime(2026, 1, 2, 8, 0)  # noqa: DTZ001 - raw times are naive UTC


@pytest.mark.slow
@pytest.mark.parametrize(
    ("row", "rule", "column", "value"),
    [
        (",2026-01-01,2026-03-31,1,USD", "required", "user_id", None),
        ("u9,2026-02-30,2026-03-31,1,USD", "type date", "period_start", "2026-02-30"),
        ("u9,01/02/2026,2026-03-31,1,USD", "type date", "period_start", "01/02/2026"),
        ("u9,20-01-05,2026-03-31,1,USD", "type date", "period_start", "20-01-05"),
        ("u9,2026-01-01,infinity,1,USD", "type date", "period_end", "infinity"),
        ("u9,2026-01-01,2026-03-31,ten,USD", "type money", "quota", "ten"),
        ("u9,2026-01-01,2026-03-31,-1,USD", "minimum 0", "quota", "-1"),
        (
            "u9,2026-01-01,2026-03-31,1,dollar",
            "pattern ^[A-Za-z]{3}$",
            "currency",
            "dollar",
        ),
        ("u9,2026-01-01,2025-12-31,1,USD", "period-end-after-start", None, None),
    ],
)
def test_a_row_that_breaks_a_rule_is_quarantined_whole(
    deliver, landing, raw, quarantined, row, rule, column, value
) -> None:
    deliver("crm-quotas", HEADER + ONE + row + "\n" + TWO)
    result = landing("crm-quotas")
    assert (result.rows, result.loaded, result.quarantined) == (3, 2, 1)
    refused = quarantined("crm-quotas").row(0, named=True)
    assert refused["rule"] == rule
    assert refused["column_name"] == column
    assert refused["value"] == value
    assert refused["line"] == 3
    assert refused["contract"] == "crm-quotas"
    assert row.split(",")[3] in refused["row_json"]
    assert raw("crm-quotas")["_line"].to_list() == [2, 4]


def test_a_whole_number_is_not_rounded_to_one(deliver, landing, quarantined) -> None:
    rows = [f"a{i},Acme,{n}" for i, n in enumerate(["12", "12.0", "12.7"])]
    deliver("crm-accounts", "account_id,name,employee_count\n" + "\n".join(rows))
    assert landing("crm-accounts").loaded == 2
    assert quarantined("crm-accounts")["value"].to_list() == ["12.7"]


@pytest.mark.slow
def test_identical_copies_are_duplicates_and_conflicts_keep_the_last(
    deliver, landing, raw, quarantined
) -> None:
    changed = ONE.replace("1000.50", "999")
    deliver("crm-quotas", HEADER + ONE + changed + TWO + TWO + ONE)
    result = landing("crm-quotas")
    assert (result.rows, result.loaded) == (5, 2)
    assert (result.duplicates, result.quarantined) == (2, 1)
    assert raw("crm-quotas")["_line"].to_list() == [5, 6]
    refused = quarantined("crm-quotas").row(0, named=True)
    assert (refused["rule"], refused["line"]) == ("duplicate key", 3)
    assert refused["value"] == "u1, 2026-01-01"
    assert '"quota":999.0000' in refused["row_json"].replace(" ", "")


@pytest.mark.slow
def test_only_news_is_written_the_next_night(deliver, landing, raw) -> None:
    deliver("crm-quotas", HEADER + ONE + TWO)
    landing("crm-quotas")
    three = TWO.replace("u2", "u3")
    deliver(
        "crm-quotas",
        HEADER + ONE.replace("1000.50", "1100") + three,
        night=NEXT,
    )
    result = landing("crm-quotas", NEXT)
    assert (result.loaded, result.unchanged, result.deleted) == (2, 0, 1)
    news = raw("crm-quotas", NEXT)
    told = dict(zip(news["user_id"], news["_is_deleted"], strict=True))
    assert told == {"u1": False, "u3": False, "u2": True}
    gone = news.filter(pl.col("user_id") == "u2").row(0, named=True)
    assert gone["quota"] == Decimal(2000)  # the last known values stay readable


@pytest.mark.slow
def test_a_night_without_news_writes_no_rows(deliver, landing, home) -> None:
    deliver("crm-quotas", HEADER + ONE)
    landing("crm-quotas")
    deliver("crm-quotas", HEADER + ONE.replace("1000.50", "1000.5"), night=NEXT)
    result = landing("crm-quotas", NEXT)
    assert (result.rows, result.unchanged, result.loaded) == (1, 1, 0)
    assert not (home.raw / "crm" / "quotas" / f"{NEXT}.parquet").exists()


@pytest.mark.slow
def test_a_deleted_row_that_returns_is_news(deliver, landing, raw) -> None:
    later = date(2026, 2, 2)
    deliver("crm-quotas", HEADER + ONE + TWO)
    deliver("crm-quotas", HEADER + ONE, night=NEXT)
    deliver("crm-quotas", HEADER + ONE + TWO, night=later)
    assert landing("crm-quotas", later).loaded == 3  # 2 + 0 + 1 over three nights
    assert raw("crm-quotas", later)["user_id"].to_list() == ["u2"]


@pytest.mark.slow
def test_changes_never_delete(deliver, landing, raw, home) -> None:
    home.home.mkdir(exist_ok=True)
    home.sources_file.write_text(
        "sources:\n  - {folder: landing, layout: by_contract, delivery: changes}\n"
    )
    deliver("crm-quotas", HEADER + ONE + TWO)
    deliver("crm-quotas", HEADER + ONE.replace("1000.50", "7"), night=NEXT)
    assert landing("crm-quotas", NEXT).deleted == 0
    assert raw("crm-quotas")["_is_deleted"].to_list() == [False, False, False]


@pytest.mark.slow
def test_a_quarantined_row_is_not_taken_for_deleted(deliver, landing) -> None:
    deliver("crm-quotas", HEADER + ONE + TWO)
    landing("crm-quotas")
    deliver("crm-quotas", HEADER + ONE + TWO.replace("2000", "many"), night=NEXT)
    result = landing("crm-quotas", NEXT)
    assert (result.quarantined, result.deleted) == (1, 0)


@pytest.mark.slow
def test_nothing_is_deleted_while_a_key_cannot_be_read(deliver, landing) -> None:
    deliver("crm-quotas", HEADER + ONE + TWO)
    landing("crm-quotas")
    deliver("crm-quotas", HEADER + ONE + TWO.replace("u2", ""), night=NEXT)
    assert landing("crm-quotas", NEXT).deleted == 0


@pytest.mark.slow
def test_landing_twice_changes_no_byte(deliver, landing, home) -> None:
    deliver("crm-quotas", HEADER + ONE + "x,,,,\n" + TWO)
    first = landing("crm-quotas")
    before = bytes_of(home.home)
    again = landing("crm-quotas")
    assert bytes_of(home.home) == before
    assert not again.is_news
    assert (again.rows, again.quarantined) == (first.rows, first.quarantined)


@pytest.mark.slow
def test_landing_anew_gives_the_same_bytes(deliver, landing, home) -> None:
    deliver("crm-quotas", HEADER + ONE + "x,,,,\n" + TWO)
    deliver("crm-quotas", HEADER + TWO, night=NEXT)
    landing("crm-quotas", NEXT)
    before = bytes_of(home.home)
    shutil.rmtree(home.raw)
    shutil.rmtree(home.quarantine)
    landing("crm-quotas", NEXT)
    assert bytes_of(home.home) == before


@pytest.mark.slow
def test_raw_rows_removed_by_hand_are_landed_anew(deliver, landing, home) -> None:
    deliver("crm-quotas", HEADER + ONE + TWO)
    landing("crm-quotas")
    before = bytes_of(home.home)
    shutil.rmtree(home.raw / "crm" / "quotas")
    landing("crm-quotas")
    assert bytes_of(home.home) == before


@pytest.mark.slow
def test_a_landing_cut_off_before_its_log_is_done_again(deliver, landing, home) -> None:
    deliver("crm-quotas", HEADER + ONE + TWO)
    landing("crm-quotas")
    before = bytes_of(home.home)
    (home.raw / "quality" / "loads" / f"{NIGHT}-crm-quotas.parquet").unlink()
    landing("crm-quotas")
    assert bytes_of(home.home) == before


@pytest.mark.slow
def test_a_late_file_amends_its_night_and_those_after(deliver, landing, raw) -> None:
    deliver("crm-quotas", HEADER + ONE, night=NEXT)
    landing("crm-quotas", NEXT)
    assert raw("crm-quotas", NEXT).height == 1
    deliver("crm-quotas", HEADER + ONE + TWO)
    landing("crm-quotas", NEXT)
    assert raw("crm-quotas", NIGHT)["user_id"].to_list() == ["u1", "u2"]
    assert raw("crm-quotas", NEXT)["_is_deleted"].to_list() == [True]
    # when it was true and when it was loaded are kept apart
    assert set(raw("crm-quotas", NIGHT)["_loaded_on"]) == {NEXT}


@pytest.mark.slow
def test_a_night_landed_again_keeps_when_its_rows_were_first_loaded(
    deliver, landing, raw
) -> None:
    after = NEXT + timedelta(days=1)
    deliver("crm-quotas", HEADER + ONE)
    landing("crm-quotas", NIGHT)
    deliver("crm-quotas", HEADER + ONE + TWO, night=NEXT)
    landing("crm-quotas", NEXT)
    deliver("crm-quotas", HEADER + "u9,2026-01-01,2026-03-31,9,USD\n", name="late-")
    landing("crm-quotas", after)
    loaded = dict(raw("crm-quotas", NIGHT).select("user_id", "_loaded_on").iter_rows())
    assert loaded == {"u1": NIGHT, "u9": after}
    again = raw("crm-quotas", NEXT).select("user_id", "_is_deleted", "_loaded_on")
    # u2 is news of that night as before; that u9 went is known only now
    assert set(again.iter_rows()) == {("u2", False, NEXT), ("u9", True, after)}


@pytest.mark.slow
def test_several_files_of_a_night_are_one_delivery(deliver, landing, loads) -> None:
    deliver("crm-quotas", HEADER + ONE, name="east-")
    deliver("crm-quotas", HEADER + TWO + "bad,,,,\n" + ONE, name="west-")
    result = landing("crm-quotas")
    assert (result.rows, result.loaded, result.duplicates) == (4, 2, 1)
    by_file = {load["file"]: load for load in loads()}
    east = by_file["crm/quotas/east-2026-01-31.csv"]
    west = by_file["crm/quotas/west-2026-01-31.csv"]
    assert (east["rows_read"], east["rows_duplicate"]) == (1, 1)
    assert (west["rows_read"], west["rows_loaded"], west["rows_quarantined"]) == (
        3,
        2,
        1,
    )


@pytest.mark.slow
def test_an_undated_file_is_known_while_it_does_not_change(deliver, landing) -> None:
    deliver("crm-quotas", HEADER + ONE, night=None)
    assert landing("crm-quotas", NIGHT).is_news
    assert not landing("crm-quotas", NEXT).is_news
    deliver("crm-quotas", HEADER + ONE + TWO, night=None)
    result = landing("crm-quotas", NEXT)
    assert (result.loaded, result.unchanged) == (1, 1)


@pytest.mark.slow
def test_a_file_dated_after_the_night_waits(deliver, landing) -> None:
    deliver("crm-quotas", HEADER + ONE, night=NEXT)
    assert landing("crm-quotas", NIGHT).rows == 0
    assert landing("crm-quotas", NEXT).rows == 1


# ---- what is refused whole


@pytest.mark.slow
@pytest.mark.parametrize(
    ("content", "suffix", "told"),
    [
        ("", ".csv", "is empty"),
        ("user_id,period_end,quota\nu1,2026-03-31,1\n", ".csv", "lacks column period_"),
        (HEADER.replace("user_id", "UserId") + ONE, ".csv", "UserId looks like it"),
        (HEADER + ONE + "u2,2026-01-01,2026-0", ".csv", "is cut short"),
        (HEADER + ONE + 'u2,"2026-01-01,2026-03-31,1,U', ".csv", "is cut short"),
        (HEADER.replace("currency", "quota") + ONE, ".csv", "column quota 2 times"),
        (b"\x1f\x8b\x08\x00 not gzip", ".csv.gz", "cannot be read"),
        (CUT_GZIP, ".csv.gz", "cannot be read"),
        ("PAR1 nonsense", ".parquet", "cannot be read"),
        (HEADER + ONE, ".xlsx", "not a format"),
        (HEADER + "a,b,c,d,e\n" * 2 + ONE, ".csv", "2 of 3 rows break crm-quotas"),
    ],
)
def test_a_broken_file_is_refused_and_nothing_else_changes(
    deliver, landing, home, loads, content, suffix, told
) -> None:
    deliver("crm-quotas", HEADER + TWO)
    landing("crm-quotas")
    before = bytes_of(home.raw / "crm")
    path = deliver("crm-quotas", content, night=NEXT, suffix=suffix)
    result = landing("crm-quotas", NEXT)
    assert len(result.refused) == 1
    assert told in result.refused[0]
    assert path.name in result.refused[0]
    with pytest.raises(ContractError) as refused:
        result.raise_if_refused()
    assert refused.value.fix
    assert path.is_file()
    assert bytes_of(home.raw / "crm") == before
    assert not list(home.quarantine.rglob(f"{NEXT}.parquet"))
    last = loads()[-1]
    assert (last["is_refused"], last["rows_read"]) == (True, 0)
    assert told in str(last["reason"])
    assert [path.name for path in home.home.glob(".landing-*")] == []


@pytest.mark.slow
def test_a_refusal_shows_no_value_of_a_row(deliver, landing, home, loads) -> None:
    header = "worker_id,effective_date,base,target_variable,currency\n"
    deliver("hris-compensation", header + "W1,2026-01-01,120000,5,USD\nW2,2026,987654")
    assert "is cut short" in landing("hris-compensation").refused[0]
    folder = home.home / "exports"
    folder.mkdir()
    (folder / "pay.csv").write_text("Id,Base\nW2,987654x\n")
    (home.home / "own.yaml").write_text(
        "name: own\ndescription: ours\nfiles: {pay: pay*.csv}\n"
        "contracts:\n  hris-compensation:\n    file: pay\n"
        "    sql: select Id as worker_id, '2026-01-01' as effective_date,\n"
        "      cast(Base as bigint) as base, 'USD' as currency from pay\n"
    )
    home.sources_file.write_text(
        "sources:\n  - {folder: exports, mapping: own.yaml, extracted_on: 2026-02-01}\n"
    )
    assert "Could not convert string" in landing("hris-compensation", NEXT).refused[0]
    reasons = [str(load["reason"]) for load in loads()]
    assert len(reasons) == 2
    assert not any("987654" in reason for reason in reasons)


@pytest.mark.slow
def test_a_refused_file_loads_once_it_is_mended(deliver, landing, loads) -> None:
    deliver("crm-quotas", "user,quota\n")
    assert landing("crm-quotas").refused
    deliver("crm-quotas", HEADER + ONE)
    result = landing("crm-quotas")
    assert (result.loaded, result.refused) == (1, ())
    assert [load["is_refused"] for load in loads()] == [False]


def test_a_newer_whole_file_makes_up_for_a_refused_one(deliver, landing) -> None:
    deliver("crm-quotas", "user,quota\n")
    deliver("crm-quotas", HEADER + ONE, night=NEXT)
    assert landing("crm-quotas", NEXT).refused == ()


@pytest.mark.slow
def test_a_required_table_without_rows_is_refused(deliver, landing) -> None:
    deliver("crm-users", "user_id,name\n")
    assert "holds no row" in landing("crm-users").refused[0]
    deliver("crm-quotas", HEADER)
    assert landing("crm-quotas").refused == ()


def test_an_empty_landing_folder_is_told_with_the_way_out(landing) -> None:
    with pytest.raises(HomeError, match="there is no extract in") as told:
        landing("crm-users")
    assert "landing/" in told.value.fix


def test_a_night_before_the_first_extract_is_told(deliver, landing) -> None:
    deliver("crm-users", "user_id,name\nu1,Ada\n")
    with pytest.raises(HomeError, match="lies before the first extract") as told:
        landing("crm-users", date(2025, 12, 31))
    assert "2026-01-31" in told.value.fix


def test_a_missing_required_extract_is_named(deliver, landing) -> None:
    deliver("crm-quotas", HEADER + ONE)
    with pytest.raises(ContractError, match="no file for billing-customers"):
        landing("crm-users")


def test_an_absent_optional_extract_is_no_fault(landing, home: Settings) -> None:
    result = landing("crm-quotas")
    assert (result.rows, result.refused) == (0, ())
    empty = pl.read_parquet(home.raw / "crm" / "quotas" / "0000-schema.parquet")
    assert empty.height == 0
    assert empty.schema["quota"] == pl.Decimal(18, 4)
    assert empty.schema["_known_on"] == pl.Date


@pytest.mark.slow
def test_damaged_raw_files_are_told_not_thrown(deliver, landing, home) -> None:
    deliver("crm-quotas", HEADER + ONE)
    landing("crm-quotas")
    (home.raw / "crm" / "quotas" / f"{NIGHT}.parquet").write_bytes(b"edited by hand")
    deliver("crm-quotas", HEADER + TWO, night=NEXT)
    with pytest.raises(HomeError, match="cannot be compared") as told:
        landing("crm-quotas", NEXT)
    assert "raw/crm/quotas" in told.value.fix
