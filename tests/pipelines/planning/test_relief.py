"""Leave, vacant seats, the quota before and the method decide what a rep is asked."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from data_contracts.calendar import months
from data_contracts.policy import CompanyPolicy
from pipelines.planning.bridges import STEPS, quota_bridges
from pipelines.planning.computing import PlanInputs
from pipelines.planning.cycle import first_plan
from pipelines.planning.inputs import HELD_QUOTA_SCHEMA, LEAVE_SCHEMA, Facts
from pipelines.planning.people import Forecasts, planned_reps
from pipelines.planning.quotas import plan_quotas
from pipelines.planning.relief import QuotaFacts, change_limits, quota_facts
from pipelines.planning.targets import first_horizon

YEAR = months(date(2026, 1, 1), 12)


def under(facts: Facts, **parts: Any) -> Facts:
    """Return the facts under a policy with other values, checked as a whole."""
    whole = facts.policy.model_dump(mode="json")
    for part, values in parts.items():
        whole[part] |= values
    return replace(facts, policy=CompanyPolicy.model_validate(whole))


def smb_year(
    facts: Facts, forecasts: Forecasts, cells: pl.DataFrame, **known: pl.DataFrame
) -> dict[str, int]:
    """Return the year's quota of smb's two reps, five even accounts each."""
    books = facts.accounts.select(
        "account_id", rep_id="owner_rep_id", potential_cents=pl.lit(1200_00)
    )
    plan = first_horizon(facts.policy, facts.as_of)
    reps = planned_reps(facts, starts_on=plan.effective_from)
    quotas = plan_quotas(
        facts.policy, forecasts, cells, reps, books, plan, known=QuotaFacts(**known)
    )
    sums = quotas.group_by("rep_id").agg(pl.col("quota_cents").sum())
    return dict(sums.sort("rep_id").iter_rows())


def leave(rep: str, **by_month: float) -> pl.DataFrame:
    rows = [(rep, YEAR[int(m[1:]) - 1], share) for m, share in by_month.items()]
    return pl.DataFrame(rows, schema=LEAVE_SCHEMA, orient="row")


def before(**month_cents: int) -> pl.DataFrame:
    rows = [
        (rep, month, cents)
        for rep, cents in month_cents.items()
        for month in months(date(2025, 1, 1), 12)
    ]
    return pl.DataFrame(rows, schema=HELD_QUOTA_SCHEMA, orient="row")


def test_the_cushion_of_every_level_is_in_the_quotas(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    # 24,000 x 1.05 x 1.1 x 1.2
    cushion = {"company": 0.05, "segment": 0.1, "rep": 0.2}
    raised = under(facts, quotas={"over_assignment_share": cushion})
    assert sum(smb_year(raised, forecasts, doubled).values()) == 33_264_00


def test_days_of_leave_are_spared_and_colleagues_carry_them(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    # r1 is away for six whole months: works 6 of 18 rep-months; 24,000 and a tenth
    away = leave("r1", m1=1, m2=1, m3=1, m4=1, m5=1, m6=1)
    spared = under(facts, quotas={"leave_relief_share": 1.0})
    year = smb_year(spared, forecasts, doubled, leaves=away)
    assert year == {"r1": 8_800_00, "r2": 17_600_00}
    # by half: 9 of 21 rep-months
    half = under(facts, quotas={"leave_relief_share": 0.5})
    year = smb_year(half, forecasts, doubled, leaves=away)
    assert year["r1"] == round(26_400 * 9 / 21) * 100
    assert smb_year(facts, forecasts, doubled, leaves=away)["r1"] == 13_200_00


def test_what_planned_hires_carry_is_left_to_them(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    # from July on a quarter of the heads are still to come: 6 x 500 of 24,000 less
    vacant = pl.DataFrame(
        {"segment_id": "smb", "month_start": YEAR[6:], "vacant_share": [0.25] * 6}
    )
    left = under(facts, quotas={"vacancy_relief_share": 1.0})
    year = smb_year(left, forecasts, doubled, vacant=vacant)
    assert sum(year.values()) == 23_100_00  # 21,000 and a tenth
    assert sum(smb_year(facts, forecasts, doubled, vacant=vacant).values()) == 26_400_00


@pytest.mark.slow
def test_vacant_seats_are_the_part_of_capacity_that_hires_make(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    asked = under(facts, quotas={"vacancy_relief_share": 1.0})
    plan = first_horizon(asked.policy, asked.as_of)
    capacity = pl.DataFrame(
        {
            "segment_id": "smb",
            "month_start": YEAR,
            "ramped_heads": [2.0] * 6 + [4.0] * 6,
        }
    )
    known = quota_facts(asked, forecasts, doubled, capacity, plan)
    assert known.vacant["vacant_share"].to_list() == [0.0] * 6 + [0.5] * 6


def test_a_quota_stays_within_the_change_the_policy_allows(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    # 13,200 each would be fair; r1 had 12 x 1,000 and may get a twentieth more
    held = under(facts, quotas={"max_change_share": 0.05})
    year = smb_year(held, forecasts, doubled, held=before(r1=1_000_00))
    assert year == {"r1": 12_600_00, "r2": 13_800_00}
    year = smb_year(held, forecasts, doubled, held=before(r1=1_300_00))
    assert year == {"r1": 14_820_00, "r2": 11_580_00}
    assert smb_year(facts, forecasts, doubled, held=before(r1=1_000_00)) == {
        "r1": 13_200_00,
        "r2": 13_200_00,
    }


def test_limits_on_change_give_way_together_where_the_target_asks_it(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    held = under(facts, quotas={"max_change_share": 0.05})
    year = smb_year(held, forecasts, doubled, held=before(r1=500_00, r2=700_00))
    assert sum(year.values()) == 26_400_00  # caps are raised by one share for both
    assert year["r1"] / year["r2"] == pytest.approx(5 / 7, rel=1e-3)
    year = smb_year(held, forecasts, doubled, held=before(r1=5_000_00, r2=2_500_00))
    assert sum(year.values()) == 26_400_00  # floors are lowered by one share for both
    assert year["r1"] / year["r2"] == pytest.approx(2, rel=1e-2)


def test_only_a_quota_of_twelve_months_limits_the_next(facts: Facts) -> None:
    held = under(facts, quotas={"max_change_share": 0.05}).policy
    some = QuotaFacts(held=before(r1=1_000_00).head(11))
    floor, _ = change_limits(held, ["r1"], some, 10_000_00, 12)
    assert floor.tolist() == [0]


def test_the_method_decides_what_a_book_is_weighed_by(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    # r1's accounts booked three times what r2's did; half by the book: .5 .75 + .5 .5
    r1 = facts.accounts.filter(pl.col("owner_rep_id") == "r1")["account_id"].to_list()
    booked = facts.accounts.select(
        "account_id",
        bookings_12m_cents=pl.when(pl.col("account_id").is_in(r1))
        .then(300)
        .otherwise(100),
    )
    by_bookings = under(facts, quotas={"method": "bookings"})
    year = smb_year(by_bookings, forecasts, doubled, booked=booked)
    assert year == {"r1": 16_500_00, "r2": 9_900_00}
    even = under(facts, quotas={"method": "even", "potential_weight_share": 1.0})
    rich = facts.accounts.with_columns(owner_rep_id=pl.lit("r1"))
    year = smb_year(replace(even, accounts=rich), forecasts, doubled)
    assert year == {"r1": 13_200_00, "r2": 13_200_00}


def test_ramp_and_attrition_come_from_the_policy_where_it_says_so(
    facts: Facts, forecasts: Forecasts
) -> None:
    # everybody on file is ramped at once and stays; the policy: 80 % after five months
    learned = forecasts.curves("smb", "ae", facts.policy)
    assert (learned.ramp_share == 1).all()
    assert (learned.monthly_hazard == 0).all()
    decided = under(
        facts,
        capacity={
            "ramp_source": "policy",
            "prior_months_to_80_months": 5,
            "attrition_source": "policy",
            "prior_attrition_per_year_share": 0.3,
        },
    )
    curves = forecasts.curves("smb", "ae", decided.policy)
    assert curves.ramp_share[5] == pytest.approx(0.8)
    assert 1 - (1 - curves.monthly_hazard[0]) ** 12 == pytest.approx(0.3)


@pytest.mark.slow
def test_every_relief_and_limit_is_a_step_of_the_bridge(
    facts: Facts, forecasts: Forecasts
) -> None:
    asked = under(
        facts,
        quotas={
            "leave_relief_share": 1.0,
            "vacancy_relief_share": 1.0,
            "max_change_share": 0.2,
            "method": "bookings",
        },
        targets={"growth_share": 0.8},
    )
    world = replace(
        asked, leaves=leave("r1", m2=1, m3=0.5), held_quotas=before(r1=300_00)
    )
    plan = first_horizon(world.policy, world.as_of)
    content = first_plan(world, forecasts, plan).content
    steps = quota_bridges(PlanInputs(world, forecasts, plan), content)
    sums = steps.group_by("rep_id", "month_start").agg(quota_cents=pl.sum("cents"))
    told = content["quota"].select("rep_id", "month_start", "quota_cents")
    keys = ["rep_id", "month_start"]
    assert sums.sort(keys).equals(told.sort(keys))
    year = steps.filter(pl.col("rep_id") == "r1").group_by("step").agg(pl.sum("cents"))
    r1 = dict(year.iter_rows())
    assert set(r1) == set(STEPS)
    assert r1["ramp_relief"] < 0
    assert r1["vacancy_relief"] < 0
    assert r1["change_limit"] < 0
    assert abs(r1["rounding"]) <= 12_00
    assert r1["carried_over"] == r1["by_hand"] == 0
