"""Improve a plan by many small exchanges, seeded and counted, never timed."""

import numpy as np
from numpy.typing import NDArray

from solvers.kernel import compiled


@compiled
def draw(state: NDArray[np.uint64]) -> float:
    """Return the next number in [0, 1) of a splitmix64 sequence."""
    state[0] += np.uint64(0x9E3779B97F4A7C15)
    z = state[0]
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    z ^= z >> np.uint64(31)
    return float(z >> np.uint64(11)) / 9007199254740992.0


@compiled
def _fined(load: float, lower: float, upper: float, fine: float, entry: float) -> float:
    """Return the fine of a load: nothing inside its band, the entry or more outside."""
    miss = max(load - upper, lower - load)
    if miss <= 1e-9 * abs(upper):
        return 0.0
    return entry + fine * miss


@compiled
def _shift_cost(
    loads: NDArray[np.float64],
    rep: int,
    leaving: NDArray[np.float64],
    coming: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    fine: NDArray[np.float64],
    entry: float,
) -> float:
    """Return the change of band fines at a rep that gives and takes these loads."""
    change = 0.0
    for g in range(loads.shape[1]):
        step = coming[g] - leaving[g]
        if step != 0.0:
            now = loads[rep, g]
            low, high = lower[rep, g], upper[rep, g]
            change += _fined(now + step, low, high, fine[rep, g], entry)
            change -= _fined(now, low, high, fine[rep, g], entry)
    return change


@compiled
def _remove(
    book: NDArray[np.int64],
    book_start: NDArray[np.int64],
    book_size: NDArray[np.int64],
    spot: NDArray[np.int64],
    unit: int,
    rep: int,
) -> None:
    """Take a unit out of a rep's list in constant time."""
    last = book[book_start[rep] + book_size[rep] - 1]
    book[book_start[rep] + spot[unit]] = last
    spot[last] = spot[unit]
    book_size[rep] -= 1


@compiled
def _append(
    book: NDArray[np.int64],
    book_start: NDArray[np.int64],
    book_size: NDArray[np.int64],
    spot: NDArray[np.int64],
    unit: int,
    rep: int,
) -> None:
    """Put a unit at the end of a rep's list."""
    book[book_start[rep] + book_size[rep]] = unit
    spot[unit] = book_size[rep]
    book_size[rep] += 1


@compiled
def _find(rep: NDArray[np.int64], count: int, wanted: int) -> int:
    """Return where a rep stands in a candidate list, or -1."""
    for j in range(count):
        if rep[j] == wanted:
            return j
    return -1


@compiled
def _book_starts(
    rep: NDArray[np.int64], count: NDArray[np.int64], n_reps: int
) -> NDArray[np.int64]:
    """Return where each rep's list begins: room for every unit that may come."""
    start = np.zeros(n_reps + 1, dtype=np.int64)
    for u in range(rep.shape[0]):
        for j in range(count[u]):
            start[rep[u, j] + 1] += 1
    for r in range(n_reps):
        start[r + 1] += start[r]
    return start


@compiled
def _budget_fine(budget: NDArray[np.float64], spent: float) -> float:
    """Return the change of the disruption fine when so much more is spent."""
    after = max(budget[0] + spent - budget[1], 0.0)
    return float(budget[2] * (after - max(budget[0] - budget[1], 0.0)))


@compiled
def anneal(
    load: NDArray[np.float64],
    rep: NDArray[np.int64],
    cents: NDArray[np.float64],
    harm: NDArray[np.float64],
    count: NDArray[np.int64],
    choice: NDArray[np.int64],
    loads: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    fine: NDArray[np.float64],
    entry: float,
    budget: NDArray[np.float64],
    steps: int,
    hot: float,
    cold: float,
    seed: int,
) -> None:
    """Change owners one or two at a time, accepting worse plans while it is hot.

    Parameters
    ----------
    load : (n_units, n_metrics) float64
        Load of each unit.
    rep, cents, harm : (n_units, n_candidates)
        Candidate reps, their cost in cents, and their disruption.
    count : (n_units,) int64
        Candidates of each unit.
    choice : (n_units,) int64, changed in place
        Candidate each unit uses.
    loads : (n_reps, n_metrics) float64, changed in place
        Loads of all reps under `choice`.
    lower, upper, fine : (n_reps, n_metrics) float64
        Bands, and the cents fined per unit of load outside.
    entry : float, cents
        Fined once per band that is missed at all, so that tiny misses do not pay.
    budget : (3,) float64, changed in place
        Disruption used, allowed, and the fine per unit above.
    steps : int
        Proposals to make.
    hot, cold : float, cents
        First and last temperature, falling geometrically; cold 0 accepts no loss.
    seed : int
        Same input and seed, same plan.
    """
    n = load.shape[0]
    n_reps = loads.shape[0]
    state = np.array([seed * 2 + 1], dtype=np.uint64)
    book_start = _book_starts(rep, count, n_reps)
    book = np.zeros(book_start[n_reps] + 1, dtype=np.int64)
    book_size = np.zeros(n_reps, dtype=np.int64)
    spot = np.zeros(n, dtype=np.int64)
    for u in range(n):
        _append(book, book_start, book_size, spot, u, rep[u, choice[u]])
    nothing = np.zeros(load.shape[1])
    cooling = (cold / hot) ** (1.0 / max(steps, 1)) if cold > 0.0 else 1.0
    heat = hot if cold > 0.0 else 0.0
    for _ in range(steps):
        heat *= cooling
        u = min(int(draw(state) * n), n - 1)
        if count[u] < 2:
            continue
        to = min(int(draw(state) * (count[u] - 1)), count[u] - 2)
        if to >= choice[u]:
            to += 1
        source = rep[u, choice[u]]
        sink = rep[u, to]
        v = -1
        back = -1
        if book_size[sink] > 0 and draw(state) < 0.7:
            pick = min(int(draw(state) * book_size[sink]), book_size[sink] - 1)
            v = book[book_start[sink] + pick]
            back = _find(rep[v], count[v], source)
            if back < 0:
                v = -1
        change = cents[u, to] - cents[u, choice[u]]
        spent = harm[u, to] - harm[u, choice[u]]
        coming = nothing
        if v >= 0:
            change += cents[v, back] - cents[v, choice[v]]
            spent += harm[v, back] - harm[v, choice[v]]
            coming = load[v]
        threshold = -heat * np.log(max(draw(state), 1e-300)) if heat > 0.0 else -1e-9
        change += _shift_cost(loads, source, load[u], coming, lower, upper, fine, entry)
        change += _shift_cost(loads, sink, coming, load[u], lower, upper, fine, entry)
        if budget[2] > 0.0:
            change += _budget_fine(budget, spent)
        if change > threshold:
            continue
        for g in range(load.shape[1]):
            step = coming[g] - load[u, g]
            loads[source, g] += step
            loads[sink, g] -= step
        budget[0] += spent
        _remove(book, book_start, book_size, spot, u, source)
        choice[u] = to
        if v >= 0:
            _remove(book, book_start, book_size, spot, v, sink)
            choice[v] = back
            _append(book, book_start, book_size, spot, v, source)
        _append(book, book_start, book_size, spot, u, sink)
