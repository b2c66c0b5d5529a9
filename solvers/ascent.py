"""Climb the smoothed dual: limited-memory BFGS in compiled loops.

Own code rather than scipy's: no BLAS, so no threads and no dependence of the answer
on the BLAS build, and no call overhead on small parts.
"""

import numpy as np
from numpy.typing import NDArray

from solvers.kernel import compiled
from solvers.pairs import Pairs, pair_harm

MEMORY = 10
MOST_HALVINGS = 30


@compiled
def soft_minimum(
    pairs: Pairs,
    rep: NDArray[np.int64],
    cents: NDArray[np.float64],
    count: NDArray[np.int64],
    prices: NDArray[np.float64],
    budget_price: float,
    heat: float,
    expected: NDArray[np.float64],
) -> tuple[float, float]:
    """Return the smooth sum of least priced costs and the expected disruption.

    `expected` (n_reps, n_metrics) receives the expected loads, which are the slopes.
    A negative `budget_price` says there is no budget.
    """
    n_metrics = prices.shape[1]
    priced = np.empty(rep.shape[1])
    expected[:, :] = 0.0
    total = 0.0
    total_harm = 0.0
    for unit in range(rep.shape[0]):
        least = np.inf
        for j in range(count[unit]):
            r = rep[unit, j]
            value = cents[unit, j]
            for g in range(n_metrics):
                value += prices[r, g] * pairs.load[unit, g]
            if budget_price > 0.0:
                value += budget_price * pair_harm(pairs, unit, r)
            priced[j] = value
            least = min(least, value)
        mass = 0.0
        for j in range(count[unit]):
            power = (least - priced[j]) / heat
            weight = np.exp(power) if power > -25.0 else 0.0
            priced[j] = weight
            mass += weight
        total += least - heat * np.log(mass)
        for j in range(count[unit]):
            if priced[j] > 0.0:
                part = priced[j] / mass
                r = rep[unit, j]
                for g in range(n_metrics):
                    expected[r, g] += part * pairs.load[unit, g]
                if budget_price >= 0.0:
                    total_harm += part * pair_harm(pairs, unit, r)
    return total, total_harm


@compiled
def _soft_rent(
    price: float, lower: float, upper: float, width: float
) -> tuple[float, float]:
    """Return what the room of a band is worth at a price, smoothly, and its slope."""
    z = price / width
    if z > 30.0:
        rise, share = price, 1.0
    elif z < -30.0:
        rise, share = 0.0, 0.0
    else:
        rise, share = width * np.log1p(np.exp(z)), 1.0 / (1.0 + np.exp(-z))
    # upper * max(price, 0) + lower * min(price, 0), rounded at the corner
    return lower * price + (upper - lower) * rise, lower + (upper - lower) * share


