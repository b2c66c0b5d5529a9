"""Demo company: rows generated a second and peak memory, by size.

Seconds are those of the clock and of the processor; on a busy machine hold the latter
against each other. Each size runs in a process of its own, so that peaks do not add
up; the medium company's rate is the baseline the large one is held against. Sizes
named on the command line are measured alone.
"""

import multiprocessing
import resource
import sys
import tempfile
import time
from pathlib import Path

from pipelines.demo.company import demo_dates, write_company
from pipelines.demo.sizes import SIZES

BASELINE = "medium"


def generate(
    size: str, told: "multiprocessing.Queue[tuple[int, float, float, float]]"
) -> None:
    """Write one night of a size; tell rows, both seconds and peak gigabytes."""
    with tempfile.TemporaryDirectory() as folder:
        began, worked = time.perf_counter(), time.process_time()
        rows = write_company(
            Path(folder, "landing"), Path(folder, "truth"), size=size, seed=1,
            as_of=demo_dates(size=size).first_night,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        worked = time.process_time() - worked
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_048_576
    count = sum(sum(night.values()) for night in rows.values())
    told.put((count, seconds, worked, peak))


def measure(size: str) -> tuple[int, float, float, float]:
    """Run one size in a fresh process."""
    fresh = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[tuple[int, float, float, float]] = fresh.Queue()
    worker = fresh.Process(target=generate, args=(size, told))
    worker.start()
    answer = told.get()
    worker.join()
    return answer


def main() -> None:
    """Print rows a second and peak memory of the sizes up to large."""
    sizes = sys.argv[1:] or [name for name in SIZES if name != "huge"]
    figures = {name: measure(name) for name in sizes}
    rows, _, worked, _ = figures.get(BASELINE, figures[sizes[0]])
    base = rows / worked
    print(
        f"{'size':8} {'rows':>12} {'clock s':>8} {'CPU s':>8} {'rows/CPU s':>11}"
        f" {'GB':>6}  vs {BASELINE if BASELINE in figures else sizes[0]}"
    )
    for name, (rows, seconds, worked, peak) in figures.items():
        rate = rows / worked
        print(
            f"{name:8} {rows:12,} {seconds:8.1f} {worked:8.1f} {rate:11,.0f}"
            f" {peak:6.2f}  {rate / base:8.2f}x"
        )


if __name__ == "__main__":
    main()
