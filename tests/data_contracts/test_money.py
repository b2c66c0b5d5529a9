"""Splitting never loses a cent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.money import parse, show, split


@given(
    st.integers(-(10**15), 10**15),
    st.lists(st.floats(0, 1e12, allow_nan=False), min_size=1, max_size=30),
)
def test_parts_sum_to_the_whole_and_stay_within_a_unit(
    total: int, weights: list[float]
) -> None:
    parts = split(total, weights)
    assert sum(parts) == total
    whole = sum(weights)
    if whole > 0 and abs(total) < 10**9:
        for part, weight in zip(parts, weights, strict=True):
            assert abs(part - total * weight / whole) < 1 + 1e-3


@given(st.integers(-(10**13), 10**13))
def test_what_is_shown_can_be_read_back(cents: int) -> None:
    assert parse(show(cents)) == cents


@pytest.mark.parametrize("weights", [[], [-1.0], [float("nan")], [float("inf")]])
def test_weights_that_mean_nothing_are_refused(weights: list[float]) -> None:
    with pytest.raises(ValueError, match="weight"):
        split(10, weights)
