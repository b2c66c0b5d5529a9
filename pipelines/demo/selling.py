"""Opportunities: who opens which, how they move, whether they are won."""

from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.close_dates import first_guess, pushes
from pipelines.demo.columns import Columns
from pipelines.demo.market import Market
from pipelines.demo.months import DAYS_A_MONTH, SECONDS_A_DAY, Months
from pipelines.demo.sizes import Size
from pipelines.demo.staff import AE, Staff
from pipelines.demo.storyline import Storyline

NEW, EXPANSION, RENEWAL = range(3)
TYPES: Final = ("new", "expansion", "renewal")
OPEN, WON, LOST = range(3)
LINGER_CALM: Final = (1.0, 1.0, 1.0)
VACANT_ACTIVITY: Final = 0.35  # a manager covers an empty seat; assumption
VACANT_WIN: Final = 0.70  # assumption
LIST_PRICE_CENTS: Final = (4_500, 3_000, 6_000, 5_000)  # a user and month, by product
COMPETITOR_SHARE, COMPETITOR_WIN = 0.35, 0.75  # assumption
CUSTOMER_EFFORT: Final = 0.40  # of a rep's new deals go to customers; assumption
CUSTOMER_PACE: Final = 0.1275  # qualified deals a month a customer bears; assumption
FIRST_DEAL_SHARE: Final = 0.32  # of yearly potential; reps pick the larger accounts
AGE_PULL: Final = 0.15  # of win odds to age over the usual cycle; assumption
PUSH_PULL: Final = 0.93  # times the odds for each push of the close date; assumption
PUSHES_USUAL: Final = 0.45  # of deals that end in the balance; keeps the mean odds
LARGEST_DEAL: Final = 12.0  # times the usual one; assumption
EXPANSION_SIZE: Final = 0.60  # of a first deal; B: expansion is 40 % of new ARR
QUARTER_ODDS: Final = np.array(norms.QUARTER_SHARE) / max(norms.QUARTER_SHARE)


@dataclass
class Deals:
    """Every opportunity ever opened; times are epoch seconds."""

    rows: Columns = field(
        default_factory=lambda: Columns(
            account="i4", seat="i4", first_seat="i4", kind="i1", product="i1",
            created="i8", ends="i8", reached="i1", cycle_days="f4", outcome="i1",
            luck="f4", is_alive="?", users="i4", price_cents="i4", amount_cents="i8",
            subscription="i4", has_competitor="?", closer="i4", odds="f4",
            closing_odds="f4",
        )
    )  # fmt: skip
    moves: Columns = field(
        default_factory=lambda: Columns(deal="i4", day="i4", seat="i4")
    )


def none_qualifies(
    wanted: NDArray[np.float64], unqualified_share: float
) -> NDArray[np.float64]:
    """Return the odds that none of an account's inquiries of a month qualifies.

    Parameters
    ----------
    wanted : (n,) float, > 0
        Inquiries expected at each account that sent at least one.
    unqualified_share : float in [0, 1)
        Of inquiries.

    Returns
    -------
    (n,) float in [0, 1]
        Below the share, the more so the more an account asks.

    Notes
    -----
    Inquiries of one account in one month become one opportunity, which qualifies if
    any of them does; both kinds arrive as Poisson streams. Were it to qualify with
    the odds of a single inquiry, accounts that ask often would hide what counts.

    Examples
    --------
    >>> none_qualifies(np.array([1e-9, 1.0]), 0.9).round(3).tolist()
    [0.9, 0.849]
    """
    odds: NDArray[np.float64] = 1 - np.expm1(
        -wanted * (1 - unqualified_share)
    ) / np.expm1(-wanted)
    return odds


