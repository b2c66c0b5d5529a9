"""Night after night every incremental fact is exactly what a full refresh would make.

dbt's own SQL, compiled for a first build and for a later one, runs here on thirty
nights of raw rows that come late, are corrected, vanish and come back.
"""

import json
import re
import shutil
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pytest
from nights import Company

from pipelines import warehouse
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

FIRST_NIGHT = date(2026, 3, 2)
# read by the incremental models, or made of them; in the order in which dbt builds
LISTS = {
    "int_crm__deals_told",
    "int_crm__deals_changed",
    "int_crm__accounts_resegmented",
}
AROUND = {
    "int_crm__deals_told",
    "int_crm__known_exchange_rates",
    "int_currency__dated_rates",
    "int_crm__deals_changed",
    "fct_stage_conversion_month",
    "fct_funnel_month",
}


@dataclass(frozen=True)
class Texts:
    """SQL as dbt wrote it: for a first build, for a later one, and what replaces."""

    order: list[tuple[str, str]]  # schema and name
    incremental: set[str]
    first: dict[str, str]
    later: dict[str, str]
    replace: dict[str, str]


def texts(folder: Path) -> dict[str, str]:
    return {
        path.stem: path.read_text("utf-8")
        for path in folder.rglob("*.sql")
        if ".yml" not in str(path)
    }


def in_order(nodes: dict[str, dict]) -> list[dict]:
    """Sort models so that each stands behind what it reads."""
    placed: dict[str, dict] = {}

    def place(name: str) -> None:
        if name in placed or not name.startswith("model."):
            return
        for above in nodes[name]["depends_on"]["nodes"]:
            place(above)
        placed[name] = nodes[name]

    for name in sorted(nodes):
        place(name)
    return list(placed.values())


@pytest.fixture(scope="module")
def sql(built, tmp_path_factory) -> Texts:
    """Let dbt compile the same models once for a first and once for a later night."""
    home = Settings(tmp_path_factory.mktemp("later") / "home")
    shutil.copytree(built.settings.home, home.home)
    shutil.rmtree(home.dbt_target)
    nodes = json.loads(warehouse.manifest().read_text("utf-8"))["nodes"]
    models = in_order(nodes)
    incremental = {
        one["name"] for one in models if one["config"]["materialized"] == "incremental"
    }
    chain = [one for one in models if one["name"] in incremental | AROUND]
    words = ["run", "--select", *(one["name"] for one in chain), "--no-write-json"]
    places = warehouse._places(home.dbt_target)
    done = warehouse._invoke([*words, *places], home.home, parsed=warehouse.manifest())
    assert {str(one.status) for one in done.results} == {"success"}
    return Texts(
        order=[(one["schema"], one["name"]) for one in chain],
        incremental=incremental,
        first=texts(built.settings.dbt_target / "compiled"),
        later=texts(home.dbt_target / "compiled"),
        replace=texts(home.dbt_target / "run"),
    )


def make(db: duckdb.DuckDBPyConnection, sql: Texts, *, anew: bool) -> None:
    """Do what dbt does to the models of a night."""
    for schema, model in sql.order:
        if anew or model not in sql.incremental:
            text = (sql.first if anew else sql.later)[model]
            db.execute(f"create or replace table {schema}.{model} as {text}")
            continue
        statement = sql.replace[model]
        (temporary,) = set(re.findall(rf'"?({model}__dbt_tmp\w*)"?', statement))
        text = sql.later[model]
        db.execute(f'create or replace temp table "{temporary}" as {text}')
        db.execute(statement)


def digest(db: duckdb.DuckDBPyConnection, table: str) -> tuple[object, ...] | None:
    """Digest a table's rows, in whatever order they stand."""
    return db.execute(
        f"select count(*), sum(hash(cast(t as varchar))) from {table} as t"
    ).fetchone()


def test_thirty_nights_one_by_one_are_what_each_gives_at_once(sql: Texts) -> None:
    company, made_again = Company(seed=11), []
    last: dict[str, date] = {}
    # whatever a build lists to be made again is no fact
    facts = [f"{schema}.{name}" for schema, name in sql.order if name not in LISTS]
    assert len(sql.incremental) > 10
    with duckdb.connect() as nightly, duckdb.connect() as whole:
        for db in (nightly, whole):
            db.execute("attach ':memory:' as warehouse; use warehouse")
        for step in range(30):
            night = FIRST_NIGHT + timedelta(days=step + 3 * (step > 20))  # nights off
            company.live(night)
            company.tell(whole, night, {})
            make(whole, sql, anew=True)
            company.tell(nightly, night, last)
            make(nightly, sql, anew=not last)
            if step == 25:  # a night that is run again changes nothing
                make(nightly, sql, anew=False)
            different = [
                table
                for table in facts
                if digest(nightly, table) != digest(whole, table)
            ]
            assert different == [], night
            (share,) = nightly.execute(
                "select (select count(*) from intermediate.int_crm__deals_changed) "
                "/ (select count(*) from core.fct_opportunity)"
            ).fetchone()
            made_again.append(share)
            last = {"as_of": night, "data_through": night - timedelta(days=1)}
        assert digest(nightly, "core.fct_pipeline_snapshot")[0] > 200
        assert digest(nightly, "core.fct_stage_conversion_month")[0] > 5
    # deals at rest are left alone
    assert min(made_again[5:]) < 0.8
