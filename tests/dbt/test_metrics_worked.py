"""Every metric of one month, worked by hand from a few rows, asked through MetricFlow.

The rows stand in tables of the marts' own columns and types; how those rows come to be
is worked by hand elsewhere (`test_company.py` and the models' unit tests).
"""

import json
from datetime import date

import duckdb
import pytest
from asked import ask, month_of

from pipelines import warehouse

pytestmark = pytest.mark.slow

FEBRUARY = date(2026, 2, 1)
# what the tables hold, in cents; every row of January or beside the point is there to
# be left out
ROWS = {
    # deal o1 is shared by two reps; o2 was sold in euros, worth 450 at the plan's rate;
    # o3 is a renewal, which is not in the plan
    "core.fct_bookings": """
        select * from (values
            ('o1', 'r1', 'new', true, 600, 600, date '2026-02-03'),
            ('o1', 'r2', 'new', true, 400, 400, date '2026-02-03'),
            ('o2', 'r1', 'expansion', true, 500, 450, date '2026-02-28'),
            ('o3', 'r3', 'renewal', false, 100, 100, date '2026-02-14'),
            ('o4', 'r1', 'new', true, 1000, 1000, date '2026-01-31'),
            ('o5', 'r1', 'new', true, 30, 30, date '2025-03-01'),
            ('o6', 'r1', 'new', true, 50, 50, date '2025-02-28')
        ) as t (opportunity_id, rep_id, booking_type, is_in_plan, amount_cents,
            amount_plan_rate_cents, booked_on)""",
    # the last of each row is the sum of the six before it
    "core.fct_arr_month": """
        select * from (values
            ('a', date '2026-02-01', 1000, 0, 200, 0, 0, 0, 1200),
            ('b', date '2026-02-01', 500, 0, 0, 0, -50, 0, 450),
            ('c', date '2026-02-01', 0, 300, 0, 0, 0, 0, 300),
            ('d', date '2026-02-01', 400, 0, 0, 0, 0, -400, 0),
            ('e', date '2026-02-01', 0, 0, 0, 150, 0, 0, 150),
            ('a', date '2026-01-01', 0, 1000, 0, 0, 0, 0, 1000),
            ('b', date '2026-01-01', 500, 0, 0, 0, 0, 0, 500),
            ('d', date '2026-01-01', 400, 0, 0, 0, 0, 0, 400)
        ) as t (account_id, month_start, opening_cents, new_cents, expansion_cents,
            reactivation_cents, contraction_cents, churn_cents, closing_cents)""",
    # the company is the sum of its segments and may not count twice
    "core.fct_retention_month": """
        select * from (values
            ('segment', 'smb', date '2026-02-01', 1000, 1100, 900),
            ('segment', 'ent', date '2026-02-01', 3000, 3100, 2700),
            ('company', 'company', date '2026-02-01', 4000, 4200, 3600),
            ('segment', 'smb', date '2026-01-01', 1000, 500, 500)
        ) as t (node_level, node_id, month_start, year_ago_cents, retained_cents,
            kept_cents)""",
    # r3's quarter is not over for it: no miss
    "plan.fct_attainment": """
        select * from (values
            ('r1', date '2026-02-01', 1000, 800, false),
            ('r2', date '2026-02-01', 500, 550, false),
            ('r3', date '2026-02-01', 1000, 0, true),
            ('r1', date '2025-11-01', 1000, 3000, false)
        ) as t (rep_id, quarter_start, quota_cents, bookings_cents, is_partial)""",
    # ramped: from the twelfth month on, and only months that are over
    "core.fct_rep_month": """
        select * from (values
            ('r1', date '2026-02-01', 1.0, 24, 1000, false),
            ('r2', date '2026-02-01', 0.5, 12, 300, false),
            ('r3', date '2026-02-01', 0.75, 3, 200, false),
            ('r4', date '2026-02-01', 1.0, 30, 500, true),
            ('r1', date '2026-01-01', 1.0, 23, 7000, false)
        ) as t (rep_id, month_start, active_share, tenure_months, bookings_cents,
            is_partial)""",
    "core.fct_headcount_month": """
        select * from (values
            ('smb', 'ae', date '2026-02-01', 10, 2, 1, 11),
            ('ent', 'manager', date '2026-02-01', 2, 0, 0, 2),
            ('smb', 'ae', date '2026-01-01', 7, 3, 0, 10)
        ) as t (segment_id, role, month_start, opening_heads, hires_count,
            leavers_count, closing_heads)""",
    # days from opening to winning are summed over won deals
    "core.fct_funnel_month": """
        select * from (values
            ('smb', date '2026-02-01', 8, 2, 4, 60),
            ('ent', date '2026-02-01', 2, 1, 1, 90),
            ('smb', date '2026-01-01', 5, 5, 0, 5)
        ) as t (segment_id, month_start, opened_count, won_count, lost_count,
            won_cycle_days)""",
    "core.fct_revenue_month": """
        select * from (values
            ('a', date '2026-02-01', 100, 1200),
            ('b', date '2026-02-01', 50, 0),
            ('a', date '2026-01-01', 70, 70)
        ) as t (account_id, month_start, recognised_cents, invoiced_cents)""",
    "core.fct_efficiency_quarter": """
        select * from (values
            (date '2026-02-01', 3000, 2000), (date '2025-11-01', 1, 1)
        ) as t (quarter_start, sales_and_marketing_cents, new_arr_cents)""",
    "plan.fct_plan_capacity": """
        select * from (values
            (1, 'smb', 'ae', date '2026-02-01', 700),
            (1, 'ent', 'ae', date '2026-02-01', 300),
            (1, 'smb', 'ae', date '2026-01-01', 900)
        ) as t (plan_version, segment_id, role, month_start, capacity_cents)""",
    "plan.fct_pipeline_coverage": """
        select * from (values
            (1, 'smb', date '2026-02-01', 900, 300),
            (1, 'ent', date '2026-02-01', 600, 200),
            (1, 'smb', date '2025-11-01', 100, 900)
        ) as t (plan_version, segment_id, quarter_start, pipeline_cents,
            remaining_cents)""",
    # only the champion is judged; an error too low is as bad as one too high
    "forecast.fct_backtest": """
        select * from (values
            ('mean', date '2026-02-01', 1, true, 50, 1000, true),
            ('mean', date '2026-02-01', 2, true, -350, 3000, false),
            ('naive', date '2026-02-01', 1, false, 9999, 1000, true)
        ) as t (model, origin_on, horizon, is_champion, error_cents, actual_cents,
            is_covered)""",
    "drift.fct_drift_breach": """
        select * from (values
            ('b1', date '2026-02-05', 'open', 'act'),
            ('b2', date '2026-02-28', 'open', 'act'),
            ('b3', date '2026-02-10', 'answered', 'act'),
            ('b4', date '2026-01-10', 'open', 'act'),
            ('b5', date '2026-02-10', 'open', 'watch')
        ) as t (breach_key, first_seen_on, state, tier)""",
    # two snapshots in February: the month stands as it did on the last
    "core.fct_pipeline_snapshot": """
        select * from (values
            ('o8', date '2026-02-08', 900),
            ('o8', date '2026-02-28', 300),
            ('o9', date '2026-02-28', 250),
            ('o8', date '2026-01-31', 800)
        ) as t (opportunity_id, snapshot_on, amount_cents)""",
    "core.dim_fiscal_day": """
        select cast(range as date) as date_day
        from range(date '2025-01-01', date '2026-03-01', interval 1 day)""",
}
WORKED = {
    "bookings": 1600,  # 600 + 400 + 500 + 100
    "bookings_in_plan": 1500,  # without the renewal
    "bookings_constant_currency": 1550,  # 600 + 400 + 450 + 100
    "new_bookings": 1000,  # 600 + 400
    "expansion_bookings": 500,
    "won_deals": 3,  # o1 once, though two reps share it
    "mean_deal": 1600 / 3,
    "bookings_trailing_year": 2630,  # 1 March 2025 to 28 February: 30 + 1,000 + 1,600
    "arr": 2100,  # 1,200 + 450 + 300 + 0 + 150
    "new_arr": 300,
    "expansion_arr": 200,
    "reactivation_arr": 150,
    "contraction_arr": -50,
    "churned_arr": -400,
    "net_new_arr": 200,  # 300 + 200 + 150 - 50 - 400, and 2,100 less January's 1,900
    "quick_ratio": 500 / 450,  # (300 + 200) / (50 + 400)
    "year_ago_arr": 4000,  # 1,000 + 3,000
    "retained_arr": 4200,  # 1,100 + 3,100
    "kept_arr": 3600,  # 900 + 2,700
    "net_revenue_retention": 1.05,  # 4,200 / 4,000
    "gross_revenue_retention": 0.9,  # 3,600 / 4,000
    "quota": 1500,  # 1,000 + 500
    "quota_credit": 1350,  # 800 + 550
    "attainment": 0.9,  # 1,350 / 1,500, not the mean of 0.8 and 1.1
    "active_rep_months": 3.25,  # 1 + 0.5 + 0.75 + 1
    "rep_bookings": 2000,  # 1,000 + 300 + 200 + 500
    "rep_productivity": 2000 / 3.25,
    "ramped_rep_months": 1.5,  # 1 + 0.5
    "ramped_rep_bookings": 1300,  # 1,000 + 300
    "ramped_rep_productivity": 1300 / 1.5,
    "heads": 13,  # 11 + 2
    "head_months": 12,  # 10 + 2
    "hires": 2,
    "leavers": 1,
    "monthly_attrition": 1 / 12,
    "deals_opened": 10,  # 8 + 2
    "deals_won": 3,  # 2 + 1
    "deals_closed": 8,  # 2 + 4 + 1 + 1
    "cycle_days_of_won": 150,  # 60 + 90
    "win_rate": 0.375,  # 3 / 8
    "sales_cycle_days": 50,  # 150 / 3
    "recognised_revenue": 150,  # 100 + 50
    "invoiced": 1200,
    "sales_and_marketing_expense": 3000,
    "new_customer_arr": 2000,
    "new_cac_ratio": 1.5,  # 3,000 / 2,000
    "productive_capacity": 1000,  # 700 + 300
    "pipeline_due": 1500,  # 900 + 600
    "plan_remaining": 500,  # 300 + 200
    "pipeline_coverage": 3.0,  # 1,500 / 500
    "absolute_error": 400,  # 50 + 350
    "actual_judged": 4000,  # 1,000 + 3,000
    "forecasts_covered": 1,
    "forecasts_judged": 2,
    "forecast_error": 0.1,  # 400 / 4,000
    "interval_coverage": 0.5,  # 1 / 2
    "drift_breaches": 3,  # b1, b2, b3
    "open_drift_breaches": 2,  # b1, b2
    "open_pipeline": 550,  # 300 + 250
}


