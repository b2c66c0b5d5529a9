"""A small company built whole: what comes out was worked by hand."""

from datetime import date

import pytest

pytestmark = pytest.mark.slow


def test_everything_builds_and_every_promise_and_unit_test_holds(built) -> None:
    assert [node.name for node in built.result.nodes if not node.is_ok] == []
    kinds = {node.unique_id.split(".")[0] for node in built.result.nodes}
    assert kinds == {"model", "test", "unit_test"}


def test_the_seller_who_left_is_nobody_today(built) -> None:
    rows = built.ask("select rep_id, is_active, left_on from core.dim_rep order by 1")
    assert [row["rep_id"] for row in rows] == ["R1", "R2", "R3", "R4", "R5", "R6"]
    assert [row["rep_id"] for row in rows if not row["is_active"]] == ["R3"]


def test_nobody_s_customer_is_an_account_of_its_own(built) -> None:
    # S2 costs 1,200.00 a year from January 2025 and ends on 1 March 2026
    assert built.ask(
        "select month_start, movement, amount_cents as amount "
        "from core.fct_arr_movement where account_id = 'customer:C2' "
        "order by month_start"
    ) == [
        {"month_start": date(2025, 1, 1), "movement": "new", "amount": 120_000},
        {
            "month_start": date(2026, 3, 1),
            "movement": "churn",
            "amount": -120_000,
        },
    ]


def test_more_seats_are_an_expansion_in_the_month_we_learn_of_them(built) -> None:
    # 10 seats at 9.99 a month are 1,198.80 a year; 15 are 1,798.20
    assert built.ask(
        "select month_start, opening_cents, amount_cents, closing_cents "
        "from core.fct_arr_movement "
        "where account_id = 'A-R1' and movement = 'expansion'"
    ) == [
        {
            "month_start": date(2026, 5, 1),
            "opening_cents": 119_880,
            "amount_cents": 59_940,
            "closing_cents": 179_820,
        }
    ]


def test_revenue_is_earned_by_day_and_the_rest_is_deferred(built) -> None:
    # 100.00 over 181 days from 15 January: 17 days are 9.39, 45 days 24.86 in all
    rows = built.ask("select * from core.fct_revenue_month order by month_start")
    assert [row["recognised_cents"] for row in rows][:2] == [939, 1547]
    assert rows[0]["invoiced_cents"] == 10_000  # the voided invoice counts nowhere
    # 10.00 is credited in May; 151 days are over on 14 June: of 90.00 then 75.09 is
    # earned (83.43 less 8.34), 14.91 not yet
    assert rows[-2]["invoiced_cents"] == -1_000
    assert rows[-1]["closing_deferred_cents"] == 9_000 - 7_509
    assert rows[-1]["is_partial"]


def test_heads_fall_by_the_leaver_in_the_month_of_leaving(built) -> None:
    assert built.ask(
        "select month_start, opening_heads, leavers_count, closing_heads "
        "from core.fct_headcount_month where segment_id = 'smb' and role = 'ae' "
        "and month_start in (date '2026-04-01', date '2026-05-01') order by 1"
    ) == [
        {
            "month_start": date(2026, 4, 1),
            "opening_heads": 4,
            "leavers_count": 1,
            "closing_heads": 3,
        },
        {
            "month_start": date(2026, 5, 1),
            "opening_heads": 3,
            "leavers_count": 0,
            "closing_heads": 3,
        },
    ]


def test_fourteen_days_of_leave_are_half_of_february(built) -> None:
    assert built.ask(
        "select active_share from core.fct_rep_month "
        "where rep_id = 'R2' and month_start = date '2026-02-01'"
    ) == [{"active_share": 0.5}]


