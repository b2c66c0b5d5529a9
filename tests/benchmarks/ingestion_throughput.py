"""How long landing takes beside DuckDB's own copy of the same file.

Run: python tests/benchmarks/ingestion_throughput.py [MILLIONS OF ROWS [ROUNDS]]
Each piece of work runs in a process of its own, copy and landings in turn, so that what
else the machine does falls on all of them. Prints the medians of the ratios of each
round, which hold on any machine, and the peak memory of each landing.
"""

import json
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from statistics import median

import duckdb

from data_contracts.contract import contract
from pipelines.ingestion.land import land
from pipelines.settings import Settings

FIRST, SECOND = date(2026, 1, 31), date(2026, 2, 1)
DEALS = contract("crm-opportunities")
CHANGES = "sources:\n  - {folder: landing, layout: by_contract, delivery: changes}\n"

Figures = dict[str, float]


def write_deals(
    path: Path,
    rows: int,
    *,
    bad_share: float = 0,
    where: str = "",
    category: str = "commit",
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
                    'Zoë & Co ' || cast(i as varchar) || ', phase ' ||
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
                    '{category}' as forecast_category,
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


def break_lines(clean: Path, broken: Path) -> None:
    """Copy a file with every hundredth line cut in two columns."""
    broken.parent.mkdir(parents=True, exist_ok=True)
    with clean.open("rb") as source, broken.open("wb") as target:
        for at, line in enumerate(source):
            is_broken = at % 100 == 50
            target.write(b",".join(line.split(b",")[:2]) + b"\n" if is_broken else line)


def delivered(home: Settings, night: date) -> Path:
    """Name the file of a night."""
    return home.landing / "crm" / "opportunities" / f"{night}.csv"


def measured(work: Callable[[], object]) -> Figures:
    """Return what a piece of work takes: seconds of wall and processors, and memory."""
    start, cpu = time.perf_counter(), time.process_time()
    work()
    return {
        "wall": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6,
    }


def apart(what: str, home: Settings, night: date) -> Figures:
    """Measure one piece of work in a process of its own."""
    told = subprocess.run(
        [sys.executable, __file__, what, str(home.home), night.isoformat()],
        check=True,
        capture_output=True,
        text=True,
    )
    figures: Figures = json.loads(told.stdout.splitlines()[-1])
    return figures


def one(what: str, home: Settings, night: date) -> None:
    """Do the piece of work a process was made for, and print its figures."""
    if what == "copy":
        told = measured(lambda: copy_alone(delivered(home, night), home.home))
    else:
        told = measured(lambda: land(DEALS, night, home))
    print(json.dumps(told))


def prepared(folder: Path, rows: int) -> dict[str, Settings]:
    """Write the files to be landed: clean, bad in a value, bad in shape, a night on."""
    homes = {name: Settings(folder / name) for name in ("clean", "bad", "broken")}
    clean = delivered(homes["clean"], FIRST)
    write_deals(clean, rows)
    write_deals(delivered(homes["bad"], FIRST), rows, bad_share=0.01)
    break_lines(clean, delivered(homes["broken"], FIRST))
    return homes


def round_of(homes: dict[str, Settings], rows: int) -> dict[str, Figures]:
    """Run everything once, the copy before and after."""
    found = {"copy": apart("copy", homes["clean"], FIRST)}
    for name, home in homes.items():
        for left in (home.raw, home.quarantine, home.home / ".contents"):
            shutil.rmtree(left, ignore_errors=True)
        found[name] = apart("land", home, FIRST)
    clean, put_away = homes["clean"], homes["clean"].home / "put_away.csv"
    clean.sources_file.write_text(CHANGES)
    second = delivered(clean, SECOND)
    write_deals(second, rows, where="where i % 100 = 5", category="closed")
    delivered(clean, FIRST).rename(put_away)  # loaded and put away
    found["night"] = apart("land", clean, SECOND)
    second.unlink()
    put_away.rename(delivered(clean, FIRST))
    clean.sources_file.unlink()
    again = apart("copy", homes["clean"], FIRST)
    found["copy"] = {key: (found["copy"][key] + again[key]) / 2 for key in again}
    return found


def run(rows: int, rounds: int) -> None:
    """Measure everything and print one line each."""
    with tempfile.TemporaryDirectory() as name:
        homes = prepared(Path(name), rows)
        size = delivered(homes["clean"], FIRST).stat().st_size
        print(f"{rows:,} rows, {size / 1e6:,.0f} MB of CSV, {rounds} rounds")
        found = [round_of(homes, rows) for _ in range(rounds)]
    print(f"{'':36}  wall    cpu    of the gate     GB")
    for what, top, below, gate in (
        ("landing to DuckDB's own copy", "clean", "copy", 2.5),
        ("1 % bad values to clean", "bad", "clean", 1.3),
        ("1 % broken lines to clean", "broken", "clean", 1.3),
        ("a night of 1 % changes to the whole", "night", "clean", 0.1),
    ):
        wall, cpu = (
            median(each[top][key] / each[below][key] for each in found)
            for key in ("wall", "cpu")
        )
        memory = max(each[top]["gb"] for each in found)
        print(f"{what:36} {wall:5.2f}  {cpu:5.2f}    <= {gate:<5}   {memory:8.2f}")
    for each in found:
        told = ", ".join(f"{name} {each[name]['wall']:.1f}" for name in each)
        print(f"seconds of wall: {told}")


def main(arguments: list[str] | None = None) -> None:
    """Run ten million rows three times, or as many as the arguments say."""
    given = [float(one) for one in arguments or []]
    millions, rounds = [*given, *(10, 3)[len(given) :]]
    run(int(millions * 1_000_000), int(rounds))


if __name__ == "__main__":
    if len(sys.argv) == 4:
        one(sys.argv[1], Settings(Path(sys.argv[2])), date.fromisoformat(sys.argv[3]))
    else:
        main(sys.argv[1:])
