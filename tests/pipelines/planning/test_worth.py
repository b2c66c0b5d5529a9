"""A re-plan's gain and cost, by hand, and that it pays only above break-even."""

from datetime import date

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.calendar import months
from data_contracts.policy import CompanyPolicy
from pipelines.planning.targets import Horizon
from pipelines.planning.worth import Content, Item, Worth, changed_quotas, worth_of

YEAR = tuple(months(date(2026, 1, 1), 12))
REST = Horizon(YEAR[6], date(2026, 12, 31), YEAR[6:], YEAR)  # July to December
NO_FORECAST = pl.DataFrame(
    schema={
        "node_level": pl.String,
        "node_id": pl.String,
        "month_start": pl.Date,
        "p50_cents": pl.Int64,
    }
)


def content(
    *,
    target: int = 1_000_00,
    quota: int = 100_00,
    capacity: int = 500_00,
    pay: int = 50_00,
    moved: tuple[tuple[str, str, int, int], ...] = (),
) -> Content:
    """One segment and one rep, the same in each month; moves of (from, to, …)."""
    month = pl.DataFrame({"month_start": YEAR})
    return {
        "target": month.with_columns(
            node_level=pl.lit("cell"),
            node_id=pl.lit("smb/east"),
            measure=pl.lit("bookings"),
            value_cents=pl.lit(target, pl.Int64),
        ),
        "quota": month.with_columns(
            rep_id=pl.lit("r1"), quota_cents=pl.lit(quota, pl.Int64)
        ),
        "capacity": month.with_columns(
            segment_id=pl.lit("smb"), capacity_cents=pl.lit(capacity, pl.Int64)
        ),
        "compensation": month.with_columns(target_pay_cents=pl.lit(pay, pl.Int64)),
        "assignment": pl.DataFrame(
            [(was, now, True, cost, worth) for was, now, cost, worth in moved],
            schema={
                "previous_rep_id": pl.String,
                "rep_id": pl.String,
                "is_moved": pl.Boolean,
                "move_cost_cents": pl.Int64,
                "potential_cents": pl.Int64,
            },
            orient="row",
        ),
    }


def weigh(
    policy: CompanyPolicy,
    parent: Content,
    draft: Content,
    expected: pl.DataFrame = NO_FORECAST,
    *,
    asks_for: tuple[str, ...] = ("territories", "quotas"),
) -> Worth:
    return worth_of(
        policy,
        parent,
        draft,
        REST,
        asks_for=asks_for,
        serving={"r1", "r2"},
        expected=expected,
    )


def amounts(items: tuple[Item, ...]) -> list[int]:
    return [item.cents for item in items if item.cents]


def test_a_leavers_book_is_worth_half_its_potential_while_nobody_serves_it(
    policy: CompanyPolicy,
) -> None:
    # 12,000.00 a year for six months is 6,000.00; half of it is lost unserved
    moved = content(moved=(("gone", "r1", 0, 12_000_00),))
    found = weigh(policy, content(), moved)
    assert amounts(found.gains) == [3_000_00]
    assert amounts(found.costs) == [1_000_00]  # only reading it
    assert found.pays(1.0)


def test_what_a_departure_moves_is_no_gain_of_a_plan_about_something_else(
    policy: CompanyPolicy,
) -> None:
    moved = content(moved=(("gone", "r1", 0, 12_000_00),))
    found = weigh(policy, content(), moved, asks_for=("targets", "quotas"))
    assert found.gain_cents == 0
    assert not found.pays(0.0)


def test_an_account_taken_from_a_rep_who_is_there_costs_its_move(
    policy: CompanyPolicy,
) -> None:
    moved = content(moved=(("r2", "r1", 1_800_00, 12_000_00),))
    found = weigh(policy, content(), moved)
    assert found.gain_cents == 0
    assert amounts(found.costs) == [1_800_00, 1_000_00]
    assert not found.pays(1.0)


