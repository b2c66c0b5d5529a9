"""Payout curves stay within their ceiling; actuals accrue under the one in force."""

from datetime import date

import polars as pl
import pytest

from data_contracts.calendar import months
from data_contracts.economics import Pay
from data_contracts.policy import CompanyPolicy
from pipelines.planning.pay import accrued, curve_of, plan_pay

YEAR = months(date(2026, 1, 1), 12)
REPS = pl.DataFrame({"rep_id": ["r1", "r2"], "role": ["ae", "ae"]})
QUOTAS = pl.DataFrame(
    {
        "rep_id": [rep for rep in ("r1", "r2") for _ in YEAR],
        "month_start": YEAR * 2,
        "quota_cents": [100_00] * 24,
        "base_cents": [100_00] * 24,
    }
)
OFFERS = {
    "curve": "searched",
    "accelerators": [1.0, 3.0],
    "thresholds_share": [0.0, 0.5],
}


def with_pay(policy: CompanyPolicy, **pay: object) -> CompanyPolicy:
    return policy.model_copy(update={"pay": Pay.model_validate(OFFERS | pay)})


def test_a_loose_ceiling_buys_the_strongest_curve_a_tight_one_a_flat_one(
    policy: CompanyPolicy,
) -> None:
    loose, proofs = plan_pay(with_pay(policy, mean_ceiling_multiple=2.0), QUOTAS, REPS)
    assert loose["accelerator"].to_list() == [3.0]
    assert proofs[0].is_verified
    tight, _ = plan_pay(with_pay(policy, mean_ceiling_multiple=1.0), QUOTAS, REPS)
    assert tight["accelerator"].to_list() == [1.0]
    assert loose["p90_cents"][0] > loose["mean_cents"][0] > tight["mean_cents"][0]


def test_no_curve_within_the_ceiling_keeps_the_plain_one_and_says_so(
    policy: CompanyPolicy,
) -> None:
    lines, proofs = plan_pay(with_pay(policy, mean_ceiling_multiple=0.1), QUOTAS, REPS)
    assert proofs[0].proof == "best_effort"
    assert "none of 4 curves fits" in lines["reason"][0]


def test_a_curve_read_back_pays_the_same(policy: CompanyPolicy) -> None:
    lines, _ = plan_pay(
        with_pay(
            policy,
            mean_ceiling_multiple=2.0,
            second_accelerators=[4.0],
            caps_multiple=[2.0],
        ),
        QUOTAS,
        REPS,
    )
    curve = curve_of(lines.row(0, named=True))
    assert curve.payout(1.25) == pytest.approx(1 + 0.25 * 3.0)
    assert curve.payout(1.35) == pytest.approx(1 + 0.25 * 3.0 + 0.1 * 4.0)


def test_actuals_accrue_under_the_curve_and_quotas_in_force(
    policy: CompanyPolicy,
) -> None:
    flat = with_pay(policy, mean_ceiling_multiple=1.1, thresholds_share=[0.0])
    pay, _ = plan_pay(flat, QUOTAS, REPS)
    booked = pl.DataFrame(
        {
            "rep_id": ["r1", "r1", "r2", "gone"],
            "role": ["ae"] * 4,
            "month_start": [YEAR[0], YEAR[1], YEAR[0], YEAR[0]],
            "bookings_cents": [300_00, 300_00, 600_00, 999_00],
        }
    )
    (line,) = accrued(policy, {"pay": pay, "quota": QUOTAS}, booked, through=YEAR[1])
    # half of each yearly quota is booked: half of 60,000 each; strangers do not count
    assert line.objective == 2 * 0.5 * 60_000_00
    assert "12" not in line.node_id
    assert "1,200.00 booked by 2 reps" in line.statement


def test_nothing_accrues_without_a_curve_in_force(policy: CompanyPolicy) -> None:
    assert accrued(policy, {"quota": QUOTAS}, QUOTAS, through=YEAR[0]) == []
