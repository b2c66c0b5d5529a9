"""An adapter that compiles for Apache Spark where dbt-spark is not installed.

It only writes SQL: ``dbt compile`` asks it for names, quotes and types, and dispatches
macros to ``spark__`` and then to ``default__``, never to those of DuckDB.
"""

import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import ClassVar

from dbt.adapters.base import AdapterPlugin, Column
from dbt.adapters.base.relation import BaseRelation, Policy
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.adapters.duckdb.credentials import DuckDBCredentials
from dbt.adapters.duckdb.impl import DuckDBAdapter
from dbt.cli.main import dbtRunner

HERE = Path(__file__).parent
PROFILE = """
continuous_aop:
  target: cluster
  outputs:
    cluster: {type: spark, path: ":memory:", schema: main}
"""


class SparkColumn(Column):
    """Types as Spark spells them."""

    TYPE_LABELS: ClassVar[dict[str, str]] = {"STRING": "STRING", "TEXT": "STRING"}


@dataclass(frozen=True, eq=False, repr=False)
class SparkRelation(BaseRelation):
    """Names of two parts in backticks; sources are tables like any other."""

    quote_character: str = "`"
    include_policy: Policy = field(default_factory=lambda: Policy(database=False))


@dataclass
class SparkCredentials(DuckDBCredentials):
    """Credentials nobody logs in with."""

    @property
    def type(self) -> str:
        return "spark"


class SparkConnections(DuckDBConnectionManager):
    """Connections that are never opened."""

    TYPE = "spark"


class SparkStandIn(DuckDBAdapter):
    """Answers what compiling asks of an adapter."""

    ConnectionManager = SparkConnections
    Relation = SparkRelation
    Column = SparkColumn

    def get_relation(self, database: str, schema: str, identifier: str) -> None:
        """Nothing stands yet: incremental models compile as for a first build."""


def compile_for_spark(project: Path, target: Path) -> Path:
    """Compile every model of a project for Spark and return the folder of the SQL."""
    module = ModuleType("dbt.adapters.spark")
    module.Plugin = AdapterPlugin(
        adapter=SparkStandIn,
        credentials=SparkCredentials,
        include_path=str(HERE / "spark"),
    )
    version = ModuleType("dbt.adapters.spark.__version__")
    version.version = "1.0.0"
    sys.modules |= {module.__name__: module, version.__name__: version}
    target.mkdir(parents=True, exist_ok=True)
    (target / "profiles.yml").write_text(PROFILE, encoding="utf-8")
    try:
        done = dbtRunner().invoke(
            [
                *("compile", "--select", "resource_type:model", "--no-introspect"),
                *("--no-populate-cache", "--full-refresh", "--quiet"),
                *("--project-dir", str(project), "--profiles-dir", str(target)),
                *("--target-path", str(target), "--log-path", str(target)),
                *("--log-level", "none", "--no-partial-parse"),
            ]
        )
    finally:
        del sys.modules[module.__name__], sys.modules[version.__name__]
    if done.exception is not None:
        raise done.exception
    broken = [
        one.node.name for one in done.result.results if str(one.status) == "error"
    ]
    assert broken == []
    return target / "compiled" / "continuous_aop" / "models"
