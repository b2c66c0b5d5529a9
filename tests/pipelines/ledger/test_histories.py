"""Random histories of plans: one owner for every account on every day.

The oracle replays the rule of the plan in force by hand, day by day.
"""

import shutil
import tempfile
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import LedgerError
from pipelines.ledger.content import canonical
from pipelines.ledger.in_force import assignments_in_force
from pipelines.ledger.store import Ledger

YEAR_START, YEAR_END = date(2026, 1, 1), date(2026, 1, 20)  # a very short year
DAYS = [YEAR_START + timedelta(days=n) for n in range(20)]
ACCOUNTS = ("A1", "A2")

Spell = tuple[int, str]


@st.composite
def plans(draw: st.DrawFn) -> tuple[int, dict[str, list[Spell]]]:
    """Day the plan starts, and for each account who owns it from which day."""
    start = draw(st.integers(0, 19))
    books = {}
    for account in ACCOUNTS:
        later = draw(st.sets(st.integers(start + 1, 20), max_size=2)) - {20}
        books[account] = [
            (day, draw(st.sampled_from(["R1", "R2", "R3"])))
            for day in [start, *sorted(later)]
        ]
    return start, books


def lines(books: dict[str, list[Spell]]) -> pl.DataFrame:
    rows = []
    for account, spells in books.items():
        ends = [DAYS[after] - timedelta(days=1) for _, (after, _) in pairwise(spells)]
        for (day, rep), end in zip(spells, [*ends, None], strict=True):
            rows.append((account, rep, DAYS[day], end))
    names = ("account_id", "rep_id", "valid_from", "valid_to")
    types = dict(zip(names, (pl.String, pl.String, pl.Date, pl.Date), strict=True))
    frame = pl.DataFrame(rows, schema=types, orient="row")
    return pl.concat([canonical({})["assignment"], frame], how="diagonal")


def owner_by_hand(books: dict[str, list[Spell]], account: str, day: int) -> str:
    return [rep for since, rep in books[account] if since <= day][-1]


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.lists(plans(), min_size=1, max_size=4))
def test_every_account_has_one_owner_on_every_day_that_a_plan_governs(
    pristine: Path,
    history: list[tuple[int, dict[str, list[Spell]]]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(pristine, Path(folder) / "ledger.sqlite")
        ledger = Ledger(f"sqlite:///{Path(folder) / 'ledger.sqlite'}")
        told: list[tuple[int, int, dict[str, list[Spell]]]] = []
        for start, books in history:
            plan = ledger.propose(
                {"assignment": lines(books)},
                scenario="base",
                title="",
                as_of=YEAR_START,
                effective_from=DAYS[start],
                effective_to=YEAR_END,
                proposed_by="ana",
                why="",
                policy_hash="",
                input_hash="",
                code_hash="",
            )
            ledger.approve(plan.version, "bo")
            try:
                ledger.publish(plan.version, "bo", may_undo=True)
            except LedgerError:
                continue  # it would not have governed its own period
            told.append((start, plan.version, books))
        found = assignments_in_force(ledger)
        assert ledger.verify().is_intact
        for number, day in enumerate(DAYS):
            rule = max((each for each in told if each[0] <= number), default=None)
            plan_of_day = ledger.in_force(day)
            assert (plan_of_day.version if plan_of_day else None) == (
                rule[1] if rule else None
            )
            on_day = found.filter(
                (pl.col("valid_from") <= day) & (pl.col("valid_to") >= day)
            )
            by_hand = (
                [(a, owner_by_hand(rule[2], a, number)) for a in ACCOUNTS]
                if rule
                else []
            )
            assert on_day.select("account_id", "rep_id").sort("account_id").rows() == (
                by_hand
            )
