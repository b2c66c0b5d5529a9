"""What readers open: the serving copy, and the small signal file beside it."""

from datetime import timedelta

import dagster as dg

from dagster_project.defs.warehouse.passes import actuals, plan
from dagster_project.failures import stated
from dagster_project.keys import COPY, SIGNAL
from dagster_project.resources import Home
from pipelines.publication import drift_signal, serving_copy

_SCHEMAS = (*serving_copy.SERVED, *serving_copy.RESTRICTED)
MARTS = sorted(k for k in actuals.keys | plan.keys if k.path[0] in _SCHEMAS)
FRESH = dg.FreshnessPolicy.cron(
    # the night starts at two; at four people may be told that it is late
    deadline_cron="0 4 * * *",
    lower_bound_delta=timedelta(hours=2),
)


@dg.asset(
    key=COPY,
    deps=MARTS,
    group_name="serving",
    kinds={"duckdb"},
    owners=["team:analytics"],
    freshness_policy=FRESH,
)
def serving_aop(home: Home) -> dg.MaterializeResult[None]:
    """Copy the marts as tables and swap the copy in; open readers keep theirs."""
    with stated():
        copy = serving_copy.publish(home.settings)
    return dg.MaterializeResult(
        metadata={
            "dagster/row_count": copy.rows,
            "tables": copy.tables,
            "bytes": copy.bytes,
        }
    )


@dg.asset(
    key=SIGNAL,
    deps=[COPY],
    group_name="serving",
    kinds={"json"},
    owners=["team:planning"],
    freshness_policy=FRESH,
)
def serving_drift_signal(home: Home) -> dg.MaterializeResult[None]:
    """Write the open breaches where the sensor finds them."""
    with stated():
        signal = drift_signal.write(home.settings)
    return dg.MaterializeResult(metadata={"bytes": signal.stat().st_size})
