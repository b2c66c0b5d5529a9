"""The two dbt passes of a night: what happened, and what was planned about it."""

from collections.abc import Iterator

import dagster as dg
from dagster_dbt import dbt_assets

from dagster_project.dbt_project import Rooms, folders_of, manifest, told
from dagster_project.failures import stated
from dagster_project.resources import Home
from pipelines import warehouse

Told = dg.AssetCheckResult | dg.MaterializeResult[None]


@dbt_assets(
    manifest=manifest(),
    select=folders_of("actuals"),
    name="actuals",
    dagster_dbt_translator=Rooms(),
    pool="warehouse",
)
def actuals(context: dg.AssetExecutionContext, home: Home) -> Iterator[Told]:
    """Build everything up to the core marts, in this process."""
    with stated():
        result = warehouse.build("actuals", home.settings)
        yield from told(result, home.settings, context)
        result.raise_if_broken()


@dbt_assets(
    manifest=manifest(),
    select=folders_of("plan"),
    name="plan",
    dagster_dbt_translator=Rooms(),
    pool="warehouse",
)
def plan(context: dg.AssetExecutionContext, home: Home) -> Iterator[Told]:
    """Build the marts that hold the plan in force against actuals, in this process."""
    with stated():
        result = warehouse.build("plan", home.settings)
        yield from told(result, home.settings, context)
        result.raise_if_broken()
