"""A ledger in a temporary file and plans small enough to read."""

import shutil
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.ledger.content import canonical
from pipelines.ledger.store import Ledger

Owners = dict[str, str]
Propose = Callable[..., Any]


def books(owners: Owners, start: date) -> pl.DataFrame:
    """One open spell per account."""
    empty = canonical({})["assignment"]
    lines = [
        {"account_id": account, "rep_id": rep, "segment_id": "smb", "valid_from": start}
        for account, rep in owners.items()
    ]
    rows = pl.DataFrame(lines, schema_overrides={"valid_from": pl.Date})
    return pl.concat([empty, rows], how="diagonal_relaxed")


def targets(start: date, months: int, cents: int = 100) -> pl.DataFrame:
    """A company target for each month."""
    return pl.DataFrame(
        [
            {
                "node_level": "company",
                "node_id": "all",
                "month_start": date(start.year, start.month + n, 1),
                "measure": "bookings",
                "value_cents": cents + n,
                "reason": "growth",
            }
            for n in range(months)
        ]
    )


@pytest.fixture
def clock() -> Callable[[], datetime]:
    """One second later each time it is read, from noon on 1 January 2026."""
    ticks: Iterator[datetime] = (
        datetime(2026, 1, 1, 12, tzinfo=UTC) + timedelta(seconds=n)
        for n in range(10**9)
    )
    return lambda: next(ticks)


@pytest.fixture(scope="session")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty ledger, migrated once: to copy is ten times faster than to migrate."""
    path = tmp_path_factory.mktemp("pristine") / "ledger.sqlite"
    Ledger(f"sqlite:///{path}")
    return path


@pytest.fixture
def url(tmp_path: Path, pristine: Path) -> str:
    shutil.copy(pristine, tmp_path / "ledger.sqlite")
    return f"sqlite:///{tmp_path / 'ledger.sqlite'}"


@pytest.fixture
def ledger(url: str, clock: Callable[[], datetime]) -> Ledger:
    return Ledger(url, clock=clock)


@pytest.fixture
def propose(ledger: Ledger) -> Propose:
    """Propose a plan of 2026; what a test does not say is filled in."""
    return proposing(ledger)


def proposing(ledger: Ledger) -> Propose:
    def propose(
        owners: Owners | None = None, *, start: date = date(2026, 1, 1), **facts: Any
    ) -> Any:
        content = {
            "target": targets(start, 13 - start.month),
            "assignment": books(owners or {"A1": "R1", "A2": "R2"}, start),
        }
        return ledger.propose(
            **{
                "content": content,
                "scenario": "base",
                "title": "plan of 2026",
                "as_of": date(2026, 1, 1),
                "effective_from": start,
                "effective_to": date(2026, 12, 31),
                "proposed_by": "ana@example.com",
                "why": "first plan",
                "policy_hash": "p",
                "input_hash": "i",
                "code_hash": "c",
                **facts,
            }
        )

    return propose


@pytest.fixture
def publish(ledger: Ledger, propose: Propose) -> Propose:
    """Propose, approve and publish."""

    def through(*args: Any, **facts: Any) -> Any:
        number = propose(*args, **facts).version
        ledger.approve(number, "bo@example.com")
        return ledger.publish(number, "bo@example.com")

    return through
