"""What billing held on a night: customers, subscriptions, items, invoices, lines."""

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipelines.demo import names
from pipelines.demo.billing import PAYMENT_DAYS
from pipelines.demo.frames import amounts, chosen, days, ids, times
from pipelines.demo.months import NEVER, SECONDS_A_DAY, day_number
from pipelines.demo.world import PRODUCTS, World

INVOICES_A_CHUNK = 300_000
UNCOLLECTIBLE_DAYS = 120  # after issue


def _subscriptions(world: World, night: int) -> NDArray[np.int64]:
    """Return the subscriptions begun by a night and alive within the history."""
    subs = world.books.subscriptions
    first = day_number(world.dates.first_day)
    return np.flatnonzero((subs["start"] <= night) & (subs["ended"] > first))


def _usd(count: int) -> pl.Series:
    return pl.Series(["USD"]).new_from_index(0, count)


def customers(world: World, night: int) -> pl.DataFrame:
    """Return one row per account that ever had one of the subscriptions shown."""
    subs = world.books.subscriptions
    rows = _subscriptions(world, night)
    account, place = np.unique(subs["account"][rows], return_index=True)
    signed = world.deals.rows["ends"][subs["deal"][rows[place]]]
    return pl.DataFrame(
        {
            "customer_id": ids("cus_", account, 8),
            "account_id": ids("A", account, 7),
            "name": names.companies(account.astype(np.int64)),
            "currency": _usd(len(account)),
            "created_at": times(signed),
        }
    )


def subscriptions(world: World, night: int) -> pl.DataFrame:
    """Return subscriptions with their state on a night."""
    subs = world.books.subscriptions
    rows = _subscriptions(world, night)
    ended = subs["ended"][rows].astype(np.int64)
    canceled = subs["canceled"][rows].astype(np.int64)
    return pl.DataFrame(
        {
            "subscription_id": ids("sub_", rows, 8),
            "customer_id": ids("cus_", subs["account"][rows], 8),
            "status": chosen(("active", "canceled"), (ended <= night).astype(np.int64)),
            "started_at": times(subs["start"][rows].astype(np.int64) * SECONDS_A_DAY),
            "ended_at": times(ended * SECONDS_A_DAY, known_to=night),
            "canceled_at": times(canceled * SECONDS_A_DAY + 50_400, known_to=night),
        }
    )


def subscription_items(world: World, night: int) -> pl.DataFrame:
    """Return items begun by a night with the users they had then."""
    subs, items, changes = (
        world.books.subscriptions, world.books.items, world.books.changes,
    )  # fmt: skip
    is_shown = np.zeros(len(subs), dtype=bool)
    is_shown[_subscriptions(world, night)] = True
    users = items["first_users"].astype(np.float64)
    known = changes["day"] <= night
    users[changes["item"][known]] = changes["users"][known]
    rows = np.flatnonzero(is_shown[items["subscription"]] & (items["start"] <= night))
    monthly = subs["is_monthly"][items["subscription"][rows]]
    unit = items["price_cents"][rows].astype(np.int64) * np.where(monthly, 1, 12)
    return pl.DataFrame(
        {
            "item_id": ids("si_", rows, 8),
            "subscription_id": ids("sub_", items["subscription"][rows], 8),
            "product_id": chosen(tuple(k for k, _ in PRODUCTS), items["product"][rows]),
            "quantity": users[rows],
            "unit_amount": amounts(unit),
            "interval": chosen(("year", "month"), monthly.astype(np.int64)),
        }
    )


def _invoices(world: World, night: int) -> NDArray[np.int64]:
    issued = world.books.invoices["issued"]
    first = day_number(world.dates.first_day) * SECONDS_A_DAY
    return np.flatnonzero((issued >= first) & (issued < (night + 1) * SECONDS_A_DAY))


def invoices(world: World, night: int) -> pl.DataFrame:
    """Return invoices issued within the history by a night."""
    every, subs = world.books.invoices, world.books.subscriptions
    rows = _invoices(world, night)
    issued, paid = every["issued"][rows], every["paid"][rows]
    sub = every["subscription"][rows]
    is_paid = paid < (night + 1) * SECONDS_A_DAY
    is_lost = issued // SECONDS_A_DAY + UNCOLLECTIBLE_DAYS <= night
    state = np.where(is_paid, 0, np.where(is_lost, 2, 1))
    return pl.DataFrame(
        {
            "invoice_id": ids("in_", rows, 9),
            "customer_id": ids("cus_", subs["account"][sub], 8),
            "subscription_id": ids("sub_", sub, 8),
            "status": chosen(("paid", "open", "uncollectible"), state),
            "issued_at": times(issued),
            "due_at": times(issued + PAYMENT_DAYS * SECONDS_A_DAY),
            "paid_at": times(
                np.where(is_paid, paid, NEVER * SECONDS_A_DAY), known_to=night
            ),
            "total": amounts(every["total_cents"][rows]),
            "currency": _usd(len(rows)),
        }
    )


def invoice_lines(world: World, night: int) -> Iterator[pl.DataFrame]:
    """Yield the lines of the invoices shown, chunk by chunk."""
    lines = world.books.lines
    is_shown = np.zeros(len(world.books.invoices), dtype=bool)
    is_shown[_invoices(world, night)] = True
    every = np.flatnonzero(is_shown[lines["invoice"]])
    for start in range(0, max(1, len(every)), INVOICES_A_CHUNK):
        rows = every[start : start + INVOICES_A_CHUNK]
        yield pl.DataFrame(
            {
                "line_id": ids("il_", rows, 9),
                "invoice_id": ids("in_", lines["invoice"][rows], 9),
                "amount": amounts(lines["amount_cents"][rows]),
                "period_start": days(lines["start"][rows]),
                # the contract wants the last day, the books hold the day after
                "period_end": days(
                    np.maximum(lines["end"][rows] - 1, lines["start"][rows])
                ),
                "item_id": ids("si_", lines["item"][rows], 8),
                "is_proration": lines["is_proration"][rows],
            }
        )
