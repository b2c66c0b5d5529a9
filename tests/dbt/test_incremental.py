"""Night after night an incremental fact is exactly what a full refresh would make.

dbt's own SQL, compiled for a first build and for a later one, runs here on thirty
nights of a pipeline in which rows come late, are corrected, vanish and come back.
"""

import random
import re
import shutil
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import zip_longest
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import warehouse
from pipelines.settings import Settings

pytestmark = pytest.mark.slow

FIRST_NIGHT = date(2026, 3, 2)
CHAIN = ("int_crm__pipeline_digests", "int_crm__pipeline_changed")
FACT = "fct_pipeline_snapshot"
SCHEMAS = "create schema staging; create schema intermediate; create schema core"


@dataclass(frozen=True)
class Texts:
    """SQL as dbt wrote it: for a first build, for a later one, and what replaces."""

    first: dict[str, str]
    later: dict[str, str]
    replace: dict[str, str]


def texts(folder: Path) -> dict[str, str]:
    return {
        path.stem: path.read_text("utf-8")
        for path in folder.rglob("*.sql")
        if ".yml" not in str(path)
    }


@pytest.fixture(scope="module")
def sql(built, tmp_path_factory) -> Texts:
    """Let dbt compile the same models once for a first and once for a later night."""
    home = Settings(tmp_path_factory.mktemp("later") / "home")
    shutil.copytree(built.settings.home, home.home)
    shutil.rmtree(home.dbt_target)
    words = ["run", "--select", *CHAIN, FACT, "--no-write-json"]
    places = warehouse._places(home.dbt_target)
    done = warehouse._invoke([*words, *places], home.home, parsed=warehouse.manifest())
    assert {str(one.status) for one in done.results} == {"success"}
    return Texts(
        first=texts(built.settings.dbt_target / "compiled"),
        later=texts(home.dbt_target / "compiled"),
        replace=texts(home.dbt_target / "run"),
    )


