"""Deliveries: whole nights, only what changed when asked, and no unknown style."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from data_contracts.errors import PolicyError
from pipelines.demo.deliveries import Deliverer, Style, style_of

ROWS = pl.DataFrame({"user_id": ["a", "b"], "name": ["Ada", "Ben"]})


def test_pieces_of_one_contract_become_one_file(tmp_path: Path) -> None:
    Deliverer(tmp_path, Style()).deliver(
        [("crm-users", ROWS), ("crm-users", ROWS)], "2026-01-31"
    )
    text = (tmp_path / "crm" / "users" / "2026-01-31.csv").read_text()
    assert text == "user_id,name\na,Ada\nb,Ben\na,Ada\nb,Ben\n"


@pytest.mark.parametrize(("packing", "ending"), [("gzip", ".gz"), ("zstd", ".zst")])
def test_packed_pieces_are_read_as_one(
    tmp_path: Path, packing: Any, ending: str
) -> None:
    name = "crm-opportunity-history"
    Deliverer(tmp_path, Style(packing=packing)).deliver(
        [(name, ROWS), (name, ROWS)], "2026-01-31"
    )
    path = tmp_path / "crm" / "opportunity_history" / f"2026-01-31.csv{ending}"
    assert pl.read_csv(path).equals(pl.concat([ROWS, ROWS]))


def test_parquet_pieces_are_files_of_the_same_night(tmp_path: Path) -> None:
    Deliverer(tmp_path, Style(file="parquet")).deliver(
        [("crm-users", ROWS), ("crm-users", ROWS)], "2026-01-31"
    )
    files = sorted((tmp_path / "crm" / "users").iterdir())
    assert [path.name for path in files] == [
        "2026-01-31.001.parquet",
        "2026-01-31.parquet",
    ]
    assert all(pl.read_parquet(path).equals(ROWS) for path in files)


def test_changes_hold_new_and_different_rows_only(tmp_path: Path) -> None:
    deliverer = Deliverer(tmp_path, Style(delivery="changes"))
    later = pl.DataFrame({"user_id": ["a", "b", "c"], "name": ["Ada", "Bo", "Cy"]})
    assert deliverer.deliver([("crm-users", ROWS)], "2026-01-31") == {"crm-users": 2}
    assert deliverer.deliver([("crm-users", later)], "2026-02-01") == {"crm-users": 2}
    assert deliverer.deliver([("crm-users", later)], "2026-02-02") == {}
    seen = pl.read_csv(tmp_path / "crm" / "users" / "2026-02-01.csv")
    assert seen["user_id"].to_list() == ["b", "c"]
    assert not (tmp_path / "crm" / "users" / "2026-02-02.csv").exists()


@pytest.mark.parametrize("fault", ["layout", "file", "packing", "delivery"])
def test_an_unknown_style_is_refused(tmp_path: Path, fault: str) -> None:
    wrong: dict[str, Any] = {fault: "xml"}
    with pytest.raises(PolicyError, match=f"demo {fault} 'xml' does not exist"):
        Deliverer(tmp_path, Style(**wrong))


def test_parquet_is_not_a_vendors_file() -> None:
    with pytest.raises(PolicyError, match="'vendor' has files of its own"):
        style_of(layout="vendor", file="parquet")


def test_a_night_in_another_packing_replaces_the_first(tmp_path: Path) -> None:
    name, night = "crm-opportunity-history", "2026-01-31"
    for packing in ("gzip", "zstd"):
        style = style_of(packing=packing)
        Deliverer(tmp_path, style).deliver([(name, ROWS)], night)
    folder = tmp_path / "crm" / "opportunity_history"
    assert [path.name for path in folder.iterdir()] == ["2026-01-31.csv.zst"]


def test_an_interrupted_night_leaves_the_nights_before_as_they_were(
    tmp_path: Path,
) -> None:
    deliverer = Deliverer(tmp_path, Style())
    deliverer.deliver([("crm-users", ROWS)], "2026-01-31")
    before = (tmp_path / "crm" / "users" / "2026-01-31.csv").read_bytes()

    def breaking() -> Iterator[tuple[str, pl.DataFrame]]:
        yield "crm-users", ROWS
        raise OSError("no space left on device")

    for night in ("2026-01-31", "2026-02-01"):
        with pytest.raises(OSError, match="no space"):
            deliverer.deliver(breaking(), night)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert [path.name for path in files] == ["2026-01-31.csv"]
    assert files[0].read_bytes() == before


@pytest.mark.parametrize(
    ("style", "folders"),
    [
        (Style(), {"landing"}),
        (
            Style(layout="vendor", delivery="changes"),
            {
                f"landing/{one}"
                for one in ("netsuite", "salesforce", "stripe", "workday")
            },
        ),
    ],
)
def test_a_style_says_which_sources_read_it(style: Style, folders: set[str]) -> None:
    sources = yaml.safe_load(style.sources)["sources"]
    assert {source["folder"] for source in sources} == folders
    assert {source["delivery"] for source in sources} == {style.delivery}
