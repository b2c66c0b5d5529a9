"""Targets follow products, seasons and recurring revenue as the policy decides."""

from dataclasses import replace
from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts.calendar import months
from data_contracts.errors import PolicyError
from data_contracts.policy import CompanyPolicy
from pipelines.planning.cycle import PlanDraft
from pipelines.planning.finance import with_finance
from pipelines.planning.inputs import ARR_SCHEMA, PRODUCT_SCHEMA, Facts
from pipelines.planning.people import Forecasts
from pipelines.planning.products import with_products
from pipelines.planning.recurring import recurring_of
from pipelines.planning.revenue import asked_cells, product_cents
from pipelines.planning.targets import Horizon, first_horizon, target_lines
from tests.pipelines.planning import conftest as small

BEHIND = months(date(2025, 1, 1), 12)


def asking(facts: Facts, **targets: Any) -> Facts:
    """Return the facts under other targets, checked as a whole."""
    whole = facts.policy.model_dump(mode="json")
    whole["targets"] |= targets
    return replace(facts, policy=CompanyPolicy.model_validate(whole))


@pytest.fixture(scope="module")
def selling(facts: Facts) -> Facts:
    """smb books 700 of P1, 200 of P2 and 100 of nothing named in every month."""
    rows = [
        ("smb", product, month, cents)
        for month in BEHIND
        for product, cents in (("P1", 700_00), ("P2", 200_00))
    ]
    products = pl.DataFrame(rows, schema=PRODUCT_SCHEMA, orient="row")
    return replace(facts, products=products)


@pytest.fixture(scope="module")
def recurring(facts: Facts) -> Facts:
    """smb stands at 12,000 of ARR, wins 100 and loses 100 in every month of 2025."""
    rows = [("smb", date(2024, 12, 1), "new", 12_000_00)]
    for month in BEHIND:
        rows += [("smb", month, "new", 100_00), ("smb", month, "churn", -100_00)]
    arr = pl.DataFrame(rows, schema=ARR_SCHEMA, orient="row")
    policy = facts.policy.model_copy(update={"launches": ()})
    return replace(facts, arr=arr, policy=policy)


def horizon_of(facts: Facts) -> Horizon:
    return first_horizon(facts.policy, facts.as_of)


def year_of(facts: Facts, segment: str = "smb") -> int:
    cells = asked_cells(facts, horizon_of(facts))
    mine = cells.filter(pl.col("segment_id") == segment)
    return int(mine["value_cents"].sum())


def planned(facts: Facts, forecasts: Forecasts) -> pl.DataFrame:
    """Return the target lines of a plan, without people and money for them."""
    plan = horizon_of(facts)
    content = {
        "target": target_lines(asked_cells(facts, plan), reason="x"),
        "compensation": pl.DataFrame(
            schema={
                "segment_id": pl.String,
                "role": pl.String,
                "month_start": pl.Date,
                "target_pay_cents": pl.Int64,
                "variable_cents": pl.Int64,
            }
        ),
    }
    draft = with_products(PlanDraft(content, 0.0, "optimal", ()), facts, plan)
    return with_finance(draft, facts, forecasts, plan).content["target"]


def values(lines: pl.DataFrame, node: str, measure: str = "bookings") -> list[int]:
    mine = lines.filter(pl.col("node_id") == node, pl.col("measure") == measure)
    return mine.sort("month_start")["value_cents"].to_list()


GROWN = [
    {"product_id": "P1", "growth_share": 0.2, "price_change_share": 0.1},
    {"product_id": "P2", "growth_share": 0.0},
]
MIXED = [
    {"product_id": "P1", "mix_share": 0.75},
    {"product_id": "P2", "mix_share": 0.25, "price_change_share": 0.2},
]


def test_growth_and_price_of_each_product_make_the_target(selling: Facts) -> None:
    # a year of P1 is 8,400 x 1.2 x 1.1, of P2 2,400, of the rest 1,200 x 1.1
    facts = asking(selling, products=GROWN)
    parts = product_cents(facts)["smb"]
    assert {name: round(cents) for name, cents in parts.items()} == {
        "P1": 11_088_00,
        "P2": 2_400_00,
        "other": 1_320_00,
    }
    # half of the launch comes on top: 50 in each of eight months
    assert year_of(facts) == 14_808_00 + 400_00
    assert year_of(facts, "ent") == 13_200_00 + 400_00
    assert year_of(selling) == 13_200_00 + 400_00


def test_a_mix_splits_the_target_and_prices_come_on_top(selling: Facts) -> None:
    # 13,200: three quarters of P1; a quarter of P2, dearer by a fifth
    parts = product_cents(asking(selling, products=MIXED))["smb"]
    assert {name: round(cents) for name, cents in parts.items()} == {
        "P1": 9_900_00,
        "P2": 3_960_00,
    }


