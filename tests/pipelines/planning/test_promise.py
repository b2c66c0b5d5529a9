"""Hires with a promise say what fresh years kept, and what more certainty costs."""

from dataclasses import replace

import polars as pl
import pytest

from data_contracts.economics import Promise
from pipelines.planning.hires import prove_people
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import first_horizon, target_cells


@pytest.mark.slow
def test_surer_hires_cost_more_and_every_promise_is_measured(
    facts: Facts, forecasts: Forecasts
) -> None:
    promise = Promise(
        plan_met_probability_share=0.6, also_priced_probability_shares=(0.8,)
    )
    asked = replace(facts, policy=facts.policy.model_copy(update={"promise": promise}))
    plan = first_horizon(facts.policy, facts.as_of)
    cells = target_cells(
        facts.bookings, facts.policy, plan, last_full_month=facts.last_full_month
    )
    lines, proofs = prove_people(asked, forecasts, cells, plan)
    kept = {line.node_id: line for line in proofs}
    for segment in ("ent", "smb"):
        line = kept[f"{segment}:promise"]
        assert line.objective >= 0.6 - 0.005
        assert line.bound == 0.6
        assert "drawn afresh" in line.statement
    assert kept["company:p80"].objective >= kept["company"].objective > 0
    assert "each point above 60% costs" in kept["company:p80"].statement
    assert lines["hire"]["hires_count"].sum() > 0


def test_without_a_promise_hires_go_by_averages(
    facts: Facts, forecasts: Forecasts, doubled: pl.DataFrame
) -> None:
    plan = first_horizon(facts.policy, facts.as_of)
    _, proofs = prove_people(facts, forecasts, doubled, plan)
    chances = {line.node_id: line for line in proofs if line.unit == "share"}
    assert set(chances) == {"ent:chance", "smb:chance"}
    assert chances["ent:chance"].objective == 1.0  # nothing is asked of it
    assert "no probability was promised" in chances["smb:chance"].statement
    assert "last month in which a decision still brings something" in (
        proofs[0].statement
    )
