"""Names the CRM accepts, exports it gives, and what is ours of them."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.errors import HomeError
from pipelines.publication.crm_state import live_state, territory_of


@given(st.text(max_size=200))
def test_a_developer_name_is_what_the_crm_accepts(rep_id: str) -> None:
    name = territory_of(rep_id)
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*[A-Za-z0-9]", name)
    assert "__" not in name
    assert len(name) <= 80


@given(st.text("aA1_ -", max_size=4), st.text("aA1_ -", max_size=4))
def test_two_reps_never_share_a_territory_even_where_case_is_lost(
    one: str, other: str
) -> None:
    shared = territory_of(one).lower() == territory_of(other).lower()
    assert shared == (one == other)


def test_a_crm_without_exports_holds_nothing(tmp_path: Path) -> None:
    live = live_state(tmp_path)
    assert all(frame.is_empty() for frame in live.frames.values())


def test_what_others_made_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "Territory2.csv").write_text(
        "Id,DeveloperName,Name\n0MI1,aop_R1,Book of R1\n0MI2,EMEA,EMEA\n"
    )
    (tmp_path / "UserTerritory2Association.csv").write_text(
        '"Id","UserId","Territory2Id"\n"0MU1","R1","0MI1"\n"0MU2","R1","0MI2"\n'
    )
    live = live_state(tmp_path)
    assert live["Territory2"].rows() == [("aop_R1", "Book of R1", "0MI1")]
    assert live["UserTerritory2Association"].rows() == [("R1", "aop_R1", "0MU1")]


@pytest.mark.parametrize(
    ("amount", "cents"), [("1234.5", 123450), ("1E3", 100000), ("0.29", 29), ("7", 700)]
)
def test_amounts_keep_their_cents(tmp_path: Path, amount: str, cents: int) -> None:
    (tmp_path / "ForecastingQuota.csv").write_text(
        "Id,QuotaOwnerId,StartDate,QuotaAmount\n"
        f"0J1,R1,2026-02-15T00:00:00.000Z,{amount}\n"
    )
    assert live_state(tmp_path)["ForecastingQuota"].rows() == [
        ("R1", date(2026, 2, 1), cents, "0J1")
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Id,OwnerId\n0J1,R1\n", "is no export of ForecastingQuota"),
        ("", "is no export of ForecastingQuota"),
        (
            "Id,QuotaOwnerId,StartDate,QuotaAmount\n0J1,R1,2026-02-01,lots\n",
            "holds a value that is no amount or date",
        ),
        (
            "Id,QuotaOwnerId,StartDate,QuotaAmount\n0J1,R1,soon,1\n",
            "holds a value that is no amount or date",
        ),
    ],
)
def test_a_file_that_is_no_export_is_refused(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "ForecastingQuota.csv").write_text(text)
    with pytest.raises(HomeError, match=said):
        live_state(tmp_path)
