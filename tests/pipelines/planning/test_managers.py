"""Managers are paid for leading: by segment and month, on their teams' quotas."""

from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from data_contracts.calendar import months
from data_contracts.economics import Pay
from data_contracts.policy import CompanyPolicy
from pipelines.planning.cycle import first_plan
from pipelines.planning.hires import HIRE_SCHEMA
from pipelines.planning.inputs import Facts
from pipelines.planning.managers import HEADS_SCHEMA, led_teams, manager_heads
from pipelines.planning.pay import accrued, plan_pay
from pipelines.planning.people import Forecasts, compensation_lines
from pipelines.planning.targets import first_horizon

YEAR = months(date(2026, 1, 1), 12)
SELLERS = pl.DataFrame({"rep_id": ["r1", "r2"], "role": ["ae", "ae"]})
QUOTAS = pl.DataFrame(
    {
        "rep_id": [rep for rep in ("r1", "r2") for _ in YEAR],
        "segment_id": ["smb"] * 24,
        "month_start": YEAR * 2,
        "quota_cents": [100_00] * 24,
        "base_cents": [90_00] * 24,
    }
)
ONE_LEADS = pl.DataFrame(
    [("smb", "manager", month, 1.0) for month in YEAR],
    schema=HEADS_SCHEMA,
    orient="row",
)


def paying(policy: CompanyPolicy, **pay: object) -> CompanyPolicy:
    """Pay managers 60,000 a year, a quarter of it variable."""
    values = policy.model_dump() | {"pay": Pay.model_validate(pay).model_dump()}
    values["roles"][1].update(ote_in_currency=60_000, variable_share=0.25)
    return CompanyPolicy.model_validate(values)


def test_managers_cost_their_pay_in_the_segments_they_lead(
    facts: Facts, policy: CompanyPolicy
) -> None:
    asked = replace(facts, policy=paying(policy))
    plan = first_horizon(asked.policy, asked.as_of)
    hired = pl.DataFrame(
        [("smb", "manager", YEAR[3], 2, "leads hires")],
        schema=HIRE_SCHEMA,
        orient="row",
    )
    heads = manager_heads(asked, hired, plan)
    lines = compensation_lines(asked.policy, heads)
    # the boss has no segment: half in each, as two of four sellers are
    small = lines.filter(pl.col("segment_id") == "smb")
    assert small["heads"].to_list() == [0.5] * 3 + [2.5] * 9
    assert small["target_pay_cents"][0] == 2_500_00  # half of 5,000 a month
    assert small["variable_cents"][3] == round(2.5 * 5_000_00 * 0.25)
    large = lines.filter(pl.col("segment_id") == "ent")
    assert large["heads"].to_list() == [0.5] * 12


def test_a_role_without_pay_or_with_quota_of_its_own_has_no_line_for_leading(
    facts: Facts, policy: CompanyPolicy
) -> None:
    plan = first_horizon(policy, facts.as_of)
    nobody = pl.DataFrame(schema=HIRE_SCHEMA)
    assert manager_heads(facts, nobody, plan).is_empty()
    values = paying(policy).model_dump()
    values["roles"][1]["is_quota_bearing"] = True
    carries = replace(facts, policy=CompanyPolicy.model_validate(values))
    assert manager_heads(carries, nobody, plan).is_empty()


def test_managers_share_their_segments_quota_evenly(policy: CompanyPolicy) -> None:
    role = policy.roles[1]
    late = ONE_LEADS.with_columns(
        heads=pl.when(pl.col("month_start") >= YEAR[6]).then(2.0).otherwise(1.0)
    )
    teams = led_teams(role, late, QUOTAS)
    assert teams["quota_cents"].to_list() == [1_200_00, 1_200_00]
    assert teams["heads"].sum() == pytest.approx(1.5)  # one for half a year
    assert teams["peers"].to_list() == [1.0, 1.0]
    assert led_teams(role, ONE_LEADS, QUOTAS)["peers"].to_list() == [2.0]


def test_a_managers_year_varies_less_than_a_sellers(policy: CompanyPolicy) -> None:
    asked = paying(policy, market_deviation=0.0, rep_deviation=0.5)
    lines, proofs = plan_pay(asked, QUOTAS, SELLERS, ONE_LEADS)
    assert lines["role"].to_list() == ["ae", "manager"]
    over = lines["p90_cents"] / lines["mean_cents"]
    assert over[1] < over[0] * 1.2
    assert "the quotas of their teams" in proofs[1].statement
    assert proofs[1].is_verified
    # at target a manager earns a quarter of 60,000
    assert lines["mean_cents"][1] == pytest.approx(0.9 * 15_000_00, rel=0.05)


def test_managers_accrue_on_what_their_sellers_booked(policy: CompanyPolicy) -> None:
    asked = paying(policy)
    pay, _ = plan_pay(asked, QUOTAS, SELLERS, ONE_LEADS)
    in_force = {
        "pay": pay,
        "quota": QUOTAS,
        "compensation": compensation_lines(asked, ONE_LEADS),
    }
    booked = pl.DataFrame(
        {
            "rep_id": ["r1", "r2", "stranger"],
            "role": ["ae"] * 3,
            "month_start": [YEAR[0]] * 3,
            "bookings_cents": [800_00, 400_00, 999_00],
        }
    )
    lines = {
        line.node_id: line for line in accrued(asked, in_force, booked, through=YEAR[0])
    }
    # half of the segment's 2,400 is booked: half of a quarter of 60,000
    assert lines["manager:accrued"].objective == 7_500_00
    assert (
        "1,200.00 booked by the teams of 1 segment"
        in lines["manager:accrued"].statement
    )
    assert "1,200.00 booked by 2 reps" in lines["ae:accrued"].statement


@pytest.mark.slow
def test_a_plan_has_pay_lines_for_those_who_lead(
    facts: Facts, forecasts: Forecasts, policy: CompanyPolicy
) -> None:
    asked = replace(facts, policy=paying(policy))
    plan = first_horizon(asked.policy, asked.as_of)
    content = first_plan(asked, forecasts, plan).content
    led = content["compensation"].filter(pl.col("role") == "manager")
    assert led["target_pay_cents"].sum() == 60_000_00
    assert "manager" in content["pay"]["role"].to_list()
    keys = content["compensation"].select("segment_id", "role", "month_start")
    assert keys.is_duplicated().sum() == 0
