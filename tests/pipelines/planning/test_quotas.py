"""Quotas add up to the cent in every segment, month and rep."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.policy import CompanyPolicy
from pipelines.planning.people import Forecasts
from pipelines.planning.quotas import plan_quotas
from pipelines.planning.targets import CELL_SCHEMA, horizon


def no_forecasts() -> Forecasts:
    group = {"segment_id": pl.String, "role": pl.String}
    return Forecasts(
        ramp=pl.DataFrame(
            schema=group | {"tenure_month": pl.Int32, "share": pl.Float64}
        ),
        productivity=pl.DataFrame(schema=group | {"ramped_month_cents": pl.Int64}),
        attrition=pl.DataFrame(
            schema=group
            | {"tenure_band": pl.String, "monthly_hazard_share": pl.Float64}
        ),
        capacity=pl.DataFrame(),
        bookings=pl.DataFrame(),
        potential=pl.DataFrame(),
    )


def policy(rounding: float = 1, rep_cushion: float = 0.0) -> CompanyPolicy:
    return CompanyPolicy.model_validate(
        {
            "company": {"name": "Acme"},
            "segments": [{"id": "smb", "name": "Small", "is_default": True}],
            "roles": [
                {
                    "id": "ae",
                    "name": "AE",
                    "hris_roles": ["ae"],
                    "is_quota_bearing": True,
                }
            ],
            "targets": {"growth_share": 0},
            "quotas": {
                "rounding_in_currency": rounding,
                "over_assignment_share": {"rep": rep_cushion},
            },
        }
    )


def team(tenures: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "rep_id": [f"r{place}" for place in range(len(tenures))],
            "role": "ae",
            "segment_id": "smb",
            "region_id": "east",
            "tenure_months": tenures,
        }
    )


def books(cents: list[int]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "account_id": [f"a{place}" for place in range(len(cents))],
            "rep_id": [f"r{place}" for place in range(len(cents))],
            "potential_cents": cents,
        }
    )


def targets(monthly: list[int]) -> pl.DataFrame:
    plan = horizon(policy(), date(2026, 1, 1))
    return pl.DataFrame(
        {
            "segment_id": "smb",
            "region_id": "east",
            "month_start": plan.month_starts,
            "value_cents": monthly,
        },
        schema=CELL_SCHEMA,
    )


def test_equal_ramped_reps_split_by_potential_and_capacity_half_and_half() -> None:
    plan = horizon(policy(), date(2026, 1, 1))
    quotas = plan_quotas(
        policy(),
        no_forecasts(),
        targets([1000_00] * 12),
        team([60, 60]),
        books([300_00, 100_00]),
        plan,
    )
    year = dict(quotas.group_by("rep_id").agg(pl.sum("quota_cents")).iter_rows())
    # potential 75:25, capacity 50:50, half and half: 62.5 : 37.5 of 12,000
    assert year == {"r0": 7500_00, "r1": 4500_00}


def test_a_new_rep_has_a_rising_quota_and_the_ramped_rep_carries_the_rest() -> None:
    quotas = plan_quotas(
        policy(),
        no_forecasts(),
        targets([1000_00] * 12),
        team([0, 60]),
        books([100_00, 100_00]),
        horizon(policy(), date(2026, 1, 1)),
    )
    new = quotas.filter(pl.col("rep_id") == "r0")["quota_cents"].to_list()
    assert new[0] == 0
    assert new == sorted(new)


def test_a_segment_without_a_rep_gets_no_quota_and_does_not_fail() -> None:
    quotas = plan_quotas(
        policy(),
        no_forecasts(),
        targets([1000_00] * 12),
        team([]),
        books([]),
        horizon(policy(), date(2026, 1, 1)),
    )
    assert quotas.is_empty()


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 10**8), min_size=12, max_size=12).filter(any),
    st.lists(st.integers(0, 48), min_size=1, max_size=6),
    st.sampled_from([0.01, 1, 100]),
    st.sampled_from([0.0, 0.07, 0.2]),
)
def test_quotas_sum_to_the_cushioned_target_to_the_cent(
    monthly: list[int], tenures: list[int], rounding: float, cushion: float
) -> None:
    quotas = plan_quotas(
        policy(rounding, cushion),
        no_forecasts(),
        targets(monthly),
        team(tenures),
        books([100_00 * (place + 1) for place in range(len(tenures))]),
        horizon(policy(), date(2026, 1, 1)),
    )
    assert quotas["quota_cents"].sum() == round(sum(monthly) * (1 + cushion))
    assert (quotas["quota_cents"] >= 0).all()