def test_product_lines_sum_to_segments_and_to_the_company(
    selling: Facts, forecasts: Forecasts
) -> None:
    lines = planned(asking(selling, products=GROWN), forecasts)
    assert values(lines, "smb/P1")[0] == 924_00
    assert values(lines, "smb/P2")[0] == 200_00
    assert values(lines, "smb/other")[0] == 110_00
    assert values(lines, "smb/P9") == [50_00] * 8  # launched in May, none before
    for month in lines["month_start"].unique():
        told = lines.filter(
            pl.col("month_start") == month, pl.col("measure") == "bookings"
        )
        sums = dict(
            told.group_by("node_level").agg(pl.col("value_cents").sum()).iter_rows()
        )
        assert sums["product"] == sums["segment_product"] == sums["company"]


def test_a_margin_of_a_product_weighs_in_by_its_part(
    selling: Facts, recurring: Facts, forecasts: Forecasts
) -> None:
    halves = [
        {"product_id": "P1", "mix_share": 0.5, "gross_margin_share": 0.9},
        {"product_id": "P2", "mix_share": 0.5, "gross_margin_share": 0.6},
    ]
    facts = asking(replace(recurring, products=selling.products), products=halves)
    lines = planned(facts, forecasts)
    revenue, margin = (
        values(lines, "smb", "revenue"),
        values(lines, "smb", "gross_margin"),
    )
    assert margin == [round(cents * 0.75) for cents in revenue]
    dearer = planned(asking(recurring, gross_margin_share=0.5), forecasts)
    assert values(dearer, "smb", "gross_margin") == [
        round(cents * 0.5) for cents in values(dearer, "smb", "revenue")
    ]


def test_a_re_plan_carries_the_products_parts_over(selling: Facts) -> None:
    facts = asking(selling, products=GROWN)
    plan = horizon_of(facts)
    lines = target_lines(asked_cells(facts, plan), reason="x")
    was = lines.filter(pl.col("node_id") == "smb").with_columns(
        node_level=pl.lit("segment_product"), node_id=pl.lit("smb/P2")
    )
    draft = PlanDraft({"target": lines}, 0.0, "optimal", ())
    made = with_products(draft, facts, plan, parent={"target": was}).content["target"]
    assert values(made, "smb/P2") == values(made, "smb")
    assert values(made, "smb/P1") == []


def test_a_product_nobody_sold_is_refused_beside_those_sold(selling: Facts) -> None:
    facts = asking(selling, products=[{"product_id": "P7"}])
    with pytest.raises(PolicyError, match="'P7', of which nothing was sold") as caught:
        product_cents(facts)
    assert "P1, P2" in caught.value.what


def test_a_season_by_hand_takes_the_place_of_history(recurring: Facts) -> None:
    shape = [0.2, 0.1, *[0.07] * 10]
    facts = asking(recurring, season_by_fiscal_month_share=shape)
    cells = asked_cells(facts, horizon_of(facts)).filter(pl.col("segment_id") == "smb")
    assert cells["value_cents"].to_list() == [round(13_200_00 * s) for s in shape]
    own = asking(facts, season_by_fiscal_month_share_by_segment={"smb": [1] + [0] * 11})
    cells = asked_cells(own, horizon_of(own))
    first = cells.filter(pl.col("month_start") == date(2026, 1, 1))
    assert dict(first.select("segment_id", "value_cents").iter_rows()) == {
        "smb": 13_200_00,
        "ent": 2_640_00,
    }


def test_drivers_by_hand_move_the_bridge_of_recurring_revenue(
    recurring: Facts, forecasts: Forecasts
) -> None:
    # measured: 0.1 of ARR for a cent booked, a 120th lost a month; 1,100 are asked for
    by_hand = {
        "smb": {
            "new_arr_per_booking_share": 0.5,
            "expansion_per_month_share": 0.01,
            "contraction_per_month_share": 0.005,
            "churn_per_month_share": 0.02,
        }
    }
    lines = planned(asking(recurring, arr_drivers_by_segment=by_hand), forecasts)
    assert values(lines, "smb", "arr_opening")[0] == 12_000_00
    assert values(lines, "smb", "arr_new")[0] == 550_00 + 120_00
    assert values(lines, "smb", "arr_lost")[0] == -300_00
    assert values(lines, "smb", "arr_closing")[0] == 12_370_00
    measured = planned(recurring, forecasts)
    assert values(measured, "smb", "arr_new")[0] == 110_00
    assert values(measured, "smb", "arr_lost")[0] == -100_00
    why = lines.filter(pl.col("measure") == "arr_new")["reason"][0]
    assert "by policy: churn_per_month_share" in why


