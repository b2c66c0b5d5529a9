"""Thousands of damaged files through the door: nothing raised, no row lost."""

import logging
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from pipelines.settings import Settings

sys.path.insert(0, str(Path(__file__).parents[1] / "pipelines" / "ingestion"))

from fuzzing import accident, lost_rows

COUNT = 5_000


def main(count: int = COUNT) -> None:
    """Land every accident and print what was lost, by kind of accident."""
    logging.disable(logging.WARNING)  # most of them are refused, and say so
    began = time.process_time()
    faults: list[str] = []
    done: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        home = Settings(Path(folder))
        for seed in range(count):
            done.update(accident(seed)[2])
            try:
                faults += lost_rows(seed, home)
            except Exception as error:  # what the promise forbids is what is counted
                faults.append(f"seed {seed} raised {type(error).__name__}: {error}")
    spent = time.process_time() - began
    print(f"{count:,} files, {sum(done.values()):,} accidents of {len(done)} kinds")
    print(
        f"lost or raised: {len(faults)}; {spent / count * 1_000:.0f} ms of CPU a file"
    )
    for fault in faults[:20]:
        print(f"  {fault}")
    if faults:
        raise AssertionError(f"{len(faults)} of {count} files broke the promise")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else COUNT)
