"""The same project compiles for Apache Spark, and means there what it means here.

dbt-spark and a cluster are not at hand. What is shown: dbt compiles every model with
Spark's macros, sqlglot reads each as Spark SQL and knows every function as Spark's, and
that Spark SQL, translated from Spark's dialect to DuckDB's, gives the marts of the
ordinary build row by row. What only a cluster can show is how it writes tables.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pytest
import sqlglot
from spark_stand_in import compile_for_spark
from sqlglot import exp

from pipelines.warehouse import PROJECT

pytestmark = pytest.mark.slow

# built into Spark, and unknown to sqlglot by name
SPARK_HAS = {"xxhash64"}


@dataclass(frozen=True)
class Spark:
    """The project as compiled for Spark."""

    manifest: dict[str, Any]
    sql: dict[str, str]

    def models(self) -> Iterator[dict[str, Any]]:
        """Yield models after those they read."""
        nodes = self.manifest["nodes"]
        seen: set[str] = set()

        def after(name: str) -> Iterator[dict[str, Any]]:
            if name in seen or nodes.get(name, {}).get("resource_type") != "model":
                return
            seen.add(name)
            for above in nodes[name]["depends_on"]["nodes"]:
                yield from after(above)
            yield nodes[name]

        for name in sorted(nodes):
            yield from after(name)


@pytest.fixture(scope="module")
def spark(built, tmp_path_factory) -> Spark:
    """Let dbt compile every model for Spark."""
    target = tmp_path_factory.mktemp("spark")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AOP_HOME", str(built.settings.home))
        compiled = compile_for_spark(PROJECT, target)
    return Spark(
        manifest=json.loads((target / "manifest.json").read_text("utf-8")),
        sql={
            path.stem: path.read_text("utf-8")
            for path in Path(compiled).rglob("*.sql")
            if ".yml" not in str(path)
        },
    )


def test_every_model_is_spark_sql_of_functions_that_spark_has(spark: Spark) -> None:
    strange = {
        f"{model['name']}: {call.name}"
        for model in spark.models()
        for call in sqlglot.parse_one(
            spark.sql[model["name"]], dialect="spark"
        ).find_all(exp.Anonymous)
        if call.name.lower() not in SPARK_HAS
    }
    assert strange == set()


def test_nothing_of_one_engine_is_left_in_what_spark_gets(spark: Spark) -> None:
    joined = "\n".join(spark.sql.values()).lower()
    assert "read_parquet" not in joined
    assert '"' not in joined.replace('"warehouse"', "")
    assert "`core`.`fct_opportunity`" in joined


def test_spark_s_sql_gives_the_marts_of_the_ordinary_build(spark: Spark, built) -> None:
    home = str(built.settings.home)
    with duckdb.connect(config={"file_search_path": home}) as db:
        db.execute("attach ':memory:' as spark; use spark")
        for source in spark.manifest["sources"].values():
            place = source["config"]["meta"]["external_location"]
            db.execute(f"create schema if not exists {source['schema']}")
            db.execute(
                f"create view {source['schema']}.{source['identifier']} as "
                f"from {place.format(name=source['name'])}"
            )
        marts = []
        for model in spark.models():
            name = f"{model['schema']}.{model['name']}"
            (text,) = sqlglot.transpile(
                spark.sql[model["name"]], read="spark", write="duckdb"
            )
            db.execute(f"create schema if not exists {model['schema']}")
            kind = model["config"]["materialized"].replace("incremental", "table")
            # Spark's own hash; any fingerprint does
            db.execute(f"create {kind} {name} as {text.replace('XXHASH64', 'HASH')}")
            if model["access"] == "public":
                marts.append(name)
        db.execute(f"attach '{built.settings.warehouse}' as warehouse (read_only)")
        different = {
            name: rows
            for name in marts
            if (rows := _difference(db, f"spark.{name}", f"warehouse.{name}"))
        }
    assert different == {}
    assert len(marts) > 40


def _difference(db: duckdb.DuckDBPyConnection, one: str, other: str) -> list[Any]:
    return db.execute(
        f"(from {one} except all from {other}) union all "
        f"(from {other} except all from {one}) limit 2"
    ).fetchall()
