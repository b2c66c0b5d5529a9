"""Scenarios side by side, read from what their runs kept; plans nothing."""

import json
from collections.abc import Sequence
from typing import Any, Final

from data_contracts.errors import HomeError
from pipelines.ledger.bridges import scenario_bridge_file
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.settings import Settings

BASE: Final = "base"


def newest_runs(settings: Settings, ledger: LedgerReader) -> dict[str, PlanVersion]:
    """Return the newest version of each scenario that has a bridge, by name."""
    found = {
        plan.scenario: plan
        for plan in ledger.versions()
        if plan.scenario != BASE
        and scenario_bridge_file(settings, plan.version).is_file()
    }
    return dict(sorted(found.items()))


def compared(
    settings: Settings, ledger: LedgerReader, names: Sequence[str]
) -> dict[str, Any]:
    """Return the newest run of each scenario beside the base, with its bridge.

    Returns
    -------
    dict
        ``versions``: number by scenario; ``measures``: one row per measure with
        ``base`` and each scenario's value; ``bridges``: by scenario, one row per
        driver and measure. Base and drivers sum to the scenario, to the cent.

    Raises
    ------
    HomeError
        If a scenario was never run, or two were run on different plans.
    """
    newest = newest_runs(settings, ledger)
    chosen = list(names) or list(newest)
    kept: dict[str, dict[str, Any]] = {}
    for name in chosen:
        if name not in newest:
            raise HomeError(
                f"scenario {name!r} was never run here",
                fix=f"run it: aop scenario run {name} --as YOU",
            )
        file = scenario_bridge_file(settings, newest[name].version)
        kept[name] = json.loads(file.read_text(encoding="utf-8"))
    bases = {json.dumps(each["base"], sort_keys=True) for each in kept.values()}
    if len(bases) > 1:
        raise HomeError(
            "these scenarios depart from different plans: "
            + ", ".join(f"{n} of {newest[n].as_of}" for n in chosen),
            fix="run them again together: aop scenario run",
        )
    base = next(iter(kept.values()))["base"] if kept else {}
    return {
        "versions": {name: newest[name].version for name in chosen},
        "measures": [
            {"measure": measure, "base": value}
            | {name: each["measures"][measure] for name, each in kept.items()}
            for measure, value in base.items()
        ],
        "bridges": {
            name: [
                {"driver": step["driver"], "measure": measure, "change": change}
                for step in each["steps"]
                for measure, change in step["change"].items()
            ]
            for name, each in kept.items()
        },
    }
