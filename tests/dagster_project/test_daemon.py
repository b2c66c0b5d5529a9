"""A real daemon on an empty home: nights, a publication, a breach, a proposal."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import dagster as dg
import pytest

from dagster_project.run import instance
from data_contracts.plan import PlanState
from pipelines.demo.company import demo_dates, write_company
from pipelines.ledger.store import Ledger
from pipelines.publication import drift_signal
from pipelines.serving.home import make_home
from pipelines.settings import Settings

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
    with instance(settings):
        pass  # the settings of the instance are there before the daemon starts
    return settings


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
def daemon(
    settings: Settings, environment: dict[str, str], tmp_path: Path
) -> Iterator[Until]:
    """Run the daemon with the code server it starts; wait for what it should do."""
    tool = Path(sys.executable).with_name("dagster-daemon")
    log = tmp_path / "daemon.log"
    with log.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(
            [str(tool), "run", "-w", str(ROOT / "workspace.yaml")],
            cwd=ROOT,
            env=environment,
            stdout=stream,
            stderr=subprocess.STDOUT,
        )

        def until(is_so: Callable[[], bool], what: str) -> None:
            deadline = time.monotonic() + PATIENCE_SECONDS
            while not is_so():
                assert process.poll() is None, f"the daemon died: {_tail(log)}"
                assert time.monotonic() < deadline, f"never {what}: {_tail(log)}"
                assert not _failed(settings), _failed(settings)
                time.sleep(1)

        try:
            yield until
        finally:
            process.terminate()
            process.wait(timeout=60)


def test_a_breach_becomes_a_proposal_without_a_hand(
    settings: Settings, environment: dict[str, str], daemon: Until
) -> None:
    days, ledger = demo_dates(), Ledger(settings.ledger_url)

    _launch_night(days.first_night.isoformat(), environment)
    daemon(lambda: _done(settings, "nightly") == 1, "finished the first night")
    assert [plan.state for plan in ledger.versions()] == [PlanState.PROPOSED]

    ledger.approve(1, "planner@demo.example", "the daemon's test")
    ledger.publish(1, "planner@demo.example")
    daemon(lambda: _done(settings, "publication") == 1, "showed the published plan")

    _launch_night(days.after_leaver_night.isoformat(), environment)
    daemon(lambda: _done(settings, "nightly") == 2, "finished the second night")
    signal = drift_signal.read(settings)
    assert signal is not None
    asked = {breach.key for breach in signal.breaches if breach.asks_for}
    assert any(key.startswith("rep_left:") for key in asked)

    daemon(lambda: _done(settings, "replan") == len(asked), "answered every breach")
    answers = [plan for plan in ledger.versions() if plan.breach_key]
    assert {plan.breach_key for plan in answers} == asked
    assert {plan.state for plan in answers} == {PlanState.PROPOSED}
    assert ledger.get(1).state is PlanState.PUBLISHED
    _assert_one_at_a_time(settings)


def _launch_night(night: str, environment: dict[str, str]) -> None:
    tool = Path(sys.executable).with_name("dagster")
    tags = json.dumps({"dagster/partition": night})
    command = [str(tool), "job", "launch", "-w", str(ROOT / "workspace.yaml")]
    subprocess.run(
        [*command, "-j", "nightly", "--tags", tags],
        cwd=ROOT,
        env=environment,
        check=True,
        capture_output=True,
    )


def _done(settings: Settings, job: str) -> int:
    wanted = dg.RunsFilter(job_name=job, statuses=[dg.DagsterRunStatus.SUCCESS])
    with instance(settings) as held:
        return held.get_runs_count(wanted)


def _failed(settings: Settings) -> str:
    """Tell what a failed run said, or nothing."""
    wanted = dg.RunsFilter(statuses=[dg.DagsterRunStatus.FAILURE])
    with instance(settings) as held:
        for run in held.get_runs(wanted, limit=1):
            events = held.all_logs(run.run_id, of_type=dg.DagsterEventType.STEP_FAILURE)
            return f"{run.job_name}: " + "\n".join(
                event.user_message + str(event.dagster_event) for event in events
            )
    return ""


def _assert_one_at_a_time(settings: Settings) -> None:
    """No run began before the one before it had let go of the home."""
    with instance(settings) as held:
        spells = sorted(
            (record.start_time or 0.0, record.end_time or 0.0)
            for record in held.get_run_records()
        )
    assert len(spells) >= 5
    assert all(start >= end for (_, end), (start, _) in pairwise(spells))


def _tail(log: Path) -> str:
    return log.read_text(encoding="utf-8")[-3000:]
