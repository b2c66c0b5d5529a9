"""Nothing in the ledger changes unnoticed: every cell is tried."""

import sqlite3
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from pipelines.ledger.store import Ledger

Make = Callable[..., Any]


@pytest.fixture
def raw(tmp_path: Path, publish: Make, propose: Make) -> Any:
    """The file behind a small history, with its guards taken off."""
    publish()
    publish(start=date(2026, 6, 1), parent_version=1, scope="rep:R1", breach_key="b")
    propose(start=date(2026, 9, 1), parent_version=2)
    connection = sqlite3.connect(tmp_path / "ledger.sqlite", isolation_level=None)
    guards = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall()
    for (name,) in guards:
        connection.execute(f"DROP TRIGGER {name}")
    yield connection
    connection.close()


@pytest.mark.slow
def test_an_honest_history_verifies(ledger: Ledger, publish: Make) -> None:
    publish()
    publish(start=date(2026, 6, 1), parent_version=1)
    found = ledger.verify()
    assert found.is_intact
    assert (found.versions, found.events, found.lines) == (2, 9, 14 + 9)
    assert found.last_hash == ledger.events()[-1].hash


def test_an_empty_ledger_verifies(ledger: Ledger) -> None:
    assert ledger.verify().faults == ()


@pytest.mark.slow
def test_any_cell_that_is_changed_is_found(ledger: Ledger, raw: Any) -> None:
    assert ledger.verify().is_intact
    tables = raw.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE 'plan_%'"
    ).fetchall()
    tried = 0
    for (table,) in tables:
        columns = [row[1] for row in raw.execute(f"PRAGMA table_info({table})")]
        rows = raw.execute(f"SELECT rowid FROM {table} ORDER BY rowid").fetchall()
        for column in columns if rows else ():
            if column in ("version", "parent_version", "seq", "state", "to_state"):
                continue  # below, with values the database itself admits
            (rowid,) = rows[tried % len(rows)]  # a different row each time
            (old,) = raw.execute(
                f"SELECT {column} FROM {table} WHERE rowid = ?", [rowid]
            ).fetchone()
            new = _other(column, old)
            raw.execute(
                f"UPDATE {table} SET {column} = ? WHERE rowid = ?", [new, rowid]
            )
            assert not ledger.verify().is_intact, (table, column, old, new)
            raw.execute(
                f"UPDATE {table} SET {column} = ? WHERE rowid = ?", [old, rowid]
            )
            tried += 1
    assert tried > 40
    assert ledger.verify().is_intact


def _other(column: str, old: object) -> object:
    if column.endswith(("_at",)):
        return "2020-01-01 00:00:00.000000"
    if column in ("as_of", "month_start") or column.startswith(("valid", "effective")):
        return "2026-11-30"
    if column.endswith(("_cents", "_share", "heads", "_count")) or column == "is_moved":
        return 1 if old != 1 else 0
    return "x"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            "UPDATE plan_version SET state = 'published' WHERE version = 3",
            "version 3 is 'published' but events say 'proposed'",
        ),
        (
            "UPDATE plan_version SET parent_version = 1 WHERE version = 3",
            "version 3: its facts are not those of event 10",
        ),
        (
            "UPDATE plan_event SET to_state = 'rejected' WHERE seq = 3",
            "event 3: it was altered after it was stored",
        ),
        ("DELETE FROM plan_event WHERE seq = 4", "event 4 is missing"),
        ("DELETE FROM plan_event WHERE seq = 11", "version 3 is 'proposed' but"),
        ("DELETE FROM plan_target WHERE version = 2", "version 2: its lines were"),
        (
            "INSERT INTO plan_hire VALUES (1, 'smb', 'ae', '2026-02-01', 9, 'more')",
            "version 1: its lines were altered",
        ),
        ("DELETE FROM plan_version WHERE version = 3", "its version 3 is gone"),
    ],
)
def test_a_fault_is_named(ledger: Ledger, raw: Any, change: str, said: str) -> None:
    raw.execute(change)
    assert any(said in fault for fault in ledger.verify().faults)


def test_newest_events_cut_off_cleanly_are_found_by_an_anchor(
    ledger: Ledger, raw: Any
) -> None:
    anchor = ledger.verify().last_hash
    assert ledger.verify(anchor=anchor).is_intact
    for table in ("plan_event", "plan_target", "plan_assignment", "plan_version"):
        raw.execute(f"DELETE FROM {table} WHERE version = 3")
    assert ledger.verify().is_intact  # looks like the ledger of yesterday
    assert "was removed" in ledger.verify(anchor=anchor).faults[0]


def test_altered_lines_are_not_published(ledger: Ledger, raw: Any) -> None:
    ledger.approve(3, "bo@example.com")
    raw.execute("UPDATE plan_target SET value_cents = 1 WHERE version = 3")
    with pytest.raises(Exception, match="are not those approved"):
        ledger.publish(3, "bo@example.com")
