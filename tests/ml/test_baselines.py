"""The spreadsheets answer in the columns of the models they stand in for."""

import polars as pl
import pytest

from ml.attrition import AttritionEstimator
from ml.baselines import flat_hazard, mean_productivity, sheet_capacity, tenure_curve
from ml.productivity import ProductivityEstimator
from ml.ramp import RampEstimator


def test_columns_and_types_are_those_of_the_models(small_force: pl.DataFrame) -> None:
    ramp = RampEstimator().fit(small_force)
    assert tenure_curve(small_force).schema == ramp.curve().schema
    made = ProductivityEstimator(ramp=ramp).fit(small_force).by_group()
    assert mean_productivity(small_force).schema == made.schema
    leavers = AttritionEstimator().fit(small_force, ramp)
    assert flat_hazard(small_force).schema == leavers.hazard().schema


def test_the_mean_of_ramped_reps_is_the_mean(person) -> None:
    force = pl.concat([person("a", [100] * 12), person("b", [300] * 12)])
    assert mean_productivity(force)["ramped_month_cents"].to_list() == [200]
    assert sheet_capacity(force, [("smb", "ae")], 2).tolist() == [[400.0, 400.0]]


def test_the_flat_rate_is_leavers_over_months(small_force: pl.DataFrame) -> None:
    rate = flat_hazard(small_force)["monthly_hazard_share"].unique().to_list()
    assert rate == [pytest.approx(2 / small_force.height, rel=0.01)]


def test_tenure_means_never_fall_and_reach_one(person) -> None:
    force = pl.concat(
        [
            person("old", [100] * 24),
            person("new", [0, 50, 40, 90, 100, 100], tenure=0.5),
        ]
    )
    curve = tenure_curve(force)
    share = curve["share"].to_list()
    assert share == sorted(share)
    assert share[0] == 0.0
    assert share[-1] == 1.0
    assert curve["months_to_80"][0] == 4.0  # tenure 3.5 rounds to 4, 90 % of 100
