"""Solve one independent part from prices to a plan with its alternatives."""

from dataclasses import dataclass
from functools import partial, reduce

import numpy as np
from numpy.typing import NDArray

from solvers.kernel import compiled
from solvers.mending import least_total_miss
from solvers.pairs import Pairs, pair_cents, pair_harm
from solvers.prices import (
    COUNT,
    FULL,
    REALIGN,
    REPAIR,
    Climb,
    Prices,
    find_prices,
)
from solvers.repair import (
    ExactAnswer,
    better,
    book_cents,
    repair,
    solve_exactly,
    whole_loads,
)
from solvers.search import (
    HOT,
    STEPS_PER_UNIT,
    Choices,
    State,
    improve,
    loads_of,
    misses,
    plan_cents,
    rank_choices,
    start_from_owners,
    start_from_prices,
    total_miss,
)
from solvers.units import Part

EXACT_PAIRS = 1_500  # parts up to this size are solved exactly
EXACT_EFFORT = 0.3  # deterministic time
ATTEMPT = 1_000  # seeds between two tries, more than one of them uses up


@dataclass(frozen=True, slots=True)
class Search:
    """How long prices are climbed and the contested accounts annealed."""

    climb: Climb
    steps_per_unit: int
    hot: float = HOT
    tries: int = 1  # with other seeds; the best counts


WHOLE = Search(FULL, STEPS_PER_UNIT)
AFRESH = Search(REPAIR, STEPS_PER_UNIT)  # a repair in which most owners cannot stay
MEND = Search(REPAIR, 500)  # few accounts of a repair are contested
REALIGNMENT = Search(REALIGN, 300, hot=0.3, tries=3)  # a detour costs whole accounts


@dataclass(frozen=True, slots=True)
class PartPlan:
    """The plan of one part; reps and units are numbered within it."""

    owner: NDArray[np.intp]  # (n_units,)
    cents: float
    bound: float  # proven by the prices
    exact_bound: float  # proven by the exact search; 0 without one
    load_price: NDArray[np.float64]  # (n_reps, n_metrics)
    budget_price: float
    keep_cents: NDArray[np.float64]  # (n_units,) priced cost of staying, less chosen
    cheaper_cents: NDArray[np.float64]  # (n_units,) plain cost of staying, less chosen
    runner_up: NDArray[np.intp]  # (n_units,) -1 for none
    is_legal: bool
    is_proven_infeasible: bool


@compiled
def _main_owner(pairs: Pairs) -> NDArray[np.int64]:
    """Return the owner who saves each unit the most, -1 where none may keep it."""
    owner = np.full(pairs.load.shape[0], -1, dtype=np.int64)
    for unit in range(owner.size):
        most = -1.0
        kind = pairs.kind[unit]
        for j in range(pairs.stay_start[unit], pairs.stay_start[unit + 1]):
            saved = 0.0
            for i in range(pairs.stay_start[unit], pairs.stay_start[unit + 1]):
                if pairs.stay_rep[i] == pairs.stay_rep[j]:
                    saved += 1e-6 + pairs.stay_cents[i]
            may = False
            for e in range(pairs.kind_start[kind], pairs.kind_start[kind + 1]):
                if pairs.kind_rep[e] == pairs.stay_rep[j]:
                    may = True
                    break
            if may and saved > most:
                most = saved
                owner[unit] = pairs.stay_rep[j]
    return owner


@compiled
def moves_of(pairs: Pairs, chosen: NDArray[np.int64]) -> float:
    """Return how many accounts change hands; only for parts that count moves."""
    moves = 0.0
    for unit in range(chosen.size):
        moves += pair_cents(pairs, unit, chosen[unit])
    return float(moves)


