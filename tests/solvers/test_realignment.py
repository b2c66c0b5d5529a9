"""Mid-year changes touch little: scope, move price, fewest moves with a proof."""

import dataclasses
import itertools
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import Bounds, LinearConstraint, milp

from data_contracts.errors import InfeasibleError
from solvers.certificate import band_limits, broken_rules, eligible_pairs
from solvers.problem import OWNER_LEFT, TerritoryProblem
from solvers.result import Proof
from solvers.sample_books import sample_book
from solvers.territories import Objective, assign_accounts


@cache
def settled_book() -> TerritoryProblem:
    problem = sample_book(500, 12, seed=5, n_segments=2)
    plan = assign_accounts(problem)
    return dataclasses.replace(problem, current_rep=plan.rep_of_account, ceiling=None)


def after_leaver(problem: TerritoryProblem, gone: int) -> TerritoryProblem:
    """The leaver's share goes to nobody: peers take over, targets follow."""
    weight = problem.rep_weight.copy()
    weight[gone] = 0.0
    owner = problem.current_rep.copy()
    owner[owner == gone] = OWNER_LEFT
    return dataclasses.replace(problem, rep_weight=weight, current_rep=owner)


@pytest.mark.slow
def test_what_is_out_of_scope_never_moves() -> None:
    problem = after_leaver(settled_book(), 0)
    scope = problem.segment_of_account == 0
    plan = assign_accounts(dataclasses.replace(problem, is_in_scope=scope))
    same = plan.rep_of_account == problem.current_rep
    assert same[~scope].all()
    assert (plan.rep_of_account != 0).all()
    assert broken_rules(problem, plan.rep_of_account) == ()


@pytest.mark.slow
def test_dearer_moves_move_less_and_fewest_moves_the_least() -> None:
    problem = after_leaver(settled_book(), 0)
    moved = [
        assign_accounts(problem, move_price=price, material_share=0.0).moved_count
        for price in (0.2, 5.0)
    ]
    least = assign_accounts(problem, objective=Objective.FEWEST_MOVES)
    assert moved[0] > moved[1] >= least.moved_count >= least.least_moves
    assert broken_rules(problem, least.rep_of_account) == ()


@pytest.mark.slow
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_fewest_moves_is_the_least_of_all_plans(data: st.DataObject) -> None:
    n, k = data.draw(st.integers(2, 6)), data.draw(st.integers(2, 3))
    problem = TerritoryProblem(
        account_ids=np.arange(n),
        rep_ids=np.arange(k),
        metric_names=("potential",),
        load=np.array([[float(data.draw(st.integers(1, 9)))] for _ in range(n)]),
        tolerance=np.array([0.4]),
        current_rep=np.array([data.draw(st.integers(-1, k - 1)) for _ in range(n)]),
    )
    owner = problem.current_rep
    legal = [
        int(((owner >= 0) & (np.array(p) != owner)).sum())
        for p in itertools.product(range(k), repeat=n)
        if not broken_rules(problem, np.array(p))
    ]
    if not legal:
        with pytest.raises(InfeasibleError):
            assign_accounts(problem, objective=Objective.FEWEST_MOVES)
        return
    plan = assign_accounts(problem, objective=Objective.FEWEST_MOVES)
    assert plan.moved_count == plan.least_moves == min(legal)
    assert plan.proof is Proof.OPTIMAL


def test_an_inherited_miss_elsewhere_is_noted_not_blamed() -> None:
    # Segment 1 is lopsided; only segment 0 is in scope.
    problem = TerritoryProblem(
        account_ids=np.arange(6),
        rep_ids=np.arange(4),
        metric_names=("accounts",),
        load=np.ones((6, 1)),
        tolerance=np.array([0.3]),
        segment_of_account=np.array([0, 0, 1, 1, 1, 1]),
        segment_of_rep=np.array([0, 0, 1, 1]),
        current_rep=np.array([-1, -1, 2, 2, 2, 3]),
        is_in_scope=np.array([1, 1, 0, 0, 0, 0], dtype=bool),
    )
    plan = assign_accounts(problem)
    assert plan.violations == ()
    assert any("outside this scope: rep 2" in note for note in plan.notes)
    assert sorted(plan.rep_of_account[:2].tolist()) == [0, 1]


@pytest.mark.slow
def test_a_scoped_ask_about_a_settled_book_moves_nobody() -> None:
    problem = settled_book()
    scope = problem.segment_of_account == 1
    plan = assign_accounts(dataclasses.replace(problem, is_in_scope=scope))
    assert plan.kept_incumbent
    assert plan.moved_count == 0


@pytest.mark.slow
@pytest.mark.parametrize("how", [{"move_price": 10.0}, {"objective": "fewest_moves"}])
def test_a_repair_moves_at_most_half_of_what_a_full_plan_would(how: dict) -> None:
    problem = after_leaver(settled_book(), 0)
    full = assign_accounts(problem, material_share=0.0)
    scope = problem.segment_of_account == problem.segment_of_rep[0]
    asked = dataclasses.replace(problem, is_in_scope=scope)
    kind = Objective(how.get("objective", "cost"))
    plan = assign_accounts(asked, move_price=how.get("move_price", 1.0), objective=kind)
    assert plan.moved_count <= full.moved_count / 2
    assert broken_rules(problem, plan.rep_of_account) == ()


@pytest.mark.slow
def test_any_number_of_workers_gives_the_same_bytes() -> None:
    problem = sample_book(160, 6, seed=2, n_segments=2)
    plans = [assign_accounts(problem, workers=n) for n in (1, 2)]
    for name in ("rep_of_account", "prices", "keep_cost_cents", "next_best_rep"):
        assert len({getattr(plan, name).tobytes() for plan in plans}) == 1, name
    with pytest.raises(ValueError, match="workers is 0"):
        assign_accounts(problem, workers=0)


def test_the_proven_least_is_what_a_linear_programme_proves() -> None:
    # 300 accounts of ten reps are too many to count exactly; one rep goes half time
    book = sample_book(300, 10, seed=4, n_segments=1)
    weight = book.rep_weight.copy()
    weight[0] *= 0.5
    asked = dataclasses.replace(
        book,
        current_rep=assign_accounts(book).rep_of_account,
        rep_weight=weight,
        ceiling=None,
    )
    rows = np.arange(300)
    account, rep = np.nonzero(eligible_pairs(asked, rows))
    lower, upper = band_limits(asked)
    once = (account == rows[:, None]).astype(float)
    held = [(rep == r) * asked.load[account, g] for r in range(10) for g in range(3)]
    answer = milp(
        (asked.current_rep[account] != rep).astype(float),
        constraints=LinearConstraint(
            np.vstack([once, *held]),
            np.concatenate([np.ones(300), lower.ravel()]),
            np.concatenate([np.ones(300), upper.ravel()]),
        ),
        bounds=Bounds(0, 1),
    )
    plan = assign_accounts(asked, objective=Objective.FEWEST_MOVES)
    assert answer.fun > 1
    assert plan.least_moves <= np.ceil(answer.fun + 1e-6) <= plan.moved_count
    assert plan.least_moves >= answer.fun - 0.01
