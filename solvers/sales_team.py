"""What a sales team books in years nobody has seen: leavers, ramp and luck."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.capacity import by_tenure


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesTeam:
    """Today's team, what hires will be like, and what nobody knows yet.

    Attributes are by group (one role in one segment). Factors are lognormal with
    mean 1: one for the market, one per segment, one per role.
    """

    segment_of_group: NDArray[np.intp]  # (n_groups,)
    role_of_group: NDArray[np.intp]  # (n_groups,)
    heads: NDArray[np.int64]  # (n_groups,) on board
    productivity_cents: NDArray[np.float64]  # (n_groups, n_months) per ramped month
    ramp_share: NDArray[np.float64]  # (n_groups, n_tenures) in 0..1
    monthly_hazard: NDArray[np.float64]  # (n_groups,) or (n_groups, n_tenures) in 0..1
    lead_months: NDArray[np.int64]  # (n_groups,) decision to first day
    tenure_months: tuple[NDArray[np.int64], ...] | None = None  # by head; None: ramped
    backfill_share: NDArray[np.float64] | None = None  # (n_groups,) seats refilled
    market_deviation: float = 0.0  # of the log
    segment_deviation: float = 0.0
    role_deviation: float = 0.0

    def __post_init__(self) -> None:
        """Refuse heads without a tenure and shares outside 0..1."""
        if self.tenure_months is not None:
            count = [len(tenures) for tenures in self.tenure_months]
            if count != self.heads.tolist():
                raise ValueError(f"tenure_months lists {count} heads, not {self.heads}")
        share = self.backfill_share
        if share is not None and not ((share >= 0) & (share <= 1)).all():
            raise ValueError("backfill_share must lie in 0..1")

    @property
    def n_months(self) -> int:
        """Return the number of months of the year that is planned."""
        return int(self.productivity_cents.shape[1])


@dataclass(frozen=True, slots=True)
class _Cohort:
    """Heads who started together: when each may leave and what is booked by then."""

    size: int
    chance: NDArray[np.float64]  # (n_worked + 1,) of leaving after each month; staying
    worth_cents: NDArray[np.float64]  # (n_worked + 1,) refills of the seat included


def _cohort(
    team: SalesTeam, group: int, size: int, first: int, tenure: int | None
) -> _Cohort:
    """Return the cohort that is at `tenure` in month `first`; None is ramped."""
    worked = team.n_months - first
    chance, worth = _leaving(team, group, first, tenure)
    if team.backfill_share is not None and team.backfill_share[group] > 0:
        lead = int(team.lead_months[group])
        for month in range(worked):  # the seat is refilled once, lead time later
            again = first + month + 1 + lead
            if again < team.n_months:
                share, booked = _leaving(team, group, again, 0)
                worth[month] += team.backfill_share[group] * float(share @ booked)
    return _Cohort(size, chance, worth)


def _leaving(
    team: SalesTeam, group: int, first: int, tenure: int | None
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return chances of leaving after each month worked, and bookings until then."""
    worked = team.n_months - first
    start = 10**6 if tenure is None else tenure
    curve = np.atleast_1d(team.monthly_hazard[group])
    place = np.minimum(start + np.arange(worked), curve.size - 1)
    hazard = by_tenure(curve, curve.size, "monthly_hazard")[place]
    ramp = np.ones(worked)
    if tenure is not None:
        full = by_tenure(team.ramp_share[group], tenure + worked, "ramp_share")
        ramp = full[tenure:]
    alive = np.concatenate([[1.0], np.cumprod(1.0 - hazard)])
    chance = np.append(alive[:-1] * hazard, alive[-1])
    money = np.cumsum(ramp * team.productivity_cents[group, first:])
    # leaving at the end of month j still books month j
    return chance / chance.sum(), np.append(money, money[-1])


def _team_cohorts(team: SalesTeam, group: int) -> list[_Cohort]:
    if team.tenure_months is None:
        return [_cohort(team, group, int(team.heads[group]), 0, None)]
    # from where both curves are flat, heads of any tenure are alike
    hazard = np.atleast_1d(team.monthly_hazard[group])
    flat = max(_flat_from(team.ramp_share[group]), _flat_from(hazard))
    alike = np.minimum(team.tenure_months[group], flat)
    tenures, counts = np.unique(alike, return_counts=True)
    return [
        _cohort(team, group, int(count), 0, int(tenure))
        for tenure, count in zip(tenures, counts, strict=True)
    ]


def _flat_from(curve: NDArray[np.float64]) -> int:
    """Return the first place from which a curve does not change any more."""
    return int(np.flatnonzero(np.append(True, curve[1:] != curve[:-1]))[-1])


