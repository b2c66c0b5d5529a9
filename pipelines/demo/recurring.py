"""Recurring revenue of the demo company: what runs on a day, and what moved it."""

import numpy as np
from numpy.typing import NDArray

from pipelines.demo.months import NEVER
from pipelines.demo.world import World


def _live(
    world: World, night: int, *, is_running: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the account and the yearly cents of every item, zero when not running."""
    subs, items, changes = (
        world.books.subscriptions, world.books.items, world.books.changes,
    )  # fmt: skip
    users = items["first_users"].astype(np.int64)
    known = changes["day"] <= night
    users[changes["item"][known]] = changes["users"][known]
    owner = items["subscription"]
    if is_running is None:
        is_running = (items["start"] <= night) & (subs["ended"][owner] > night)
    yearly = np.where(is_running, users * items["price_cents"] * 12, 0)
    return subs["account"][owner].astype(np.int64), yearly


def arr_by_account(world: World, night: int) -> NDArray[np.int64]:
    """Return annual recurring revenue on a night.

    Parameters
    ----------
    world : World
        The company.
    night : int, day number

    Returns
    -------
    (n_accounts,) int64, cents a year, >= 0
    """
    account, yearly = _live(world, night)
    total = np.zeros(len(world.market.accounts), dtype=np.int64)
    np.add.at(total, account, yearly)
    return total


def arr_total(world: World, night: int) -> int:
    """Return the whole company's annual recurring revenue on a night, cents."""
    return int(_live(world, night)[1].sum())


def arr_movements(world: World, opening: int, closing: int) -> dict[str, int]:
    """Return what moved recurring revenue between two nights, event by event.

    Parameters
    ----------
    world : World
        The company.
    opening, closing : int, day numbers
        Everything after the first night up to and with the second counts.

    Returns
    -------
    dict
        Cents a year by movement: ``new`` first items of subscriptions, ``expansion``
        later items, ``contraction`` users dropped at renewal (negative), ``churn``
        subscriptions that ended (negative). They sum to closing less opening.
    """
    subs, items, changes = (
        world.books.subscriptions, world.books.items, world.books.changes,
    )  # fmt: skip
    price = items["price_cents"].astype(np.int64) * 12
    last = subs["ended"][items["subscription"]]
    runs = items["start"] < last  # some are signed for after the customer has gone
    item, day = changes["item"].astype(np.int64), changes["day"]
    order = np.lexsort((day, item))
    item, day = item[order], day[order]
    users = changes["users"][order].astype(np.int64)
    before = np.concatenate([[0], users[:-1]])
    is_first = np.concatenate([[True], item[1:] != item[:-1]])[: len(item)]
    before = np.where(is_first, items["first_users"][item], before[: len(item)])
    step = (users - before) * price[item] * runs[item]
    value = items["first_users"] * price * runs
    is_early = day < items["start"][item]  # dropped before it began
    np.add.at(value, item[is_early], step[is_early])
    counts = ~is_early & (day > opening) & (day <= closing)
    _, final = _live(world, NEVER - 1, is_running=runs)
    began = (items["start"] > opening) & (items["start"] <= closing)
    ended = (last > opening) & (last <= closing)
    is_opening_item = items["deal"] == subs["deal"][items["subscription"]]
    return {
        "new": int(value[began & is_opening_item].sum()),
        "expansion": int(value[began & ~is_opening_item].sum()),
        "contraction": int(step[counts].sum()),
        "churn": -int(final[ended].sum()),
    }
