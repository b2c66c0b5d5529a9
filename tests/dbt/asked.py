"""Metrics asked through MetricFlow: it writes the SQL, a warehouse answers."""

from collections.abc import Callable
from datetime import date, datetime

import polars as pl
from metricflow.engine.metricflow_engine import (
    MetricFlowEngine,
    MetricFlowQueryRequest,
)
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import (
    parse_manifest_from_dbt_generated_manifest,
)
from metricflow_semantics.model.semantic_manifest_lookup import (
    SemanticManifestLookup,
)

from pipelines import warehouse

Answers = dict[object, float]


class DuckDb:
    """As much of a client as writing SQL for DuckDB takes."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()

    def render_bind_parameter_key(self, bind_parameter_key: str) -> str:
        return f"${bind_parameter_key}"


def make_engine() -> tuple[MetricFlowEngine, frozenset[str]]:
    """Return MetricFlow on what dbt made of the semantic models, and its metrics."""
    told = warehouse.manifest().with_name("semantic_manifest.json")
    semantics = parse_manifest_from_dbt_generated_manifest(told.read_text("utf-8"))
    lookup = SemanticManifestLookup(semantics)
    engine = MetricFlowEngine(semantic_manifest_lookup=lookup, sql_client=DuckDb())
    return engine, frozenset(metric.name for metric in semantics.metrics)


def ask(
    engine: MetricFlowEngine,
    frame: Callable[[str], pl.DataFrame],
    metric: str,
    by: str,
) -> Answers:
    """Ask for one metric, grouped; ``frame`` answers SQL."""
    request = MetricFlowQueryRequest.create(metric_names=[metric], group_by_names=[by])
    rows = frame(engine.explain(request).sql_statement.sql).rows()
    return {row[0]: float(row[-1]) for row in rows if row[-1] is not None}


def month_of(answers: Answers) -> Answers:
    """Name months by their first day."""
    return {
        key.date() if isinstance(key, datetime) else key: value
        for key, value in answers.items()
        if isinstance(key, date)
    }
