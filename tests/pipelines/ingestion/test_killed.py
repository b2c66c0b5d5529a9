"""A landing killed at any moment and run again gives the bytes of one never disturbed.

The process really dies: it sends itself SIGKILL at its n-th touch of the home's files,
or while the engine is writing a table.
"""

import shutil
import signal
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from data_contracts.contract import contract
from pipelines.ingestion.land import land
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

FIRST, SECOND = date(2026, 1, 30), date(2026, 1, 31)
QUOTAS = contract("crm-quotas")
HEADER = "user_id,period_start,period_end,quota,currency\n"
CHILD = """
import os, signal, sys, threading
from datetime import date
from pathlib import Path

home, fatal = Path(sys.argv[1]), int(sys.argv[2])

import pipelines.ingestion.land as module
from data_contracts.contract import contract
from pipelines.settings import Settings

WATCHED = {"open", "os.rename", "os.remove", "os.mkdir", "os.rmdir"}
touches = 0

def touched(event, arguments):
    global touches
    if event not in WATCHED or str(home) not in str(arguments[0]):
        return
    if event == "open" and not (arguments[2] or 0) & (os.O_WRONLY | os.O_RDWR):
        return
    touches += 1
    if touches == fatal:
        os.kill(os.getpid(), signal.SIGKILL)

def watch():  # the engine's own writing passes no audit hook: watch its file appear
    folder = home / "raw" / "crm" / "quotas"
    while not any(one.stat().st_size for one in folder.glob(".*.part")):
        pass
    os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(touched)
if fatal < 0:
    threading.Thread(target=watch, daemon=True).start()
module.land(contract("crm-quotas"), date(2026, 1, 31), Settings(home))
print(touches)
"""


def row(user: str, quota: object) -> str:
    return f"{user},2026-01-01,2026-03-31,{quota},USD\n"


def put(home: Settings, name: str, *rows: str) -> None:
    path = home.landing / "crm" / "quotas" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "".join(rows))


@pytest.fixture(scope="module")
def before(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """Two nights landed, then a late file for the first: both must be landed anew."""
    home = Settings(tmp_path_factory.mktemp("killed") / "before")
    put(home, f"{FIRST}.csv", row("a", 1), row("b", 2), row("x", "many"))
    put(home, f"{SECOND}.csv", row("a", 1), row("b", 3))
    land(QUOTAS, SECOND, home)
    put(home, f"late-{FIRST}.csv", row("b", 3), row("c", 4), row("y", "none"))
    return home


def copied(before: Settings, name: str) -> Settings:
    folder = before.home.parent / name
    shutil.copytree(before.home, folder)
    return Settings(folder)


def child(home: Settings, fatal: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", CHILD, str(home.home), str(fatal)],
        capture_output=True,
        text=True,
        check=False,
    )


def bytes_of(home: Settings) -> dict[str, bytes]:
    """Everything in the folders readers see, whatever it is called."""
    return {
        path.relative_to(home.home).as_posix(): path.read_bytes()
        for folder in (home.raw, home.quarantine)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture(scope="module")
def undisturbed(before: Settings) -> tuple[dict[str, bytes], int]:
    """The bytes of a whole run, and how often it touches the home's files."""
    home = copied(before, "undisturbed")
    done = child(home, 0)
    assert done.returncode == 0, done.stderr
    return bytes_of(home), int(done.stdout)


@pytest.mark.parametrize("share", [0.4, 0.55, 0.65, 0.8])
def test_a_kill_at_any_touch_of_a_file_leaves_no_trace(
    before, undisturbed, share
) -> None:
    whole, touches = undisturbed
    home = copied(before, f"at-{share}")
    killed = child(home, max(1, round(touches * share)))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    tables = {path.as_posix() for path in home.raw.rglob("*.parquet")}
    assert {Path(one).name for one in tables} <= {Path(one).name for one in whole}
    land(QUOTAS, SECOND, home)
    assert bytes_of(home) == whole
    assert list(home.home.glob(".landing-*")) == []


def test_a_kill_while_the_engine_writes_leaves_no_trace(before, undisturbed) -> None:
    whole, _ = undisturbed
    home = copied(before, "writing")
    killed = child(home, -1)
    assert killed.returncode in (-signal.SIGKILL, 0), killed.stderr
    land(QUOTAS, SECOND, home)
    assert bytes_of(home) == whole
