"""The open pipeline speaks about the next months, in calendar months, by node."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from data_contracts.calendar import add_months, months
from ml.backtest_scores import BACKTEST_SCHEMA
from pipelines.planning.inputs import Facts
from pipelines.planning.known import Known
from pipelines.planning.pipeline_forecast import blend_pipeline, remaining
from pipelines.planning.series_forecast import agree, forecast_series, node_series

NO_PAST = pl.DataFrame(schema=BACKTEST_SCHEMA)


@pytest.fixture
def selling(known: Known, facts: Facts) -> Known:
    """Two years of deals that take two months, half of them won for 100.00."""
    wins, looks = [], []
    starts = months(date(2024, 1, 1), 24)
    for place, start in enumerate(starts):
        for one in range(6):
            name, segment = f"d{place:02d}{one}", ("smb", "ent")[one % 2]
            end = add_months(start, 2).replace(day=20)
            over, won = end <= facts.as_of, one < 3
            wins.append(
                (name, f"a{0 if segment == 'smb' else 15:02d}", "r1", "new", end,
                 over, over and won, None, 100_00, None, start)
            )  # fmt: skip
            for age in (1, 2):
                last = add_months(start, age) - timedelta(days=1)
                if last <= facts.as_of and last < end:
                    looks.append(
                        (name, last, "late" if age == 2 else "early", 100_00, start,
                         end, segment, "east", "new")
                    )  # fmt: skip
    return replace(
        known,
        versions=pl.DataFrame(wins, schema=known.versions.schema, orient="row"),
        snapshots=pl.DataFrame(looks, schema=known.snapshots.schema, orient="row"),
    )


def ahead_of(facts: Facts) -> pl.DataFrame:
    return forecast_series(node_series(facts.bookings, facts.last_full_month))


def test_the_next_months_mix_pipeline_and_series_by_weight(
    selling: Known, facts: Facts
) -> None:
    ahead = ahead_of(facts)
    blend = blend_pipeline(
        selling, ahead, NO_PAST, is_used=True, data_through=facts.as_of
    )
    assert blend is not None
    both = (
        blend.ahead.join(
            blend.pipeline.with_columns(
                series_id=pl.concat_str("node_level", "node_id", separator="|")
            ),
            on=["series_id", "month_start"],
        )
        .with_columns(
            mixed=pl.col("weight_share") * pl.col("pipeline_cents")
            + (1 - pl.col("weight_share")) * pl.col("series_cents")
        )
        .sort("horizon")
    )
    assert np.allclose(both["p50"], both["mixed"], atol=2)
    weights = both["weight_share"].unique(maintain_order=True).to_list()
    assert weights == sorted(weights, reverse=True)
    later = blend.ahead.filter(pl.col("horizon") > 6)
    assert later["p50"].equals(ahead.filter(pl.col("horizon") > 6)["p50"])


def test_cells_of_the_pipeline_add_up_to_the_company(
    selling: Known, facts: Facts
) -> None:
    blend = blend_pipeline(
        selling, ahead_of(facts), NO_PAST, is_used=True, data_through=facts.as_of
    )
    assert blend is not None
    sums = blend.pipeline.group_by("node_level").agg(pl.col("open_cents").sum())
    by_level = dict(sums.iter_rows())
    assert abs(by_level["cell"] - by_level["company"]) <= 12  # rounded by node
    assert by_level["company"] > 0
    rows = agree(blend.ahead)
    total = rows.group_by("node_level").agg(pl.col("p50_cents").sum())["p50_cents"]
    assert total.n_unique() == 1


def test_a_pipeline_that_lost_has_no_weight(selling: Known, facts: Facts) -> None:
    ahead = ahead_of(facts)
    blend = blend_pipeline(
        selling, ahead, NO_PAST, is_used=False, data_through=facts.as_of
    )
    assert blend is not None
    assert blend.pipeline["weight_share"].unique().to_list() == [0.0]
    assert blend.ahead["p50"].equals(ahead["p50"])


def test_what_is_booked_in_a_month_under_way_stays(
    selling: Known, facts: Facts
) -> None:
    extra = selling.versions.head(1).with_columns(
        opportunity_id=pl.lit("big"),
        close_date=pl.lit(date(2026, 1, 5)),
        is_closed=pl.lit(value=True),
        is_won=pl.lit(value=True),
        amount_cents=pl.lit(10_000_00, pl.Int64),
    )
    one = replace(selling, versions=pl.concat([selling.versions, extra]))
    blend = blend_pipeline(
        one, ahead_of(facts), NO_PAST, is_used=True, data_through=date(2026, 1, 15)
    )
    assert blend is not None
    january = blend.ahead.filter(
        (pl.col("series_id") == "company|company")
        & (pl.col("month_start") == date(2026, 1, 1))
    )
    assert january["p50"][0] > 9_000_00
    booked = blend.pipeline.filter(pl.col("node_level") == "company").sort("horizon")
    assert booked["booked_cents"].to_list() == [10_000_00, 0, 0, 0, 0, 0]


def test_without_snapshots_there_is_no_pipeline(known: Known, facts: Facts) -> None:
    assert (
        blend_pipeline(
            known, ahead_of(facts), NO_PAST, is_used=True, data_through=facts.as_of
        )
        is None
    )


def test_a_month_under_way_has_what_is_left_of_it() -> None:
    assert remaining(date(2026, 6, 1), date(2026, 6, 30)).tolist()[0] == 0.0
    assert remaining(date(2026, 6, 1), date(2026, 5, 31)).tolist()[0] == 1.0
