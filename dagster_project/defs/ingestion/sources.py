"""What other systems hold, brought into landing before anything is read."""

from datetime import date

import dagster as dg

from dagster_project.failures import stated
from dagster_project.partitions import NIGHTS
from dagster_project.resources import Home
from pipelines.ingestion.bringing import bring
from pipelines.serving import quiet_nights


@dg.asset(
    key=["landing", "sources"],
    partitions_def=NIGHTS,
    group_name="ingestion",
    kinds={"dlt"},
    owners=["team:revops-data"],
)
def sources(
    context: dg.AssetExecutionContext, home: Home
) -> dg.MaterializeResult[None]:
    """Fetch remote files and pull live systems; a home of folders has none."""
    night = date.fromisoformat(context.partition_key)
    with stated():
        quiet_nights.begin(home.settings, night)
        found = bring(home.settings, night)
        quiet_nights.note_inputs(home.settings, night)
    return dg.MaterializeResult(
        metadata={
            "files": sum(len(one.files) for one in found),
            "sources": {one.source: list(one.files) for one in found},
            "notes": [f"{one.source}: {note}" for one in found for note in one.notes],
        }
    )
