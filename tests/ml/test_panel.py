"""The door through which people data enters."""

from datetime import date

import polars as pl
import pytest

from data_contracts.errors import ForecastError
from ml.panel import RAMPED_TENURE, read_panel


def test_rows_in_any_order_give_the_same_arrays(small_force: pl.DataFrame) -> None:
    one = read_panel(small_force)
    two = read_panel(small_force.sample(fraction=1.0, shuffle=True, seed=3))
    assert one.frame.equals(two.frame)
    assert (one.group == two.group).all()
    assert one.groups == two.groups


def test_hires_inside_the_window_and_leavers_are_told_apart(
    small_force: pl.DataFrame,
) -> None:
    panel = read_panel(small_force)
    by_name = dict(zip(panel.rep_ids, panel.is_hired_inside.tolist(), strict=True))
    assert by_name["new00"]
    assert not by_name["old00"]
    gone = [
        r for r, is_gone in zip(panel.rep_ids, panel.is_leaver, strict=True) if is_gone
    ]
    assert gone == ["new05", "old03"]


def test_an_unknown_start_counts_as_ramped_or_from_first_sight(person) -> None:
    there = person("a", [5] * 6)
    later = person("b", [5] * 3, first=date(2024, 4, 1))
    panel = read_panel(
        pl.concat([there, later]).with_columns(tenure_months=pl.lit(None, pl.Float64))
    )
    tenure = dict(
        zip(panel.frame["rep_id"], panel.frame["tenure_months"], strict=False)
    )
    assert tenure["a"] == RAMPED_TENURE
    assert 2.4 < tenure["b"] < 2.6  # the middle of its third month


@pytest.mark.parametrize("column", ["rep_id", "tenure_months", "bookings_cents"])
def test_a_missing_column_is_named(small_force: pl.DataFrame, column: str) -> None:
    with pytest.raises(ValueError, match=column):
        read_panel(small_force.drop(column))


def test_nonsense_is_refused_with_a_way_out(small_force: pl.DataFrame) -> None:
    for broken in (
        small_force.clear(),
        small_force.with_columns(active_share=1.5),
        small_force.with_columns(tenure_months=float("inf")),
        pl.concat([small_force, small_force.head(1)]),
        small_force.with_columns(bookings_cents=pl.lit(None, pl.Int64)),
    ):
        with pytest.raises(ForecastError) as caught:
            read_panel(broken)
        assert caught.value.fix


def test_text_where_a_number_belongs_is_a_wrong_argument(
    small_force: pl.DataFrame,
) -> None:
    with pytest.raises(ValueError, match="wrong type"):
        read_panel(small_force.with_columns(bookings_cents=pl.lit("many")))


def test_a_missing_segment_becomes_a_group_of_its_own(
    small_force: pl.DataFrame,
) -> None:
    frame = small_force.with_columns(
        segment_id=pl.when(pl.col("rep_id") != "old00").then("segment_id")
    )
    assert ("unassigned", "ae") in read_panel(frame).groups
