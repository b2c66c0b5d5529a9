"""The event log kept open holds what Dagster's own would, in the same files."""

import shutil
import sqlite3
from pathlib import Path
from threading import Event

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from dagster_project.event_log import OpenEventLog, opened
from dagster_project.run import TEMPLATE

pytestmark = pytest.mark.slow  # importing every definition takes seconds

KEYS = [dg.AssetKey(["room", f"table_{number}"]) for number in range(8)]


@dg.multi_asset(
    specs=[dg.AssetSpec(key) for key in KEYS],
    check_specs=[dg.AssetCheckSpec("holds", asset=key) for key in KEYS],
)
def tables() -> object:
    """Make eight tables, of which the last breaks its check."""
    for key in KEYS:
        yield dg.MaterializeResult(
            asset_key=key,
            check_results=[
                dg.AssetCheckResult(
                    passed=key != KEYS[-1], check_name="holds", asset_key=key
                )
            ],
        )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return the Dagster folder of a new home."""
    shutil.copyfile(TEMPLATE, tmp_path / "dagster.yaml")
    return tmp_path


def _run(instance: dg.DagsterInstance) -> str:
    job = dg.Definitions(
        assets=[tables], jobs=[dg.define_asset_job("night")]
    ).resolve_job_def("night")
    return job.execute_in_process(instance=instance).run_id


def _told(instance: dg.DagsterInstance, run_id: str) -> list[object]:
    """What a reader is told of one run, without its times and ids."""
    checks = [
        instance.event_log_storage.get_asset_check_execution_history(
            dg.AssetCheckKey(key, "holds"), limit=1
        )[0].status
        for key in KEYS
    ]
    events = [event.dagster_event for event in instance.all_logs(run_id)]
    return [
        *checks,
        *[(event.event_type, event.asset_key) for event in events if event is not None],
        [instance.get_latest_materialization_event(key) is not None for key in KEYS],
        instance.get_run_by_id(run_id).status,  # type: ignore[union-attr]  # it ran
    ]


def test_dagsters_own_log_reads_what_the_open_one_wrote(folder: Path) -> None:
    with opened(folder) as instance:
        assert type(instance.event_log_storage) is OpenEventLog
        run_id = _run(instance)
        while_open = _told(instance, run_id)
    (folder / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.from_config(str(folder)) as own:
        assert type(own.event_log_storage) is SqliteEventLogStorage
        assert _told(own, run_id) == while_open
        own_run = _run(own)
        assert _told(own, own_run) == while_open


def test_two_processes_may_write_and_read_one_log(folder: Path) -> None:
    with opened(folder) as one, opened(folder) as other:
        runs = [_run(one), _run(other), _run(one)]
        told = [[_told(each, run) for run in runs] for each in (one, other)]
    assert told[0] == told[1]


def test_what_is_told_is_on_file_before_the_process_ends(folder: Path) -> None:
    with opened(folder) as instance:
        run_id = _run(instance)
        file = folder / "history" / "runs" / f"{run_id}.db"
        with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as reader:
            (count,) = reader.execute("select count(*) from event_logs").fetchone()
        reader.close()
        assert count == len(instance.all_logs(run_id)) > 4 * len(KEYS)


def test_no_more_files_stay_open_than_it_says_and_none_at_the_end(folder: Path) -> None:
    log = folder / "history" / "runs"
    with opened(folder) as instance:
        runs = [_run(instance) for _ in range(5)]
        for run_id in runs:
            assert instance.all_logs(run_id)
        assert len(list(log.glob("*.db-wal"))) <= 4
    assert not list(log.glob("*.db-wal"))


def test_a_daemon_writes_where_a_command_reads(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(folder))
    with dg.DagsterInstance.get() as daemon:
        assert type(daemon.event_log_storage) is OpenEventLog
        run_id = _run(daemon)
        monkeypatch.setenv("DAGSTER_HOME", str(folder / "elsewhere"))
        with opened(folder) as command:
            assert _told(command, run_id) == _told(daemon, run_id)


def test_who_watches_a_run_is_told_each_event_while_it_is_written(folder: Path) -> None:
    seen, all_seen = list[str](), Event()

    def tell(event: dg.EventLogEntry, _: str) -> None:
        seen.append(event.dagster_event_type.value if event.dagster_event_type else "")
        if "PIPELINE_SUCCESS" in seen:
            all_seen.set()

    with opened(folder) as writer, opened(folder) as reader:
        run_id = _run(writer)
        reader.watch_event_logs(run_id, None, tell)
        assert all_seen.wait(60)
        reader.end_watch_event_logs(run_id, tell)
        assert seen.count("ASSET_MATERIALIZATION") == len(KEYS)


def test_a_storage_the_home_names_itself_is_left_as_it_is(folder: Path) -> None:
    (folder / "dagster.yaml").write_text(
        "event_log_storage:\n"
        "  module: dagster._core.storage.event_log\n"
        "  class: ConsolidatedSqliteEventLogStorage\n"
        f"  config: {{base_dir: {folder}}}\n"
    )
    with opened(folder) as instance:
        assert type(instance.event_log_storage).__name__.startswith("Consolidated")
