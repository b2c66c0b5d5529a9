"""Long fits say how far they are; whoever listens changes nothing."""

import polars as pl
import pytest

from ml.attrition import AttritionEstimator
from ml.backtest import backtest_people
from ml.capacity import simulate_capacity
from ml.progress import Quarters
from ml.ramp import RampEstimator


def test_a_ramp_tells_every_round_and_stays_the_same(small_force: pl.DataFrame) -> None:
    heard: list[tuple[str, int, int]] = []
    told = RampEstimator().fit(small_force, on_step=lambda *step: heard.append(step))
    silent = RampEstimator().fit(small_force)
    assert [done for _, done, _ in heard] == list(range(1, silent.fit_.rounds + 1))
    assert {(what, most) for what, _, most in heard} == {("ramp", 60)}
    assert told.curve().equals(silent.curve())


def test_a_simulation_tells_every_month_of_every_block(
    small_force: pl.DataFrame,
) -> None:
    ramp = RampEstimator().fit(small_force)
    leavers = AttritionEstimator().fit(small_force, ramp)
    heard: list[tuple[str, int, int]] = []
    simulate_capacity(
        ramp, leavers, months=3, draws=10, on_step=lambda *step: heard.append(step)
    )
    assert heard == [("capacity", 1, 3), ("capacity", 2, 3), ("capacity", 3, 3)]


@pytest.mark.slow
def test_a_backtest_tells_its_past_dates(small_force: pl.DataFrame) -> None:
    heard: list[tuple[str, int, int]] = []
    backtest_people(
        small_force,
        horizon=3,
        origins=2,
        draws=10,
        on_step=lambda *step: heard.append(step),
    )
    dates = [step for step in heard if step[0] == "past dates"]
    assert dates == [("past dates", 1, 2), ("past dates", 2, 2)]
    assert any(what == "ramp" for what, _, _ in heard)


def test_a_quarter_is_told_once_and_a_new_count_starts_again() -> None:
    said: list[str] = []
    heard = Quarters(said.append)
    for _ in range(2):
        for step in range(1, 101):
            heard("ramp", step, 100)
    assert len(said) == 8
    assert said[0] == said[4] == "ramp: 25 of at most 100 steps"
