"""Events that move people or accounts: who leaves, who gets which book."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.hiring import Hiring
from pipelines.demo.market import Arrivals
from pipelines.demo.months import NEVER, SECONDS_A_DAY, Months, day_number
from pipelines.demo.selling import RENEWAL, WON, Selling
from pipelines.demo.staff import AE, MANAGER
from pipelines.demo.storyline import Storyline

MID_MARKET_FROM: Final = 250  # employees, after a re-segmentation


class Happenings:
    """Lets a scenario's events happen in the month they fall in.

    Parameters
    ----------
    story : Storyline
        Which events, when.
    hiring : Hiring
        Ends spells.
    arrivals : Arrivals
        Holds the market.
    selling : Selling
        Its past bookings tell the top rep.
    months : Months
        Months of the simulation.
    seed : int
        Seed of the company.

    Attributes
    ----------
    log : list of (event, day number, person)
        What happened so far; person is -1 where it is not about one.
    """

    def __init__(
        self,
        story: Storyline,
        hiring: Hiring,
        arrivals: Arrivals,
        selling: Selling,
        months: Months,
        *,
        seed: int,
    ) -> None:
        self.story, self.hiring, self.arrivals = story, hiring, arrivals
        self.selling, self.months, self.seed = selling, months, seed
        self.log: list[tuple[str, int, int]] = []

    def people(self, month: int) -> None:
        """Let the people leave whom the scenario takes away this month."""
        if self.story.events.good_rep_leaves.is_on:
            day = day_number(self.story.dates.left_on)
            if self._is_in(month, day):
                self._leave("rep_left", np.array([self._good_rep(day)]), day)
        day = self.story.begins("top_rep_leaves") + 13
        if self._is_in(month, day):
            self._leave("top_rep_left", np.array([self._top_rep(month)]), day)
        day = self.story.begins("team_leaves") + 9
        if self._is_in(month, day):
            self._leave("team_left", self._team(day), day)

    def accounts(self, month: int) -> None:
        """Move the accounts the scenario moves on the first of this month."""
        first = int(self.months.start[month])
        for event, act in (
            ("reorganisation", self._reorganise),
            ("resegmentation", self._resegment),
        ):
            if first == self.story.begins(event):
                act(first)
                self.log.append((event, first, -1))

    def _is_in(self, month: int, day: int) -> bool:
        return bool(self.months.start[month] <= day < self.months.start[month + 1])

    def _leave(self, event: str, spells: NDArray[np.int64], day: int) -> None:
        staff = self.hiring.staff
        spells = spells[staff.spells["end"][spells] == NEVER]
        name = "story" if event == "rep_left" else event
        generator = streams.stream(self.seed, name)
        days = np.full(len(spells), day)
        self.hiring.leave(spells, days, generator, is_voluntary=True)
        for person in staff.spells["person"][spells].tolist():
            self.log.append((event, day, person))

    def _in_place(self) -> NDArray[np.bool_]:
        """Say which spells are those of sellers in their seats."""
        staff = self.hiring.staff
        there: NDArray[np.bool_] = staff.seats["role"][staff.spells["seat"]] == AE
        there &= staff.spells["end"] == NEVER
        return there

    def _good_rep(self, day: int) -> int:
        """Return the spell of the most talented mid-market rep in place for a year."""
        spells, people = self.hiring.staff.spells, self.hiring.staff.people
        person = spells["person"]
        middle = [s.segment_id for s in norms.SEGMENTS].index("mm")
        may_go = self._in_place() & (people["segment"][person] == middle)
        may_go &= spells["start"] < day - 365
        talent = people["activity"][person] * people["win"][person]
        return int(np.argmax(np.where(may_go, talent, -1.0)))

    def _top_rep(self, month: int) -> int:
        """Return the spell of the rep with the best bookings of twelve months."""
        deals, spells = self.selling.deals.rows, self.hiring.staff.spells
        since = self.months.start[max(0, month - 12)] * SECONDS_A_DAY
        counts = (deals["outcome"] == WON) & (deals["kind"] != RENEWAL)
        rows = np.flatnonzero(counts & (deals["ends"] >= since))
        people = len(self.hiring.staff.people)
        booked = np.bincount(deals["closer"][rows], deals["amount_cents"][rows], people)
        best = np.where(self._in_place(), booked[spells["person"]], -1.0)
        return int(np.argmax(best))

    def _team(self, day: int) -> NDArray[np.int64]:
        """Return the spells of a share of the sellers under the largest manager."""
        staff = self.hiring.staff
        boss = staff.seats["supervisor"][staff.spells["seat"]]
        is_there = self._in_place() & (staff.seats["role"][boss] == MANAGER)
        is_there &= staff.spells["start"] < day
        manager = np.bincount(boss[is_there]).argmax()
        team = np.flatnonzero(is_there & (boss == manager))
        share = self.story.events.team_leaves.strength
        generator = streams.stream(self.seed, "team")
        return team[generator.random(len(team)) < share]

    def _reorganise(self, day: int) -> None:
        """Shuffle a share of the accounts inside their segment and region."""
        generator = streams.stream(self.seed, "reorganisation")
        share = self.story.events.reorganisation.strength
        count = len(self.arrivals.market.accounts)
        self._rebook(np.flatnonzero(generator.random(count) < share), day, generator)

    def _resegment(self, day: int) -> None:
        """Move a share of the smallest mid-market accounts to small business."""
        market = self.arrivals.market
        every = market.accounts
        generator = streams.stream(self.seed, "resegmentation")
        share = self.story.events.resegmentation.strength
        is_small = (every["segment"] == 1) & (every["employees"] < MID_MARKET_FROM)
        rows = np.flatnonzero(is_small & (generator.random(len(every)) < share))
        every["segment"][rows] = 0
        market.reclassed.add(len(rows), account=rows, day=day, segment=0)
        self._rebook(rows, day, generator)

    def _rebook(
        self, rows: NDArray[np.int64], day: int, generator: np.random.Generator
    ) -> None:
        every = self.arrivals.market.accounts
        segment, region = every["segment"][rows], every["region"][rows]
        seat = self.arrivals.book_of(segment, region, day, generator)
        self.arrivals.market.move(rows, seat, day)