def expected_team_cents(team: SalesTeam) -> NDArray[np.float64]:
    """Return (n_groups,) expected bookings of the year from heads on board, cents."""
    return np.array(
        [
            sum(c.size * float(c.chance @ c.worth_cents) for c in cohorts)
            for cohorts in (_team_cohorts(team, g) for g in range(team.heads.size))
        ]
    )


def hire_table(team: SalesTeam) -> NDArray[np.float64]:
    """Return (n_groups, n_months) cents one hire is expected to book by year end.

    The column is the month of decision; lead time, ramp, attrition and the refill of
    the seat are in it. 0 where the hire would start after the year.
    """
    table = np.zeros((team.heads.size, team.n_months))
    for g, month in np.ndindex(*table.shape):
        first = month + int(team.lead_months[g])
        if first < team.n_months:
            hire = _cohort(team, g, 1, first, 0)
            table[g, month] = float(hire.chance @ hire.worth_cents)
    return table


def luck_of_years(
    team: SalesTeam, *, n_segments: int, n_years: int, seed: int
) -> NDArray[np.float64]:
    """Return (n_years, n_groups) factors on bookings; mean 1, common parts shared."""
    rng = np.random.default_rng([seed, 0])
    market = _factor(rng, team.market_deviation, (n_years, 1))
    segment = _factor(rng, team.segment_deviation, (n_years, n_segments))
    n_roles = int(team.role_of_group.max(initial=0)) + 1
    role = _factor(rng, team.role_deviation, (n_years, n_roles))
    return market * segment[:, team.segment_of_group] * role[:, team.role_of_group]


def simulate_capacity(
    team: SalesTeam,
    hires: NDArray[np.int64],
    *,
    n_segments: int,
    n_years: int,
    seed: int,
) -> NDArray[np.float64]:
    """Draw years of bookings with whole leavers and common good and bad luck.

    Parameters
    ----------
    team : SalesTeam
        Who is there and how hires behave.
    hires : (n_groups, n_months) int64
        Hires by month of decision.
    n_segments : int
        Number of segments.
    n_years : int
        Years to draw.
    seed : int
        Same seed, same years: neither their luck nor who of today's team leaves
        depends on `hires`.

    Returns
    -------
    (n_years, n_segments) float64, US cents
        Bookings of the year.

    Notes
    -----
    The month in which each head of a cohort leaves is multinomial; bookings follow
    from it. A refilled seat brings its expected value. Factors multiply.
    """
    years = DrawnYears(team, n_segments=n_segments, n_years=n_years, seed=seed)
    return years.capacity(hires)


class DrawnYears:
    """Years drawn once, for asking about many plans of hires."""

    def __init__(
        self, team: SalesTeam, *, n_segments: int, n_years: int, seed: int
    ) -> None:
        self.team, self.n_segments, self.n_years = team, n_segments, n_years
        self.seed = seed
        self.luck = luck_of_years(
            team, n_segments=n_segments, n_years=n_years, seed=seed
        )
        self._booked = np.zeros((n_years, team.heads.size))
        for g in range(team.heads.size):
            rng = np.random.default_rng([seed, 1, g])
            for cohort in _team_cohorts(team, g):
                self._booked[:, g] += self._draw(rng, cohort)

    def capacity(self, hires: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return (n_years, n_segments) bookings in cents with these hires."""
        total = np.zeros((self.n_years, self.n_segments))
        for g in range(hires.shape[0]):
            booked = self._booked[:, g] * self.luck[:, g]
            for month in np.flatnonzero(hires[g]):
                booked += self.brought(g, int(month), int(hires[g, month]))
            total[:, int(self.team.segment_of_group[g])] += booked
        return total

    def brought(self, group: int, month: int, size: int) -> NDArray[np.float64]:
        """Return (n_years,) bookings in cents of so many hires decided in a month."""
        first = month + int(self.team.lead_months[group])
        if first >= self.team.n_months or size == 0:
            return np.zeros(self.n_years)
        rng = np.random.default_rng([self.seed, 2, group, month])
        cohort = _cohort(self.team, group, size, first, 0)
        return self._draw(rng, cohort) * self.luck[:, group]

    def _draw(self, rng: np.random.Generator, cohort: _Cohort) -> NDArray[np.float64]:
        if cohort.size == 0:
            return np.zeros(self.n_years)
        left = rng.multinomial(cohort.size, cohort.chance, size=self.n_years)
        return np.asarray(left @ cohort.worth_cents)


def _factor(
    rng: np.random.Generator, deviation: float, shape: tuple[int, int]
) -> NDArray[np.float64]:
    draws = rng.standard_normal(shape)
    return np.asarray(np.exp(deviation * draws - 0.5 * deviation**2))
