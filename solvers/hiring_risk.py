"""Hire so that the plan is met with a promised probability, checked on fresh years."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data_contracts.errors import InfeasibleError
from solvers.capacity import by_tenure, capacity_per_hire
from solvers.hiring import HiringPlan, HiringProblem, plan_hires
from solvers.result import Proof

CALIBRATION_YEARS = 60_000
FRESH_YEARS = 40_000
SAFETY_MARGIN = 0.003  # held above the promise, for what calibration overfits
AIM_MARGIN = 0.006  # aimed at, so that whole hires do not end just below
MOST_ROUNDS = 8
CLOSE_ENOUGH = 0.003  # of the target: no need for another round


@dataclass(frozen=True, slots=True, kw_only=True)
class SalesTeam:
    """Today's team, what hires will be like, and what nobody knows yet.

    Attributes are by group (one role in one segment). Factors are lognormal with
    mean 1: one for the market, one per segment, one per role.
    """

    segment_of_group: NDArray[np.intp]  # (n_groups,)
    role_of_group: NDArray[np.intp]  # (n_groups,)
    heads: NDArray[np.int64]  # (n_groups,) ramped heads on board
    productivity_cents: NDArray[np.float64]  # (n_groups, n_months) per ramped month
    ramp_share: NDArray[np.float64]  # (n_groups, n_tenures) in 0..1
    monthly_hazard: NDArray[np.float64]  # (n_groups,) in 0..1
    lead_months: NDArray[np.int64]  # (n_groups,) decision to first day
    market_deviation: float = 0.0  # of the log
    segment_deviation: float = 0.0
    role_deviation: float = 0.0


@dataclass(frozen=True, slots=True)
class ChancePlan:
    """Hires with the probability they keep on years they were not fitted on."""

    plan: HiringPlan  # its gap is that of the mean-value model at these factors
    promised: float
    probability: NDArray[np.float64]  # (n_segments,) on fresh years
    worst_probability: float
    safety_factor: NDArray[np.float64]  # (n_segments,) target is planned times this
    rounds: int
    proof: Proof


def expected_team_cents(team: SalesTeam) -> NDArray[np.float64]:
    """Return each group's expected bookings of the year from heads on board."""
    months = team.productivity_cents.shape[1]
    alive = (1.0 - team.monthly_hazard)[:, None] ** np.arange(months)[None, :]
    return np.asarray(team.heads * (alive * team.productivity_cents).sum(axis=1))


