"""What a rollback undoes: a bridge from the plan in force to the one that returns."""

import json
from itertools import pairwise

from pipelines.files import write_text
from pipelines.ledger.bridges import scenario_bridge_file
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.rollback import content_from, way_back
from pipelines.planning.scenario_runs import Measures, Step, measures_of
from pipelines.settings import Settings

GOING_BACK = "going back: hand-overs, and accounts not known then"


def rollback_bridge(
    ledger: LedgerReader, plan: PlanVersion, version: int
) -> tuple[Measures, tuple[Step, ...]]:
    """Return what each version that a rollback undoes had changed, undone.

    Parameters
    ----------
    plan : PlanVersion
        The rollback; its parent is the version it takes out of force.
    version : int
        Version it goes back to.

    Returns
    -------
    dict of measure to int, tuple of Step
        The measures of the plan in force from the rollback's first day on, and one step
        for each version undone or brought back, then one for the going back itself.
        Together they are the rollback's measures, exactly.
    """
    here = plan.parent_version
    if here is None:
        raise ValueError(f"version {plan.version} has no parent to go back from")
    undone, again = way_back(ledger, here, version)

    def measured(number: int) -> Measures:
        return measures_of(content_from(ledger.content(number), plan.effective_from))

    names = {number: ledger.get(number).title for number in (*undone, *again)}
    # where both lines meet, the plan that is reached by undoing
    stops = [here]
    drivers = []
    for number in undone:
        parent = ledger.get(number).parent_version
        if parent is not None:
            stops.append(parent)
            drivers.append(f"undo version {number}: {names[number]}")
    for number in again:
        stops.append(number)
        drivers.append(f"bring back version {number}: {names[number]}")
    values = [measured(number) for number in stops]
    values.append(measures_of(ledger.content(plan.version)))
    drivers.append(GOING_BACK)
    steps = tuple(
        Step(driver, {name: now[name] - before.get(name, 0) for name in now})
        for driver, (before, now) in zip(drivers, pairwise(values), strict=True)
    )
    return values[0], steps


def keep_rollback_bridge(
    settings: Settings, ledger: LedgerReader, plan: PlanVersion, version: int
) -> tuple[Measures, tuple[Step, ...]]:
    """Keep the bridge of a rollback beside it, where readers look for bridges."""
    base, steps = rollback_bridge(ledger, plan, version)
    told = {
        "base": base,
        "measures": measures_of(ledger.content(plan.version)),
        "steps": [{"driver": one.driver, "change": one.change} for one in steps],
    }
    file = scenario_bridge_file(settings, plan.version)
    write_text(json.dumps(told, indent=1) + "\n", file)
    return base, steps
