"""Hire so that the plan is met with a promised probability, checked on fresh years."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data_contracts.errors import InfeasibleError
from solvers.calibration import FRESH_YEARS, TOLERANCE, Calibration
from solvers.hiring import HiringPlan, HiringProblem, Spans, plan_hires
from solvers.result import Proof, gap_share
from solvers.sales_team import (
    SalesTeam,
    expected_team_cents,
    hire_table,
    simulate_capacity,
)

__all__ = [
    "FRESH_YEARS",
    "TOLERANCE",
    "ChancePlan",
    "SalesTeam",
    "expected_team_cents",
    "hire_table",
    "hires_for_probability",
    "price_of_certainty",
    "simulate_capacity",
]

MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class ChancePlan:
    """Hires with the probability they keep on years they were not fitted on."""

    plan: HiringPlan  # its gap is that of the last straight-line model
    promised: float
    probability: NDArray[np.float64]  # (n_segments,) on fresh years
    worst_probability: float
    safety_factor: NDArray[np.float64]  # (n_segments,) expected bookings over target
    rounds: int
    proof: Proof


def hires_for_probability(
    team: SalesTeam,
    target_cents: NDArray[np.int64],
    probability: float,
    *,
    cost_cents: NDArray[np.int64],
    recruiter_limit: NDArray[np.int64] | None = None,
    group_limit: NDArray[np.int64] | None = None,
    budget_cents: int | None = None,
    spans: Spans | None = None,
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
    recruiter_limit, group_limit, budget_cents, spans :
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
    The promised quantile of each segment, drawn with whole leavers, is taken as a
    straight line in the hires: a further hire adds what it brings in the years near
    the quantile. The whole-number programme on these lines is solved, the years are
    drawn again, until the promise holds; then single hires are dropped or swapped for
    cheaper ones while it still holds. Sample averages promise in sample what they
    do not keep; see docs/methods/hiring.md.

    References
    ----------
    .. [1] Luedtke & Ahmed, "A Sample Approximation Approach for Optimization with
       Probabilistic Constraints", SIAM J. Optim. 19(2), 2008, doi:10.1137/070702928.
    """
    if not 0 < probability < 1:
        raise ValueError(f"probability is {probability}; it must lie inside (0, 1)")
    target = np.asarray(target_cents, dtype=np.float64)
    question = HiringProblem(
        group_names=tuple(str(g) for g in range(team.heads.size)),
        segment_of_group=team.segment_of_group,
        role_of_group=team.role_of_group,
        contribution_cents=hire_table(team),
        cost_cents=cost_cents,
        need_cents=np.zeros(target.size, dtype=np.int64),
        recruiter_limit=recruiter_limit,
        group_limit=group_limit,
        budget_cents=budget_cents,
        spans=spans,
    )
    calibration = Calibration(team, target, probability, question, seed)
    hires = np.zeros(question.contribution_cents.shape, dtype=np.int64)
    best: HiringPlan | None = None
    rounds, is_stuck = 0, False
    while best is None and rounds < MOST_ROUNDS and not is_stuck:
        rounds += 1
        asked = calibration.around(hires)
        plan = plan_hires(asked, best_effort=best_effort, effort=effort)
        # limits are reached, or nothing changes any more: further rounds are idle
        is_same = bool((plan.hires == hires).all())
        is_stuck = rounds > 1 and (is_same or bool(plan.missing_cents.any()))
        hires = plan.hires
        if calibration.is_kept(hires):
            best = _pared(calibration, plan)
    if best is None:
        if not best_effort:
            raise InfeasibleError(
                f"no hires were found that keep the plan with {probability:.0%}",
                fix="raise the budget or recruiter limits, or promise less",
            )
        best = plan
    return _checked(team, target, probability, best, rounds, seed)


def _pared(calibration: Calibration, plan: HiringPlan) -> HiringPlan:
    """Return the plan after cheaper swaps, priced again."""
    hires = calibration.pared(plan)
    asked = calibration.question
    saved = int(((plan.hires - hires) * asked.cost_cents).sum())
    if saved == 0:
        return plan
    cost = plan.cost_cents - saved
    bound = min(plan.bound_cents, cost)
    closed = np.bincount(
        asked.segment_of_group,
        weights=(hires * asked.contribution_cents).sum(axis=1),
        minlength=asked.need_cents.size,
    )
    return replace(
        plan,
        hires=hires,
        cost_cents=cost,
        bound_cents=bound,
        gap_share=gap_share(cost, bound),
        closed_cents=np.floor(closed).astype(np.int64),
        proof=Proof.FEASIBLE,
    )


def _checked(
    team: SalesTeam,
    target: NDArray[np.float64],
    probability: float,
    plan: HiringPlan,
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
    expected = np.bincount(
        team.segment_of_group,
        weights=expected_team_cents(team) + (hire_table(team) * plan.hires).sum(axis=1),
        minlength=target.size,
    )
    worst = float(chance.min(initial=1.0))
    # measured on a sample: two standard errors below the promise still keeps it
    error = 2.0 * np.sqrt(probability * (1 - probability) / FRESH_YEARS)
    is_kept = worst >= probability - max(error, TOLERANCE)
    return ChancePlan(
        plan=plan,
        promised=probability,
        probability=chance,
        worst_probability=worst,
        safety_factor=expected / np.maximum(target, 1.0),
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
