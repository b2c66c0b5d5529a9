"""Hires that nobody on board can lead come with a manager, and within the budget."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from pydantic import ValidationError

from data_contracts.economics import Promise
from data_contracts.policy import CompanyPolicy
from pipelines.planning.hires import prove_people
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts, teams_of
from pipelines.planning.spans import spans_of
from pipelines.planning.targets import first_horizon


def asking(facts: Facts, **limits: object) -> Facts:
    """Return the facts under a policy with these limits of capacity."""
    values = facts.policy.model_dump()
    values["capacity"] |= limits
    values["roles"][1]["ote_in_currency"] = 60_000
    return replace(facts, policy=CompanyPolicy.model_validate(values))


def test_a_shared_manager_leads_in_proportion_to_heads(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    asked = asking(facts, heads_per_manager_count=5)
    plan = first_horizon(asked.policy, asked.as_of)
    teams = teams_of(asked, forecasts, doubled, plan)
    spans = spans_of(asked, teams, ["ent", "smb"], plan)
    assert spans is not None
    assert spans.managers.tolist() == [0.5, 0.5]  # the boss has no segment
    assert spans.team_heads[:, 0].tolist() == [2.0, 2.0]
    # hired in month 0 a manager starts in month 2 and is paid 10 of 12 months
    assert spans.manager_cost_cents[0, 0] == 50_000_00
    assert spans_of(facts, teams, ["ent", "smb"], plan) is None


def test_hires_beyond_the_span_start_with_their_manager(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    asked = asking(facts, heads_per_manager_count=2)
    plan = first_horizon(asked.policy, asked.as_of)
    lines, proofs = prove_people(asked, forecasts, doubled, plan)
    starts = {
        role: np.array(
            [
                int(
                    lines["hire"]
                    .filter(pl.col("role") == role, pl.col("month_start") == month)[
                        "hires_count"
                    ]
                    .sum()
                )
                for month in plan.month_starts
            ]
        ).cumsum()
        for role in ("ae", "manager")
    }
    assert starts["ae"][-1] > 0
    # the boss leads one head in smb and two are there: no room is left
    assert (starts["ae"] <= 2 * starts["manager"]).all()
    led = next(line for line in proofs if line.node_id == "company")
    assert "to lead them" in led.statement
    free, _ = prove_people(facts, forecasts, doubled, plan)
    assert "manager" not in free["hire"]["role"].to_list()


def test_hires_stay_within_their_budget(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    asked = asking(facts, hire_budget_in_currency=150_000)
    plan = first_horizon(asked.policy, asked.as_of)
    _, proofs = prove_people(asked, forecasts, doubled, plan)
    cost = next(line.objective for line in proofs if line.node_id == "company")
    assert 0 < cost <= 150_000_00


@pytest.mark.slow
def test_two_roles_share_the_recruiters_under_a_promise(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    values = facts.policy.model_dump()
    values["promise"] = Promise(plan_met_probability_share=0.6).model_dump()
    values["roles"] = [
        *values["roles"],
        values["roles"][0] | {"id": "am", "hris_roles": ["am"]},
    ]
    role = pl.when(pl.col("rep_id").is_in(["r2", "r4"])).then(pl.lit("am"))
    asked = replace(
        facts,
        policy=CompanyPolicy.model_validate(values),
        reps=facts.reps.with_columns(role=role.otherwise("role")),
    )
    made = forecasts.productivity.vstack(
        forecasts.productivity.with_columns(role=pl.lit("am"))
    )
    plan = first_horizon(asked.policy, asked.as_of)
    lines, _ = prove_people(asked, replace(forecasts, productivity=made), doubled, plan)
    by_month = lines["hire"].group_by("month_start").agg(pl.col("hires_count").sum())
    assert 0 < by_month["hires_count"].max() <= 5


def test_a_span_needs_a_role_that_leads(policy: CompanyPolicy) -> None:
    values = policy.model_dump()
    values["capacity"] |= {"heads_per_manager_count": 8, "manager_role": "captain"}
    with pytest.raises(ValidationError, match="captain"):
        CompanyPolicy.model_validate(values)
