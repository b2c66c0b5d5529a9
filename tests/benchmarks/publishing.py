"""Publishing: 100 nights of a 1 GB copy put in place under 8 busy readers.

Each night is copied into the file that takes the place of the last one, through the
same door as publication; readers open, read and compare two stamps, close, and begin
again. Then the whole of publication, which sorts and writes every table and its
Parquet anew, is held against a plain copy of what it writes.
Run: python -m tests.benchmarks publishing
"""

import multiprocessing
import os
import shutil
import statistics
import tempfile
import time
from multiprocessing.sharedctypes import Synchronized
from multiprocessing.synchronize import Barrier
from pathlib import Path

import duckdb
import polars as pl

from pipelines.files import replacing, write_parquet
from pipelines.publication.copying import PROMISED
from pipelines.publication.plan_book import write_plan_book
from pipelines.publication.serving_copy import publish
from pipelines.settings import Settings

NIGHTS, READERS = 100, 8
BIG_ROWS = int(os.environ.get("AOP_BENCH_ROWS", "60_000_000"))  # 16 bytes each: 1 GB
MOST_SECONDS = float(os.environ.get("AOP_BENCH_SECONDS", "3600"))


def make(file: Path, night: int, rows: int) -> None:
    """Write a copy whose first and last table say which night they are of."""
    with duckdb.connect(str(file)) as copy:
        copy.execute("set enable_progress_bar = false")
        copy.execute("create schema meta; create schema core; create schema quality")
        copy.execute("create table meta.publication as select ? as night", [night])
        copy.execute(
            "create table core.big as select random() as a, random() as b "
            f"from range({rows})"
        )
        copy.execute("create table quality.last as select ? as night", [night])


def read(
    file: Path, began: Barrier, is_over: Synchronized, told: multiprocessing.Queue
) -> None:
    """Read until it is over; tell how often, and what went wrong."""
    reads, wrong, nights = 0, [], set()
    began.wait()
    while not is_over.value:
        try:
            with duckdb.connect(str(file), read_only=True) as night:
                night.execute("set enable_progress_bar = false")
                row = night.execute(
                    "select p.night, l.night, (select count(a) from core.big "
                    "where rowid between ? and ? + 1000000) "
                    "from meta.publication p, quality.last l",
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


def put(made: Path, final: Path) -> float:
    """Put a night in place; return seconds."""
    began = time.perf_counter()
    with replacing(final) as temporary:
        shutil.copyfile(made, temporary)
    return time.perf_counter() - began


def plain(made: Path, other: Path) -> float:
    """Copy a file and wait for the disk; return seconds."""
    began = time.perf_counter()
    shutil.copyfile(made, other)
    with other.open("rb") as written:
        os.fsync(written.fileno())
    return time.perf_counter() - began


def under_readers(folder: Path) -> None:
    """Measure nights put in place while others read."""
    nights = [folder / f"night{number}.duckdb" for number in (0, 1)]
    for number, file in enumerate(nights):
        make(file, number, BIG_ROWS)
    final, other = folder / "aop.duckdb", folder / "plain.duckdb"
    shutil.copyfile(nights[0], final)
    context = multiprocessing.get_context("spawn")
    # a reader that dies before it begins breaks the barrier instead of the wait
    began = context.Barrier(READERS + 1, timeout=120)
    is_over = context.Value("b", 0)
    told = context.Queue()
    readers = [
        context.Process(target=read, args=(final, began, is_over, told))
        for _ in range(READERS)
    ]
    for reader in readers:
        reader.start()
    began.wait()
    puts, copies = [], []
    began_at = time.monotonic()
    for number in range(NIGHTS):
        if time.monotonic() - began_at > MOST_SECONDS:
            break
        puts.append(put(nights[number % 2], final))
        if number % 10 == 0:  # under the same readers
            copies.append(plain(nights[number % 2], other))
    is_over.value = 1
    found = [told.get() for _ in readers]
    for reader in readers:
        reader.join()
    wrong = [each for _, faults, _ in found for each in faults]
    reads, size = sum(reads for reads, _, _ in found), nights[0].stat().st_size / 1e9
    middle = statistics.median(puts)
    print(
        f"{len(puts)} nights of {size:.2f} GB, {READERS} readers: {reads} reads, "
        f"{len(wrong)} failed or torn {wrong[:2]}; put in place in {middle:.2f} s, "
        f"{middle / statistics.median(copies):.2f} of a plain copy"
    )


def whole(folder: Path, rows: int) -> None:
    """Measure publication from a warehouse, tables sorted and Parquet written."""
    settings = Settings(folder / "home")
    settings.home.mkdir()
    night = "2026-04-12"
    run = {
        "as_of": [night],
        "data_through": [night],
        "policy_hash": ["p"],
        "company": ["Acme"],
        "currency": ["USD"],
    }
    dates = pl.col("as_of", "data_through").str.to_date()
    write_parquet(
        pl.DataFrame(run).with_columns(dates), settings.reference / "run.parquet"
    )
    write_plan_book(settings)
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        for name in PROMISED:
            warehouse.execute(f"create schema if not exists {name.split('.')[0]}")
            warehouse.execute(
                f"create table {name} as select i, hash(i) % 1000003 as cents, "
                f"date '{night}' as as_of from range({rows // len(PROMISED)}) as r(i)"
            )
    began = time.perf_counter()
    done = publish(settings)
    took = time.perf_counter() - began
    copied = statistics.median(plain(done.path, folder / "again") for _ in range(3))
    print(
        f"whole publication of {done.rows} rows, {done.bytes / 1e6:.0f} MB: {took:.1f} "
        f"s, {took / copied:.0f} plain copies of the file it writes"
    )


def main() -> None:
    """Run both; AOP_BENCH_FOLDER names a disk with room for 6 GB."""
    where = os.environ.get("AOP_BENCH_FOLDER")
    with tempfile.TemporaryDirectory(dir=where) as folder:
        under_readers(Path(folder))
    with tempfile.TemporaryDirectory() as folder:
        whole(Path(folder), 5_000_000)


if __name__ == "__main__":
    main()