@dataclass
class Company:
    """Deals that change as deals do, and a diary that is corrected after the fact."""

    dice: random.Random
    deals: dict[str, dict] = field(default_factory=dict)
    states: dict[str, dict[date, tuple[str, int]]] = field(default_factory=dict)

    def live(self, today: date) -> None:
        """Let one day pass."""
        for _ in range(3):
            number = len(self.states)
            # some are entered long after they were opened
            opened = today - timedelta(days=self.dice.choice([0, 0, 1, 12, 50]))
            self.deals[f"o{number}"] = {
                "opened_on": opened,
                "close_date": opened + timedelta(days=self.dice.randint(5, 90)),
                "stage": "open",
                "amount": self.dice.randint(1, 9),
                "is_closed": False,
                "rep": "r1",
            }
            self.states[f"o{number}"] = {opened: ("open", 1)} if number % 4 else {}
        for name in self.dice.sample(sorted(self.deals), k=len(self.deals) // 4):
            self.befall(name, self.deals[name], today)

    def befall(self, name: str, deal: dict, today: date) -> None:
        """Let one thing happen to a deal."""
        match self.dice.choice(["grow", "close", "reopen", "late", "forget", "move"]):
            case "grow":
                deal["amount"] += 1
                self.states[name][today] = (deal["stage"], deal["amount"])
            case "close":
                # closed today, days ago, or on a day that is still to come
                shift = self.dice.choice([-9, -1, 0, 2])
                deal |= {"is_closed": True, "stage": "lost"}
                deal["close_date"] = today + timedelta(days=shift)
                self.states[name][today] = ("lost", deal["amount"])
            case "reopen":
                deal |= {"is_closed": False, "stage": "open"}
            case "late":
                past = today - timedelta(days=self.dice.randint(1, 60))
                self.states[name][past] = ("talk", self.dice.randint(1, 9))
            case "forget":
                if self.dice.random() < 0.3:
                    del self.deals[name]
                elif self.states[name]:
                    self.states[name].pop(max(self.states[name]))
            case "move":
                deal["rep"] = self.dice.choice(["r1", "r2"])


def tell(
    db: duckdb.DuckDBPyConnection, company: Company, night: date, policy: str
) -> None:
    """Write what the models above would say on that night."""
    through = night - timedelta(days=1)
    db.execute(
        "create or replace table staging.stg_reference__run as select ? as as_of, "
        "? as data_through, ? as policy_hash, 'USD' as currency",
        [night, through, policy],
    )
    db.execute(
        "create or replace table staging.stg_reference__fiscal_days as "
        "select cast(range as date) as date_day, "
        "cast(date_trunc('week', range) as date) + 6 as week_end "
        "from range(date '2026-01-01', date '2026-07-01', interval 1 day)"
    )
    db.execute(
        "create or replace table staging.stg_reference__stages as "
        "from (values ('open', 1, false), ('talk', ?, false), ('lost', 9, true)) "
        "as stages (stage, stage_rank, is_closed)",
        [2 if policy == "first" else 3],
    )
    deals = pl.DataFrame(
        [
            {"opportunity_id": name, "rep_id": deal["rep"], "as_of": night}
            | {"stage": deal["stage"], "amount_cents": deal["amount"]}
            | {key: deal[key] for key in ("opened_on", "close_date", "is_closed")}
            for name, deal in company.deals.items()
        ]
    )
    diary = [
        {"opportunity_id": name, "changed_on": day, "next_changed_on": after}
        | {"stage": stage, "amount_cents": amount}
        for name in company.deals
        for (day, (stage, amount)), after in zip_longest(
            sorted(company.states[name].items()), sorted(company.states[name])[1:]
        )
    ]
    states = pl.DataFrame(diary, schema_overrides={"next_changed_on": pl.Date})
    db.register("deals", deals)
    db.register("states", states)
    db.execute(
        "create or replace table core.fct_opportunity as select *, 'a' as account_id, "
        "'s' as segment_id, 'n' as region_id, null::varchar as product_id, "
        "null::varchar as forecast_category, 0.5 as win_probability_share from deals"
    )
    db.execute(
        "create or replace table intermediate.int_crm__opportunity_states as "
        "select *, false as is_stage_inferred, null::varchar as forecast_category, "
        "null::double as win_probability_share, null::date as close_date, "
        "cast(changed_on as timestamp) as changed_at from states"
    )
    db.execute(
        "create or replace table intermediate.int_crm__opportunity_paths as "
        "select opportunity_id, min(changed_on) as first_changed_on "
        "from intermediate.int_crm__opportunity_states group by 1"
    )


def make(db: duckdb.DuckDBPyConnection, schema: str, model: str, sql: str) -> None:
    db.execute(f"create or replace table {schema}.{model} as {sql}")


def replace(db: duckdb.DuckDBPyConnection, schema: str, model: str, sql: Texts) -> None:
    """Do what dbt does to an incremental model that stands already."""
    statement = sql.replace[model]
    (temporary,) = set(re.findall(rf'"?({model}__dbt_tmp\w*)"?', statement))
    db.execute(f'create or replace temp table "{temporary}" as {sql.later[model]}')
    db.execute(statement)


def build(db: duckdb.DuckDBPyConnection, sql: Texts, *, is_first: bool) -> None:
    make(
        db,
        "intermediate",
        "int_crm__pipeline_spells",
        sql.first["int_crm__pipeline_spells"],
    )
    if is_first:
        make(db, "intermediate", CHAIN[0], sql.first[CHAIN[0]])
    else:
        replace(db, "intermediate", CHAIN[0], sql)
    make(db, "intermediate", CHAIN[1], sql.first[CHAIN[1]])
    if is_first:
        make(db, "core", FACT, sql.first[FACT])
    else:
        replace(db, "core", FACT, sql)


def digest(db: duckdb.DuckDBPyConnection) -> tuple[int, str]:
    found = db.execute(
        f"select count(*), md5(string_agg(one, chr(10) order by one)) "
        f"from (select cast(t as varchar) as one from core.{FACT} as t)"
    ).fetchone()
    assert found is not None
    return found


def test_thirty_nights_one_by_one_are_what_each_gives_at_once(sql: Texts) -> None:
    company = Company(random.Random(11))
    with duckdb.connect() as nightly, duckdb.connect() as whole:
        for db in (nightly, whole):
            db.execute("attach ':memory:' as warehouse; use warehouse")
            db.execute(SCHEMAS)
        made_again = []
        for step in range(30):
            night = FIRST_NIGHT + timedelta(days=step + 3 * (step > 20))  # nights off
            company.live(night - timedelta(days=1))
            policy = "first" if step < 15 else "second"
            for db in (nightly, whole):
                tell(db, company, night, policy)
            build(whole, sql, is_first=True)
            build(nightly, sql, is_first=step == 0)
            assert digest(nightly) == digest(whole), night
            if step == 25:  # a night that is run again changes nothing
                build(nightly, sql, is_first=False)
                assert digest(nightly) == digest(whole)
            (share,) = nightly.execute(
                f"select (select count(*) from intermediate.{CHAIN[1]}) "
                "/ (select count(*) from core.fct_opportunity)"
            ).fetchone()
            made_again.append(share)
        assert digest(nightly)[0] > 200
        # deals at rest are left alone, but for the night the policy changed
        assert made_again[15] == 1
        assert min(made_again[5:]) < 0.9
