"""Deliveries: whole nights, only what changed when asked, and no unknown style."""

from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_contracts.errors import PolicyError
from pipelines.demo.deliveries import Deliverer, Style

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
