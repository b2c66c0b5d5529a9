"""What dbt costs beside its models' own SQL, what a night costs, and as-of questions.

Run: python tests/benchmarks/warehouse_build.py [SIZE[:FIRST_DAY] [HOME [STEP...]]]
Prints ratios by the clock, for a quiet machine, and of processor time, which hold on a
busy one, and the peak memory.
Each step runs in a process of its own: write, full, alone, first, second, night, ask;
all of them in a home that goes away unless told. The first night after a full build is
dbt's and begins a fiscal year, any later one is said again without it; the second still
clears away what those before made of every deal. dbt's tests are part of a build; the
models' own SQL has none. A first day cuts the company's history short.
"""

import json
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import duckdb
import yaml

from data_contracts.contract import all_contracts
from pipelines import warehouse
from pipelines.demo.company import Style, demo_dates, write_company
from pipelines.ingestion.land import land
from pipelines.ingestion.reference import write_reference
from pipelines.serving.home import make_home
from pipelines.settings import Settings

BUILDS = ("full", "first", "second", "night")
STEPS = ("write", "full", "alone", "first", "second", "night", "ask")
TOLD = "warehouse_build.json"
FIRST = demo_dates(size="medium").first_night  # of every size with years of history
NIGHTS = tuple(FIRST + timedelta(days=step) for step in range(len(BUILDS)))
KNOWN = "date '{night}' between known_from and coalesce(known_to, date '9999-12-31')"
# what macro state_on writes: versions that held on a day, as known on a night
HELD = """(
    select *
    from (
        select
            versions.*,
            max(coalesce(known_to, date '9999-12-31')) over (partition by {key})
                as held_until,
            row_number() over (
                partition by
                    {key}, case when valid_from <= date '{night}' then 1 else 0 end
                order by valid_from desc, known_from desc
            ) as recency
        from {history} as versions
        where known_from <= date '{night}'
    ) as told
    where
        recency = 1 and valid_from <= date '{night}' and held_until >= date '{night}'
)"""
ASKED = (
    "dim_account",
    "dim_account_history",
    "dim_rep",
    "dim_rep_history",
    "fct_opportunity",
    "fct_opportunity_history",
)
QUESTIONS = {  # the question of a past night, and the same of the present
    "account owners, as we knew them": (
        f"select owner_rep_id, count(*) from core.dim_account_history "
        f"where {KNOWN} group by 1",
        "select owner_rep_id, count(*) from core.dim_account group by 1",
    ),
    "account owners, as they were": (
        "select owner_rep_id, count(*) from "
        + HELD.replace("{history}", "core.dim_account_history").replace(
            "{key}", "account_id"
        )
        + " as held group by 1",
        "select owner_rep_id, count(*) from core.dim_account group by 1",
    ),
    "open pipeline, as we knew it": (
        f"select stage, sum(amount_cents) from core.fct_opportunity_history "
        f"where {KNOWN} and not is_closed group by 1",
        "select stage, sum(amount_cents) from core.fct_opportunity "
        "where not is_closed group by 1",
    ),
    "open pipeline, as it was": (
        "select stage, sum(amount_cents) from "
        + HELD.replace("{history}", "core.fct_opportunity_history").replace(
            "{key}", "opportunity_id"
        )
        + " as held where not is_closed group by 1",
        "select stage, sum(amount_cents) from core.fct_opportunity "
        "where not is_closed group by 1",
    ),
    "roles of reps": (
        f"select role, count(*) from core.dim_rep_history where {KNOWN} "
        "and date '{night}' between valid_from "
        "and coalesce(valid_to, date '9999-12-31') group by 1",
        "select role, count(*) from core.dim_rep group by 1",
    ),
}


def write(settings: Settings, size: str) -> None:
    """Make a company and land its nights; all but the first bring only changes."""
    make_home(settings, policy="demo")
    style = Style(file="parquet", delivery="changes")
    (settings.home / "sources.yaml").write_text(style.sources, encoding="utf-8")
    size, _, first_day = size.partition(":")
    write_company(
        settings.landing,
        settings.home / "truth",
        size=size,
        first_day=date.fromisoformat(first_day) if first_day else None,
        as_of=NIGHTS[-1],
        nights=NIGHTS,
        style=style,
    )
    for night in NIGHTS:
        for contract in all_contracts():
            land(contract, night, settings)


