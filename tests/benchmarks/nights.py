"""Nights: CPU of an ordinary, idle, leaver's and region's night against the first.

One company is made and planned; then its home is copied and each kind of night is run
on a copy, in a process of its own, as `aop refresh` does it:

- first: everything there is, from an empty home to a first proposal;
- ordinary: the next day's extracts;
- idle: the day after the ordinary night, without a file: the tables are left
  standing, and have to be those the same night makes when it is run whole. In a
  large company a date is reached nearly every day (a hire, the end of a leave); the
  night is then run whole for that reason, which is printed;
- leaver: the ordinary night, but one rep's departure is in the HR extract;
- region: the ordinary night, but a region's deals of three months were all lost.

The demo's storyline lets people leave between the plan's first night and the ordinary
one, four months later: three in a medium company, 143 in a large one. No home that is
refreshed each night meets them all at once, so the extracts of the nights after the
first tell of no departure since: the leaver's night is one of one leaver.

Run: python -m tests.benchmarks nights (size small), or
python tests/benchmarks/nights.py SIZE [FOLDER], which keeps the company in FOLDER.
"""

import gzip
import io
import json
import resource
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines.demo.company import demo_dates, write_company
from pipelines.ledger.store import Ledger
from pipelines.serving.home import make_home
from pipelines.serving.quiet_nights import why_whole
from pipelines.settings import Settings

PLANNER = "planner@demo.example"
ORDINARY = date(2026, 6, 6)
BEFORE = ORDINARY - timedelta(days=1)

OF_THE_NIGHT = {"as_of", "last_seen_on", "age_days", "days_open", "is_overdue"}
"""Columns that name the night, or tell how old or overdue a row is on it."""

_ONE_NIGHT = """
import json, resource, sys, time
from datetime import date
from pathlib import Path
from pipelines import threads
threads.one_each()
began = time.process_time()
from dagster_project.run import refresh
from pipelines.settings import Settings
loaded, steps, last = time.process_time() - began, {}, [time.process_time()]
def watch(step, became):
    now = time.process_time()
    if became == "started":
        last[0] = now
    else:
        steps[step] = steps.get(step, 0.0) + now - last[0]
night, whole = date.fromisoformat(sys.argv[2]), sys.argv[3] == "whole"
report = refresh(Settings(Path(sys.argv[1])), night, watch, whole=whole)
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
Path(sys.argv[4]).write_text(json.dumps({"cpu": time.process_time(), "load": loaded,
    "steps": steps, "peak_gb": peak, "breaches": report.breaches,
    "proposals": report.proposals}))
"""


@dataclass(frozen=True)
class Cost:
    """What one night took."""

    cpu: float
    load: float  # of it, importing the program
    steps: dict[str, float]
    peak_gb: float
    breaches: list[str]
    proposals: list[int]


