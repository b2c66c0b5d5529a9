"""Hires that keep a promise are the cheapest of all that do, where all can be tried."""

from dataclasses import replace
from itertools import combinations_with_replacement, product

import numpy as np
import pytest

from solvers.calibration import Calibration
from solvers.hiring import HiringProblem, plan_hires
from solvers.hiring_risk import (
    SalesTeam,
    expected_team_cents,
    hire_table,
    hires_for_probability,
)
from solvers.sales_team import DrawnYears

# Late hires in a cheap month tempt a straight line to hire one too many.
TEAM = SalesTeam(
    segment_of_group=np.array([0, 0]),
    role_of_group=np.array([0, 1]),
    heads=np.array([3, 2]),
    productivity_cents=np.array([[5.2e6] * 4, [3.1e6] * 4]),
    ramp_share=np.array([[0.2, 0.6, 1.0]] * 2),
    monthly_hazard=np.array([0.03, 0.01]),
    lead_months=np.array([0, 1]),
    market_deviation=0.05,
    segment_deviation=0.05,
    role_deviation=0.05,
)
TARGET = np.array([int(expected_team_cents(TEAM).sum()) + 11_900_000])
COST = np.array([[680_000, 540_000, 400_000, 250_000], [610_000, 480_000, 330_000, 1]])


@pytest.mark.slow
@pytest.mark.parametrize("promise", [0.5, 0.7, 0.9])
def test_no_plan_of_up_to_three_hires_keeps_the_promise_for_less(
    promise: float,
) -> None:
    ours = hires_for_probability(TEAM, TARGET, promise, cost_cents=COST).plan
    judge = DrawnYears(TEAM, n_segments=1, n_years=20_000, seed=4711)
    cells = list(product(range(2), range(4)))
    dearer = []
    for count in range(4):
        for chosen in combinations_with_replacement(cells, count):
            hires = np.zeros((2, 4), dtype=np.int64)
            for cell in chosen:
                hires[cell] += 1
            if (judge.capacity(hires) >= TARGET).mean() >= promise:
                dearer.append(int((hires * COST).sum()))
    assert 0 < ours.hires.sum() <= 3
    assert ours.cost_cents <= min(dearer)


def test_a_hire_that_the_promise_can_spare_is_dropped() -> None:
    calm = SalesTeam(
        segment_of_group=np.array([0]),
        role_of_group=np.array([0]),
        heads=np.array([1]),
        productivity_cents=np.full((1, 4), 1e6),
        ramp_share=np.ones((1, 1)),
        monthly_hazard=np.zeros(1),
        lead_months=np.zeros(1, dtype=np.int64),
        market_deviation=0.01,
    )
    question = HiringProblem(
        group_names=("ae",),
        segment_of_group=np.array([0]),
        role_of_group=np.array([0]),
        contribution_cents=hire_table(calm),
        cost_cents=np.array([[400, 300, 200, 100]]),
        need_cents=np.zeros(1, dtype=np.int64),
        recruiter_limit=np.array([[1, 1, 1, 1]]),
    )
    # one head books 4 M; 5 M are asked: one hire in month 2 (2 M) is the cheapest
    calibration = Calibration(calm, np.array([5e6]), 0.9, question, 0)
    asked = replace(question, need_cents=np.array([5_000_000]))
    generous = plan_hires(asked)  # 5 M of hires, not knowing who is there
    assert calibration.is_kept(generous.hires)
    assert calibration.pared(generous).tolist() == [[0, 0, 1, 0]]
