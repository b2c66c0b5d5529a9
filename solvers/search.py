"""Turn prices into a plan: contested core, annealing, exact repair of what is left."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.anneal import anneal
from solvers.kernel import compiled
from solvers.pairs import Pairs, pair_harm
from solvers.prices import Candidates, Prices
from solvers.units import Part

CORE_WINDOW = 0.07  # regret kept, in mean costs of a unit
LARGEST_WINDOW = 60.0  # big units may differ by so many windows
STEPS_PER_UNIT = 1_200
# fine factor, entry fine, first and last heat (both in usual cost differences), and
# share of the steps
PRESSING = ((1.0, 0.5, 0.01, 1e-3, 0.20), (5.0, 5.0, 1.0, 0.0, 0.05))
HOT = 0.03
PRESSINGS = 8
PRESSURE = 3.0  # fines of books that are out rise by this factor each time
SLACK_SHARE = 1e-9  # a band counts as kept within this share of its limit


@dataclass(frozen=True, slots=True)
class Choices:
    """Reps each unit may still choose from, cheapest priced cost first."""

    rep: NDArray[np.int64]  # (n_units, width) -1 where unused
    cents: NDArray[np.float64]  # with the nudge towards owners; see rank_choices
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
    """Sort each list by priced cost, in place, and write harm and regret.

    A rep who is not an owner costs a nudge more: all nudges of a plan sum to less
    than half a cent, so between equal plans the one with fewer moves wins.
    """
    nudge = 0.4 / rep.shape[0]
    for unit in range(rep.shape[0]):
        first, last = pairs.stay_start[unit], pairs.stay_start[unit + 1]
        for j in range(count[unit]):
            r = rep[unit, j]
            c = cents[unit, j]
            if last > first and not (pairs.stay_rep[first:last] == r).any():
                c += nudge
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
    """Return the cost of a choice in cents, nudges (below half a cent) included."""
    return float(choices.cents[np.arange(choice.size), choice].sum())


def misses(part: Part, loads: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far every book is outside its band; 0 within rounding of a limit."""
    upper = np.where(np.isfinite(part.upper), part.upper, np.inf)
    over = loads - upper
    over = np.where(over > SLACK_SHARE * np.abs(part.upper), over, 0.0)
    under = part.lower - loads
    under = np.where(under > SLACK_SHARE * part.lower, under, 0.0)
    return np.asarray(over.clip(0.0) + under.clip(0.0))


def total_miss(part: Part, loads: NDArray[np.float64]) -> float:
    """Return the sum of misses, each as a share of the mean book."""
    mean = np.maximum(part.pairs.load.sum(axis=0) / loads.shape[0], 1e-12)
    return float((misses(part, loads) / mean[None, :]).sum())


def fines(part: Part, prices: Prices) -> NDArray[np.float64]:
    """Return what a unit of load outside the band is fined: above any fair price."""
    fair = np.abs(prices.load_price)
    books = part.lower.shape[0]
    load = np.maximum(part.pairs.load.sum(axis=0) / books, 1e-12)
    least = prices.usual_cents * part.pairs.load.shape[0] / books / load
    return np.asarray(1.2 * fair + fair.mean(axis=0)[None, :] + 0.1 * least[None, :])


def start_from_prices(part: Part, choices: Choices) -> State:
    """Let every unit take its cheapest priced rep."""
    choice = np.zeros(choices.count.size, dtype=np.int64)
    return State(choice, loads_of(part, choices, choice))


def start_from_owners(part: Part, choices: Choices, owner: NDArray[np.int64]) -> State:
    """Keep owners where they are a candidate; elsewhere take the cheapest priced."""
    hit = (choices.rep == owner[:, None]) & (owner >= 0)[:, None]
    choice = np.where(hit.any(axis=1), hit.argmax(axis=1), 0).astype(np.int64)
    return State(choice, loads_of(part, choices, choice))


@dataclass(frozen=True, slots=True)
class _Core:
    """The contested units with the candidates they may take."""

    units: NDArray[np.intp]
    load: NDArray[np.float64]
    rep: NDArray[np.int64]
    cents: NDArray[np.float64]
    harm: NDArray[np.float64]
    kept: NDArray[np.int64]


