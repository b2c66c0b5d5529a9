"""What planning knew on any past morning: the warehouse cut at its known time.

Every fact carries the night it was learned. What the first night ever loaded brought
was learned before anybody looked, so it counts as known from the day it happened.
"""

from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from ml.backtest_deals import Deals
from ml.pipeline import OUTCOME_COLUMNS, SNAPSHOT_COLUMNS
from pipelines import warehouse
from pipelines.planning.inputs import Facts
from pipelines.settings import Settings

_VERSIONS = """
with first_night as (
    select min(known_from) as first_on from core.fct_opportunity_history
)

select
    versions.opportunity_id, versions.account_id, versions.rep_id,
    opportunities.booking_type, versions.close_date, versions.is_closed,
    versions.is_won, versions.known_to,
    -- the history keeps the deal's own currency; today's rate makes amounts one
    cast(round(
        versions.amount_cents
        * coalesce(opportunities.amount_cents / nullif(now.amount_cents, 0), 1)
    ) as bigint) as amount_cents,
    nullif(versions.known_from, first_night.first_on) as learned_on,
    coalesce(opportunities.opened_on, versions.known_from) as created_on
from core.fct_opportunity_history as versions
cross join first_night
left join core.fct_opportunity_history as now
    on versions.opportunity_id = now.opportunity_id and now.is_current
left join core.fct_opportunity as opportunities
    on versions.opportunity_id = opportunities.opportunity_id
order by versions.opportunity_id, versions.known_from
"""
_SNAPSHOTS = """
with month_ends as (
    select max(snapshot_on) as snapshot_on
    from core.fct_pipeline_snapshot
    group by date_trunc('month', snapshot_on)
)

select
    snapshots.opportunity_id, snapshots.snapshot_on, snapshots.stage,
    snapshots.amount_cents, opportunities.opened_on as created_on,
    snapshots.close_date as stated_close_on, snapshots.segment_id,
    snapshots.region_id, opportunities.booking_type
from core.fct_pipeline_snapshot as snapshots
inner join month_ends
    on snapshots.snapshot_on = month_ends.snapshot_on
inner join core.fct_opportunity as opportunities
    on snapshots.opportunity_id = opportunities.opportunity_id
where not snapshots.is_inferred and opportunities.opened_on is not null
order by snapshots.snapshot_on, snapshots.opportunity_id
"""
_CREDITS = """
select
    bookings.opportunity_id, bookings.rep_id, bookings.segment_id,
    bookings.region_id,
    bookings.amount_cents / nullif(opportunities.amount_cents, 0) as credited_share
from core.fct_bookings as bookings
inner join core.fct_opportunity as opportunities
    on bookings.opportunity_id = opportunities.opportunity_id
where bookings.is_in_plan
order by bookings.opportunity_id, bookings.rep_id
"""
_PEOPLE = """
with first_night as (
    select min(known_on) as first_on from staging.stg_hris__workers
)

select
    identities.rep_id,
    nullif(min(workers.known_on), any_value(first_night.first_on)) as learned_on,
    nullif(
        min(workers.known_on) filter (where workers.left_on is not null),
        any_value(first_night.first_on)
    ) as leave_learned_on
from staging.stg_hris__workers as workers
cross join first_night
inner join restricted.dim_rep_identity as identities
    on workers.worker_id = identities.worker_id
group by identities.rep_id
order by identities.rep_id
"""
_ACCOUNTS = """
with first_night as (
    select min(known_from) as first_on from core.dim_account_history
)

select
    versions.account_id, versions.employee_count, versions.industry,
    versions.known_to, accounts.segment_id, accounts.region_id,
    accounts.created_on,
    nullif(versions.known_from, first_night.first_on) as learned_on
from core.dim_account_history as versions
cross join first_night
inner join core.dim_account as accounts
    on versions.account_id = accounts.account_id
order by versions.account_id, versions.known_from
"""