@compiled
def _value(
    pairs: Pairs,
    rep: NDArray[np.int64],
    cents: NDArray[np.float64],
    count: NDArray[np.int64],
    bands: NDArray[np.float64],
    scale: NDArray[np.float64],
    x: NDArray[np.float64],
    heat: float,
    slope: NDArray[np.float64],
) -> float:
    """Return minus the smooth dual at scaled prices and write minus its slope."""
    n_metrics = pairs.load.shape[1]
    n_reps = (x.size - 1) // n_metrics
    prices = np.empty((n_reps, n_metrics))
    expected = np.empty((n_reps, n_metrics))
    for r in range(n_reps):
        for g in range(n_metrics):
            i = r * n_metrics + g
            prices[r, g] = x[i] * scale[i]
    last = x.size - 1
    has_budget = bands[3, last] > 0.0
    beta = max(x[last] * scale[last], 0.0) if has_budget else -1.0
    total, harm = soft_minimum(pairs, rep, cents, count, prices, beta, heat, expected)
    for i in range(x.size):
        if bands[3, i] == 0.0:
            slope[i] = 0.0
            continue
        rent, room = _soft_rent(
            x[i] * scale[i], bands[0, i], bands[1, i], heat * bands[2, i]
        )
        load = harm if i == last else expected[i // n_metrics, i % n_metrics]
        total -= rent
        slope[i] = -(load - room) * scale[i]
    return -total


@compiled
def _direction(
    slope: NDArray[np.float64],
    steps: NDArray[np.float64],
    turns: NDArray[np.float64],
    curve: NDArray[np.float64],
    held: int,
    newest: int,
    out: NDArray[np.float64],
) -> None:
    """Write the quasi-Newton direction by the two-loop recursion."""
    n = slope.size
    weight = np.empty(MEMORY)
    for i in range(n):
        out[i] = -slope[i]
    for back in range(held):
        k = (newest - back) % MEMORY
        dot = 0.0
        for i in range(n):
            dot += steps[k, i] * out[i]
        weight[k] = dot / curve[k]
        for i in range(n):
            out[i] -= weight[k] * turns[k, i]
    if held > 0:
        size = 0.0
        for i in range(n):
            size += turns[newest, i] * turns[newest, i]
        for i in range(n):
            out[i] *= curve[newest] / size
    for ahead in range(held):
        k = (newest - held + 1 + ahead) % MEMORY
        dot = 0.0
        for i in range(n):
            dot += turns[k, i] * out[i]
        for i in range(n):
            out[i] += steps[k, i] * (weight[k] - dot / curve[k])


@compiled
def climb(
    pairs: Pairs,
    rep: NDArray[np.int64],
    cents: NDArray[np.float64],
    count: NDArray[np.int64],
    bands: NDArray[np.float64],
    scale: NDArray[np.float64],
    x: NDArray[np.float64],
    heat: float,
    most_steps: int,
    enough: float,
    box: float,
    first_step: float,
) -> int:
    """Move scaled prices uphill in place; return how often the dual was evaluated.

    Parameters
    ----------
    pairs : Pairs
        The part.
    rep, cents, count : candidates of every unit
        Only these pairs are looked at.
    bands : (4, n_variables) float64
        Lower and upper limit of each variable's load, the width of the corner per
        unit of heat, and 1.0 where the variable is free.
    scale : (n_variables,) float64
        Price of one scaled unit; the last variable is the budget's.
    x : (n_variables,) float64, changed in place
        Scaled prices.
    heat : float, cents
        Smoothing.
    most_steps : int
        Steps at most.
    enough : float
        Stop when a step gains less than this share of the value.
    box : float
        Largest scaled price either way.
    first_step : float
        Length of the first step, in scaled prices.
    """
    n = x.size
    steps, turns = np.zeros((MEMORY, n)), np.zeros((MEMORY, n))
    curve = np.ones(MEMORY)
    slope, new_slope, way = np.empty(n), np.empty(n), np.empty(n)
    new_x = np.empty(n)
    held, newest = 0, -1
    value = _value(pairs, rep, cents, count, bands, scale, x, heat, slope)
    asked = 1
    small_gains = 0
    for _ in range(most_steps):
        _direction(slope, steps, turns, curve, held, newest, way)
        fall = 0.0
        size = 0.0
        for i in range(n):
            fall += way[i] * slope[i]
            size += slope[i] * slope[i]
        if fall >= 0.0 or size == 0.0:
            break
        step = 1.0 if held > 0 else first_step / np.sqrt(size)
        new_value = np.inf
        for _ in range(MOST_HALVINGS):
            for i in range(n):
                new_x[i] = min(max(x[i] + step * way[i], -box), box)
            new_value = _value(
                pairs, rep, cents, count, bands, scale, new_x, heat, new_slope
            )
            asked += 1
            if new_value <= value + 1e-4 * step * fall:
                break
            step *= 0.4
        if new_value >= value:
            break
        newest = (newest + 1) % MEMORY
        bend = 0.0
        for i in range(n):
            steps[newest, i] = new_x[i] - x[i]
            turns[newest, i] = new_slope[i] - slope[i]
            bend += steps[newest, i] * turns[newest, i]
        if bend > 0.0:
            curve[newest] = bend
            held = min(held + 1, MEMORY)
        else:
            newest = (newest - 1) % MEMORY
            held = 0
        gain = value - new_value
        value = new_value
        x[:] = new_x
        slope[:] = new_slope
        small_gains = small_gains + 1 if gain < enough * abs(value) else 0
        if small_gains >= 3:
            break
    return asked
