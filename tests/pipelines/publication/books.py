"""A small plan as a workbook, and a way to write into its cells."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl

from data_contracts.plan import PlanState
from pipelines.ledger.content import canonical, content_hash
from pipelines.ledger.records import PlanVersion
from pipelines.publication.workbook import write_workbook
from pipelines.publication.workbook_edits import EditedWorkbook, read_edits

MONTHS = [date(2026, month, 1) for month in (11, 12)]
FIRST, LAST = MONTHS[0], date(2026, 12, 31)


def content() -> dict[str, pl.DataFrame]:
    """Two smb reps and one large-account rep, four accounts, November and December."""
    teams = {"segment_id": "smb", "role": "ae", "month_start": MONTHS}
    return canonical(
        {
            "target": pl.DataFrame(
                {
                    "node_level": "company",
                    "node_id": "company",
                    "month_start": MONTHS,
                    "measure": "bookings",
                    "value_cents": [5000_00, 7000_00],
                    "reason": "growth",
                }
            ),
            "capacity": pl.DataFrame(
                {
                    **teams,
                    "heads": [2.0, 2.9871234567890123],
                    "ramped_heads": [2.0, 2.25],
                    "capacity_cents": [4000_00, 4500_00],
                    "capacity_p10_cents": [3000_00, 3500_00],
                    "capacity_p90_cents": [None, 5500_00],
                }
            ),
            "hire": pl.DataFrame(
                {
                    "segment_id": ["smb"],
                    "role": ["ae"],
                    "month_start": [MONTHS[1]],
                    "hires_count": [1],
                    "reason": ["=closes(a gap)"],
                }
            ),
            "assignment": pl.DataFrame(
                {
                    "account_id": ["A1", "A2", "A3", "A4"],
                    "rep_id": ["R1", "R1", "R2", "R9"],
                    "segment_id": ["smb", "smb", "smb", "ent"],
                    "valid_from": [FIRST] * 4,
                    "valid_to": [LAST] * 4,
                    "previous_rep_id": ["R1", "R2", None, "R9"],
                    "is_moved": [False, True, False, False],
                    "reason": ["stays", "moves", "", "=B1"],
                    "keep_cost_cents": [0, 1, 2, 3],
                    "move_cost_cents": [100, 33, 1, 0],
                    "next_best_rep_id": ["R2", "R2", "R1", None],
                    "potential_cents": [100_01, 200_02, 300_03, 123456789_01],
                }
            ),
            "quota": pl.DataFrame(
                {
                    "rep_id": ["R1", "R1", "R2", "R2", "R9", "R9"],
                    "segment_id": ["smb"] * 4 + ["ent"] * 2,
                    "region_id": ["east"] * 6,
                    "month_start": MONTHS * 3,
                    "quota_cents": [1000_00, 2000_00, 1500_00, 1500_00, 900_00, 0],
                    "base_cents": [900_00] * 6,
                    "reason": ["half by potential"] * 6,
                }
            ),
            "proof": pl.DataFrame(
                {
                    "solver": ["quotas"],
                    "node_id": ["smb"],
                    "proof": ["optimal"],
                    "unit": ["cents"],
                    "objective": [1 / 3],
                    "bound": [None],
                    "gap_share": [0.0],
                    "is_verified": [True],
                    "statement": ["=adds up"],
                },
                schema_overrides={"bound": pl.Float64},
            ),
            "compensation": pl.DataFrame(
                {
                    **teams,
                    "heads": [2.0, 2.9],
                    "target_pay_cents": [200_00, 300_00],
                    "variable_cents": [100_00, 150_00],
                }
            ),
        }
    )


def version(number: int = 4) -> PlanVersion:
    return PlanVersion(
        version=number,
        state=PlanState.PROPOSED,
        scenario="base",
        parent_version=None,
        title="plan",
        as_of=date(2026, 10, 1),
        effective_from=FIRST,
        effective_to=LAST,
        proposed_by="ana",
        proposed_at=datetime(2026, 10, 1, 9),  # noqa: DTZ001 - stored in UTC
        decided_by=None,
        decided_at=None,
        published_at=None,
        why="=first",
        breach_key=None,
        scope=None,
        policy_hash="p",
        input_hash="i",
        code_hash="c",
        content_hash=content_hash(content()),
        territory_gap_share=None,
        territory_proof=None,
    )


@dataclass(frozen=True)
class Paper:
    """A workbook on disk that a test writes into."""

    path: Path

    def write(self, cells: Mapping[str, Any]) -> "Paper":
        """Put values into cells such as ``Books!E4`` and save it as people do."""
        book = openpyxl.load_workbook(self.path)
        for place, value in cells.items():
            sheet, _, cell = place.partition("!")
            book[sheet][cell] = value
        book.save(self.path)
        book.close()
        return self

    def delete_row(self, sheet: str, row: int) -> "Paper":
        book = openpyxl.load_workbook(self.path)
        book[sheet].delete_rows(row)
        book.save(self.path)
        book.close()
        return self

    def read(self) -> EditedWorkbook:
        return read_edits(
            self.path, content_of=lambda _number, _sealed: content(), currency="USD"
        )


def paper(folder: Path) -> Paper:
    path = folder / "plan.xlsx"
    changes = [
        {"component": "quota", "what": "R1", "old": "1", "new": "2", "reason": "=x"}
    ]
    write_workbook(path, version(), content(), currency="USD", changes=changes)
    return Paper(path)
