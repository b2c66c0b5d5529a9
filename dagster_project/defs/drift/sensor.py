"""Ask for a new plan when drift stays outside its limit."""

import json
from datetime import date

import dagster as dg

from dagster_project.defs.jobs import replan
from dagster_project.keys import BREACH_TAG
from data_contracts.drift import Breach
from pipelines.publication import drift_signal
from pipelines.settings import Settings


@dg.sensor(
    job=replan,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def drift_breach(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult | dg.SkipReason:
    """Request one look at each breach that is due, never twice on one night.

    Reads the published signal, not the warehouse: dbt may hold that file. The
    rules (limit, history, what is asked for, when it is looked at again) live in the
    policy and were applied by the drift marts and by planning; the sensor only
    remembers what it already asked.
    """
    signal = drift_signal.read(settings)
    if signal is None:
        return dg.SkipReason(f"no night has written {settings.drift_signal} yet")
    due = signal.due
    if not due:
        return dg.SkipReason("no breach waits for a re-plan")
    asked: list[str] = json.loads(context.cursor or "[]")
    wanted = [_ask(breach, signal.as_of) for breach in due]
    new = [one for one in wanted if one.run_key not in asked]
    if not new:
        keys = ", ".join(str(one.run_key) for one in wanted)
        return dg.SkipReason(f"already sent to planning: {keys}")
    cursor = json.dumps([one.run_key for one in wanted])  # answered ones drop out
    return dg.SensorResult(run_requests=new, cursor=cursor)


def _ask(breach: Breach, night: date) -> dg.RunRequest:
    """Ask for one answer a night; the run key keeps it from being asked for twice."""
    tags = {BREACH_TAG: breach.key, "aop/metric": str(breach.metric)}
    return dg.RunRequest(run_key=f"{breach.key} {night}", tags=tags)
