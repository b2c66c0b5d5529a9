"""Ask for a new plan when drift stays outside its limit."""

import json

import dagster as dg

from dagster_project.defs.jobs import replan
from dagster_project.defs.planning.proposal import BREACH_TAG
from data_contracts.drift import Breach
from pipelines.publication import drift_signal
from pipelines.settings import Settings


def unanswered(signal: drift_signal.DriftSignal) -> list[Breach]:
    """Return the breaches that ask for a re-plan and have no proposal yet."""
    return [breach for breach in signal.open if breach.asks_for]


@dg.sensor(
    job=replan,
    minimum_interval_seconds=30,
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def drift_breach(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult | dg.SkipReason:
    """Request one re-plan per breach, never twice for the same one.

    Reads the published signal, not the warehouse: dbt may hold that file. The
    rules (limit, history, what is asked for) live in the policy and were applied
    by the drift marts; the sensor only remembers what it already asked.
    """
    signal = drift_signal.read(settings)
    if signal is None:
        return dg.SkipReason(f"no night has written {settings.drift_signal} yet")
    due = unanswered(signal)
    if not due:
        return dg.SkipReason("no breach waits for a re-plan")
    asked: list[str] = json.loads(context.cursor or "[]")
    new = [breach for breach in due if breach.key not in asked]
    if not new:
        keys = ", ".join(breach.key for breach in due)
        return dg.SkipReason(f"already sent to planning: {keys}")
    cursor = json.dumps([breach.key for breach in due])  # answered ones drop out
    return dg.SensorResult(run_requests=[_ask(one) for one in new], cursor=cursor)


def _ask(breach: Breach) -> dg.RunRequest:
    """Ask for one answer; the run key keeps it from being asked for twice."""
    tags = {BREACH_TAG: breach.key, "aop/metric": str(breach.metric)}
    return dg.RunRequest(run_key=breach.key, tags=tags)
