"""Whatever format a file comes in, its rows land alike and its lines are counted."""

import gzip
import io
import shutil
import zipfile
from datetime import date
from decimal import Decimal

import polars as pl
import pytest

from pipelines.ingestion import staging
from pipelines.ingestion.standins import STAND_IN

HEADER = "user_id,period_start,period_end,quota,currency\n"
ONE = "u1,2026-01-01,2026-03-31,1000.50,USD\n"
TWO = "u2,2026-01-01,2026-03-31,2000,USD\n"


def test_json_lines_land_with_broken_ones_in_quarantine(
    deliver, landing, raw, quarantined
) -> None:
    text = (
        '{"user_id": "u1", "name": "Ada", "is_active": true}\n'
        "\n"
        '{"user_id": "u2", "name": \n'
        '{"user_id": "u3", "name": null}\n'
        '{"name": "Bo", "user_id": 4}\n'
        '{"user_id": "u5", "name": "Cy"}\n'
    )
    deliver("crm-users", text, suffix=".jsonl")
    result = landing("crm-users")
    assert (result.rows, result.loaded, result.quarantined) == (5, 3, 2)
    assert raw("crm-users")["user_id"].to_list() == ["u1", "4", "u5"]
    assert quarantined("crm-users")["rule"].to_list() == ["row shape", "required"]
    assert '{\\"user_id\\": \\"u2\\"' in quarantined("crm-users")["row_json"][0]


@pytest.mark.slow
def test_json_lines_without_a_required_key_are_refused(deliver, landing) -> None:
    deliver("crm-users", '{"user_id": "u1", "full_name": "A"}\n' * 3, suffix=".jsonl")
    assert "lacks column name" in landing("crm-users").refused[0]


@pytest.mark.slow
def test_parquet_lands_as_text_would(deliver, landing, raw, tmp_path) -> None:
    path = tmp_path / "quotas.parquet"
    pl.DataFrame(
        {
            "user_id": ["u1", "u2"],
            "period_start": [date(2026, 1, 1)] * 2,
            "period_end": [date(2026, 3, 31)] * 2,
            "quota": [1000.5, -1.0],
        }
    ).write_parquet(path)
    deliver("crm-quotas", path.read_bytes(), suffix=".parquet")
    result = landing("crm-quotas")
    assert (result.loaded, result.quarantined) == (1, 1)
    row = raw("crm-quotas").row(0, named=True)
    assert (row["quota"], row["currency"]) == (Decimal("1000.5"), None)


@pytest.mark.slow
@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
def test_other_delimiters_and_line_ends_land_alike(
    deliver, landing, raw, delimiter
) -> None:
    text = (HEADER + ONE + TWO).replace(",", delimiter).replace("\n", "\r\n")
    deliver("crm-quotas", b"\xef\xbb\xbf" + text.encode())
    assert landing("crm-quotas").loaded == 2
    assert raw("crm-quotas")["_line"].to_list() == [2, 3]


@pytest.mark.slow
def test_what_was_detected_is_said(deliver, landing, loads) -> None:
    deliver("crm-users", "user_id,name\nu1,Zoë\n".encode("latin-1"))
    assert landing("crm-users").notes == ("crm/users/2026-01-31.csv: encoding cp1252",)
    assert loads()[0]["reason"] == "encoding cp1252"


@pytest.mark.slow
def test_lines_count_values_that_span_lines(deliver, landing, raw, quarantined) -> None:
    deliver(
        "crm-users",
        'user_id,name\nu1,"A\nda"\n\nu2,\nu3,Bo\nu4\nu5,"C\n\ny"\nu6,Di\n',
    )
    landing("crm-users")
    kept = raw("crm-users")
    told = dict(zip(kept["user_id"], kept["_line"], strict=True))
    assert told == {"u1": 2, "u3": 6, "u5": 8, "u6": 11}
    assert quarantined("crm-users")["line"].to_list() == [5, 7]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("broken", "is_simple"),
    [
        ("u8,2026-01-01\nu9,a,b,c,d,e,f\n", True),
        ("u8,2026-01-01\n\nu9,a,b,c,d,e,f\n", False),  # a blank line beside it
        ('u8,"2026-01-01\n', False),  # a stray quote
        ("u8,2026-01-01,2026-03-31,1,USD,\n", False),  # one empty column too many
        ('u8,2026\nu7,2026-01-01,2026-03-31,2,"US\nD"\n', False),
    ],
)
def test_broken_lines_are_the_same_stood_in_for_fetched_by_number_or_split_out(
    deliver, landing, home, monkeypatch, broken, is_simple
) -> None:
    deliver("crm-quotas", HEADER + ONE + broken + TWO)
    used = []

    def noted(way):
        def run(*given):
            used.append((way.__name__, found := way(*given)))
            return found

        return run

    def told() -> list[bytes]:
        folders = (home.raw / "crm" / "quotas", home.quarantine / "crm" / "quotas")
        found = [path for one in folders for path in sorted(one.glob("2*.parquet"))]
        return [path.read_bytes() for path in found]

    for way in (staging.stand_in, staging.rejected):
        monkeypatch.setattr(staging, way.__name__, noted(way))
    counts, bytes_ = [], []
    for unused in (None, "has_many_broken", "rejected"):
        if unused is not None:
            monkeypatch.setattr(staging, unused, lambda *given: None)
        result = landing("crm-quotas")
        counts.append((result.rows, result.quarantined))
        bytes_.append(told())
        shutil.rmtree(home.raw)
    assert [name for name, found in used if found is not None] == (
        ["stand_in", "rejected"] if is_simple else []
    )
    assert bytes_[0] == bytes_[1] == bytes_[2]
    assert counts[0] == counts[1] == counts[2]


