"""Write extracts as files, a whole night or nothing of it."""

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import polars as pl

TIME_FORMAT: Final = "%Y-%m-%dT%H:%M:%SZ"
PACKED: Final = frozenset(
    {
        "crm-opportunities", "crm-opportunity-history", "billing-invoices",
        "billing-invoice-lines",
    }
)  # fmt: skip


def deliver(
    pieces: Iterable[tuple[str, pl.DataFrame]], landing: Path, night: str
) -> dict[str, int]:
    """Write one night's extracts to ``landing/<system>/<table>/<night>.csv``.

    Parameters
    ----------
    pieces : iterable of (contract id, frame)
        Pieces of one contract are written one after the other.
    landing : Path
        Folder the files go to; files of the same night are replaced.
    night : str
        ISO date, the stem of every file.

    Returns
    -------
    dict
        Rows by contract. Large tables are packed with gzip. A file appears under
        its name only when all files of the night are complete.
    """
    landing.mkdir(parents=True, exist_ok=True)
    draft = landing / f".{night}.part"
    shutil.rmtree(draft, ignore_errors=True)
    rows: dict[str, int] = {}
    finals: dict[Path, Path] = {}
    try:
        for contract, frame in pieces:
            system, table = contract.split("-", maxsplit=1)
            suffix = ".csv.gz" if contract in PACKED else ".csv"
            place = Path(system, table.replace("-", "_"), night + suffix)
            part = draft / place
            part.parent.mkdir(parents=True, exist_ok=True)
            with part.open("ab") as stream:
                frame.write_csv(
                    stream,
                    include_header=contract not in rows,
                    datetime_format=TIME_FORMAT,
                    compression="gzip" if contract in PACKED else "uncompressed",
                    compression_level=6 if contract in PACKED else None,
                    check_extension=False,
                )
            finals[part] = landing / place
            rows[contract] = rows.get(contract, 0) + frame.height
        for part, final in finals.items():
            final.parent.mkdir(parents=True, exist_ok=True)
            part.replace(final)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return rows
