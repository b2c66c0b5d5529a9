"""Targets grow what was booked and sum exactly at every level."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.calendar import months
from data_contracts.policy import CompanyPolicy
from pipelines.planning.targets import (
    first_horizon,
    horizon,
    target_cells,
    target_lines,
)


def policy(**changes: object) -> CompanyPolicy:
    values: dict[str, object] = {
        "company": {"name": "Acme"},
        "calendar": {"fiscal_year_start_month": 7},
        "segments": [
            {"id": "smb", "name": "Small"},
            {"id": "ent", "name": "Large", "is_default": True},
        ],
        "roles": [
            {"id": "ae", "name": "AE", "hris_roles": ["ae"], "is_quota_bearing": True}
        ],
        "targets": {"growth_share": 0.1, "growth_share_by_segment": {"ent": 0.5}},
    }
    return CompanyPolicy.model_validate(values | changes)


def booked(cents: list[int], first: date, segment: str = "smb") -> pl.DataFrame:
    return pl.DataFrame(
        {
            "segment_id": segment,
            "region_id": "east",
            "month_start": months(first, len(cents)),
            "bookings_cents": cents,
        }
    )


def test_a_whole_year_grows_by_the_policy_to_the_cent() -> None:
    history = pl.concat(
        [
            booked([100_01] * 12, date(2019, 6, 1)),
            booked([200_00] * 12, date(2019, 6, 1), "ent"),
        ]
    )
    cells = target_cells(
        history,
        policy(),
        horizon(policy(), date(2020, 7, 1)),
        last_full_month=date(2020, 5, 1),
    )
    # 12 x 100.01 x 1.1 = 1,320.132 -> 1,320.13; 12 x 200 x 1.5 = 3,600.00
    by_segment = dict(
        cells.group_by("segment_id").agg(pl.sum("value_cents")).iter_rows()
    )
    assert by_segment == {"smb": 1320_13, "ent": 3600_00}


def test_under_a_year_of_history_is_stretched_to_a_year_without_a_season() -> None:
    cells = target_cells(
        booked([100_00] * 6, date(2019, 12, 1)),
        policy(),
        horizon(policy(), date(2020, 7, 1)),
        last_full_month=date(2020, 5, 1),
    )
    assert cells["value_cents"].to_list() == [110_00] * 12


def test_the_season_of_past_years_shapes_the_months() -> None:
    flat_but_june = [100_00] * 11 + [1300_00]
    cells = target_cells(
        booked(flat_but_june, date(2019, 7, 1)),
        policy(),
        horizon(policy(), date(2020, 7, 1)),
        last_full_month=date(2020, 6, 1),
    )
    june = cells.filter(pl.col("month_start") == date(2021, 6, 1))["value_cents"]
    # June had 1,300 of 2,400: it keeps that share of 2,640
    assert june.to_list() == [1430_00]


def test_a_launch_adds_from_its_month_until_it_slips() -> None:
    launch = {
        "id": "pro",
        "product_id": "P9",
        "name": "Pro",
        "planned_on": date(2021, 1, 1),
        "expected_per_month_in_currency": 50,
    }
    with_launch = policy(launches=[launch])
    plan = horizon(with_launch, date(2020, 7, 1))
    history = booked([100_00] * 12, date(2019, 6, 1))

    def year(without: tuple[str, ...]) -> int:
        cells = target_cells(
            history,
            with_launch,
            plan,
            last_full_month=date(2020, 5, 1),
            without_launches=without,
        )
        return int(cells["value_cents"].sum())

    assert year(()) - year(("pro",)) == 6 * 50_00


@pytest.mark.parametrize(
    ("as_of", "starts_on"),
    [(date(2020, 6, 1), date(2020, 7, 1)), (date(2020, 9, 14), date(2020, 10, 1))],
)
def test_a_first_plan_starts_with_the_near_fiscal_year_or_next_month(
    as_of: date, starts_on: date
) -> None:
    plan = first_horizon(policy(), as_of)
    assert plan.effective_from == starts_on
    assert plan.effective_to == date(2021, 6, 30)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(0, 10**9), min_size=24, max_size=24),
    st.lists(st.integers(0, 10**9), min_size=24, max_size=24),
)
def test_company_segments_regions_and_cells_agree_in_every_month(
    smb: list[int], ent: list[int]
) -> None:
    west = booked(ent, date(2018, 7, 1), "ent").with_columns(region_id=pl.lit("west"))
    east = booked(smb, date(2018, 7, 1)).vstack(
        booked(ent, date(2018, 7, 1), "ent").select(pl.all())
    )
    cells = target_cells(
        pl.concat([east, west]),
        policy(),
        horizon(policy(), date(2020, 10, 1)),
        last_full_month=date(2020, 6, 1),
    )
    lines = target_lines(cells, reason="test")
    totals = lines.group_by("node_level", "month_start").agg(pl.sum("value_cents"))
    for _, month in totals.group_by("month_start"):
        assert month["value_cents"].n_unique() == 1
    assert (lines["value_cents"] >= 0).all()
