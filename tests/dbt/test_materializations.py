"""How models become tables and views: replaced whole, or left as they were."""

from collections.abc import Mapping
from pathlib import Path

import duckdb
import pytest
import yaml
from dbt.adapters.duckdb.connections import DuckDBConnectionManager
from dbt.cli.main import dbtRunner

pytestmark = pytest.mark.slow  # each build parses a project of its own

MACROS = Path(__file__).parents[2] / "dbt" / "macros"
CONTRACT = """
models:
  - name: promised
    config: {contract: {enforced: true}}
    columns:
      - {name: account_id, data_type: varchar, constraints: [{type: not_null}]}
      - {name: amount_cents, data_type: bigint}
"""


class Project:
    """A dbt project of a few models with the macros of ours."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "models").mkdir()
        home = {
            "type": "duckdb",
            "schema": "main",
            "path": str(folder / "small.duckdb"),
        }
        self._write("profiles", {"small": {"target": "it", "outputs": {"it": home}}})
        models = {"small": {"+schema": "main"}}
        project = {"name": "small", "profile": "small", "models": models}
        self._write("dbt_project", {**project, "macro-paths": [str(MACROS)]})
        (folder / "models" / "models.yml").write_text(CONTRACT)

    def _write(self, name: str, content: Mapping[str, object]) -> None:
        text = yaml.safe_dump(dict(content))
        (self._folder / f"{name}.yml").write_text(text)

    def build(self, models: Mapping[str, str]) -> dict[str, str]:
        """Build these models and return the status of each."""
        for name, sql in models.items():
            (self._folder / "models" / f"{name}.sql").write_text(sql)
        places = [
            word
            for option in ("--project-dir", "--profiles-dir")
            for word in (option, str(self._folder))
        ]
        try:
            done = dbtRunner().invoke(["run", *places, "--log-level", "none"])
        finally:
            DuckDBConnectionManager.close_all_connections()
        assert done.exception is None
        return {one.node.name: str(one.status) for one in done.result.results}

    def ask(self, sql: str) -> list[tuple[object, ...]]:
        """Return the rows of a query."""
        with duckdb.connect(self._folder / "small.duckdb", read_only=True) as base:
            return base.execute(sql).fetchall()


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def _as(kind: str, sql: str) -> str:
    return f"{{{{ config(materialized='{kind}') }}}}\n{sql}"


def test_a_build_replaces_what_is_there_and_a_broken_model_leaves_it(
    project: Project,
) -> None:
    before = {
        "plain": _as("table", "select 1 as x"),
        "was_view": _as("view", "select 1 as x"),
        "was_table": _as("table", "select 1 as x"),
        "breaks": _as("table", "select 1 as x"),
        "promised": _as("table", "select 'a' as account_id, 1::bigint as amount_cents"),
    }
    assert set(project.build(before).values()) == {"success"}
    after = {
        "plain": _as("table", "select 2 as x, 3 as y"),
        "was_view": _as("table", "select x + 1 as x from {{ ref('plain') }}"),
        "was_table": _as("view", "select x + 2 as x from {{ ref('plain') }}"),
        "breaks": _as("table", "select cast('no number' as integer) as x"),
        # the null comes after rows that were written
        "promised": _as(
            "table",
            "select unnest(['b', null]) as account_id, 2::bigint as amount_cents",
        ),
    }
    became = project.build(after)
    assert {name for name, status in became.items() if status == "error"} == {
        "breaks",
        "promised",
    }
    assert project.ask("from plain") == [(2, 3)]
    assert project.ask("from was_view") == [(3,)]
    assert project.ask("from was_table") == [(4,)]
    assert project.ask("from breaks") == [(1,)]
    assert project.ask("from promised") == [("a", 1)]
    assert project.ask(
        "select table_name, table_type from information_schema.tables order by all"
    ) == [
        ("breaks", "BASE TABLE"),
        ("plain", "BASE TABLE"),
        ("promised", "BASE TABLE"),
        ("was_table", "VIEW"),
        ("was_view", "BASE TABLE"),
    ]


def test_a_contract_holds_names_types_and_gaps(project: Project) -> None:
    kept = "select 'a' as account_id, 1::bigint as amount_cents"
    assert project.build({"promised": _as("table", kept)}) == {"promised": "success"}
    (columns,) = project.ask(
        "select list((column_name, data_type, is_nullable) order by column_name)"
        " from information_schema.columns where table_name = 'promised'"
    )
    assert columns[0] == [
        ("account_id", "VARCHAR", "NO"),
        ("amount_cents", "BIGINT", "YES"),
    ]
    for broken in (
        "select 'a' as account_id, 'x' as amount_cents",
        "select 'a' as account_id, 1::bigint as amount_cents, 2 as more",
        "select 'a' as account",
    ):
        assert project.build({"promised": _as("table", broken)}) == {
            "promised": "error"
        }
    assert project.ask("from promised") == [("a", 1)]
