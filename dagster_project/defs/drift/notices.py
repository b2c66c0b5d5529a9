"""Tell people what waits for them, and what failed while they slept."""

from datetime import UTC, datetime

import dagster as dg

from dagster_project.failures import first_stated
from pipelines.publication import notices
from pipelines.settings import Settings


@dg.sensor(minimum_interval_seconds=60, default_status=dg.DefaultSensorStatus.RUNNING)
def people_told(settings: dg.ResourceParam[Settings]) -> dg.SkipReason:
    """Send breaches, proposals and decisions that nobody was told of; run nothing."""
    if not settings.notify_urls:
        return dg.SkipReason("no receiver is set: AOP_NOTIFY_URLS")
    if not settings.policy_file.is_file():
        return dg.SkipReason(f"{settings.home} is not a home yet: aop init")
    told = notices.tell(settings, notices.due(settings), datetime.now(UTC))
    held = f"; {told.held} held: {told.reason}" if told.held else ""
    return dg.SkipReason(f"{told.sent} notices sent{held}")


@dg.run_failure_sensor(default_status=dg.DefaultSensorStatus.RUNNING)
def failure_told(
    context: dg.RunFailureSensorContext, settings: dg.ResourceParam[Settings]
) -> dg.SkipReason:
    """Say at once that a run failed, and that the last good plan still serves."""
    run = context.dagster_run
    records = context.instance.all_logs(
        run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE
    )
    events = [entry.dagster_event for entry in records if entry.dagster_event]
    stated = first_stated(events)
    why = str(stated) if stated else context.dagster_event.message or "it broke"
    notice = notices.failed_night(run.run_id, f"{run.job_name}: {why}")
    told = notices.tell(settings, [notice], datetime.now(UTC))
    return dg.SkipReason(f"{told.sent} notices sent {told.reason}".strip())