def hire_table(team: SalesTeam) -> NDArray[np.float64]:
    """Return (n_groups, n_months) cents one hire is expected to book by year end."""
    months = team.productivity_cents.shape[1]
    return np.vstack(
        [
            capacity_per_hire(
                n_months=months,
                lead_months=int(team.lead_months[g]),
                ramp_share=team.ramp_share[g],
                monthly_hazard=[team.monthly_hazard[g]],
                productivity_cents=team.productivity_cents[g],
            ).sum(axis=1)
            for g in range(team.heads.size)
        ]
    )


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
        Same seed, same years; the factors of a year do not depend on `hires`.

    Returns
    -------
    (n_years, n_segments) float64, US cents
        Bookings of the year.

    Notes
    -----
    The month in which each head of a cohort leaves is multinomial; bookings follow
    from it. Factors multiply: market, segment, role.
    """
    groups, months = hires.shape
    factors, heads = (np.random.default_rng([seed, part]) for part in (0, 1))
    market = _factor(factors, team.market_deviation, (n_years, 1))
    segment = _factor(factors, team.segment_deviation, (n_years, n_segments))
    n_roles = int(team.role_of_group.max(initial=0)) + 1
    role = _factor(factors, team.role_deviation, (n_years, n_roles))
    total = np.zeros((n_years, n_segments))
    for g in range(groups):
        ramp = by_tenure(team.ramp_share[g], months, "ramp_share")
        cohorts = [(int(team.heads[g]), 0, np.ones(months))]
        cohorts += [
            (int(hires[g, m]), m + int(team.lead_months[g]), ramp)
            for m in range(months)
        ]
        booked = np.zeros(n_years)
        for size, first, curve in cohorts:
            worked = months - first
            if size == 0 or worked <= 0:
                continue
            stay = 1.0 - team.monthly_hazard[g]
            leave = stay ** np.arange(worked) * team.monthly_hazard[g]
            chance = np.append(leave, max(1.0 - leave.sum(), 0.0))
            money = np.cumsum(curve[:worked] * team.productivity_cents[g, first:])
            # leaving at the end of month j still books month j
            worth = np.append(money, money[-1])
            count = heads.multinomial(size, chance / chance.sum(), size=n_years)
            booked += count @ worth
        s = int(team.segment_of_group[g])
        luck = market[:, 0] * segment[:, s] * role[:, int(team.role_of_group[g])]
        total[:, s] += booked * luck
    return total


def _factor(
    rng: np.random.Generator, deviation: float, shape: tuple[int, int]
) -> NDArray[np.float64]:
    draws = rng.standard_normal(shape)
    return np.asarray(np.exp(deviation * draws - 0.5 * deviation**2))


def hires_for_probability(
    team: SalesTeam,
    target_cents: NDArray[np.int64],
    probability: float,
    *,
    cost_cents: NDArray[np.int64],
    recruiter_limit: NDArray[np.int64] | None = None,
    group_limit: NDArray[np.int64] | None = None,
    budget_cents: int | None = None,
    seed: int = 0,
    best_effort: bool = False,
    effort: float = 2.0,
) -> ChancePlan:
    """Find cheap hires that meet every segment's target with a given probability.

    Parameters
    ----------
    team : SalesTeam
        Today's team, hires and uncertainty.
    target_cents : (n_segments,) int64, US cents
        Bookings to reach in the year.
    probability : float in (0, 1)
        Chance that each segment reaches its target.
    cost_cents : (n_groups, n_months) int64, US cents
        Cost of one hire by month of decision.
    recruiter_limit, group_limit, budget_cents :
        As in :class:`solvers.hiring.HiringProblem`.
    seed : int, default 0
        Of the calibration years; fresh years use another stream.
    best_effort : bool, default False
        Come as near as limits allow instead of failing.
    effort : float, default 2.0
        Deterministic time of each exact search.

    Returns
    -------
    ChancePlan
        ``probability`` is measured on years drawn afresh for this purpose alone.

    Raises
    ------
    ValueError
        If the probability is not inside (0, 1).
    InfeasibleError
        If limits or budget do not allow the promise.

    Notes
    -----
    Mean-value programme with one safety factor per segment; each round moves the
    factor by what the promised quantile of the calibration years misses. Sample
    averages promise in sample what they do not keep; see docs/methods/hiring.md.

    References
    ----------
    .. [1] Luedtke & Ahmed, "A Sample Approximation Approach for Optimization with
       Probabilistic Constraints", SIAM J. Optim. 19(2), 2008, doi:10.1137/070702928.
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability is {probability}; it must lie inside (0, 1)")
    target = np.asarray(target_cents, dtype=np.float64)
    n_segments = target.size
    base = np.bincount(
        team.segment_of_group, weights=expected_team_cents(team), minlength=n_segments
    )
    question = HiringProblem(
        group_names=tuple(str(g) for g in range(team.heads.size)),
        segment_of_group=team.segment_of_group,
        role_of_group=team.role_of_group,
        contribution_cents=hire_table(team),
        cost_cents=cost_cents,
        need_cents=np.zeros(n_segments, dtype=np.int64),
        recruiter_limit=recruiter_limit,
        group_limit=group_limit,
        budget_cents=budget_cents,
    )
    held = min(probability + SAFETY_MARGIN, 1 - 1e-6)
    aim = min(probability + AIM_MARGIN, 1 - 1e-6)
    factor = np.ones(n_segments)
    low, high = np.zeros(n_segments), np.full(n_segments, np.inf)
    best: tuple[int, HiringPlan, NDArray[np.float64]] | None = None
    rounds = 0
    for _ in range(MOST_ROUNDS):
        rounds += 1
        need = np.ceil(target * factor - base).astype(np.int64)
        plan = plan_hires(
            replace(question, need_cents=need), best_effort=best_effort, effort=effort
        )
        years = simulate_capacity(
            team,
            plan.hires,
            n_segments=n_segments,
            n_years=CALIBRATION_YEARS,
            seed=2 * seed,
        )
        reached = np.quantile(years, 1.0 - aim, axis=0)
        fails = (years >= target[None, :]).mean(axis=0) < held
        if not fails.any() and (best is None or plan.cost_cents < best[0]):
            best = (plan.cost_cents, plan, factor.copy())
        far = np.abs(target - reached) > CLOSE_ENOUGH * np.maximum(target, 1.0)
        if not fails.any() and not far.any():
            break
        # the factor that just fails and the one that just holds close in on each other
        low = np.where(fails, np.maximum(low, factor), low)
        high = np.where(~fails, np.minimum(high, factor), high)
        step = factor * target / np.maximum(reached, 1.0)
        inside = np.isfinite(high) & (low > 0)
        crossed = inside & ((step <= low) | (step >= high))
        factor = np.where(crossed, (low + high) / 2, step)
    if best is None:
        if not best_effort:
            raise InfeasibleError(
                f"no hires were found that keep the plan with {probability:.0%}",
                fix="raise the budget or recruiter limits, or promise less",
            )
        best = (plan.cost_cents, plan, factor)
    return _checked(team, target, probability, best[1], best[2], rounds, seed)


