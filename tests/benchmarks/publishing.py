"""Publishing: what a publication costs, and 100 of a 1 GB copy under 8 busy readers.

A warehouse of one large fact, which is as it was told, and the promised tables, which
each night makes again with a tenth of their rows changed. Each publication is whole:
every table held against the last copy, the new file and its Parquet made, flushed and
put in place. It is held against a plain copy of the file it writes, flushed too.
Readers open, compare two tables' nights, read a million rows, close and begin again.
Run: AOP_BENCH_FOLDER=... python -m tests.benchmarks publishing

With AOP_BENCH_COMPANY, the folder in which `nights.py SIZE FOLDER ordinary` kept a
company, its own two last nights are published instead: which tables changed, and what
the second publication costs.
"""

import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import date, timedelta
from functools import partial
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier
from pathlib import Path

import duckdb
import polars as pl

from pipelines.files import write_parquet
from pipelines.publication.copying import PROMISED
from pipelines.publication.last_copy import recall
from pipelines.publication.plan_book import write_plan_book
from pipelines.publication.serving_copy import publish
from pipelines.settings import Settings

NIGHTS = int(os.environ.get("AOP_BENCH_NIGHTS", "100"))
READERS = 8
BIG_ROWS = int(os.environ.get("AOP_BENCH_ROWS", "26_000_000"))  # 42 bytes: 1.1 GB
SMALL_ROWS = 3_000  # of each promised table
MOST_SECONDS = float(os.environ.get("AOP_BENCH_SECONDS", "3600"))
FIRST = date(2026, 4, 12)
_BIG = "core.fct_pipeline_snapshot"


def begin(settings: Settings) -> None:
    """Make a home whose warehouse holds the large table and the first night."""
    settings.home.mkdir()
    with duckdb.connect(settings.warehouse) as warehouse:
        warehouse.execute("set enable_progress_bar = false")
        warehouse.execute("create schema core")
        values = ", ".join(f"random() as {name}" for name in "abcdef")
        warehouse.execute(
            f"create table {_BIG} as select {values} from range({BIG_ROWS})"
        )
    tell(settings, 0)
    write_plan_book(settings)


def record(settings: Settings, number: int, policy: str = "p") -> None:
    """Say which night it is, as the nightly job does."""
    night = FIRST + timedelta(days=number)
    run = {"as_of": [night], "data_through": [night], "policy_hash": [policy]}
    told = run | {"company": ["Acme"], "currency": ["USD"]}
    write_parquet(pl.DataFrame(told), settings.reference / "run.parquet")


def tell(settings: Settings, number: int) -> None:
    """Run a night: the promised tables made again, a tenth of their rows new."""
    record(settings, number)
    night = FIRST + timedelta(days=number)
    with duckdb.connect(settings.warehouse) as warehouse:
        warehouse.execute("begin")
        for name in PROMISED:
            warehouse.execute(f"create schema if not exists {name.split('.')[0]}")
            warehouse.execute(
                f"create or replace table {name} as select i, 'R' || i % 97 as rep_id, "
                f"hash(i + if((i + {number}) % 10 = 0, {number}, 0)) % 1000003 "
                f"as cents, date '{night}' as as_of from range({SMALL_ROWS}) as r(i)"
            )
        warehouse.execute("commit")


