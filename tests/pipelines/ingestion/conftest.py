"""A small home and a way to deliver files into it."""

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from data_contracts.contract import contract
from pipelines.ingestion.land import LandResult, land
from pipelines.settings import Settings

NIGHT = date(2026, 1, 31)

Deliver = Callable[..., Path]
Land = Callable[..., LandResult]
Rows = Callable[..., pl.DataFrame]
Mapped = Callable[..., dict[str, list[dict[str, Any]]]]


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    """An empty home."""
    return Settings(tmp_path / "home")


@pytest.fixture
def deliver(home: Settings) -> Deliver:
    """Write one delivered file: `deliver("crm-users", text, night=…, suffix=…)`."""

    def write(
        contract_id: str,
        content: str | bytes,
        *,
        night: date | None = NIGHT,
        suffix: str = ".csv",
        name: str = "",
    ) -> Path:
        one = contract(contract_id)
        folder = home.landing / one.system / one.table
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}{night or 'undated'}{suffix}"
        data = content.encode() if isinstance(content, str) else content
        path.write_bytes(data)
        return path

    return write


@pytest.fixture
def landing(home: Settings) -> Land:
    """Land one contract for a night: `landing("crm-users")`."""

    def run(contract_id: str, night: date = NIGHT) -> LandResult:
        return land(contract(contract_id), night, home)

    return run


@pytest.fixture
def raw(home: Settings) -> Rows:
    """Read a table's raw rows, all nights or one."""

    def read(contract_id: str, night: date | None = None) -> pl.DataFrame:
        one = contract(contract_id)
        folder = home.raw / one.system / one.table
        return pl.read_parquet(folder / f"{night or '*'}.parquet")

    return read


@pytest.fixture
def quarantined(home: Settings) -> Rows:
    """Read a table's quarantine of one night; empty where there is none."""

    def read(contract_id: str, night: date = NIGHT) -> pl.DataFrame:
        one = contract(contract_id)
        path = home.quarantine / one.system / one.table / f"{night}.parquet"
        return pl.read_parquet(path) if path.is_file() else pl.DataFrame()

    return read


@pytest.fixture
def loads(home: Settings) -> Callable[[], list[dict[str, object]]]:
    """Read the load log, oldest first."""

    def read() -> list[dict[str, object]]:
        folder = home.raw / "quality" / "loads"
        return pl.read_parquet(folder / "*.parquet").sort("known_on", "file").to_dicts()

    return read


@pytest.fixture
def mapped(home, landing, raw) -> Mapped:
    """Land contracts through a ready-made mapping; return their raw rows by id."""

    def run(
        mapping: str, files: dict[str, str], *contracts: str
    ) -> dict[str, list[dict[str, Any]]]:
        folder = home.home / "exports"
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        home.sources_file.write_text(
            f"sources:\n  - folder: exports\n    mapping: {mapping}\n"
            "    extracted_on: 2026-01-31\n"
        )
        found = {}
        for one in contracts:
            result = landing(one)
            assert result.refused == ()
            assert result.quarantined == 0
            assert result.rows == result.loaded
            found[one] = raw(one).to_dicts()
        return found

    return run
