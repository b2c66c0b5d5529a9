"""A process killed at any moment leaves a ledger that is whole."""

import multiprocessing
import sqlite3
import time
from datetime import date
from pathlib import Path

import pytest

from pipelines.ledger.store import Ledger
from tests.pipelines.ledger.conftest import books, proposing

DAY = date(2026, 1, 1)


def propose_for_ever(url: str) -> None:
    propose, plan = (
        proposing(Ledger(url)),
        books({f"A{number}": "R1" for number in range(5_000)}, DAY),
    )
    while True:
        propose(content={"assignment": plan})


@pytest.mark.slow
def test_a_proposer_killed_at_any_moment_leaves_whole_versions_only(
    url: str, tmp_path: Path
) -> None:
    context = multiprocessing.get_context("spawn")
    stored = 0
    for wait in (0.0, 0.1):
        process = context.Process(target=propose_for_ever, args=(url,))
        process.start()
        while not count(tmp_path) > stored and process.is_alive():
            time.sleep(0.01)
        time.sleep(wait)
        process.kill()
        process.join(30)
        ledger = Ledger(url)
        assert len(ledger.versions()) > stored
        stored = len(ledger.versions())
        found = ledger.verify()
        assert found.faults == ()
        assert found.lines == 5_000 * stored
        assert found.events == 2 * stored


def count(folder: Path) -> int:
    """Versions stored so far; asked without opening a ledger, which is slower."""
    file = folder / "ledger.sqlite"
    if not file.is_file():
        return 0
    connection = sqlite3.connect(file, timeout=30)
    try:
        row = connection.execute("SELECT count(*) FROM plan_version").fetchone()
    except sqlite3.OperationalError:
        return 0  # its tables are not there yet
    finally:
        connection.close()
    return int(row[0])
