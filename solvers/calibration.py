"""Hold a promise in drawn years: straight lines at the quantile, and cheaper swaps."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from solvers.hiring import HiringPlan, HiringProblem
from solvers.sales_team import DrawnYears, SalesTeam, hire_table

CALIBRATION_YEARS = 100_000
FRESH_YEARS = 40_000
NEAR_YEARS = 2_000  # years around the promised quantile that price a further hire
TOLERANCE = 0.005  # of a promise, on any fresh sample as large as FRESH_YEARS
SURE = 2.3  # standard errors: one segment in a hundred may fall below the tolerance
AIM_MARGIN = 0.0005  # above what is held, so that whole hires do not end below
MOST_TRIALS = 24  # cheaper neighbours of the plan that are drawn
DOUBT_SHARE = 0.1  # of what a hire brings: how far a straight line may be off

Swap = tuple[int, int, int, int]  # group and month, and those that replace them or -1


class Calibration:
    """The promised quantile as a straight line around a plan, from drawn years.

    Parameters
    ----------
    team : SalesTeam
        Who is there and what nobody knows.
    target : (n_segments,) float64, US cents
        Bookings to reach.
    probability : float in (0, 1)
        Promised share of years, for every segment.
    question : HiringProblem
        Costs and limits; its need and contributions are not used.
    seed : int
        Of the years: stream ``2 * seed``, so that fresh years take the next.
    """

    def __init__(
        self,
        team: SalesTeam,
        target: NDArray[np.float64],
        probability: float,
        question: HiringProblem,
        seed: int,
    ) -> None:
        self.team, self.target, self.probability = team, target, probability
        self.question = question
        self.drawn = DrawnYears(
            team, n_segments=target.size, n_years=CALIBRATION_YEARS, seed=2 * seed
        )
        self.hires = np.zeros(question.contribution_cents.shape, dtype=np.int64)
        self.years = self.drawn.capacity(self.hires)
        self.managers = np.zeros(team.n_months, dtype=np.int64)  # hired by month

    @property
    def held(self) -> float:
        """Return the share of calibration years that makes the promise safe."""
        p = self.probability
        error = np.sqrt(p * (1 - p) * (1 / CALIBRATION_YEARS + 1 / FRESH_YEARS))
        return float(min(p - TOLERANCE + SURE * error, 1 - 1e-6))

    def is_kept(self, hires: NDArray[np.int64]) -> bool:
        """Return whether every segment holds in enough calibration years."""
        return self._holds(self._see(hires))

    def around(self, hires: NDArray[np.int64]) -> HiringProblem:
        """Ask for hires that lift each segment's quantile to its target."""
        aim = min(self.held + AIM_MARGIN, 1 - 1e-6)
        brings, reached = self._lines(hires, aim)
        planned = np.bincount(
            self.team.segment_of_group,
            weights=(brings * hires).sum(axis=1),
            minlength=self.target.size,
        )
        need = np.ceil(self.target - reached + planned).astype(np.int64)
        return replace(self.question, contribution_cents=brings, need_cents=need)

    def pared(self, plan: HiringPlan) -> NDArray[np.int64]:
        """Drop hires, or swap them for cheaper ones, while every segment holds.

        Straight lines are a little off where one hire is much of a segment: what they
        call nearly enough is drawn, the largest saving first.
        """
        self._see(plan.hires)
        self.managers = plan.manager_hires.sum(axis=0)
        trials, is_done = 0, False
        while not is_done:
            is_done = True
            for swap in self._cheaper():
                trials += 1
                if trials > MOST_TRIALS:
                    return self.hires
                new, years = self._swapped(swap)
                if self._holds(years):
                    self.hires, self.years, is_done = new, years, False
                    break
        return self.hires

    def _see(self, hires: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the calibration years of a plan, worked out once."""
        if (hires != self.hires).any():
            self.hires, self.years = hires, self.drawn.capacity(hires)
        return self.years

    def _holds(self, years: NDArray[np.float64]) -> bool:
        share = (years >= self.target[None, :]).mean(axis=0)
        return bool((share >= self.held).all())

    def _lines(
        self, hires: NDArray[np.int64], aim: float
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return what each further hire adds to the quantile, and the quantile.

        A hire adds what it brings in the years near the quantile: less than on
        average, and less where much rides on one role's luck.
        """
        luck, years = self.drawn.luck, self._see(hires)
        reached = np.quantile(years, 1.0 - aim, axis=0)
        brings = hire_table(self.team)
        for segment in range(self.target.size):
            mine = self.team.segment_of_group == segment
            away = np.abs(years[:, segment] - reached[segment])
            near = np.argpartition(away, NEAR_YEARS)[:NEAR_YEARS]
            brings[mine] *= luck[near][:, mine].mean(axis=0)[:, None]
        return brings, reached

    def _cheaper(self) -> list[Swap]:
        """Return swaps that save money and may still hold, largest saving first."""
        brings, reached = self._lines(self.hires, self.held)
        first = self.team.lead_months[:, None] + np.arange(brings.shape[1])[None, :]
        cost = self.question.cost_cents
        found: list[tuple[int, Swap]] = []
        for g, m in np.argwhere(self.hires > 0).tolist():
            segment = self.team.segment_of_group[g]
            short = self.target[segment] - reached[segment]
            least = short + (1.0 - DOUBT_SHARE) * brings[g, m]
            may = (self.team.segment_of_group == segment)[:, None] & (cost < cost[g, m])
            may &= (brings >= least) & self._has_room(g, m)
            if self.question.spans is not None:  # never more heads to lead than before
                may &= first >= first[g, m]
            found += [
                (int(cost[to, at] - cost[g, m]), (g, m, to, at))
                for to, at in np.argwhere(may & (brings > 0)).tolist()
            ]
            if least <= 0.0 < cost[g, m]:
                found.append((-int(cost[g, m]), (g, m, -1, -1)))
        return [swap for _, swap in sorted(found)]

    def _has_room(self, group: int, month: int) -> NDArray[np.bool_]:
        """Return which cells may take a hire more once one of another is dropped."""
        asked, role = self.question, self.question.recruiter_of_group
        fits = np.ones(self.hires.shape, dtype=bool)
        if asked.recruiter_limit is not None:
            left = asked.recruiter_limit.copy()
            np.subtract.at(left, role, self.hires)
            if left.shape[0] == 1:
                left -= self.managers
            left[role[group], month] += 1
            fits &= left[role] > 0
        if asked.group_limit is not None:
            spare = asked.group_limit - self.hires.sum(axis=1)
            spare[group] += 1
            fits &= (spare > 0)[:, None]
        return fits

    def _swapped(self, swap: Swap) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Return the plan with one hire swapped, and its calibration years."""
        group, month, to, at = swap
        hires, years = self.hires.copy(), self.years.copy()
        segment = int(self.team.segment_of_group[group])
        hires[group, month] -= 1
        cells = [(group, month)]
        if to >= 0:
            hires[to, at] += 1
            cells.append((to, at))
        for g, m in cells:
            years[:, segment] -= self.drawn.brought(g, m, int(self.hires[g, m]))
            years[:, segment] += self.drawn.brought(g, m, int(hires[g, m]))
        return hires, years
