"""Budgets go where the next unit brings most; checked against every split."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from data_contracts.errors import InfeasibleError
from solvers.allocation import allocate_budget, response_cents
from solvers.result import Proof


@pytest.mark.slow
@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_split_in_whole_units_brings_more(data: st.DataObject) -> None:
    n = data.draw(st.integers(1, 3))
    draw = lambda a, b: np.array(  # noqa: E731 # three columns of draws
        [float(data.draw(st.integers(a, b))) for _ in range(n)]
    )
    top, scale = draw(0, 900), draw(1, 60)
    steep = draw(0, 3)
    budget = data.draw(st.integers(0, 80))
    plan = allocate_budget(
        budget, top_cents=top, scale_cents=scale, steepness=steep, unit_cents=10
    )
    units = budget // 10
    best = max(
        float(response_cents(np.array(u) * 10.0, top, scale, steep).sum())
        for u in itertools.product(range(units + 1), repeat=n)
        if sum(u) <= units
    )
    assert plan.value_cents == pytest.approx(best, rel=1e-9, abs=1e-9)
    assert plan.bound_cents >= best - 1e-6
    assert plan.spend_cents.sum() <= budget
    assert plan.proof is Proof.OPTIMAL


def test_concave_responses_leave_no_gap_to_the_price_bound() -> None:
    rng = np.random.default_rng(4)
    plan = allocate_budget(
        50_000_000,
        top_cents=rng.uniform(1e6, 1e8, 300),
        scale_cents=rng.uniform(1e5, 1e6, 300),
        unit_cents=10_000,
    )
    assert plan.dual_gap_share <= 1e-12
    assert plan.spend_cents.sum() == 50_000_000


def test_the_price_is_what_one_more_unit_would_bring() -> None:
    given_values = {
        "top_cents": np.array([1e6, 2e6]),
        "scale_cents": np.array([3e4, 5e4]),
        "unit_cents": 100,
    }
    small = allocate_budget(100_000, **given_values)
    large = allocate_budget(100_100, **given_values)
    gain = large.value_cents - small.value_cents
    assert gain / 100 == pytest.approx(small.price, rel=0.01)


def test_floors_and_caps_hold() -> None:
    plan = allocate_budget(
        1_000,
        top_cents=np.array([1.0, 1e6]),
        scale_cents=np.array([500.0, 500.0]),
        floor_cents=np.array([150, 0]),
        cap_cents=np.array([1_000, 600]),
        unit_cents=100,
    )
    assert plan.spend_cents.tolist() == [400, 600]


def test_floors_above_the_budget_are_refused() -> None:
    with pytest.raises(InfeasibleError, match="floors of"):
        allocate_budget(
            100,
            top_cents=np.ones(1),
            scale_cents=np.ones(1),
            floor_cents=np.array([500]),
            unit_cents=100,
        )


def test_a_zero_budget_spends_nothing() -> None:
    plan = allocate_budget(0, top_cents=np.ones(2), scale_cents=np.ones(2))
    assert plan.value_cents == 0.0
    assert plan.gap_share == 0.0


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="scale_cents above 0"):
        allocate_budget(1, top_cents=np.ones(1), scale_cents=np.zeros(1))


def test_many_s_shaped_places_are_split_as_well_as_can_be() -> None:
    rng = np.random.default_rng(7)
    plan = allocate_budget(
        60_000_000,
        top_cents=rng.uniform(1e6, 1e8, 300),
        scale_cents=rng.uniform(1e5, 1e6, 300),
        steepness=rng.uniform(1.2, 4.0, 300),
        unit_cents=10_000,
    )
    assert plan.proof is Proof.OPTIMAL
    assert plan.gap_share == 0.0
    assert 0 < plan.dual_gap_share < 1e-4  # no split reaches the price bound
    assert plan.spend_cents.sum() <= 60_000_000


def _best_by_whole_table(values: NDArray[np.float64], units: int) -> float:
    """Try every spending of every place: the textbook table, without any cutting."""
    best = np.zeros(units + 1)
    for row in values:
        best = np.array(
            [(best[: u + 1][::-1] + row[: u + 1]).max() for u in range(units + 1)]
        )
    return float(best[-1])


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_split_of_many_places_beats_the_whole_table(data: st.DataObject) -> None:
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    n, units = data.draw(st.integers(2, 12)), data.draw(st.integers(1, 120))
    top, scale = rng.lognormal(10, 1, n), rng.lognormal(5, 1, n)
    steep = rng.choice([0.0, 0.7, 1.0, 2.0, 5.0, 30.0], n)
    copies = data.draw(st.integers(1, n))  # alike: their permutations are one split
    top[:copies], scale[:copies], steep[:copies] = top[0], scale[0], steep[0]
    plan = allocate_budget(
        units * 10, top_cents=top, scale_cents=scale, steepness=steep, unit_cents=10
    )
    spend = np.arange(units + 1)[:, None] * 10.0
    best = _best_by_whole_table(response_cents(spend, top, scale, steep).T, units)
    assert plan.value_cents == pytest.approx(best, rel=1e-8)
    assert plan.bound_cents >= best * (1 - 1e-12)
    assert plan.gap_share <= 1e-8


def test_the_best_split_of_two_s_shaped_places_may_lie_below_the_price_bound() -> None:
    # each is best at 1,000, bringing 500: at a price of one half both net nothing, so
    # the price proves 0.5 * 1,500 = 750; 800 and 700 bring 390.24 + 328.86
    plan = allocate_budget(
        1_500,
        top_cents=np.array([1_000.0, 1_000.0]),
        scale_cents=np.array([1_000.0, 1_000.0]),
        steepness=np.array([2.0, 2.0]),
        unit_cents=100,
    )
    assert sorted(plan.spend_cents.tolist()) == [700, 800]
    assert plan.value_cents == pytest.approx(719.10, abs=0.01)
    assert plan.proof is Proof.OPTIMAL
    assert plan.gap_share == 0.0
    assert plan.dual_gap_share == pytest.approx(1 - 719.10 / 750, abs=1e-4)


def test_a_split_does_not_depend_on_the_order_of_places() -> None:
    rng = np.random.default_rng(3)
    n = 30
    ids = np.array([f"p{i:02d}" for i in range(n)])
    top, scale = rng.uniform(1e4, 1e6, n), rng.uniform(1e3, 1e4, n)
    steep = rng.choice([0.0, 1.5, 4.0], n)
    top[10:20], scale[10:20], steep[10:20] = top[10], scale[10], steep[10]

    def split(rows: NDArray[np.intp]) -> dict[str, int]:
        plan = allocate_budget(
            100_000,
            top_cents=top[rows],
            scale_cents=scale[rows],
            steepness=steep[rows],
            unit_cents=100,
            place_ids=ids[rows],
        )
        return dict(zip(ids[rows].tolist(), plan.spend_cents.tolist(), strict=True))

    first = split(np.arange(n))
    assert all(split(rng.permutation(n)) == first for _ in range(3))


def test_an_s_shaped_place_gets_all_it_needs_or_nothing() -> None:
    # Hill with h = 2 averages best at its scale: one place is worth more than halves
    plan = allocate_budget(
        1_000,
        top_cents=np.array([900.0, 900.0]),
        scale_cents=np.array([1_000.0, 1_000.0]),
        steepness=np.array([2.0, 2.0]),
        unit_cents=100,
    )
    assert sorted(plan.spend_cents.tolist()) == [0, 1_000]
    assert plan.value_cents == pytest.approx(450.0)