def run_night(home: Path, night: date, *, whole: bool = False) -> Cost:
    """Run one night in a fresh process; return its CPU seconds by step."""
    how, told = "whole" if whole else "as due", home.with_suffix(".json")
    done = subprocess.run(
        [sys.executable, "-c", _ONE_NIGHT, str(home), str(night), how, str(told)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return Cost(**json.loads(told.read_text()))


def planned_company(size: str, folder: Path) -> Cost:
    """Make a company with extracts to the eve, plan and publish; return its cost."""
    dates, settings = demo_dates(size=size), Settings(folder / "home")
    make_home(settings, policy="demo")
    text = settings.policy_file.read_text(encoding="utf-8")
    watched = """drift:
  - metric: attainment
    node_level: region
    false_alarms_per_year_count: 0.5
    min_history_months: 12
    asks_for: [targets, capacity, quotas]
"""
    settings.policy_file.write_text(text.replace("drift:\n", watched, 1))
    nights = [dates.first_night, BEFORE, ORDINARY]
    if not (folder / "all").is_dir():
        write_company(
            folder / "all", folder / "truth", size=size, as_of=ORDINARY, nights=nights
        )
    for night in nights[:1]:
        deliver(folder, settings, night)
    first = run_night(settings.home, nights[0])
    ledger = Ledger(settings.ledger_url)
    version = ledger.versions()[-1].version
    ledger.approve(version, PLANNER, "benchmark")
    ledger.publish(version, PLANNER)
    deliver(folder, settings, BEFORE)
    nobody_leaves(settings, BEFORE, since=dates.first_night)
    before = run_night(settings.home, BEFORE)
    tell(f"{size}: the eve", before, first)
    return first


def deliver(folder: Path, settings: Settings, night: date) -> None:
    """Move one night's files into a home's landing."""
    for file in (folder / "all").rglob(f"{night}*"):
        place = settings.landing / file.relative_to(folder / "all")
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, place)


def rewrite(landing: Path, table: str, night: date, edit) -> None:  # type: ignore[no-untyped-def]  # a function of frames
    """Change one delivered table as its owner would have exported it."""
    (file,) = (landing / table).glob(f"{night}*")
    packed = file.suffix == ".gz"
    content = gzip.decompress(file.read_bytes()) if packed else file.read_bytes()
    frame = edit(pl.read_csv(io.BytesIO(content), infer_schema=False))
    written = frame.write_csv().encode()
    file.write_bytes(gzip.compress(written, 1, mtime=0) if packed else written)


def nobody_leaves(settings: Settings, night: date, *, since: date) -> None:
    """Blank every departure after a date in a night's extracts of HR and CRM."""
    stays = pl.col("termination_date") > str(since)
    numbers: list[str] = []

    def employed(workers: pl.DataFrame) -> pl.DataFrame:
        numbers.extend(workers.filter(stays)["employee_number"])
        return workers.with_columns(
            pl.when(~stays).then(pl.col(name)).alias(name)
            for name in ("termination_date", "termination_type")
        )

    rewrite(settings.landing / "hris", "workers", night, employed)

    def active(users: pl.DataFrame) -> pl.DataFrame:
        back = pl.col("employee_number").is_in(numbers)
        return users.with_columns(
            pl.when(back)
            .then(pl.lit("true"))
            .otherwise(pl.col("is_active"))
            .alias("is_active")
        )

    rewrite(settings.landing / "crm", "users", night, active)


def one_leaves(settings: Settings) -> None:
    """Let the seller with the median number of accounts leave yesterday."""
    plan = pl.read_parquet(settings.plan_book / "assignment.parquet")
    books = plan.group_by("rep_id").len().sort("len", "rep_id")
    rep = books["rep_id"][books.height // 2]
    file = settings.landing / "crm" / "users"
    numbers = {}

    def note(users: pl.DataFrame) -> pl.DataFrame:
        numbers["is"] = users.filter(pl.col("user_id") == rep)["employee_number"][0]
        return users

    rewrite(file.parent, "users", ORDINARY, note)

    def left(workers: pl.DataFrame) -> pl.DataFrame:
        is_one = pl.col("employee_number") == numbers["is"]
        gone = pl.when(is_one).then(pl.lit(str(BEFORE)))
        return workers.with_columns(
            gone.otherwise(pl.col("termination_date")).alias("termination_date")
        )

    rewrite(settings.landing / "hris", "workers", ORDINARY, left)


def region_falls(settings: Settings) -> None:
    """Turn every deal a region won in three months into one it lost."""
    accounts = {}

    def note(frame: pl.DataFrame) -> pl.DataFrame:
        region = sorted(frame["region"].drop_nulls().unique())[0]
        mine = frame.filter(pl.col("region") == region)
        accounts["of"] = mine["account_id"].to_list()
        return frame

    rewrite(settings.landing / "crm", "accounts", ORDINARY, note)

    def lost(deals: pl.DataFrame) -> pl.DataFrame:
        hit = (
            pl.col("account_id").is_in(accounts["of"])
            & (pl.col("is_won").str.to_lowercase() == "true")
            & (pl.col("close_date") >= "2026-02-01")
        )
        return deals.with_columns(
            pl.when(hit)
            .then(pl.lit("false"))
            .otherwise(pl.col("is_won"))
            .alias("is_won"),
            pl.when(hit)
            .then(pl.lit("Closed Lost"))
            .otherwise(pl.col("stage"))
            .alias("stage"),
        )

    rewrite(settings.landing / "crm", "opportunities", ORDINARY, lost)


def kinds_of_nights(size: str, folder: Path, only: tuple[str, ...] = ()) -> None:
    """Run each kind of night on a copy of the planned home and print its cost."""
    kept = folder / "first.json"
    if not kept.is_file():
        kept.write_text(json.dumps(vars(planned_company(size, folder))))
    first = Cost(**json.loads(kept.read_text()))
    tell(f"{size}: first", first, first)
    kinds = {
        "ordinary": lambda _: None,
        "leaver": one_leaves,
        "region": region_falls,
    }
    for kind, happens in kinds.items():
        needed = {kind, "idle"} if kind == "ordinary" else {kind}
        if only and not needed & set(only):
            continue
        copy = Settings(folder / "night")
        shutil.rmtree(copy.home, ignore_errors=True)
        shutil.copytree(folder / "home", copy.home, symlinks=True)
        deliver(folder, copy, ORDINARY)
        nobody_leaves(copy, ORDINARY, since=demo_dates(size=size).first_night)
        happens(copy)
        tell(f"{size}: {kind}", run_night(copy.home, ORDINARY), first)
        if kind == "ordinary" and "idle" in (only or ("idle",)):
            idle_night(size, folder, copy.home, first)


def idle_night(size: str, folder: Path, home: Path, first: Cost) -> None:
    """Run the day after without a file, as due and whole; the tables must agree."""
    whole, night = folder / "whole", ORDINARY + timedelta(days=1)
    due = why_whole(Settings(home), night)
    if due:
        tell(f"{size}: idle", run_night(home, night), first)
        print(f"    run whole: {due}", flush=True)
        return
    shutil.rmtree(whole, ignore_errors=True)
    shutil.copytree(home, whole, symlinks=True)
    tell(f"{size}: idle", run_night(home, night), first)
    tell(f"{size}: idle, whole", run_night(whole, night, whole=True), first)
    off = sorted(
        name
        for (name, stands), (_, made) in zip(tables(home), tables(whole), strict=True)
        if not stands.equals(made)
    )
    print(f"    {len(tables(home))} tables, {len(off)} not as they stood {off}")
    if off:
        raise AssertionError(f"a quiet night would have changed {off}")


def tables(home: Path) -> list[tuple[str, pl.DataFrame]]:
    """Read what readers see, but for columns that name or count to the night."""
    place = (home / "serving" / "parquet").resolve()
    found = []
    for file in sorted(place.rglob("*.parquet")):
        frame = pl.read_parquet(file)
        kept = [name for name in frame.columns if name not in OF_THE_NIGHT]
        rows = frame.select(kept).write_ndjson().splitlines()
        found.append((file.stem, pl.DataFrame({"row": sorted(rows)})))
    return found


def tell(name: str, cost: Cost, first: Cost) -> None:
    """Print one night: CPU, share of the first, the dearest steps, what came of it."""
    print(
        f"{name:18} {cost.cpu:6.1f} CPU s, {cost.cpu / first.cpu:5.1%} of the first, "
        f"{cost.load:.1f} of it to load, {cost.peak_gb:.2f} GB; "
        f"breaches {cost.breaches}, proposals {cost.proposals}",
        flush=True,
    )
    dear = sorted(cost.steps.items(), key=lambda each: -each[1])[:7]
    print("    " + ", ".join(f"{step} {seconds:.1f}" for step, seconds in dear))


def main() -> None:
    """Print the table of a small company."""
    with tempfile.TemporaryDirectory() as folder:
        kinds_of_nights("small", Path(folder))


if __name__ == "__main__":
    place = Path(sys.argv[2]) if len(sys.argv) > 2 else Path(tempfile.mkdtemp())
    place.mkdir(parents=True, exist_ok=True)
    kinds_of_nights(sys.argv[1], place, tuple(sys.argv[3:]))
    print(f"{resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime:.0f} CPU s in all")
