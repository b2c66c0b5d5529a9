"""Say why a territory question has no answer, in words a planner can act on.

Three layers, cheapest first: adding up, how much each band would have to give, and a
smallest set of policies that cannot hold together.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import coo_matrix, csr_matrix, vstack

from solvers.counting import count_conflicts
from solvers.instance import Instance, prepare
from solvers.pairs import Pairs, list_cents, unit_offsets
from solvers.problem import TerritoryProblem
from solvers.units import Part, merge, parts
from solvers.violation import Violation, ViolationKind

NOTHING = 1e-7  # slack below this share of a mean book is rounding


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What stands in the way of any plan."""

    is_possible: bool  # nothing found: a plan in fractions of accounts exists
    counted: tuple[Violation, ...]  # proven by adding up
    must_give: tuple[Violation, ...]  # bands that have to give, by at least how much
    conflict: tuple[str, ...]  # one smallest set of policies that cannot hold together


# tried in this order: what a planner can change most easily is kept longest
POLICIES: tuple[tuple[str, Callable[[TerritoryProblem], TerritoryProblem]], ...] = (
    ("skills and regions", lambda p: replace(p, class_allows=None)),
    ("families", lambda p: replace(p, family=None)),
    ("blocked pairs", lambda p: replace(p, blocked=None)),
    ("locks", lambda p: replace(p, is_locked=None)),
    ("pins", lambda p: replace(p, pinned_rep=None)),
    ("scope", lambda p: replace(p, is_in_scope=None)),
    ("disruption budget", lambda p: replace(p, disruption_budget=float("inf"))),
)


def diagnose(problem: TerritoryProblem, *, name_conflict: bool = True) -> Diagnosis:
    """Find out why no plan keeps every rule.

    Parameters
    ----------
    problem : TerritoryProblem
        The question.
    name_conflict : bool, default True
        Also look for a smallest set of policies in conflict: one relaxation per
        policy group, so about ten times the work.

    Returns
    -------
    Diagnosis
        ``must_give`` is what the relaxation in fractions of accounts needs, so whole
        accounts need at least as much. Where ``is_possible`` is true and still no
        plan was found, single accounts are too large for the bands or the search
        ended; the plan under best effort says where.

    Notes
    -----
    Elastic linear programme with one named slack per book and metric; then a deletion
    filter over policy groups [1]_. Several smallest conflicts can exist: this is one.

    References
    ----------
    .. [1] Chinneck, "Feasibility and Infeasibility in Optimization", Springer, 2008,
       chapter 6, doi:10.1007/978-0-387-74932-7.

    Examples
    --------
    >>> question = TerritoryProblem(
    ...     account_ids=np.arange(3), rep_ids=np.arange(2), metric_names=("hours",),
    ...     load=np.full((3, 1), 10.0), tolerance=np.array([0.2]),
    ...     pinned_rep=np.array([0, 0, 0]))
    >>> found = diagnose(question)
    >>> found.conflict
    ('pins', 'hours band')
    """
    counted, must_give = _layers(problem)
    is_possible = not counted and not must_give
    conflict: tuple[str, ...] = ()
    if name_conflict and not is_possible and len(problem.rep_ids):
        conflict = _smallest_conflict(problem)
    return Diagnosis(is_possible, counted, must_give, conflict)


def _layers(
    problem: TerritoryProblem,
) -> tuple[tuple[Violation, ...], tuple[Violation, ...]]:
    """Return what adding up proves, and what bands must give."""
    instance = prepare(problem)
    counted = count_conflicts(instance, units := merge(instance))
    if instance.n_reps == 0:
        return counted, ()
    must_give: list[Violation] = []
    for part in parts(instance, units):
        must_give += _elastic(instance, part)
    return (*units.faults, *counted), tuple(must_give)


