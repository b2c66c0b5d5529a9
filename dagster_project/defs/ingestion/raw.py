"""One raw asset per extract contract; a new extract is a new YAML file."""

from collections.abc import Iterator
from datetime import date

import dagster as dg

from dagster_project.defs.ingestion.sources import sources
from dagster_project.failures import stated
from dagster_project.partitions import NIGHTS
from dagster_project.resources import Home
from data_contracts.contract import ExtractContract, all_contracts
from pipelines.ingestion import expectations
from pipelines.ingestion.land import land


def raw_asset(contract: ExtractContract) -> dg.AssetsDefinition:
    """Build the raw asset of one contract."""
    key = dg.AssetKey([contract.system, contract.table])

    @dg.asset(
        key=key,
        partitions_def=NIGHTS,
        deps=[sources],
        group_name="ingestion",
        kinds={"duckdb", "parquet"},
        owners=["team:revops-data"],
        check_specs=[
            dg.AssetCheckSpec("contract", asset=key, blocking=True),
            dg.AssetCheckSpec("promises", asset=key, blocking=True),
        ],
        description=f"{contract.id} v{contract.version}: {contract.grain}",
    )
    def landed(
        context: dg.AssetExecutionContext, home: Home
    ) -> Iterator[dg.AssetCheckResult | dg.MaterializeResult[None]]:
        night = date.fromisoformat(context.partition_key)
        with stated():
            result = land(contract, night, home.settings)
            refused = list(result.refused)
            yield dg.AssetCheckResult(
                passed=not refused,
                check_name="contract",
                metadata={"refused": refused, "quarantined": result.quarantined},
            )
            result.raise_if_refused()  # a refused file is a failed run, not fresh
            promises = expectations.check(contract, night, home.settings)
            yield dg.AssetCheckResult(
                passed=promises.passed,
                check_name="promises",
                metadata={"results": promises.results},
            )
            promises.raise_if_broken()
        yield dg.MaterializeResult(metadata={"dagster/row_count": result.rows})

    return landed


@dg.definitions
def extracts() -> dg.Definitions:
    """Return one raw asset for every contract on file."""
    return dg.Definitions(assets=[raw_asset(one) for one in all_contracts()])
