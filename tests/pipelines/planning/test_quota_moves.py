"""Quota follows a moved account, pro-rated or whole, and no cent is lost."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.planning.quota_moves import Mode, move_quotas

YEAR = [date(2026, month, 1) for month in (1, 2, 3, 4)]


def quotas(months: list[date], **cents: int) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {
                "rep_id": rep,
                "segment_id": "smb",
                "region_id": "x",
                "month_start": month,
                "quota_cents": value,
                "base_cents": value,
                "reason": "carried over",
            }
            for rep, value in sorted(cents.items())
            for month in months
        ]
    )


def books(*lines: tuple[str, str, int]) -> pl.DataFrame:
    """Owner before, owner now, potential."""
    return pl.DataFrame(
        [
            {
                "account_id": f"A{n}",
                "previous_rep_id": old,
                "rep_id": new,
                "is_moved": old != new,
                "potential_cents": cents,
            }
            for n, (old, new, cents) in enumerate(lines)
        ]
    )


MOVE = books(("R1", "R2", 25), ("R1", "R1", 75), ("R2", "R2", 10))


def year_of(mode: Mode) -> dict[str, int]:
    found = move_quotas(
        quotas(YEAR[2:], R1=400, R2=100), quotas(YEAR, R1=400, R2=100), MOVE, mode=mode
    )
    sums = found.group_by("rep_id").agg(pl.sum("quota_cents")).sort("rep_id")
    return dict(sums.iter_rows())


def test_a_quarter_of_the_book_takes_a_quarter_of_what_is_left() -> None:
    assert year_of("stays") == {"R1": 800, "R2": 200}
    assert year_of("pro_rated") == {"R1": 600, "R2": 400}  # 100 in each of two months


def test_whole_takes_the_passed_months_along() -> None:
    # a quarter of 1,600, not of 800
    assert year_of("whole") == {"R1": 400, "R2": 600}


def test_who_receives_is_told_from_whom() -> None:
    both = quotas(YEAR, R1=400, R2=100)
    found = move_quotas(both, both, MOVE, mode="pro_rated")
    told = found.filter(pl.col("rep_id") == "R2")["reason"][0]
    assert told == "carried over; with accounts of R1"
    assert found.filter(pl.col("rep_id") == "R1")["reason"][0] == "carried over"


def test_a_book_without_potential_moves_by_its_accounts() -> None:
    both = quotas(YEAR, R1=400, R2=0)
    found = move_quotas(
        both, both, books(("R1", "R2", 0), ("R1", "R1", 0)), mode="pro_rated"
    )
    assert found["quota_cents"].to_list() == [200] * 8


@pytest.mark.slow
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["R1", "R2", "R3", "gone"]),
            st.sampled_from(["R1", "R2", "R3"]),
            st.integers(0, 100),
        ),
        max_size=8,
    ),
    st.sampled_from(["stays", "pro_rated", "whole"]),
    st.tuples(*[st.integers(0, 10_000)] * 3),
)
def test_every_month_keeps_its_sum_and_nobody_owes_less_than_nothing(
    lines: list[tuple[str, str, int]], mode: Mode, cents: tuple[int, int, int]
) -> None:
    told = dict(zip(("R1", "R2", "R3"), cents, strict=True))
    rest, year = quotas(YEAR[1:], **told), quotas(YEAR, **told)
    moved = books(*lines) if lines else MOVE.clear()
    found = move_quotas(rest, year, moved, mode=mode)
    for month in YEAR[1:]:
        assert found.filter(pl.col("month_start") == month)["quota_cents"].sum() == sum(
            cents
        )
    assert found["quota_cents"].min() >= 0  # type: ignore[operator]  # never empty


@pytest.mark.parametrize("mode", ["pro_rated", "whole"])
def test_without_moves_nothing_changes(mode: Mode) -> None:
    both = quotas(YEAR, R1=400, R2=100)
    stays = books(("R1", "R1", 5), ("R2", "R2", 5))
    assert move_quotas(both, both, stays, mode=mode).equals(both)
