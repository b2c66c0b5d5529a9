"""Pay plans: the curve, its cost in common good and bad years, and accruals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.errors import InfeasibleError
from solvers.compensation import (
    PayoutMoments,
    PayPlan,
    accrue_commissions,
    price_plan,
    search_plans,
    simulate_attainment,
)

STEEP = PayPlan(
    threshold_share=0.4,
    threshold_payout=0.2,
    accelerators=((1.0, 1.5), (1.2, 2.5)),
    cap_payout=3.0,
)


@st.composite
def pay_plans(draw: st.DrawFn) -> PayPlan:
    return PayPlan(
        threshold_share=draw(st.sampled_from([0.0, 0.3, 0.7])),
        threshold_payout=draw(st.sampled_from([0.0, 0.25])),
        accelerators=(
            (1.0, draw(st.floats(0, 3))),
            (draw(st.sampled_from([1.1, 1.5])), draw(st.floats(0, 4))),
        ),
        cap_payout=draw(st.sampled_from([1.0, 1.7, 4.0, float("inf")])),
    )


def test_a_hand_worked_curve() -> None:
    # Half way from 40 % to quota pays half way from 0.2 to 1; past 120 % the
    # second slope: 1 + 0.2 * 1.5 + 0.1 * 2.5 = 1.55.
    assert STEEP.payout([0.39, 0.4, 0.7, 1.0, 1.1, 1.3, 9.0]) == pytest.approx(
        [0.0, 0.2, 0.6, 1.0, 1.15, 1.55, 3.0]
    )


@settings(max_examples=60, deadline=None)
@given(pay_plans(), st.lists(st.floats(0, 3), min_size=2, max_size=20))
def test_payout_never_falls_and_is_one_at_quota(
    plan: PayPlan, attainment: list[float]
) -> None:
    assert (np.diff(plan.payout(sorted(attainment))) >= -1e-12).all()
    assert plan.payout(1.0) == pytest.approx(1.0)


@settings(max_examples=60, deadline=None)
@given(pay_plans(), st.integers(0, 99))
def test_partial_moments_price_a_plan_like_brute_force(
    plan: PayPlan, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    years, incentive = rng.lognormal(-0.1, 0.4, (50, 4)), rng.integers(1, 9_999, 4)
    brute = (plan.payout(years) @ incentive).mean()
    fast = PayoutMoments(years, incentive).mean_cents(plan)
    assert fast == pytest.approx(brute, rel=1e-9)


def test_a_common_market_makes_the_dear_year_dearer() -> None:
    crowd = np.full(200, 1.0)
    pay = np.full(200, 1_000_000)
    costs = [
        price_plan(
            STEEP,
            simulate_attainment(
                4_000,
                mean_attainment=crowd,
                rep_deviation=np.full(200, np.sqrt(0.09 - common**2)),
                common_deviation=common,
                seed=1,
            ),
            incentive_cents=pay,
            quota_cents=pay * 5,
        )
        for common in (0.0, 0.15)
    ]
    assert costs[0].mean_cents == pytest.approx(costs[1].mean_cents, rel=0.02)
    spread = [c.p90_cents / c.mean_cents for c in costs]
    assert spread[0] < 1.05 < 1.15 < spread[1]


def test_the_search_takes_the_strongest_plan_that_fits() -> None:
    years = np.array([[0.8], [1.0], [1.4]])
    flat, steep = PayPlan(), PayPlan(accelerators=((1.0, 3.0),))
    money = {"incentive_cents": np.array([300]), "quota_cents": np.array([900])}
    plan, _ = search_plans([flat, steep], years, mean_ceiling_cents=400, **money)
    assert plan is steep
    plan, cost = search_plans([flat, steep], years, mean_ceiling_cents=350, **money)
    assert plan is flat
    assert cost.mean_cents == 320
    with pytest.raises(InfeasibleError, match=r"cheapest fair one costs 3\.20"):
        search_plans([flat, steep], years, mean_ceiling_cents=10, **money)


def test_falling_accelerators_are_not_a_fair_curve() -> None:
    assert STEEP.is_fair_curve
    assert not PayPlan(accelerators=((1.0, 2.0), (1.5, 1.2))).is_fair_curve
    assert not PayPlan(accelerators=((1.0, 0.5),)).is_fair_curve


def test_accruals_add_up_to_the_payout_on_the_year_to_date() -> None:
    booked = np.array([[30, 60, -20, 80], [0, 0, 0, 0]])
    accrued = accrue_commissions(
        PayPlan(accelerators=((1.0, 2.0),)),
        booked,
        quota_cents=np.array([100, 100]),
        incentive_cents=np.array([1_000, 1_000]),
    )
    assert accrued[0].tolist() == [300, 600, -200, 1_300]
    assert not accrued[1].any()


def test_a_rep_without_quota_accrues_nothing() -> None:
    accrued = accrue_commissions(
        PayPlan(),
        np.array([[50]]),
        quota_cents=np.array([0]),
        incentive_cents=np.array([1_000]),
    )
    assert accrued.tolist() == [[0]]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"threshold_share": 1.0}, "not in"),
        ({"threshold_payout": 2.0}, "threshold_payout"),
        ({"accelerators": ((1.1, 1.0),)}, "start at 1.0"),
        ({"accelerators": ((1.0, -1.0),)}, "slopes"),
        ({"cap_payout": 0.5}, "cap at least 1"),
    ],
)
def test_curves_that_fall_are_refused(change: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        PayPlan(**change)
