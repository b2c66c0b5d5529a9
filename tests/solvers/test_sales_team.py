"""Expected bookings of a team are what a hand calculation gives."""

import dataclasses

import numpy as np
import pytest

from solvers.capacity import capacity_per_hire
from solvers.sales_team import (
    SalesTeam,
    expected_team_cents,
    hire_table,
    simulate_capacity,
)

# one group, four months of 100 a ramped head, half of all heads leave each month
TEAM = SalesTeam(
    segment_of_group=np.array([0]),
    role_of_group=np.array([0]),
    heads=np.array([2]),
    productivity_cents=np.full((1, 4), 100.0),
    ramp_share=np.array([[0.0, 0.5, 1.0]]),
    monthly_hazard=np.array([0.5]),
    lead_months=np.array([1]),
)


def test_ramped_heads_book_until_they_leave() -> None:
    # 2 x 100 x (1 + 1/2 + 1/4 + 1/8)
    assert expected_team_cents(TEAM).tolist() == [375.0]


def test_new_heads_are_counted_at_their_tenure() -> None:
    young = dataclasses.replace(TEAM, tenure_months=(np.array([0, 1]),))
    # tenure 0: 0, 50/2, 100/4, 100/8; tenure 1: 50, 100/2, 100/4, 100/8
    assert expected_team_cents(young).tolist() == [62.5 + 137.5]


def test_hazard_may_change_with_tenure() -> None:
    steady = dataclasses.replace(
        TEAM,
        tenure_months=(np.array([2, 2]),),
        monthly_hazard=np.array([[1.0, 1.0, 0.0]]),
    )
    assert expected_team_cents(steady).tolist() == [800.0]
    assert hire_table(steady)[0].tolist() == [0.0, 0.0, 0.0, 0.0]  # gone in a month


def test_a_refilled_seat_starts_after_its_lead_time_at_tenure_zero() -> None:
    refilled = dataclasses.replace(TEAM, backfill_share=np.array([1.0]))
    # who leaves after month 0 is back in month 2: 0, then 50 if still there (1/2);
    # a seat lost in month 1 starts in month 3 and books nothing any more
    assert expected_team_cents(refilled).tolist() == [375.0 + 2 * 0.5 * 25.0]


def test_without_refills_a_hire_brings_what_capacity_says() -> None:
    table = capacity_per_hire(
        n_months=4,
        lead_months=1,
        ramp_share=[0.0, 0.5, 1.0],
        monthly_hazard=[0.5],
        productivity_cents=100.0,
    )
    assert hire_table(TEAM)[0] == pytest.approx(table.sum(axis=1))


def test_simulated_refills_have_the_expected_mean() -> None:
    team = dataclasses.replace(
        TEAM, heads=np.array([30]), backfill_share=np.array([0.8])
    )
    none = np.zeros((1, 4), dtype=np.int64)
    years = simulate_capacity(team, none, n_segments=1, n_years=20_000, seed=3)
    assert years.mean() == pytest.approx(expected_team_cents(team)[0], rel=0.005)


def test_heads_without_a_tenure_are_refused() -> None:
    with pytest.raises(ValueError, match="lists \\[1\\] heads"):
        dataclasses.replace(TEAM, tenure_months=(np.array([3]),))
    with pytest.raises(ValueError, match="backfill_share"):
        dataclasses.replace(TEAM, backfill_share=np.array([1.5]))