def test_a_target_that_is_off_costs_a_twentieth_of_what_it_is_off(
    policy: CompanyPolicy,
) -> None:
    # six months 200.00 lower: 1,200.00 off, of which 60.00; one new quota, 500.00
    found = weigh(policy, content(), content(target=800_00, quota=80_00))
    assert amounts(found.gains) == [60_00]
    assert amounts(found.costs) == [500_00, 1_000_00]
    assert not found.pays(1.0)


def test_capacity_is_worth_the_margin_of_what_it_lets_be_booked(
    policy: CompanyPolicy,
) -> None:
    # 600.00 expected, 500.00 carried: another 200.00 of capacity carries 100.00 more,
    # 75.00 of margin, in each of six months; its pay is 10.00 a month
    expected = pl.DataFrame({"month_start": YEAR}).select(
        pl.lit("segment").alias("node_level"),
        pl.lit("smb").alias("node_id"),
        "month_start",
        pl.lit(600_00, pl.Int64).alias("p50_cents"),
    )
    found = weigh(policy, content(), content(capacity=700_00, pay=60_00), expected)
    assert amounts(found.gains) == [450_00]
    assert amounts(found.costs) == [60_00, 1_000_00]
    back = weigh(policy, content(capacity=700_00, pay=60_00), content(), expected)
    assert amounts(back.gains) == [60_00]
    assert amounts(back.costs) == [450_00, 1_000_00]


def test_margin_is_the_one_the_targets_name_where_they_name_one(
    policy: CompanyPolicy,
) -> None:
    # 100.00 more carried in each of six months, at 0.4 of it instead of 0.75
    named = policy.targets.model_copy(update={"gross_margin_share": 0.4})
    expected = pl.DataFrame({"month_start": YEAR}).select(
        pl.lit("segment").alias("node_level"),
        pl.lit("smb").alias("node_id"),
        "month_start",
        pl.lit(600_00, pl.Int64).alias("p50_cents"),
    )
    own = policy.model_copy(update={"targets": named})
    found = weigh(own, content(), content(capacity=700_00), expected)
    assert amounts(found.gains) == [240_00]


def test_the_sum_is_told_with_its_lines(policy: CompanyPolicy) -> None:
    told = weigh(policy, content(), content(target=800_00)).told()
    assert told == (
        "gain 60.00 (targets no longer off 60.00) against "
        "cost 1,000.00 (reading and deciding 1,000.00)"
    )


@pytest.mark.slow
@given(st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_a_plan_that_changes_nothing_never_pays(
    target: int, quota: int, pay: int
) -> None:
    same = content(target=target, quota=quota, pay=pay)
    found = weigh(_POLICY, same, same)
    assert found.gain_cents == 0
    assert not found.pays(0.0)


@given(
    st.lists(st.integers(0, 10**9), max_size=5),
    st.lists(st.integers(0, 10**9), max_size=5),
    st.floats(0, 10),
)
def test_what_pays_at_a_higher_bar_pays_at_a_lower_one(
    gains: list[int], costs: list[int], bar: float
) -> None:
    found = Worth(
        tuple(Item("gain", cents) for cents in gains),
        tuple(Item("cost", cents) for cents in costs),
    )
    assert not found.pays(bar) or found.pays(bar / 2)


def test_a_quota_that_only_moves_between_months_is_not_another_quota() -> None:
    even = pl.DataFrame(
        {"rep_id": "r1", "month_start": YEAR[6:8], "quota_cents": [100, 100]}
    )
    moved = even.with_columns(quota_cents=pl.Series([150, 50]))
    assert changed_quotas(even, moved, REST) == set()
    assert changed_quotas(even, even.head(1), REST) == {"r1"}


_POLICY = CompanyPolicy.model_validate(
    {
        "company": {"name": "Acme"},
        "segments": [{"id": "smb", "name": "Small", "is_default": True}],
        "roles": [
            {"id": "ae", "name": "AE", "hris_roles": ["ae"], "is_quota_bearing": True}
        ],
        "targets": {"growth_share": 0.1},
    }
)
