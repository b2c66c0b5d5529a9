"""Extracts only some companies have: splits, territories of accounts, requisitions."""

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.extracts_crm import (
    SEGMENT_IDS,
    as_of_night,
    holders,
    user_ids,
)
from pipelines.demo.extracts_hris import worker_ids
from pipelines.demo.frames import amounts, chosen, days, ids, times
from pipelines.demo.months import NEVER, SECONDS_A_DAY, day_number
from pipelines.demo.selling import RENEWAL, WON
from pipelines.demo.staff import AE, SE
from pipelines.demo.world import World

SPLIT_SHARE: Final = 0.08  # of won deals share credit with a colleague; assumption
OVERLAY_SHARE: Final = 0.5  # of won larger deals name a solutions engineer; assumption
CREDIT_SHARE: Final = 0.015  # of invoices are credited back; assumption


def opportunity_splits(world: World, night: int) -> pl.DataFrame:
    """Return who is credited with how much of deals won by a night.

    Revenue splits of a deal sum to 100; overlay credit comes on top.
    """
    deals, seats, seed = world.deals.rows, world.staff.seats, world.seed
    first = day_number(world.dates.first_day) * SECONDS_A_DAY
    won = (deals["outcome"] == WON) & (deals["kind"] != RENEWAL)
    won &= (deals["ends"] < (night + 1) * SECONDS_A_DAY) & (deals["ends"] >= first)
    rows = np.flatnonzero(won)
    moves = world.deals.moves
    seat = as_of_night(
        deals["first_seat"], moves["deal"], moves["day"], moves["seat"], night
    )[rows]
    day = deals["ends"][rows] // SECONDS_A_DAY
    owner = holders(world, seat, day)
    peer = holders(world, _peers(world, rows, seat, role=AE), day)
    engineer = holders(world, _peers(world, rows, seat, role=SE), day)
    is_shared = streams.uniform_of(seed, "split", rows) < SPLIT_SHARE
    is_shared &= (peer >= 0) & (peer != owner)
    part = 10 * (5 + (streams.uniform_of(seed, "split part", rows) * 5).astype(int))
    is_backed = streams.uniform_of(seed, "overlay", rows) < OVERLAY_SHARE
    is_backed &= (seats["segment"][seat] > 0) & (engineer >= 0)
    return pl.concat(
        [
            _credit(rows, owner, np.where(is_shared, part, 100), "revenue"),
            _credit(rows[is_shared], peer[is_shared], 100 - part[is_shared], "revenue"),
            _credit(rows[is_backed], engineer[is_backed], 100, "overlay"),
        ]
    ).sort("opportunity_id", "split_type", "user_id")


def _peers(
    world: World, rows: NDArray[np.int64], seat: NDArray[np.int64], *, role: int
) -> NDArray[np.int64]:
    """Draw another seat of a role in the region; a seller's of the same segment."""
    seats = world.staff.seats
    found = seat.copy()
    draw = streams.uniform_of(world.seed, f"peer {role}", rows)
    for region in np.unique(seats["region"][seat]):
        for segment in np.unique(seats["segment"][seat]):
            wanted = (seats["role"] == role) & (seats["region"] == region)
            if role == AE:
                wanted &= seats["segment"] == segment
            choices = np.flatnonzero(wanted)
            here = seats["region"][seat] == region
            here &= seats["segment"][seat] == segment
            if len(choices):
                found[here] = choices[(draw[here] * len(choices)).astype(np.int64)]
            elif role != AE:
                found[here] = -1
    return found


def _credit(
    deal: NDArray[np.int64],
    person: NDArray[np.int64],
    percent: NDArray[np.int64] | int,
    kind: str,
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "opportunity_id": ids("O", deal, 8),
            "user_id": user_ids(person),
            "split_type": pl.Series([kind]).new_from_index(0, len(deal)),
            "percent": np.broadcast_to(percent, deal.shape).astype(np.float64),
        }
    )


