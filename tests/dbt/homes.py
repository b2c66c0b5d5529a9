"""Homes written by hand: every file that dbt reads, without those who write them."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from data_contracts.bridges import QUOTA_BRIDGE_COLUMNS, SCENARIO_BRIDGE_COLUMNS
from data_contracts.calendar import FiscalCalendar
from data_contracts.contract import ColumnType, all_contracts
from data_contracts.plan import COMPONENTS, EVENT_COLUMNS, VERSION_COLUMNS, Kind
from data_contracts.replanning import DECISION_COLUMNS
from pipelines.planning.forecast_files import SCHEMAS
from pipelines.settings import Settings

Row = Mapping[str, Any]
Rows = Mapping[str, Sequence[Row]]
Schema = dict[str, Any]

_RAW: dict[ColumnType, Any] = {
    ColumnType.STRING: pl.String,
    ColumnType.MONEY: pl.Decimal(18, 4),
    ColumnType.DOUBLE: pl.Float64,
    ColumnType.INTEGER: pl.Int64,
    ColumnType.DATE: pl.Date,
    ColumnType.TIMESTAMP: pl.Datetime("us"),
    ColumnType.BOOLEAN: pl.Boolean,
}
_PLAN: dict[Kind, Any] = {
    Kind.TEXT: pl.String,
    Kind.COUNT: pl.Int64,
    Kind.CENTS: pl.Int64,
    Kind.SHARE: pl.Float64,
    Kind.DATE: pl.Date,
    Kind.FLAG: pl.Boolean,
    Kind.MOMENT: pl.Datetime("us"),
}
_TEXT, _DAY, _INT, _FLOAT, _FLAG = pl.String, pl.Date, pl.Int64, pl.Float64, pl.Boolean
REFERENCE: dict[str, Schema] = {
    "run": {
        "as_of": _DAY,
        "data_through": _DAY,
        "policy_hash": _TEXT,
        "company": _TEXT,
        "currency": _TEXT,
        "booking_types": _TEXT,
        "reconciliation_tolerance_cents": _INT,
        "reconciliation_tolerance_share": _FLOAT,
    },
    "segments": {
        "segment_id": _TEXT,
        "name": _TEXT,
        "rank": pl.Int32,
        "min_employee_count": _INT,
        "max_employee_count": _INT,
        "regions": _TEXT,
        "countries": _TEXT,
        "is_default": _FLAG,
    },
    "roles": {
        "role_id": _TEXT,
        "name": _TEXT,
        "is_quota_bearing": _FLAG,
        "ote_cents": _INT,
        "variable_share": _FLOAT,
        "hris_roles": _TEXT,
    },
    "answers": {
        "metric": _TEXT,
        "node_level": _TEXT,
        "cause": _TEXT,
        "asks_for": _TEXT,
    },
    "thresholds": {
        "metric": _TEXT,
        "node_level": _TEXT,
        "false_alarms_per_year": _FLOAT,
        "min_history_months": pl.Int32,
        "asks_for": _TEXT,
        "tier": _TEXT,
    },
    "launches": {
        "launch_id": _TEXT,
        "product_id": _TEXT,
        "name": _TEXT,
        "planned_on": _DAY,
        "grace_days": pl.Int32,
    },
    "stages": {"stage": _TEXT, "rank": pl.Int32, "is_closed": _FLAG, "is_won": _FLAG},
    "plan_rates": {"currency": _TEXT, "company_currency_per_unit": _FLOAT},
    "contract_columns": {
        "contract": _TEXT,
        "column_name": _TEXT,
        "classification": _TEXT,
    },
    "matching": {
        "people_min_score_share": _FLOAT,
        "customers_min_score_share": _FLOAT,
        "accounts_min_score_share": _FLOAT,
        "hire_grace_days": pl.Int32,
    },
    "handover": {"leave_cover": _TEXT, "leave_cover_min_days": pl.Int32},
}
FORECAST: dict[str, Schema] = {
    "ramp": {
        "segment_id": _TEXT,
        "role": _TEXT,
        "tenure_month": _INT,
        "share": _FLOAT,
        "share_p10": _FLOAT,
        "share_p90": _FLOAT,
        "months_to_80": _FLOAT,
        "months_to_80_p10": _FLOAT,
        "months_to_80_p90": _FLOAT,
        "rep_months_count": _INT,
        "is_pooled": _FLAG,
    },
    "productivity": {
        "segment_id": _TEXT,
        "role": _TEXT,
        "ramped_month_cents": _INT,
        "p10_cents": _INT,
        "p90_cents": _INT,
        "reps_count": _INT,
    },
    "attrition": {
        "segment_id": _TEXT,
        "role": _TEXT,
        "tenure_band": _TEXT,
        "monthly_hazard_share": _FLOAT,
        "p10": _FLOAT,
        "p90": _FLOAT,
        "leavers_count": _INT,
        "is_informed": _FLAG,
    },
    "bookings": {
        "node_level": _TEXT,
        "node_id": _TEXT,
        "month_start": _DAY,
        "horizon": _INT,
        "p10_cents": _INT,
        "p50_cents": _INT,
        "p90_cents": _INT,
        "model": _TEXT,
        "is_thin": _FLAG,
    },
    "account_potential": {
        "account_id": _TEXT,
        "potential_cents": _INT,
        "p10_cents": _INT,
        "p90_cents": _INT,
        "icp_score": _FLOAT,
        "drivers": _TEXT,
    },
    **{
        name: dict(SCHEMAS[name])
        for name in (
            "backtest",
            "capacity_outlook",
            "pipeline",
            "plan_odds",
            "rep_outlook",
            "standing",
        )
    },
}
LOADS: Schema = {
    "known_on": _DAY,
    "contract": _TEXT,
    "contract_version": _TEXT,
    "file": _TEXT,
    "delivery": _TEXT,
    "rows_read": _INT,
    "rows_loaded": _INT,
    "rows_unchanged": _INT,
    "rows_quarantined": _INT,
    "rows_duplicate": _INT,
    "rows_deleted": _INT,
    "is_refused": _FLAG,
    "reason": _TEXT,
    "batch": _TEXT,
    "source": _TEXT,
}
REPLAYS: Schema = {
    "known_on": _DAY,
    "contract": _TEXT,
    "file": _TEXT,
    "line": _INT,
    "row_digest": _TEXT,
}
REFUSALS: Schema = {
    "known_on": _DAY,
    "contract": _TEXT,
    "file": _TEXT,
    "line": _INT,
    "rule": _TEXT,
    "column_name": _TEXT,
    "value": _TEXT,
    "row_json": _TEXT,
}

_JANUARY = FiscalCalendar(1)


def write_home(
    home: Path,
    *,
    as_of: date,
    data_through: date | None = None,
    rows: Rows,
    calendar: FiscalCalendar = _JANUARY,
) -> Settings:
    """Write every Parquet file dbt reads; tables not in `rows` have none.

    Keys of `rows` are ``crm/users``, ``reference/roles``, ``forecast/ramp``,
    ``plan_book/target``, ``quality/loads`` or ``quality/refusals``. A raw row may carry
    ``_known_on`` (the first day of the calendar unless told) and ``_is_deleted``.
    """
    settings = Settings(home)
    through = data_through or as_of - timedelta(days=1)
    first_known = date(as_of.year - 3, 1, 1)
    for contract in all_contracts():
        schema = {column.name: _RAW[column.type] for column in contract.columns}
        schema |= {
            "_known_on": _DAY,
            "_is_deleted": _FLAG,
            "_file": _TEXT,
            "_line": _INT,
            "_batch": _TEXT,
        }
        table = f"{contract.system}/{contract.table}"
        given = [
            {"_known_on": first_known, "_is_deleted": False} | dict(row)
            for row in rows.get(table, ())
        ]
        folder = settings.raw / table
        _write(folder / "0000-schema.parquet", [], schema)
        for night in sorted({row["_known_on"] for row in given}):
            versions = [row for row in given if row["_known_on"] == night]
            _write(folder / f"{night}.parquet", versions, schema)
    run = {
        "as_of": as_of,
        "data_through": through,
        "policy_hash": "policy",
        "company": "Hand Made",
        "currency": "USD",
        "booking_types": "new,expansion",
        "reconciliation_tolerance_cents": 100,
        "reconciliation_tolerance_share": 0.005,
    }
    for name, schema in REFERENCE.items():
        given = [run] if name == "run" else list(rows.get(f"reference/{name}", ()))
        _write(settings.reference / f"{name}.parquet", given, schema)
    days = calendar.days(as_of.year - 3, as_of.year + 3)
    pl.DataFrame(list(days)).with_columns(
        pl.col(
            "fiscal_year",
            "fiscal_quarter",
            "fiscal_period",
            "fiscal_week",
            "month_of_quarter",
        ).cast(pl.Int32)
    ).write_parquet(settings.reference / "fiscal_calendar.parquet")
    for name, schema in FORECAST.items():
        _write(
            settings.forecast / f"{name}.parquet",
            [dict(row) | {"as_of": as_of} for row in rows.get(f"forecast/{name}", ())],
            schema | {"as_of": _DAY},
        )
    kinds = {
        "versions": VERSION_COLUMNS,
        "events": EVENT_COLUMNS,
        "decisions": DECISION_COLUMNS,
        "quota_bridges": QUOTA_BRIDGE_COLUMNS,
        "scenario_bridges": SCENARIO_BRIDGE_COLUMNS,
    } | {
        name: {"version": Kind.COUNT} | columns for name, columns in COMPONENTS.items()
    }
    for name, columns in kinds.items():
        _write(
            settings.plan_book / f"{name}.parquet",
            rows.get(f"plan_book/{name}", ()),
            {column: _PLAN[kind] for column, kind in columns.items()},
        )
    quality = settings.raw / "quality" / "loads" / "0000-schema.parquet"
    _write(quality, rows.get("quality/loads", ()), LOADS)
    replays = settings.raw / "quality" / "replays" / "0000-schema.parquet"
    _write(replays, rows.get("quality/replays", ()), REPLAYS)
    refused = settings.quarantine / "quality" / "refusals" / "0000-schema.parquet"
    _write(refused, rows.get("quality/refusals", ()), REFUSALS)
    return settings


def _write(path: Path, rows: Sequence[Row], schema: Schema) -> None:
    unknown = {name for row in rows for name in row} - schema.keys()
    assert not unknown, f"{path} has no columns {sorted(unknown)}"
    path.parent.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(list(rows), schema=schema).write_parquet(path)
