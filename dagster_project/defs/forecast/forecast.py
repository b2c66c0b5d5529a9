"""Forecasts of the night with their scores, each table with the date it was made."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.failures import stated
from dagster_project.resources import Home
from dagster_project.tables import table_specs
from pipelines.planning.forecast import SCHEMAS, write_forecasts

FACTS = [
    dg.AssetKey(["core", table])
    for table in ("dim_rep", "dim_account", "fct_rep_month", "fct_bookings")
]
# what was known when: backtests see only that
LEARNED = [
    *(
        dg.AssetKey(["core", table])
        for table in (
            "dim_account_history",
            "fct_opportunity",
            "fct_opportunity_history",
            "fct_pipeline_snapshot",
        )
    ),
    dg.AssetKey(["restricted", "dim_rep_identity"]),
    dg.AssetKey(["staging", "stg_hris__workers"]),
]


@dg.multi_asset(
    specs=table_specs(
        "forecast", SCHEMAS, deps=[*FACTS, *LEARNED], kinds={"scikitlearn", "parquet"}
    )
)
def forecast(home: Home) -> Iterator[dg.MaterializeResult[None]]:
    """Forecast from the core marts; tables without enough history have no rows."""
    with stated():
        rows = write_forecasts(home.settings)
    for table, count in rows.items():
        yield dg.MaterializeResult(
            asset_key=["forecast", table], metadata={"dagster/row_count": count}
        )
