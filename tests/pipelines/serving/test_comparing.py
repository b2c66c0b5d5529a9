"""What one version changes against another, on plans small enough to read."""

from datetime import date

import polars as pl

from pipelines.ledger.content import canonical
from pipelines.serving.comparing import differences, moves, summary

JAN, FEB = date(2026, 1, 1), date(2026, 2, 1)


def _plan(
    owner: str = "r1", quota_cents: int = 600, months: tuple[date, ...] = (JAN, FEB)
) -> dict[str, pl.DataFrame]:
    return canonical(
        {
            "target": pl.DataFrame(
                {
                    "node_level": "company",
                    "node_id": "company",
                    "month_start": list(months),
                    "measure": "bookings",
                    "value_cents": 1000,
                    "reason": "growth",
                }
            ),
            "assignment": pl.DataFrame(
                {
                    "account_id": ["a1"],
                    "rep_id": [owner],
                    "segment_id": ["smb"],
                    "valid_from": [months[0]],
                    "valid_to": [None],
                    "previous_rep_id": ["r1"],
                    "is_moved": [owner != "r1"],
                    "reason": [f"goes to {owner}"],
                    "keep_cost_cents": [5],
                    "move_cost_cents": [7],
                    "next_best_rep_id": ["r3"],
                    "potential_cents": [900],
                },
                schema_overrides={"valid_to": pl.Date},
            ),
            "quota": pl.DataFrame(
                {
                    "rep_id": "r1",
                    "segment_id": "smb",
                    "region_id": "emea",
                    "month_start": list(months),
                    "quota_cents": quota_cents,
                    "base_cents": quota_cents,
                    "reason": "capacity",
                }
            ),
        }
    )


def test_a_plan_does_not_differ_from_itself() -> None:
    assert differences(_plan(), _plan()) == []


def test_a_moved_account_and_a_changed_quota_are_told_with_their_reason() -> None:
    found = differences(_plan(), _plan(owner="r2", quota_cents=650))
    assert [
        (row["component"], row["what"], row["old"], row["new"]) for row in found
    ] == [
        ("assignment", "a1", "r1", "r2"),
        ("quota", "r1", "12.00", "13.00"),
    ]
    assert found[0]["reason"] == "goes to r2"


def test_months_only_one_version_plans_are_no_difference() -> None:
    # a re-plan from February speaks of 11 months, its parent of 12
    assert differences(_plan(), _plan(months=(FEB,))) == []


def test_totals_are_those_of_the_lines() -> None:
    totals = {row["component"]: row["total_cents"] for row in summary(_plan())}
    assert totals["target"] == 2000
    assert totals["quota"] == 1200
    assert totals["assignment"] == 900
    assert totals["hire"] is None


def test_only_moved_accounts_are_moves() -> None:
    assert moves(_plan()) == []
    assert [row["account_id"] for row in moves(_plan(owner="r2"))] == ["a1"]
