"""Draw a home's forecasts: ``python -m pipelines.planning FOLDER --home HOME``."""

import argparse
import sys
from pathlib import Path

from data_contracts.errors import AopError
from pipelines.planning.figures import write_figures
from pipelines.settings import Settings


def main(arguments: list[str] | None = None) -> int:
    """Write the figures of ``docs/methods/ramp.md``; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.planning")
    parser.add_argument("folder", type=Path, help="where the figures go")
    parser.add_argument("--home", type=Path, help="default: $AOP_HOME, else .aop")
    chosen = parser.parse_args(arguments)
    try:
        made = write_figures(Settings.from_env(chosen.home), chosen.folder)
    except AopError as error:
        sys.stderr.write(f"aop: {error}\n")
        return 1
    for path in made:
        sys.stdout.write(f"wrote {path}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
