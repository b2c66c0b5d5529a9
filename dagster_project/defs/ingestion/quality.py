"""The books of the night: what was read, loaded and refused, as dbt will read it."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.ingestion.reference import RAW
from dagster_project.resources import Home
from dagster_project.tables import table_specs

FOLDERS = {
    "loads": "raw/quality/loads",
    "refusals": "quarantine",
    "replays": "raw/quality/replays",
}


@dg.multi_asset(specs=table_specs("quality", FOLDERS, deps=RAW, kinds={"parquet"}))
def quality(home: Home) -> Iterator[dg.MaterializeResult[None]]:
    """Count the files of the load log and of quarantine; landing wrote them."""
    for table, folder in FOLDERS.items():
        files = sum(1 for _ in (home.settings.home / folder).rglob("*.parquet"))
        yield dg.MaterializeResult(
            asset_key=["quality", table], metadata={"files": files}
        )
