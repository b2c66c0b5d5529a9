"""What is written beside the rows: the load log, the quarantine and empty tables."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import polars as pl

from data_contracts.contract import ColumnType, ExtractContract, all_contracts
from pipelines.files import write_parquet
from pipelines.settings import Settings

SCHEMA_FILE = "0000-schema.parquet"

LOAD_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "known_on": pl.Date,
    "contract": pl.String,
    "contract_version": pl.String,
    "file": pl.String,
    "delivery": pl.String,
    "rows_read": pl.Int64,
    "rows_loaded": pl.Int64,
    "rows_unchanged": pl.Int64,
    "rows_quarantined": pl.Int64,
    "rows_duplicate": pl.Int64,
    "rows_deleted": pl.Int64,
    "is_refused": pl.Boolean,
    "reason": pl.String,
    "batch": pl.String,
    "source": pl.String,
}
QUARANTINE_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "known_on": pl.Date,
    "contract": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "rule": pl.String,
    "column_name": pl.String,
    "value": pl.String,
    "row_json": pl.String,
}
REPLAY_SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "known_on": pl.Date,
    "contract": pl.String,
    "file": pl.String,
    "line": pl.Int64,
    "row_digest": pl.String,
}
_TYPES: dict[ColumnType, pl.DataType | type[pl.DataType]] = {
    ColumnType.STRING: pl.String,
    ColumnType.MONEY: pl.Decimal(18, 4),
    ColumnType.DOUBLE: pl.Float64,
    ColumnType.INTEGER: pl.Int64,
    ColumnType.DATE: pl.Date,
    ColumnType.TIMESTAMP: pl.Datetime("us"),
    ColumnType.BOOLEAN: pl.Boolean,
}


@dataclass(frozen=True, slots=True)
class Load:
    """What became of one file; a row of the load log.

    ``rows_read = rows_loaded + rows_unchanged + rows_quarantined + rows_duplicate``
    always; a refused file read nothing. ``reason`` says why it was refused, or what was
    noticed while reading it. ``source`` names the source that delivered it.
    """

    known_on: date
    contract: str
    contract_version: str
    file: str
    delivery: str
    rows_read: int
    rows_loaded: int
    rows_unchanged: int
    rows_quarantined: int
    rows_duplicate: int
    rows_deleted: int
    is_refused: bool
    reason: str | None
    batch: str
    source: str = ""


def raw_folder(contract: ExtractContract, settings: Settings) -> Path:
    """Return the folder of one table's row versions."""
    return settings.raw / contract.system / contract.table


def quarantine_file(
    contract: ExtractContract, known_on: date, settings: Settings
) -> Path:
    """Return the file of one table's rows refused on one night."""
    folder = settings.quarantine / contract.system / contract.table
    return folder / f"{known_on}.parquet"


def load_file(contract: ExtractContract, known_on: date, settings: Settings) -> Path:
    """Return the load log of one table and night."""
    folder = settings.raw / "quality" / "loads"
    return folder / f"{known_on}-{contract.system}-{contract.table}.parquet"


def replayed_file(contract: ExtractContract, night: date, settings: Settings) -> Path:
    """Return the file of rows sent back out of one night's quarantine."""
    folder = settings.home / "replayed" / contract.system / contract.table
    return folder / f"{night}.parquet"


def replay_log(contract: ExtractContract, settings: Settings) -> Path:
    """Return the log of the quarantined rows that were sent back."""
    folder = settings.raw / "quality" / "replays"
    return folder / f"{contract.system}-{contract.table}.parquet"


def write_loads(loads: Sequence[Load], final: Path) -> None:
    """Write the load log of one table and night, whole or not at all."""
    rows = [asdict(load) for load in loads]
    write_parquet(pl.DataFrame(rows, schema=LOAD_SCHEMA, orient="row"), final)


def read_loads(contract: ExtractContract, settings: Settings) -> dict[date, list[Load]]:
    """Read every load logged for a contract, by night."""
    folder = settings.raw / "quality" / "loads"
    found = {}
    for path in sorted(folder.glob(f"*-{contract.system}-{contract.table}.parquet")):
        night = path.name[: len("2026-01-31")]
        if path == load_file(contract, date.fromisoformat(night), settings):
            rows = pl.read_parquet(path).to_dicts()
            found[date.fromisoformat(night)] = [Load(**row) for row in rows]
    return found


def raw_schema(
    contract: ExtractContract,
) -> dict[str, pl.DataType | type[pl.DataType]]:
    """Return the columns of a raw table: the contract's, then where a row came from.

    ``_known_on`` is the night from which a row was known to be true, ``_loaded_on`` the
    night whose run brought it in: later, where its file came late.
    """
    return {column.name: _TYPES[column.type] for column in contract.columns} | {
        "_known_on": pl.Date,
        "_is_deleted": pl.Boolean,
        "_file": pl.String,
        "_line": pl.Int64,
        "_batch": pl.String,
        "_loaded_on": pl.Date,
    }


def write_empty_tables(settings: Settings) -> int:
    """Write the zero-row file of every contract and log, so that readers find types.

    Returns
    -------
    int
        How many were missing, or had other columns, and were written.
    """
    wanted = {
        raw_folder(contract, settings) / SCHEMA_FILE: raw_schema(contract)
        for contract in all_contracts()
    }
    wanted[settings.raw / "quality" / "loads" / SCHEMA_FILE] = LOAD_SCHEMA
    refusals = settings.quarantine / "quality" / "refusals" / SCHEMA_FILE
    wanted[refusals] = QUARANTINE_SCHEMA
    wanted[settings.raw / "quality" / "replays" / SCHEMA_FILE] = REPLAY_SCHEMA
    written = 0
    for path, schema in wanted.items():
        # every landing asks: a frame is made only to be written
        if not path.is_file() or pl.read_parquet_schema(path) != pl.Schema(schema):
            write_parquet(pl.DataFrame(schema=schema), path)
            written += 1
    return written
