"""A small company written by hand: six reps, two segments, thirty months, one plan.

From February 2026 the small-business segment sells half of what it used to, and on
10 April one of its reps leaves.
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from data_contracts.calendar import add_months, months

AS_OF = date(2026, 6, 15)
FIRST = date(2024, 1, 1)
REPS = {  # rep: segment, region, hired, left
    "R1": ("smb", "na", date(2022, 1, 10), None),
    "R2": ("smb", "na", date(2023, 3, 1), None),
    "R3": ("smb", "emea", date(2022, 6, 1), date(2026, 4, 10)),
    "R4": ("smb", "emea", date(2025, 5, 15), None),
    "R5": ("ent", "na", date(2021, 1, 1), None),
    "R6": ("ent", "emea", date(2023, 9, 1), None),
}
Table = list[dict[str, Any]]


def at(day: date, hour: int = 0) -> datetime:
    """Return an hour of a day, UTC, as raw files hold it."""
    return datetime.combine(day, time(hour))


def rows() -> dict[str, Table]:
    """Return every table of the company, by the keys of ``write_home``."""
    parts = (_policy(), _people(), _deals(), _shared_deals(), _billing(), _money())
    every: dict[str, Table] = {}
    for part in (*parts, _plan(), _doors()):
        for table, given in part.items():
            every[table] = every.get(table, []) + given
    return every


def _policy() -> dict[str, Table]:
    every = ("targets,capacity,quotas", "act")
    return {
        "reference/segments": [
            {"segment_id": "ent", "name": "Enterprise", "rank": 1, "is_default": False}
            | {"min_employee_count": 1000, "regions": "", "countries": ""},
            {"segment_id": "smb", "name": "Small", "rank": 2, "is_default": True},
        ],
        "reference/roles": [
            {"role_id": "ae", "name": "Account executive", "is_quota_bearing": True}
            | {"ote_cents": 20_000_000, "variable_share": 0.5, "hris_roles": "Seller"},
            {"role_id": "manager", "name": "Manager", "is_quota_bearing": False}
            | {"ote_cents": 25_000_000, "variable_share": 0.3, "hris_roles": "Lead"},
        ],
        "reference/thresholds": [
            {"metric": metric, "node_level": level, "false_alarms_per_year": budget}
            | {"min_history_months": history, "asks_for": asks, "tier": tier}
            for metric, level, budget, history, asks, tier in [
                ("attainment", "company", 2.0, 12, *every),
                ("attainment", "company", 12.0, 12, "targets", "watch"),
                ("attainment", "segment", 2.0, 12, *every),
                ("attainment", "region", 2.0, 60, *every),
                ("headcount", "segment_role", 2.0, 6, "capacity", "act"),
                ("rep_left", "rep", 0.0, 0, "territories,quotas", "act"),
                ("launch_slipped", "launch", 0.0, 0, "targets,quotas", "act"),
                *(
                    (metric, level, 1.0, 12, "", "watch")
                    for metric in ("pipeline_created", "win_rate", "deal_size")
                    for level in ("company", "segment", "region", "cell")
                ),
            ]
        ],
        "reference/launches": [
            {"launch_id": "mobile", "product_id": "P2", "name": "Mobile"}
            | {"planned_on": date(2026, 3, 1), "grace_days": 30},
        ],
        "reference/stages": [
            {"stage": "open", "rank": 1, "is_closed": False, "is_won": False},
            {"stage": "won", "rank": 2, "is_closed": True, "is_won": True},
        ],
    }


def _people() -> dict[str, Table]:
    users: Table = [
        {"user_id": "M1", "name": "Max", "is_active": True, "employee_number": "E-M1"}
    ]
    workers: Table = [
        {"worker_id": "W-M1", "name": "Max", "hire_date": date(2020, 1, 1)}
        | {"employee_number": "E-M1", "email": "m1@x.com", "fte": 1.0}
    ]
    jobs: Table = [
        {"worker_id": "W-M1", "effective_date": date(2020, 1, 1), "role": "Lead"}
        | {"segment": "Small", "region": "na"}
    ]
    for rep, (segment, region, hired, left) in REPS.items():
        users.append(
            {"user_id": rep, "name": f"Rep {rep}", "is_active": left is None}
            | {"employee_number": f"E-{rep}", "manager_id": "M1"}
            | {"email": f"{rep.lower()}@x.com"}
        )
        workers.append(
            {"worker_id": f"W-{rep}", "name": f"Rep {rep}", "hire_date": hired}
            | {"employee_number": f"E-{rep}", "termination_date": left, "fte": 1.0}
        )
        jobs.append(
            {"worker_id": f"W-{rep}", "effective_date": hired, "role": "Seller"}
            | {"segment": segment, "region": region, "team": "east"}
        )
    return {
        "crm/users": users,
        "hris/workers": workers,
        "hris/job_history": jobs,
        "hris/leaves": [
            {"worker_id": "W-R2", "start_date": date(2026, 2, 2), "type": "parental"}
            | {"end_date": date(2026, 2, 15)}
        ],
        "hris/positions": [
            {
                "position_id": "S1",
                "role": "Seller",
                "segment": "smb",
                "status": "filled",
            }
            | {"worker_id": "W-R1", "region": "na"},
            {"position_id": "S9", "role": "Seller", "segment": "ent", "status": "open"}
            | {"target_start_on": date(2026, 9, 1), "opened_on": date(2026, 5, 1)},
        ],
        "hris/compensation": [
            {"worker_id": "W-R1", "effective_date": date(2022, 1, 10)}
            | {"base": Decimal(90_000), "target_variable": Decimal(90_000)}
        ],
        "crm/territories": [
            {"territory_id": "T1", "name": "East", "segment": "smb", "region": "na"},
            {"territory_id": "T2", "name": "West", "segment": "smb", "region": "na"},
        ],
        "crm/territory_members": [
            {"territory_id": "T1", "user_id": "R1", "started_on": date(2024, 1, 1)}
            | {"ended_on": date(2025, 6, 30)},
            {"territory_id": "T1", "user_id": "R2", "started_on": date(2025, 7, 1)},
        ],
        "crm/quotas": [
            {"user_id": rep, "period_start": start, "currency": "USD"}
            | {"period_end": add_months(start, 3) - timedelta(days=1)}
            | {"quota": Decimal(120_000)}
            for rep, (_, _, hired, left) in REPS.items()
            for start in months(FIRST, 30)[::3]
            if hired <= start and (left is None or start < left)
        ],
    }


def _deals() -> dict[str, Table]:
    accounts: Table = []
    deals: Table = []
    changes: Table = []
    for rep, (segment, region, hired, left) in REPS.items():
        account = f"A-{rep}"
        accounts.append(
            {"account_id": account, "name": f"Account of {rep}", "owner_id": rep}
            | {"employee_count": 5000 if segment == "ent" else 50, "region": region}
            | {"created_at": at(date(2023, 1, 1), 9), "country": "US"}
            | {"latitude": 40.0, "longitude": -74.0}
        )
        for number, month in enumerate(months(FIRST, 30)):
            if hired > month or (left is not None and month > left):
                continue
            # 30,000 to 48,000 a month, higher at quarter ends, never the same twice
            base = 30_000 + 1_000 * ((7 * number + 3 * int(rep[1])) % 13)
            base += 6_000 * (month.month % 3 == 0)
            if segment == "smb" and month >= date(2026, 2, 1):
                base //= 2
            deals.append(
                {"opportunity_id": f"O-{rep}-{number:02}", "account_id": account}
                | {"owner_id": rep, "name": "deal", "type": "new", "stage": "won"}
                | {"amount": Decimal(base) + Decimal("0.30"), "currency": "USD"}
                | {"probability": 100.0, "close_date": month + timedelta(days=11)}
                | {"created_at": at(month, 8)}
                | {"is_closed": True, "is_won": True, "product_id": "P1"}
            )
    deals.append(
        {"opportunity_id": "O-open", "account_id": "A-R1", "owner_id": "R1"}
        | {"stage": "open", "amount": Decimal(9000), "probability": 40.0}
        | {"close_date": date(2026, 7, 31), "created_at": at(date(2026, 4, 1), 8)}
        | {"is_closed": False, "is_won": False, "currency": "USD"}
    )
    for on, amount, close in [
        (at(date(2026, 4, 1), 8), 5000, date(2026, 5, 31)),
        (at(date(2026, 5, 20), 8), 9000, date(2026, 7, 31)),
    ]:
        changes.append(
            {"opportunity_id": "O-open", "changed_at": on, "stage": "open"}
            | {"amount": Decimal(amount), "close_date": close, "probability": 40.0}
        )
    return {
        "crm/accounts": accounts,
        "crm/opportunities": deals,
        "crm/opportunity_history": changes,
        "crm/products": [
            {"product_id": "P1", "name": "Desk", "is_active": True, "family": "core"},
            {"product_id": "P2", "name": "Mobile", "is_active": True, "family": "new"},
        ],
    }


def _shared_deals() -> dict[str, Table]:
    """Deals with more than one rep, in another currency, or told field by field."""
    deal = {"stage": "won", "is_closed": True, "is_won": True, "probability": 100.0}
    return {
        "crm/opportunities": [
            {"opportunity_id": "O-eur", "account_id": "A-R6", "owner_id": "R6"}
            | deal
            | {"type": "expansion", "amount": Decimal("1000.01"), "currency": "EUR"}
            | {"close_date": date(2024, 2, 20), "created_at": at(date(2024, 1, 2))},
            {"opportunity_id": "O-lost", "account_id": "A-R6", "owner_id": "R6"}
            | deal
            | {"stage": "lost", "is_won": False, "probability": 0.0, "type": "new"}
            | {"amount": Decimal(700), "currency": "USD"}
            | {"close_date": date(2024, 3, 20), "created_at": at(date(2024, 1, 2))},
        ],
        "crm/opportunity_field_history": [
            {"opportunity_id": "O-eur", "changed_at": at(date(2024, 2, 1), 8)}
            | {"field": "amount", "old_value": "500", "new_value": "1000.01"}
        ],
        "crm/opportunity_splits": [
            {"opportunity_id": "O-R5-00", "user_id": "R5", "percent": 60.0}
            | {"split_type": "revenue"},
            {"opportunity_id": "O-R5-00", "user_id": "R6", "percent": 40.0}
            | {"split_type": "revenue"},
            {"opportunity_id": "O-R5-00", "user_id": "R2", "percent": 100.0}
            | {"split_type": "overlay"},
        ],
        "crm/account_territories": [
            {"account_id": "A-R1", "territory_id": "T1"}
            | {"started_on": date(2024, 1, 1)}
        ],
    }


def _money() -> dict[str, Table]:
    """Rates, credit notes, what finance booked, and whom HR is looking for."""
    return {
        "reference/plan_rates": [{"currency": "EUR", "company_currency_per_unit": 1.1}],
        "crm/exchange_rates": [
            {"currency": "EUR", "started_on": date(2024, 1, 1), "rate": 1.2},
            {"currency": "EUR", "started_on": date(2024, 3, 1), "rate": 1.3},
        ],
        "billing/credit_notes": [
            {"credit_note_id": "N1", "invoice_id": "V1", "amount": Decimal(10)}
            | {"issued_at": at(date(2026, 5, 10), 9)}
        ],
        "hris/requisitions": [
            {"requisition_id": "Q1", "position_id": "S9", "status": "open"}
            | {"opened_on": date(2026, 5, 1)},
            {"requisition_id": "Q2", "role": "Seller", "segment": "smb"}
            | {"status": "open", "opened_on": date(2026, 6, 1)},
        ],
        "finance/actuals": [
            {"month_start": month, "department": department, "account": account}
            | {"expense_type": kind, "actual": Decimal(actual), "currency": "USD"}
            for month in months(date(2025, 10, 1), 8)
            for department, account, kind, actual in (
                ("sales", "6000", "sales_and_marketing", 400),
                ("support", "5000", "cost_of_revenue", 10),
            )
        ],
        "forecast/backtest": [
            {"measure": "bookings", "model": "mean", "horizon": horizon}
            | {"origin_on": date(2026, 1, 1)}
            | {"node_level": "company", "node_id": "company", "is_champion": True}
            | {"actual_cents": actual, "forecast_cents": actual + error}
            | {"lower_cents": 0, "upper_cents": 0}
            | {"is_covered": horizon == 1}
            for horizon, actual, error in ((1, 1_000, 50), (2, 3_000, -350))
        ],
    }


def _billing() -> dict[str, Table]:
    night = date(2026, 5, 1)
    return {
        "billing/customers": [
            {
                "customer_id": "C1",
                "account_id": "A-R1",
                "name": "One",
                "currency": "usd",
            },
            {"customer_id": "C2", "account_id": None, "name": "Nobody's"},
        ],
        "billing/subscriptions": [
            {"subscription_id": "S1", "customer_id": "C1", "status": "active"}
            | {"started_at": at(date(2026, 1, 15), 10)},
            {"subscription_id": "S2", "customer_id": "C2", "status": "canceled"}
            | {"started_at": at(date(2025, 1, 1)), "ended_at": at(date(2026, 3, 1))},
        ],
        "billing/subscription_items": [
            {"item_id": "I1", "subscription_id": "S1", "quantity": 10.0}
            | {"unit_amount": Decimal("9.99"), "interval": "month"},
            {"item_id": "I1", "subscription_id": "S1", "quantity": 15.0}
            | {"unit_amount": Decimal("9.99"), "interval": "month", "_known_on": night},
            {"item_id": "I2", "subscription_id": "S2", "quantity": 1.0}
            | {"unit_amount": Decimal(1200), "interval": "year"},
        ],
        "billing/invoices": [
            {"invoice_id": "V1", "customer_id": "C1", "status": "paid"}
            | {"issued_at": at(date(2026, 1, 15), 12), "total": Decimal("100.00")},
            {"invoice_id": "V2", "customer_id": "C1", "status": "void"}
            | {"issued_at": at(date(2026, 2, 15), 12), "total": Decimal("999.00")},
        ],
        "billing/invoice_lines": [
            {"line_id": "L1", "invoice_id": "V1", "amount": Decimal("100.00")}
            | {"period_start": date(2026, 1, 15), "period_end": date(2026, 7, 14)},
            {"line_id": "L2", "invoice_id": "V2", "amount": Decimal("999.00")}
            | {"period_start": date(2026, 2, 15), "period_end": date(2026, 8, 14)},
        ],
    }


def _plan() -> dict[str, Table]:
    year = months(date(2026, 1, 1), 12)
    target = {"smb": 14_000_000, "ent": 7_200_000}
    nodes = [("segment", s, cents) for s, cents in target.items()]
    nodes += [("company", "company", 21_200_000)]
    nodes += [("region", "na", 10_600_000), ("region", "emea", 10_600_000)]
    return {
        "plan_book/versions": [
            {"version": 1, "state": "published", "scenario": "base", "title": "2026"}
            | {"as_of": date(2025, 12, 31), "effective_from": date(2026, 1, 1)}
            | {"effective_to": date(2026, 12, 31), "proposed_by": "ana@x.com"}
            | {"proposed_at": at(date(2026, 1, 2)), "decided_by": "bo@x.com"},
            {"version": 2, "state": "proposed", "scenario": "base", "parent_version": 1}
            | {"as_of": AS_OF, "effective_from": date(2026, 7, 1), "title": "re-plan"}
            | {"breach_key": "rep_left:R3:2026-04-10", "proposed_by": "drift"},
        ],
        "plan_book/events": [
            {"seq": 1, "version": 1, "to_state": "draft", "actor": "ana@x.com"}
        ],
        "plan_book/target": [
            {"version": 1, "node_level": level, "node_id": node, "month_start": month}
            | {"measure": "bookings", "value_cents": cents, "reason": "growth"}
            for level, node, cents in nodes
            for month in year
        ],
        "plan_book/capacity": [
            {"version": 1, "segment_id": segment, "role": "ae", "month_start": month}
            | {"heads": heads, "ramped_heads": heads, "capacity_cents": target[segment]}
            for segment, heads in (("smb", 4.0), ("ent", 2.0))
            for month in year
        ],
        "plan_book/hire": [
            {"version": 1, "segment_id": "smb", "role": "ae", "hires_count": 1}
            | {"month_start": date(2026, 9, 1), "reason": "growth"}
        ],
        "plan_book/assignment": [
            {
                "version": 1,
                "account_id": f"A-{rep}",
                "rep_id": rep,
                "segment_id": segment,
            }
            | {"valid_from": date(2026, 1, 1), "is_moved": False, "reason": "kept"}
            for rep, (segment, _, _, _) in REPS.items()
        ],
        "plan_book/quota": [
            {"version": 1, "rep_id": rep, "segment_id": segment, "region_id": region}
            | {"month_start": month, "quota_cents": 4_000_000, "base_cents": 3_500_000}
            for rep, (segment, region, _, _) in REPS.items()
            for month in year
        ],
        "plan_book/compensation": [
            {"version": 1, "segment_id": "smb", "role": "ae", "month_start": year[0]}
            | {"heads": 4.0, "target_pay_cents": 6_666_667, "variable_cents": 3_333_333}
        ],
        "forecast/bookings": [
            {"node_level": "company", "node_id": "company", "horizon": step}
            | {"month_start": add_months(date(2026, 5, 1), step), "model": "mean"}
            | {"p10_cents": 1, "p50_cents": 2, "p90_cents": 3, "is_thin": False}
            for step in (1, 2)
        ],
    }


def _doors() -> dict[str, Table]:
    return {
        "quality/loads": [
            {"known_on": FIRST, "contract": "crm-users", "file": "users.csv"}
            | {"rows_read": 8, "rows_loaded": 7, "rows_unchanged": 0}
            | {"rows_quarantined": 1, "rows_duplicate": 0, "rows_deleted": 0}
            | {"is_refused": False, "delivery": "full", "contract_version": "1.0.0"}
        ],
        "quality/refusals": [
            {"known_on": FIRST, "contract": "crm-users", "file": "users.csv", "line": 9}
            | {"rule": "required", "column_name": "name", "value": None}
            | {"row_json": "{}"}
        ],
    }