def _checked(
    team: SalesTeam,
    target: NDArray[np.float64],
    probability: float,
    plan: HiringPlan,
    factor: NDArray[np.float64],
    rounds: int,
    seed: int,
) -> ChancePlan:
    """Measure the promise on fresh years and wrap it up."""
    fresh = simulate_capacity(
        team,
        plan.hires,
        n_segments=target.size,
        n_years=FRESH_YEARS,
        seed=2 * seed + 1,
    )
    chance = (fresh >= target[None, :]).mean(axis=0)
    worst = float(chance.min(initial=1.0))
    # measured on a sample: two standard errors below the promise still keeps it
    error = 2.0 * np.sqrt(probability * (1 - probability) / FRESH_YEARS)
    is_kept = worst >= probability - max(error, 0.005)
    return ChancePlan(
        plan=plan,
        promised=probability,
        probability=chance,
        worst_probability=worst,
        safety_factor=factor,
        rounds=rounds,
        proof=Proof.FEASIBLE if is_kept else Proof.BEST_EFFORT,
    )


def price_of_certainty(
    team: SalesTeam,
    target_cents: NDArray[np.int64],
    probabilities: tuple[float, ...],
    *,
    cost_cents: NDArray[np.int64],
    recruiter_limit: NDArray[np.int64] | None = None,
    group_limit: NDArray[np.int64] | None = None,
    seed: int = 0,
    effort: float = 2.0,
) -> tuple[ChancePlan, ...]:
    """Plan hires for rising probabilities, so that each further point has a price.

    Returns
    -------
    tuple of ChancePlan
        One per probability, rising; costs never fall: a plan that promises more and
        costs less replaces the one below it.
    """
    plans = [
        hires_for_probability(
            team,
            target_cents,
            p,
            cost_cents=cost_cents,
            recruiter_limit=recruiter_limit,
            group_limit=group_limit,
            seed=seed,
            effort=effort,
        )
        for p in sorted(probabilities)
    ]
    for i in range(len(plans) - 2, -1, -1):
        if plans[i + 1].plan.cost_cents < plans[i].plan.cost_cents:
            plans[i] = replace(plans[i + 1], promised=plans[i].promised)
    return tuple(plans)