def _elastic(instance: Instance, part: Part) -> list[Violation]:
    """Return the least that this part's bands must give, as named slacks."""
    k, n_metrics = part.lower.shape
    pairs = part.pairs
    start = unit_offsets(pairs)
    n_pairs, n_units = int(start[-1]), pairs.load.shape[0]
    unit = np.repeat(np.arange(n_units), np.diff(start))
    first = pairs.kind_start[pairs.kind[unit]]
    rep = pairs.kind_rep[first + np.arange(n_pairs) - start[unit]]
    mean = np.maximum(pairs.load.sum(axis=0) / k, 1e-12)
    rows, limits = [], []
    n_slack = 2 * k * n_metrics
    for g in range(n_metrics):
        load = coo_matrix(
            (pairs.load[unit, g] / mean[g], (rep, np.arange(n_pairs))),
            shape=(k, n_pairs + n_slack),
        ).tocsr()
        up = _slack_columns(k, n_pairs, n_slack, 2 * g * k)
        down = _slack_columns(k, n_pairs, n_slack, (2 * g + 1) * k)
        has_upper = np.isfinite(part.upper[:, g])
        rows += [(load - up)[has_upper], (-load - down)]
        limits += [part.upper[has_upper, g] / mean[g], -part.lower[:, g] / mean[g]]
    if np.isfinite(part.budget):
        harm = np.maximum(list_cents(_harm_as_cost(part), start), 0.0)
        row = np.append(harm, np.zeros(n_slack))
        rows.append(csr_matrix(row[None, :]))
        limits.append(np.array([max(part.budget, 0.0)]))
    whole = coo_matrix(
        (np.ones(n_pairs), (unit, np.arange(n_pairs))),
        shape=(n_units, n_pairs + n_slack),
    ).tocsr()
    cost = np.append(np.zeros(n_pairs), np.ones(n_slack))
    answer = linprog(
        cost,
        A_ub=vstack(rows).tocsr(),
        b_ub=np.concatenate(limits),
        A_eq=whole,
        b_eq=np.ones(n_units),
        method="highs",
    )
    if answer.x is None:
        return [
            Violation(
                ViolationKind.BUDGET,
                f"the disruption budget of {instance.disruption_budget:,.6g} does not "
                "allow the moves that rules force",
                "raise the disruption budget",
            )
        ]
    slack = answer.x[n_pairs:].reshape(n_metrics, 2, k)
    return [
        _give(
            instance, part, int(r), int(g), bool(side == 0), slack[g, side, r] * mean[g]
        )
        for g, side, r in np.argwhere(slack > NOTHING)
    ]


def _slack_columns(k: int, n_pairs: int, n_slack: int, first: int) -> csr_matrix:
    column = n_pairs + first + np.arange(k)
    shape = (k, n_pairs + n_slack)
    return coo_matrix((np.ones(k), (np.arange(k), column)), shape=shape).tocsr()


def _harm_as_cost(part: Part) -> Pairs:
    """Return the part with its disruption in place of its costs."""
    pairs = part.pairs
    return pairs._replace(
        cents_per_km=np.zeros_like(pairs.cents_per_km),
        extra=np.empty((0, part.reps.size)),
        move=pairs.harm,
        stay_cents=pairs.stay_harm,
    )


def _give(
    instance: Instance, part: Part, rep: int, g: int, is_upper: bool, amount: float
) -> Violation:
    """Word one slack."""
    column = int(part.reps[rep])
    target = float(instance.target[column, g])
    share = amount / target if target > 0 else 0.0
    side = "above its upper" if is_upper else "below its lower"
    return Violation(
        ViolationKind.BAND_HIGH if is_upper else ViolationKind.BAND_LOW,
        f"rep {instance.rep_ids[column]}: {instance.metric_names[g]} must end at least "
        f"{amount:,.6g} {side} limit ({share:.1%} of the target)",
        f"widen the {instance.metric_names[g]} band by {share:.1%} for this rep, or "
        "change who may own what",
        rep=int(instance.rep_order[column]),
        metric=g,
        amount=float(amount),
        share=float(share),
    )


def _smallest_conflict(problem: TerritoryProblem) -> tuple[str, ...]:
    """Drop policies one by one while the rest still cannot hold."""
    kept: list[str] = []
    now = problem
    for name, without in policies_of(problem):
        looser = without(now)
        counted, must_give = _layers(looser)
        if counted or must_give:
            now = looser  # still impossible: this policy is not needed for it
        else:
            kept.append(name)
    return tuple(kept)


def policies_of(
    problem: TerritoryProblem,
) -> list[tuple[str, Callable[[TerritoryProblem], TerritoryProblem]]]:
    """Return every policy of a question with a way to ask without it.

    Returns
    -------
    list of (str, callable)
        Name, and a function that returns the problem without that policy; what a
        planner can change most easily comes last.
    """

    def without_ceiling(p: TerritoryProblem, g: int) -> TerritoryProblem:
        if p.ceiling is None:
            return p
        ceiling = np.array(p.ceiling, dtype=np.float64)
        ceiling[:, g] = np.inf
        return replace(p, ceiling=ceiling)

    def without_band(p: TerritoryProblem, g: int) -> TerritoryProblem:
        tolerance: NDArray[np.float64] = np.array(p.tolerance, dtype=np.float64)
        tolerance[g] = np.inf
        return replace(p, tolerance=tolerance)

    names = list(enumerate(problem.metric_names))
    return [
        *POLICIES,
        *((f"{name} ceiling", partial(without_ceiling, g=g)) for g, name in names),
        *((f"{name} band", partial(without_band, g=g)) for g, name in names),
    ]
