"""What really drives the demo company; for tests and benchmarks, never the pipeline."""

from datetime import date
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import extracts_billing, norms
from pipelines.demo.dirt import COPY_OFFSET, Soiler
from pipelines.demo.extracts_crm import DEALS_A_CHUNK, SEGMENT_IDS, user_ids
from pipelines.demo.extracts_hris import worker_ids
from pipelines.demo.frames import chosen, days, ids
from pipelines.demo.months import SECONDS_A_DAY, day_number
from pipelines.demo.owners import openers
from pipelines.demo.pay import commissions, yearly_pay
from pipelines.demo.recurring import arr_by_account
from pipelines.demo.scenario import Event
from pipelines.demo.selling import OPEN, RENEWAL, WON
from pipelines.demo.storyline import Storyline
from pipelines.demo.world import LAUNCHED, PRODUCTS, World
from pipelines.files import write_parquet

NAMED_SHARE: Final = 0.02  # of accounts, those with most potential; assumption


def write_truth(
    world: World, folder: Path, as_of: date, marks: pl.DataFrame
) -> dict[str, int]:
    """Write the truth of a company up to a night, and of the year after it.

    Parameters
    ----------
    world : World
        A company that has lived twelve months past `as_of`.
    folder : Path
        One Parquet file a table; replaced.
    as_of : date
        The last night delivered.
    marks : DataFrame
        Cells soiled in the extracts of that night, with their true values.

    Returns
    -------
    dict
        Rows by table.
    """
    night = day_number(as_of)
    tables = {
        "ramp": ramp(),
        "hazards": hazards(world.scenario.events.leavers, is_calm=world.size.is_calm),
        "hazard_factors": hazard_factors(),
        "pay_plan": pay_plan(),
        "pay": pay(world, night),
        "keys": keys(world, night),
        "reps": reps(world, night),
        "potential": potential(world, night),
        "deals": deals(world, night),
        "events": events(world, night),
        "dirt": marks,
        "next_year": next_year(world, as_of),
    }
    return {
        name: write_parquet(table, folder / f"{name}.parquet")
        for name, table in tables.items()
    }


def ramp() -> pl.DataFrame:
    """Return the usual share of full output by segment and tenure month."""
    tenure = np.arange(25)
    return pl.concat(
        pl.DataFrame(
            {
                "segment_id": [s.segment_id] * len(tenure),
                "tenure_month": tenure,
                "share": norms.ramp_share(
                    (tenure + 0.5).astype(np.float64),
                    np.full(len(tenure), s.ramp_months),
                ),
                "ramp_months": [s.ramp_months] * len(tenure),
            }
        )
        for s in norms.SEGMENTS
    )


def reps(world: World, night: int) -> pl.DataFrame:
    """Return each seller spell with its talent and its own ramp."""
    spells, people = world.staff.spells, world.staff.people
    rows = np.flatnonzero(
        (world.staff.seats["segment"][spells["seat"]] >= 0) & (spells["start"] <= night)
    )
    person = spells["person"][rows].astype(np.int64)
    return pl.DataFrame(
        {
            "rep_id": user_ids(person),
            "segment_id": chosen(
                SEGMENT_IDS, world.staff.seats["segment"][spells["seat"][rows]]
            ),
            "started_on": days(spells["start"][rows]),
            "left_on": days(people["left"][person], known_to=night),
            "activity": people["activity"][person],
            "win": people["win"][person],
            "ramp_months": spells["ramp_months"][rows],
            "plateau_share": spells["plateau"][rows],
        }
    )


