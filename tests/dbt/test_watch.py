"""The weekly watch of the warehouse is the arithmetic of ml.leading, week by week."""

from datetime import date, timedelta
from pathlib import Path
from types import SimpleNamespace

import duckdb
import jinja2
import numpy as np
import polars as pl
import pytest

from ml.drift import accumulate
from ml.leading import WEEKS_A_MONTH, leading_scores

DBT = Path(__file__).parents[2] / "dbt"
STEPS = ("week_starts", "week_epochs", "week_season", "week_measures", "week_usual")
MODELS = [*(f"steps/int_drift__{step}" for step in STEPS)]
MODELS += ["steps/int_drift__week_evidence", "fct_drift_watch"]
FIRST, HISTORY, WEEKS = date(2023, 1, 2), 110, 140
CELLS = ("smb/na", "smb/emea", "ent/na", "ent/emea")
NODES = {
    "company": ("company",),
    "segment": ("smb", "ent"),
    "region": ("na", "emea"),
    "cell": CELLS,
}
Sums = dict[str, np.ndarray]  # (cells, weeks) by what is counted


def within(level: str, node: str) -> list[bool]:
    """Return which cells lie in a node."""
    return [level == "company" or node in (cell, *cell.split("/")) for cell in CELLS]


def world(seed: int) -> Sums:
    """Make deals in four cells: smb/na falls, ent/emea is forty weeks old."""
    rng = np.random.default_rng(seed)
    rate = np.array([[9.0], [5.0], [3.0], [0.7]]) * np.linspace(1.0, 1.4, WEEKS)
    rate = rate * (1 + 0.3 * np.sin(np.arange(WEEKS) * 2 * np.pi / 52))
    rate[0, HISTORY:] *= 0.35
    rate[3, : HISTORY - 40] = 0.0
    opened = rng.poisson(rng.gamma(rate))
    decided = rng.poisson(0.8 * rate)
    won = rng.binomial(decided, 0.3)
    cents = np.where(won, np.rint(rng.gamma(2.0 * np.maximum(won, 1), 50_000)), 0)
    counts = {"opened_count": opened, "decided_count": decided, "won_count": won}
    return {**counts, "won_cents": cents}


def watched(sums: Sums, start: date) -> pl.DataFrame:
    """Run the models over a world whose plan takes force on a day."""
    weeks = [FIRST + timedelta(weeks=n) for n in range(WEEKS)]
    through = weeks[-1] + timedelta(days=6)
    node_sums = pl.DataFrame(
        {
            "node_level": level,
            "node_id": node,
            "grain": "week",
            "period_start": week,
            **{
                name: int(counts[within(level, node), place].sum())
                for name, counts in sums.items()
            },
        }
        for level, nodes in NODES.items()
        for node in nodes
        for place, week in enumerate(weeks)
        if any(counts[within(level, node), place].any() for counts in sums.values())
    )
    days = pl.DataFrame(
        {"week_start": weeks, "week_end": [w + timedelta(days=6) for w in weeks]}
    )
    thresholds = pl.DataFrame(
        {"metric": metric, "node_level": level, "false_alarms_per_year": 0.5}
        | {"min_history_months": 12}
        for metric in ("pipeline_created", "win_rate", "deal_size")
        for level in NODES
    )
    run = pl.DataFrame({"as_of": [through], "data_through": [through]})
    in_force = pl.DataFrame(
        {"month_start": [start], "plan_version": [1], "previous_plan_version": [None]},
        schema_overrides={"previous_plan_version": pl.Int64},
    )
    planned = pl.DataFrame(
        {"measure": ["bookings"], "plan_version": [1], "node_level": ["company"]}
        | {"node_id": ["company"], "month_start": [start], "plan_value": [1.0]}
    )
    tables = {
        "int_drift__node_sums": node_sums,
        "dim_fiscal_day": days,
        "stg_reference__thresholds": thresholds,
        "stg_reference__run": run,
        "int_plan__months_in_force": in_force,
        "int_plan__planned_measures": planned,
    }
    with duckdb.connect() as base:
        for name, frame in tables.items():
            base.register(name, frame)
        for path in MODELS:
            base.execute(f"create table {Path(path).name} as {rendered(path)}")
        return base.execute("select * from fct_drift_watch").pl()


