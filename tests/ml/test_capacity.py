"""What the roster and the hires will book."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from data_contracts.errors import ForecastError
from ml.attrition import AttritionEstimator
from ml.capacity import CapacityAssumptions, simulate_capacity
from ml.capacity_seats import leave_seen
from ml.panel import read_panel
from ml.ramp import RampEstimator

CALM = CapacityAssumptions(
    slip_months=0.0, fall_through_share=0.0, backfill_share=0.0, leave_share=0.0
)


@pytest.fixture(scope="module")
def fitted(small_force: pl.DataFrame):
    ramp = RampEstimator().fit(small_force)
    return ramp, AttritionEstimator().fit(small_force, ramp)


def hires(count: int, segment: str = "smb") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "segment_id": [segment], "role": ["ae"],
            "month_start": [date(2026, 3, 1)], "hires_count": [count],
        }
    )  # fmt: skip


def test_months_follow_the_panel_and_quantiles_are_ordered(fitted) -> None:
    forecast = simulate_capacity(*fitted, months=6).by_month
    assert forecast["month_start"].min() == date(2026, 1, 1)
    assert forecast["month_start"].max() == date(2026, 6, 1)
    assert (forecast["capacity_p10_cents"] <= forecast["capacity_p50_cents"]).all()
    assert (forecast["capacity_p50_cents"] <= forecast["capacity_p90_cents"]).all()


def test_the_same_seed_gives_the_same_bytes(fitted) -> None:
    one = simulate_capacity(*fitted, hires(2), months=4, seed=9)
    two = simulate_capacity(*fitted, hires(2), months=4, seed=9)
    assert one.draws.tobytes() == two.draws.tobytes()
    assert simulate_capacity(*fitted, hires(2), months=4, seed=8).draws.tobytes() != (
        one.draws.tobytes()
    )


def test_hires_add_heads_from_their_month_and_ramp_slowly(fitted) -> None:
    without = simulate_capacity(*fitted, months=12, assumptions=CALM).by_month
    with_two = simulate_capacity(
        *fitted, hires(2), months=12, assumptions=CALM
    ).by_month
    key = ["segment_id", "role", "month_start"]
    both = with_two.join(without, on=key, suffix="_before").filter(
        pl.col("segment_id") == "smb"
    )
    more = (both["heads"] - both["heads_before"]).to_numpy()
    ramped = (both["ramped_heads"] - both["ramped_heads_before"]).to_numpy()
    # Leavers are drawn anew, so heads agree to sampling noise only.
    assert abs(more[:2]).max() < 0.3
    assert more[2] > 1.6
    assert ramped[2] < 0.8 * more[2]


def test_slips_and_fall_throughs_delay_heads(fitted) -> None:
    late = CapacityAssumptions(slip_months=2.0, fall_through_share=0.5)
    calm = simulate_capacity(*fitted, hires(20), months=6, assumptions=CALM).by_month
    slow = simulate_capacity(*fitted, hires(20), months=6, assumptions=late).by_month
    at = (pl.col("segment_id") == "smb") & (pl.col("month_start") == date(2026, 3, 1))
    assert slow.filter(at)["heads"].item() < calm.filter(at)["heads"].item() - 10


def test_a_known_departure_ends_the_seat(small_force: pl.DataFrame) -> None:
    notice = small_force.with_columns(
        left_on=pl.when(pl.col("rep_id") == "old00")
        .then(date(2026, 2, 10))
        .otherwise("left_on")
    )
    ramp = RampEstimator().fit(notice)
    leavers = AttritionEstimator(yearly_rate_share=0.001).fit(notice, ramp)
    heads = simulate_capacity(ramp, leavers, months=4, assumptions=CALM).by_month
    ent = heads.filter(pl.col("segment_id") == "ent")["heads"].to_numpy()
    assert ent[1] - ent[2] > 0.8


def test_a_new_segment_borrows_and_says_so(fitted) -> None:
    frame = simulate_capacity(*fitted, hires(3, "public"), months=6).by_month
    assert frame.filter("is_borrowed")["segment_id"].unique().to_list() == ["public"]
    assert frame.filter("is_borrowed")["capacity_p90_cents"].max() > 0


def test_odds_fall_as_targets_rise(fitted) -> None:
    forecast = simulate_capacity(*fitted, months=12)
    total = forecast.draws.sum(axis=(1, 2))
    targets = pl.DataFrame(
        {
            "node_level": ["company", "company", "segment", "group"],
            "node_id": ["company", "company", "smb", "ent/ae"],
            "target_cents": [0, int(total.max()) + 1, 0, 0],
        }
    )
    assert forecast.odds(targets)["met_share"].to_list() == [1.0, 0.0, 1.0, 1.0]
    half = targets.head(1).with_columns(target_cents=pl.lit(int(np.median(total))))
    assert 0.45 < forecast.odds(half)["met_share"].item() < 0.55


def test_wrong_arguments_are_named(fitted) -> None:
    with pytest.raises(ValueError, match="months is 0"):
        simulate_capacity(*fitted, months=0)
    with pytest.raises(ForecastError, match="negative"):
        simulate_capacity(*fitted, hires(-1))
    with pytest.raises(ValueError, match="no segment 'moon'"):
        simulate_capacity(*fitted, months=1).odds(
            pl.DataFrame(
                {"node_level": ["segment"], "node_id": ["moon"], "target_cents": [1]}
            )
        )


def test_backfill_refills_what_leaves(fitted) -> None:
    refill = CapacityAssumptions(backfill_share=1.0, backfill_months=0.0)
    empty = CapacityAssumptions(backfill_share=0.0)
    full = simulate_capacity(*fitted, months=12, assumptions=refill).by_month
    left = simulate_capacity(*fitted, months=12, assumptions=empty).by_month
    last = pl.col("month_start") == date(2026, 12, 1)
    assert full.filter(last)["heads"].sum() > left.filter(last)["heads"].sum() + 1


def test_leave_is_what_whole_months_on_the_books_were_short_of(person) -> None:
    here = person("here", [5] * 10).with_columns(
        active_share=pl.Series([0.3, 1.0, 1.0, 0.0, 0.4, 1.0, 1.0, 1.0, 1.0, 1.0])
    )
    hired = person("hired", [5] * 4, tenure=0.2, first=date(2024, 7, 1)).with_columns(
        active_share=pl.Series([0.5, 1.0, 1.0, 1.0])
    )
    # a warehouse may keep rows of leavers, who work no more
    left = person("left", [5] * 6, left_on=date(2024, 3, 6)).with_columns(
        active_share=pl.Series([1.0, 1.0, 0.2, 0.0, 0.0, 0.0])
    )
    # 2.3 of 15 whole months; the first of a hire and the last of a leaver are none.
    # Twelve usual months at 2 % stand beside them.
    seen = leave_seen(read_panel(pl.concat([here, hired, left])))
    assert seen == pytest.approx((2.3 + 0.24) / (15 + 12))


def test_a_panel_without_leave_adds_next_to_none(fitted) -> None:
    assert leave_seen(fitted[0].panel_) < 0.001


def test_nobody_has_a_talent_below_nothing_however_unsure_the_level_is(
    fitted,
) -> None:
    from dataclasses import replace

    from ml.capacity import _Run
    from ml.capacity_seats import seat_everyone

    ramp, leavers = fitted
    seats, _, _ = seat_everyone(ramp, leavers, None)
    # A newcomer nothing is known of, in a company whose leavers were weak hires.
    low = replace(seats, rate=np.full(len(seats.rate), 0.9 * seats.rate.min()))
    theta = np.repeat(ramp.fit_.theta[None], 3, axis=0)
    theta[:, :, 0] += np.array([-4.0, 0.0, 4.0])[:, None]
    beta = np.repeat(leavers.coefficients_[None], 3, axis=0)
    rng = np.random.default_rng(0)
    run = _Run(ramp, leavers, low, CALM, theta, beta, rng)
    assert (run.talent > 0).all()
