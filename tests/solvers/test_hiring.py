"""Hires close the gap at the least cost, within recruiters and budget."""

import dataclasses

import numpy as np
import pytest

from data_contracts.errors import InfeasibleError
from solvers.hiring import HiringProblem, Spans, plan_hires
from solvers.result import Proof

# one segment, two roles, three months; an early hire brings more
YEAR = HiringProblem(
    group_names=("senior", "junior"),
    segment_of_group=np.array([0, 0]),
    role_of_group=np.array([0, 1]),
    contribution_cents=np.array([[900_000.0, 500_000, 0], [400_000, 200_000, 0]]),
    cost_cents=np.array([[600_000, 500_000, 400_000], [250_000, 200_000, 150_000]]),
    need_cents=np.array([1_300_000]),
)


def test_the_cheapest_mix_is_found_and_proven() -> None:
    # 900k + 400k at 850k; two seniors cost 1.2 M, four juniors 1 M.
    plan = plan_hires(YEAR)
    assert plan.hires.tolist() == [[1, 0, 0], [1, 0, 0]]
    assert (plan.cost_cents, plan.bound_cents) == (850_000, 850_000)
    assert plan.proof is Proof.OPTIMAL
    assert plan.missing_cents.tolist() == [0]


def test_recruiter_limits_push_hires_into_later_months() -> None:
    limit = np.array([[1, 1, 1], [0, 0, 0]])
    plan = plan_hires(dataclasses.replace(YEAR, recruiter_limit=limit))
    assert plan.hires.tolist() == [[1, 1, 0], [0, 0, 0]]


def test_nothing_missing_hires_nobody() -> None:
    plan = plan_hires(dataclasses.replace(YEAR, need_cents=np.array([-5])))
    assert plan.cost_cents == 0
    assert not plan.hires.any()


def test_the_last_useful_month_is_the_last_that_still_brings_something() -> None:
    assert plan_hires(YEAR).last_useful_month.tolist() == [1, 1]


def test_a_gap_out_of_reach_is_named_with_what_hires_can_bring() -> None:
    limit = np.array([[1, 0, 0], [0, 0, 0]])
    with pytest.raises(InfeasibleError, match=r"bring at most 9,000\.00"):
        plan_hires(dataclasses.replace(YEAR, recruiter_limit=limit))


def test_a_budget_too_small_is_named() -> None:
    with pytest.raises(InfeasibleError, match="recruiter limits and budget"):
        plan_hires(dataclasses.replace(YEAR, budget_cents=700_000))


def test_best_effort_closes_the_most_the_budget_allows() -> None:
    plan = plan_hires(dataclasses.replace(YEAR, budget_cents=700_000), best_effort=True)
    assert plan.proof is Proof.BEST_EFFORT
    assert plan.cost_cents <= 700_000
    # two juniors at once and one a month later: 1.0 M of 1.3 M
    assert plan.missing_cents.tolist() == [300_000]


def test_wrong_shapes_are_refused() -> None:
    with pytest.raises(ValueError, match="n_groups, n_months"):
        plan_hires(dataclasses.replace(YEAR, cost_cents=np.zeros((1, 3), np.int64)))


def spans(managers: int, team: float) -> Spans:
    """Two heads per manager; managers start at once and cost 100,000."""
    return Spans(
        heads_per_manager=2.0,
        managers=np.array([managers]),
        team_heads=np.full((1, 3), team),
        lead_months=np.array([0, 0]),
        manager_lead_months=0,
        manager_cost_cents=np.array([[100_000, 100_000, 100_000]]),
    )


def test_hires_beyond_a_span_bring_a_manager_first() -> None:
    # the plan of two hires needs one more lead; nobody leads today
    plan = plan_hires(dataclasses.replace(YEAR, spans=spans(0, 0.0)))
    assert plan.hires.sum() == 2
    assert plan.manager_hires.tolist() == [[1, 0, 0]]
    assert plan.cost_cents == 850_000 + 100_000


def test_a_span_with_room_needs_no_manager() -> None:
    plan = plan_hires(dataclasses.replace(YEAR, spans=spans(1, 0.0)))
    assert not plan.manager_hires.any()
    assert plan.cost_cents == 850_000


def test_one_row_of_recruiters_serves_all_roles_and_managers() -> None:
    shared = dataclasses.replace(YEAR, recruiter_limit=np.array([[2, 1, 1]]))
    plan = plan_hires(dataclasses.replace(shared, spans=spans(0, 0.0)))
    # a senior and the manager at once, so the second hire waits a month
    assert plan.hires.sum(axis=0).tolist() == [1, 1, 0]
    assert plan.manager_hires.tolist() == [[1, 0, 0]]
    with pytest.raises(ValueError, match="recruiter_limit"):
        plan_hires(dataclasses.replace(YEAR, recruiter_limit=np.ones((1, 2), int)))


def test_managers_count_in_the_budget() -> None:
    tight = dataclasses.replace(YEAR, spans=spans(0, 0.0), budget_cents=900_000)
    with pytest.raises(InfeasibleError, match="budget"):
        plan_hires(tight)


def test_a_team_over_its_span_today_may_stay_but_not_grow() -> None:
    plan = plan_hires(dataclasses.replace(YEAR, spans=spans(1, 7.0)))
    assert plan.manager_hires.sum() == 1