def requisitions(world: World, night: int) -> pl.DataFrame:
    """Return what was opened by a night, and who filled it since when."""
    openings, spells = world.staff.openings, world.staff.spells
    rows = np.flatnonzero(openings["opened"] <= night)
    seats = world.staff.seats
    seat, opened = openings["seat"][rows].astype(np.int64), openings["opened"][rows]
    fill = openings["fill"][rows].astype(np.int64)
    spell, _ = world.staff.spell_of(seat, fill)
    is_filled = (fill <= night) & (spells["start"][spell] == fill)
    lead = norms.by_segment("backfill_days")[seats["segment"][seat]]
    return pl.DataFrame(
        {
            "requisition_id": ids("R", rows, 5),
            "position_id": ids("P", seat, 4),
            "role": chosen(tuple(norms.ROLES.values()), seats["role"][seat]),
            "segment": chosen(SEGMENT_IDS, seats["segment"][seat]),
            "region": chosen(norms.REGIONS, seats["region"][seat]),
            "status": chosen(("open", "filled"), is_filled.astype(np.int64)),
            "opened_on": days(opened),
            "target_start_on": days(opened + lead.astype(np.int64)),
            "filled_on": days(np.where(is_filled, fill, NEVER), known_to=night),
            "worker_id": worker_ids(np.where(is_filled, spells["person"][spell], -1)),
        }
    )


def credit_notes(world: World, night: int) -> pl.DataFrame:
    """Return credit notes issued by a night, each for part of one invoice."""
    invoices = world.books.invoices
    every = np.arange(len(invoices))
    draw = streams.uniform_of(world.seed, "credit", every)
    wait = 10 + (streams.uniform_of(world.seed, "credit days", every) * 50).astype(int)
    at = invoices["issued"] + wait * SECONDS_A_DAY
    first = day_number(world.dates.first_day) * SECONDS_A_DAY
    is_there = (draw < CREDIT_SHARE) & (at < (night + 1) * SECONDS_A_DAY)
    rows = np.flatnonzero(is_there & (invoices["issued"] >= first))
    share = streams.uniform_of(world.seed, "credit part", rows)
    cents = np.maximum(1, np.round(invoices["total_cents"][rows] * share))
    return pl.DataFrame(
        {
            "credit_note_id": ids("cn_", rows, 9),
            "invoice_id": ids("in_", rows, 9),
            "amount": amounts(cents),
            "currency": pl.Series(["USD"]).new_from_index(0, len(rows)),
            "issued_at": times(at[rows]),
        }
    )


def account_territories(world: World, night: int) -> pl.DataFrame:
    """Return which territory each account was in from when to when, as of a night."""
    every, moves = world.market.accounts, world.market.moves
    rows = np.flatnonzero(every["created"] < (night + 1) * SECONDS_A_DAY)
    created = every["created"] // SECONDS_A_DAY
    known = np.flatnonzero(
        (moves["day"] <= night) & (created[moves["account"]] <= night)
    )
    account = np.concatenate([rows, moves["account"][known]])
    start = np.concatenate([created[rows], moves["day"][known]])
    start = np.maximum(start, created[account])  # given away before it arrived
    seat = np.concatenate([every["first_seat"][rows], moves["seat"][known]])
    order = np.lexsort((np.arange(len(account)), start, account))
    account, start, seat = account[order], start[order], seat[order]
    is_same = account[1:] == account[:-1]
    end = np.full(len(account), NEVER)
    end[:-1] = np.where(is_same, start[1:] - 1, NEVER)
    lasts = end >= start  # the last of several moves on one day counts
    return pl.DataFrame(
        {
            "account_id": ids("A", account[lasts], 7),
            "territory_id": ids("T", seat[lasts], 4),
            "started_on": days(start[lasts]),
            "ended_on": days(end[lasts], known_to=night),
        }
    )