@compiled
def _compare(
    pairs: Pairs,
    prices: NDArray[np.float64],
    budget_price: float,
    owner: NDArray[np.int64],
    chosen: NDArray[np.int64],
    keep: NDArray[np.float64],
    cheaper: NDArray[np.float64],
    runner: NDArray[np.int64],
) -> None:
    """Write what staying would cost, and the second cheapest rep of every unit."""
    for unit in range(owner.size):
        kind = pairs.kind[unit]
        second = np.inf
        here = 0.0
        plain_here = 0.0
        stay = np.inf
        plain_stay = np.inf
        for e in range(pairs.kind_start[kind], pairs.kind_start[kind + 1]):
            rep = pairs.kind_rep[e]
            cents = pair_cents(pairs, unit, rep)
            priced = cents + budget_price * pair_harm(pairs, unit, rep)
            for g in range(prices.shape[1]):
                priced += prices[rep, g] * pairs.load[unit, g]
            if rep == chosen[unit]:
                here = priced
                plain_here = cents
            elif priced < second:
                second = priced
                runner[unit] = rep
            if rep == owner[unit]:
                stay = priced
                plain_stay = cents
        if np.isfinite(stay):
            keep[unit] = stay - here
            cheaper[unit] = plain_stay - plain_here


def solve_part(
    part: Part,
    *,
    material_share: float,
    effort: float,
    seed: int,
    is_repair: bool = False,
    mend: Search = MEND,
) -> PartPlan:
    """Price, search and repair one part; keep its owners unless moving pays.

    Parameters
    ----------
    part : Part
        Units, reps and room.
    material_share : float
        Legal owners are kept unless a plan saves more than this share of the cost.
    effort : float
        Multiplies proposals and deterministic time.
    seed : int
        Of the annealing.
    is_repair : bool, default False
        Search from today's owners; afresh only where that ends illegal. Where most
        of them may stay, prices start at zero: what stands needs none.
    mend : Search, default MEND
        How such a repair is searched.

    Returns
    -------
    PartPlan
        Legal whenever a legal plan was found.
    """
    owner = _main_owner(part.pairs)
    stands = is_repair and 2 * np.count_nonzero(owner >= 0) > owner.size
    how = mend if stands else AFRESH if is_repair else WHOLE
    zero = np.zeros_like(part.lower)
    prices = find_prices(part, how=how.climb, warm=zero if stands else None)
    choices = rank_choices(part, prices)
    today = start_from_owners(part, choices, owner)
    least = least_total_miss(part, choices)

    def search(start: State) -> State:
        found = [
            improve(
                part,
                prices,
                choices,
                start,
                steps_per_unit=max(int(how.steps_per_unit * effort), 1),
                hot=how.hot,
                seed=seed + attempt * ATTEMPT,
                enough=least,
            )
            for attempt in range(how.tries)
        ]
        return reduce(partial(better, part, choices), found)

    state = search(today) if is_repair else None
    if state is None or not _is_settled(part, choices, state, least):
        fresh = search(start_from_prices(part, choices))
        state = fresh if state is None else better(part, choices, state, fresh)
    if not _is_legal(part, choices, state):
        state = repair(part, prices, choices, state, effort=2.0 * effort)
    answer = _solve_small(part, prices, choices, state, effort)
    if answer is not None and answer.choice is not None:
        exact = State(answer.choice, loads_of(part, choices, answer.choice))
        state = better(part, choices, state, exact)
    state = _keep_owners(part, choices, owner, today, state, material_share)
    return _describe(part, prices, choices, owner, state, answer)


def bound_part(
    part: Part, warm: NDArray[np.float64], *, enough: float = np.inf
) -> PartPlan:
    """Prove how few accounts any plan of a part moves; owners stand for a plan.

    Parameters
    ----------
    part : Part
        In which a pair costs the accounts it moves.
    warm : (n_reps, n_metrics) float64, accounts per unit of load
        Prices to climb from.
    enough : float
        A bound above this is as good as any: no climbing beyond it.
    """
    prices = find_prices(part, how=COUNT, warm=warm, enough=enough)
    choices = rank_choices(part, prices)
    owner = _main_owner(part.pairs)
    today = start_from_owners(part, choices, owner)
    return _describe(part, prices, choices, owner, today, None)


