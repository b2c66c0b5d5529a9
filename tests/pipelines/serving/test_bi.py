"""What `docs/bi.md` tells people to do works, with the clients it names."""

import contextlib
import io
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import duckdb
import pytest
import sqlalchemy as sa
import yaml

from pipelines.settings import Settings

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[3] / "docs" / "bi.md"
RECIPES = re.findall(
    r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
)


def newer(home: Settings, night: date) -> None:
    """Put a newer copy in place, as publication does."""
    fresh = home.serving / "next.duckdb"
    fresh.write_bytes(home.serving_copy.read_bytes())
    with duckdb.connect(fresh) as copy:
        copy.execute("update meta.publication set as_of = ?", [night])
    fresh.replace(home.serving_copy)


@pytest.fixture
def engine(home: Settings) -> Iterator[sa.Engine]:
    """As the page's recipe makes it."""
    found = sa.create_engine(
        f"duckdb:///{home.serving_copy}",
        poolclass=sa.pool.NullPool,
        connect_args={"read_only": True},
    )
    yield found
    found.dispose()


@pytest.mark.parametrize("number", range(len(RECIPES)))
def test_every_recipe_runs_as_it_stands(number: int, home: Settings) -> None:
    code = RECIPES[number].replace(".aop/", f"{home.home}/")
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        exec(compile(code, PAGE.name, "exec"), {})
    assert "attainment" in shown.getvalue()
    assert len(RECIPES) == 2


def test_the_next_connection_sees_the_next_night(
    home: Settings, engine: sa.Engine
) -> None:
    def night() -> object:
        with engine.connect() as connection:
            return connection.scalar(sa.text("select as_of from meta.publication"))

    assert night() == date(2026, 4, 12)
    newer(home, date(2026, 4, 13))
    assert night() == date(2026, 4, 13)
    with engine.connect() as held:  # who is still reading keeps the whole old night
        asked = sa.text("select as_of from meta.publication")
        assert held.scalar(asked) == date(2026, 4, 13)
        newer(home, date(2026, 4, 14))
        assert held.scalar(asked) == date(2026, 4, 13)
    assert night() == date(2026, 4, 14)


def test_tables_and_columns_are_found_by_reflection(engine: sa.Engine) -> None:
    found = sa.inspect(engine)
    assert "rpt_drift_board" in found.get_table_names(schema="drift")
    columns = found.get_columns("fct_drift_breach", schema="drift")
    kinds = {column["name"]: column["type"] for column in columns}
    assert isinstance(kinds["first_seen_on"], sa.Date)
    assert isinstance(kinds["breach_key"], sa.String)


def test_nobody_writes_through_such_a_connection(engine: sa.Engine) -> None:
    with pytest.raises(sa.exc.DBAPIError, match="read-only"), engine.begin() as wrong:
        wrong.execute(sa.text("delete from drift.rpt_drift_board"))


def test_the_shipped_dashboard_asks_for_columns_that_the_marts_promise() -> None:
    shipped = PAGE.parent / "superset"
    promised = {}
    for file in (PAGE.parents[1] / "dbt" / "models" / "marts" / "drift").glob("*.yml"):
        (model,) = yaml.safe_load(file.read_text())["models"]
        promised[model["name"]] = {column["name"] for column in model["columns"]}
    asked = {}
    for file in shipped.glob("datasets/*/*.yaml"):
        told = yaml.safe_load(file.read_text())
        columns = {column["column_name"] for column in told["columns"]}
        assert (told["schema"], columns - promised[told["table_name"]]) == (
            "drift",
            set(),
        )
        asked[told["uuid"]] = columns
    charts = [yaml.safe_load(f.read_text()) for f in shipped.glob("charts/*.yaml")]
    for chart in charts:
        params = chart["params"]
        used = {*params.get("all_columns", ()), *params.get("groupby", ())}
        assert used <= asked[chart["dataset_uuid"]], chart["slice_name"]
    (database,) = shipped.glob("databases/*.yaml")
    how = yaml.safe_load(database.read_text())
    assert how["extra"]["engine_params"]["connect_args"] == {"read_only": True}
    assert len(charts) == 5
