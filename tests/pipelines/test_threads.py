"""Numeric kernels take one thread in every process of ours, unless told otherwise."""

import json
import os
import subprocess
import sys

import pytest

pytestmark = pytest.mark.slow  # each starts a Python of its own

KERNELS = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMBA_NUM_THREADS"}
COMMAND = """
import contextlib, sys
from pipelines.serving.cli.main import run
sys.argv = ["aop", "--help"]
with contextlib.suppress(SystemExit):
    run()
"""
DAEMON = "import dagster_project.definitions"
SETTING = "from pipelines import threads; threads.one_each()"
POOLS = """
import json, numba, numpy, threadpoolctl
found = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
print(json.dumps([*found, numba.get_num_threads()]))
"""


def _pools(entry: str, **said: str) -> list[int]:
    env = {name: text for name, text in os.environ.items() if name not in KERNELS}
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", entry + POOLS],
        env={**env, **said},
        capture_output=True,
        text=True,
        check=True,
    )
    found: list[int] = json.loads(done.stdout.splitlines()[-1])
    assert len(found) > 1  # numpy's and numba's at least
    return found


@pytest.mark.parametrize("entry", [COMMAND, DAEMON], ids=["command", "daemon"])
def test_every_kernel_takes_one_thread_however_it_was_started(entry: str) -> None:
    assert set(_pools(entry)) == {1}


@pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="needs a second core")
def test_whoever_starts_the_process_may_say_otherwise() -> None:
    assert set(_pools(SETTING, **dict.fromkeys(KERNELS, "2"))) == {2}
