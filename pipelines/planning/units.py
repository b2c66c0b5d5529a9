"""Targets and quotas of the organisation's units: sums of their cells, exactly."""

from dataclasses import replace

import polars as pl

from data_contracts.organisation import Organisation
from pipelines.planning.cycle import PlanDraft
from pipelines.planning.targets import cell_parts

UNIT = "unit"


def with_units(draft: PlanDraft, organisation: Organisation) -> PlanDraft:
    """Add the target lines of every unit to a plan.

    Parameters
    ----------
    draft : PlanDraft
        With lines of cells.
    organisation : Organisation

    Returns
    -------
    PlanDraft
        In every month and measure a unit's line is the sum of its cells', to the cent;
        a unit without cells has none.
    """
    if not organisation.units:
        return draft
    lines = draft.content["target"].filter(pl.col("node_level") != UNIT)
    cells = lines.filter(pl.col("node_level") == "cell")
    names = cells["node_id"].unique().sort()
    held = pl.DataFrame(
        [
            (name, unit)
            for name in names
            for unit in organisation.holding(*cell_parts(name))
        ],
        schema={"node_id": pl.String, "unit_id": pl.String},
        orient="row",
    )
    added = (
        cells.join(held, on="node_id")
        .group_by("unit_id", "month_start", "measure")
        .agg(pl.col("value_cents").sum(), pl.col("reason").min())
        .select(
            pl.lit(UNIT).alias("node_level"),
            pl.col("unit_id").alias("node_id"),
            "month_start",
            "measure",
            "value_cents",
            pl.format("sum of the unit's cells: {}", "reason").alias("reason"),
        )
    )
    both = pl.concat([lines, added.select(lines.columns)])
    keys = ("node_level", "node_id", "month_start", "measure")
    return replace(draft, content={**draft.content, "target": both.sort(keys)})
