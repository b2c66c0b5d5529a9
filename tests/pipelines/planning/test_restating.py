"""Proof lines say what holds for the plan as it stands, not for the one computed."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest

from data_contracts.drift import Breach, BreachState, DriftMetric
from data_contracts.economics import Promise
from pipelines.ledger.content import canonical
from pipelines.ledger.overrides import Ask, Override
from pipelines.planning.computing import PlanInputs, compute
from pipelines.planning.cycle import PlanDraft
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.restating import carried_quotas
from pipelines.planning.targets import first_horizon


def planned(facts: Facts, forecasts: Forecasts, *asks: tuple[Ask, str, str]) -> Any:
    """Return the plan as computed, and with what was asked of it."""
    plan = first_horizon(facts.policy, facts.as_of)
    before = compute(PlanInputs(facts, forecasts, plan))
    lines = canonical(before.content)
    overrides = tuple(
        Override(
            ask=ask,
            key=key,
            value=value,
            reason="we agreed",
            version=1,
            until=date(2026, 12, 31),
            author="ana",
            number=number,
        )
        for number, (ask, key, value) in enumerate(asks, start=1)
    )
    told = {(1, part): lines[part] for part in ("assignment", "quota")}
    inputs = PlanInputs(facts, forecasts, plan, overrides=overrides, told=told)
    return before, compute(inputs)


def line(draft: PlanDraft, solver: str, node: str) -> dict[str, Any]:
    here = (pl.col("solver") == solver) & (pl.col("node_id") == node)
    return draft.content["proof"].filter(here).row(0, named=True)


def quota_of(draft: PlanDraft, key: str, value: str) -> int:
    lines = draft.content["quota"].filter(pl.col(key) == value)
    return int(lines["quota_cents"].sum())


@pytest.mark.slow
def test_a_fixed_quota_ends_the_claim_of_nearness_in_its_segment_alone(
    facts: Facts, forecasts: Forecasts
) -> None:
    before, after = planned(facts, forecasts, (Ask.QUOTA, "r1", "500000"))
    for solver in ("quotas", "months"):
        assert line(after, solver, "ent") == line(before, solver, "ent")
        assert line(before, solver, "smb")["proof"] == "optimal"
        now = line(after, solver, "smb")
        assert (now["proof"], now["is_verified"]) == ("feasible", True)
    assert line(after, "quotas", "smb")["objective"] == quota_of(
        after, "segment_id", "smb"
    )
    assert "no exchange" not in line(after, "quotas", "smb")["statement"]
    assert "fixed: r1" in line(after, "quotas", "smb")["statement"]


@pytest.mark.slow
def test_a_sum_that_fixed_quotas_break_is_said_to_be_broken(
    facts: Facts, forecasts: Forecasts
) -> None:
    before, after = planned(
        facts, forecasts, (Ask.QUOTA, "r1", "120000"), (Ask.QUOTA, "r2", "120000")
    )
    now = line(after, "quotas", "smb")
    assert (now["objective"], now["is_verified"]) == (240_000, False)
    assert now["bound"] == quota_of(before, "segment_id", "smb")
    assert now["proof"] == "best_effort"
    assert line(after, "months", "smb")["objective"] > 0


@pytest.mark.slow
def test_pay_is_priced_on_the_quotas_that_stand(
    facts: Facts, forecasts: Forecasts
) -> None:
    before, after = planned(
        facts, forecasts, (Ask.QUOTA, "r1", "100000"), (Ask.QUOTA, "r2", "100000")
    )
    # quotas far below what reps are expected to book are overpaid
    cost = [line(draft, "compensation", "ae")["objective"] for draft in (before, after)]
    assert cost[1] > cost[0]
    assert after.content["pay"]["mean_cents"][0] == cost[1]


@pytest.mark.slow
def test_hires_taken_back_take_the_promise_back(
    facts: Facts, forecasts: Forecasts
) -> None:
    promise = Promise(
        plan_met_probability_share=0.8, also_priced_probability_shares=(0.9,)
    )
    asking = replace(facts, policy=facts.policy.model_copy(update={"promise": promise}))
    before, _ = planned(asking, forecasts)
    starts = before.content["hire"].filter(pl.col("segment_id") == "smb")
    asks = [(Ask.HIRES, f"smb/ae/{m:%Y-%m}", "0") for m in starts["month_start"]]
    assert asks
    _, after = planned(asking, forecasts, *asks)
    assert line(before, "hiring", "smb:promise")["proof"] == "feasible"
    now = line(after, "hiring", "smb:promise")
    assert (now["proof"], now["bound"]) == ("best_effort", 0.8)
    assert now["objective"] < 0.8 - 0.005
    kept = line(after, "hiring", "ent:promise")["objective"]
    assert kept == pytest.approx(
        line(before, "hiring", "ent:promise")["objective"], abs=0.01
    )
    company = line(after, "hiring", "company")
    assert company["bound"] is None
    assert company["objective"] < line(before, "hiring", "company")["objective"]
    aside = line(after, "hiring", "company:p90")["statement"]
    assert aside.startswith("without what people fixed: ")


@pytest.mark.slow
def test_carried_quotas_of_a_re_plan_are_added_up_again(
    facts: Facts, forecasts: Forecasts
) -> None:
    first, _ = planned(facts, forecasts)
    asked = Breach(
        key="b",
        metric=DriftMetric.ATTAINMENT,
        node_level="segment",
        node_id="smb",
        direction="",
        first_seen_on=facts.as_of,
        scope="segment:smb",
        asks_for=("territories",),
        cause="uneven books",
        state=BreachState.OPEN,
        plan_version=1,
    )
    plan = first_horizon(facts.policy, facts.as_of)
    parent = canonical(first.content)
    again = compute(PlanInputs(facts, forecasts, plan, breach=asked, parent=parent))
    now = line(again, "quotas", "company:carried")
    assert now["is_verified"]
    assert now["objective"] == int(again.content["quota"]["quota_cents"].sum())
    # a cent that goes missing is seen
    quotas = parent["quota"]
    less = quotas.with_columns(pl.col("quota_cents") - (pl.col("rep_id") == "r1"))
    assert not carried_quotas(less, quotas).is_verified
