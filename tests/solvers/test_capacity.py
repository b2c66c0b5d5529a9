"""Capacity by month is plain expected-value arithmetic."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solvers.capacity import capacity_per_hire, expected_capacity


def test_a_hand_worked_team_of_two_with_one_hire() -> None:
    # Month 0: tenures 0 and 2 -> ramp 0.2 + 1.0; a tenth of each leaves.
    # Month 1: 0.9 at tenure 1 (0.5), 0.9 at tenure 3 (1.0), one hire (0.2).
    plan = expected_capacity(
        [0, 2],
        hires=[0, 1],
        ramp_share=[0.2, 0.5, 1.0],
        monthly_hazard=[0.1],
        productivity_cents=1_000,
    )
    assert plan.heads == pytest.approx([2.0, 2.8])
    assert plan.leavers == pytest.approx([0.2, 0.28])
    assert plan.ramped_heads == pytest.approx([1.2, 0.45 + 0.9 + 0.2])
    assert plan.capacity_cents.tolist() == [1_200, 1_550]


def test_part_time_heads_count_their_share() -> None:
    plan = expected_capacity(
        [9],
        hires=[0],
        ramp_share=[1.0],
        monthly_hazard=[0.0],
        productivity_cents=[100],
        fte_share=[0.5],
    )
    assert plan.heads.tolist() == [0.5]
    assert plan.year_cents == 50


def test_a_team_of_nobody_has_only_its_hires() -> None:
    plan = expected_capacity(
        [], hires=[0, 2], ramp_share=[1.0], monthly_hazard=[0.0], productivity_cents=10
    )
    assert plan.heads.tolist() == [0.0, 2.0]
    assert plan.capacity_cents.tolist() == [0, 20]


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.integers(0, 40), max_size=8),
    st.lists(st.integers(0, 3), min_size=1, max_size=14),
    st.floats(0, 0.3),
)
def test_heads_move_only_by_leavers_and_hires(
    tenure: list[int], hires: list[int], hazard: float
) -> None:
    plan = expected_capacity(
        tenure,
        hires=hires,
        ramp_share=[0.1, 0.6, 1.0],
        monthly_hazard=[hazard / 2, hazard],
        productivity_cents=5,
    )
    carried = plan.heads[:-1] - plan.leavers[:-1] + np.array(hires[1:])
    assert plan.heads[1:] == pytest.approx(carried)
    assert (plan.ramped_heads <= plan.heads + 1e-9).all()


def test_what_a_hire_brings_equals_the_capacity_of_a_team_of_one_hire() -> None:
    curve = {"ramp_share": [0.0, 0.4, 1.0], "monthly_hazard": [0.02]}
    table = capacity_per_hire(
        n_months=6, lead_months=2, productivity_cents=1e6, **curve
    )
    alone = expected_capacity(
        [], hires=[0, 0, 0, 1, 0, 0], productivity_cents=1e6, **curve
    )
    assert table[1] == pytest.approx(alone.capacity_cents, abs=1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hires": []}, "must not be empty"),
        ({"hires": [-1]}, "not negative"),
        ({"ramp_share": [1.2]}, "must lie in 0..1"),
        ({"monthly_hazard": [float("nan")]}, "must lie in 0..1"),
        ({"tenure_months": [-3]}, "future starters are hires"),
        ({"productivity_cents": float("inf")}, "productivity_cents"),
    ],
)
def test_impossible_numbers_are_refused(change: dict, message: str) -> None:
    given_values = {
        "tenure_months": [1],
        "hires": [0],
        "ramp_share": [1.0],
        "monthly_hazard": [0.0],
        "productivity_cents": 1,
    } | change
    with pytest.raises(ValueError, match=message):
        expected_capacity(**given_values)
