"""Promised probabilities hold on years the plan has not seen."""

import dataclasses

import numpy as np
import pytest

from data_contracts.errors import InfeasibleError
from solvers.hiring_risk import (
    SalesTeam,
    expected_team_cents,
    hire_table,
    hires_for_probability,
    price_of_certainty,
    simulate_capacity,
)

TEAM = SalesTeam(
    segment_of_group=np.array([0, 1]),
    role_of_group=np.array([0, 0]),
    heads=np.array([10, 6]),
    productivity_cents=np.full((2, 12), 4_000_000.0),
    ramp_share=np.array([[0.2, 0.6, 1.0]] * 2),
    monthly_hazard=np.array([0.02, 0.01]),
    lead_months=np.array([2, 1]),
    market_deviation=0.06,
    segment_deviation=0.04,
)
TARGET = (np.bincount([0, 1], expected_team_cents(TEAM)) * 1.05).astype(np.int64)
COST = np.tile(np.linspace(9_000_000, 3_000_000, 12).astype(np.int64), (2, 1))


def test_expected_bookings_are_survival_times_productivity() -> None:
    stay = 0.98 ** np.arange(12)
    assert expected_team_cents(TEAM)[0] == pytest.approx(10 * 4e6 * stay.sum())


def test_simulated_years_have_the_expected_mean() -> None:
    hires = np.zeros((2, 12), dtype=np.int64)
    hires[0, 1] = 3
    years = simulate_capacity(TEAM, hires, n_segments=2, n_years=40_000, seed=1)
    mean = expected_team_cents(TEAM) + (hires * hire_table(TEAM)).sum(axis=1)
    assert years.mean(axis=0) == pytest.approx(mean, rel=0.003)


def test_the_luck_of_a_year_does_not_depend_on_hires() -> None:
    calm = dataclasses.replace(TEAM, monthly_hazard=np.zeros(2))
    none = np.zeros((2, 12), dtype=np.int64)
    some = none.copy()
    some[1, 0] = 2
    first = simulate_capacity(calm, none, n_segments=2, n_years=50, seed=4)
    second = simulate_capacity(calm, some, n_segments=2, n_years=50, seed=4)
    assert second[:, 0] == pytest.approx(first[:, 0])
    ratio = second[:, 1] / first[:, 1]
    assert ratio == pytest.approx(np.full(50, ratio[0]))


@pytest.mark.slow
@pytest.mark.parametrize("promise", [0.5, 0.8, 0.9])
def test_a_promise_is_kept_on_years_drawn_by_somebody_else(promise: float) -> None:
    plan = hires_for_probability(TEAM, TARGET, promise, cost_cents=COST)
    years = simulate_capacity(
        TEAM, plan.plan.hires, n_segments=2, n_years=60_000, seed=987
    )
    kept = (years >= TARGET).mean(axis=0)
    assert (kept >= promise - 0.005).all()
    assert plan.worst_probability == pytest.approx(float(kept.min()), abs=0.01)


@pytest.mark.slow
def test_more_certainty_never_costs_less() -> None:
    plans = price_of_certainty(TEAM, TARGET, (0.5, 0.7, 0.9), cost_cents=COST)
    costs = [plan.plan.cost_cents for plan in plans]
    assert costs == sorted(costs)
    assert costs[0] < costs[-1]


def test_out_of_reach_promises_are_refused() -> None:
    with pytest.raises(InfeasibleError):
        hires_for_probability(
            TEAM, TARGET * 3, 0.9, cost_cents=COST, group_limit=np.array([1, 1])
        )
    with pytest.raises(ValueError, match="inside"):
        hires_for_probability(TEAM, TARGET, 1.0, cost_cents=COST)


@pytest.mark.slow
def test_same_seed_same_plan() -> None:
    one = hires_for_probability(TEAM, TARGET, 0.6, cost_cents=COST, seed=3)
    two = hires_for_probability(TEAM, TARGET, 0.6, cost_cents=COST, seed=3)
    assert one.plan.hires.tobytes() == two.plan.hires.tobytes()
    assert one.worst_probability == two.worst_probability
