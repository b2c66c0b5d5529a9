"""What a node is off plan is split into causes, and the parts are the whole."""

from math import log
from pathlib import Path

import duckdb
import jinja2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

DBT = Path(__file__).parents[2] / "dbt"
CAUSES = ("headcount", "ramp", "timing", "churn", "win_rate", "mix", "deal_size")
NODES = ("company", "a", "b", "c")

cents = st.one_of(st.just(0), st.integers(1, 10**12))
factor = st.floats(1e-3, 1e9, allow_nan=False)
known = st.dictionaries(st.sampled_from(CAUSES), st.tuples(factor, factor))
panels = st.fixed_dictionaries({name: st.tuples(cents, cents, known) for name in NODES})
Panel = dict[str, tuple[int, int, dict[str, tuple[float, float]]]]


@pytest.fixture(scope="module")
def model() -> str:
    """Render the model as dbt does, each `ref` by its name."""
    macros = "".join(
        (DBT / "macros" / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("numbers",)
    )
    text = (DBT / "models/marts/drift/fct_drift_cause.sql").read_text(encoding="utf-8")
    return jinja2.Template(macros + text).render(ref=lambda name: name)


def split(model: str, panel: Panel) -> list[tuple[str, str, int]]:
    """Return node, cause and cents of every part of a panel."""
    windows = [
        (*_node(name), plan, actual) for name, (plan, actual, _) in panel.items()
    ]
    factors = [
        (*_node(name), cause, planned, came)
        for name, (plan, actual, rows) in panel.items()
        if plan > 0 and actual > 0  # as int_drift__factors states them
        for cause, (planned, came) in rows.items()
    ]
    with duckdb.connect() as base:
        base.execute(
            "create table int_drift__windows (node_level varchar, node_id varchar, "
            "plan_cents bigint, actual_cents bigint, plan_version bigint default 1, "
            "first_month_start date, last_month_start date);"
            "create table int_drift__factors (node_level varchar, node_id varchar, "
            "cause varchar, plan_factor double, actual_factor double);"
            "create table stg_reference__run as select date '2026-05-18' as as_of"
        )
        base.executemany(
            "insert into int_drift__windows (node_level, node_id, plan_cents, "
            "actual_cents) values (?, ?, ?, ?)",
            windows,
        )
        if factors:
            base.executemany(
                "insert into int_drift__factors values (?, ?, ?, ?, ?)", factors
            )
        found = base.execute(f"select node_id, cause, amount_cents from ({model})")
        return found.fetchall()


def _node(name: str) -> tuple[str, str]:
    return ("company" if name == "company" else "segment", name)


@pytest.mark.slow
@settings(max_examples=40)
@given(panel=panels)
def test_causes_sum_to_the_variance_to_the_cent_whatever_the_panel(
    model: str, panel: Panel
) -> None:
    parts = split(model, panel)
    for name, (plan, actual, rows) in panel.items():
        mine = {cause: amount for node, cause, amount in parts if node == name}
        assert sum(mine.values()) == actual - plan
        told = set(rows) if plan > 0 and actual > 0 else set()
        assert set(mine) - {"coverage", "productivity"} == told
        assert len(mine) == len(told) + 1  # what is left is told once


@pytest.mark.slow
def test_timing_churn_and_mix_have_parts_of_their_own(model: str) -> None:
    # 800 planned, 600 came: the mean is -200 / ln(.75) = 695.21. Of deals due, 80
    # instead of 90 % were decided: 695.21 ln(.8 / .9) = -81.88, and so on.
    factors = {"timing": (0.9, 0.8), "churn": (1.0, 0.9), "mix": (20.0, 22.0)}
    panel: Panel = dict.fromkeys(NODES, (800, 600, factors))
    mean = -200 / log(0.75)
    parts = {
        cause: amount for node, cause, amount in split(model, panel) if node == "a"
    }
    assert parts["timing"] == round(mean * log(0.8 / 0.9)) == -82
    assert parts["churn"] == round(mean * log(0.9)) == -73
    assert parts["mix"] == round(mean * log(1.1)) == 66
    assert parts["productivity"] == -200 + 82 + 73 - 66
