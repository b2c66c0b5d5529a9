"""The checker agrees with hand numbers and catches planted faults."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.certificate import broken_rules, certified_bound_cents, plan_cost_cents
from solvers.problem import TerritoryProblem
from solvers.sample_books import Shape, sample_book
from solvers.territories import assign_accounts

BOOK = TerritoryProblem(
    account_ids=np.arange(4),
    rep_ids=np.arange(2),
    metric_names=("accounts",),
    load=np.ones((4, 1)),
    tolerance=np.array([0.1]),
    current_rep=np.array([0, 0, 0, 1]),
    move_cost_cents=np.array([10, 20, 30, 40]),
)


def test_a_hand_worked_bound() -> None:
    # At 10 cents per account of rep 0 and none at rep 1, account 0 is indifferent and
    # the others stay: 10 + 10 + 10 + 0 less the rent 10 * 2.2 leaves 8.
    bound = certified_bound_cents(BOOK, np.array([[10.0], [0.0]]))
    assert bound == pytest.approx(8.0)
    assert plan_cost_cents(BOOK, np.array([1, 0, 0, 1])) == 10


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=2))
def test_no_prices_prove_more_than_the_optimum(prices: list[float]) -> None:
    bound = certified_bound_cents(BOOK, np.array(prices)[:, None])
    assert bound <= 10 + 1e-6


@pytest.mark.parametrize(
    ("change", "plan", "words"),
    [
        ({}, [0, 0, 0, 1], "bands: 2 reps outside"),
        ({}, [0, 0, -1, 1], "unassigned: 1 accounts"),
        ({"pinned_rep": np.array([0, -1, -1, -1])}, [1, 0, 0, 1], "pin: 1"),
        ({"is_locked": np.array([1, 0, 0, 0], bool)}, [1, 0, 0, 1], "lock: 1"),
        ({"family": np.array([3, 3, -1, -1])}, [1, 0, 0, 1], "family: 1 apart"),
        ({"blocked": np.array([[0, 1]])}, [1, 0, 0, 1], "eligibility: 1"),
        ({"is_in_scope": np.array([0, 1, 1, 1], bool)}, [1, 0, 0, 1], "scope: 1"),
        ({"disruption_budget": 0.5}, [1, 0, 0, 1], "budget: 1 of 0.5"),
    ],
)
def test_every_planted_fault_is_seen(change: dict, plan: list[int], words: str) -> None:
    found = broken_rules(dataclasses.replace(BOOK, **change), np.array(plan))
    assert any(line.startswith(words) for line in found)


def test_a_legal_plan_breaks_nothing() -> None:
    assert broken_rules(BOOK, np.array([1, 0, 0, 1])) == ()


@pytest.mark.slow
@pytest.mark.parametrize("shape", [Shape.FAMILIES, Shape.PINNED])
def test_the_solver_and_the_checker_work_out_the_same_bound(shape: Shape) -> None:
    problem = sample_book(300, 6, shape, seed=4)
    plan = assign_accounts(problem, best_effort=True)
    bound = certified_bound_cents(problem, plan.prices)
    assert 0 <= bound - plan.bound_cents < 1.0 + 1e-9 * bound


def test_a_price_without_a_limit_is_refused() -> None:
    free = dataclasses.replace(BOOK, tolerance=np.array([np.inf]))
    with pytest.raises(ValueError, match="needs an upper limit"):
        certified_bound_cents(free, np.array([[1.0], [0.0]]))