@pytest.fixture(scope="module")
def marts(tmp_path_factory):
    """A warehouse of these rows alone, each column of the type the mart promises."""
    nodes = json.loads(warehouse.manifest().read_text("utf-8"))["nodes"].values()
    types = {
        f"{node['schema']}.{node['name']}": node["columns"]
        for node in nodes
        if node["resource_type"] == "model"
    }
    folder = tmp_path_factory.mktemp("worked")
    with duckdb.connect(folder / "warehouse.duckdb") as connection:
        for table, rows in ROWS.items():
            columns = ", ".join(
                f"{column['name']} {column['data_type']}"
                for column in types[table].values()
            )
            schema = table.split(".")[0]
            connection.execute(f"create schema if not exists {schema}")
            connection.execute(f"create table {table} ({columns})")
            connection.execute(f"insert into {table} by name {rows}")
        yield lambda sql: connection.execute(sql).pl()


@pytest.mark.parametrize("metric", WORKED)
def test_a_metric_is_the_number_worked_by_hand(engine, marts, metric: str) -> None:
    found = month_of(ask(engine, marts, metric, "metric_time__month"))
    assert found[FEBRUARY] == pytest.approx(WORKED[metric])


def test_no_metric_is_left_out(metrics) -> None:
    assert metrics[1] == WORKED.keys()
