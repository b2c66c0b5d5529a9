"""What won deals turn into: subscriptions, items, renewals, invoices and lines."""

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.columns import Columns
from pipelines.demo.market import Market
from pipelines.demo.months import (
    NEVER,
    SECONDS_A_DAY,
    Months,
    add_months,
    split_day,
)
from pipelines.demo.selling import OPEN, RENEWAL, WON, Deals, Selling

TERM_MONTHS: Final = 12
RENEWAL_OPENS_DAYS: Final = 90  # before the term ends
PAYMENT_DAYS: Final = 30
SHRINK_SHARE: Final = 0.10  # of renewals drop users; assumption
DOWNGRADE_YEAR_SHARE: Final = 0.04  # of items lose users inside a term; assumption
LATE_SHARE, UNPAID_SHARE = 0.12, 0.01  # of invoices; assumption


@dataclass
class Books:
    """Subscriptions, their items, and what was invoiced; days are day numbers."""

    subscriptions: Columns = field(
        default_factory=lambda: Columns(
            account="i4", deal="i4", start="i4", term_end="i4", ended="i4",
            canceled="i4", is_monthly="?", renewal="i4",
        )
    )  # fmt: skip
    items: Columns = field(
        default_factory=lambda: Columns(
            subscription="i4", product="i1", users="i4", price_cents="i4",
            start="i4", first_users="i4", deal="i4",
        )
    )  # fmt: skip
    changes: Columns = field(
        default_factory=lambda: Columns(item="i4", day="i4", users="i4")
    )
    credits: Columns = field(
        default_factory=lambda: Columns(
            item="i4", due="i4", start="i4", amount_cents="i8"
        )
    )
    invoices: Columns = field(
        default_factory=lambda: Columns(
            subscription="i4", issued="i8", paid="i8", total_cents="i8"
        )
    )
    lines: Columns = field(
        default_factory=lambda: Columns(
            invoice="i4", item="i4", amount_cents="i8", start="i4", end="i4",
            is_proration="?",
        )
    )  # fmt: skip


