"""Who a CRM record belongs to: sellers, who opens deals for them, who stands in."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import streams
from pipelines.demo.months import SECONDS_A_DAY
from pipelines.demo.selling import NEW, WON
from pipelines.demo.staff import SDR
from pipelines.demo.world import World

OPENED_SHARE: Final = 0.5  # of new deals start with a development rep; assumption
LEVELS: Final = 10  # more than any tree of managers has


def owners(
    world: World,
    seat: NDArray[np.int64],
    night: int,
    *,
    account: NDArray[np.int64],
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return who owns what belongs to each seat on a night, and since when.

    Parameters
    ----------
    world : World
        The company; its dirt says how often a leaver's records stay with the leaver.
    seat : (n,) int64
        Seats that have had a holder by that night.
    night : int, day number
    account : (n,) int64
        Account each record belongs to; an account and its deals stay together.

    Returns
    -------
    person : (n,) int64
        The holder; where the seat is vacant the next manager up, or the leaver.
    since : (n,) int64, day numbers
        Day the record came to that person.
    """
    spells = world.staff.spells
    every = np.arange(len(world.staff.seats))
    spell, is_held = (part[seat] for part in world.staff.spell_of(every, night))
    stays = is_held | _stays(world, account)
    person = np.where(
        stays, spells["person"][spell], stand_ins(world, seat, night)
    ).astype(np.int64)
    since = np.where(stays, spells["start"][spell], spells["end"][spell])
    return person, since.astype(np.int64)


def stand_ins(world: World, seat: NDArray[np.int64], night: int) -> NDArray[np.int64]:
    """Return each seat's holder, or the next one up the tree who is there.

    Where nobody is, the last holder; so that the answer is always somebody.
    """
    staff = world.staff
    every = np.arange(len(staff.seats))
    spell, is_held = staff.spell_of(every, night)
    person = staff.spells["person"][spell].astype(np.int64)
    boss, place, found = staff.seats["supervisor"], every, person.copy()
    is_open = ~is_held
    for _ in range(LEVELS):
        above = boss[place]
        is_open = is_open & (above >= 0)
        place = np.where(is_open, above, place)
        found = np.where(is_open & is_held[place], person[place], found)
        is_open = is_open & ~is_held[place]
    answer: NDArray[np.int64] = found[seat]
    return answer


def _stays(world: World, account: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Say of which accounts nobody thinks when their owner leaves."""
    share = world.scenario.dirt.left_owner_share
    return streams.uniform_of(world.seed, "dirt left owner", account) < share


def openers(world: World, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the development rep's seat that opened each deal; -1 where none did.

    Half of the new deals of a region that has development reps start with one of
    them, and are handed to the seller of the account once they qualify.
    """
    deals, seats = world.deals.rows, world.staff.seats
    account = deals["account"][rows]
    region = world.market.accounts["region"][account]
    draw = streams.uniform_of(world.seed, "opener", rows)
    seat = np.full(len(rows), -1, dtype=np.int64)
    for place in np.unique(region):
        choices = np.flatnonzero((seats["role"] == SDR) & (seats["region"] == place))
        if len(choices):
            pick = (draw / OPENED_SHARE * len(choices)).astype(np.int64)
            mine = region == place
            seat[mine] = choices[pick[mine] % len(choices)]
    seat[(deals["kind"][rows] != NEW) | (draw >= OPENED_SHARE)] = -1
    day = deals["created"][rows] // SECONDS_A_DAY
    _, is_held = world.staff.spell_of(np.maximum(seat, 0), day)
    return np.where(is_held, seat, -1)


def seats_of_deals(
    world: World,
    rows: NDArray[np.int64],
    seat: NDArray[np.int64],
    stage: NDArray[np.int8],
) -> NDArray[np.int64]:
    """Return the seat that owns each deal: the opener's until it qualifies.

    Parameters
    ----------
    world : World
    rows : (n,) int64
        Deals.
    seat : (n,) int64
        The seller's seat of each.
    stage : (n,) int8
        Stage shown on the night.

    Returns
    -------
    (n,) int64
    """
    deals = world.deals.rows
    never = (deals["reached"][rows] == 0) & (deals["outcome"][rows] != WON)
    is_early = (stage == 0) | ((stage >= 4) & never)
    opener = openers(world, rows)
    return np.where(is_early & (opener >= 0), opener, seat)
