"""Helpers are staffed to the sellers they help, from the lead time on."""

from dataclasses import replace

import polars as pl
import pytest
from pydantic import ValidationError

from data_contracts.policy import CompanyPolicy
from pipelines.planning.cycle import first_plan
from pipelines.planning.hires import HIRE_SCHEMA
from pipelines.planning.inputs import Facts
from pipelines.planning.overlays import overlay_lines
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import Horizon, first_horizon


def helped(policy: CompanyPolicy, per_head: float) -> CompanyPolicy:
    values = policy.model_dump()
    values["roles"] = [
        *values["roles"],
        {
            "id": "se",
            "name": "Engineer",
            "hris_roles": ["se"],
            "ote_in_currency": 120_000,
        },
    ]
    values["capacity"]["overlays"] = [
        {"role": "se", "sellers_per_head_count": per_head}
    ]
    return CompanyPolicy.model_validate(values)


def sellers(plan: Horizon, heads: list[float]) -> pl.DataFrame:
    return pl.DataFrame({"month_start": plan.month_starts, "heads": heads}).select(
        pl.lit("smb").alias("segment_id"),
        pl.lit("ae").alias("role"),
        "month_start",
        "heads",
    )


def test_helpers_start_when_sellers_pass_what_they_can_help(facts: Facts) -> None:
    asked = replace(facts, policy=helped(facts.policy, 4))
    plan = first_horizon(asked.policy, asked.as_of)
    growing = sellers(plan, [4.0, 4.0, 4.0, 4.1, 8.0, 8.0, 8.5] + [8.5] * 5)
    none = pl.DataFrame(schema=HIRE_SCHEMA)
    heads, hires = overlay_lines(asked, growing, none, plan)
    # nobody is on board; the lead time is two months, so the first starts in March
    assert hires.select("month_start", "hires_count").rows() == [
        (plan.month_starts[2], 1),
        (plan.month_starts[3], 1),
        (plan.month_starts[6], 1),
    ]
    assert heads["heads"].to_list() == [1.0, 2.0, 2.0, 2.0] + [3.0] * 6
    assert "helps 4.1 sellers in smb" in hires["reason"][1]


def test_those_on_board_are_counted_and_stay(facts: Facts) -> None:
    asked = replace(facts, policy=helped(facts.policy, 4))
    boss = facts.reps.filter(pl.col("rep_id") == "boss")
    se = boss.with_columns(rep_id=pl.lit("se1"), role=pl.lit("se"))
    asked = replace(asked, reps=pl.concat([facts.reps, se]))
    plan = first_horizon(asked.policy, asked.as_of)
    none = pl.DataFrame(schema=HIRE_SCHEMA)
    heads, hires = overlay_lines(asked, sellers(plan, [2.0] * 12), none, plan)
    assert hires.is_empty()
    assert heads["heads"].to_list() == [1.0] * 12


@pytest.mark.slow
def test_a_plan_hires_and_pays_them(facts: Facts, forecasts: Forecasts) -> None:
    asked = replace(facts, policy=helped(facts.policy, 2))
    plan = first_horizon(asked.policy, asked.as_of)
    content = first_plan(asked, forecasts, plan).content
    hired = content["hire"].filter(pl.col("role") == "se")
    assert set(hired["segment_id"]) == {"smb", "ent"}
    paid = content["compensation"].filter(pl.col("role") == "se")
    assert paid["target_pay_cents"].min() >= 10_000_00
    assert content["capacity"].filter(pl.col("role") == "se").is_empty()


def test_a_role_that_sells_or_leads_does_not_help(policy: CompanyPolicy) -> None:
    values = policy.model_dump()
    for role in ("ae", "manager", "nobody"):
        values["capacity"]["overlays"] = [{"role": role, "sellers_per_head_count": 3}]
        with pytest.raises(ValidationError, match=f"overlays names '{role}'"):
            CompanyPolicy.model_validate(values)
