"""Run the jobs in this process for the commands; the daemon runs the same jobs."""

import shutil
import time
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg

from dagster_project.defs.drift.last_night import serving_last_night
from dagster_project.event_log import opened
from dagster_project.failures import first_stated
from dagster_project.keys import BREACH_TAG, PROPOSAL, QUIET
from dagster_project.partitions import NIGHTS
from dagster_project.progress import Watcher, steps, watched
from dagster_project.resources import Home
from data_contracts.errors import AopError, HomeError
from data_contracts.policy import load_policy
from pipelines import warehouse
from pipelines.logs import logger
from pipelines.publication import drift_signal, notices
from pipelines.serving import quiet_nights
from pipelines.serving.orchestrator import RefreshReport
from pipelines.settings import Settings

_LOG = logger(__name__)
TEMPLATE = Path(__file__).parent / "dagster.yaml"


def refresh(
    settings: Settings,
    night: date,
    watcher: Watcher | None = None,
    *,
    whole: bool = False,
) -> RefreshReport:
    """Run one night, then answer every breach it leaves open with a proposal.

    A night that nothing can have changed is noted, and leaves the tables standing.

    Parameters
    ----------
    settings : Settings
        Home to refresh.
    night : date
        What is known on this date is loaded, nothing later.
    watcher : callable, optional
        Told the name of each step and whether it started, was done or failed.
    whole : bool, default False
        Run everything although nothing can have changed.

    Returns
    -------
    RefreshReport
        Steps run, checks that failed without stopping the night, proposals made.

    Raises
    ------
    AopError
        The first one a step raised; what depends on that step was left as it was.
    """
    if not NIGHTS.has_partition_key(night.isoformat()):
        raise HomeError(
            f"night {night} is not between {NIGHTS.start:%Y-%m-%d} and today",
            fix="give the night of an extract: aop extracts list",
        )
    load_policy(settings.require_home().policy_file)  # refused before anything lands
    try:
        with warehouse.exclusive(settings):  # what is looked at stays as it is
            if whole or quiet_nights.why_whole(settings, night):
                report = _refreshed(settings, night, watcher)
            else:
                report = _left_standing(settings, night, watcher)
    except AopError as error:
        failed = notices.failed_night(
            f"{night} {error.what}", f"night {night}: {error}"
        )
        _tell(settings, [failed])
        raise
    _tell(settings, notices.due(settings))
    return report


def _left_standing(
    settings: Settings, night: date, watcher: Watcher | None
) -> RefreshReport:
    """Note a quiet night as the run it would have been, without loading the rest."""
    started = time.monotonic()
    job = dg.define_asset_job("nightly", selection=[serving_last_night])
    alone = dg.Definitions(
        assets=[serving_last_night],
        jobs=[job],
        executor=dg.in_process_executor,
        loggers={"steps": steps},
        resources={"home": Home()},
    )
    run = _run("nightly", settings, watcher, night=night, tags=QUIET, of=alone)
    last = quiet_nights.read_last_night(settings)
    return RefreshReport(
        night=night,
        steps_count=len(run.get_step_success_events()),
        seconds=time.monotonic() - started,
        failed_checks=(),
        breaches=(),
        proposals=(),
        why_quiet=last.why if last else "",
    )


def _refreshed(
    settings: Settings, night: date, watcher: Watcher | None
) -> RefreshReport:
    started = time.monotonic()
    runs = [_run("nightly", settings, watcher, night=night)]
    signal = drift_signal.read(settings)
    due = signal.due if signal else ()
    refused: list[AopError] = []
    for breach in due:
        tags = {BREACH_TAG: breach.key, "aop/metric": str(breach.metric)}
        try:
            runs.append(_run("answer", settings, watcher, tags=tags))
        except AopError as error:  # the other breaches still get their answer
            refused.append(error)
    if due:  # all answers are shown at once
        runs.append(_run("publication", settings, watcher))
    if refused:
        raise refused[0]
    return RefreshReport(
        night=night,
        steps_count=sum(len(run.get_step_success_events()) for run in runs),
        seconds=time.monotonic() - started,
        failed_checks=tuple(name for run in runs for name in _failed_checks(run)),
        breaches=tuple(breach.key for breach in due),
        proposals=tuple(version for run in runs for version in _proposals(run)),
    )


def _tell(settings: Settings, found: list[notices.Notice]) -> None:
    """Tell people, where the home has receivers; a fault there fails no night."""
    if not settings.notify_urls:
        return
    try:
        notices.tell(settings, found, datetime.now(UTC))
    except AopError as error:
        _LOG.warning("nobody was told: %s", error)


def publish(settings: Settings, watcher: Watcher | None = None) -> None:
    """Show the published plan in the marts and the serving copy.

    Raises
    ------
    AopError
        The first one a step raised; readers keep the copy they had.
    """
    settings.require_home()
    _run("publication", settings, watcher)


def instance(settings: Settings) -> dg.DagsterInstance:
    """Open the home's own Dagster instance, with the project's settings."""
    place = settings.dagster_home / "dagster.yaml"
    if not place.is_file():
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TEMPLATE, place)
    return opened(settings.dagster_home)


def _run(
    job: str,
    settings: Settings,
    watcher: Watcher | None,
    *,
    night: date | None = None,
    tags: Mapping[str, str] | None = None,
    of: dg.Definitions | None = None,
) -> dg.ExecuteInProcessResult:
    with instance(settings) as held, watched(watcher):
        result = (
            (of or _all())
            .resolve_job_def(job)
            .execute_in_process(
                instance=held,
                partition_key=night.isoformat() if night else None,
                tags=tags,
                resources={"home": Home.of(settings)},
                run_config={"loggers": {"steps": {}}},
                raise_on_error=False,
            )
        )
    if not result.success:
        raise first_stated(list(result.all_events)) or _unstated(job, result)
    return result


def _all() -> dg.Definitions:
    # here and not above: it loads everything there is, which a quiet night never needs
    from dagster_project.definitions import defs

    return defs


def _failed_checks(result: dg.ExecuteInProcessResult) -> list[str]:
    return [
        f"{check.asset_key.to_user_string()} {check.check_name}"
        for check in result.get_asset_check_evaluations()
        if not check.passed
    ]


def _proposals(result: dg.ExecuteInProcessResult) -> list[int]:
    made = [
        event.materialization
        for event in result.get_asset_materialization_events()
        if event.asset_key == PROPOSAL
    ]
    return [
        int(str(one.metadata["version"].value))
        for one in made
        if one.metadata["is_new"].value
    ]


def _unstated(job: str, result: dg.ExecuteInProcessResult) -> AopError:
    """Name the step that broke for a reason nobody foresaw; log how."""
    for event in result.get_step_failure_events():
        error = event.step_failure_data.error
        _LOG.error("step %s: %s", event.step_key, error.to_string() if error else "")
    steps = ", ".join(sorted(result.get_failed_step_keys())) or "its resources"
    return AopError(
        f"job {job} broke in {steps}, which is a fault of the program",
        fix="the log above says where; report it with the run id " + result.run_id,
    )
