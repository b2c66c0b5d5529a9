"""Nights killed at random points end where undisturbed ones do.

Two homes see the same nights, events (the demo's leaver and slipped launch, an edit of
the policy, a decision now and then) and people. In one, each night's process is killed
after a random part of the time the other home's took, up to twice, and started again.
Nobody delivers on weekends: those nights leave the tables standing where nothing else
changes them.
Run: python -m tests.benchmarks nights_killed (tiny, eight nights), or
python tests/benchmarks/nights_killed.py SIZE NIGHTS [FOLDER [MINUTES]]: with a folder
it goes on where it was stopped, and stops after so many minutes.
"""

import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.demo.company import demo_dates, write_company
from pipelines.ledger.store import Ledger
from pipelines.serving.home import make_home
from pipelines.settings import Settings

PLANNER = "planner@demo.example"
LAST = date(2026, 6, 12)
_SATURDAY = 5
SHOWN = ("raw", "reference", "forecast", "plan_book", "quarantine", "serving", "inputs")


def main() -> None:
    """Run eight nights of the tiny company both ways and compare."""
    with tempfile.TemporaryDirectory() as folder:
        both_ways("tiny", 8, Path(folder), minutes=1e9)


def both_ways(size: str, count: int, folder: Path, *, minutes: float) -> None:
    """Run the nights undisturbed, then killed; print whether the ends are equal."""
    until = time.monotonic() + 60 * minutes
    first = demo_dates(size=size).first_night
    nights = [first, *(LAST - timedelta(days=n) for n in range(count - 2, -1, -1))]
    if not (folder / "all").is_dir():
        write_company(
            folder / "all", folder / "truth", size=size, as_of=LAST, nights=nights
        )
    calm, wild = Settings(folder / "calm"), Settings(folder / "wild")
    done = _read(folder / "done.json")
    for home in (calm, wild):
        if not home.policy_file.is_file():
            make_home(home, policy="demo")
    for place, night in enumerate(nights):
        for home in (calm, wild):
            name = f"{home.home.name} {night}"
            if name in done:
                continue
            if time.monotonic() > until:
                print(f"stopped before {name}; run it again to go on")
                return
            seconds = done.get(f"calm {night}") if home is wild else None
            done[name] = one_night(folder, home, night, place, seconds, done)
            (folder / "done.json").write_text(json.dumps(done))
    compare(calm, wild, nights, done)


def one_night(
    folder: Path,
    home: Settings,
    night: date,
    place: int,
    calm_seconds: float | None,
    done: dict[str, float],
) -> float:
    """Deliver a night, run it (killing it first, twice at most), let people decide."""
    is_delivered = place == 0 or night.weekday() < _SATURDAY
    for file in (folder / "all").rglob(f"{night}*") if is_delivered else ():
        target = home.landing / file.relative_to(folder / "all")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(file.read_bytes())
    rng = random.Random(f"{night}")
    for _ in range(rng.randint(1, 2) if calm_seconds else 0):
        done["kills"] = done.get("kills", 0) + killed(
            home, night, rng.uniform(0.05, 1.0) * (calm_seconds or 0)
        )
    began = time.monotonic()
    run = subprocess.run(_command(home, night), capture_output=True, text=True)
    if run.returncode:
        raise RuntimeError(f"night {night} of {home.home}: {run.stderr[-3000:]}")
    decide(home, place)
    return time.monotonic() - began


def killed(home: Settings, night: date, after: float) -> int:
    """Start a night and kill it after some seconds; return 1 where it was not done."""
    process = subprocess.Popen(
        _command(home, night), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        process.wait(timeout=after)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return 1
    return 0


def decide(home: Settings, place: int) -> None:
    """Publish the first plan; later publish, reject or leave what waits, in turn."""
    ledger = Ledger(home.ledger_url)
    waits = [v for v in ledger.versions() if v.state is PlanState.PROPOSED]
    for number, version in enumerate(waits):
        if version.version == 1 or (place + number) % 3 == 0:
            ledger.approve(version.version, PLANNER, "benchmark")
            try:
                ledger.publish(version.version, PLANNER)
            except LedgerError:  # it would undo what was published a moment ago
                ledger.reject(version.version, PLANNER, "benchmark")
        elif (place + number) % 3 == 1:
            ledger.reject(version.version, PLANNER, "benchmark")
    if place == 2:
        text = home.policy_file.read_text(encoding="utf-8")
        home.policy_file.write_text(
            text.replace("proposal_in_currency: 1000", "proposal_in_currency: 900")
        )


def compare(
    calm: Settings, wild: Settings, nights: list[date], done: dict[str, float]
) -> None:
    """Print how many tables the two homes hold and which differ."""
    left, right = state(calm), state(wild)
    off = sorted(k for k in left.keys() | right.keys() if left.get(k) != right.get(k))
    versions = [len(Ledger(home.ledger_url).versions()) for home in (calm, wild)]
    print(
        f"{len(nights)} nights, {done.get('kills', 0):.0f} kills, {versions} versions, "
        f"{len(left)} tables; {len(off)} differ {off[:10]}"
    )
    if off:
        raise AssertionError(f"{len(off)} tables differ: {off}")


def state(home: Settings) -> dict[str, str]:
    """Digest every table of a home, but for moments on the wall and their hashes."""
    found = {}
    for part in SHOWN:
        # serving/parquet is a link to a folder named after its night
        top = (home.home / part).resolve()
        top = (top / "parquet").resolve() if part == "serving" else top
        for file in sorted(each for each in top.rglob("*.parquet") if each.is_file()):
            frame = pl.read_parquet(file)
            clock = [n for n, kind in frame.schema.items() if kind.is_temporal()]
            clock = [n for n in clock if isinstance(frame.schema[n], pl.Datetime)]
            names = [n for n in frame.columns if n not in {*clock, "hash"}]
            rows = frame.select(names).write_ndjson().splitlines()
            text = "\n".join(sorted(rows)).encode()
            found[f"{part}/{file.relative_to(top)}"] = hashlib.sha256(text).hexdigest()
    text = home.drift_signal.read_text(encoding="utf-8")
    found["drift_signal"] = hashlib.sha256(text.encode()).hexdigest()
    for version in Ledger(home.ledger_url).versions():
        found[f"version {version.version}"] = f"{version.state} {version.content_hash}"
    return found


def _command(home: Settings, night: date) -> list[str]:
    tool = Path(sys.executable).with_name("aop")
    return [str(tool), "refresh", "--home", str(home.home), "--as-of", str(night)]


def _read(file: Path) -> dict[str, float]:
    if not file.is_file():
        return {}
    found: dict[str, float] = json.loads(file.read_text())
    return found


if __name__ == "__main__":
    where = Path(sys.argv[3]) if len(sys.argv) > 3 else Path(tempfile.mkdtemp())
    where.mkdir(parents=True, exist_ok=True)
    limit = float(sys.argv[4]) if len(sys.argv) > 4 else 1e9
    both_ways(sys.argv[1], int(sys.argv[2]), where, minutes=limit)