@pytest.mark.slow
def test_a_line_that_looks_like_a_stand_in_is_a_row_like_any_other(
    deliver, landing, raw, quarantined
) -> None:
    own = f"{STAND_IN},2026-01-01,2026-03-31,5,USD\n"
    deliver("crm-quotas", HEADER + ONE + own + "u8,2026-01-01\n" + TWO)
    assert landing("crm-quotas").quarantined == 1
    assert STAND_IN in raw("crm-quotas", date(2026, 1, 31))["user_id"].to_list()
    assert quarantined("crm-quotas")["line"].to_list() == [4]


def zipped(**files: str) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


@pytest.mark.slow
def test_an_archive_of_several_files_is_several_files(
    deliver, landing, loads, raw
) -> None:
    data = zipped(
        **{
            "east.csv": HEADER + ONE,
            "west/west.tsv": (HEADER + TWO).replace(",", "\t"),
            "__MACOSX/._east.csv": "not data",
            ".DS_Store": "not data",
        }
    )
    deliver("crm-quotas", data, suffix=".zip")
    assert landing("crm-quotas").loaded == 2
    assert [load["file"] for load in loads()] == [
        "crm/quotas/2026-01-31.zip/east.csv",
        "crm/quotas/2026-01-31.zip/west/west.tsv",
    ]
    assert raw("crm-quotas", date(2026, 1, 31))["_line"].to_list() == [2, 2]


@pytest.mark.slow
def test_an_archive_is_read_by_a_mapping_file_by_file(home, landing) -> None:
    # as Salesforce's weekly export comes
    place = home.home / "exports" / "WE_2026-01-31.zip"
    place.parent.mkdir(parents=True)
    place.write_bytes(
        zipped(
            **{
                "User.csv": "Id,Name\n005A,Ada\n",
                "UserRole.csv": "Id,Name\n00E1,Seller\n",
                "Product2.csv": "Id,Name,Family\n01tA,Core,Platform\n",
            }
        )
    )
    home.sources_file.write_text(
        "sources:\n  - {folder: exports, mapping: salesforce}\n"
    )
    assert landing("crm-users").files == ("WE_2026-01-31.zip/User.csv",)
    assert landing("crm-products").loaded == 1


def test_a_damaged_archive_is_refused(deliver, landing) -> None:
    deliver("crm-quotas", b"PK\x03\x04 cut", suffix=".csv.zip")
    assert "cannot be read" in landing("crm-quotas").refused[0]


@pytest.mark.parametrize("encoding", ["utf-32", "utf-16", "utf-16-be"])
def test_wide_encodings_are_read_and_said(deliver, landing, encoding) -> None:
    deliver("crm-users", "user_id,name\nu1,Zoë\nu2,Bo\n".encode(encoding))
    result = landing("crm-users")
    assert result.loaded == 2
    assert f"encoding {encoding}" in result.notes[0]


@pytest.mark.slow
@pytest.mark.parametrize("suffix", [".csv", ".csv.zst"])
def test_a_packed_file_is_unpacked_whatever_its_name_says(
    deliver, landing, raw, suffix
) -> None:
    deliver("crm-quotas", gzip.compress((HEADER + ONE + TWO).encode()), suffix=suffix)
    result = landing("crm-quotas")
    assert result.loaded == 2
    assert "packed as .gz" in result.notes[0]
    assert raw("crm-quotas", date(2026, 1, 31))["_line"].to_list() == [2, 3]


def test_a_json_array_is_refused_with_the_way_out(deliver, landing) -> None:
    deliver("crm-users", '\n [{"user_id": "u1", "name": "Ada"}]', suffix=".jsonl")
    result = landing("crm-users")
    assert "is one JSON array" in result.refused[0]
    assert "jq -c" in result.errors[0].fix
