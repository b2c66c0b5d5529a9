"""Turn prices into a plan: contested core, annealing, exact repair of what is left."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.anneal import anneal
from solvers.kernel import compiled
from solvers.pairs import Pairs, pair_harm
from solvers.prices import Candidates, Prices
from solvers.units import Part

CORE_WINDOW = 0.15  # regret kept, in mean costs of a unit
LARGEST_WINDOW = 60.0  # big units may differ by so many windows
STEPS_PER_UNIT = 400
# fine factor, entry fine, first and last heat (both in usual cost differences), and
# share of the steps
SCHEDULE = (
    (1.0, 0.0, 0.1, 1e-3, 0.75),
    (1.0, 0.5, 0.01, 1e-3, 0.20),
    (5.0, 5.0, 1.0, 0.0, 0.05),
)
SLACK_SHARE = 1e-9  # a band counts as kept within this share of its limit


@dataclass(frozen=True, slots=True)
class Choices:
    """Reps each unit may still choose from, cheapest priced cost first."""

    rep: NDArray[np.int64]  # (n_units, width) -1 where unused
    cents: NDArray[np.float64]
    harm: NDArray[np.float64]
    regret: NDArray[np.float64]  # priced cost above the unit's least
    count: NDArray[np.int64]  # (n_units,)


@compiled
def _sorted_by_regret(
    pairs: Pairs,
    rep: NDArray[np.int64],
    cents: NDArray[np.float64],
    count: NDArray[np.int64],
    prices: NDArray[np.float64],
    budget_price: float,
    harm: NDArray[np.float64],
    regret: NDArray[np.float64],
) -> None:
    """Sort each list by priced cost, in place, and write harm and regret."""
    for unit in range(rep.shape[0]):
        for j in range(count[unit]):
            r = rep[unit, j]
            c = cents[unit, j]
            h = pair_harm(pairs, unit, r)
            priced = c + budget_price * h
            for g in range(prices.shape[1]):
                priced += prices[r, g] * pairs.load[unit, g]
            spot = j
            while spot > 0 and (
                regret[unit, spot - 1] > priced
                or (regret[unit, spot - 1] == priced and rep[unit, spot - 1] > r)
            ):
                rep[unit, spot] = rep[unit, spot - 1]
                cents[unit, spot] = cents[unit, spot - 1]
                harm[unit, spot] = harm[unit, spot - 1]
                regret[unit, spot] = regret[unit, spot - 1]
                spot -= 1
            rep[unit, spot] = r
            cents[unit, spot] = c
            harm[unit, spot] = h
            regret[unit, spot] = priced
        least = regret[unit, 0]
        for j in range(count[unit]):
            regret[unit, j] -= least


def rank_choices(part: Part, prices: Prices) -> Choices:
    """Order every unit's candidates by what choosing them would cost at the prices."""
    known: Candidates = prices.candidates
    rep, cents = known.rep.copy(), known.cents.copy()
    harm, regret = np.zeros_like(cents), np.zeros_like(cents)
    _sorted_by_regret(
        part.pairs,
        rep,
        cents,
        known.count,
        prices.load_price,
        prices.budget_price,
        harm,
        regret,
    )
    width = max(int(known.count.max(initial=1)), 1)
    return Choices(
        np.ascontiguousarray(rep[:, :width]),
        np.ascontiguousarray(cents[:, :width]),
        np.ascontiguousarray(harm[:, :width]),
        np.ascontiguousarray(regret[:, :width]),
        known.count.copy(),
    )


@dataclass(slots=True)
class State:
    """A complete plan of one part while it is being improved."""

    choice: NDArray[np.int64]  # (n_units,) column of Choices
    loads: NDArray[np.float64]  # (n_reps, n_metrics)

    def owner(self, choices: Choices) -> NDArray[np.int64]:
        """Return the rep of every unit."""
        return choices.rep[np.arange(self.choice.size), self.choice]