def build(settings: Settings, step: str) -> None:
    """Build a night, and tell where its time went."""
    night = NIGHTS[BUILDS.index(step)]
    write_reference(night, settings)
    warehouse.manifest()
    before, began = time.process_time(), time.perf_counter()
    built = warehouse.build("actuals", settings, full_refresh=step == "full")
    cpu, clock = time.process_time() - before, time.perf_counter() - began
    built.raise_if_broken()
    kinds = Counter("models" if node.is_model else "tests" for node in built.nodes)
    print(
        f"{step} build: {clock:.1f} s by the clock, {cpu:.1f} s of processor, "
        f"{dict(kinds)}",
        flush=True,
    )
    for node in sorted(built.nodes, key=lambda node: -node.seconds)[:8]:
        print(f"    {node.seconds:5.2f} s by the clock: {node.name}")
    note(settings, step, cpu)
    note(settings, f"{step} by the clock", clock)
    if step == "full":
        ids = [node.unique_id for node in built.nodes if node.is_model]
        note(settings, "models", ids)
        compiled = settings.dbt_target / "compiled"
        shutil.copytree(compiled, settings.home / "first", dirs_exist_ok=True)
    else:
        full = told(settings)
        print(
            f"{step} is {clock / full['full by the clock']:.1%} of the full build by "
            f"the clock, {cpu / full['full']:.1%} of its processor time"
        )


def alone(settings: Settings) -> None:
    """Run the models' SQL back to back in one connection, in a new database."""
    manifest = json.loads(warehouse.manifest().read_text("utf-8"))["nodes"]
    folder = settings.home / "first" / "continuous_aop" / "models"
    texts = {
        path.stem: path.read_text("utf-8")
        for path in folder.rglob("*.sql")
        if ".yml" not in str(path)
    }
    profile = yaml.safe_load((warehouse.PROJECT / "profiles.yml").read_text("utf-8"))
    output = profile["continuous_aop"]["outputs"]["home"]
    words = {"file_search_path": str(settings.home), "threads": output["threads"]}
    packing = output["settings"]["disabled_compression_methods"]
    target = settings.home / "alone" / "warehouse.duckdb"
    shutil.rmtree(target.parent, ignore_errors=True)
    target.parent.mkdir()
    write_reference(NIGHTS[0], settings)
    before = time.process_time()
    with duckdb.connect(target, config=words) as connection:
        connection.execute(f"set disabled_compression_methods = '{packing}'")
        connection.execute("set timezone = 'UTC'")
        for name in told(settings)["models"]:
            node = manifest[name]
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            connection.execute(f"create schema if not exists {node['schema']}")
            connection.execute(
                f"create {kind} {node['schema']}.{node['name']} as "
                f"{texts[node['name']]}"
            )
    spent = time.process_time() - before
    shutil.rmtree(target.parent)
    full = told(settings)["full"]
    print(
        f"full build {full:.1f} s, {full / spent:.2f} x the models' own SQL "
        f"({spent:.1f} s)"
    )


def ask(settings: Settings) -> None:
    """Ask the serving copy what was a night ago, and the same of today."""
    copy = settings.home / "asked.duckdb"
    copy.unlink(missing_ok=True)
    with duckdb.connect(copy, config={"threads": 2}) as connection:
        connection.execute(f"attach '{settings.warehouse}' as warehouse (read_only)")
        connection.execute("create schema core")
        for table in ASKED:  # in the order in which publication copies
            connection.execute(
                f"create table core.{table} as from warehouse.core.{table} order by all"
            )
        connection.execute("detach warehouse")
    with duckdb.connect(copy, read_only=True, config={"threads": 2}) as connection:
        for name, texts in QUESTIONS.items():
            clock, cpu = [], []
            for text in texts:
                runs = []
                for _ in range(5):
                    began = time.perf_counter(), time.process_time()
                    connection.execute(text.replace("{night}", str(FIRST))).fetchall()
                    runs.append(
                        (time.perf_counter() - began[0], time.process_time() - began[1])
                    )
                clock.append(statistics.median(wall for wall, _ in runs))
                cpu.append(statistics.median(spent for _, spent in runs))
            print(
                f"{name}: {clock[0]:.3f} s by the clock, {cpu[0]:.3f} s of processor, "
                f"{cpu[0] / cpu[1]:.1f} x the same question of today",
                flush=True,
            )
    copy.unlink()


def note(settings: Settings, key: str, value: object) -> None:
    """Keep a figure for the steps that follow."""
    known = told(settings) | {key: value}
    (settings.home / TOLD).write_text(json.dumps(known), encoding="utf-8")


def told(settings: Settings) -> dict:
    """Return the figures of the steps before."""
    path = settings.home / TOLD
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def run(size: str, home: Path, step: str) -> None:
    """Run one step in this process."""
    settings = Settings(home)
    match step:
        case "write":
            write(settings, size)
        case "full" | "first" | "second" | "night":
            build(settings, step)
        case "alone":
            alone(settings)
        case "ask":
            ask(settings)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
    print(f"    {step}: peak memory {peak:.1f} GB", flush=True)


def main(size: str = "medium", home: str = "", *steps: str) -> None:
    """Run steps one after the other, each in a process of its own."""
    if len(steps) == 1:
        return run(size, Path(home), steps[0])
    with tempfile.TemporaryDirectory() as folder:
        place = home or str(Path(folder) / "home")
        for step in steps or STEPS:
            words = [sys.executable, __file__, size, place, step]
            subprocess.run(words, check=True)
    return None


if __name__ == "__main__":
    main(*sys.argv[1:])
