"""What each rep and each node will book, from the same simulated futures."""

import numpy as np
import polars as pl
import pytest

from ml.attrition import AttritionEstimator
from ml.capacity import CapacityAssumptions, simulate_capacity
from ml.leavers import simulate_leavers
from ml.outlook import by_node, rep_outlook, simulate_labels
from ml.ramp import RampEstimator

Fitted = tuple[RampEstimator, AttritionEstimator]


@pytest.fixture(scope="module")
def fitted(small_force: pl.DataFrame) -> Fitted:
    ramp = RampEstimator().fit(small_force)
    return ramp, AttritionEstimator().fit(small_force, ramp)


def test_every_rep_on_the_books_has_an_outlook(fitted: Fitted) -> None:
    outlook = rep_outlook(*fitted, draws=100)
    assert outlook["rep_id"].to_list() == sorted(set(outlook["rep_id"]))
    assert outlook.height == 18 - 2  # two have left
    assert outlook.filter(
        (pl.col("p10_cents") > pl.col("p50_cents"))
        | (pl.col("p50_cents") > pl.col("p90_cents"))
    ).is_empty()


def test_reps_add_up_to_their_group(fitted: Fitted) -> None:
    ramp, leavers = fitted
    says = CapacityAssumptions(backfill_share=0.0)
    whole = simulate_capacity(ramp, leavers, assumptions=says, draws=600)
    reps = rep_outlook(ramp, leavers, assumptions=says, draws=600)
    total = whole.draws.sum(axis=(1, 2)).mean()
    assert reps["expected_cents"].sum() == pytest.approx(total, rel=0.06)


def test_nobody_leaves_where_the_hazard_is_switched_off(fitted: Fitted) -> None:
    ramp, leavers = fitted
    staying = CapacityAssumptions(hazard_factor=0.0, backfill_share=0.0)
    heads = simulate_capacity(ramp, leavers, assumptions=staying, draws=20)
    by_month = heads.by_month.group_by("month_start").agg(pl.col("heads").sum())
    assert by_month["heads"].unique().to_list() == [16.0]


def test_a_label_of_minus_one_leaves_a_rep_out(fitted: Fitted) -> None:
    ramp, leavers = fitted
    label = np.full(18, -1)
    label[0] = 0
    assert simulate_labels(ramp, leavers, label, months=2, draws=5).shape == (5, 1, 2)


def test_expected_values_of_nodes_add_up_exactly(fitted: Fitted) -> None:
    nodes = by_node(simulate_capacity(*fitted, months=3, draws=50))
    sums = nodes.group_by("node_level", "month_start").agg(
        pl.col("expected_cents").sum()
    )
    assert sums.group_by("month_start").agg(pl.col("expected_cents").n_unique())[
        "expected_cents"
    ].to_list() == [1, 1, 1]
    assert nodes["node_level"].unique(maintain_order=True).to_list() == [
        "company", "segment", "group",
    ]  # fmt: skip


def test_drawn_leavers_agree_with_the_chances(fitted: Fitted) -> None:
    _, leavers = fitted
    left = simulate_leavers(leavers, months=12, draws=4_000)
    chance = leavers.leave_probability(12)["leave_share"].to_numpy()
    assert left.shape == (4_000, len(chance))
    assert left.mean(axis=0) == pytest.approx(chance, abs=0.06)
    assert (simulate_leavers(leavers, months=12, draws=4_000) == left).all()


def test_wrong_horizons_are_named(fitted: Fitted) -> None:
    with pytest.raises(ValueError, match="months is 0"):
        simulate_leavers(fitted[1], months=0)
