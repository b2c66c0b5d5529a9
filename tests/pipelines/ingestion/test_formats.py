"""Whatever format a file comes in, its rows land alike and its lines are counted."""

from datetime import date
from decimal import Decimal

import polars as pl
import pytest

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


def test_json_lines_without_a_required_key_are_refused(deliver, landing) -> None:
    deliver("crm-users", '{"user_id": "u1", "full_name": "A"}\n' * 3, suffix=".jsonl")
    assert "lacks column name" in landing("crm-users").refused[0]


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


@pytest.mark.parametrize("delimiter", [";", "|", "\t"])
def test_other_delimiters_and_line_ends_land_alike(
    deliver, landing, raw, delimiter
) -> None:
    text = (HEADER + ONE + TWO).replace(",", delimiter).replace("\n", "\r\n")
    deliver("crm-quotas", b"\xef\xbb\xbf" + text.encode())
    assert landing("crm-quotas").loaded == 2
    assert raw("crm-quotas")["_line"].to_list() == [2, 3]


def test_what_was_detected_is_said(deliver, landing, loads) -> None:
    deliver("crm-users", "user_id,name\nu1,Zoë\n".encode("latin-1"))
    assert landing("crm-users").notes == ("crm/users/2026-01-31.csv: encoding cp1252",)
    assert loads()[0]["reason"] == "encoding cp1252"


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