def hazards(leavers: Event, *, is_calm: bool) -> pl.DataFrame:
    """Return the yearly hazard of leaving by role and tenure, before attainment."""
    level = (1.0 if is_calm else norms.HAZARD_LEVEL) * leavers.strength
    others = leavers.strength / norms.LEAVE_HAZARD_YEAR * (not is_calm)
    rows = [
        (
            role,
            low,
            leavers.is_on * (level * factor if role == "ae" else others * share),
        )
        for role, share in zip(norms.ROLES, norms.LEAVE_HAZARD_OTHERS, strict=True)
        for low, factor in norms.TENURE_HAZARD
    ]
    schema = {
        "role": pl.String, "tenure_from_months": pl.Float64,
        "hazard_year_share": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row")


def hazard_factors() -> pl.DataFrame:
    """Return what multiplies a seller's hazard: attainment of half a year, season."""
    rows: list[tuple[str, float | None, float]] = [
        ("attainment_from", low, times) for low, times in norms.ATTAINMENT_HAZARD
    ]
    rows += [("attainment_unknown", None, norms.UNKNOWN_ATTAINMENT_HAZARD)]
    rows += [
        ("fiscal_quarter", float(quarter), times)
        for quarter, times in enumerate(norms.SEASON_HAZARD, 1)
    ]
    schema = {"driver": pl.String, "level": pl.Float64, "factor": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def pay_plan() -> pl.DataFrame:
    """Return yearly pay by role and segment, its mix, and the accelerators."""
    rows = []
    for place, role in enumerate(norms.ROLES):
        for segment in range(len(norms.SEGMENTS)) if role == "ae" else (-1,):
            base, variable = yearly_pay(
                np.array([place], dtype=np.int8), np.array([segment], dtype=np.int8)
            )
            tiers = norms.ACCELERATORS if role == "ae" else ((0.0, 1.0),)
            name = SEGMENT_IDS[segment] if segment >= 0 else None
            rows += [
                (role, name, int(base[0]), int(variable[0]), *tier) for tier in tiers
            ]
    schema = {
        "role": pl.String, "segment_id": pl.String, "base_cents": pl.Int64,
        "target_variable_cents": pl.Int64, "attainment_from_share": pl.Float64,
        "rate_multiple": pl.Float64,
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        (pl.col("base_cents") + pl.col("target_variable_cents")).alias("ote_cents")
    )


def pay(world: World, night: int) -> pl.DataFrame:
    """Return each seller's quarters: quota, bookings, and commission earned."""
    every = commissions(world, night)
    booked = every.booked_cents.sum(axis=1)
    return pl.DataFrame(
        {
            "rep_id": user_ids(every.person),
            "quarter_start": days(every.start),
            "quota_cents": every.quota_cents,
            "bookings_cents": booked,
            "attainment_share": booked / every.quota_cents,
            "target_variable_cents": every.target_cents,
            "commission_cents": every.paid_cents.sum(axis=1),
        }
    )


def keys(world: World, night: int) -> pl.DataFrame:
    """Return the clean keys: who is whom across systems, and what is a copy of what.

    One row per record of another system or copy, with the CRM record it belongs to.
    """
    people = np.flatnonzero(world.staff.people["hired"] <= night)
    soiler = Soiler(world, night)
    accounts = np.flatnonzero(
        world.market.accounts["created"] < (night + 1) * SECONDS_A_DAY
    )
    copied = accounts[soiler.copied_at(accounts) < (night + 1) * SECONDS_A_DAY]
    customers = extracts_billing.customers(world, night)
    pieces = (
        ("person", worker_ids(people), user_ids(people)),
        ("customer", customers["customer_id"], customers["account_id"]),
        ("account copy", ids("A", copied + COPY_OFFSET, 7), ids("A", copied, 7)),
    )
    return pl.concat(
        pl.DataFrame({"other_id": other, "crm_id": own}).select(
            pl.lit(kind).alias("kind"), "other_id", "crm_id"
        )
        for kind, other, own in pieces
    )


def potential(world: World, night: int) -> pl.DataFrame:
    """Return each account's yearly potential, its fit and the part not yet sold."""
    accounts = world.market.accounts
    rows = np.flatnonzero(accounts["created"] < (night + 1) * SECONDS_A_DAY)
    sold = arr_by_account(world, night)
    whole = accounts["potential_cents"]
    named = whole >= np.quantile(whole[rows], 1 - NAMED_SHARE)
    return pl.DataFrame(
        {
            "account_id": ids("A", rows, 7),
            "segment_id": chosen(SEGMENT_IDS, accounts["segment"][rows]),
            "potential_cents": whole[rows],
            "whitespace_cents": np.maximum(0, whole - sold)[rows],
            "fit": accounts["fit"][rows],
            "is_named": named[rows],
        }
    )


def deals(world: World, night: int) -> pl.DataFrame:
    """Return what decided each opportunity opened by a night."""
    every = world.deals.rows
    begin = day_number(world.dates.first_day) * SECONDS_A_DAY
    is_known = every["created"] < (night + 1) * SECONDS_A_DAY
    rows = np.flatnonzero(is_known & (every["ends"] >= begin))
    starts = range(0, max(1, len(rows)), DEALS_A_CHUNK)
    pieces = [_deals(world, rows[start : start + DEALS_A_CHUNK]) for start in starts]
    return pl.concat(pieces, rechunk=True)


def _deals(world: World, rows: NDArray[np.int64]) -> pl.DataFrame:
    every = world.deals.rows
    return pl.DataFrame(
        {
            "opportunity_id": ids("O", rows, 8),
            "win_odds_share": every["odds"][rows].astype(np.float64).clip(0, 1),
            "luck_share": every["luck"][rows].astype(np.float64),
            "closing_odds_share": every["closing_odds"][rows].astype(np.float64),
            "opened_by": user_ids(_openers(world, rows)),
            "has_competitor": every["has_competitor"][rows],
            "amount_cents": every["amount_cents"][rows],
            "ends_on": days(every["ends"][rows] // SECONDS_A_DAY),
            "is_won": every["outcome"][rows] == WON,
            "is_decided": every["outcome"][rows] != OPEN,
        }
    )


def _openers(world: World, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the development rep who opened each deal; -1 where none did."""
    seat = openers(world, rows)
    day = world.deals.rows["created"][rows] // SECONDS_A_DAY
    spell, _ = world.staff.spell_of(np.maximum(seat, 0), day)
    return np.where(seat >= 0, world.staff.spells["person"][spell], -1)


def next_year(world: World, as_of: date) -> pl.DataFrame:
    """Return what is booked in the twelve months after a night if nothing changes."""
    every, accounts = world.deals.rows, world.market.accounts
    rows = np.flatnonzero((every["outcome"] == WON) & (every["kind"] != RENEWAL))
    month = world.months.of(every["ends"][rows] // SECONDS_A_DAY)
    first = int(world.months.of(np.array([day_number(as_of)]))[0]) + 1
    account = every["account"][rows]
    return (
        pl.DataFrame(
            {
                "segment_id": chosen(SEGMENT_IDS, accounts["segment"][account]),
                "region_id": chosen(norms.REGIONS, accounts["region"][account]),
                "month_start": days(world.months.start[month]),
                "place": month,
                "bookings_cents": every["amount_cents"][rows],
            }
        )
        .filter(pl.col("place").is_between(first, first + 11))
        .group_by("segment_id", "region_id", "month_start")
        .agg(pl.col("bookings_cents").sum(), pl.len().cast(pl.Int64).alias("won_count"))
        .sort("segment_id", "region_id", "month_start")
    )


def events(world: World, night: int) -> pl.DataFrame:
    """Return what a scenario made happen by a night, and to whom."""
    story = Storyline(world.scenario.events, world.dates)
    rows = [
        (event, user_ids(np.array([person]))[0] if person >= 0 else "company", day)
        for event, day, person in world.happened
    ]
    people = world.staff.people
    scripted = {person for _, _, person in world.happened}
    rows += [
        ("leaver", user_ids(np.array([person]))[0], int(people["left"][person]))
        for person in np.flatnonzero(people["left"] <= night).tolist()
        if person not in scripted
    ]
    if world.scenario.events.launch_slips.is_on:
        planned = day_number(world.dates.launch_planned_on)
        rows.append(("launch_slipped", PRODUCTS[LAUNCHED][0], planned))
    rows += [
        (event, subject, story.begins(event))
        for event, subject in (
            ("competitor_enters", norms.REGIONS[1]),
            ("price_rises", "company"),
            ("demand_falls", "company"),
            ("demand_rises", "company"),
            ("crm_migration", "crm"),
        )
    ]
    known = [row for row in rows if row[2] <= night]
    frame = pl.DataFrame(
        known,
        schema={"event": pl.String, "subject": pl.String, "began_on": pl.Int32},
        orient="row",
    )
    return frame.with_columns(pl.col("began_on").cast(pl.Date)).sort(
        "began_on", "event", "subject"
    )
