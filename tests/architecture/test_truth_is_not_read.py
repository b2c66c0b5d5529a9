"""The demo's truth is for tests and benchmarks; the pipeline may not know of it."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("data_contracts", "ml", "solvers", "pipelines", "dagster_project", "dbt")
READS = re.compile(
    r"""truth\s*\.\s*parquet|["'/]truth["'/]|truth/[\w*]+|demo\.truth|demo\s+import\s+truth"""
)
# the command that writes a demo company names the folder the truth goes to
WRITES = re.compile(r"write_company|truth\s*:\s*Path|truth=|truth_folder|/ \"truth\"")


def sources() -> list[Path]:
    found = []
    for room in ROOMS:
        for suffix in ("py", "sql", "yaml", "yml", "toml"):
            found += (ROOT / room).rglob(f"*.{suffix}")
    return [path for path in found if "target" not in path.parts]


def test_nothing_outside_the_demo_reads_its_truth() -> None:
    own = ROOT / "pipelines" / "demo"
    readers = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()}"
        for path in sources()
        if own not in path.parents
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if READS.search(line) and not WRITES.search(line)
    ]
    assert readers == []


def test_only_the_demo_imports_the_simulation() -> None:
    inner = re.compile(
        r"pipelines\.demo\.(?!company\b|sizes\b|scenario\b|deliveries\b)\w+"
    )
    own = ROOT / "pipelines" / "demo"
    users = [
        str(path.relative_to(ROOT))
        for path in sources()
        if own not in path.parents
        and path.suffix == ".py"
        and inner.search(path.read_text(encoding="utf-8"))
    ]
    assert users == []
