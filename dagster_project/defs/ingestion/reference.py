"""Run date, calendar and policy as rows, once every extract has landed."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from dagster_project.failures import stated
from dagster_project.partitions import NIGHTS
from dagster_project.resources import Home
from dagster_project.tables import table_specs
from data_contracts.contract import all_contracts
from pipelines.ingestion.reference import write_reference

TABLES = (
    "run",
    "fiscal_calendar",
    "segments",
    "roles",
    "thresholds",
    "answers",
    "launches",
    "stages",
    "plan_rates",
    "matching",
    "handover",
    "contract_columns",
)
RAW = [dg.AssetKey([one.system, one.table]) for one in all_contracts()]


@dg.multi_asset(
    specs=table_specs("reference", TABLES, deps=RAW, kinds={"parquet"}),
    partitions_def=NIGHTS,
)
def reference(
    context: dg.AssetExecutionContext, home: Home
) -> Iterator[dg.MaterializeResult[None]]:
    """Write the night, the policy and the calendar where dbt reads them."""
    with stated():
        night = date.fromisoformat(context.partition_key)
        rows = write_reference(night, home.settings)
    for table, count in rows.items():
        yield dg.MaterializeResult(
            asset_key=["reference", table], metadata={"dagster/row_count": count}
        )