def loads_of(
    part: Part, choices: Choices, choice: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Add up the load of every rep under a choice."""
    loads = np.zeros_like(part.lower)
    owner = choices.rep[np.arange(choice.size), choice]
    for g in range(loads.shape[1]):
        loads[:, g] = np.bincount(
            owner, weights=part.pairs.load[:, g], minlength=loads.shape[0]
        )
    return loads


def plan_cents(choices: Choices, choice: NDArray[np.int64]) -> float:
    """Return the cost of a choice in cents."""
    return float(choices.cents[np.arange(choice.size), choice].sum())


def misses(part: Part, loads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far every book is outside its band; 0 within rounding of a limit."""
    upper = np.where(np.isfinite(part.upper), part.upper, np.inf)
    over = loads - upper
    over = np.where(over > SLACK_SHARE * np.abs(part.upper), over, 0.0)
    under = part.lower - loads
    under = np.where(under > SLACK_SHARE * part.lower, under, 0.0)
    return over.clip(0.0) + under.clip(0.0)


def total_miss(part: Part, loads: NDArray[np.float64]) -> float:
    """Return the sum of misses, each as a share of the mean book."""
    mean = np.maximum(part.pairs.load.sum(axis=0) / loads.shape[0], 1e-12)
    return float((misses(part, loads) / mean[None, :]).sum())


def fines(part: Part, prices: Prices, factor: float) -> NDArray[np.float64]:
    """Return what a unit of load outside the band is fined: above any fair price."""
    fair = np.abs(prices.load_price)
    books = part.lower.shape[0]
    load = np.maximum(part.pairs.load.sum(axis=0) / books, 1e-12)
    least = prices.usual_cents * part.pairs.load.shape[0] / books / load
    fine = 1.2 * fair + fair.mean(axis=0)[None, :] + 0.1 * least[None, :]
    return np.asarray(factor * fine)


def start_from_prices(part: Part, choices: Choices) -> State:
    """Let every unit take its cheapest priced rep."""
    choice = np.zeros(choices.count.size, dtype=np.int64)
    return State(choice, loads_of(part, choices, choice))


def start_from_owners(part: Part, choices: Choices, owner: NDArray[np.int64]) -> State:
    """Keep owners where they are a candidate; elsewhere take the cheapest priced."""
    hit = (choices.rep == owner[:, None]) & (owner >= 0)[:, None]
    choice = np.where(hit.any(axis=1), hit.argmax(axis=1), 0).astype(np.int64)
    return State(choice, loads_of(part, choices, choice))


def improve(
    part: Part,
    prices: Prices,
    choices: Choices,
    state: State,
    *,
    steps_per_unit: int = STEPS_PER_UNIT,
    seed: int = 0,
    heat_factor: float = 1.0,
) -> State:
    """Anneal the contested core from a state, then quench it with dearer fines.

    Returns
    -------
    State
        A new state; the given one is untouched. Not always legal: see `repair`.
    """
    size = part.pairs.load / np.maximum(part.pairs.load.mean(axis=0), 1e-12)
    window = np.clip(size.max(axis=1), 1.0, LARGEST_WINDOW)
    mean_cost = max(float(choices.cents[:, 0].mean()), prices.usual_cents)
    near = choices.regret <= CORE_WINDOW * mean_cost * window[:, None]
    inside = np.arange(choices.rep.shape[1])[None, :] < choices.count[:, None]
    kept = np.maximum((near & inside).sum(axis=1), state.choice + 1)
    core = np.flatnonzero(kept > 1)
    if core.size == 0:
        return State(state.choice.copy(), state.loads.copy())
    width = int(kept[core].max())
    result = State(state.choice.copy(), state.loads.copy())
    choice = result.choice[core]
    spent = float(choices.harm[np.arange(state.choice.size), state.choice].sum())
    budget = np.array([spent, part.budget, 0.0])
    if np.isfinite(part.budget):
        budget[2] = 2.0 * prices.budget_price + prices.usual_cents
    upper = np.where(np.isfinite(part.upper), part.upper, 1e300)
    for factor, entry, hot, cold, share in SCHEDULE:
        anneal(
            np.ascontiguousarray(part.pairs.load[core]),
            np.ascontiguousarray(choices.rep[core, :width]),
            np.ascontiguousarray(choices.cents[core, :width]),
            np.ascontiguousarray(choices.harm[core, :width]),
            kept[core],
            choice,
            result.loads,
            part.lower,
            upper,
            fines(part, prices, factor),
            entry * prices.usual_cents,
            budget,
            int(core.size * steps_per_unit * share),
            hot * heat_factor * prices.usual_cents,
            cold * prices.usual_cents,
            seed,
        )
        seed += 1
    result.choice[core] = choice
    result.loads = loads_of(part, choices, result.choice)  # no drift of float sums
    return result