def test_quota_is_the_plan_s_from_january_and_the_crm_s_before(built) -> None:
    rows = built.ask(
        "select quarter_start, quota_cents, quota_source, plan_version, is_partial "
        "from plan.fct_attainment where rep_id = 'R1' order by 1 desc limit 3"
    )
    assert [row["quota_source"] for row in rows] == ["plan", "plan", "crm"]
    # three months at 40,000 from the plan; 120,000 a quarter from the CRM
    assert {row["quota_cents"] for row in rows} == {12_000_000}
    assert [row["is_partial"] for row in rows] == [True, False, False]


def test_a_month_that_is_not_over_is_never_a_miss(built) -> None:
    assert built.ask(
        "select variance, is_partial, forecast_p50 from plan.fct_plan_vs_actual "
        "where node_level = 'company' and measure = 'bookings' "
        "and month_start = date '2026-06-01'"
    ) == [{"variance": None, "is_partial": True, "forecast_p50": 2.0}]


def test_a_segment_at_half_its_plan_is_a_breach_and_the_other_is_not(built) -> None:
    breaches = built.ask(
        "select node_id, direction, scope, state from drift.fct_drift_breach "
        "where metric = 'attainment' order by node_id"
    )
    assert [row["node_id"] for row in breaches] == ["company", "smb"]
    assert {row["direction"] for row in breaches} == {"below"}
    assert [row["scope"] for row in breaches] == ["company", "segment:smb"]


def test_prices_that_halve_are_watched_where_they_do_and_ask_for_nothing(
    built,
) -> None:
    # as many deals are opened and won as ever; those of small business bring half
    assert built.ask(
        "select node_id, metric, direction, state, asks_for, is_due, verdict "
        "from drift.fct_drift_breach where tier = 'watch' order by node_id"
    ) == [
        {
            "node_id": node,
            "metric": "deal_size",
            "direction": "below",
            "state": "open",
            "asks_for": "",
            "is_due": False,
            "verdict": None,
        }
        for node in ("company", "smb")
    ]


def test_the_leaver_s_accounts_are_a_breach_that_is_being_answered(built) -> None:
    assert built.ask(
        "select breach_key, scope, state, asks_for, is_still_true "
        "from drift.fct_drift_breach where metric = 'rep_left'"
    ) == [
        {
            "breach_key": "rep_left:R3:2026-04-10",
            "scope": "rep:R3",
            "state": "proposed",
            "asks_for": "territories,quotas",
            "is_still_true": True,
        }
    ]


def test_a_launch_past_its_grace_is_a_breach(built) -> None:
    keys = built.ask(
        "select breach_key from drift.fct_drift_breach where metric = 'launch_slipped'"
    )
    assert keys == [{"breach_key": "launch_slipped:mobile:2026-04-01"}]


def test_a_node_with_too_little_history_says_nothing(built) -> None:
    # the policy asks for 60 months of a region's history, and there are 24
    rows = built.ask(
        "select distinct status from drift.rpt_drift_board where node_level = 'region'"
    )
    assert rows == [{"status": "silent"}]


def test_no_hr_identity_and_no_pay_is_outside_the_restricted_schema(built) -> None:
    names = built.ask(
        "select distinct table_schema from information_schema.columns "
        "where column_name in ('worker_id', 'employee_number', 'email', 'base_cents') "
        "and table_schema not in ('staging', 'intermediate') and table_name "
        "not in ('fct_plan_quota')"
    )
    assert names == [{"table_schema": "restricted"}]


def test_every_mart_says_as_of_which_night_it_is(built) -> None:
    marts = built.ask(
        "select table_schema || '.' || table_name as mart "
        "from information_schema.tables "
        "where table_schema not in ('staging', 'intermediate', 'main')"
    )
    dated = built.ask(
        "select table_schema || '.' || table_name as mart "
        "from information_schema.columns where column_name = 'as_of'"
    )
    assert [row for row in marts if row not in dated] == []


