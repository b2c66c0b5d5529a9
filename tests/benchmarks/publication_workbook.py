"""A workbook of 1,000 reps and 250,000 accounts: out, edited by thousands, and in.

Run: python tests/benchmarks/publication_workbook.py [REPSxACCOUNTS]
CPU seconds of this process, and the peak of its memory so far.
"""

import re
import resource
import sys
import tempfile
import time
import zipfile
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import polars as pl

from data_contracts.calendar import months
from data_contracts.errors import WorkbookError
from pipelines.ledger.content import canonical, content_hash
from pipelines.publication.workbook import write_workbook
from pipelines.publication.workbook_edits import read_edits
from tests.pipelines.publication.books import content as small
from tests.pipelines.publication.books import version

YEAR = months(date(2026, 1, 1), 12)
EDITS = 5_000


def company(n_reps: int, n_accounts: int) -> dict[str, pl.DataFrame]:
    """Return a plan of a year: everybody's book and quota by month."""
    rng = np.random.default_rng(0)
    reps = [f"R{i:05d}" for i in range(n_reps)]
    owner = rng.integers(0, n_reps, n_accounts)
    books = pl.DataFrame(
        {
            "account_id": [f"001A{i:012d}" for i in range(n_accounts)],
            "rep_id": [reps[i] for i in owner],
            "segment_id": "smb",
            "valid_from": YEAR[0],
            "valid_to": date(2026, 12, 31),
            "previous_rep_id": [reps[i] for i in owner],
            "is_moved": False,
            "reason": "stays",
            "keep_cost_cents": rng.integers(0, 10**6, n_accounts),
            "move_cost_cents": rng.integers(0, 10**6, n_accounts),
            "next_best_rep_id": [reps[(i + 1) % n_reps] for i in owner],
            "potential_cents": rng.integers(0, 10**9, n_accounts),
        }
    )
    quotas = pl.DataFrame({"rep_id": reps}).join(
        pl.DataFrame({"month_start": YEAR}), how="cross"
    )
    quotas = quotas.select(
        "rep_id",
        pl.lit("smb").alias("segment_id"),
        pl.lit("east").alias("region_id"),
        "month_start",
        pl.lit(100_000_00).alias("quota_cents"),
        pl.lit(90_000_00).alias("base_cents"),
        pl.lit("half by potential").alias("reason"),
    )
    return canonical({**small(), "assignment": books, "quota": quotas})


def edit(path: Path, rows: range, owner: str) -> None:
    """Write a new owner and a reason into the Books sheet, as a spreadsheet would."""
    with zipfile.ZipFile(path) as packed:
        parts = {name: packed.read(name) for name in packed.namelist()}
    book = parts["xl/workbook.xml"].decode()
    at = re.findall(r'<sheet name="([^"]+)"', book).index("Books") + 1
    name = f"xl/worksheets/sheet{at}.xml"
    text = parts[name].decode()
    for column, value in (("E", owner), ("F", "knows the buyer")):
        typed = f' t="inlineStr"><is><t>{value}</t></is></c>'
        if value.startswith("="):
            typed = f"><f>{value[1:]}</f></c>"
        text = re.sub(
            rf'(<c r="{column}(\d+)" s="\d+")/>',
            lambda found, typed=typed: (
                found[1] + typed if int(found[2]) in rows else found[0]
            ),
            text,
        )
    parts[name] = text.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for part, data in parts.items():
            packed.writestr(part, data)


def main() -> None:
    """Print CPU, size and memory of a way out and of three ways in."""
    size = sys.argv[1] if len(sys.argv) > 1 else "1000x250000"
    n_reps, n_accounts = map(int, size.split("x"))
    plan = company(n_reps, n_accounts)
    told = replace(version(), content_hash=content_hash(plan))
    edits = min(EDITS, n_accounts)
    print(f"{n_reps:,} reps x {n_accounts:,} accounts\n")
    print("| step | CPU s | found | peak MB |\n|---|---|---|---|")

    def step(name: str, begin: float, found: str) -> None:
        cpu = time.process_time() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        print(f"| {name} | {cpu:.1f} | {found} | {peak} |", flush=True)

    def read(path: Path) -> str:
        try:
            made = read_edits(path, content_of=lambda _n, _h: plan, currency="USD")
        except WorkbookError as refused:
            return refused.what.splitlines()[0].rpartition(": ")[2]
        return f"{len(made.edits):,} edits"

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "plan.xlsx"
        begin = time.process_time()
        write_workbook(path, told, plan, currency="USD")
        step("export", begin, f"{path.stat().st_size / 1e6:.1f} MB")
        begin = time.process_time()
        found = read(path)
        step("import, untouched", begin, found)
        edit(path, range(4, 4 + edits), "R00001")
        begin = time.process_time()
        found = read(path)
        step(f"import, {edits:,} owners changed", begin, found)
        edit(path, range(4 + edits, 5 + edits), "=A1")
        begin = time.process_time()
        found = read(path)
        step("import, one of them a formula", begin, found)


if __name__ == "__main__":
    main()