def tell_all(settings: Settings, number: int, value: str) -> None:
    """Run a night that writes the large table too, with other values or the same."""
    tell(settings, number)
    with duckdb.connect(settings.warehouse) as warehouse:
        warehouse.execute("set enable_progress_bar = false")
        warehouse.execute(
            f"create or replace table {_BIG} as select {value} as a, b, c, d, e, f "
            f"from {_BIG}"
        )


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Return the seconds and the CPU seconds of this process that something takes."""
    cpu, wall = time.process_time(), time.perf_counter()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def plain(made: Path, other: Path) -> None:
    """Copy a file and wait for the disk."""
    shutil.copyfile(made, other)
    with other.open("rb") as written:
        os.fsync(written.fileno())
    other.unlink()


def read(
    file: Path, began: Barrier, is_over: Synchronized, told: multiprocessing.Queue
) -> None:
    """Read until it is over; tell how often, and what went wrong."""
    reads, wrong, nights = 0, [], set()
    began.wait()
    while not is_over.value:
        try:
            with duckdb.connect(str(file), read_only=True) as night:
                night.execute("set enable_progress_bar = false; set threads = 1")
                row = night.execute(
                    "select p.as_of, l.as_of, (select count(a) from "
                    f"{_BIG} where rowid between ? and ? + 1000000) from "
                    "meta.publication p, (select min(as_of) as as_of from "
                    "quality.fct_load having min(as_of) = max(as_of)) l",
                    [start := (reads * 7_000_000) % BIG_ROWS, start],
                ).fetchone()
        except duckdb.Error as error:
            wrong.append(str(error)[:200])
            continue
        reads += 1
        if row is None or row[0] != row[1] or not row[2]:
            wrong.append(f"torn: {row}")
        else:
            nights.add(row[0])
    told.put((reads, wrong, nights))


def kinds_of_nights(settings: Settings, folder: Path) -> None:
    """Measure publications of idle, ordinary, rewritten and new nights."""
    for number, (kind, prepare) in enumerate(
        (
            ("from nothing", lambda _: None),
            ("only the policy is another", lambda _: record(settings, 0, "q")),
            ("a tenth of the small tables", lambda n: tell(settings, n)),
            ("large table made again, same rows", lambda n: tell_all(settings, n, "a")),
            ("every row new", lambda n: tell_all(settings, n, "1 - a")),
        )
    ):
        prepare(number)
        wall, cpu = timed(lambda: publish(settings))
        one, one_cpu = (
            statistics.median(each)
            for each in zip(
                *(
                    timed(lambda: plain(settings.serving_copy, folder / "again"))
                    for _ in range(3)
                ),
                strict=True,
            )
        )
        size = settings.serving_copy.stat().st_size / 1e9
        print(
            f"{kind:34} {wall:6.2f} s {cpu:6.2f} CPU s; plain copy of {size:.2f} GB "
            f"{one:.2f} s {one_cpu:.2f} CPU s; ratio {wall / one:.2f}",
            flush=True,
        )


def under_readers(settings: Settings, folder: Path) -> None:
    """Publish night after night while others read."""
    context = multiprocessing.get_context("spawn")
    # a reader that dies before it begins breaks the barrier instead of the wait
    began = context.Barrier(READERS + 1, timeout=120)
    is_over = context.Value("b", 0)
    told = context.Queue()
    readers = [
        # daemons: if publishing fails here, they must not read for ever
        context.Process(
            target=read,
            args=(settings.serving_copy, began, is_over, told),
            daemon=True,
        )
        for _ in range(READERS)
    ]
    for reader in readers:
        reader.start()
    began.wait()
    publications, copies = [], []
    began_at = time.monotonic()
    for number in range(10, 10 + NIGHTS):
        if time.monotonic() - began_at > MOST_SECONDS:
            break
        tell(settings, number)
        publications.append(timed(lambda: publish(settings)))
        if number % 4 == 0:  # under the same readers
            copies.append(timed(lambda: plain(settings.serving_copy, folder / "again")))
    is_over.value = 1
    found = [told.get() for _ in readers]
    for reader in readers:
        reader.join()
    wrong = [each for _, faults, _ in found for each in faults]
    nights = set().union(*(seen for _, _, seen in found))
    middle, cpu = (statistics.median(each) for each in zip(*publications, strict=True))
    one, one_cpu = (statistics.median(each) for each in zip(*copies, strict=True))
    size = settings.serving_copy.stat().st_size / 1e9
    print(
        f"{len(publications)} nights of {size:.2f} GB, {READERS} readers: "
        f"{sum(reads for reads, _, _ in found)} reads of {len(nights)} nights, "
        f"{len(wrong)} failed or torn {wrong[:2]}; publication {middle:.2f} s "
        f"{cpu:.2f} CPU s; a plain copy {one:.2f} s {one_cpu:.2f} CPU s; "
        f"ratio {middle / one:.2f}; load {os.getloadavg()[0]:.1f}"
    )


def of_a_company(kept: Path, folder: Path) -> None:
    """Publish a company's two last nights in turn; tell what the later one costs."""
    settings = Settings(folder / "home")
    for _ in range(3):
        for night in ("home", "night"):
            source = Settings(kept / night)
            shutil.rmtree(settings.reference, ignore_errors=True)
            shutil.rmtree(settings.plan_book, ignore_errors=True)
            shutil.copytree(source.reference, settings.reference)
            shutil.copytree(source.plan_book, settings.plan_book)
            shutil.copyfile(source.warehouse, settings.warehouse)
            before = recall(settings, "open")
            os.sync()
            wall, cpu = timed(lambda: publish(settings))
        copying = partial(plain, settings.serving_copy, folder / "again")
        copies = [timed(copying) for _ in range(3)]
        one, one_cpu = (statistics.median(each) for each in zip(*copies, strict=True))
        print(
            f"{settings.serving_copy.stat().st_size / 1e6:.0f} MB: {wall:.2f} s "
            f"{cpu:.2f} CPU s; a plain copy {one:.3f} s {one_cpu:.3f} CPU s; ratio "
            f"{wall / one:.0f}, of CPU {cpu / one_cpu:.0f}; "
            f"load {os.getloadavg()[0]:.1f}",
            flush=True,
        )
    after = recall(settings, "open")
    if before is None or after is None:
        raise AssertionError("nothing is remembered of a publication")
    kinds: dict[str, list[str]] = {"as it was": [], "stamped": [], "other rows": []}
    for name, now in after.tables.items():
        was = before.tables.get(name)
        is_stamped = now.differs_by_stamp(was)
        kind = "stamped" if is_stamped else "other rows"
        kinds["as it was" if now.is_same(was) else kind].append(name)
    for kind, names in kinds.items():
        rows = sum(after.tables[name].rows for name in names)
        print(f"{kind:10} {len(names)} tables, {rows} rows: {', '.join(names)}")


def main() -> None:
    """Run both; AOP_BENCH_FOLDER names a disk with room for 8 GB."""
    where = os.environ.get("AOP_BENCH_FOLDER")
    with tempfile.TemporaryDirectory(dir=where) as made:
        folder = Path(made)
        if kept := os.environ.get("AOP_BENCH_COMPANY"):
            of_a_company(Path(kept), folder)
            return
        settings = Settings(folder / "home")
        begin(settings)
        kinds_of_nights(settings, folder)
        under_readers(settings, folder)


if __name__ == "__main__":
    main()