def test_hr_and_crm_disagree_about_the_leaver_s_accounts_and_one_late_deal(
    built,
) -> None:
    # R3 left on 10 April; April's deal closed on the 12th
    assert built.ask(
        "select rep_id, finding, rows_count from quality.rpt_rep_reconciliation "
        "order by finding"
    ) == [
        {"rep_id": "R3", "finding": "booked_after_leaving", "rows_count": 1},
        {"rep_id": "R3", "finding": "owns_accounts_after_leaving", "rows_count": 1},
    ]


def test_a_seat_that_is_open_waits_beside_those_that_are_filled(built) -> None:
    assert built.ask(
        "select seat_id, rep_id, is_inferred from core.dim_seat "
        "where seat_id in ('S1', 'S9', 'rep:R5') order by seat_id"
    ) == [
        {"seat_id": "S1", "rep_id": "R1", "is_inferred": False},
        {"seat_id": "S9", "rep_id": None, "is_inferred": False},
        {"seat_id": "rep:R5", "rep_id": "R5", "is_inferred": True},
    ]


def test_a_deal_two_reps_share_is_booked_once(built) -> None:
    # O-R5-00 is 32,000.30 + 300 % 13 ...: sixty per cent is R5's, forty R6's
    whole, parts, overlay = (
        built.ask(sql)[0]["cents"]
        for sql in (
            "select amount_cents as cents from core.fct_opportunity "
            "where opportunity_id = 'O-R5-00'",
            "select cast(sum(amount_cents) as bigint) as cents from core.fct_bookings "
            "where opportunity_id = 'O-R5-00'",
            "select amount_cents as cents from core.fct_overlay_credit "
            "where opportunity_id = 'O-R5-00' and rep_id = 'R2'",
        )
    )
    assert whole == parts == overlay == 3_200_030
    assert built.ask(
        "select rep_id, amount_cents from core.fct_bookings "
        "where opportunity_id = 'O-R5-00' order by rep_id"
    ) == [
        {"rep_id": "R5", "amount_cents": 1_920_018},
        {"rep_id": "R6", "amount_cents": 1_280_012},
    ]


def test_euros_count_at_the_day_s_rate_and_at_the_plan_s(built) -> None:
    # 1,000.01 EUR on 20 February 2024: 1.20 that day, 1.10 in the plan
    assert built.ask(
        "select amount_cents, amount_transaction_cents, amount_plan_rate_cents, "
        "rate_source from core.fct_bookings where opportunity_id = 'O-eur'"
    ) == [
        {
            "amount_cents": 120_001,
            "amount_transaction_cents": 100_001,
            "amount_plan_rate_cents": 110_001,
            "rate_source": "dated",
        }
    ]


def test_a_change_of_one_field_shows_the_pipeline_before_it(built) -> None:
    # 500 EUR until 1 February, then 1,000.01, at the rate of the day it was won
    weeks = built.ask(
        "select distinct amount_cents from core.fct_pipeline_snapshot "
        "where opportunity_id = 'O-eur' order by 1"
    )
    assert [week["amount_cents"] for week in weeks] == [60_000, 120_001]


def test_a_hire_under_way_without_a_position_is_a_seat(built) -> None:
    assert built.ask(
        "select seat_id, status from core.dim_seat where status = 'open' order by 1"
    ) == [
        {"seat_id": "S9", "status": "open"},
        {"seat_id": "requisition:Q2", "status": "open"},
    ]


def test_pipeline_is_kept_by_night_for_a_month_and_by_week_for_ever(built) -> None:
    days = built.ask(
        "select snapshot_on, bool_or(is_week_end) as is_week_end "
        "from core.fct_pipeline_snapshot where opportunity_id = 'O-open' "
        "group by all order by 1 desc"
    )
    assert len(days[:31]) == 31
    assert days[0]["snapshot_on"] == date(2026, 6, 14)
    assert (days[0]["snapshot_on"] - days[30]["snapshot_on"]).days == 30
    assert all(day["is_week_end"] for day in days[31:])
