"""Financial targets by node and month: growth on what was booked, in the year's shape.

Every level sums exactly: months to the year, regions to segments, segments to company.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import polars as pl
from numpy.typing import NDArray

from data_contracts.calendar import add_months
from data_contracts.money import split
from data_contracts.policy import CompanyPolicy

CELL = ("segment_id", "region_id")
CELL_SEPARATOR = "/"
CELL_SCHEMA = {
    "segment_id": pl.String,
    "region_id": pl.String,
    "month_start": pl.Date,
    "value_cents": pl.Int64,
}


@dataclass(frozen=True, slots=True)
class Horizon:
    """The months a plan speaks about: from its start to the end of a fiscal year."""

    effective_from: date
    effective_to: date
    month_starts: tuple[date, ...]
    year_month_starts: tuple[date, ...]


def first_horizon(policy: CompanyPolicy, as_of: date) -> Horizon:
    """Choose the fiscal year a first plan is made for.

    Within six months of the next fiscal year that year is planned; otherwise what
    is left of the current one, from next month.
    """
    this_year = policy.fiscal.month(as_of).fiscal_year
    next_year = policy.fiscal.year_months(this_year + 1)[0]
    next_month = add_months(as_of, 1)
    is_late = (next_year - as_of).days <= 183
    return horizon(policy, next_year if is_late else next_month)


def horizon(policy: CompanyPolicy, effective_from: date) -> Horizon:
    """Return the months from a month's start to the end of its fiscal year."""
    fiscal_year = policy.fiscal.month(effective_from).fiscal_year
    year = policy.fiscal.year_months(fiscal_year)
    return Horizon(
        effective_from=effective_from,
        effective_to=add_months(year[-1], 1) - timedelta(days=1),
        month_starts=tuple(month for month in year if month >= effective_from),
        year_month_starts=tuple(year),
    )


def target_cells(
    bookings: pl.DataFrame,
    policy: CompanyPolicy,
    plan: Horizon,
    *,
    last_full_month: date,
    without_launches: Collection[str] = (),
    year_cents: Mapping[str, int] | None = None,
) -> pl.DataFrame:
    """Set the bookings target of every segment and region, month by month.

    Parameters
    ----------
    bookings : frame of segment_id, region_id, month_start, bookings_cents
        What was won; months after `last_full_month` are ignored.
    policy : CompanyPolicy
        Growth by segment and the launches the plan counts on.
    plan : Horizon
        Months to plan.
    last_full_month : date
        Start of the newest month whose bookings are complete.
    without_launches : collection of launch ids
        Launches that slipped; the plan no longer counts on them.
    year_cents : segment id to cents, optional
        Bookings of a whole year, launches aside, where more than growth decides them.

    Returns
    -------
    frame of segment_id, region_id, month_start, value_cents
        One row per segment, region with bookings, and month of the plan, sorted. Over
        a whole year a segment's cells sum to ``trailing * (1 + growth)`` in whole
        cents, plus its share of the launches.
    """
    past, window, seen = _behind(bookings, last_full_month)
    rows: list[dict[str, object]] = []
    segments = [segment.id for segment in policy.segments]
    launched = _launch_cents(policy, plan, without_launches)
    weights = [_total(window, segment) for segment in segments]
    launch_parts = [split(cents, weights) for cents in launched]
    for place, segment in enumerate(segments):
        regions, shares = _region_shares(window, segment)
        if not regions:
            continue
        growth = policy.targets.growth_share_by_segment.get(
            segment, policy.targets.growth_share
        )
        year = round(weights[place] * 12 / seen * (1 + growth))
        if year_cents is not None:
            year = year_cents.get(segment, year)
        by_month = split(year, _shape(past, segment, plan, policy).tolist())
        for month, cents in zip(plan.year_month_starts, by_month, strict=True):
            if month not in plan.month_starts:
                continue
            extra = launch_parts[plan.month_starts.index(month)][place]
            parts = split(max(cents, 0) + extra, shares)
            rows += [
                {
                    "segment_id": segment,
                    "region_id": region,
                    "month_start": month,
                    "value_cents": part,
                }
                for region, part in zip(regions, parts, strict=True)
            ]
    return pl.DataFrame(rows, schema=CELL_SCHEMA).sort(*CELL, "month_start")


def trailing_cents(
    bookings: pl.DataFrame, last_full_month: date, segment: str
) -> tuple[int, float]:
    """Return a segment's bookings of the last twelve months and what makes them a year.

    Returns
    -------
    int, cents, and float
        The second is above 1 where fewer than twelve months are there.
    """
    _, window, seen = _behind(bookings, last_full_month)
    return _total(window, segment), 12 / seen


def season_shares(
    bookings: pl.DataFrame,
    policy: CompanyPolicy,
    plan: Horizon,
    last_full_month: date,
) -> dict[str, NDArray[np.float64]]:
    """Return each fiscal month's part of the year by segment, (12,), summing to 1."""
    past, _, _ = _behind(bookings, last_full_month)
    return {
        segment.id: _shape(past, segment.id, plan, policy)
        for segment in policy.segments
    }