def _core(
    part: Part,
    prices: Prices,
    choices: Choices,
    state: State,
    stuck: NDArray[np.bool_],
) -> _Core:
    """Keep candidates of small regret; all that lead to or from a stuck rep."""
    size = part.pairs.load / np.maximum(part.pairs.load.mean(axis=0), 1e-12)
    window = np.clip(size.max(axis=1), 1.0, LARGEST_WINDOW)
    mean_cost = max(float(choices.cents[:, 0].mean()), prices.usual_cents)
    near = choices.regret <= CORE_WINDOW * mean_cost * window[:, None]
    column = np.arange(choices.rep.shape[1])[None, :]
    inside = column < choices.count[:, None]
    if stuck.any():
        near |= stuck[choices.rep]
        near |= stuck[state.owner(choices)][:, None]
    # candidates are sorted by regret: keep all up to the last one wanted
    last = np.where(near & inside, column + 1, 0).max(axis=1)
    kept = np.maximum(last, state.choice + 1)
    units = np.flatnonzero(kept > 1)
    width = int(kept[units].max(initial=1))
    return _Core(
        units,
        np.ascontiguousarray(part.pairs.load[units]),
        np.ascontiguousarray(choices.rep[units, :width]),
        np.ascontiguousarray(choices.cents[units, :width]),
        np.ascontiguousarray(choices.harm[units, :width]),
        kept[units],
    )


def improve(
    part: Part,
    prices: Prices,
    choices: Choices,
    state: State,
    *,
    steps_per_unit: int = STEPS_PER_UNIT,
    hot: float = HOT,
    seed: int = 0,
    enough: float = 0.0,
) -> State:
    """Anneal the contested core, then press books that stay out with rising fines.

    Parameters
    ----------
    hot : float, in usual cost differences, default 0.03
        First heat: what a detour may cost on the way to a better plan.
    enough : float, mean books, default 0.0
        Total miss below which no plan can come: nothing is pressed further.

    Returns
    -------
    State
        A new state; the given one is untouched. Of the states seen after the first
        cooling it is the one that misses least. Not always legal: see `repair`.
    """
    run = _Run(part, prices, choices, steps_per_unit, seed)
    fine = fines(part, prices)
    nobody = np.zeros(part.lower.shape[0], dtype=bool)
    now = run.cool(state, fine, nobody, ((1.0, 0.0, hot, 1e-3, 0.75), *PRESSING))
    best, best_miss = now, total_miss(part, now.loads)
    for _ in range(PRESSINGS):
        if best_miss <= enough:
            break
        out = np.asarray(misses(part, now.loads) > 0)
        if not out.any():
            break
        fine = np.where(out, fine * PRESSURE, fine)
        now = run.cool(now, fine, np.asarray(out.any(axis=1)), PRESSING)
        miss = total_miss(part, now.loads)
        if miss < best_miss:
            best, best_miss = now, miss
    return best


@dataclass(slots=True)
class _Run:
    """Everything that stays the same while one part is annealed."""

    part: Part
    prices: Prices
    choices: Choices
    steps_per_unit: int
    seed: int

    def cool(
        self,
        state: State,
        fine: NDArray[np.float64],
        stuck: NDArray[np.bool_],
        schedule: tuple[tuple[float, float, float, float, float], ...],
    ) -> State:
        """Run a schedule from a state and return the state it ends in."""
        part, choices, usual = self.part, self.choices, self.prices.usual_cents
        core = _core(part, self.prices, choices, state, stuck)
        if core.units.size == 0:
            return state
        result = State(state.choice.copy(), state.loads.copy())
        choice = result.choice[core.units]
        rows = np.arange(state.choice.size)
        budget = np.array(
            [float(choices.harm[rows, state.choice].sum()), part.budget, 0.0]
        )
        if np.isfinite(part.budget):
            budget[2] = 2.0 * self.prices.budget_price + usual
        upper = np.where(np.isfinite(part.upper), part.upper, 1e300)
        for factor, entry, hot, cold, share in schedule:
            anneal(
                core.load,
                core.rep,
                core.cents,
                core.harm,
                core.kept,
                choice,
                result.loads,
                part.lower,
                upper,
                fine * factor,
                entry * usual,
                budget,
                int(core.units.size * self.steps_per_unit * share),
                hot * usual,
                cold * usual,
                self.seed,
            )
            self.seed += 1
        result.choice[core.units] = choice
        # added up again, so that float sums do not drift
        result.loads = loads_of(part, choices, result.choice)
        return result
