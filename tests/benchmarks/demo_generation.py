"""Demo company: rows generated a second and peak memory, by size.

Each size runs in a process of its own, so that peaks do not add up; the medium
company's rate is the baseline the large one is held against.
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
    size: str, told: "multiprocessing.Queue[tuple[int, float, float]]"
) -> None:
    """Write one night of a size; tell rows, seconds and peak gigabytes."""
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        rows = write_company(
            Path(folder, "landing"), Path(folder, "truth"), size=size, seed=1,
            as_of=demo_dates(size=size).first_night,
        )  # fmt: skip
        seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_048_576
    told.put((sum(sum(night.values()) for night in rows.values()), seconds, peak))


def measure(size: str) -> tuple[int, float, float]:
    """Run one size in a fresh process."""
    fresh = multiprocessing.get_context("spawn")
    told: multiprocessing.Queue[tuple[int, float, float]] = fresh.Queue()
    worker = fresh.Process(target=generate, args=(size, told))
    worker.start()
    answer = told.get()
    worker.join()
    return answer


def main() -> None:
    """Print rows a second and peak memory of the sizes up to large."""
    sizes = [name for name in SIZES if name != "huge" or "--huge" in sys.argv]
    figures = {name: measure(name) for name in sizes}
    base = figures[BASELINE][0] / figures[BASELINE][1]
    print(f"{'size':8} {'rows':>12} {'seconds':>8} {'rows/s':>10} {'GB':>6}  vs medium")
    for name, (rows, seconds, peak) in figures.items():
        rate = rows / seconds
        print(
            f"{name:8} {rows:12,} {seconds:8.1f} {rate:10,.0f} {peak:6.2f}"
            f"  {rate / base:8.2f}x"
        )


if __name__ == "__main__":
    main()