class Selling:
    """Opens and closes opportunities month by month.

    Parameters
    ----------
    size : Size
        How many opportunities never qualify.
    staff : Staff
        Who sits where; talent and ramp.
    market : Market
        Accounts and books.
    months : Months
        Months of the simulation.
    story : Storyline
        What bends demand, odds and prices.
    seed : int
        Seed of the company.
    """

    def __init__(
        self,
        size: Size,
        staff: Staff,
        market: Market,
        months: Months,
        *,
        story: Storyline,
        seed: int,
    ) -> None:
        self.story = story
        self._lingering = np.array(LINGER_CALM if size.is_calm else norms.LINGER)
        self._scale = np.array(size.deal_scale)
        self._most_at_customers = CUSTOMER_PACE / (1 - size.unqualified_share)
        self.size, self.staff, self.market, self.months = size, staff, market, months
        self.seed = seed
        self.deals = Deals()
        self._ending: dict[int, list[NDArray[np.int64]]] = {}

    def remember(self, rows: NDArray[np.int64]) -> None:
        """File opportunities under the month they end in."""
        month = self.months.of(self.deals.rows["ends"][rows] // SECONDS_A_DAY)
        for index in np.unique(month):
            self._ending.setdefault(int(index), []).append(rows[month == index])

    def prospect(self, month: int) -> None:
        """Let reps open opportunities at the accounts of their books.

        Notes
        -----
        A seat's pace is its rep's activity times a mild pull of the potential in
        its book; it is spread over the accounts that can bear one more deal, in
        proportion to the square root of potential.
        """
        generator = streams.stream(self.seed, "prospecting", month)
        accounts, seats = self.market.accounts, self.staff.seats
        segment = accounts["segment"]
        most = norms.by_segment("open_per_account")[segment]
        median = norms.by_segment("deal_median_cents")[segment]
        median = median * self._scale[segment]
        weight = np.sqrt(accounts["potential_cents"] / (2.0 * median))
        weight *= accounts["open_count"] < most
        seat, count = accounts["seat"], len(seats)
        is_customer = accounts["customer_from"] >= 0
        known = np.bincount(seat, weight * is_customer, count).astype(np.float64)
        unknown = np.bincount(seat, weight * ~is_customer, count).astype(np.float64)
        pace = self._pace(month, known + unknown)
        bears = self._most_at_customers / self._scale[np.maximum(seats["segment"], 0)]
        there = np.minimum(CUSTOMER_EFFORT * pace, bears * known)
        part = np.where(is_customer, there[seat], (pace - there)[seat])
        whole = np.where(is_customer, known[seat], unknown[seat])
        wanted = part * weight / np.maximum(whole, 1e-9)
        is_opened = generator.random(len(accounts)) < 1 - np.exp(-wanted)
        opened = np.flatnonzero(is_opened)
        share = np.full(len(opened), self.size.unqualified_share)
        if self.size.has_inquiries:
            share = none_qualifies(wanted[opened], self.size.unqualified_share)
        self._open(opened, share, month, generator)

    def _pace(self, month: int, book: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how many opportunities each seat opens this month."""
        staff, seats = self.staff, self.staff.seats
        is_ae = seats["role"] == AE
        middle = int(self.months.start[month]) + 14
        spell, is_held = staff.spell_of(np.arange(len(seats)), middle)
        person = staff.spells["person"][spell]
        activity = np.where(
            is_held & ~staff.is_away(person, middle),
            staff.people["activity"][person] * staff.people["fte"][person],
            VACANT_ACTIVITY,
        )  # fmt: skip
        segment = np.maximum(seats["segment"], 0)
        usual = norms.by_segment("qualified_per_month")[segment]
        usual = usual / (1 - self.size.unqualified_share) / self._scale[segment]
        typical = np.ones(len(seats))
        for index in np.unique(segment[is_ae & (book > 0)]):
            here = is_ae & (segment == index) & (book > 0)
            typical[here] = book[here].mean()
        pull = np.clip(book / typical, 0.2, 3.0) ** 0.3
        pull = pull * self.story.demand(int(self.months.start[month]))
        return np.where(is_ae & (book > 0), usual * activity * pull, 0.0)

    def _open(
        self,
        account: NDArray[np.int64],
        unqualified: NDArray[np.float64],
        month: int,
        generator: np.random.Generator,
    ) -> None:
        accounts, staff, count = self.market.accounts, self.staff, len(account)
        segment, seat = accounts["segment"][account], accounts["seat"][account]
        first, last = self.months.start[month], self.months.start[month + 1]
        day = generator.integers(first, last, count)
        second = generator.integers(28_800, 68_400, count)  # office hours
        if not self.size.is_calm:
            hours = np.array(norms.HOURS_FROM_UTC)[accounts["region"][account]]
            second = (second - 3_600 * hours) % SECONDS_A_DAY
        created = np.maximum(day * SECONDS_A_DAY + second, accounts["created"][account])
        is_customer = accounts["customer_from"][account] >= 0
        kind = np.where(is_customer, EXPANSION, NEW)
        spell, is_held = staff.spell_of(seat, day)
        win = staff.people["win"][staff.spells["person"][spell]]
        is_qualified = generator.random(count) >= unqualified
        has_competitor = generator.random(count) < COMPETITOR_SHARE
        odds = norms.by_segment("win_share")[segment]
        odds = odds / QUARTER_ODDS.mean() * np.where(is_held, win, VACANT_WIN)
        odds = odds * np.where(has_competitor, COMPETITOR_WIN, 1.135)
        odds = (
            odds
            * np.where(is_customer, 1.25, 0.94)
            * np.exp(0.15 * accounts["fit"][account])
        )
        odds = np.where(is_qualified, odds.clip(0.02, 0.92), 0.0)
        is_alive = generator.random(count) < odds
        users, price, product = self._size(account, kind, day, generator)
        amount = users.astype(np.int64) * price * 12
        usual = norms.by_segment("cycle_days")[segment]
        median = norms.by_segment("deal_median_cents")[segment] * self._scale[segment]
        mean = (
            usual
            * np.where(is_customer, 0.7, 1.0)
            * (amount / median).clip(0.1, 10) ** 0.12
        )
        cycle = generator.gamma(4.0, mean / 4.0).clip(4, 900)
        steps = np.cumsum(norms.STAGE_SHARE)[:3]
        part = np.where(
            is_qualified,
            self._lingering[segment] * generator.beta(1.4, 1.5, count),
            0.15 * generator.random(count),
        )
        part = np.where(is_alive, 1.0, part)
        ends = created + np.ceil(part * cycle * SECONDS_A_DAY).astype(np.int64) + 7_200
        ends = np.where(is_alive, self._to_quarter_end(ends, generator), ends)
        rows = self.deals.rows.add(
            count, account=account, seat=seat, first_seat=seat, kind=kind,
            product=product, created=created, ends=ends,
            reached=np.searchsorted(steps, part, side="right"), cycle_days=cycle,
            outcome=OPEN, luck=generator.random(count), is_alive=is_alive, users=users,
            price_cents=price, amount_cents=amount, subscription=-1,
            has_competitor=has_competitor, closer=-1, odds=odds, closing_odds=0.0,
        )  # fmt: skip
        np.add.at(accounts["open_count"], account, 1)
        self.remember(rows)

    def _size(
        self,
        account: NDArray[np.int64],
        kind: NDArray[np.int64],
        day: NDArray[np.int64],
        generator: np.random.Generator,
    ) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Draw product, users and price so that amount is users x price x 12."""
        count = len(account)
        product = generator.choice(3, size=count, p=(0.6, 0.25, 0.15))
        discount = generator.beta(1.6, 8.0, count)
        price = np.array(LIST_PRICE_CENTS)[product] * self.story.price(day)
        price = price * (1 - discount)
        whole: NDArray[np.int64] = np.maximum(np.round(price), 500).astype(np.int64)
        sigma = norms.by_segment("deal_sigma")
        segment = self.market.accounts["segment"][account]
        size = self.market.accounts["potential_cents"][account] * FIRST_DEAL_SHARE
        size = size * np.where(kind == EXPANSION, EXPANSION_SIZE, 1.0)
        noise = 0.55 * sigma[segment] * generator.normal(size=count)
        size = size * np.exp(noise)
        if not self.size.is_calm:  # even a whale signs no more at once
            median = norms.by_segment("deal_median_cents") * self._scale
            size = np.minimum(size, LARGEST_DEAL * median[segment])
        users: NDArray[np.float64] = np.round(size / (whole * 12))
        return np.maximum(users, 3).astype(np.int64), whole, product

    def _to_quarter_end(
        self, ends: NDArray[np.int64], generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Pull deals that will be decided towards the last weeks of the quarter."""
        day = ends // SECONDS_A_DAY
        month = day.astype("datetime64[D]").astype("datetime64[M]")
        origin = np.datetime64(int(self.months.start[0]), "D").astype("datetime64[M]")
        since = (month - origin).astype(np.int64)
        place = (since + self.months.quarter_month[0]) % 3
        stays = 3 * np.array(norms.MONTH_OF_QUARTER_SHARE)[place]
        is_pulled = generator.random(len(ends)) >= stays
        last = (month + (3 - place)).astype("datetime64[D]").astype(np.int64) - 1
        back = (
            np.floor(generator.exponential(6.0, len(ends))).clip(0, 27).astype(np.int64)
        )
        pulled = np.maximum((last - back) * SECONDS_A_DAY + ends % SECONDS_A_DAY, ends)
        return np.where(is_pulled, pulled, ends)

    def close(self, month: int) -> NDArray[np.int64]:
        """Decide what ends this month.

        Returns
        -------
        (n_closed,) int64
            Rows decided this month, in the order of their closing.
        """
        batches = self._ending.pop(month, [])
        if not batches:
            return np.zeros(0, dtype=np.int64)
        rows = np.concatenate(batches)
        deals, staff = self.deals.rows, self.staff
        rows = rows[np.lexsort((rows, deals["ends"][rows]))]
        np.subtract.at(self.market.accounts["open_count"], deals["account"][rows], 1)
        day = deals["ends"][rows] // SECONDS_A_DAY
        spell, is_held = staff.spell_of(deals["seat"][rows], day)
        tenure = (day - staff.spells["start"][spell]) / DAYS_A_MONTH
        share = norms.ramp_share(tenure, staff.spells["ramp_months"][spell])
        odds = np.where(is_held, share * staff.spells["plateau"][spell], VACANT_WIN)
        odds = odds * QUARTER_ODDS[self.months.fiscal_quarter[month]]
        region = self.market.accounts["region"][deals["account"][rows]]
        odds = odds * self.story.odds(region, day)
        if not self.size.is_calm:  # a deal that drags on is a weaker deal
            segment = self.market.accounts["first_segment"][deals["account"][rows]]
            age = deals["cycle_days"][rows] / norms.by_segment("cycle_days")[segment]
            odds = odds * age.clip(0.3, 3.0) ** -AGE_PULL
            odds = odds * PUSH_PULL ** (self._pushes(rows) - PUSHES_USUAL)
        is_renewal = deals["kind"][rows] == RENEWAL
        odds = np.where(is_renewal, 1.0, odds)
        is_won = deals["is_alive"][rows] & (deals["luck"][rows] < odds)
        deals["closing_odds"][rows] = np.minimum(odds, 1.0)
        deals["outcome"][rows] = np.where(is_won, WON, LOST)
        deals["closer"][rows] = staff.spells["person"][spell]
        return rows

    def _pushes(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Count how often the close date moved; only where it could still be won."""
        deals, counted = self.deals.rows, np.full(len(rows), PUSHES_USUAL)
        place = np.flatnonzero(
            deals["is_alive"][rows] & (deals["kind"][rows] < RENEWAL)
        )
        mine = rows[place]
        account, day = deals["account"][mine], deals["created"][mine] // SECONDS_A_DAY
        close = first_guess(
            self.seed, mine, day, months=self.months,
            segment=self.market.accounts["first_segment"][account],
            is_expansion=deals["kind"][mine] == EXPANSION,
            is_renewal=np.zeros(len(mine), dtype=bool),
        )  # fmt: skip
        counted[place] = 0.0
        for pushed, _, _ in pushes(self.seed, mine, close, deals["ends"][mine]):
            counted[place[pushed]] += 1
        return counted

    def hand_over(self, day: int, moved: NDArray[np.int64]) -> None:
        """Move the open deals of accounts that changed seat on a day."""
        deals, accounts = self.deals.rows, self.market.accounts
        is_moved = np.zeros(len(accounts), dtype=bool)
        is_moved[moved] = True
        is_open = deals["ends"] >= day * SECONDS_A_DAY
        is_sold = deals["kind"] != RENEWAL
        rows = np.flatnonzero(is_open & is_sold & is_moved[deals["account"]])
        seat: NDArray[Any] = accounts["seat"][deals["account"][rows]]
        deals["seat"][rows] = seat
        self.deals.moves.add(len(rows), deal=rows, day=day, seat=seat)