def test_one_driver_by_hand_leaves_the_others_as_measured(recurring: Facts) -> None:
    facts = asking(
        recurring, arr_drivers_by_segment={"smb": {"contraction_per_month_share": 0.01}}
    )
    moves = recurring_of(facts, "smb")
    assert moves.lost_share == pytest.approx(1 / 120 + 0.01)
    assert moves.new_per_booking == pytest.approx(0.1)


def test_expansion_by_hand_is_not_counted_in_new_business_too(
    recurring: Facts,
) -> None:
    half = pl.when(pl.col("month_start") >= date(2025, 7, 1)).then(pl.lit("expansion"))
    arr = recurring.arr.with_columns(
        movement=pl.when(pl.col("movement") == "new")
        .then(half.otherwise("movement"))
        .otherwise("movement")
    )
    facts = asking(
        replace(recurring, arr=arr),
        arr_drivers_by_segment={"smb": {"expansion_per_month_share": 0.0}},
    )
    # half of the 1,200 won was expansion: 600 of new for 12,000 booked
    assert recurring_of(facts, "smb").new_per_booking == pytest.approx(0.05)


@pytest.mark.parametrize("growth", [0.1, 0.0, 0.4])
def test_targets_that_grow_recurring_revenue_bring_it_there(
    recurring: Facts, forecasts: Forecasts, growth: float
) -> None:
    facts = asking(recurring, growth_of="arr", growth_share=growth)
    lines = planned(facts, forecasts)
    closing = values(lines, "smb", "arr_closing")[-1]
    assert abs(closing - round(12_000_00 * (1 + growth))) <= 12  # a cent a month


def test_without_losses_bookings_are_the_missing_arr_over_what_a_booking_brings(
    recurring: Facts,
) -> None:
    # 10 % of 12,000 at a tenth of ARR for each cent booked
    facts = asking(
        recurring,
        growth_of="arr",
        arr_drivers_by_segment={"smb": {"churn_per_month_share": 0}},
    )
    assert year_of(facts) == 12_000_00


def test_growing_recurring_revenue_needs_bookings_that_bring_some(
    recurring: Facts,
) -> None:
    facts = asking(
        recurring,
        growth_of="arr",
        arr_drivers_by_segment={"smb": {"new_arr_per_booking_share": 0}},
    )
    with pytest.raises(PolicyError, match="brought no ARR"):
        asked_cells(facts, horizon_of(facts))


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(
    sold=st.lists(st.integers(0, 900_00), min_size=2, max_size=2),
    growth=st.lists(st.floats(-0.9, 3), min_size=2, max_size=2),
    price=st.lists(st.floats(-0.5, 1), min_size=2, max_size=2),
    mix=st.one_of(st.none(), st.floats(0, 1)),
)
def test_whatever_products_bring_their_lines_add_up_in_every_month(
    sold: list[int], growth: list[float], price: list[float], mix: float | None
) -> None:
    base = small.facts.__wrapped__(small.policy.__wrapped__())  # type: ignore[attr-defined]
    rows = [
        ("smb", name, month, cents)
        for month in BEHIND
        for name, cents in zip(("P1", "P2"), sold, strict=True)
    ]
    products = pl.DataFrame(rows, schema=PRODUCT_SCHEMA, orient="row")
    told: list[dict[str, Any]] = [
        {"product_id": name, "price_change_share": change}
        for name, change in zip(("P1", "P2"), price, strict=True)
    ]
    for one, share, part in zip(told, growth, (mix, 1 - (mix or 0)), strict=True):
        one |= {"growth_share": share} if mix is None else {"mix_share": part}
    facts = asking(replace(base, products=products), products=told)
    plan = horizon_of(facts)
    content = {"target": target_lines(asked_cells(facts, plan), reason="x")}
    made = with_products(PlanDraft(content, 0.0, "optimal", ()), facts, plan)
    lines = made.content["target"]
    by = ["segment_id", "month_start"]
    parts = (
        lines.filter(pl.col("node_level") == "segment_product")
        .with_columns(segment_id=pl.col("node_id").str.split("/").list.first())
        .group_by(by)
        .agg(pl.col("value_cents").sum())
        .sort(by)
    )
    whole = lines.filter(pl.col("node_level") == "segment").select(
        pl.col("node_id").alias("segment_id"), "month_start", "value_cents"
    )
    assert parts.rows() == whole.sort(by).rows()
    assert lines.filter(pl.col("node_level") == "product")["value_cents"].min() >= 0
