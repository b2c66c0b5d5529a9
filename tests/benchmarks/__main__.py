"""Run every benchmark here that has a ``main``, or those named: ``make bench``.

A benchmark prints its figures as ratios against a named baseline of the same run.
"""

import argparse
import importlib.util
import sys
import time
from pathlib import Path
from types import ModuleType

HERE = Path(__file__).parent


def load(path: Path) -> ModuleType:
    """Import one benchmark file by its path."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def main() -> int:
    """Run the benchmarks whose name starts with any of the words given, or all."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("names", nargs="*", help="e.g. solvers ml_series")
    wanted = tuple(parser.parse_args().names)
    sys.path.insert(0, str(HERE))  # benchmarks share their worlds by plain import
    failed = []
    for path in sorted(HERE.glob("[!_]*.py")):
        if wanted and not path.stem.startswith(wanted):
            continue
        module = load(path)
        if not hasattr(module, "main"):
            continue
        print(f"\n== {path.stem}: {(module.__doc__ or '').splitlines()[0]}", flush=True)
        began = time.perf_counter()
        try:
            module.main()
        except Exception as error:  # a broken benchmark must not hide the others
            failed.append(path.stem)
            print(f"failed: {type(error).__name__}: {error}", flush=True)
        print(f"-- {path.stem} took {time.perf_counter() - began:.0f} s", flush=True)
    print("\nfailed: " + ", ".join(failed) if failed else "\nall benchmarks ran")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
