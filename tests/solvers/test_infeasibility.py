"""The catalogue of asks that cannot hold: each is named, none crashes."""

import dataclasses

import numpy as np
import pytest

from data_contracts.errors import InfeasibleError
from solvers.infeasibility import diagnose, policies_of
from solvers.problem import TerritoryProblem
from solvers.territories import assign_accounts


def book(hours: list[float], n_reps: int, **changes: object) -> TerritoryProblem:
    problem = TerritoryProblem(
        account_ids=np.arange(len(hours)),
        rep_ids=np.arange(n_reps),
        metric_names=("hours",),
        load=np.array(hours, dtype=float)[:, None],
        tolerance=np.array([0.2]),
    )
    return dataclasses.replace(problem, **changes)


EVEN = [10.0] * 8
SKILLS = {
    "class_of_account": np.array([0, 0, 0, 0, 0, 0, 1, 1]),
    "class_allows": np.array([[True, False], [True, True]]),
}
CATALOGUE = {
    "pins past capacity": (
        book(
            EVEN,
            2,
            pinned_rep=np.array([0] * 6 + [-1, -1]),
            ceiling=np.array([[50.0], [np.inf]]),
        ),
        "6 pinned or locked accounts need 60 hours",
        ("pins",),
    ),
    "segment work above capacity": (
        book(EVEN, 2, ceiling=np.full((2, 1), 35.0), tolerance=np.array([0.5])),
        "segment 0 needs 80 hours, its 2 reps may hold 70",
        ("hours ceiling",),
    ),
    "skills leave a book too small": (
        book(EVEN, 2, **SKILLS),
        "rep 1 may own 20 hours in all; the band asks for at least 32",
        ("skills and regions", "hours band"),
    ),
    "one account larger than a book": (
        book([90, 10, 10, 10], 3),
        "account 0 alone has 90 hours",
        ("hours band",),
    ),
    "pinned to somebody who may not": (
        book(EVEN, 2, **SKILLS, pinned_rep=np.array([1] + [-1] * 7)),
        "account 0 is pinned to rep 1, who may not own it",
        ("skills and regions",),
    ),
    "family without a common rep": (
        book(
            EVEN,
            2,
            class_of_account=np.array([0, 1, 2, 2, 2, 2, 2, 2]),
            class_allows=np.array([[True, False], [False, True], [True, True]]),
            family=np.array([5, 5, -1, -1, -1, -1, -1, -1]),
        ),
        "family 5: its accounts have no eligible rep in common",
        ("skills and regions", "families"),
    ),
    "ceiling below the band": (
        book(EVEN, 2, ceiling=np.array([[20.0], [np.inf]])),
        "the hours band asks for at least 32, the ceiling allows 20",
        ("hours band",),
    ),
}


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_the_planted_fault_is_named(name: str) -> None:
    problem, words, _ = CATALOGUE[name]
    found = diagnose(problem, name_conflict=False)
    assert not found.is_possible
    assert any(words in violation.what for violation in found.counted)
    with pytest.raises(InfeasibleError) as error:
        assign_accounts(problem)
    assert error.value.fix.endswith("ask for best effort")


@pytest.mark.parametrize("name", list(CATALOGUE))
def test_best_effort_answers_and_lists_what_it_breaks(name: str) -> None:
    plan = assign_accounts(CATALOGUE[name][0], best_effort=True)
    assert plan.proof.value == "best_effort"
    assert plan.violations
    assert all(violation.what and violation.fix for violation in plan.violations)


@pytest.mark.slow
@pytest.mark.parametrize("name", list(CATALOGUE))
def test_the_conflict_is_smallest_any_of_it_gone_and_a_plan_exists(name: str) -> None:
    problem, _, expected = CATALOGUE[name]
    conflict = diagnose(problem).conflict
    assert set(conflict) >= set(expected)
    policies = dict(policies_of(problem))
    bare = problem
    for policy, without in policies.items():
        if policy not in conflict:
            bare = without(bare)
    assert not diagnose(bare, name_conflict=False).is_possible
    for policy in conflict:
        looser = policies[policy](bare)
        assert diagnose(looser, name_conflict=False).is_possible


def test_a_conflict_no_count_shows_is_found_by_the_relaxation() -> None:
    # Two metrics pull apart: every account has hours 1:9 or 9:1 against calls, and
    # rep 0 may only own the first kind.
    problem = TerritoryProblem(
        account_ids=np.arange(8),
        rep_ids=np.arange(2),
        metric_names=("hours", "calls"),
        load=np.array([[1.0, 9.0]] * 4 + [[9.0, 1.0]] * 4),
        tolerance=np.array([0.3, 0.3]),
        class_of_account=np.array([0] * 4 + [1] * 4),
        class_allows=np.array([[True, True], [False, True]]),
        ceiling=np.array([[np.inf, np.inf], [np.inf, np.inf]]),
    )
    found = diagnose(problem)
    assert not found.is_possible
    assert found.must_give
    assert "skills and regions" in found.conflict


def test_a_possible_ask_has_nothing_to_report() -> None:
    found = diagnose(book(EVEN, 2))
    assert found.is_possible
    assert found.conflict == ()


def test_a_disruption_budget_that_rules_exceed_is_named() -> None:
    problem = book(
        EVEN,
        2,
        current_rep=np.array([0] * 8),
        disruption_budget=1.0,
    )
    found = diagnose(problem)
    assert found.must_give
    assert "disruption budget" in found.conflict


def test_reps_without_a_share_are_not_told_to_open_endless_seats() -> None:
    problem = TerritoryProblem(
        account_ids=np.arange(2),
        rep_ids=np.arange(1),
        metric_names=("potential",),
        load=np.ones((2, 1)),
        tolerance=np.array([0.1]),
        rep_weight=np.zeros(1),
    )
    with pytest.raises(InfeasibleError, match="share of the work"):
        assign_accounts(problem)
