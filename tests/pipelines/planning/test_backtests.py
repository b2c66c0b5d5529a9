"""Who may speak tonight is decided by past forecasts with what was known then."""

from dataclasses import replace

import polars as pl
import pytest

from ml.backtest_scores import BACKTEST_SCHEMA
from pipelines.planning.backtests import Verdicts, judge
from pipelines.planning.inputs import Facts
from pipelines.planning.known import Known
from pipelines.planning.people_forecast import panel_of


@pytest.fixture
def booked(known: Known, facts: Facts) -> Known:
    """The fixture's bookings as deals known from the day they were won."""
    won = facts.won.with_row_index("row").with_columns(
        opportunity_id=pl.format("o{}", "row"),
        rep_id=pl.lit("r1"),
        booking_type=pl.lit("new"),
        close_date=pl.col("booked_on"),
        is_closed=pl.lit(value=True),
        is_won=pl.lit(value=True),
        known_to=None,
        learned_on=None,
        created_on=pl.col("booked_on"),
    )
    rows = won.select(
        pl.col(name).cast(kind) for name, kind in known.versions.schema.items()
    )
    return replace(known, versions=rows)


def test_every_measure_with_a_past_is_scored(booked: Known, facts: Facts) -> None:
    verdicts = judge(
        booked, panel_of(facts), model_version="abc", use_slow_engines=False
    )
    assert set(verdicts.backtest["measure"]) >= {
        "bookings", "capacity", "productivity", "attrition",
    }  # fmt: skip
    assert set(verdicts.backtest["model_version"]) == {"abc"}
    keys = ["measure", "model", "origin_on", "horizon", "node_level", "node_id"]
    assert not verdicts.backtest.select(keys).is_duplicated().any()


def test_one_past_date_judges_nobody(booked: Known, facts: Facts) -> None:
    standing = judge(
        booked, panel_of(facts), model_version="abc", use_slow_engines=False
    ).standing
    few = standing.filter(pl.col("origins_count") < 3)
    assert few.height > 0
    assert few["is_used"].all()
    assert not few["is_judged"].any()


def test_bookings_learned_after_an_origin_are_not_in_its_forecast(
    booked: Known, facts: Facts
) -> None:
    # everything was entered on the last night: no past morning knew a single win
    late = booked.versions.with_columns(learned_on=pl.lit(facts.as_of))
    rows = judge(
        replace(booked, versions=late), panel_of(facts),
        model_version="abc", use_slow_engines=False,
    ).backtest  # fmt: skip
    assert rows.filter(pl.col("measure") == "bookings").is_empty()
    assert rows.filter(pl.col("measure") == "capacity").is_empty()


def test_a_model_counts_as_used_until_it_has_lost() -> None:
    nothing = pl.DataFrame(schema=BACKTEST_SCHEMA)
    row = {"measure": "ramp", "node_level": "segment", "is_used": False}
    verdicts = Verdicts(nothing, pl.DataFrame([row]))
    assert not verdicts.is_used("ramp")
    assert verdicts.is_used("capacity")
