"""Tiers are worth the most that capacity allows, and prices prove it."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import InfeasibleError
from solvers.result import Proof
from solvers.segmentation import assign_tiers, coverage_value


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_no_legal_split_is_worth_more(data: st.DataObject) -> None:
    n, m = data.draw(st.integers(1, 5)), data.draw(st.integers(1, 3))
    cell = st.integers(-20, 60)
    worth = np.array([[data.draw(cell) for _ in range(m)] for _ in range(n)])
    capacity = np.array([data.draw(st.integers(0, n)) for _ in range(m)])
    legal = [
        t
        for t in itertools.product(range(m), repeat=n)
        if (np.bincount(t, minlength=m) <= capacity).all()
    ]
    if not legal:
        with pytest.raises(InfeasibleError):
            assign_tiers(worth, capacity)
        return
    best = max(sum(int(worth[i, t]) for i, t in enumerate(ts)) for ts in legal)
    plan = assign_tiers(worth, capacity)
    assert plan.value_cents == best
    assert (plan.count <= capacity).all()
    assert plan.bound_cents >= best


def test_the_gap_to_the_price_bound_is_zero_on_a_large_book() -> None:
    rng = np.random.default_rng(1)
    potential = np.rint(rng.lognormal(0, 1.2, 20_000) * 1e6).astype(np.int64)
    worth = coverage_value(
        potential,
        saturation_cents=np.array([10**9, 5_000_000, 1_500_000, 10**6]),
        yield_share=np.array([0.3, 0.2, 0.1, 0.02]),
        cost_cents=np.array([900_000, 250_000, 40_000, 0]),
    )
    plan = assign_tiers(worth, np.array([300, 1_500, 6_000, 20_000]))
    assert plan.gap_share == 0.0
    assert plan.proof is Proof.OPTIMAL
    # larger potential never sits in a lighter tier than smaller potential
    order = np.argsort(potential, kind="stable")
    assert (np.diff(plan.tier_of_account[order]) <= 0).mean() > 0.999


def test_overrides_take_their_place_first_and_rules_close_tiers() -> None:
    worth = np.array([[9, 1], [8, 1], [1, 0]])
    plan = assign_tiers(
        worth,
        np.array([1, 3]),
        fixed_tier=np.array([-1, -1, 0]),
        allowed=np.array([[False, True], [True, True], [True, True]]),
    )
    assert plan.tier_of_account.tolist() == [1, 1, 0]


def test_row_order_does_not_matter() -> None:
    rng = np.random.default_rng(7)
    worth = rng.integers(0, 5, (60, 3))  # many ties
    ids, order = np.arange(60), rng.permutation(60)
    capacity = np.array([10, 20, 40])
    plain = assign_tiers(worth, capacity, account_ids=ids)
    other = assign_tiers(worth[order], capacity, account_ids=ids[order])
    assert other.tier_of_account.tolist() == plain.tier_of_account[order].tolist()


def test_too_little_room_is_named() -> None:
    with pytest.raises(InfeasibleError, match="3 accounts need a tier; 2 places"):
        assign_tiers(np.ones((3, 1), dtype=np.int64), np.array([2]))
    with pytest.raises(InfeasibleError, match="fixed to tier 0"):
        assign_tiers(
            np.ones((2, 1), dtype=np.int64),
            np.array([1]),
            fixed_tier=np.array([0, 0]),
        )


def test_no_accounts_need_no_tiers() -> None:
    plan = assign_tiers(np.empty((0, 2), dtype=np.int64), np.array([1, 1]))
    assert plan.value_cents == 0
    assert plan.proof is Proof.OPTIMAL
