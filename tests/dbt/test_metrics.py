"""Every metric, asked through MetricFlow, is what SQL written by hand gives."""

import pytest
from asked import ask, month_of

pytestmark = pytest.mark.slow

BOOKED = ("core.fct_bookings", "booked_on")
ARR = ("core.fct_arr_month", "month_start")
KEPT = ("core.fct_retention_month", "month_start", "node_level = 'company'")
QUOTAS = ("plan.fct_attainment", "quarter_start", "not is_partial")
PANEL = ("core.fct_rep_month", "month_start")
RAMPED = (*PANEL, "tenure_months >= 12 and not is_partial")
HEADS = ("core.fct_headcount_month", "month_start")
FUNNEL = ("core.fct_funnel_month", "month_start")
REVENUE = ("core.fct_revenue_month", "month_start")
SPENT = ("core.fct_efficiency_quarter", "quarter_start")
CHAMPION = ("forecast.fct_backtest", "origin_on", "is_champion")
BREACH = ("drift.fct_drift_breach", "first_seen_on")
COVERAGE = ("plan.fct_pipeline_coverage", "quarter_start")
LOST = "contraction_cents + churn_cents"
MOVED = f"new_cents + expansion_cents + reactivation_cents + {LOST}"

# metric: the aggregate by hand, then table, day and condition
BY_HAND = {
    "bookings": ("sum(amount_cents)", *BOOKED),
    "bookings_in_plan": ("sum(amount_cents)", *BOOKED, "is_in_plan"),
    "bookings_constant_currency": ("sum(amount_plan_rate_cents)", *BOOKED),
    "new_bookings": ("sum(amount_cents)", *BOOKED, "booking_type = 'new'"),
    "expansion_bookings": ("sum(amount_cents)", *BOOKED, "booking_type = 'expansion'"),
    "won_deals": ("count(distinct opportunity_id)", *BOOKED),
    "mean_deal": ("sum(amount_cents) / count(distinct opportunity_id)", *BOOKED),
    "arr": ("sum(closing_cents)", *ARR),
    "new_arr": ("sum(new_cents)", *ARR),
    "expansion_arr": ("sum(expansion_cents)", *ARR),
    "reactivation_arr": ("sum(reactivation_cents)", *ARR),
    "contraction_arr": ("sum(contraction_cents)", *ARR),
    "churned_arr": ("sum(churn_cents)", *ARR),
    "net_new_arr": (f"sum({MOVED})", *ARR),
    "quick_ratio": (
        f"sum(new_cents + expansion_cents) / nullif(-sum({LOST}), 0)",
        *ARR,
    ),
    "year_ago_arr": ("sum(year_ago_cents)", *KEPT),
    "retained_arr": ("sum(retained_cents)", *KEPT),
    "kept_arr": ("sum(kept_cents)", *KEPT),
    "net_revenue_retention": ("max(net_retention_share)", *KEPT),
    "gross_revenue_retention": ("max(gross_retention_share)", *KEPT),
    "quota": ("sum(quota_cents)", *QUOTAS),
    "quota_credit": ("sum(bookings_cents)", *QUOTAS),
    "attainment": ("sum(bookings_cents) / sum(quota_cents)", *QUOTAS),
    "active_rep_months": ("sum(active_share)", *PANEL),
    "rep_bookings": ("sum(bookings_cents)", *PANEL),
    "rep_productivity": (
        "sum(bookings_cents) / nullif(sum(active_share), 0)",
        *PANEL,
    ),
    "ramped_rep_months": ("sum(active_share)", *RAMPED),
    "ramped_rep_bookings": ("sum(bookings_cents)", *RAMPED),
    "ramped_rep_productivity": (
        "sum(bookings_cents) / nullif(sum(active_share), 0)",
        *RAMPED,
    ),
    "heads": ("sum(closing_heads)", *HEADS),
    "head_months": ("sum(opening_heads)", *HEADS),
    "hires": ("sum(hires_count)", *HEADS),
    "leavers": ("sum(leavers_count)", *HEADS),
    "monthly_attrition": (
        "sum(leavers_count) / nullif(sum(opening_heads), 0)",
        *HEADS,
    ),
    "deals_opened": ("sum(opened_count)", *FUNNEL),
    "deals_won": ("sum(won_count)", *FUNNEL),
    "deals_closed": ("sum(won_count + lost_count)", *FUNNEL),
    "cycle_days_of_won": ("sum(won_cycle_days)", *FUNNEL),
    "win_rate": (
        "sum(won_count) / nullif(sum(won_count + lost_count), 0)",
        *FUNNEL,
    ),
    "sales_cycle_days": (
        "sum(won_cycle_days) / nullif(sum(won_count), 0)",
        *FUNNEL,
    ),
    "recognised_revenue": ("sum(recognised_cents)", *REVENUE),
    "invoiced": ("sum(invoiced_cents)", *REVENUE),
    "sales_and_marketing_expense": ("sum(sales_and_marketing_cents)", *SPENT),
    "new_customer_arr": ("sum(new_arr_cents)", *SPENT),
    "new_cac_ratio": ("max(new_cac_ratio)", *SPENT),
    "productive_capacity": (
        "sum(capacity_cents)",
        "plan.fct_plan_capacity",
        "month_start",
    ),
    "pipeline_due": ("sum(pipeline_cents)", *COVERAGE),
    "plan_remaining": ("sum(remaining_cents)", *COVERAGE),
    "pipeline_coverage": (
        "sum(pipeline_cents) / nullif(sum(remaining_cents), 0)",
        *COVERAGE,
    ),
    "absolute_error": ("sum(abs(error_cents))", *CHAMPION),
    "actual_judged": ("sum(abs(actual_cents))", *CHAMPION),
    "forecasts_covered": ("count(*) filter (is_covered)", *CHAMPION),
    "forecasts_judged": ("count(*)", *CHAMPION),
    "forecast_error": ("sum(abs(error_cents)) / sum(abs(actual_cents))", *CHAMPION),
    "interval_coverage": ("avg(cast(is_covered as integer))", *CHAMPION),
    "drift_breaches": ("count(*) filter (tier = 'act')", *BREACH),
    "open_drift_breaches": (
        "count(*) filter (state = 'open' and tier = 'act')",
        *BREACH,
    ),
}
LAST_DAY = (  # of each month asked, the newest snapshot of that month
    "select date_trunc('month', snapshot_on) as month, sum(amount_cents) as value "
    "from core.fct_pipeline_snapshot where snapshot_on in (select max(snapshot_on) "
    "from core.fct_pipeline_snapshot group by date_trunc('month', snapshot_on)) "
    "group by 1"
)
TRAILING = (  # the days of the twelve months that end with the last day of the month
    "select months.month_start as month, sum(bookings.amount_cents) as value "
    "from core.dim_fiscal_period as months join core.fct_bookings as bookings "
    "on bookings.booked_on <= months.month_end "
    "and bookings.booked_on > months.month_end - interval 12 month "
    "where months.month_start <= (select max(month_start) from core.fct_bookings) "
    "group by 1"
)


