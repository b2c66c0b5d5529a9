"""The folders work in progress is kept in, and what a killed run leaves of them."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from data_contracts.contract import ExtractContract
from pipelines.ingestion.records import load_file, quarantine_file, raw_folder
from pipelines.settings import Settings

_PREFIX = ".landing-"
_ANY = date(2000, 1, 1)  # whose folder is that of every night


@contextmanager
def scratch_folder(settings: Settings) -> Iterator[Path]:
    """Give a folder of the home for what is judged, and empty it afterwards.

    It is locked while in use, so that one left by a killed run can be told apart.
    """
    settings.home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=settings.home))
    held = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def remove_leftovers(contract: ExtractContract, settings: Settings) -> None:
    """Remove what a killed run left half-written for a contract."""
    night = "[0-9]*"
    for final in (
        raw_folder(contract, settings) / f"{night}.parquet",
        raw_folder(contract, settings) / "0000-schema.parquet",
        quarantine_file(contract, _ANY, settings).with_name(f"{night}.parquet"),
        load_file(contract, _ANY, settings).with_name(
            f"{night}-{contract.system}-{contract.table}.parquet"
        ),
    ):
        for path in final.parent.glob(f".{final.name}.*.part"):
            path.unlink(missing_ok=True)
    for folder in settings.home.glob(f"{_PREFIX}*"):
        _remove_unheld(folder)


def _remove_unheld(folder: Path) -> None:
    try:
        held = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except BlockingIOError:
        return  # another process is at work there
    finally:
        os.close(held)
