"""Hires that keep the plan with a promised probability, and what surety costs."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from data_contracts.money import show
from data_contracts.policy import CompanyPolicy
from pipelines.planning.people import Team
from pipelines.planning.proofs import COMPANY, ProofLine
from solvers.capacity import by_tenure
from solvers.hiring import HiringPlan, HiringProblem
from solvers.hiring_risk import (
    FRESH_YEARS,
    TOLERANCE,
    ChancePlan,
    SalesTeam,
    hires_for_probability,
    simulate_capacity,
)
from solvers.result import Proof

OUT_OF_REACH = "; more is out of reach within hiring limits"


def sales_team(
    policy: CompanyPolicy, teams: Sequence[Team], segments: Sequence[str]
) -> SalesTeam:
    """Turn planning's teams into the solver's, tenure by tenure."""
    promise, roles = policy.promise, sorted({team.role for team in teams})
    length = max(
        max(team.curves.ramp_share.size, team.curves.monthly_hazard.size)
        for team in teams
    )
    return SalesTeam(
        segment_of_group=np.array([segments.index(team.segment_id) for team in teams]),
        role_of_group=np.array([roles.index(team.role) for team in teams]),
        heads=np.array([len(team.tenure_months) for team in teams]),
        productivity_cents=np.vstack([team.month_cents for team in teams]),
        ramp_share=np.vstack(
            [by_tenure(team.curves.ramp_share, length, "ramp") for team in teams]
        ),
        monthly_hazard=np.vstack(
            [by_tenure(team.curves.monthly_hazard, length, "hazard") for team in teams]
        ),
        lead_months=np.full(len(teams), policy.capacity.hire_lead_time_months),
        tenure_months=tuple(team.tenure_months for team in teams),
        backfill_share=np.full(len(teams), promise.backfill_share),
        market_deviation=promise.market_deviation,
        segment_deviation=promise.segment_deviation,
        role_deviation=promise.role_deviation,
    )


def hires_with_promise(
    policy: CompanyPolicy,
    teams: Sequence[Team],
    segments: Sequence[str],
    question: HiringProblem,
    target_cents: NDArray[np.int64],
) -> tuple[HiringPlan, list[ProofLine]]:
    """Find cheap hires that meet every segment's target as surely as promised.

    Parameters
    ----------
    question : HiringProblem
        Costs and limits; its need is that of averages and is not used.
    target_cents : (n_segments,) int64, US cents
        Bookings to reach in the months planned.

    Returns
    -------
    HiringPlan, list of ProofLine
        As near as limits allow where they do not allow the promise. Probabilities are
        those of years drawn afresh, never of the years hires were fitted to.
    """
    promise = policy.promise
    wanted = promise.plan_met_probability_share or 0.5
    team = sales_team(policy, teams, segments)

    def at(probability: float) -> ChancePlan:
        return hires_for_probability(
            team,
            target_cents,
            probability,
            cost_cents=question.cost_cents,
            recruiter_limit=question.recruiter_limit,
            budget_cents=question.budget_cents,
            spans=question.spans,
            best_effort=True,
        )

    found = at(wanted)
    proofs = list(_kept(found.probability, found.promised, segments))
    dearer = [p for p in sorted(promise.also_priced_probability_shares) if p > wanted]
    before = found
    for probability in dearer:
        if before.proof is Proof.BEST_EFFORT:
            break  # out of reach already: more would cost nothing and bring nothing
        after = at(probability)
        proofs.append(_price(before, after))
        before = after
    return found.plan, proofs


def kept_shares(
    policy: CompanyPolicy,
    teams: Sequence[Team],
    segments: Sequence[str],
    hires: NDArray[np.int64],
    target_cents: NDArray[np.int64],
    *,
    short_of: str = OUT_OF_REACH,
) -> list[ProofLine]:
    """Say how often the plan is met with given hires, against any promise.

    Parameters
    ----------
    hires : (n_teams, n_months) int64
        By team and month of decision, however they were found.
    target_cents : (n_segments,) int64, US cents
        Bookings to reach in the months planned.
    short_of : str
        What to add where a promise is not kept.

    Returns
    -------
    list of ProofLine
        One per segment, measured on years that no hires were fitted to.
    """
    years = simulate_capacity(
        sales_team(policy, teams, segments),
        hires,
        n_segments=len(segments),
        n_years=FRESH_YEARS,
        seed=1,
    )
    chance = (years >= target_cents[None, :]).mean(axis=0)
    promised = policy.promise.plan_met_probability_share
    if promised is not None:
        return list(_kept(chance, promised, segments, short_of))
    return [
        ProofLine(
            solver="hiring",
            node_id=f"{segment}:chance",
            proof=Proof.FEASIBLE,
            unit="share",
            objective=float(chance[place]),
            bound=None,
            gap_share=None,
            is_verified=True,
            statement=f"planned by averages: the plan is met in {chance[place]:.1%} of "
            f"{FRESH_YEARS:,} drawn years; no probability was promised",
        )
        for place, segment in enumerate(segments)
    ]


def _kept(
    chances: NDArray[np.float64],
    promised: float,
    segments: Sequence[str],
    short_of: str = OUT_OF_REACH,
) -> Iterator[ProofLine]:
    for place, segment in enumerate(segments):
        chance = float(chances[place])
        is_kept = chance >= promised - TOLERANCE
        yield ProofLine(
            solver="hiring",
            node_id=f"{segment}:promise",
            proof=Proof.FEASIBLE if is_kept else Proof.BEST_EFFORT,
            unit="share",
            objective=chance,
            bound=promised,
            gap_share=None,
            is_verified=True,
            statement=f"the plan is met in {chance:.1%} of {FRESH_YEARS:,} years drawn "
            f"afresh; promised {promised:.0%}" + ("" if is_kept else short_of),
        )


def _price(before: ChancePlan, after: ChancePlan) -> ProofLine:
    """Say what each further point of probability costs between two plans."""
    points = 100 * (after.promised - before.promised)
    dearer = max(after.plan.cost_cents - before.plan.cost_cents, 0)
    return ProofLine(
        solver="hiring",
        node_id=f"{COMPANY}:p{round(100 * after.promised)}",
        proof=after.proof,
        unit="cents",
        objective=float(after.plan.cost_cents),
        bound=None,
        gap_share=None,
        is_verified=after.proof is not Proof.BEST_EFFORT,
        statement=f"{show(after.plan.cost_cents)} for {after.promised:.0%} (measured "
        f"{after.worst_probability:.1%} in the worst segment): each point above "
        f"{before.promised:.0%} costs {show(round(dearer / max(points, 1e-9)))}",
    )
