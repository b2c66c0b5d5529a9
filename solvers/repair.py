"""Solve small pieces of a plan exactly: put the last books inside their bands.

Also the exact engine for problems small enough to be one piece.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model
from ortools.sat.python.cp_model import LinearExpr

from solvers.mending import all_units, can_mend
from solvers.prices import Prices
from solvers.search import Choices, State, loads_of, misses, plan_cents, total_miss
from solvers.units import Part

LARGEST_WHOLE = 2.0**40  # loads up to here go into the exact model unscaled
FINE_GRAIN = 1e7  # otherwise a mean book is this many whole units
MOST_UNITS = 700  # in one neighbourhood
GROUP_SIZES = (3, 5, 8, 12)
MOST_WORK = 8.0  # deterministic time of one repair, in efforts; then misses are listed


@dataclass(frozen=True, slots=True)
class WholeLoads:
    """Loads as whole numbers, rounded so that an exact answer is never too good."""

    heavy: NDArray[np.int64]  # (n_units, n_metrics) rounded up, for upper limits
    light: NDArray[np.int64]  # (n_units, n_metrics) rounded down, for lower limits
    scale: NDArray[np.float64]  # (n_metrics,) whole units per unit of load
    is_exact: bool  # nothing was rounded: a proof about these is a proof


def whole_loads(part: Part) -> WholeLoads:
    """Scale loads to whole numbers; exact where cents, counts or short decimals allow.

    Notes
    -----
    CP-SAT works on integers. Where a load does not become whole under 1, 10, 100 or
    1000, upper limits see it rounded up and lower limits see it rounded down.
    """
    load = part.pairs.load
    scale = np.ones(load.shape[1])
    is_exact = True
    for g in range(load.shape[1]):
        for factor in (1.0, 10.0, 100.0, 1000.0):
            scaled = load[:, g] * factor
            if (np.abs(scaled - np.rint(scaled)) < 1e-6).all():
                scale[g] = factor
                break
        else:
            mean = max(float(load[:, g].sum()) / part.lower.shape[0], 1e-12)
            scale[g] = FINE_GRAIN / mean
            is_exact = False
        if float(load[:, g].sum()) * scale[g] > LARGEST_WHOLE:
            mean = max(float(load[:, g].sum()) / part.lower.shape[0], 1e-12)
            scale[g] = FINE_GRAIN / mean
            is_exact = False
    scaled = load * scale[None, :]
    near = np.rint(scaled)
    is_whole = np.abs(scaled - near) < 1e-6
    heavy = np.where(is_whole, near, np.ceil(scaled)).astype(np.int64)
    light = np.where(is_whole, near, np.floor(scaled)).astype(np.int64)
    return WholeLoads(heavy, light, scale, is_exact)


@dataclass(frozen=True, slots=True)
class ExactAnswer:
    """What the exact search found for a neighbourhood."""

    choice: NDArray[np.int64] | None  # (n_units,) new choices; None when none was found
    bound: float  # cents, for the units of the neighbourhood
    is_optimal: bool
    is_infeasible: bool
    work: float = 0.0  # deterministic time spent


def solve_exactly(
    part: Part,
    choices: Choices,
    state: State,
    units: NDArray[np.intp],
    allowed: NDArray[np.bool_],
    whole: WholeLoads,
    *,
    elastic_cents: float | None,
    effort: float,
) -> ExactAnswer:
    """Choose anew for some units, all else frozen, by CP-SAT.

    Parameters
    ----------
    part, choices, state : Part, Choices, State
        The piece and its present plan.
    units : (n_chosen,) intp
        Units that may change.
    allowed : (n_chosen, width) bool
        Candidates that each of them may take; the present one should be among them.
    whole : WholeLoads
        From :func:`whole_loads`.
    elastic_cents : float or None
        Cents per mean book outside a band; None makes bands hard.
    effort : float
        Deterministic time of CP-SAT.

    Returns
    -------
    ExactAnswer
        Never breaks a hard band in floating point either.
    """
    model = cp_model.CpModel()
    x: dict[tuple[int, int], cp_model.IntVar] = {}
    for row, u in enumerate(units):
        options = np.flatnonzero(allowed[row])
        for j in options:
            x[row, int(j)] = model.new_bool_var("")
            model.add_hint(x[row, int(j)], bool(state.choice[u] == j))
        model.add_exactly_one([x[row, int(j)] for j in options])
    base = state.loads.copy()
    for g in range(base.shape[1]):
        np.subtract.at(
            base[:, g], state.owner(choices)[units], part.pairs.load[units, g]
        )
    scale = 2 * units.size + 1
    slack = _band_rows(
        model, part, choices, units, x, base, whole, elastic_cents, scale
    )
    if np.isfinite(part.budget):
        used = float(choices.harm[np.arange(state.choice.size), state.choice].sum())
        used -= float(choices.harm[units, state.choice[units]].sum())
        grain = FINE_GRAIN / max(part.budget, 1e-9)
        room = int(np.floor((part.budget - used) * grain))
        harm = np.ceil(choices.harm[units] * grain).astype(np.int64)
        model.add(
            LinearExpr.sum([int(harm[k]) * v for k, v in x.items()]) <= max(room, 0)
        )
    # whole cents first, then the nudge: a plan with fewer moves wins between equals
    plain = np.rint(choices.cents[units])
    money = (plain * scale + (choices.cents[units] > plain)).astype(np.int64)
    cost = [int(money[key]) * v for key, v in x.items()]
    model.minimize(LinearExpr.sum([*cost, *slack]))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 0
    solver.parameters.max_deterministic_time = effort
    status = solver.solve(model)
    work = solver.response_proto.deterministic_time
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return ExactAnswer(None, 0.0, False, status == cp_model.INFEASIBLE, work)
    choice = state.choice.copy()
    for (row, option), variable in x.items():
        if solver.boolean_value(variable):
            choice[units[row]] = option
    # nudges are below half a cent in all: what they add proves nothing
    bound = math.ceil(solver.best_objective_bound / scale - 0.5)
    return ExactAnswer(choice, bound, status == cp_model.OPTIMAL, False, work)


def _band_rows(
    model: cp_model.CpModel,
    part: Part,
    choices: Choices,
    units: NDArray[np.intp],
    x: dict[tuple[int, int], cp_model.IntVar],
    base: NDArray[np.float64],
    whole: WholeLoads,
    elastic_cents: float | None,
    money_scale: int,
) -> list[cp_model.LinearExprT]:
    """Add the bands of every touched rep; return the priced slacks."""
    by_rep: dict[int, list[tuple[int, cp_model.IntVar]]] = {}
    for (row, j), variable in x.items():
        by_rep.setdefault(int(choices.rep[units[row], j]), []).append((row, variable))
    books = part.lower.shape[0]
    slacks: list[cp_model.LinearExprT] = []
    for r in sorted(by_rep):
        for g in range(base.shape[1]):
            scale = float(whole.scale[g])
            mean = max(float(part.pairs.load[:, g].sum()) / books * scale, 1.0)
            unit = 0
            most = int(part.pairs.load[:, g].sum() * scale) + int(mean) + 1
            if elastic_cents is not None:
                unit = max(round(elastic_cents / mean * money_scale), 1)
            for limit, is_upper in (
                (part.upper[r, g], True),
                (part.lower[r, g], False),
            ):
                if not np.isfinite(limit) or (not is_upper and limit <= 0):
                    continue
                room = float((limit - base[r, g]) * scale)
                if abs(room - round(room)) < 1e-6:
                    room = float(round(room))
                table = whole.heavy if is_upper else whole.light
                terms = [int(table[units[row], g]) * v for row, v in by_rep[r]]
                if unit:
                    miss = model.new_int_var(0, most, "")
                    slacks.append(unit * miss)
                    terms.append((-1 if is_upper else 1) * miss)
                if is_upper:
                    model.add(LinearExpr.sum(terms) <= math.floor(room))
                else:
                    model.add(LinearExpr.sum(terms) >= math.ceil(room))
    return slacks


def repair(
    part: Part, prices: Prices, choices: Choices, state: State, *, effort: float = 2.0
) -> State:
    """Bring books that are outside their bands back in, with the cheapest exchanges.

    Returns
    -------
    State
        Misses never grow; the given state is untouched.

    Notes
    -----
    Around each book that misses, the reps with the cheapest exchanges form a group
    that is solved exactly with elastic bands; groups grow while misses remain and
    the work in all stays within a budget: bands that cannot hold end there. A group
    whose units provably cannot miss less is passed over (see `solvers.mending`), and
    so is one that was solved to the end and stands as it was left.
    """
    best = State(state.choice.copy(), state.loads.copy())
    if not can_mend(part, choices, best, *all_units(choices)):
        return best
    whole = whole_loads(part)
    elastic = 50.0 * book_cents(part, prices)
    left = MOST_WORK * effort
    settled: set[bytes] = set()
    for size in GROUP_SIZES:
        for r in _worst_books(part, best.loads):
            if left <= 0.0 or not misses(part, best.loads)[r].any():
                continue
            group = _exchange_group(choices, best, int(r), size)
            if group.tobytes() in settled:
                continue
            most = min(effort * size / 3, left)
            new, work, is_settled = _try_group(
                part, choices, best, group, whole, elastic, most
            )
            if new is not best:
                settled.clear()
            if is_settled:
                settled.add(group.tobytes())
            best = new
            left -= work
        if left <= 0.0 or not misses(part, best.loads).any():
            break
    return best


def book_cents(part: Part, prices: Prices) -> float:
    """Return a generous price of one whole book of load."""
    mean = part.pairs.load.sum(axis=0) / part.lower.shape[0]
    dearest = float(np.abs(prices.load_price * mean[None, :]).max(initial=0.0))
    units = part.pairs.load.shape[0] / part.lower.shape[0]
    return max(dearest, float(prices.usual_cents * units), 1.0)


def _worst_books(part: Part, loads: NDArray[np.float64]) -> NDArray[np.intp]:
    """Return reps outside a band, worst first."""
    mean = np.maximum(part.pairs.load.sum(axis=0) / loads.shape[0], 1e-12)
    miss = (misses(part, loads) / mean[None, :]).sum(axis=1)
    out = np.flatnonzero(miss > 0)
    return out[np.lexsort((out, -miss[out]))]


def _exchange_group(
    choices: Choices, state: State, rep: int, size: int
) -> NDArray[np.intp]:
    """Return a rep and the reps it can trade with at the least regret."""
    owner = state.owner(choices)
    n_reps = state.loads.shape[0]
    extra = (
        choices.regret - choices.regret[np.arange(owner.size), state.choice][:, None]
    )
    inside = np.arange(choices.rep.shape[1])[None, :] < choices.count[:, None]
    extra = np.where(inside, np.maximum(extra, 0.0), np.inf)
    ease = np.zeros(n_reps)
    scale = max(float(np.median(extra[np.isfinite(extra)])), 1e-9)
    weight = np.exp(-np.minimum(extra / scale, 50.0))
    mine = np.flatnonzero(owner == rep)
    np.add.at(
        ease, choices.rep[mine].ravel(), np.where(inside, weight, 0)[mine].ravel()
    )
    row, column = np.nonzero((choices.rep == rep) & inside)
    np.add.at(ease, owner[row], weight[row, column])
    ease[rep] = np.inf
    order = np.lexsort((np.arange(n_reps), -ease))
    picked = order[:size]
    return np.sort(picked[ease[picked] > 0])


def _try_group(
    part: Part,
    choices: Choices,
    state: State,
    group: NDArray[np.intp],
    whole: WholeLoads,
    elastic: float,
    effort: float,
) -> tuple[State, float, bool]:
    """Solve one group; return the better state, the work and whether that ends it."""
    units, allowed = _movable(choices, state, group)
    if units.size > MOST_UNITS:
        second = np.where(allowed, choices.regret[units], np.inf)
        second = np.sort(second, axis=1)[:, 1] - second.min(axis=1)
        keep = np.sort(np.lexsort((units, second))[:MOST_UNITS])
        units, allowed = units[keep], allowed[keep]
    if units.size == 0 or not can_mend(part, choices, state, units, allowed):
        return state, 0.0, True
    answer = solve_exactly(
        part,
        choices,
        state,
        units,
        allowed,
        whole,
        elastic_cents=elastic if misses(part, state.loads).any() else None,
        effort=effort,
    )
    if answer.choice is None:
        return state, answer.work, answer.is_infeasible
    new = State(answer.choice, loads_of(part, choices, answer.choice))
    return better(part, choices, state, new), answer.work, answer.is_optimal


def _movable(
    choices: Choices, state: State, group: NDArray[np.intp]
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return the units some reps could exchange, and which candidates these are."""
    is_in = np.zeros(state.loads.shape[0] + 1, dtype=bool)  # the last is nobody, -1
    is_in[group] = True
    units = np.flatnonzero(is_in[state.owner(choices)])
    allowed = is_in[choices.rep[units]] & (choices.rep[units] >= 0)
    several = allowed.sum(axis=1) > 1
    return units[several], allowed[several]


def better(part: Part, choices: Choices, old: State, new: State) -> State:
    """Return the state that misses less; between equals, the cheaper; then the old."""
    before, after = total_miss(part, old.loads), total_miss(part, new.loads)
    if after < before - 1e-12:
        return new
    if after > before + 1e-12:
        return old
    is_cheaper = plan_cents(choices, new.choice) < plan_cents(choices, old.choice)
    return new if is_cheaper else old