def is_small(part: Part) -> bool:
    """Return whether a part is solved exactly as a whole."""
    sizes = np.diff(part.pairs.kind_start)[part.pairs.kind]
    return bool(sizes.sum() <= EXACT_PAIRS)


def _is_legal(part: Part, choices: Choices, state: State) -> bool:
    """Return whether bands and the disruption budget hold."""
    if misses(part, state.loads).any():
        return False
    return _is_in_budget(part, choices, state)


def _is_in_budget(part: Part, choices: Choices, state: State) -> bool:
    """Return whether the disruption budget holds."""
    if not np.isfinite(part.budget):
        return True
    used = float(choices.harm[np.arange(state.choice.size), state.choice].sum())
    return used <= part.budget * (1 + 1e-9) + 1e-9


def _is_settled(part: Part, choices: Choices, state: State, least: float) -> bool:
    """Return whether the budget holds and bands are missed by no more than any must."""
    is_least = total_miss(part, state.loads) <= least
    return is_least and _is_in_budget(part, choices, state)


def _solve_small(
    part: Part, prices: Prices, choices: Choices, state: State, effort: float
) -> ExactAnswer | None:
    """Solve a small part exactly; hard bands first, elastic when they cannot hold."""
    inside = np.arange(choices.rep.shape[1])[None, :] < choices.count[:, None]
    sizes = np.diff(part.pairs.kind_start)[part.pairs.kind]
    if not is_small(part) or (choices.count < sizes).any():
        return None
    units = np.arange(state.choice.size)
    whole = whole_loads(part)
    hard = solve_exactly(
        part,
        choices,
        state,
        units,
        inside,
        whole,
        elastic_cents=None,
        effort=EXACT_EFFORT * effort,
    )
    proves = whole.is_exact and not hard.is_infeasible
    if hard.choice is not None:
        bound = hard.bound if proves else 0.0
        return ExactAnswer(hard.choice, bound, hard.is_optimal, False)
    soft = solve_exactly(
        part,
        choices,
        state,
        units,
        inside,
        whole,
        elastic_cents=50.0 * book_cents(part, prices),
        effort=EXACT_EFFORT * effort,
    )
    is_proven = hard.is_infeasible and whole.is_exact
    return ExactAnswer(soft.choice, 0.0, False, is_proven)


def _keep_owners(
    part: Part,
    choices: Choices,
    owner: NDArray[np.int64],
    today: State,
    state: State,
    material_share: float,
) -> State:
    """Return today's plan where it is legal and the new one saves too little."""
    stays = today.owner(choices) == owner
    if not (stays.all() and _is_legal(part, choices, today)):
        return state
    cost_today = plan_cents(choices, today.choice)
    saving = cost_today - plan_cents(choices, state.choice)
    if _is_legal(part, choices, state) and saving > material_share * cost_today:
        return state
    return today


def _describe(
    part: Part,
    prices: Prices,
    choices: Choices,
    owner: NDArray[np.int64],
    state: State,
    answer: ExactAnswer | None,
) -> PartPlan:
    """Work out the alternatives of every unit over all eligible reps."""
    n = state.choice.size
    chosen = state.owner(choices)
    keep, cheaper = np.zeros(n), np.zeros(n)
    runner = np.full(n, -1, dtype=np.int64)
    _compare(
        part.pairs,
        prices.load_price,
        prices.budget_price,
        owner,
        chosen,
        keep,
        cheaper,
        runner,
    )
    return PartPlan(
        owner=chosen,
        cents=float(round(plan_cents(choices, state.choice))),
        bound=prices.bound,
        exact_bound=answer.bound if answer is not None else 0.0,
        load_price=prices.load_price,
        budget_price=prices.budget_price,
        keep_cents=keep,
        cheaper_cents=cheaper,
        runner_up=runner,
        is_legal=_is_legal(part, choices, state),
        is_proven_infeasible=answer is not None and answer.is_infeasible,
    )
