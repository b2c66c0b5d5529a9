"""Plan versions out of the ledger, as rows that dbt reads."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.failures import stated
from dagster_project.resources import Home
from dagster_project.tables import table_specs
from data_contracts.plan import COMPONENTS
from pipelines.publication.plan_book import write_plan_book

TABLES = (
    "versions",
    "events",
    "decisions",
    "quota_bridges",
    "scenario_bridges",
    *COMPONENTS,
)
LEDGER = dg.AssetSpec(
    ["ledger", "plan_version"],
    group_name="plan_book",
    kinds={"sqlite"},
    owners=["team:planning"],
    description="Plan versions as people decide on them; written by `aop plan`.",
)
UPSTREAM = [LEDGER.key, dg.AssetKey(["planning", "proposal"])]


@dg.multi_asset(
    specs=table_specs("plan_book", TABLES, deps=UPSTREAM, kinds={"parquet"})
)
def plan_book(home: Home) -> Iterator[dg.MaterializeResult[None]]:
    """Write every version and the lines of those ever published."""
    with stated():
        rows = write_plan_book(home.settings)
    for table, count in rows.items():
        yield dg.MaterializeResult(
            asset_key=["plan_book", table], metadata={"dagster/row_count": count}
        )
