"""The seats a company has: sellers by segment and region, and who leads them."""

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import norms
from pipelines.demo.months import split_day
from pipelines.demo.sizes import Size
from pipelines.demo.staff import (
    AE,
    CRO,
    CSM,
    DIRECTOR,
    MANAGER,
    SDR,
    SE,
    Staff,
    seat_plan,
)

LEAD_DAYS = 75  # between opening a new seller's seat and the first day
SELLERS_A_CSM = (6, 12)  # in most sizes; in calm ones


class Founding:
    """Opens every seat a company will have until its first planning night.

    Parameters
    ----------
    size : Size
        How many sellers, and whether the company is a calm one with leaders and
        success managers only.
    staff : Staff
        Holds the seats.
    first : int, day number
        First day of the simulation.
    """

    def __init__(self, size: Size, staff: Staff, first: int) -> None:
        self.size, self.staff, self.first = size, staff, first
        self.plan = seat_plan(size)
        self._managers: list[NDArray[np.int64]] = []  # of sellers, by region
        self._leads: list[NDArray[np.int64]] = []  # of everybody else, by region

    def open_leaders(self) -> NDArray[np.int64]:
        """Open the seats of everybody but sellers; return them."""
        for region in range(self.plan.shape[1]):
            sellers = int(self.plan[:, region].sum())
            teams = -(-sellers // norms.MAX_SPAN)
            managers = self._open(teams, MANAGER, region)
            self._managers.append(managers)
            self._leads.append(np.zeros(0, dtype=np.int64))
            backed = SELLERS_A_CSM[self.size.is_calm]
            served = self._open(max(1, round(sellers / backed)), CSM, region)
            self.staff.seats["supervisor"][served] = managers[0]
        if not self.size.is_calm:
            for region in range(self.plan.shape[1]):
                self._open_supporters(region)
            self._stack_directors()
        return np.arange(len(self.staff.seats))

    def open_sellers(
        self, plan_day: int, generator: np.random.Generator
    ) -> NDArray[np.int64]:
        """Open the sellers' seats in the order of their start; return them.

        Parameters
        ----------
        plan_day : int, day number
            First day of the plan year; growth is over well before.
        generator : numpy.random.Generator
            Draws which seats come late.
        """
        segment, region = np.nonzero(self.plan)
        cell = np.repeat(np.arange(len(segment)), self.plan[segment, region])
        starts = self._starts(segment[cell], region[cell], plan_day, generator)
        order = np.argsort(starts, kind="stable")
        starts, cell = starts[order], cell[order]
        is_there = starts <= self.first
        return self.staff.seats.add(
            len(cell), role=AE, segment=segment[cell], region=region[cell],
            supervisor=self._supervisors(region[cell]), target_start=starts,
            opened=np.where(is_there, self.first - 365, starts - LEAD_DAYS),
        )  # fmt: skip

    def _open(self, count: int, role: int, region: int) -> NDArray[np.int64]:
        return self.staff.seats.add(
            count, role=role, segment=-1, region=region, supervisor=-1,
            opened=self.first - 365, target_start=self.first,
        )  # fmt: skip

    def _open_supporters(self, region: int) -> None:
        """Open the seats of development and solutions people with their managers."""
        is_large = self.size.seats_count > 500
        sellers = int(self.plan[:, region].sum())
        for role, ratio in ((SDR, norms.AES_A_SDR[is_large]), (SE, norms.AES_A_SE)):
            count = max(1, round(sellers / ratio))
            managers = self._open(-(-count // norms.MAX_SPAN), MANAGER, region)
            self._leads[region] = np.append(self._leads[region], managers)
            team = np.arange(count) * len(managers) // count
            seats = self._open(count, role, region)
            self.staff.seats["supervisor"][seats] = managers[team]

    def _stack_directors(self) -> None:
        """Put managers under directors, eight to one, up to a single officer."""
        heads = []
        for region, managers in enumerate(self._managers):
            level = np.append(managers, self._leads[region])
            while len(level) > 1:
                above = self._open(-(-len(level) // norms.MAX_SPAN), DIRECTOR, region)
                place = np.arange(len(level)) * len(above) // len(level)
                self.staff.seats["supervisor"][level] = above[place]
                level = above
            heads.append(level)
        officer = self._open(1, CRO, 0)
        self.staff.seats["supervisor"][np.concatenate(heads)] = officer[0]

    def _supervisors(self, region: NDArray[np.int64]) -> NDArray[np.int64]:
        """Give each manager of a region an even, contiguous team."""
        found = np.zeros(len(region), dtype=np.int64)
        for index, managers in enumerate(self._managers):
            rows = np.flatnonzero(region == index)
            found[rows] = managers[np.arange(len(rows)) * len(managers) // len(rows)]
        return found

    def _starts(
        self,
        segment: NDArray[np.int64],
        region: NDArray[np.int64],
        plan_day: int,
        generator: np.random.Generator,
    ) -> NDArray[np.int64]:
        """Choose the seats that open later, keeping one of each kind from the start."""
        count = len(segment)
        years = (plan_day - self.first) / 365.25
        present = round(count / (1 + self.size.growth_year) ** years)
        kind = segment * len(norms.REGIONS) + region
        is_first = np.zeros(count, dtype=bool)
        is_first[np.unique(kind, return_index=True)[1]] = True
        rank = generator.random(count) - is_first  # the first of a kind opens first
        later = np.argsort(rank)[max(present, int(is_first.sum())) :]
        step = (np.arange(len(later)) + 0.5) / max(1, len(later))
        day = self.first + (plan_day - self.first) * (0.08 + 0.72 * step)
        whole = day.astype(np.int64)
        starts = np.full(count, self.first, dtype=np.int64)
        starts[later] = whole - split_day(whole)[1]  # the first of its month
        return starts
