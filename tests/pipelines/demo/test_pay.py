"""Pay: accelerators by hand, commissions that add up, and what finance books of it."""

from datetime import date
from functools import cache

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.demo import norms, truth
from pipelines.demo.extracts_crm import quotas
from pipelines.demo.extracts_hris import compensation, workers
from pipelines.demo.finance import CLOSE_DAYS, EMPLOYER_SHARE, finance_actuals
from pipelines.demo.months import day_number
from pipelines.demo.pay import commissions, payout_share
from pipelines.demo.recurring import arr_total
from pipelines.demo.world import World, live

NIGHT = date(2026, 6, 5)


@cache
def world() -> World:
    return live(size="small", seed=7, as_of=date(2026, 9, 30))


@pytest.mark.parametrize(
    ("attainment", "paid"),
    [
        (0.0, 0.0),
        (0.8, 0.8),  # a rate of one below quota
        (1.2, 1.3),  # 1.0 + 0.2 at one and a half
        (1.25, 1.375),
        (2.0, 2.875),  # 1.375 + 0.75 at twice
    ],
)
def test_each_part_of_attainment_pays_the_rate_of_its_tier(
    attainment: float, paid: float
) -> None:
    assert payout_share(np.array([attainment])) == pytest.approx([paid])


@pytest.mark.slow
@given(st.lists(st.floats(0, 10), min_size=2, max_size=2))
def test_more_sold_never_pays_less(attained: list[float]) -> None:
    low, high = payout_share(np.array(sorted(attained)))
    assert low <= high


@pytest.mark.slow
def test_a_quarters_months_sum_to_what_its_attainment_earns() -> None:
    every = commissions(world(), day_number(NIGHT))
    attained = every.booked_cents.sum(axis=1) / every.quota_cents
    earned = payout_share(attained) * every.target_cents
    assert np.abs(every.paid_cents.sum(axis=1) - earned).max() <= 1.5  # cents rounded
    assert (every.paid_cents >= 0).all()
    assert (attained > 1.25).any()  # somebody met both accelerators


def test_quotas_delivered_are_those_commissions_are_paid_on() -> None:
    night = day_number(world().dates.first_night)
    told = truth.pay(world(), night).select(
        pl.col("rep_id").alias("user_id"),
        pl.col("quarter_start").alias("period_start"),
        (pl.col("quota_cents") / 100).cast(pl.Float64).alias("quota"),
    )
    shown = quotas(world(), night).select(
        "user_id", "period_start", pl.col("quota").cast(pl.Float64)
    )
    assert told.sort("user_id", "period_start").equals(shown)


def test_the_pay_plan_states_target_earnings_mix_and_accelerators() -> None:
    plan = truth.pay_plan().filter(pl.col("segment_id") == "smb")
    assert plan["ote_cents"].unique().to_list() == [12_000_000]
    assert plan["base_cents"].unique().to_list() == [6_000_000]
    tiers = zip(plan["attainment_from_share"], plan["rate_multiple"], strict=True)
    assert tuple(tiers) == norms.ACCELERATORS


def month_of(account: str, department: str, month: date) -> float:
    rows = finance_actuals(world(), day_number(NIGHT)).filter(
        (pl.col("account") == account)
        & (pl.col("department") == department)
        & (pl.col("month_start") == month)
    )
    return float(rows["actual"].cast(pl.Float64).sum())


def test_development_salaries_booked_are_the_pay_of_those_there_that_month() -> None:
    month, after = date(2026, 4, 1), date(2026, 5, 1)
    night = day_number(NIGHT)
    jobs = world().staff
    person = np.flatnonzero(jobs.people["hired"] <= night)
    role = jobs.jobs["role"][jobs.job_of(person, day_number(month) + 14)]
    staff = workers(world(), night).with_columns(
        pl.Series("role", role)
    ).filter(pl.col("role") == list(norms.ROLES).index("sdr"))  # fmt: skip
    pay = compensation(world(), night).filter(
        pl.col("effective_date") <= pl.lit(month) + pl.duration(days=14)
    )
    latest = pay.sort("effective_date").group_by("worker_id").last()
    there = staff.join(latest, on="worker_id", how="left").select(
        pl.col("base").cast(pl.Float64) / 12 * pl.col("fte"),
        (
            pl.min_horizontal("termination_date", pl.lit(date(2026, 4, 30)))
            - pl.max_horizontal("hire_date", pl.lit(month))
        ).dt.total_days().alias("days"),
    )  # fmt: skip
    share = (there["days"] + 1).clip(0) / (after - month).days
    wanted = float((there["base"] * share).sum()) * (1 + EMPLOYER_SHARE)
    booked = month_of("Salaries", "Sales Development", month)
    assert booked == pytest.approx(wanted, rel=0.02)  # who starts after mid-month


def test_commissions_booked_hold_what_sellers_earned_that_month() -> None:
    every = commissions(world(), day_number(NIGHT))
    april = every.start == day_number(date(2026, 2, 1))
    earned = every.paid_cents[april, 2].sum() / 100
    assert earned > 0
    assert month_of("Commissions", "Sales", date(2026, 4, 1)) >= earned


def test_costs_of_revenue_follow_recurring_revenue() -> None:
    revenue = arr_total(world(), day_number(date(2026, 3, 31))) / 100 / 12
    hosting = month_of("Hosting", "Cloud Operations", date(2026, 3, 1))
    assert hosting / revenue == pytest.approx(0.13, rel=0.15)


def test_a_month_is_booked_only_once_its_books_have_closed() -> None:
    closes = day_number(date(2026, 5, 1)) + CLOSE_DAYS - 1
    for night, last in ((closes - 1, date(2026, 3, 1)), (closes, date(2026, 4, 1))):
        told = finance_actuals(world(), night)
        booked = told.drop_nulls("actual")["month_start"].max()
        assert booked == last
        # the fiscal year is budgeted to its end
        assert told.drop_nulls("budget")["month_start"].max() == date(2027, 1, 1)


def test_selling_costs_what_it_does_in_companies_like_it() -> None:
    told = finance_actuals(world(), day_number(NIGHT))
    year = told.filter(
        pl.col("month_start").is_between(date(2025, 2, 1), date(2026, 1, 1))
    )
    selling = year.filter(pl.col("expense_type") == "sales_and_marketing")["actual"]
    days = [day_number(date(2025, month, 28)) for month in range(2, 13)]
    revenue = np.mean([arr_total(world(), day) for day in days]) / 100
    assert 0.30 < float(selling.sum()) / revenue < 0.75  # B: Benchmarkit, 33 to 47 %
