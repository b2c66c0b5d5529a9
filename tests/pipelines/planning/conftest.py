"""A small company as planning reads it: two segments, four reps, twenty accounts."""

from datetime import date

import polars as pl
import pytest

from data_contracts.calendar import months
from data_contracts.drift import Breach, BreachState, DriftMetric
from data_contracts.policy import CompanyPolicy
from pipelines.planning.forecast import SCHEMAS
from pipelines.planning.inputs import Facts
from pipelines.planning.known import Known
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import first_horizon

HISTORY = months(date(2024, 1, 1), 24)
LEFT = Breach(
    key="rep_left:r1:2026-03-10",
    metric=DriftMetric.REP_LEFT,
    node_level="rep",
    node_id="r1",
    direction="below",
    first_seen_on=date(2026, 3, 10),
    scope="rep:r1",
    asks_for=("territories", "quotas"),
    cause="r1 left",
    state=BreachState.OPEN,
    plan_version=1,
)
"""r1 is gone since March: the breach that most tests answer."""


@pytest.fixture(scope="module")
def policy() -> CompanyPolicy:
    """Two segments, one quota-bearing role, a launch in May."""
    return CompanyPolicy.model_validate(
        {
            "company": {"name": "Acme"},
            "segments": [
                {"id": "smb", "name": "Small"},
                {"id": "ent", "name": "Large", "is_default": True},
            ],
            "roles": [
                {
                    "id": "ae",
                    "name": "AE",
                    "hris_roles": ["ae"],
                    "is_quota_bearing": True,
                    "ote_in_currency": 120_000,
                },
                {"id": "manager", "name": "Manager", "hris_roles": ["manager"]},
            ],
            "targets": {"growth_share": 0.1},
            "quotas": {
                "rounding_in_currency": 1,
                "over_assignment_share": {"rep": 0.1},
            },
            "launches": [
                {
                    "id": "pro",
                    "product_id": "P9",
                    "name": "Pro",
                    "planned_on": date(2026, 5, 1),
                    "expected_per_month_in_currency": 100,
                }
            ],
        }
    )


@pytest.fixture(scope="module")
def facts(policy: CompanyPolicy) -> Facts:
    """Facts of 31 December 2025, the eve of a fiscal year."""
    reps = pl.DataFrame(
        {
            "rep_id": ["r1", "r2", "r3", "r4", "boss"],
            "role": ["ae", "ae", "ae", "ae", "manager"],
            "segment_id": ["smb", "smb", "ent", "ent", None],
            "region_id": ["east", "east", "east", "west", None],
            "hired_on": [date(2020, 1, 1)] * 5,
            "left_on": [None] * 5,
            "is_active": [True] * 5,
            "is_quota_bearing": [True] * 4 + [False],
            "latitude": [None] * 5,
            "longitude": [None] * 5,
        },
        schema_overrides={
            "left_on": pl.Date,
            "latitude": pl.Float64,
            "longitude": pl.Float64,
        },
    )
    owner = [f"r{place % 2 + (1 if place < 10 else 3)}" for place in range(20)]
    segment = ["smb"] * 10 + ["ent"] * 10
    accounts = pl.DataFrame(
        {
            "account_id": [f"a{place:02d}" for place in range(20)],
            "parent_account_id": [None] * 20,
            "owner_rep_id": owner,
            "segment_id": segment,
            "region_id": ["east"] * 20,
            "industry": [None] * 20,
            "employee_count": [None] * 20,
            "latitude": [None] * 20,
            "longitude": [None] * 20,
            "bookings_12m_cents": [1200_00] * 20,
            "open_pipeline_cents": [0] * 20,
        },
        schema_overrides={
            "parent_account_id": pl.String,
            "industry": pl.String,
            "employee_count": pl.Int64,
            "latitude": pl.Float64,
            "longitude": pl.Float64,
        },
    )
    won = (
        accounts.select("account_id", "segment_id", "region_id")
        .join(pl.DataFrame({"month_start": HISTORY}), how="cross")
        .with_columns(
            booked_on=pl.col("month_start"), amount_cents=pl.lit(100_00, pl.Int64)
        )
    )
    rep_months = reps.filter(pl.col("is_quota_bearing")).join(
        pl.DataFrame({"month_start": HISTORY}), how="cross"
    )
    return Facts(
        as_of=date(2025, 12, 31),
        last_full_month=date(2025, 12, 1),
        policy=policy,
        reps=reps,
        accounts=accounts,
        rep_months=rep_months.with_columns(
            tenure_months=pl.lit(60.0),
            active_share=pl.lit(1.0),
            bookings_cents=pl.lit(500_00, pl.Int64),
        ),
        won=won,
    )


