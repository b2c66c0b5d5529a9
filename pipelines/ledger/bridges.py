"""Bridges kept beside the versions they explain, read together as rows.

A bridge can be worked out again from a version's inputs; these files spare readers
that work, and none of them is needed to verify a version.
"""

import json
from collections.abc import Collection
from pathlib import Path
from typing import Any

import polars as pl

from data_contracts.bridges import QUOTA_BRIDGE_COLUMNS, SCENARIO_BRIDGE_COLUMNS
from pipelines.files import write_parquet
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.schema import frame_schema
from pipelines.settings import Settings

BASE = "base"


def quota_bridge_file(settings: Settings, version: int) -> Path:
    """Return where the steps of a version's quotas are kept."""
    return settings.inputs / f"{version}.quotas.parquet"


def scenario_bridge_file(settings: Settings, version: int) -> Path:
    """Return where the bridge from base to a scenario's version is kept."""
    return settings.inputs / f"{version}.bridge.json"


def keep_quota_bridge(settings: Settings, version: int, steps: pl.DataFrame) -> Path:
    """Keep the steps of a version's quotas.

    Parameters
    ----------
    version : int
    steps : frame of rep_id, month_start, step, cents
        In every month a rep's steps sum to the quota; in order of the steps.
    """
    place = pl.int_range(1, pl.len() + 1).over("rep_id", "month_start")
    kept = steps.with_columns(version=pl.lit(version), step_order=place)
    schema = frame_schema(QUOTA_BRIDGE_COLUMNS)
    file = quota_bridge_file(settings, version)
    write_parquet(kept.select(pl.col(n).cast(t) for n, t in schema.items()), file)
    return file


def quota_bridges(settings: Settings, versions: Collection[int]) -> pl.DataFrame:
    """Return the kept steps of some versions' quotas, in order.

    Returns
    -------
    frame with the columns of ``QUOTA_BRIDGE_COLUMNS``
        A version without a file (a rollback, or older than the files) has no rows.
    """
    files = [quota_bridge_file(settings, version) for version in sorted(versions)]
    nothing = pl.DataFrame(schema=frame_schema(QUOTA_BRIDGE_COLUMNS))
    return pl.concat([nothing, *(pl.read_parquet(f) for f in files if f.is_file())])


def scenario_bridges(
    settings: Settings, versions: Collection[PlanVersion]
) -> pl.DataFrame:
    """Return the kept bridges of scenarios' versions, from the base on.

    Returns
    -------
    frame with the columns of ``SCENARIO_BRIDGE_COLUMNS``
        The first row of a measure is the base; its changes sum to the scenario's
        value, exactly.
    """
    rows: list[tuple[object, ...]] = []
    for plan in sorted(versions, key=lambda each: each.version):
        file = scenario_bridge_file(settings, plan.version)
        if file.is_file():
            told: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
            rows += _walked(plan, told)
    return pl.DataFrame(
        rows, schema=frame_schema(SCENARIO_BRIDGE_COLUMNS), orient="row"
    )


def _walked(plan: PlanVersion, told: dict[str, Any]) -> list[tuple[object, ...]]:
    steps = [(BASE, told["base"])]
    steps += [(step["driver"], step["change"]) for step in told["steps"]]
    rows: list[tuple[object, ...]] = []
    for measure in told["base"]:
        value = 0
        for order, (driver, change) in enumerate(steps):
            value += change[measure]
            row = (plan.version, plan.scenario, measure, order, driver)
            rows.append((*row, change[measure], value))
    return rows
