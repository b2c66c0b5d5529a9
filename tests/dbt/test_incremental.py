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

import company
import duckdb
import polars as pl
import pytest
from homes import write_home
from nights import Company
from oddities import NIGHTS, odd_rows

from pipelines import warehouse
from pipelines.last_build import TOLD
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

FIRST_NIGHT = date(2026, 2, 25)
NEXT, AFTER = (company.AS_OF + timedelta(days=step) for step in (1, 2))
# what a build makes again, and steps that hold no more than that
LISTS = {
    "int_crm__deals_told",
    "int_crm__deals_changed",
    "int_crm__account_territories_changed",
    "int_crm__accounts_changed",
    "int_crm__accounts_described",
    "int_crm__accounts_resegmented",
    "int_crm__field_states",
    "int_crm__opportunity_states",
    "int_crm__pipeline_spells",
    "int_currency__rates_changed",
    "int_billing__customers_relinked",
    "int_billing__customers_told",
    "int_billing__accounts_changed",
    "int_billing__accounts_due",
    "int_billing__revenue_by_line",
    "int_billing__revenue_by_month",
    "int_billing__arr_measured",
}
# read by the incremental models, or made of them; in the order in which dbt builds
AROUND = LISTS | {
    "int_crm__account_families",
    "int_crm__known_exchange_rates",
    "int_crm__known_crosswalks",
    "int_currency__dated_rates",
    "int_currency__plan_rates",
    "int_billing__known_customers",
    "int_billing__known_subscriptions",
    "int_billing__known_subscription_items",
    "int_billing__known_credit_notes",
    "int_billing__customer_accounts",
    "int_billing__invoices_in_force",
    "int_billing__lines_credited",
    "int_billing__lines_in_force",
    "int_billing__subscription_terms",
    "int_billing__item_spells",
    "int_billing__arr_movements",
    "fct_arr_movement",
    "fct_retention_month",
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


def told_until(night: date) -> dict[str, list[dict]]:
    """Return all the company's sources tell until a night, oddities since it was built.

    What is odd is told on the two nights after: corrections, orphans, rows now gone.
    """
    told = company.rows()
    nights = {NIGHTS[0]: NEXT, NIGHTS[-1]: AFTER}
    for table, rows in odd_rows(seed=7).items():
        told[table] = told.get(table, []) + [
            row | {"_known_on": nights[row["_known_on"]]}
            for row in rows
            if nights.get(row["_known_on"], date.max) <= night
        ]
    return told


@pytest.fixture(scope="module")
def later(built, tmp_path_factory) -> Settings:
    """The company's home after the next night, built by dbt and listened to."""
    home = tmp_path_factory.mktemp("later") / "home"
    shutil.copytree(built.settings.home, home)
    settings = write_home(home, as_of=NEXT, rows=told_until(NEXT))
    shutil.rmtree(settings.dbt_target / "compiled")
    warehouse.build("actuals", settings).raise_if_broken()
    return settings


@pytest.fixture(scope="module")
def sql(built, later) -> Texts:
    """What dbt compiled once for a first and once for a later night."""
    nodes = json.loads(warehouse.manifest().read_text("utf-8"))["nodes"]
    models = in_order(nodes)
    incremental = {
        one["name"] for one in models if one["config"]["materialized"] == "incremental"
    }
    chain = [one for one in models if one["name"] in incremental | AROUND]
    return Texts(
        order=[(one["schema"], one["name"]) for one in chain],
        incremental=incremental,
        first=texts(built.settings.dbt_target / "compiled"),
        later=texts(later.dbt_target / "compiled"),
        replace=texts(later.dbt_target / "run"),
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
    crm, made_again, billed_again = Company(seed=11), [], []
    last: dict[str, date] = {}
    # whatever is only of what a build makes again is no fact
    facts = [f"{schema}.{name}" for schema, name in sql.order if name not in LISTS]
    assert len(sql.incremental) > 10
    one = {"threads": 1}  # small tables: a second thread only costs
    with duckdb.connect(config=one) as nightly, duckdb.connect(config=one) as whole:
        for db in (nightly, whole):
            db.execute("attach ':memory:' as warehouse; use warehouse")
        for step in range(30):
            # one month ends between two nights, another while there is none
            night = FIRST_NIGHT + timedelta(days=step + 16 * (step > 20))
            crm.live(night)
            crm.tell(whole, night, {})
            make(whole, sql, anew=True)
            crm.tell(nightly, night, last)
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
            (share,) = nightly.execute(
                "select avg(cast(due_from < date '1901-01-01' as integer)) "
                "from intermediate.int_billing__accounts_due"
            ).fetchone()
            billed_again.append(share)
            last = {"as_of": night, "data_through": night - timedelta(days=1)}
        assert digest(nightly, "core.fct_pipeline_snapshot")[0] > 200
        assert digest(nightly, "core.fct_stage_conversion_month")[0] > 5
        assert digest(nightly, "core.fct_revenue_month")[0] > 30
        assert digest(nightly, "core.fct_arr_month")[0] > 30
    # deals and accounts at rest are left alone
    assert min(made_again[5:]) < 0.8
    assert min(billed_again[5:]) < 0.5


def test_a_night_said_again_without_dbt_is_what_its_rows_give_at_once(
    later: Settings, sql: Texts, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(later.home, home)
    settings = write_home(home, as_of=AFTER, rows=told_until(AFTER))
    shutil.rmtree(settings.dbt_target / "compiled")
    result = warehouse.build("actuals", settings)
    result.raise_if_broken()
    assert not (settings.dbt_target / "compiled").exists(), "dbt had no part in it"
    built = {node.unique_id for node in result.nodes if node.is_model}
    nodes = json.loads(warehouse.manifest().read_text("utf-8"))["nodes"]
    words = {"file_search_path": str(home)}
    with duckdb.connect(settings.warehouse, config=words) as db:
        db.execute("attach ':memory:' as anew; use anew; set timezone = 'UTC'")
        different, tables = [], 0
        # a first build goes on from none
        goes_on_from = settings.reference / TOLD
        pl.read_parquet(goes_on_from).clear(1).write_parquet(goes_on_from)
        for one in in_order(nodes):
            name = f"{one['schema']}.{one['name']}"
            if one["unique_id"] not in built:
                continue
            kind = "view" if one["config"]["materialized"] == "view" else "table"
            text = sql.first[one["name"]].replace('"warehouse".', '"anew".')
            db.execute(f"create schema if not exists {one['schema']}")
            db.execute(f"create {kind} {name} as {text}")
            if kind == "table" and one["name"] not in LISTS:
                tables += 1
                if digest(db, f"warehouse.{name}") != digest(db, f"anew.{name}"):
                    different.append(name)
    assert different == []
    assert tables > 100