@pytest.fixture(scope="module")
def doubled(facts: Facts) -> pl.DataFrame:
    """Ask smb for twice what its two reps book, in every month of the year."""
    plan = first_horizon(facts.policy, facts.as_of)
    return pl.DataFrame({"month_start": plan.month_starts}).select(
        pl.lit("smb").alias("segment_id"),
        pl.lit("east").alias("region_id"),
        "month_start",
        pl.lit(2_000_00, pl.Int64).alias("value_cents"),
    )


@pytest.fixture(scope="module")
def forecasts(facts: Facts) -> Forecasts:
    """Everybody ramped, nobody leaves, every account worth the same."""
    groups = pl.DataFrame({"segment_id": ["smb", "ent"], "role": ["ae", "ae"]})

    def empty(name: str) -> pl.DataFrame:
        return pl.DataFrame(schema=SCHEMAS[name])

    return Forecasts(
        ramp=groups.join(
            pl.DataFrame({"tenure_month": range(37)}), how="cross"
        ).with_columns(share=pl.lit(1.0)),
        productivity=groups.with_columns(ramped_month_cents=pl.lit(500_00, pl.Int64)),
        attrition=groups.with_columns(
            tenure_band=pl.lit("0+"), monthly_hazard_share=pl.lit(0.0)
        ),
        capacity=empty("capacity"),
        bookings=pl.DataFrame(
            {
                "node_level": "segment",
                "node_id": "smb",
                "month_start": months(date(2026, 1, 1), 12),
                "p50_cents": [800_00] * 12,
            }
        ),
        potential=facts.accounts.select(
            "account_id", potential_cents=pl.lit(1200_00, pl.Int64)
        ),
    )


@pytest.fixture(scope="module")
def known(facts: Facts) -> Known:
    """A company of which nothing is known but its reps and accounts."""
    return Known(
        facts=facts,
        versions=pl.DataFrame(
            schema={
                "opportunity_id": pl.String,
                "account_id": pl.String,
                "rep_id": pl.String,
                "booking_type": pl.String,
                "close_date": pl.Date,
                "is_closed": pl.Boolean,
                "is_won": pl.Boolean,
                "known_to": pl.Date,
                "amount_cents": pl.Int64,
                "learned_on": pl.Date,
                "created_on": pl.Date,
            }
        ),
        credits=pl.DataFrame(
            schema={
                "opportunity_id": pl.String,
                "rep_id": pl.String,
                "segment_id": pl.String,
                "region_id": pl.String,
                "credited_share": pl.Float64,
            }
        ),
        snapshots=pl.DataFrame(
            schema={
                "opportunity_id": pl.String,
                "snapshot_on": pl.Date,
                "stage": pl.String,
                "amount_cents": pl.Int64,
                "created_on": pl.Date,
                "stated_close_on": pl.Date,
                "segment_id": pl.String,
                "region_id": pl.String,
                "booking_type": pl.String,
            }
        ),
        people=pl.DataFrame(
            schema={
                "rep_id": pl.String,
                "learned_on": pl.Date,
                "leave_learned_on": pl.Date,
            }
        ),
        accounts=pl.DataFrame(
            schema={
                "account_id": pl.String,
                "employee_count": pl.Int64,
                "industry": pl.String,
                "known_to": pl.Date,
                "segment_id": pl.String,
                "region_id": pl.String,
                "created_on": pl.Date,
                "learned_on": pl.Date,
            }
        ),
    )
