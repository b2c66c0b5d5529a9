"""Win-within chances learned from snapshots as they looked at the time."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from data_contracts.errors import ForecastError
from ml.pipeline import PipelineEstimator
from ml.pipeline_blend import blend_weights

AS_OF = date(2025, 12, 28)


def history(months: int = 24, per_month: int = 30, seed: int = 0):
    """Deals in two stages: half of "late" is won next month, "early" moves on."""
    rng = np.random.default_rng(seed)
    snapshots, deals = [], []
    for m in range(months):
        for i in range(per_month):
            name = f"o{m:02d}-{i:03d}"
            created = date(2024 + m // 12, m % 12 + 1, 3)
            closed, won = None, False
            for age, now in enumerate(range(m, months)):
                snapshot = date(2024 + now // 12, now % 12 + 1, 28)
                if now > m and rng.random() < 0.5:
                    won = age >= 2 and rng.random() < 0.7
                    closed = date(snapshot.year, snapshot.month, 15)
                    break
                stage = "late" if age >= 1 else "early"
                snapshots.append((name, snapshot, stage, 100_00, created, None))
            deals.append((name, created, closed, won, 100_00))
    return (
        pl.DataFrame(
            snapshots,
            schema={
                "opportunity_id": pl.String, "snapshot_on": pl.Date,
                "stage": pl.String, "amount_cents": pl.Int64,
                "created_on": pl.Date, "stated_close_on": pl.Date,
            },
            orient="row",
        ),
        pl.DataFrame(
            deals,
            schema={
                "opportunity_id": pl.String, "created_on": pl.Date,
                "closed_on": pl.Date, "is_won": pl.Boolean, "amount_cents": pl.Int64,
            },
            orient="row",
        ),
    )  # fmt: skip


@pytest.fixture(scope="module")
def past():
    return history()


def test_later_stages_win_more_and_longer_windows_win_no_less(past) -> None:
    snapshots, deals = past
    model = PipelineEstimator(horizon=3).fit(snapshots, deals, as_of=AS_OF)
    now = snapshots.filter(pl.col("snapshot_on") == AS_OF)
    chance = model.win_probability(now).join(
        now.select("opportunity_id", "stage"), on="opportunity_id"
    )
    first = (
        chance.filter(pl.col("horizon") == 1)
        .group_by("stage")
        .agg(pl.col("win_share").mean())
    )
    by_stage = dict(first.iter_rows())
    assert by_stage["late"] > by_stage["early"] + 0.1
    wide = (
        chance.sort("horizon")
        .group_by("opportunity_id", maintain_order=True)
        .agg(pl.col("win_share"))
    )
    assert all(np.diff(row).min() >= 0 for row in wide["win_share"].to_list())


def test_opportunities_not_yet_created_are_always_added(past) -> None:
    snapshots, deals = past
    model = PipelineEstimator(horizon=6).fit(snapshots, deals, as_of=AS_OF)
    out = model.predict(snapshots.filter(pl.col("snapshot_on") == AS_OF))
    new = out["new_cents"].to_numpy()
    assert out.schema["horizon"] == pl.Int32
    assert new[5] > new[2] > new[0] >= 0
    assert np.allclose(out["total_cents"], out["open_cents"] + out["new_cents"])


@pytest.mark.slow
def test_an_empty_pipeline_still_expects_new_business(past) -> None:
    snapshots, deals = past
    model = PipelineEstimator().fit(snapshots, deals, as_of=AS_OF)
    out = model.predict(snapshots.clear())
    assert (out["open_cents"] == 0).all()
    assert out["total_cents"][-1] > 0


def test_what_happens_after_as_of_changes_nothing(past) -> None:
    snapshots, deals = past
    early = date(2025, 6, 28)
    doctored = deals.with_columns(
        is_won=pl.when(pl.col("closed_on") > early).then(True).otherwise("is_won")
    )
    one = PipelineEstimator().fit(snapshots, deals, as_of=early)
    two = PipelineEstimator().fit(
        snapshots.filter(pl.col("snapshot_on") <= early), doctored, as_of=early
    )
    now = snapshots.filter(pl.col("snapshot_on") == early)
    assert one.predict(now).equals(two.predict(now))


def test_an_amount_typed_wrong_does_not_become_the_forecast(past) -> None:
    snapshots, deals = past
    now = snapshots.filter(pl.col("snapshot_on") == snapshots["snapshot_on"].max())
    model = PipelineEstimator().fit(snapshots, deals, as_of=AS_OF)
    first = pl.int_range(pl.len()) == 0
    wrong = now.with_columns(
        amount_cents=pl.when(first)
        .then(pl.col("amount_cents") * 10_000)
        .otherwise("amount_cents")
    )
    calm, shaken = model.predict(now), model.predict(wrong)
    won = deals.filter("is_won")["amount_cents"].max()
    assert model.largest_cents_ >= won
    moved = (shaken["open_cents"] - calm["open_cents"]).to_numpy()
    assert moved.max() <= model.largest_cents_  # not ten thousand times one deal
    assert wrong["amount_cents"].max() > 100 * model.largest_cents_


@pytest.mark.slow
def test_a_slump_in_wins_lowers_the_level(past) -> None:
    snapshots, deals = past
    slump = deals.with_columns(
        is_won=pl.col("is_won")
        & ((pl.col("closed_on") < date(2025, 7, 1)) | (pl.int_range(pl.len()) % 3 == 0))
    )
    model = PipelineEstimator().fit(snapshots, slump, as_of=AS_OF)
    steady = PipelineEstimator().fit(snapshots, deals, as_of=AS_OF)
    assert model.level_ < 0.8 < steady.level_ < 1.25
    assert (
        PipelineEstimator(is_fast=False).fit(snapshots, slump, as_of=AS_OF).level_
        == 1.0
    )


def test_few_wins_are_flagged_thin() -> None:
    snapshots, deals = history(months=6, per_month=4)
    model = PipelineEstimator(horizon=2).fit(snapshots, deals, as_of=date(2024, 6, 28))
    assert model.is_thin_


def test_nothing_to_learn_from_is_refused(past) -> None:
    snapshots, deals = past
    with pytest.raises(ForecastError, match="month older"):
        PipelineEstimator().fit(snapshots, deals, as_of=date(2024, 2, 1))
    with pytest.raises(ForecastError, match="appears twice"):
        PipelineEstimator().fit(snapshots, pl.concat([deals, deals]), as_of=AS_OF)
    with pytest.raises(ValueError, match="stage"):
        PipelineEstimator().fit(snapshots.drop("stage"), deals, as_of=AS_OF)


def test_weights_follow_the_smaller_error() -> None:
    rng = np.random.default_rng(0)
    small, large = rng.normal(0, 1, (200, 2)), rng.normal(0, 10, (200, 2))
    assert (blend_weights(small, large) > 0.9).all()
    assert (blend_weights(large, small) < 0.1).all()
