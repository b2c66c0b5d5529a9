"""What dbt said is said again where it would say the same, and left to it elsewhere."""

from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pytest

from pipelines.settings import Settings
from pipelines.statements import Heard, Node, Said

PROFILE = """
continuous_aop:
  outputs:
    home:
      threads: 1
      settings:
        file_search_path: "{{ env_var('AOP_HOME') }}"
        TimeZone: UTC
"""
MODEL = "model.continuous_aop.fct_bookings"
TEST = "test.continuous_aop.fct_bookings__has_an_id.1a2b"


def said(home: Path, project: str = "as it is") -> Said:
    return Said(Settings(home), "actuals", project=project, profile=PROFILE)


def heard(said_of: dict[str, list[str]]) -> tuple[Node, ...]:
    """Let dbt say these statements for these nodes."""
    ear = Heard()
    config = SimpleNamespace(severity="WARN", warn_if="> 2")
    for name, statements in said_of.items():
        for sql in statements:
            ear(_event("SQLQuery", name, f'/* {{"app": "dbt"}} */\n  {sql}'))
            ear(_event("SQLQueryStatus", name, "select 'told when it is done'"))
    ended: list[Any] = [
        SimpleNamespace(node=SimpleNamespace(unique_id=name, config=config), status="x")
        for name in said_of
    ]
    return ear.nodes(ended)


def _event(kind: str, node: str, sql: str) -> SimpleNamespace:
    info = SimpleNamespace(name=kind)
    node_info = SimpleNamespace(unique_id=node)
    return SimpleNamespace(
        info=info, data=SimpleNamespace(node_info=node_info, sql=sql)
    )


def test_of_a_model_only_what_changes_the_warehouse_is_kept() -> None:
    (table, view) = heard(
        {
            MODEL: [
                "DESCRIBE (select 1)",
                'create temporary table\n "fct__tmp1" as (select 1 as x)',
                "BEGIN",
                "select column_name from (describe fct)",
                "delete from core.fct; insert into core.fct from fct__tmp1",
                "COMMIT",
            ],
            # it stands, and its SQL is the same
            "model.continuous_aop.stg_crm__users": [
                "BEGIN",
                "create or replace view staging.stg_crm__users as (select 1)",
                "COMMIT",
            ],
        }
    )
    assert table.statements == (
        'create temporary table\n "fct__tmp1" as (select 1 as x)',
        "BEGIN",
        "delete from core.fct; insert into core.fct from fct__tmp1",
        "COMMIT",
        'drop table "fct__tmp1"',
    )
    assert view.statements == ()


def test_of_a_test_only_its_question_is_kept() -> None:
    (test,) = heard({TEST: ["BEGIN", "select count(*), false, false from t"]})
    asked = ("select count(*), false, false from t",)
    assert test == Node(TEST, asked, severity="warn", warns_if="> 2")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home whose warehouse has one table."""
    with duckdb.connect(Settings(tmp_path).warehouse) as connection:
        connection.execute("create table t as select 1 as x")
    return tmp_path


def keep(home: Path, nodes: Iterable[Node]) -> Said:
    """Keep what was said one night, and come to the next."""
    said(home).keep(nodes)
    return said(home)


def test_statements_run_in_their_order_and_tests_answer(home: Path) -> None:
    again = keep(
        home,
        [
            Node(MODEL, ("BEGIN", "insert into t values (2), (3)", "COMMIT")),
            Node(TEST, ("select 0, false, false",), severity="error"),
            Node(
                f"{TEST}2",
                ("select count(*), count(*) > 2, true from t",),
                severity="warn",
                warns_if="> 2",
            ),
        ],
    )
    results = again.again()
    assert results is not None
    assert [(one.status, one.failures, one.message) for one in results] == [
        ("success", None, "OK"),
        ("pass", 0, ""),
        ("warn", 3, "Got 3 results, configured to warn if > 2"),
    ]
    assert not again.is_half_done
    with duckdb.connect(Settings(home).warehouse, read_only=True) as connection:
        assert connection.execute("select sum(x) from t").fetchone() == (6,)


@pytest.mark.parametrize(
    "node",
    [
        Node(MODEL, ("insert into nowhere values (1)",)),
        Node(TEST, ("select 1, true, true",), severity="error"),
    ],
    ids=["a model that breaks", "a test that does not hold"],
)
def test_what_does_not_go_as_it_did_is_left_to_dbt(home: Path, node: Node) -> None:
    again = keep(home, [Node(MODEL, ("BEGIN", "delete from t")), node])
    assert again.again() is None
    assert again.is_half_done
    # what was begun and not committed did not happen, and is not said another night
    with duckdb.connect(Settings(home).warehouse) as connection:
        assert connection.execute("select count(*) from t").fetchone() == (1,)
    tomorrow = said(home)
    assert tomorrow.again() is None
    assert not tomorrow.is_half_done


def test_another_project_or_no_warehouse_has_nothing_to_say_again(home: Path) -> None:
    said(home).keep([Node(MODEL, ("delete from t",))])
    assert said(home, project="as it was mended").again() is None
    path = Settings(home).dbt_target / "said_actuals.json"
    path.write_text(path.read_text("utf-8")[:-5], encoding="utf-8")
    assert said(home).again() is None
    said(home).keep([])
    Settings(home).warehouse.unlink()
    assert said(home).again() is None


def test_who_is_in_the_way_is_for_dbt_to_say(home: Path) -> None:
    again = keep(home, [Node(MODEL, ("delete from t",))])
    with duckdb.connect(Settings(home).warehouse, read_only=True):
        assert again.again() is None
    assert not again.is_half_done
    assert again.again() is not None
