"""Draw marginals: ``python -m pipelines.demo FOLDER [--size medium] [--seed 1]``."""

import argparse
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from data_contracts.calendar import add_months
from data_contracts.errors import AopError
from pipelines.demo.figures import write_figures
from pipelines.demo.sizes import SIZES, demo_dates
from pipelines.demo.world import live


def main(arguments: Sequence[str]) -> int:
    """Write the figures of ``docs/methods/demo_company.md``; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.demo")
    parser.add_argument("folder", type=Path)
    parser.add_argument("--size", default="medium", help=", ".join(SIZES))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", dest="first", type=date.fromisoformat)
    chosen = parser.parse_args(arguments)
    try:
        night = demo_dates(size=chosen.size, first_day=chosen.first).first_night
        world = live(
            size=chosen.size, seed=chosen.seed, first_day=chosen.first,
            as_of=add_months(night, 3),
        )  # fmt: skip
    except AopError as error:
        sys.stderr.write(f"aop: {error}\n")
        return 1
    for path in write_figures(world, chosen.folder):
        sys.stdout.write(f"{path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
