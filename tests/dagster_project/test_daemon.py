"""A real daemon on an empty home: nights, a publication, a breach, a proposal."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.run import instance, refresh
from data_contracts.plan import PlanState
from data_contracts.replanning import Verdict
from pipelines.demo.company import demo_dates, write_company
from pipelines.files import digest
from pipelines.ledger.store import Ledger
from pipelines.planning.decisions import read_decisions
from pipelines.publication import drift_signal
from pipelines.serving.home import make_home
from pipelines.settings import Settings
from tests.dagster_project.pages import assert_status_says_what_the_pages_say

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 600
pytestmark = pytest.mark.slow

Until = Callable[[Callable[[], bool], str], None]


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Return a home that has seen no night; its extracts are those of two nights."""
    settings, days = Settings(tmp_path / "home"), demo_dates()
    make_home(settings, policy="demo")
    write_company(
        settings.landing,
        tmp_path / "truth",
        as_of=days.after_leaver_night,
        nights=[days.first_night, days.after_leaver_night],
    )
    return settings


@pytest.fixture
def held(settings: Settings) -> Iterator[dg.DagsterInstance]:
    """Hold the home's instance open; its dagster.yaml is there before the daemon."""
    with instance(settings) as held:
        yield held


@pytest.fixture
def environment(settings: Settings) -> dict[str, str]:
    return os.environ | {
        "AOP_HOME": str(settings.home),
        "DAGSTER_HOME": str(settings.dagster_home),
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
    }


@pytest.fixture
def workspace(
    held: dg.DagsterInstance,  # its settings come first
    environment: dict[str, str],
    tmp_path: Path,
) -> Iterator[Path]:
    """Run the code server as docs/runbook.md says; give the workspace that names it."""
    # a socket's path may not be longer than a hundred characters
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "code"
        workspace = tmp_path / "workspace.yaml"
        workspace.write_text(f"load_from: [{{grpc_server: {{socket: {socket}}}}}]")
        log = tmp_path / "code.log"
        code = ("-m", "dagster_project.definitions", "-s", str(socket))
        with _running(log, environment, "dagster", "api", "grpc", *code) as server:
            _wait(socket.exists, "served the code", server, log)
            yield workspace


@pytest.fixture
def daemon(
    held: dg.DagsterInstance,
    environment: dict[str, str],
    workspace: Path,
    tmp_path: Path,
) -> Iterator[Until]:
    """Run the daemon beside the code server; wait for what it should do."""
    log = tmp_path / "daemon.log"
    command = ("dagster-daemon", "run", "-w", str(workspace))
    with _running(log, environment, *command) as process:

        def until(is_so: Callable[[], bool], what: str) -> None:
            def is_so_or_failed() -> bool:
                assert not _failed(held), _failed(held)
                return is_so()

            _wait(is_so_or_failed, what, process, log)

        yield until


@contextmanager
def _running(
    log: Path, environment: dict[str, str], tool: str, *arguments: str
) -> Iterator[subprocess.Popen[bytes]]:
    """Run one of Dagster's tools until the block ends."""
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [str(Path(sys.executable).with_name(tool)), *arguments],
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            process.terminate()
            process.wait(timeout=60)


def _wait(
    is_so: Callable[[], bool], what: str, process: subprocess.Popen[bytes], log: Path
) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert process.poll() is None, f"a process died: {_tail(log)}"
        assert time.monotonic() < deadline, f"never {what}: {_tail(log)}"
        time.sleep(1)


def test_a_breach_becomes_a_proposal_without_a_hand(
    settings: Settings,
    held: dg.DagsterInstance,
    environment: dict[str, str],
    workspace: Path,
    daemon: Until,
) -> None:
    days, ledger = demo_dates(), Ledger(settings.ledger_url)

    _launch_night(days.first_night.isoformat(), workspace, environment)
    daemon(lambda: _done(held, "nightly") == 1, "finished the first night")
    assert [plan.state for plan in ledger.versions()] == [PlanState.PROPOSED]

    ledger.approve(1, "planner@demo.example", "the daemon's test")
    ledger.publish(1, "planner@demo.example")
    daemon(lambda: _done(held, "publication") == 1, "showed the published plan")

    _launch_night(days.after_leaver_night.isoformat(), workspace, environment)
    daemon(lambda: _done(held, "nightly") == 2, "finished the second night")
    signal = drift_signal.read(settings)
    assert signal is not None
    asked = {breach.key for breach in signal.breaches if breach.asks_for}
    assert any(key.startswith("rep_left:") for key in asked)

    daemon(lambda: _done(held, "replan") == len(asked), "looked at every breach")
    decisions = {one.breach_key: one for one in read_decisions(settings)}
    assert decisions.keys() == asked
    answers = [plan for plan in ledger.versions() if plan.breach_key]
    worth = {key for key, one in decisions.items() if one.verdict is Verdict.WORTH}
    assert {plan.breach_key for plan in answers} == worth
    assert any(key.startswith("rep_left:") for key in worth)
    assert {plan.state for plan in answers} == {PlanState.PROPOSED}
    shown = drift_signal.read(settings)
    assert shown is not None
    assert {one.key: one.verdict for one in shown.breaches if one.asks_for} == {
        key: one.verdict for key, one in decisions.items()
    }
    # at two in the morning too: these files are too old for the schedule to run
    assert _nights(held) == {days.first_night, days.after_leaver_night}
    assert ledger.get(1).state is PlanState.PUBLISHED
    _assert_one_at_a_time(held)
    assert_status_says_what_the_pages_say(settings, held)

    # the next night nobody delivers anything: what stands is left standing
    tomorrow = days.after_leaver_night + timedelta(days=1)
    copy = digest(settings.serving_copy)
    report = refresh(settings, tomorrow)
    assert (report.steps_count, report.why_quiet) == (
        1,
        f"nothing changed since {days.after_leaver_night}, whose tables stand",
    )
    assert digest(settings.serving_copy) == copy
    assert_status_says_what_the_pages_say(settings, held)


def _launch_night(night: str, workspace: Path, environment: dict[str, str]) -> None:
    tool = Path(sys.executable).with_name("dagster")
    tags = json.dumps({"dagster/partition": night})
    command = [str(tool), "job", "launch", "-w", str(workspace)]
    subprocess.run(
        [*command, "-j", "nightly", "--tags", tags],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )


def _done(held: dg.DagsterInstance, job: str) -> int:
    wanted = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
    return held.get_runs_count(wanted)


def _nights(held: dg.DagsterInstance) -> set[date]:
    """Return the nights that were begun, by whomever."""
    runs = held.get_runs(dg.RunsFilter(job_name="nightly"))
    return {date.fromisoformat(run.tags["dagster/partition"]) for run in runs}


def _failed(held: dg.DagsterInstance) -> str:
    """Tell what a failed run said, or nothing."""
    wanted = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])
    for run in held.get_runs(wanted, limit=1):
        events = held.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
        return f"{run.job_name}: " + "\n".join(
            event.user_message + str(event.dagster_event) for event in events
        )
    return ""


def _assert_one_at_a_time(held: dg.DagsterInstance) -> None:
    """No run began before the one before it had let go of the home."""
    spells = sorted(
        (record.start_time or 0.0, record.end_time or 0.0)
        for record in held.get_run_records()
    )
    assert len(spells) >= 5
    assert all(start >= end for (_, end), (start, _) in pairwise(spells))


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8")[-3000:]
