"""What starts a night: the clock, and files that were delivered."""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Any

import dagster as dg

from dagster_project.defs.jobs import nightly
from dagster_project.keys import LAST_NIGHT, QUIET
from pipelines.ingestion.listing import State, list_extracts
from pipelines.serving.due_nights import nights_due
from pipelines.serving.quiet_nights import why_whole
from pipelines.settings import Settings


@dg.schedule(
    job=nightly,
    cron_schedule="0 2 * * *",
    default_status=dg.DefaultScheduleStatus.RUNNING,
)
def every_night(
    context: dg.ScheduleEvaluationContext, settings: dg.ResourceParam[Settings]
) -> list[dg.RunRequest] | dg.SkipReason:
    """Refresh at two in the morning for the day that begins, missed nights first.

    A night that nothing can have changed is asked for without what made the tables.
    """
    if not settings.policy_file.is_file():
        return dg.SkipReason(f"{settings.home} is not a home yet: aop init")
    due = nights_due(settings, context.scheduled_execution_time.date())
    if not due.nights:
        return dg.SkipReason(due.reason)
    if len(due.nights) == 1 and not why_whole(settings, due.nights[0]):
        return [_asked(due.nights[0], asset_selection=[LAST_NIGHT], tags=QUIET)]
    return [_asked(night) for night in due.nights]


def _asked(night: date, **about: Any) -> dg.RunRequest:
    return dg.RunRequest(run_key=str(night), partition_key=str(night), **about)


@dg.sensor(
    job=nightly,
    minimum_interval_seconds=60,
    default_status=dg.DefaultSensorStatus.STOPPED,  # for who delivers during the day
)
def files_delivered(
    context: dg.SensorEvaluationContext, settings: dg.ResourceParam[Settings]
) -> dg.SensorResult | dg.SkipReason:
    """Run the night of files that wait, once they are there two ticks running."""
    if not settings.policy_file.is_file():
        return dg.SkipReason(f"{settings.home} is not a home yet: aop init")
    waiting = _waiting(settings)
    if not waiting:
        return dg.SkipReason("every file that was delivered is loaded or refused")
    state, files = json.loads(context.cursor or "{}"), sorted(waiting)
    if files == state.get("asked"):
        return dg.SkipReason(f"already sent to be loaded: {', '.join(files)}")
    if files != state.get("seen"):
        return dg.SensorResult(
            skip_reason=f"{len(files)} files may still be arriving",
            cursor=json.dumps(state | {"seen": files}),
        )
    cursor = json.dumps({"seen": files, "asked": files})
    return dg.SensorResult(run_requests=[_night_of(waiting)], cursor=cursor)


def _waiting(settings: Settings) -> dict[str, date]:
    """Return the night of each file that was delivered and not loaded."""
    rows = list_extracts(settings, datetime.now(UTC).date())
    return {
        f"{one.known_on} {one.file}": one.known_on
        for one in rows
        if one.state is State.WAITING and one.known_on
    }


def _night_of(waiting: dict[str, date]) -> dg.RunRequest:
    """Ask for the newest night of these files, once for the same ones."""
    night = max(waiting.values()).isoformat()
    files = "\n".join(sorted(waiting)).encode()
    key = hashlib.sha256(files).hexdigest()[:16]
    return dg.RunRequest(run_key=f"files-{night}-{key}", partition_key=night)