def by_hand(built, sql: str) -> dict[object, float]:
    rows = built.frame(f"select cast(month as date), value from ({sql})").rows()
    return {row[0]: float(row[1]) for row in rows if row[1] is not None}


@pytest.mark.parametrize("metric", BY_HAND)
def test_a_metric_by_month_is_what_sql_by_hand_gives(engine, built, metric) -> None:
    value, table, day, *condition = BY_HAND[metric]
    expected = by_hand(
        built,
        f"select date_trunc('month', {day}) as month, {value} as value from {table} "
        f"where {' and '.join(condition) or 'true'} group by 1",
    )
    found = month_of(ask(engine, built.frame, metric, "metric_time__month"))
    assert found == pytest.approx(expected)
    assert found, "the company has something to count for every metric"


def test_every_metric_has_its_value_by_hand(metrics) -> None:
    named = metrics[1]
    assert named - BY_HAND.keys() == {"open_pipeline", "bookings_trailing_year"}
    assert BY_HAND.keys() <= named
    assert len(named) >= 30


def test_open_pipeline_of_a_month_is_that_of_its_last_snapshot(engine, built) -> None:
    found = month_of(ask(engine, built.frame, "open_pipeline", "metric_time__month"))
    assert found == pytest.approx(by_hand(built, LAST_DAY))


def test_what_stands_at_a_month_s_end_is_never_summed_over_months(
    engine, built
) -> None:
    # a year's recurring revenue and heads are those of its last month, not a sum
    for metric, column, table in (
        ("arr", "closing_cents", "core.fct_arr_month"),
        ("heads", "closing_heads", "core.fct_headcount_month"),
    ):
        (answer,) = built.ask(
            f"select sum({column}) as value from {table} "
            f"where month_start = (select max(month_start) from {table})"
        )
        years = ask(engine, built.frame, metric, "metric_time__year")
        assert years[max(years)] == float(str(answer["value"]))


def test_a_trailing_year_by_month_ends_on_the_month_s_last_day(engine, built) -> None:
    # grouped by month, MetricFlow's default takes the first day's value
    found = month_of(
        ask(engine, built.frame, "bookings_trailing_year", "metric_time__month")
    )
    expected = by_hand(built, TRAILING)
    assert {month: found[month] for month in list(expected)} == pytest.approx(expected)


def test_a_metric_can_be_asked_by_segment_and_by_what_accounts_are(
    engine, built
) -> None:
    by_segment = ask(engine, built.frame, "bookings", "segment")
    assert by_segment.keys() == {"ent", "smb"}
    by_country = ask(engine, built.frame, "bookings", "account__country")
    assert sum(by_country.values()) == pytest.approx(sum(by_segment.values()))
