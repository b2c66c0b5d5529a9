"""People are hired into seats, move between them, leave, and are replaced."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.founding import Founding
from pipelines.demo.months import DAYS_A_MONTH, NEVER, Months
from pipelines.demo.places import Places
from pipelines.demo.scenario import Event
from pipelines.demo.sizes import Size
from pipelines.demo.staff import AE, CSM, MANAGER, SDR, SE, Staff

PROMOTION_SHARE: Final = 0.3  # of openings are offered inside; assumption
TRANSFER_SHARE: Final = 0.1  # of sellers' openings, to another region's; assumption
KNOWS_THE_FIRM: Final = 0.6  # of the usual ramp for who moves inside; assumption
LEAVE_KINDS: Final = ("parental", "medical", "unpaid")


class Hiring:
    """Fills seats, month after month; all its draws depend on seed and month.

    Parameters
    ----------
    size : Size
        Seats and growth.
    places : Places
        Cities people live in.
    months : Months
        Months of the simulation.
    seed : int
        Seed of the company.
    plan_day : int, day number
        First day of the plan year: growth ends, and in calm sizes unscripted
        leaving ends four months before, so that backfills have started.
    leavers : Event
        Whether people leave by themselves; strength is the sellers' share a year.
    """

    def __init__(
        self,
        size: Size,
        places: Places,
        months: Months,
        *,
        seed: int,
        plan_day: int,
        leavers: Event,
    ) -> None:
        self.leavers = leavers
        self.size, self.places, self.months = size, places, months
        self.seed, self.plan_day = seed, plan_day
        self.staff = Staff()
        self._open_company(plan_day)

    def _open_company(self, plan_day: int) -> None:
        """Open every seat, and fill those there from the first month on."""
        generator = streams.stream(self.seed, "first staff")
        first = int(self.months.start[0])
        founding = Founding(self.size, self.staff, first)
        leaders = founding.open_leaders()
        tenure = generator.integers(400, 2_500, len(leaders))
        if not self.size.is_calm:  # supporters come and go faster than managers
            role = self.staff.seats["role"][leaders]
            short = generator.exponential(450.0, len(leaders)).astype(np.int64) + 20
            tenure = np.where(
                (role == SDR) | (role == SE) | (role == CSM), short, tenure
            )
        self._hire(leaders, first - tenure, generator)
        seats = founding.open_sellers(plan_day, generator)
        starts = self.staff.seats["target_start"][seats]
        present, later = seats[starts <= first], seats[starts > first]
        stay = generator.exponential(2.0 * 365, len(present)).clip(20, 3_000)
        self._hire(present, first - stay.astype(np.int64), generator)
        self.staff.openings.add(
            len(later), seat=later, opened=self.staff.seats["opened"][later],
            fill=self.staff.seats["target_start"][later],
        )  # fmt: skip

    def _hire(
        self,
        seat: NDArray[np.int64],
        start: NDArray[np.int64],
        generator: np.random.Generator,
    ) -> NDArray[np.int64]:
        staff, count = self.staff, len(seat)
        role, segment = staff.seats["role"][seat], staff.seats["segment"][seat]
        region = staff.seats["region"][seat]
        sigma = norms.TALENT_SIGMA * np.sqrt(0.5)  # half in activity, half in winning
        draws = generator.normal(size=(count, 3))
        city = np.zeros(count, dtype=np.int64)
        for index in np.unique(region):
            here = np.flatnonzero(region == index)
            name = norms.REGIONS[index]
            city[here] = self.places.draw(name, len(here), generator)
        person = staff.people.add(
            count, role=role, segment=segment, region=region, hired=start,
            left=NEVER, is_voluntary=False,
            activity=np.exp(sigma * draws[:, 0] - sigma**2 / 2),
            win=np.exp(sigma * draws[:, 1] - sigma**2 / 2), fte=1.0,
        )  # fmt: skip
        usual = norms.by_segment("ramp_months")[segment]
        never = generator.random(count) < norms.NEVER_RAMP_SHARE
        if not self.size.is_calm:
            part = streams.uniform_of(self.seed, "part time", person)
            staff.people["fte"][person] = np.where(part < norms.PART_TIME_SHARE, 0.6, 1)
        staff.spells.add(
            count, seat=seat, person=person, start=start, end=NEVER,
            ramp_months=usual * np.exp(norms.RAMP_SIGMA * draws[:, 2]),
            plateau=np.where(never & ~self.size.is_calm, 0.5, 1.0),
        )  # fmt: skip
        staff.jobs.add(
            count, person=person, day=start, role=role, segment=segment,
            region=region, seat=seat, city=city,
        )  # fmt: skip
        return person

    def step(self, month: int, attainment: NDArray[np.float64]) -> None:
        """Live through one month: openings are filled, people leave.

        Parameters
        ----------
        month : int
            Place of the month in the simulation; call in order.
        attainment : (n_people,) float
            Bookings over quota of the last two full quarters; nan when unknown.
        """
        first, last = self.months.start[month], self.months.start[month + 1]
        fill = self.staff.openings["fill"]
        due = np.flatnonzero((fill >= first) & (fill < last))
        generator = streams.stream(self.seed, "hires", month)
        if not self.size.is_calm:
            draws = streams.stream(self.seed, "careers", month)
            due = due[~self._promote(month, due, attainment, draws)]
            self._go_on_leave(month, draws)
        fill = self.staff.openings["fill"]
        self._hire(self.staff.openings["seat"][due], fill[due], generator)
        generator = streams.stream(self.seed, "leavers", month)
        is_over = self.size.is_calm and first > self.plan_day - 130
        is_over |= not self.leavers.is_on
        rows = self._leaving(month, attainment, generator)
        if not is_over and month > 0:
            days = generator.integers(first, last, len(rows))
            self.leave(rows, _weekday(days), generator)

    def _leaving(
        self,
        month: int,
        attainment: NDArray[np.float64],
        generator: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Draw the spells that end this month."""
        spells, first = self.staff.spells, int(self.months.start[month])
        person = spells["person"]
        tenure = (first - spells["start"]) / DAYS_A_MONTH
        score = np.full(len(self.staff.people), np.nan)
        score[: len(attainment)] = attainment
        score = score[person]
        level = 1.0 if self.size.is_calm else norms.HAZARD_LEVEL
        hazard = np.full(len(spells), level * self.leavers.strength / 12)
        since = [low for low, _ in norms.TENURE_HAZARD]
        factor = np.array([times for _, times in norms.TENURE_HAZARD])
        hazard *= factor[np.searchsorted(since[1:], tenure, side="right")]
        low = [share for share, _ in norms.ATTAINMENT_HAZARD[1:]]
        times = np.array([factor for _, factor in norms.ATTAINMENT_HAZARD])
        by_score = times[np.searchsorted(low, np.nan_to_num(score), side="right")]
        hazard *= np.where(np.isnan(score), norms.UNKNOWN_ATTAINMENT_HAZARD, by_score)
        hazard *= norms.SEASON_HAZARD[self.months.fiscal_quarter[month]]
        role = self.staff.seats["role"][spells["seat"]]
        others = np.array(norms.LEAVE_HAZARD_OTHERS)[role] / 12
        others = others * (not self.size.is_calm)
        others = others * self.leavers.strength / norms.LEAVE_HAZARD_YEAR
        hazard = np.where(role == AE, hazard, others)
        is_here = (spells["end"] == NEVER) & (spells["start"] < first)
        return np.flatnonzero(is_here & (generator.random(len(spells)) < hazard))

    def leave(
        self,
        spell: NDArray[np.int64],
        day: NDArray[np.int64],
        generator: np.random.Generator,
        *,
        is_voluntary: bool | None = None,
    ) -> None:
        """End spells on given days and open the seats for a backfill."""
        staff, count = self.staff, len(spell)
        person, seat = staff.spells["person"][spell], staff.spells["seat"][spell]
        choice = generator.random(count) < 0.6  # C: 15 of 25 % leave by themselves
        delay = self._delay(seat, generator)
        staff.people["left"][person] = day
        staff.people["is_voluntary"][person] = (
            choice if is_voluntary is None else is_voluntary
        )
        staff.spells["end"][spell] = day + 1  # the last day still counts
        staff.openings.add(count, seat=seat, opened=day, fill=_weekday(day + delay))
        still = np.isin(staff.leaves["person"], person)  # nobody is away after leaving
        left = staff.people["left"][staff.leaves["person"][still]]
        staff.leaves["end"][still] = np.minimum(staff.leaves["end"][still], left)

    def _delay(
        self, seat: NDArray[np.int64], generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Draw the days until an opening is filled, next month at the earliest."""
        usual = norms.by_segment("backfill_days")[self.staff.seats["segment"][seat]]
        days: NDArray[np.float64] = generator.gamma(6.0, usual / 6.0).clip(34, 240)
        return days.astype(np.int64)

    def _promote(
        self,
        month: int,
        due: NDArray[np.int64],
        attainment: NDArray[np.float64],
        generator: np.random.Generator,
    ) -> NDArray[np.bool_]:
        """Fill some openings from inside: a segment or a manager's seat up, or across.

        Across is a seller of the same segment in another region, who moves house.

        Returns
        -------
        (n_due,) bool
            True where somebody moved in; their old seat opens.
        """
        staff, spells = self.staff, self.staff.spells
        is_filled = np.zeros(len(due), dtype=bool)
        tried = generator.random(len(due)) < PROMOTION_SHARE
        across = streams.stream(self.seed, "transfers", month)
        is_across = across.random(len(due)) < TRANSFER_SHARE
        score = np.zeros(len(staff.people))
        score[: len(attainment)] = np.nan_to_num(attainment)
        for place in np.flatnonzero(tried | is_across).tolist():
            seat = staff.openings["seat"][due[place]]
            day = int(staff.openings["fill"][due[place]])
            from_seat = spells["seat"]
            segment = staff.seats["segment"][seat]
            may_move = staff.seats["role"][from_seat] == AE
            is_near = staff.seats["region"][from_seat] == staff.seats["region"][seat]
            is_transfer = is_across[place] and staff.seats["role"][seat] == AE
            may_move &= ~is_near if is_transfer else is_near
            may_move &= (spells["end"] == NEVER) & (spells["start"] < day - 540)
            if is_transfer:
                may_move &= staff.seats["segment"][from_seat] == segment
            elif staff.seats["role"][seat] == AE:
                may_move &= staff.seats["segment"][from_seat] == segment - 1
            elif staff.seats["role"][seat] != MANAGER:
                continue
            if not may_move.any():
                continue
            best = int(np.argmax(np.where(may_move, score[spells["person"]], -1.0)))
            draws = across if is_transfer else generator
            self._move(best, int(seat), day, draws, is_far=is_transfer)
            is_filled[place] = True
        return is_filled

    def _move(
        self,
        spell: int,
        seat: int,
        day: int,
        generator: np.random.Generator,
        *,
        is_far: bool,
    ) -> None:
        """Move a person from one seat to another; the old one needs a backfill."""
        staff = self.staff
        person, old = (int(staff.spells[name][spell]) for name in ("person", "seat"))
        role, segment, region = (
            int(staff.seats[name][seat]) for name in ("role", "segment", "region")
        )
        usual = norms.by_segment("ramp_months")[segment]
        staff.spells["end"][spell] = day
        staff.spells.add(
            1, seat=seat, person=person, start=day, end=NEVER, plateau=1.0,
            ramp_months=KNOWS_THE_FIRM * usual,
        )  # fmt: skip
        city = staff.jobs["city"][staff.job_of(np.array([person]), day)]
        if is_far:
            city = self.places.draw(norms.REGIONS[region], 1, generator)
        staff.jobs.add(
            1, person=person, day=day, role=role, segment=segment, region=region,
            seat=seat, city=city,
        )  # fmt: skip
        for name, value in (("role", role), ("segment", segment), ("region", region)):
            staff.people[name][person] = value
        delay = self._delay(np.array([old]), generator)
        staff.openings.add(1, seat=old, opened=day, fill=_weekday(day + delay))

    def _go_on_leave(self, month: int, generator: np.random.Generator) -> None:
        """Let a few sellers be away for one to four months."""
        spells, seats = self.staff.spells, self.staff.seats
        first, last = self.months.start[month], self.months.start[month + 1]
        draw = generator.random(len(spells))
        may_go = (spells["end"] == NEVER) & (spells["start"] < first - 180)
        may_go &= seats["role"][spells["seat"]] == AE
        goes = draw < norms.LEAVE_OF_ABSENCE_YEAR / 12
        person = spells["person"][may_go & goes]
        person = person[~np.isin(person, self.staff.leaves["person"])]
        start = generator.integers(first, last, len(person))
        length = generator.integers(30, 121, len(person))
        kind = generator.integers(0, len(LEAVE_KINDS), len(person))
        self.staff.leaves.add(
            len(person), person=person, start=start, end=start + length, kind=kind
        )


def _weekday(day: NDArray[np.int64]) -> NDArray[np.int64]:
    """Move Saturdays and Sundays to the Friday before; 1970-01-01 was a Thursday."""
    weekday = (day + 3) % 7
    return day - np.maximum(0, weekday - 4)
