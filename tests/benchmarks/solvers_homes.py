"""OR-Library capacitated p-median: cost against the known optimum, and CPU.

Run: python tests/benchmarks/solvers_homes.py [folder with pmedcap*.txt]
"""

import sys
import time
from pathlib import Path

import numpy as np

from solvers.homes import place_homes

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "data" / "pmedcap"


def read(path: Path) -> tuple[int, int, float, np.ndarray, np.ndarray]:
    """Return optimum, homes, capacity, whole-number distances and loads."""
    words = path.read_text().split()
    optimum, n, homes, capacity = int(words[1]), *map(int, words[2:5])
    table = np.array(words[5 : 5 + 4 * n], dtype=float).reshape(n, 4)
    way = np.floor(np.hypot(*(table[:, None, 1:3] - table[None, :, 1:3]).T).T)
    return optimum, homes, float(capacity), way, table[:, 3]


def main(folder: Path = FOLDER) -> None:
    """Print one line per file and the count of optimal ones."""
    files = sorted(folder.glob("pmedcap*.txt"))
    if not files:
        print(f"skipped: no pmedcap files in {folder}")
        return
    place_homes(np.ones((4, 4)), np.ones(4), n_homes=2, capacity=2.0)  # compile
    print("| file | optimum | found | over | bound gap | CPU s |")
    print("|---|---|---|---|---|---|")
    hits, worst = 0, 0.0
    for path in files:
        optimum, homes, capacity, way, load = read(path)
        begin = time.process_time()
        plan = place_homes(way, load, n_homes=homes, capacity=capacity)
        cpu = time.process_time() - begin
        over = plan.cost / optimum - 1
        hits, worst = hits + (plan.cost <= optimum), max(worst, over)
        print(
            f"| {path.stem} | {optimum} | {plan.cost:.0f} | {over:.2%} "
            f"| {plan.gap_share:.2%} | {cpu:.1f} |"
        )
    print(f"\n{hits} of {len(files)} optimal, worst {worst:.2%} above")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
