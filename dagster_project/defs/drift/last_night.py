"""How a night ends: its tables stand, or those of an earlier night still do."""

from datetime import date

import dagster as dg

from dagster_project.failures import stated
from dagster_project.keys import COPY, LAST_NIGHT, QUIET, REVIEWS, SIGNAL
from dagster_project.partitions import NIGHTS
from dagster_project.resources import Home
from pipelines.serving import quiet_nights


@dg.asset(
    key=LAST_NIGHT,
    partitions_def=NIGHTS,
    deps=[COPY, SIGNAL, REVIEWS],
    group_name="serving",
    kinds={"json"},
    owners=["team:analytics"],
)
def serving_last_night(
    context: dg.AssetExecutionContext, home: Home
) -> dg.MaterializeResult[None]:
    """Note which night the tables are of; a quiet night leaves them standing."""
    night = date.fromisoformat(context.partition_key)
    is_quiet = context.run.tags.items() >= QUIET.items()
    end = quiet_nights.leave_standing if is_quiet else quiet_nights.finish
    with stated():
        last = end(home.settings, night)
    about = {"tables_as_of": str(last.as_of), "why": last.why}
    if is_quiet:  # readers are served: what they see was looked at and is right
        for key in (COPY, SIGNAL):
            context.log_event(dg.AssetMaterialization(key, metadata=about))
    return dg.MaterializeResult(metadata=about)
