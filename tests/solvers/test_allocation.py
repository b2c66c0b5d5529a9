"""Budgets go where the next unit brings most; checked against every split."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import InfeasibleError
from solvers.allocation import allocate_budget, response_cents
from solvers.result import Proof


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


def test_many_s_shaped_places_come_with_the_gap_that_is_left() -> None:
    rng = np.random.default_rng(7)
    plan = allocate_budget(
        60_000_000,
        top_cents=rng.uniform(1e6, 1e8, 300),
        scale_cents=rng.uniform(1e5, 1e6, 300),
        steepness=rng.uniform(1.2, 4.0, 300),
        unit_cents=10_000,
    )
    assert plan.proof is Proof.FEASIBLE
    assert 0 < plan.dual_gap_share < 1e-3
    assert plan.bound_cents >= plan.value_cents
    assert plan.spend_cents.sum() <= 60_000_000


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
