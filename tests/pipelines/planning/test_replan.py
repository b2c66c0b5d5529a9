"""A re-plan changes what the breach asks for, to the cent, and nothing else."""

from datetime import date

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.calendar import months
from pipelines.planning.quotas import QUOTA_SCHEMA
from pipelines.planning.replan import cells_of, hand_over_quota
from pipelines.planning.targets import CELL_SCHEMA, Horizon, target_lines

YEAR = months(date(2026, 1, 1), 12)


def quotas(cents: dict[str, list[int]]) -> pl.DataFrame:
    rows = [
        {
            "rep_id": rep,
            "segment_id": "smb",
            "region_id": "east",
            "month_start": month,
            "quota_cents": value,
            "base_cents": value,
            "reason": "as planned",
        }
        for rep, values in cents.items()
        for month, value in zip(YEAR, values, strict=False)
    ]
    return pl.DataFrame(rows, schema=QUOTA_SCHEMA)


def moved(owners: list[tuple[str, str, str, int]]) -> pl.DataFrame:
    return pl.DataFrame(
        owners,
        schema=["account_id", "previous_rep_id", "rep_id", "potential_cents"],
        orient="row",
    )


REPS = pl.DataFrame(
    {"rep_id": ["r1", "r2"], "segment_id": ["smb", "smb"], "region_id": ["e", "w"]}
)


def test_a_leavers_quota_follows_the_potential_each_receiver_took() -> None:
    after = hand_over_quota(
        quotas({"r1": [100], "r2": [100], "gone": [90]}),
        "gone",
        moved(
            [("a", "gone", "r1", 200), ("b", "gone", "r2", 100), ("c", "r1", "r1", 9)]
        ),
        REPS,
    )
    # 90 split 2:1 is 60 and 30
    assert dict(after.select("rep_id", "quota_cents").iter_rows()) == {
        "r1": 160,
        "r2": 130,
    }


def test_a_leaver_with_an_empty_book_is_shared_evenly_by_the_segment() -> None:
    after = hand_over_quota(
        quotas({"r1": [0], "r2": [0], "gone": [91]}), "gone", moved([]), REPS
    )
    assert after["quota_cents"].to_list() == [46, 45]


def test_a_receiver_without_quota_so_far_gets_lines_of_its_own() -> None:
    after = hand_over_quota(
        quotas({"gone": [10, 20]}), "gone", moved([("a", "gone", "r2", 1)]), REPS
    )
    assert after.select("rep_id", "region_id", "quota_cents").rows() == [
        ("r2", "w", 10),
        ("r2", "w", 20),
    ]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 10**9), min_size=12, max_size=12),
    st.lists(st.integers(0, 10**9), min_size=1, max_size=8),
)
def test_each_months_total_is_what_it_was(gone: list[int], taken: list[int]) -> None:
    before = quotas({"r1": [5] * 12, "r2": [7] * 12, "gone": gone})
    books = moved(
        [(f"a{i}", "gone", f"r{i % 2 + 1}", cents) for i, cents in enumerate(taken)]
    )
    after = hand_over_quota(before, "gone", books, REPS)

    def by_month(frame: pl.DataFrame) -> list[tuple[object, ...]]:
        totals = frame.group_by("month_start").agg(pl.sum("quota_cents"))
        return totals.sort("month_start").rows()

    assert by_month(after) == by_month(before)
    assert "gone" not in after["rep_id"]


def test_cells_come_back_from_target_lines_as_they_went_in() -> None:
    cells = pl.DataFrame(
        {
            "segment_id": ["ent", "smb"],
            "region_id": ["north/east", "none"],
            "month_start": [date(2026, 5, 1), date(2026, 6, 1)],
            "value_cents": [1, 2],
        },
        schema=CELL_SCHEMA,
    )
    plan = Horizon(date(2026, 5, 1), date(2026, 12, 31), tuple(YEAR[4:]), tuple(YEAR))
    assert cells_of(target_lines(cells, reason="x"), plan).equals(cells)