def launch_parts(
    bookings: pl.DataFrame,
    policy: CompanyPolicy,
    plan: Horizon,
    last_full_month: date,
    without: Collection[str],
) -> dict[tuple[str, date, str], int]:
    """Return what launches are to bring by segment, month and product, in cents."""
    _, window, _ = _behind(bookings, last_full_month)
    segments = [segment.id for segment in policy.segments]
    weights = [_total(window, segment) for segment in segments]
    found: dict[tuple[str, date, str], int] = {}
    for launch in policy.launches:
        cents = round(launch.expected_per_month_in_currency * 100)
        if launch.id in without or cents == 0:
            continue
        for month in plan.month_starts:
            if launch.planned_on > month:
                continue
            for segment, part in zip(segments, split(cents, weights), strict=True):
                key = (segment, month, launch.product_id)
                found[key] = found.get(key, 0) + part
    return found


def by_node(cells: pl.DataFrame) -> pl.DataFrame:
    """Add cells up to company, segments and regions, and keep the cells themselves.

    Parameters
    ----------
    cells : frame of segment_id, region_id, month_start, value_cents

    Returns
    -------
    frame of node_level, node_id, month_start, value_cents, sorted
        Every level sums to the same total in every month.
    """
    levels = {
        "company": pl.lit("company"),
        "segment": pl.col("segment_id"),
        "region": pl.col("region_id"),
        "cell": pl.concat_str("segment_id", "region_id", separator=CELL_SEPARATOR),
    }
    return pl.concat(
        [
            cells.group_by(node.alias("node_id"), "month_start")
            .agg(pl.col("value_cents").sum())
            .with_columns(node_level=pl.lit(level))
            .select("node_level", "node_id", "month_start", "value_cents")
            for level, node in levels.items()
        ]
    ).sort("node_level", "node_id", "month_start")


def target_lines(
    cells: pl.DataFrame, *, measure: str = "bookings", reason: str
) -> pl.DataFrame:
    """Turn cells into the target lines of a plan, at every level."""
    return by_node(cells).select(
        "node_level",
        "node_id",
        "month_start",
        pl.lit(measure).alias("measure"),
        "value_cents",
        pl.lit(reason).alias("reason"),
    )


def cell_parts(node_id: str) -> tuple[str, str]:
    """Return the segment and the region of a cell's node id."""
    segment, _, region = node_id.partition(CELL_SEPARATOR)
    return segment, region


def _behind(
    bookings: pl.DataFrame, last_full_month: date
) -> tuple[pl.DataFrame, pl.DataFrame, int]:
    """Return the past, its last twelve months, and how many of them there are."""
    past = bookings.filter(pl.col("month_start") <= last_full_month)
    window = past.filter(pl.col("month_start") >= add_months(last_full_month, -11))
    return past, window, max(window["month_start"].n_unique(), 1)


def _total(frame: pl.DataFrame, segment: str) -> int:
    rows = frame.filter(pl.col("segment_id") == segment)
    return max(int(rows["bookings_cents"].sum()), 0)


def _region_shares(window: pl.DataFrame, segment: str) -> tuple[list[str], list[int]]:
    """Return the regions a segment booked in and how much, largest last resort even."""
    by_region = (
        window.filter(pl.col("segment_id") == segment)
        .group_by(pl.col("region_id").fill_null("none"))
        .agg(pl.col("bookings_cents").sum().clip(lower_bound=0))
        .sort("region_id")
    )
    return by_region["region_id"].to_list(), by_region["bookings_cents"].to_list()


def _shape(
    past: pl.DataFrame, segment: str, plan: Horizon, policy: CompanyPolicy
) -> NDArray[np.float64]:
    """Return each month's weight in the year, (12,), as decided or from history.

    A calendar month's own mean counts with the company's, half and half, so a thin
    segment does not plan on one lucky month.
    """
    decided = policy.targets.season_by_fiscal_month_share_by_segment.get(
        segment, policy.targets.season_by_fiscal_month_share
    )
    if decided is not None:
        return np.array(decided)
    wanted = [month.month for month in plan.year_month_starts]

    def means(frame: pl.DataFrame) -> NDArray[np.float64]:
        monthly = frame.group_by("month_start").agg(pl.col("bookings_cents").sum())
        by_month = dict(
            monthly.group_by(pl.col("month_start").dt.month())
            .agg(pl.col("bookings_cents").mean().clip(lower_bound=0))
            .iter_rows()
        )
        values = np.array([by_month.get(month, np.nan) for month in wanted])
        if not np.isfinite(values).all():
            return np.full(12, 1 / 12)  # under a year of history has no season
        return values / values.sum() if values.sum() > 0 else np.full(12, 1 / 12)

    own = means(past.filter(pl.col("segment_id") == segment))
    return (own + means(past)) / 2


def _launch_cents(
    policy: CompanyPolicy, plan: Horizon, without: Collection[str]
) -> list[int]:
    """Return what launches add to each month of the plan, in cents."""
    return [
        sum(
            round(launch.expected_per_month_in_currency * 100)
            for launch in policy.launches
            if launch.id not in without and launch.planned_on <= month
        )
        for month in plan.month_starts
    ]
