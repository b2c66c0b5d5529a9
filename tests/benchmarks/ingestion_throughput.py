"""How long landing takes beside DuckDB's own copy of the same file.

Run: python tests/benchmarks/ingestion_throughput.py [MILLIONS OF ROWS]
Prints ratios, which hold on any machine, and the peak memory of each run.
"""

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from data_contracts.contract import contract
from pipelines.ingestion.land import LandResult, land
from pipelines.settings import Settings

FIRST, SECOND = date(2026, 1, 31), date(2026, 2, 1)
DEALS = contract("crm-opportunities")


@dataclass(frozen=True, slots=True)
class Seconds:
    """Time on the wall, and of the processors: the second holds on a busy machine."""

    wall: float
    cpu: float

    def over(self, other: "Seconds") -> str:
        """Write both ratios."""
        return f"{self.wall / other.wall:6.2f} {self.cpu / other.cpu:6.2f}"


def write_deals(
    path: Path, rows: int, *, bad_share: float = 0, where: str = ""
) -> None:
    """Write opportunities of mixed kinds; the same rows give the same text."""
    path.parent.mkdir(parents=True, exist_ok=True)
    bad = int(1 / bad_share) if bad_share else rows + 1
    with duckdb.connect(":memory:") as connection:
        connection.execute(f"""
            copy (
                from range({rows}) as r(i)
                select
                    'OPP' || lpad(cast(i as varchar), 9, '0') as opportunity_id,
                    'ACC' || cast(i % 100000 as varchar) as account_id,
                    'USR' || cast(i % 500 as varchar) as owner_id,
                    'Deal ' || cast(i as varchar) || ', phase ' ||
                        cast(i % 7 as varchar) as name,
                    ['new', 'expansion', 'renewal'][i % 3 + 1] as type,
                    ['open', 'proposal', 'won', 'lost'][i % 4 + 1] as stage,
                    case when i % {bad} = {bad} - 1 then 'n/a'
                        else cast(cast(i * 37 % 9000000 as decimal(18, 2)) / 100
                            as varchar) end as amount,
                    'USD' as currency,
                    i % 101 as probability,
                    date '2024-01-01' + cast(i % 900 as integer) as close_date,
                    timestamp '2023-01-01' + to_seconds(i % 30000000) as created_at,
                    i % 4 > 1 as is_closed,
                    i % 4 = 2 as is_won,
                    'commit' as forecast_category,
                    'P' || cast(i % 40 as varchar) as product_id,
                    timestamp '2024-01-01' + to_seconds(i % 30000000) as modified_at,
                    false as is_deleted
                {where}
            ) to '{path}' (format csv, header true)
        """)


def copy_alone(path: Path, folder: Path) -> None:
    """Do what the benchmark is measured against: text in, text out."""
    with duckdb.connect(":memory:") as connection:
        connection.execute(
            f"copy (from read_csv('{path}', all_varchar=true, header=true)) "
            f"to '{folder / 'copy.parquet'}' (format parquet)"
        )


def timed(work: Callable[[], object]) -> tuple[Seconds, object]:
    """Return what a piece of work takes, and its answer."""
    start, cpu = time.perf_counter(), time.process_time()
    answer = work()
    return Seconds(time.perf_counter() - start, time.process_time() - cpu), answer


def delivered(home: Settings, night: date) -> Path:
    """Name the file of a night."""
    return home.landing / "crm" / "opportunities" / f"{night}.csv"


def run(rows: int) -> None:
    """Measure everything, one process, one line each."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clean, bad = Settings(folder / "clean"), Settings(folder / "bad")
        write_deals(delivered(clean, FIRST), rows)
        write_deals(delivered(bad, FIRST), rows, bad_share=0.01)
        size = delivered(clean, FIRST).stat().st_size
        print(f"{rows:,} rows, {size / 1e6:,.0f} MB of CSV")
        copy, _ = timed(lambda: copy_alone(delivered(clean, FIRST), folder))
        print(f"{'':24}   wall    cpu   ratios")
        told("DuckDB's own copy", copy, copy, None)
        full, answer = timed(lambda: land(DEALS, FIRST, clean))
        told("landing, first night", full, copy, answer)
        dirty, answer = timed(lambda: land(DEALS, FIRST, bad))
        told("landing, 1 % bad rows", dirty, copy, answer)
        print(f"{'  bad to clean':38} {dirty.over(full)}")
        clean.sources_file.write_text(
            "sources:\n  - {folder: landing, layout: by_contract, delivery: changes}\n"
        )
        write_deals(delivered(clean, SECOND), rows, where="where i % 100 = 5")
        text = delivered(clean, SECOND).read_text().replace("commit", "closed")
        delivered(clean, SECOND).write_text(text)
        delivered(clean, FIRST).unlink()  # loaded and put away
        night, answer = timed(lambda: land(DEALS, SECOND, clean))
        told("a night of 1 % changes", night, copy, answer)
        print(f"{'  night to full':38} {night.over(full)}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"peak memory of all       {peak:6.2f} GB")


def told(what: str, seconds: Seconds, copy: Seconds, answer: object) -> None:
    """Print one measured landing."""
    counts = ""
    if isinstance(answer, LandResult):
        counts = f"{answer.loaded:,} loaded, {answer.quarantined:,} quarantined"
    times = f"{seconds.wall:6.1f} {seconds.cpu:6.1f}"
    print(f"{what:24} {times} {seconds.over(copy)}   {counts}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        run(int(float(sys.argv[1]) * 1_000_000))
    else:
        for millions in ("1", "10"):
            subprocess.run([sys.executable, __file__, millions], check=True)
