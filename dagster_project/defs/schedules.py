"""The one nightly schedule."""

from collections.abc import Iterator

import dagster as dg

from dagster_project.defs.jobs import nightly


@dg.schedule(
    job=nightly,
    cron_schedule="0 2 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def every_night(context: dg.ScheduleEvaluationContext) -> Iterator[dg.RunRequest]:
    """Refresh at two in the morning for the day that begins."""
    night = context.scheduled_execution_time.date().isoformat()
    yield dg.RunRequest(run_key=night, partition_key=night)
