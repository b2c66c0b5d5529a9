"""Bridges kept beside versions are read as rows that add up to what they explain."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from data_contracts.bridges import QUOTA_BRIDGE_COLUMNS
from pipelines.ledger.bridges import (
    keep_quota_bridge,
    quota_bridges,
    scenario_bridge_file,
    scenario_bridges,
)
from pipelines.ledger.store import Ledger
from pipelines.settings import Settings

JANUARY, FEBRUARY = date(2026, 1, 1), date(2026, 2, 1)


def test_kept_steps_come_back_numbered_by_rep_and_month(tmp_path: Path) -> None:
    home = Settings(tmp_path)
    steps = pl.DataFrame(
        [
            ("r1", JANUARY, "even_share", 100_00),
            ("r1", JANUARY, "cushion", 10_00),
            ("r1", FEBRUARY, "even_share", 90_00),
            ("r1", FEBRUARY, "cushion", -5_00),
        ],
        schema=["rep_id", "month_start", "step", "cents"],
        orient="row",
    )
    keep_quota_bridge(home, 7, steps)
    found = quota_bridges(home, {7, 8})  # version 8 kept none
    assert found.columns == list(QUOTA_BRIDGE_COLUMNS)
    assert found.select("version", "step_order", "step", "cents").rows() == [
        (7, 1, "even_share", 100_00),
        (7, 2, "cushion", 10_00),
        (7, 1, "even_share", 90_00),
        (7, 2, "cushion", -5_00),
    ]
    assert quota_bridges(home, set()).is_empty()


def test_a_scenarios_bridge_walks_from_the_base_to_its_value(
    tmp_path: Path, ledger: Ledger, propose: Any
) -> None:
    home = Settings(tmp_path)
    plan = propose({"A1": "R1"})
    told = {
        "base": {"target_cents": 500, "hires_count": 3},
        "measures": {"target_cents": 450, "hires_count": 5},
        "steps": [
            {
                "driver": "policy.targets",
                "change": {"target_cents": -50, "hires_count": 0},
            },
            {"driver": "attrition", "change": {"target_cents": 0, "hires_count": 2}},
        ],
    }
    home.inputs.mkdir(parents=True)
    scenario_bridge_file(home, plan.version).write_text(json.dumps(told))
    rows = scenario_bridges(home, ledger.versions())
    target = rows.filter(pl.col("measure") == "target_cents")
    assert target.select("driver_order", "driver", "change", "value_after").rows() == [
        (0, "base", 500, 500),
        (1, "policy.targets", -50, 450),
        (2, "attrition", 0, 450),
    ]
    sums = dict(rows.group_by("measure").agg(pl.col("change").sum()).iter_rows())
    assert sums == told["measures"]
