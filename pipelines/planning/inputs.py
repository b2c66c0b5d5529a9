"""What planning reads: facts from the warehouse and forecasts from their files.

The only place in planning that knows a table's name.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl

from data_contracts.calendar import add_months
from data_contracts.errors import HomeError
from data_contracts.policy import CompanyPolicy, load_policy
from pipelines import warehouse
from pipelines.settings import Settings

_REPS = """
select
    rep_id, role, segment_id, region_id, hired_on, left_on,
    is_active, is_quota_bearing, latitude, longitude
from core.dim_rep
order by rep_id
"""
_ACCOUNTS = """
select
    account_id, parent_account_id, owner_rep_id, segment_id, region_id, industry,
    employee_count, latitude, longitude, bookings_12m_cents, open_pipeline_cents
from core.dim_account
order by account_id
"""
_REP_MONTHS = """
select
    rep_id, month_start, role, segment_id, region_id, hired_on, left_on,
    tenure_months, active_share, bookings_cents
from core.fct_rep_month
where month_start <= $last_full_month
order by rep_id, month_start
"""
_WON = """
select account_id, segment_id, region_id, booked_on, month_start, amount_cents
from core.fct_bookings
where is_in_plan
order by account_id, booked_on, amount_cents
"""
_ARR = """
select
    segment_id, month_start, movement,
    cast(sum(amount_cents) as bigint) as amount_cents
from core.fct_arr_movement
where month_start <= $last_full_month
group by segment_id, month_start, movement
order by segment_id, month_start, movement
"""
_PRODUCTS = """
select
    segment_id, product_id, month_start,
    cast(sum(amount_cents) as bigint) as amount_cents
from core.fct_bookings
where is_in_plan and month_start <= $last_full_month and product_id is not null
group by segment_id, product_id, month_start
order by segment_id, product_id, month_start
"""
_LEAVES = """
select
    rep_id, month_start,
    least(sum(leave_days) / max(days_count), 1.0) as leave_share
from core.fct_leave_month
where month_start > $last_full_month
group by rep_id, month_start
order by rep_id, month_start
"""
_HELD_QUOTAS = """
select rep_id, month_start, quota_cents
from core.fct_quota_month
where
    month_start <= $last_full_month
    and month_start > $last_full_month - interval 12 month
order by rep_id, month_start
"""
_BREACHES = """
select
    breach_key, metric, node_level, node_id, direction, first_seen_on, scope,
    asks_for, cause, state, plan_version, statistic
from drift.fct_drift_breach
where metric in ('attainment', 'headcount', 'rep_left', 'launch_slipped') -- not watched
order by breach_key
"""


ARR_SCHEMA = {
    "segment_id": pl.String,
    "month_start": pl.Date,
    "movement": pl.String,
    "amount_cents": pl.Int64,
}
PRODUCT_SCHEMA = {
    "segment_id": pl.String,
    "product_id": pl.String,
    "month_start": pl.Date,
    "amount_cents": pl.Int64,
}
LEAVE_SCHEMA = {
    "rep_id": pl.String,
    "month_start": pl.Date,
    "leave_share": pl.Float64,
}
HELD_QUOTA_SCHEMA = {
    "rep_id": pl.String,
    "month_start": pl.Date,
    "quota_cents": pl.Int64,
}


def _no_arr() -> pl.DataFrame:
    return pl.DataFrame(schema=ARR_SCHEMA)


def _no_products() -> pl.DataFrame:
    return pl.DataFrame(schema=PRODUCT_SCHEMA)


def _no_leaves() -> pl.DataFrame:
    return pl.DataFrame(schema=LEAVE_SCHEMA)


def _no_held_quotas() -> pl.DataFrame:
    return pl.DataFrame(schema=HELD_QUOTA_SCHEMA)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything one planning run knows, as of one date."""

    as_of: date
    last_full_month: date  # start of the newest month whose facts are complete
    policy: CompanyPolicy
    reps: pl.DataFrame
    accounts: pl.DataFrame
    rep_months: pl.DataFrame
    won: pl.DataFrame  # every credited booking, by account and day
    arr: pl.DataFrame = field(default_factory=_no_arr)  # movements by segment, month
    products: pl.DataFrame = field(default_factory=_no_products)  # booked, by month
    leaves: pl.DataFrame = field(default_factory=_no_leaves)  # of months to come
    held_quotas: pl.DataFrame = field(default_factory=_no_held_quotas)  # twelve months

    @property
    def bookings(self) -> pl.DataFrame:
        """Bookings by segment, region and month, complete months only, sorted."""
        return (
            self.won.filter(pl.col("month_start") <= self.last_full_month)
            .group_by("segment_id", "region_id", "month_start")
            .agg(pl.col("amount_cents").sum().alias("bookings_cents"))
            .sort("segment_id", "region_id", "month_start")
        )


def read_facts(settings: Settings) -> Facts:
    """Read the facts of the last night from the warehouse.

    Raises
    ------
    HomeError
        If no night was ever refreshed.
    """
    run = reference_run(settings)
    data_through: date = run["data_through"]
    last_full = add_months(data_through + timedelta(days=1), -1)
    months = {"last_full_month": last_full}
    return Facts(
        as_of=run["as_of"],
        last_full_month=last_full,
        policy=load_policy(settings.policy_file),
        reps=warehouse.read(settings, _REPS),
        accounts=warehouse.read(settings, _ACCOUNTS),
        rep_months=warehouse.read(settings, _REP_MONTHS, months),
        won=warehouse.read(settings, _WON),
        arr=warehouse.read(settings, _ARR, months),
        products=warehouse.read(settings, _PRODUCTS, months),
        leaves=warehouse.read(settings, _LEAVES, months),
        held_quotas=warehouse.read(settings, _HELD_QUOTAS, months),
    )


def night_policy(settings: Settings) -> CompanyPolicy:
    """Return the policy the last night began with, whatever was edited since.

    A night plans by one policy from its first row to its last; an edit counts from the
    next night, or at once for a plan that somebody asks for.
    """
    kept = settings.reference / "policy.yaml"
    return load_policy(kept if kept.is_file() else settings.policy_file)


def reference_run(settings: Settings) -> dict[str, date]:
    """Return the one row that says which night this is."""
    path = settings.reference / "run.parquet"
    if not path.is_file():
        raise HomeError(
            f"home {settings.home} was never refreshed",
            fix=f"run a night: aop refresh --home {settings.home}",
        )
    return pl.read_parquet(path).row(0, named=True)


def read_breaches(settings: Settings) -> pl.DataFrame:
    """Read every breach of the last night, whatever its state."""
    return warehouse.read(settings, _BREACHES)


def read_forecast(settings: Settings, name: str) -> pl.DataFrame:
    """Read one forecast table of the last night."""
    path = settings.forecast / f"{name}.parquet"
    if not path.is_file():
        raise HomeError(
            f"forecast {path} is missing",
            fix=f"run a night: aop refresh --home {settings.home}",
        )
    return pl.read_parquet(path)
