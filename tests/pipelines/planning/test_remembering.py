"""An answer is used again for the very same question, and for no other."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.planning.remembering import digest_of, remembered

ROWS = pl.DataFrame({"month": [date(2026, 1, 1), date(2026, 2, 1)], "cents": [1, 2]})


@dataclass(frozen=True)
class Deals:
    snapshots: pl.DataFrame
    booked: pl.DataFrame


def asked(folder: Path | None, *question: object) -> tuple[pl.DataFrame, int]:
    """Ask; return the answer and how often it had to be computed."""
    calls = []

    def answer() -> pl.DataFrame:
        calls.append(1)
        return pl.DataFrame({"score": [0.5]})

    return remembered(folder, "people", question, answer), len(calls)


def test_the_same_rows_in_any_order_are_the_same_question(tmp_path: Path) -> None:
    first, computed = asked(tmp_path, ROWS, 12)
    again, spared = asked(tmp_path, ROWS.reverse().select("cents", "month"), 12)
    assert (computed, spared) == (1, 0)
    assert again.equals(first)


def test_one_other_cent_is_another_question_and_the_old_answer_goes(
    tmp_path: Path,
) -> None:
    asked(tmp_path, ROWS)
    _, computed = asked(tmp_path, ROWS.with_columns(cents=pl.Series([1, 3])))
    assert computed == 1
    assert len(list(tmp_path.iterdir())) == 1
    assert asked(tmp_path, ROWS)[1] == 1


def test_without_a_folder_nothing_is_kept() -> None:
    assert [asked(None, ROWS)[1] for _ in range(2)] == [1, 1]


def test_frames_inside_values_count_too() -> None:
    more = pl.concat([ROWS, ROWS.head(1)])
    keys = {
        digest_of([Deals(ROWS, ROWS)]),
        digest_of([Deals(ROWS, more)]),
        digest_of([Deals(more, ROWS)]),
        digest_of([[ROWS, more]]),
        digest_of([ROWS.cast({"cents": pl.Float64})]),
        digest_of([ROWS.rename({"cents": "pence"})]),
    }
    assert len(keys) == 6


@given(st.lists(st.integers(0, 3), max_size=6), st.lists(st.integers(0, 3), max_size=6))
def test_questions_are_the_same_exactly_when_their_rows_are(
    one: list[int], other: list[int]
) -> None:
    frames = [
        pl.DataFrame({"a": rows}, schema={"a": pl.Int64}) for rows in (one, other)
    ]
    same = digest_of([frames[0]]) == digest_of([frames[1]])
    assert same == (sorted(one) == sorted(other))
