"""What dbt costs beside its models' own SQL, and a night beside a full build.

Run: python tests/benchmarks/warehouse_build.py [SIZE]
Prints ratios of processor time, which hold on a busy machine, and the peak memory.
"""

import json
import resource
import shutil
import statistics
import sys
import tempfile
import time
from datetime import timedelta
from pathlib import Path

import duckdb

from data_contracts.contract import all_contracts
from pipelines import warehouse
from pipelines.demo.company import demo_dates, write_company
from pipelines.ingestion.land import land
from pipelines.ingestion.reference import write_reference
from pipelines.serving.home import make_home
from pipelines.settings import Settings

QUESTIONS = {
    "account owners": (
        "select owner_rep_id, count(*) from core.dim_account_history "
        "where {} group by 1",
        "select owner_rep_id, count(*) from core.dim_account group by 1",
    ),
    "open pipeline": (
        "select stage, sum(amount_cents) from core.fct_opportunity_history "
        "where {} and not is_closed group by 1",
        "select stage, sum(amount_cents) from core.fct_opportunity "
        "where not is_closed group by 1",
    ),
}


def show(what: str, built: warehouse.BuildResult, cpu: float) -> None:
    """Tell where the time of one build went, by the clock."""
    models = sum(node.seconds for node in built.nodes if node.is_model)
    tests = sum(node.seconds for node in built.nodes if not node.is_model)
    print(f"{what}: {cpu:.1f} s cpu; models {models:.1f} s, tests {tests:.1f} s wall")
    for node in sorted(built.nodes, key=lambda node: -node.seconds)[:6]:
        print(f"    {node.seconds:5.2f} s {node.name}", flush=True)


def sql_alone(settings: Settings, built: warehouse.BuildResult) -> float:
    """Run the models' SQL back to back in one connection, in a new database."""
    manifest = json.loads(warehouse.manifest().read_text("utf-8"))["nodes"]
    folder = settings.dbt_target / "compiled" / "continuous_aop" / "models"
    texts = {
        path.stem: path.read_text("utf-8")
        for path in folder.rglob("*.sql")
        if ".yml" not in str(path)
    }
    target = settings.home / "alone" / "warehouse.duckdb"
    target.parent.mkdir()
    names = [node.unique_id for node in built.nodes if node.is_model]
    with duckdb.connect(
        target, config={"file_search_path": str(settings.home)}
    ) as connection:
        before = time.process_time()
        for name in names:
            node = manifest[name]
            kind = "view" if node["config"]["materialized"] == "view" else "table"
            connection.execute(f"create schema if not exists {node['schema']}")
            connection.execute(
                f"create {kind} {node['schema']}.{node['name']} as "
                f"{texts[node['name']]}"
            )
        spent = time.process_time() - before
    shutil.rmtree(target.parent)
    return spent


def ask_as_of(settings: Settings) -> None:
    """Ask what was known a night ago, and the same of today."""
    with duckdb.connect(settings.warehouse, read_only=True) as connection:
        (night,) = connection.execute(
            "select max(as_of) - 1 from core.dim_account"
        ).fetchone()
        known = (
            f"date '{night}' between known_from "
            "and coalesce(known_to, date '9999-12-31')"
        )
        for name, (then, now) in QUESTIONS.items():
            seconds = []
            for sql in (then.format(known), now):
                runs = []
                for _ in range(15):
                    began = time.perf_counter()
                    connection.execute(sql).fetchall()
                    runs.append(time.perf_counter() - began)
                seconds.append(statistics.median(runs))
            print(
                f"as of a night ago, {name}: {seconds[0]:.3f} s, "
                f"{seconds[0] / seconds[1]:.1f} x the same question of today"
            )


def main(size: str = "medium") -> None:
    """Make a company, build it whole, then build the night after."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(Path(folder) / "home")
        make_home(settings, policy="demo")
        first = demo_dates(size=size).first_night
        nights = [first, first + timedelta(days=1)]
        write_company(
            settings.landing,
            settings.home / "truth",
            size=size,
            as_of=nights[-1],
            nights=nights,
        )
        spent: list[float] = []
        for night in nights:
            for contract in all_contracts():
                land(contract, night, settings)
            write_reference(night, settings)
            warehouse.manifest()
            before = time.process_time()
            built = warehouse.build("actuals", settings)
            spent.append(time.process_time() - before)
            built.raise_if_broken()
            show(night.isoformat(), built, spent[-1])
            if night == first:
                alone = sql_alone(settings, built)
                print(
                    f"{size}: full build {spent[0]:.1f} s of processor, "
                    f"{spent[0] / alone:.2f} x the models' own SQL ({alone:.1f} s)",
                    flush=True,
                )
        rows = warehouse.read(
            settings, "select count(*) as n from core.fct_pipeline_snapshot"
        )["n"][0]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2
        print(f"the night after {spent[1] / spent[0]:.0%} of the full build")
        print(f"{rows:,} pipeline snapshots, peak memory {peak:.1f} GB", flush=True)
        ask_as_of(settings)


if __name__ == "__main__":
    main(*sys.argv[1:])
