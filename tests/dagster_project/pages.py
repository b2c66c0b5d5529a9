"""What Dagster's pages say of the last night, and `aop status` beside it."""

from datetime import date

import dagster as dg

from dagster_project.keys import COPY, QUIET
from pipelines.serving.nights import state
from pipelines.settings import Settings


def assert_status_says_what_the_pages_say(
    settings: Settings, held: dg.DagsterInstance
) -> None:
    """Hold `aop status` to the runs, materializations and checks Dagster shows."""
    now = state(settings)
    (last,) = held.get_runs(dg.RunsFilter(job_name="nightly"), limit=1)
    assert now["last_night"] == date.fromisoformat(last.tags["dagster/partition"])
    assert now["is_last_night_whole"] is last.is_success
    is_quiet = last.tags.items() >= QUIET.items()
    assert bool(now["why_quiet"]) is is_quiet
    shown = held.get_latest_materialization_event(COPY)
    if shown is None or shown.asset_materialization is None:
        assert now["serving_as_of"] is None
    elif is_quiet:
        told = shown.asset_materialization.metadata
        assert told["tables_as_of"].value == str(now["serving_as_of"])
        assert told["why"].value == now["why_quiet"]
        assert shown.run_id == last.run_id
    elif last.is_success:
        assert now["serving_as_of"] == now["last_night"]
    failed = {
        (found.asset_key.to_user_string().replace("/", "-"), found.check_name)
        for found in _checks(held, last)
        if not found.passed
    }
    assert {(one["contract"], one["check"]) for one in now["stale"]} == failed


def _checks(
    held: dg.DagsterInstance, run: dg.DagsterRun
) -> list[dg.AssetCheckEvaluation]:
    """Return the checks of extracts that a run made."""
    logged = held.all_logs(
        run.run_id, of_type=dg.DagsterEventType.ASSET_CHECK_EVALUATION
    )
    found = [
        entry.dagster_event.asset_check_evaluation_data
        for entry in logged
        if entry.dagster_event is not None
    ]
    return [one for one in found if one.check_name in {"contract", "promises"}]
