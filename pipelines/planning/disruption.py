"""Hold a plan's moves to the disruption budget: books give way before it does."""

from dataclasses import replace

import numpy as np

from data_contracts.money import show
from pipelines.planning.proofs import ProofLine
from solvers.problem import TerritoryProblem
from solvers.result import Proof
from solvers.territories import TerritoryPlan, assign_accounts

EASED = (1.5, 2.0, 3.0, 5.0, 10.0, float("inf"))
"""How much wider bands may become, step by step, until the budget holds."""


def within_budget(
    problem: TerritoryProblem, move_price: float
) -> tuple[TerritoryProblem, TerritoryPlan, tuple[ProofLine, ...]]:
    """Assign accounts, and where bands and budget cannot both hold, ease the bands.

    Parameters
    ----------
    problem : TerritoryProblem
        Its disruption budget may be inf: then it is solved as it is.
    move_price : float
        Multiplies move costs.

    Returns
    -------
    TerritoryProblem, TerritoryPlan, tuple of ProofLine
        The question that was answered, bands as wide as they had to be, and a
        statement where they were eased. What must move whatever the bands (a rule
        broken today) may still pass the budget; the statement then says so.
    """
    answer = assign_accounts(problem, move_price=move_price, best_effort=True)
    if not np.isfinite(problem.disruption_budget) or _spent(problem, answer) <= (
        problem.disruption_budget
    ):
        return problem, answer, ()
    asked, budget = problem, problem.disruption_budget
    for factor in EASED:
        problem = replace(asked, tolerance=asked.tolerance * factor)
        answer = assign_accounts(problem, move_price=move_price, best_effort=True)
        if _spent(problem, answer) <= budget:
            break
    spent, width = _spent(problem, answer), float(problem.tolerance[0])
    wanted = f"{asked.tolerance[0]:.0%}"
    how = f"within {width:.0%}" if np.isfinite(width) else "as they are"
    told = ProofLine(
        solver="territories",
        node_id="disruption_budget",
        proof=Proof.BEST_EFFORT,
        unit="cents of potential",  # not a cost: prices do not add it
        objective=spent,
        bound=budget,
        gap_share=None,
        is_verified=spent <= budget,
        statement=f"{show(round(spent))} of potential moves, {show(round(budget))} "
        f"may; that does not bring books within {wanted}, so they are {how}",
    )
    return problem, answer, (told,)


def _spent(problem: TerritoryProblem, answer: TerritoryPlan) -> float:
    """Return what the plan takes from the budget."""
    if problem.disruption is None:
        return float(answer.is_moved.sum())
    return float(problem.disruption[answer.is_moved].sum())
