"""The two dbt passes of a night: what happened, and what was planned about it."""

from collections.abc import Iterator, Sequence

import dagster as dg
from dagster_dbt import build_dbt_asset_specs

from dagster_project.dbt_project import Rooms, checks_of, folders_of, manifest, told
from dagster_project.failures import stated
from dagster_project.resources import Home
from dagster_project.tables import table_specs
from pipelines import warehouse

RUN = dg.AssetKey(["reference", "run"])
Told = dg.AssetCheckResult | dg.MaterializeResult[None]


def dbt_pass(selector: str, begins: Sequence[str] = ()) -> dg.AssetsDefinition:
    """Build the assets of one pass; dbt runs in this process, whole or not at all."""
    specs = build_dbt_asset_specs(
        manifest=manifest(),
        dagster_dbt_translator=Rooms(),
        select=folders_of(selector),
    )
    # what a build goes on from, which it tells its own models before it begins
    written = table_specs("reference", begins, deps=[RUN], kinds={"parquet"})

    @dg.multi_asset(
        name=selector,
        specs=[*specs, *written],
        check_specs=checks_of(specs),
        pool="warehouse",
    )
    def built(context: dg.AssetExecutionContext, home: Home) -> Iterator[Told]:
        with stated():
            result = warehouse.build(selector, home.settings)
            for spec in written:
                yield dg.MaterializeResult(asset_key=spec.key)
            yield from told(result, home.settings, context)
            result.raise_if_broken()

    return built


actuals = dbt_pass("actuals", begins=["last_build"])
plan = dbt_pass("plan")
