"""Write the run date, the policy and the fiscal calendar as rows for dbt to read.

SQL knows no clock and no policy file; it joins these tables.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date

import polars as pl

from data_contracts.contract import all_contracts
from data_contracts.drift import WATCHED_LEVELS
from data_contracts.policy import CompanyPolicy, load_policy
from pipelines.files import write_parquet, write_text
from pipelines.ingestion.sources import data_through
from pipelines.settings import Settings

_YEARS_BEFORE = 10  # fiscal years of calendar behind the night at least …
_YEARS_AFTER = 3  # … and ahead of it
_FIRST_YEAR = 1990

_Schema = dict[str, type[pl.DataType]]

_RUN: _Schema = {
    "as_of": pl.Date,
    "data_through": pl.Date,
    "policy_hash": pl.String,
    "company": pl.String,
    "currency": pl.String,
    "booking_types": pl.String,
    "reconciliation_tolerance_cents": pl.Int64,
    "reconciliation_tolerance_share": pl.Float64,
}
_CALENDAR: _Schema = {
    "date_day": pl.Date,
    "month_start": pl.Date,
    "month_end": pl.Date,
    "fiscal_year": pl.Int32,
    "fiscal_quarter": pl.Int32,
    "fiscal_period": pl.Int32,
    "fiscal_week": pl.Int32,
    "week_start": pl.Date,
    "week_end": pl.Date,
    "period_start": pl.Date,
    "period_end": pl.Date,
    "quarter_start": pl.Date,
    "quarter_end": pl.Date,
    "year_start": pl.Date,
    "year_end": pl.Date,
    "month_of_quarter": pl.Int32,
}
_SEGMENTS: _Schema = {
    "segment_id": pl.String,
    "name": pl.String,
    "rank": pl.Int32,
    "min_employee_count": pl.Int64,
    "max_employee_count": pl.Int64,
    "regions": pl.String,
    "countries": pl.String,
    "is_default": pl.Boolean,
}
_ROLES: _Schema = {
    "role_id": pl.String,
    "name": pl.String,
    "is_quota_bearing": pl.Boolean,
    "ote_cents": pl.Int64,
    "variable_share": pl.Float64,
    "hris_roles": pl.String,
}
_THRESHOLDS: _Schema = {
    "metric": pl.String,
    "node_level": pl.String,
    "false_alarms_per_year": pl.Float64,
    "min_history_months": pl.Int32,
    "asks_for": pl.String,
    "tier": pl.String,
}
_ANSWERS: _Schema = {
    "metric": pl.String,
    "node_level": pl.String,
    "cause": pl.String,
    "asks_for": pl.String,
}
_LAUNCHES: _Schema = {
    "launch_id": pl.String,
    "product_id": pl.String,
    "name": pl.String,
    "planned_on": pl.Date,
    "grace_days": pl.Int32,
}
_STAGES: _Schema = {
    "stage": pl.String,
    "rank": pl.Int32,
    "is_closed": pl.Boolean,
    "is_won": pl.Boolean,
}

_COLUMNS: _Schema = {
    "contract": pl.String,
    "column_name": pl.String,
    "classification": pl.String,
}
_MATCHING: _Schema = {
    "people_min_score_share": pl.Float64,
    "customers_min_score_share": pl.Float64,
    "accounts_min_score_share": pl.Float64,
    "hire_grace_days": pl.Int32,
}
_HANDOVER: _Schema = {
    "leave_cover": pl.String,
    "leave_cover_min_days": pl.Int32,
}
_PLAN_RATES: _Schema = {
    "currency": pl.String,
    "company_currency_per_unit": pl.Float64,
}


def write_reference(night: date, settings: Settings) -> dict[str, int]:
    """Write every reference table of a night, whole or not at all.

    Parameters
    ----------
    night : date
        The run's ``as_of``.
    settings : Settings
        A home with a policy and at least one extract.

    Returns
    -------
    dict of table to rows
        ``run`` always has one row; the calendar covers every day from the oldest deal
        landed, or ten fiscal years back, to three fiscal years ahead.

    Raises
    ------
    PolicyError
        If the policy file is missing or breaks a rule; nothing is written then.
    HomeError
        If nothing was delivered up to the night.
    """
    load_policy(settings.policy_file)  # refused before anything is written
    through = data_through(settings, night)
    # what the night begins with: an edit while it runs counts from the next one
    kept = settings.reference / "policy.yaml"
    write_text(settings.policy_file.read_text(encoding="utf-8"), kept)
    policy = load_policy(kept)
    tables = {
        "run": _frame(
            [
                {
                    "as_of": night,
                    "data_through": through,
                    "policy_hash": policy.digest,
                    "company": policy.company.name,
                    "currency": policy.company.currency,
                    "booking_types": _listed(policy.targets.booking_types),
                    "reconciliation_tolerance_cents": round(
                        policy.reconciliation.tolerance_in_currency * 100
                    ),
                    "reconciliation_tolerance_share": (
                        policy.reconciliation.tolerance_share
                    ),
                }
            ],
            _RUN,
        ),
        "fiscal_calendar": _calendar(policy, night, settings),
        **_decided(policy),
    }
    return {
        name: write_parquet(frame, settings.reference / f"{name}.parquet")
        for name, frame in tables.items()
    }


def _decided(policy: CompanyPolicy) -> dict[str, pl.DataFrame]:
    segments = [
        {
            "segment_id": segment.id,
            "name": segment.name,
            "rank": rank,
            "min_employee_count": segment.min_employee_count,
            "max_employee_count": segment.max_employee_count,
            "regions": _listed(segment.regions),
            "countries": _listed(segment.countries),
            "is_default": segment.is_default,
        }
        for rank, segment in enumerate(policy.segments, start=1)
    ]
    roles = [
        {
            "role_id": role.id,
            "name": role.name,
            "is_quota_bearing": role.is_quota_bearing,
            "ote_cents": round(role.ote_in_currency * 100),
            "variable_share": role.variable_share,
            "hris_roles": _listed(role.hris_roles),
        }
        for role in policy.roles
    ]
    thresholds = [
        {
            "metric": threshold.metric.value,
            "node_level": threshold.node_level,
            "false_alarms_per_year": threshold.false_alarms_per_year_count,
            "min_history_months": threshold.min_history_months,
            "asks_for": _listed(threshold.asks_for),
            "tier": threshold.tier,
        }
        for threshold in policy.drift
    ]
    thresholds += [
        {
            "metric": metric.value,
            "node_level": level,
            "false_alarms_per_year": policy.watch.false_alarms_per_year_count
            / (len(policy.watch.metrics) * len(WATCHED_LEVELS)),
            "min_history_months": policy.watch.min_history_months,
            "asks_for": "",
            "tier": "watch",
        }
        for metric in policy.watch.metrics
        for level in WATCHED_LEVELS
    ]
    answers = [
        {
            "metric": threshold.metric.value,
            "node_level": threshold.node_level,
            "cause": cause.value,
            "asks_for": _listed(asks_for),
        }
        for threshold in policy.drift
        if threshold.tier == "act"
        for cause, asks_for in sorted(threshold.asks_for_by_cause.items())
    ]
    launches = [
        {
            "launch_id": launch.id,
            "product_id": launch.product_id,
            "name": launch.name,
            "planned_on": launch.planned_on,
            "grace_days": launch.grace_days,
        }
        for launch in policy.launches
    ]
    stages = [stage.model_dump() for stage in policy.stages]
    plan_rates = [
        {"currency": currency, "company_currency_per_unit": rate}
        for currency, rate in sorted(policy.exchange.plan_rates.items())
    ]
    return {
        "segments": _frame(segments, _SEGMENTS),
        "roles": _frame(roles, _ROLES),
        "thresholds": _frame(thresholds, _THRESHOLDS),
        "answers": _frame(answers, _ANSWERS),
        "launches": _frame(launches, _LAUNCHES),
        "stages": _frame(stages, _STAGES),
        "plan_rates": _frame(plan_rates, _PLAN_RATES),
        "matching": _frame([policy.identity.model_dump()], _MATCHING),
        "handover": _frame(
            [policy.handover.model_dump(include=set(_HANDOVER))], _HANDOVER
        ),
        "contract_columns": _frame(_classified(), _COLUMNS),
    }


def _calendar(policy: CompanyPolicy, night: date, settings: Settings) -> pl.DataFrame:
    this_year = policy.fiscal.year_of(night)
    first = this_year - _YEARS_BEFORE
    deals = sorted((settings.raw / "crm" / "opportunities").glob("*.parquet"))
    if deals:
        oldest = pl.scan_parquet(deals).select(pl.col("close_date").min())
        day = oldest.collect().item()
        if day is not None:
            first = min(first, max(policy.fiscal.year_of(day), _FIRST_YEAR))
    days = policy.fiscal.days(first, this_year + _YEARS_AFTER)
    return _frame([asdict(day) for day in days], _CALENDAR)


def _classified() -> list[dict[str, str]]:
    """Say of every column of every contract who may see it."""
    return [
        {
            "contract": contract.id,
            "column_name": column.name,
            "classification": column.classification,
        }
        for contract in all_contracts()
        for column in contract.columns
    ]


def _frame(rows: Sequence[Mapping[str, object]], schema: _Schema) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=schema, orient="row")


def _listed(values: tuple[str, ...]) -> str | None:
    return ",".join(values) or None
