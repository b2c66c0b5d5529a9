"""What each unit costs with each rep, computed when asked and never stored whole."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from solvers.kernel import compiled

EARTH_KM = 6371.0088


class Pairs(NamedTuple):
    """Units of one independent part of a problem, as plain arrays for the loops.

    A unit is an account or a family. Reps are numbered within the part. Money is in
    cents, kept as floats that hold whole numbers.
    """

    load: NDArray[np.float64]  # (n_units, n_metrics)
    kind: NDArray[np.int64]  # (n_units,) row of the eligibility lists
    kind_start: NDArray[np.int64]  # (n_kinds + 1,)
    kind_rep: NDArray[np.int64]  # eligible reps of all kinds, rising within a kind
    member_start: NDArray[np.int64]  # (n_units + 1,)
    place: NDArray[np.float64]  # (n_members, 3) unit vectors
    cents_per_km: NDArray[np.float64]  # (n_members,)
    home: NDArray[np.float64]  # (n_reps, 3) unit vectors
    travels: NDArray[np.float64]  # (n_reps,) 1.0 or 0.0
    cap_km: float
    extra: NDArray[np.float64]  # (n_members or 0, n_reps) cents
    move: NDArray[np.float64]  # (n_units,) cents if every member changes hands
    harm: NDArray[np.float64]  # (n_units,) disruption if every member changes hands
    stay_start: NDArray[np.int64]  # (n_units + 1,)
    stay_rep: NDArray[np.int64]  # owners of members who are in this part
    stay_cents: NDArray[np.float64]  # move cost that owner saves
    stay_harm: NDArray[np.float64]  # disruption that owner saves


@compiled
def pair_cents(pairs: Pairs, unit: int, rep: int) -> float:
    """Return the cents a unit costs with a rep: travel, further cost, hand-over."""
    cents = pairs.move[unit]
    for j in range(pairs.member_start[unit], pairs.member_start[unit + 1]):
        if pairs.cents_per_km[j] > 0.0 and pairs.travels[rep] > 0.0:
            chord = 0.0
            for axis in range(3):
                step = pairs.place[j, axis] - pairs.home[rep, axis]
                chord += step * step
            half = min(np.sqrt(chord) / 2.0, 1.0)
            km = min(2.0 * EARTH_KM * np.arcsin(half), pairs.cap_km)
            cents += np.rint(pairs.cents_per_km[j] * km)
        if pairs.extra.shape[0] > 0:
            cents += pairs.extra[j, rep]
    for j in range(pairs.stay_start[unit], pairs.stay_start[unit + 1]):
        if pairs.stay_rep[j] == rep:
            cents -= pairs.stay_cents[j]
    return float(cents)


@compiled
def pair_harm(pairs: Pairs, unit: int, rep: int) -> float:
    """Return what a pair takes from the disruption budget."""
    harm = pairs.harm[unit]
    for j in range(pairs.stay_start[unit], pairs.stay_start[unit + 1]):
        if pairs.stay_rep[j] == rep:
            harm -= pairs.stay_harm[j]
    return float(harm)


@compiled
def jitter(unit: int, rep: int, salt: int) -> float:
    """Return a fixed number in [0, 1) for a pair, so that ties spread over reps."""
    mixed = np.uint64(unit) * np.uint64(0x9E3779B97F4A7C15)
    mixed ^= (np.uint64(rep) + np.uint64(1)) * np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= np.uint64(salt + 1) * np.uint64(0x94D049BB133111EB)
    mixed ^= mixed >> np.uint64(31)
    mixed *= np.uint64(0xD6E8FEB86659FD93)
    mixed ^= mixed >> np.uint64(32)
    return float(mixed >> np.uint64(11)) / 9007199254740992.0


@compiled
def unit_offsets(pairs: Pairs) -> NDArray[np.int64]:
    """Return where each unit's eligible pairs begin when all are listed."""
    start = np.zeros(pairs.load.shape[0] + 1, dtype=np.int64)
    for unit in range(pairs.load.shape[0]):
        kind = pairs.kind[unit]
        width = pairs.kind_start[kind + 1] - pairs.kind_start[kind]
        start[unit + 1] = start[unit] + width
    return start


@compiled
def list_cents(pairs: Pairs, start: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return the cost of every eligible pair, unit by unit."""
    cents = np.empty(start[-1])
    for unit in range(pairs.load.shape[0]):
        kind = pairs.kind[unit]
        first = pairs.kind_start[kind]
        for j in range(start[unit + 1] - start[unit]):
            cents[start[unit] + j] = pair_cents(pairs, unit, pairs.kind_rep[first + j])
    return cents


@compiled
def price_all(
    pairs: Pairs,
    start: NDArray[np.int64],
    known: NDArray[np.float64],
    prices: NDArray[np.float64],
    budget_price: float,
    noise: float,
    salt: int,
    best_rep: NDArray[np.int64],
    best_cents: NDArray[np.float64],
) -> float:
    """Price every eligible pair; keep each unit's cheapest reps and sum the cheapest.

    Parameters
    ----------
    pairs : Pairs
        The part.
    start, known : from `unit_offsets` and `list_cents`
        Costs worked out before; an empty `known` has them computed again.
    prices : (n_reps, n_metrics) float64, cents per unit of load
        Price of load at each rep.
    budget_price : float, cents per unit of disruption
        Price of the disruption budget.
    noise : float, cents
        Ties within this range are spread over reps by a fixed hash.
    salt : int
        Picks the hash.
    best_rep : (n_units, n_best) int64, written
        Cheapest reps at these prices, cheapest first; -1 where there are fewer.
    best_cents : (n_units, n_best) float64, written
        Their unpriced cost.

    Returns
    -------
    float, cents
        Sum over units of the least priced cost, without noise.
    """
    n_best = best_rep.shape[1]
    n_metrics = prices.shape[1]
    key = np.empty(n_best)
    total = 0.0
    for unit in range(pairs.load.shape[0]):
        least = np.inf
        filled = 0
        kind = pairs.kind[unit]
        for e in range(pairs.kind_start[kind], pairs.kind_start[kind + 1]):
            rep = pairs.kind_rep[e]
            if known.size > 0:
                cents = known[start[unit] + e - pairs.kind_start[kind]]
            else:
                cents = pair_cents(pairs, unit, rep)
            priced = cents
            for g in range(n_metrics):
                priced += prices[rep, g] * pairs.load[unit, g]
            if budget_price > 0.0:
                priced += budget_price * pair_harm(pairs, unit, rep)
            least = min(least, priced)
            if noise > 0.0:
                priced += noise * jitter(unit, rep, salt)
            if filled == n_best and priced >= key[n_best - 1]:
                continue
            spot = min(filled, n_best - 1)
            while spot > 0 and key[spot - 1] > priced:
                key[spot] = key[spot - 1]
                best_rep[unit, spot] = best_rep[unit, spot - 1]
                best_cents[unit, spot] = best_cents[unit, spot - 1]
                spot -= 1
            key[spot] = priced
            best_rep[unit, spot] = rep
            best_cents[unit, spot] = cents
            filled = min(filled + 1, n_best)
        for spot in range(filled, n_best):
            best_rep[unit, spot] = -1
        total += least
    return total
