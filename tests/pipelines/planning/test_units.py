"""A plan is summed for every unit of the organisation, to the cent."""

from dataclasses import replace

import polars as pl
import pytest

from data_contracts.policy import CompanyPolicy
from pipelines.planning.computing import PlanInputs, compute
from pipelines.planning.cycle import PlanDraft
from pipelines.planning.inputs import Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.targets import first_horizon, target_lines
from pipelines.planning.units import with_units

UNITS = [
    {"id": "east", "name": "East", "regions": ["east"]},
    {"id": "east-smb", "name": "Small", "parent_id": "east", "segments": ["smb"]},
]


def organised(policy: CompanyPolicy) -> CompanyPolicy:
    values = policy.model_dump() | {"organisation": {"units": UNITS}}
    return CompanyPolicy.model_validate(values)


def test_a_units_line_is_the_sum_of_its_cells(
    policy: CompanyPolicy, doubled: pl.DataFrame
) -> None:
    other = doubled.with_columns(
        segment_id=pl.lit("ent"), value_cents=pl.lit(300_00, pl.Int64)
    )
    west = other.with_columns(region_id=pl.lit("west"))
    lines = target_lines(pl.concat([doubled, other, west]), reason="growth")
    draft = PlanDraft({"target": lines}, 0.0, "optimal", ())
    units = organised(policy).organisation
    found = with_units(with_units(draft, units), units).content["target"]  # twice: once
    mine = found.filter(pl.col("node_level") == "unit")
    sums = dict(mine.group_by("node_id").agg(pl.col("value_cents").sum()).iter_rows())
    assert sums == {"east": 12 * (2_000_00 + 300_00), "east-smb": 12 * 2_000_00}
    others = found.filter(pl.col("node_level") != "unit")
    assert others["value_cents"].sum() == lines["value_cents"].sum()


@pytest.mark.slow
def test_targets_and_quotas_of_a_plan_are_there_by_unit(
    facts: Facts, forecasts: Forecasts, policy: CompanyPolicy
) -> None:
    asked = replace(facts, policy=organised(policy))
    plan = first_horizon(asked.policy, asked.as_of)
    lines = compute(PlanInputs(asked, forecasts, plan)).content["target"]
    for measure in ("bookings", "quota"):
        by_node = dict(
            lines.filter(pl.col("measure") == measure)
            .group_by(pl.concat_str("node_level", "node_id", separator=":"))
            .agg(pl.col("value_cents").sum())
            .iter_rows()
        )
        assert by_node["unit:east-smb"] == by_node["cell:smb/east"]
        assert by_node["unit:east"] == by_node["region:east"]


def test_a_unit_of_a_segment_that_is_not_there_is_refused(
    policy: CompanyPolicy,
) -> None:
    values = policy.model_dump()
    values["organisation"] = {"units": [{"id": "x", "name": "X", "segments": ["mid"]}]}
    with pytest.raises(ValueError, match=r"unit 'x' names segment 'mid'"):
        CompanyPolicy.model_validate(values)