class Billing:
    """Bills month by month what selling won.

    Parameters
    ----------
    selling : Selling
        Where won deals come from and renewals go to.
    market : Market
        Accounts; the first won deal makes a customer.
    months : Months
        Months of the simulation.
    seed : int
        Seed of the company.
    """

    def __init__(
        self, selling: Selling, market: Market, months: Months, *, seed: int
    ) -> None:
        self.has_downgrades = not selling.size.is_calm
        self.selling, self.market, self.months, self.seed = (
            selling,
            market,
            months,
            seed,
        )
        self.books = Books()
        self._subscription_of: NDArray[np.int64] = np.zeros(0, dtype=np.int64)

    @property
    def deals(self) -> Deals:
        """The opportunities that are billed."""
        return self.selling.deals

    def step(self, month: int, closed: NDArray[np.int64]) -> None:
        """Take up what closed this month, renew terms, and write invoices.

        Parameters
        ----------
        month : int
            Place of the month in the simulation; call in order.
        closed : (n,) int64
            Deals decided this month, in the order of their closing.
        """
        generator = streams.stream(self.seed, "billing", month)
        kind = self.deals.rows["kind"][closed]
        is_won = self.deals.rows["outcome"][closed] == WON
        self._sell(closed[is_won & (kind != RENEWAL)], generator)
        self._cancel(closed[~is_won & (kind == RENEWAL)])
        self._renew(month, generator)
        self._open_renewals(month, generator)
        self._invoice(month, generator)
        if self.has_downgrades:
            self._downgrade(month)

    def _sell(self, won: NDArray[np.int64], generator: np.random.Generator) -> None:
        """Start a subscription, or add an item to the one the account has."""
        deals, accounts, subs = (
            self.deals.rows,
            self.market.accounts,
            self.books.subscriptions,
        )
        known = np.full(len(accounts), -1, dtype=np.int64)
        known[: len(self._subscription_of)] = self._subscription_of
        held = np.flatnonzero(known >= 0)
        known[held[subs["canceled"][known[held]] < NEVER]] = -1
        account = deals["account"][won]
        start = self._start(deals["ends"][won] // SECONDS_A_DAY, generator)
        is_first = np.zeros(len(won), dtype=bool)
        is_first[np.unique(account, return_index=True)[1]] = True
        is_new = is_first & (known[account] < 0)
        monthly = norms.by_segment("monthly_billing_share")
        share = monthly[accounts["segment"][account[is_new]]]
        count = int(is_new.sum())
        known[account[is_new]] = subs.add(
            count, account=account[is_new], deal=won[is_new], start=start[is_new],
            term_end=add_months(start[is_new], TERM_MONTHS), ended=NEVER,
            canceled=NEVER, is_monthly=generator.random(count) < share, renewal=-1,
        )  # fmt: skip
        accounts["customer_from"][account[is_new]] = start[is_new]
        subscription = known[account]
        self.books.items.add(
            len(won), subscription=subscription, product=deals["product"][won],
            users=deals["users"][won], price_cents=deals["price_cents"][won],
            start=np.maximum(start, subs["start"][subscription]),
            first_users=deals["users"][won], deal=won,
        )  # fmt: skip
        deals["subscription"][won] = subscription
        self._subscription_of = known

    def _start(
        self, signed: NDArray[np.int64], generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Start service within three weeks of signing, never on the 29th to 31st."""
        start = signed + generator.integers(0, 21, len(signed))
        month, offset = split_day(start)
        turn = (month + 1).astype("datetime64[M]").astype("datetime64[D]")
        return np.where(offset > 27, turn.astype(np.int64), start)

    def _cancel(self, lost: NDArray[np.int64]) -> None:
        """Let subscriptions whose renewal was lost end with their term."""
        subs, deals = self.books.subscriptions, self.deals.rows
        rows = deals["subscription"][lost]
        subs["canceled"][rows] = deals["ends"][lost] // SECONDS_A_DAY
        subs["ended"][rows] = subs["term_end"][rows]

    def _renew(self, month: int, generator: np.random.Generator) -> None:
        """Extend the terms that end this month, or let the customer go."""
        books, accounts = self.books, self.market.accounts
        subs = books.subscriptions
        first, last = self.months.start[month], self.months.start[month + 1]
        ends = subs["term_end"]
        due = np.flatnonzero((ends >= first) & (ends < last))
        is_kept = subs["ended"][due] == NEVER
        kept, lost = due[is_kept], due[~is_kept]
        self._resize(kept, generator)
        subs["term_end"][kept] = add_months(ends[kept].astype(np.int64), TERM_MONTHS)
        account = subs["account"][lost]
        gone = account[self._subscription_of[account] == lost]
        self._subscription_of[gone] = -1
        accounts["customer_from"][gone] = -1

    def _resize(self, kept: NDArray[np.int64], generator: np.random.Generator) -> None:
        """Drop some users at one renewal in ten."""
        books = self.books
        ends = np.full(len(books.subscriptions), -1, dtype=np.int64)
        chosen = kept[generator.random(len(kept)) < SHRINK_SHARE]
        ends[chosen] = books.subscriptions["term_end"][chosen]
        day = ends[books.items["subscription"]]
        item = np.flatnonzero((day >= 0) & (books.items["users"] > 1))
        cut = generator.uniform(0.6, 0.9, len(item))
        users = np.maximum(1, (books.items["users"][item] * cut).astype(np.int64))
        books.items["users"][item] = users
        books.changes.add(len(item), item=item, day=day[item], users=users)

    def _open_renewals(self, month: int, generator: np.random.Generator) -> None:
        """Open a renewal opportunity ninety days before a term ends."""
        books, accounts = self.books, self.market.accounts
        subs, items = books.subscriptions, books.items
        first, last = self.months.start[month], self.months.start[month + 1]
        opens = subs["term_end"].astype(np.int64) - RENEWAL_OPENS_DAYS
        is_live = subs["ended"] == NEVER
        due = np.flatnonzero((opens >= first) & (opens < last) & is_live)
        account, count = subs["account"][due], len(due)
        value = items["users"].astype(np.int64) * items["price_cents"] * 12
        yearly = np.bincount(items["subscription"], weights=value, minlength=len(subs))
        share = norms.by_segment("renewal_share")
        is_alive = generator.random(count) < share[accounts["segment"][account]]
        second = generator.integers(28_800, 64_800, count)
        ends = subs["term_end"][due].astype(np.int64) - generator.integers(1, 25, count)
        main = np.zeros(len(subs), dtype=np.int64)
        main[items["subscription"][::-1]] = items["product"][::-1]
        seat = accounts["csm_seat"][account]
        rows = self.deals.rows.add(
            count, account=account, seat=seat, first_seat=seat, kind=RENEWAL,
            product=main[due], created=opens[due] * SECONDS_A_DAY + second,
            ends=ends * SECONDS_A_DAY + 54_000, reached=3,
            cycle_days=RENEWAL_OPENS_DAYS, outcome=OPEN, luck=0.0, is_alive=is_alive,
            users=1, price_cents=0, amount_cents=yearly[due].astype(np.int64),
            subscription=due, has_competitor=False, closer=-1,
            odds=share[accounts["segment"][account]], closing_odds=0.0,
        )  # fmt: skip
        np.add.at(accounts["open_count"], account, 1)
        self.selling.remember(rows)

    def _downgrade(self, month: int) -> None:
        """Let some items lose users inside a term, after this month's invoices.

        Notes
        -----
        What was paid for the rest of the period comes back, by the day, as a line of
        the next invoice; a subscription that ends before it gets nothing back.
        """
        generator = streams.stream(self.seed, "downgrades", month)
        books, subs, items = self.books, self.books.subscriptions, self.books.items
        sub, first = items["subscription"], int(self.months.start[month])
        last = int(self.months.start[month + 1])
        origin = subs["start"].astype(np.int64)[sub]
        day = first + split_day(origin)[1] + 1  # the period has been billed
        drawn = generator.random((len(items), 3))
        may = (drawn[:, 0] < DOWNGRADE_YEAR_SHARE / 12) & (items["users"] > 5)
        may &= (items["start"] < first) & (subs["canceled"][sub] == NEVER)
        day = day + (drawn[:, 1] * np.maximum(0, last - day)).astype(np.int64)
        item = np.flatnonzero(may & (day < last))
        day, sub = day[item], sub[item]
        kept = 0.75 + 0.2 * drawn[item, 2]
        before = items["users"][item].astype(np.int64)
        users = (before * kept).astype(np.int64)
        step = np.where(subs["is_monthly"], 1, 12)[sub]
        opened, closes = _period(origin[item], day, step)
        paid = (before - users) * items["price_cents"][item] * step
        back = np.rint(paid * (closes - day) / (closes - opened)).astype(np.int64)
        items["users"][item] = users
        books.changes.add(len(item), item=item, day=day, users=users)
        books.credits.add(
            len(item), item=item, due=closes, start=day, amount_cents=-back
        )

    def _invoice(self, month: int, generator: np.random.Generator) -> None:
        """Write this month's invoices: periods that begin, and items added inside one.

        Notes
        -----
        A subscription is billed in advance, each month or each year on the day it
        started. An item added inside a period pays its rest by the day.
        """
        subs, items = self.books.subscriptions, self.books.items
        sub, start = items["subscription"], items["start"].astype(np.int64)
        step = np.where(subs["is_monthly"], 1, 12)[sub]
        origin = subs["start"].astype(np.int64)[sub]
        first, last = int(self.months.start[month]), int(self.months.start[month + 1])
        began, offset = split_day(origin)
        now = split_day(np.array([first]))[0]
        begins = first + offset
        is_turn = (now >= began) & ((now - began) % step == 0)
        is_turn &= (start <= begins) & (subs["ended"][sub] > begins)
        cycle = np.flatnonzero(is_turn)
        fee = items["users"].astype(np.int64) * items["price_cents"] * step

        is_added = (start >= first) & (start < last) & (subs["ended"][sub] > start)
        added = np.flatnonzero(is_added)
        opened, closes = _period(origin[added], start[added], step[added])
        is_inside = start[added] > opened
        added, opened, closes = added[is_inside], opened[is_inside], closes[is_inside]
        rest = (closes - start[added]) / (closes - opened)

        owed = self.books.credits
        due = np.flatnonzero((owed["due"] >= first) & (owed["due"] < last))
        back = owed["item"][due].astype(np.int64)
        is_kept = subs["ended"][sub[back]] > owed["due"][due]
        due, back = due[is_kept], back[is_kept]
        ends = owed["due"][due].astype(np.int64)
        self._write(
            np.concatenate([cycle, added, back]),
            np.concatenate([begins[cycle], start[added], ends]),
            np.concatenate([begins[cycle], start[added], owed["start"][due]]),
            np.concatenate([add_months(begins[cycle], step[cycle]), closes, ends]),
            np.concatenate(
                [
                    fee[cycle],
                    np.rint(fee[added] * rest).astype(np.int64),
                    owed["amount_cents"][due],
                ]
            ),
            is_proration=np.repeat([False, True], [len(cycle), len(added) + len(due)]),
            generator=generator,
        )

    def _write(
        self,
        item: NDArray[np.int64],
        day: NDArray[np.int64],
        start: NDArray[np.int64],
        end: NDArray[np.int64],
        amount: NDArray[np.int64],
        *,
        is_proration: NDArray[np.bool_],
        generator: np.random.Generator,
    ) -> None:
        """Gather lines of one subscription and day into a paid or open invoice."""
        sub = self.books.items["subscription"][item]
        order = np.lexsort((item, sub, day))
        item, start, end, amount = item[order], start[order], end[order], amount[order]
        is_proration, sub, day = is_proration[order], sub[order], day[order]
        heads = np.ones(len(item), dtype=bool)
        heads[1:] = (sub[1:] != sub[:-1]) | (day[1:] != day[:-1])
        heads = np.flatnonzero(heads)
        count = len(heads)
        delay = np.rint(generator.normal(24.0, 8.0, count)).clip(0, 30)
        draw = generator.random(count)
        late = 30 + generator.exponential(18.0, count)
        days = np.where(draw < LATE_SHARE, late, delay).astype(np.int64)
        issued = day[heads] * SECONDS_A_DAY + 21_600
        paid = issued + days * SECONDS_A_DAY + 10_800
        total = np.add.reduceat(amount, heads) if count else amount
        invoice = self.books.invoices.add(
            count, subscription=sub[heads], issued=issued, total_cents=total,
            paid=np.where(draw > 1 - UNPAID_SHARE, NEVER * SECONDS_A_DAY, paid),
        )  # fmt: skip
        lengths = np.diff(np.append(heads, len(item)))
        self.books.lines.add(
            len(item), invoice=np.repeat(invoice, lengths), item=item,
            amount_cents=amount, start=start, end=end, is_proration=is_proration,
        )  # fmt: skip


def _period(
    origin: NDArray[np.int64], day: NDArray[np.int64], step: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return first day and day after of the billing period each day lies in."""
    at, of = split_day(day)
    began, offset = split_day(origin)
    passed = at - began - (of < offset)
    passed -= passed % step
    opened = add_months(origin, passed)
    return opened, add_months(opened, step)
