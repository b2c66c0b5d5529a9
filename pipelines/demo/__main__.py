"""Draw marginals: ``python -m pipelines.demo FOLDER [--size medium] [--spread 12]``."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from data_contracts.calendar import add_months
from data_contracts.errors import AopError
from pipelines.demo.figures import write_figures
from pipelines.demo.marginals import marginals
from pipelines.demo.sizes import SIZES, demo_dates
from pipelines.demo.world import World, live


def main(arguments: Sequence[str]) -> int:
    """Write the figures of ``docs/methods/demo_company.md``; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.demo")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="medium", help=", ".join(SIZES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="first", type=date.fromisoformat)
    parser.add_argument(
        "--spread", type=int, default=0, help="further seeds the table tells of"
    )
    chosen = parser.parse_args(arguments)

    def company(seed: int) -> World:
        night = demo_dates(size=chosen.size, first_day=chosen.first).first_night
        return live(
            size=chosen.size, seed=seed, first_day=chosen.first,
            as_of=add_months(night, 3),
        )  # fmt: skip

    try:
        world = company(chosen.seed)
    except AopError as error:
        sys.stderr.write(f"aop: {error}\n")
        return 1
    seeds = range(chosen.seed + 1, chosen.seed + 1 + chosen.spread)
    others = [marginals(company(seed)) for seed in seeds]
    for path in write_figures(world, chosen.folder, others):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