def rendered(path: str) -> str:
    """Render a model as dbt does on DuckDB, each `ref` by its name."""
    macros = "".join(
        (DBT / "macros" / f"{name}.sql").read_text(encoding="utf-8")
        for name in ("numbers", "dates", "gamma", "leading")
    )
    text = (DBT / f"models/marts/drift/{path}.sql").read_text(encoding="utf-8")
    dbt = SimpleNamespace(
        dateadd=lambda part, n, day: f"({day}) + ({n}) * interval 1 {part}",
        datediff=lambda first, second, part: f"date_diff('{part}', {first}, {second})",
        type_string=lambda: "varchar",
    )
    return jinja2.Template(macros + text).render(ref=lambda name: name, dbt=dbt)


@pytest.fixture(scope="module")
def long_watch() -> pl.DataFrame:
    """Watch a company that has two years of history and more."""
    return watched(world(7), FIRST + timedelta(weeks=HISTORY))


@pytest.mark.slow
@pytest.mark.parametrize("metric", ["pipeline_created", "win_rate", "deal_size"])
@pytest.mark.parametrize("start", [HISTORY, 60])
def test_every_week_of_the_warehouse_is_that_of_the_arrays(
    long_watch: pl.DataFrame, metric: str, start: int
) -> None:
    sums = world(7)
    night = long_watch
    if start != HISTORY:  # below two years nothing is known of growth and season
        night = watched(sums, FIRST + timedelta(weeks=start))
    actual, due = {
        "pipeline_created": ("opened_count", None),
        "win_rate": ("won_count", "decided_count"),
        "deal_size": ("won_cents", "won_count"),
    }[metric]
    if start != HISTORY:
        start += 52  # after a year what is usual is learned anew
    for level, nodes in NODES.items():
        members = np.array([within(level, node) for node in nodes], dtype=float)
        scores = leading_scores(
            members @ sums[actual],
            None if due is None else members @ sums[due],
            sums["opened_count"].sum(axis=0).astype(float),
            start,
        )
        of_level = night.filter(metric=metric, node_level=level)
        for direction, z in (("below", scores.below), ("above", scores.above)):
            path = getattr(accumulate(z, periods_per_month=WEEKS_A_MONTH), direction)
            for row, node in enumerate(nodes):
                told = of_level.filter(
                    pl.col("watched_from") == FIRST + timedelta(weeks=start),
                    node_id=node, direction=direction,
                ).sort("week_start")  # fmt: skip
                weeks = z.shape[1]
                assert np.allclose(told["usual_value"], scores.expected[row], rtol=1e-6)
                assert np.allclose(told["statistic"], path[row], rtol=1e-5)
                assert told.height == weeks > 20


@pytest.mark.slow
def test_what_a_part_explains_is_told_of_the_part_and_not_of_its_neighbours(
    long_watch: pl.DataFrame,
) -> None:
    # smb/na opens a third of what it did; the other cells go on
    told = long_watch.filter(
        "is_latest", "is_alarm", ~pl.col("is_explained_by_parent"),
        metric="pipeline_created",
    )  # fmt: skip
    assert set(told["direction"]) == {"below"}
    nodes = set(told["node_id"])
    assert {"smb/na", "company"} <= nodes
    assert not nodes & {"ent", "emea", "smb/emea", "ent/na", "ent/emea"}
    assert set(long_watch.filter(~pl.col("is_silent"))["limit_value"]) == {
        52.0 * 2 * count / 0.5 for count in (1, 2, 4)
    }


@pytest.mark.slow
def test_a_node_without_a_year_of_weeks_is_silent_and_says_so(
    long_watch: pl.DataFrame,
) -> None:
    silent = long_watch.filter("is_silent")
    assert set(silent["node_id"]) == {"ent/emea"}
    assert not silent["is_alarm"].any()
    assert (silent["statistic"] > 0).all()