@dataclass(frozen=True, slots=True)
class Known:
    """Everything a backtest may read, each row with when it was learned.

    ``learned_on`` null means that the first night already brought it.
    """

    facts: Facts
    versions: pl.DataFrame  # of opportunities: one row per version ever extracted
    credits: pl.DataFrame  # opportunity x rep of today's bookings, with their share
    snapshots: pl.DataFrame  # open opportunities at month-ends, as they looked then
    people: pl.DataFrame  # rep, learned_on, leave_learned_on
    accounts: pl.DataFrame  # versions of firmographics

    def won(self, morning: date) -> pl.DataFrame:
        """Return bookings as known: rep, account, segment, region, day, cents."""
        rows = _standing_on(self._in_plan(self.versions), morning).filter(
            "is_won", pl.col("close_date") < morning
        )
        places = self.facts.accounts.select(
            "account_id",
            account_segment="segment_id",
            account_region="region_id",
        )
        return (
            rows.drop("segment_id", "region_id", strict=False)
            .rename({"rep_id": "owner_id"})
            .join(self.credits, on="opportunity_id", how="left")
            .join(places, on="account_id", how="left")
            .select(
                rep_id=pl.coalesce("rep_id", "owner_id"),
                account_id="account_id",
                segment_id=pl.coalesce("segment_id", "account_segment"),
                region_id=pl.coalesce("region_id", "account_region"),
                booked_on="close_date",
                month_start=pl.col("close_date").dt.truncate("1mo"),
                amount_cents=(
                    pl.col("amount_cents") * pl.col("credited_share").fill_null(1.0)
                )
                .round()
                .fill_null(0)
                .cast(pl.Int64),
            )
            .sort("account_id", "booked_on", "rep_id", "amount_cents")
        )

    def bookings(self, morning: date) -> pl.DataFrame:
        """Return bookings as known by segment, region and complete month."""
        return (
            self.won(morning)
            .filter(pl.col("month_start") < morning.replace(day=1))
            .group_by("segment_id", "region_id", "month_start")
            .agg(bookings_cents=pl.col("amount_cents").sum())
            .sort("segment_id", "region_id", "month_start")
        )

    def rep_months(self, panel: pl.DataFrame, morning: date) -> pl.DataFrame:
        """Return the rows of a panel as known: later hires, exits, credits unseen."""
        booked = (
            self.won(morning)
            .group_by("rep_id", "month_start")
            .agg(seen_cents=pl.col("amount_cents").sum())
        )
        unseen = pl.col("leave_learned_on") >= morning
        return (
            panel.filter(pl.col("month_start") < morning)
            .join(self.people, on="rep_id", how="left")
            .filter((pl.col("learned_on") < morning).fill_null(value=True))
            .join(booked, on=["rep_id", "month_start"], how="left")
            .with_columns(
                bookings_cents=pl.col("seen_cents").fill_null(0),
                left_on=pl.when(~unseen.fill_null(value=False)).then("left_on"),
            )
            .select(panel.columns)
        )

    def deals(self, morning: date) -> Deals:
        """Return the pipeline as known: past snapshots, outcomes, months booked."""
        seen = self._in_plan(self.snapshots).filter(pl.col("snapshot_on") < morning)
        outcomes = _standing_on(self._in_plan(self.versions), morning)
        is_over = pl.col("is_closed") & (pl.col("close_date") < morning)
        months = self.bookings(morning)
        return Deals(
            snapshots=seen.select([*SNAPSHOT_COLUMNS, "segment_id", "region_id"]),
            outcomes=outcomes.filter(pl.col("created_on") < morning)
            .with_columns(
                closed_on=pl.when(is_over).then("close_date"),
                is_won=(pl.col("is_won") & is_over).fill_null(value=False),
                amount_cents=pl.col("amount_cents").fill_null(0),
            )
            .select(list(OUTCOME_COLUMNS)),
            booked=company_months(months, morning),
        )

    def spending(self, morning: date) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Return accounts with firmographics as known, and their bookings."""
        rows = _standing_on(self.accounts, morning).filter(
            (pl.col("created_on") < morning).fill_null(value=True)
        )
        return (
            rows.select(
                "account_id", "segment_id", "region_id", "industry", "employee_count"
            ),
            self.won(morning).select("account_id", "booked_on", "amount_cents"),
        )

    def _in_plan(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Keep the booking types that count towards the plan; unknown ones count."""
        types = list(self.facts.policy.targets.booking_types)
        kind = pl.col("booking_type")
        return rows.filter(kind.is_in(types) | kind.is_null())


def read_known(settings: Settings, facts: Facts) -> Known:
    """Read facts with the nights they were learned.

    Raises
    ------
    HomeError
        If the warehouse lacks a table.
    """
    return Known(
        facts=facts,
        versions=warehouse.read(settings, _VERSIONS),
        credits=warehouse.read(settings, _CREDITS),
        snapshots=warehouse.read(settings, _SNAPSHOTS),
        people=warehouse.read(settings, _PEOPLE),
        accounts=warehouse.read(settings, _ACCOUNTS),
    )


def company_months(bookings: pl.DataFrame, morning: date) -> pl.DataFrame:
    """Return the company's complete months before a morning, zeros filled in.

    Parameters
    ----------
    bookings : frame of month_start, bookings_cents
    morning : date

    Returns
    -------
    frame of month_start, value_cents
    """
    schema = {"month_start": pl.Date, "value_cents": pl.Float64}
    past = bookings.filter(pl.col("month_start") < morning.replace(day=1))
    if past.is_empty():
        return pl.DataFrame(schema=schema)
    first: date = past["month_start"].min()  # type: ignore[assignment]  # a date column
    stop = morning.replace(day=1) - timedelta(days=1)
    months = pl.date_range(first, stop, "1mo", eager=True).alias("month_start")
    total = past.group_by("month_start").agg(value_cents=pl.col("bookings_cents").sum())
    return (
        pl.DataFrame({"month_start": months})
        .join(total, on="month_start", how="left")
        .with_columns(pl.col("value_cents").fill_null(0).cast(pl.Float64))
        .sort("month_start")
    )


def _standing_on(versions: pl.DataFrame, morning: date) -> pl.DataFrame:
    """Return the version of each record that the night before a morning knew."""
    night = morning - timedelta(days=1)
    return versions.filter(
        (pl.col("learned_on") <= night).fill_null(value=True),
        (pl.col("known_to") >= night).fill_null(value=True),
    )
