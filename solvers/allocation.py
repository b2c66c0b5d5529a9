"""Split a budget over segments and activities where the next cent brings most."""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_contracts.errors import InfeasibleError
from data_contracts.money import show
from solvers.kernel import compiled
from solvers.result import Proof, gap_share

MOST_TABLE_CELLS = 400_000_000  # work of the exact table for S-shaped responses


@dataclass(frozen=True, slots=True)
class Allocation:
    """How much goes where, what it brings and how good that is."""

    spend_cents: NDArray[np.int64]  # (n_places,) multiples of the unit
    value_cents: float  # value of the whole split
    bound_cents: float  # no split brings more
    gap_share: float  # (bound - value) / bound
    dual_gap_share: float  # the same against the price bound alone
    price: float  # value of one more cent of budget
    proof: Proof


def response_cents(
    spend_cents: NDArray[np.float64],
    top_cents: NDArray[np.float64],
    scale_cents: NDArray[np.float64],
    steepness: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Return what spending brings: saturating, or S-shaped where steepness is above 1.

    Parameters
    ----------
    spend_cents : (..., n_places) float64, US cents
        What is spent in each place.
    top_cents : (n_places,) float64, US cents
        Value that no spending exceeds.
    scale_cents : (n_places,) float64, US cents, > 0
        Spending at which 63 % of the top (steepness 0) or half of it is reached.
    steepness : (n_places,) float64
        0 for ``top * (1 - exp(-x / scale))``, which is concave; h > 0 for the Hill
        curve ``top * x**h / (scale**h + x**h)``, S-shaped for h > 1.

    Returns
    -------
    (..., n_places) float64, US cents
        Zero at zero, rising.

    Examples
    --------
    >>> one = np.ones(1)
    >>> response_cents(np.array([5.0]), 100 * one, 5 * one, 2 * one).tolist()
    [50.0]
    """
    share = spend_cents / scale_cents
    with np.errstate(over="ignore"):
        power = np.power(share, np.maximum(steepness, 1e-9))
    hill = np.where(np.isinf(power), 1.0, power / (1.0 + power))
    return np.asarray(top_cents * np.where(steepness > 0, hill, -np.expm1(-share)))


def allocate_budget(
    budget_cents: int,
    *,
    top_cents: NDArray[np.float64],
    scale_cents: NDArray[np.float64],
    steepness: NDArray[np.float64] | None = None,
    floor_cents: NDArray[np.int64] | None = None,
    cap_cents: NDArray[np.int64] | None = None,
    unit_cents: int = 100_00,
) -> Allocation:
    """Split a budget so that no move of one unit between places brings more.

    Parameters
    ----------
    budget_cents : int, US cents, >= 0
        Most that may be spent; what brings nothing is left over.
    top_cents, scale_cents : (n_places,) float64, US cents
        Response of each place; see :func:`response_cents`.
    steepness : (n_places,) float64, default 0
        0 concave, above 1 S-shaped.
    floor_cents, cap_cents : (n_places,) int64, US cents, default 0 and the budget
        Least and most spending of each place, rounded inward to units.
    unit_cents : int, US cents, default 100 USD
        Spending comes in these steps.

    Returns
    -------
    Allocation
        Floors, caps and budget hold. With concave responses the split is optimal in
        whole units; with S-shaped ones too while ``places * units**2`` stays below
        4e8, otherwise it carries the gap to the price bound.

    Raises
    ------
    ValueError
        If a response is not finite, a scale not positive, or shapes differ.
    InfeasibleError
        If the floors exceed the budget.

    Notes
    -----
    Marginal analysis: one price of budget, every place spends while its concave
    envelope earns more than the price (Karush-Kuhn-Tucker), the last units go one by
    one. S-shaped places are settled by an exact multiple-choice table [1]_.

    References
    ----------
    .. [1] Ibaraki & Katoh, "Resource Allocation Problems", MIT Press, 1988, ch. 4.

    Examples
    --------
    >>> half = allocate_budget(
    ...     1_000, top_cents=np.array([500.0, 500.0]),
    ...     scale_cents=np.array([300.0, 300.0]), unit_cents=100)
    >>> half.spend_cents.tolist(), half.proof.value
    ([500, 500], 'optimal')
    """
    top, scale = np.asarray(top_cents, float), np.asarray(scale_cents, float)
    n = top.size
    steep = np.zeros(n) if steepness is None else np.asarray(steepness, float)
    if scale.shape != (n,) or steep.shape != (n,) or budget_cents < 0 or unit_cents < 1:
        raise ValueError("responses need one top, scale and steepness per place")
    if not (np.isfinite(top).all() and (top >= 0).all() and (scale > 0).all()):
        raise ValueError("top_cents must be finite and >= 0, scale_cents above 0")
    units = budget_cents // unit_cents
    low = (
        np.zeros(n, np.int64) if floor_cents is None else -(-floor_cents // unit_cents)
    )
    high = np.full(n, units) if cap_cents is None else cap_cents // unit_cents
    high = np.minimum(high, units)
    if low.sum() > units or (low > high).any():
        raise InfeasibleError(
            f"floors of {show(int(low.sum()) * unit_cents)} do not fit the budget of "
            f"{show(budget_cents)} and the caps",
            fix="lower the floors, or raise the budget",
        )
    if not steep.any():
        return _concave_split(top, scale, low, high, int(units), unit_cents)
    table = _value_table(top, scale, steep, unit_cents, int(high.max(initial=0)))
    hull = _concave_hulls(table, low, high)
    spend, price = _greedy(hull, low, high, units)
    reached = float(np.take_along_axis(hull, spend[:, None], axis=1).sum())
    bound = reached  # the greedy split of concave envelopes is their optimum
    value = float(np.take_along_axis(table, spend[:, None], axis=1).sum())
    dual = bound
    proof = Proof.OPTIMAL
    if value < bound * (1 - 1e-12):
        proof = Proof.FEASIBLE
        if n * (int(units) + 1) * (int(high.max(initial=0)) + 1) <= MOST_TABLE_CELLS:
            spend = _exact_table(table, low, high, int(units))
            value = float(np.take_along_axis(table, spend[:, None], axis=1).sum())
            bound, proof = value, Proof.OPTIMAL
    return Allocation(
        spend_cents=spend * unit_cents,
        value_cents=value,
        bound_cents=bound,
        gap_share=gap_share(bound, value),
        dual_gap_share=gap_share(dual, value),
        price=price / unit_cents,
        proof=proof,
    )


def _concave_split(
    top: NDArray[np.float64],
    scale: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    units: int,
    unit_cents: int,
) -> Allocation:
    """Split over concave responses: bisect the price, then single units."""
    step = unit_cents / scale
    first_gain = top * -np.expm1(
        -step
    )  # what the first unit brings; then e**-step each

    def wanted(log_price: float) -> NDArray[np.int64]:
        with np.errstate(divide="ignore"):
            count = np.floor((np.log(first_gain) - log_price) / step) + 1.0
        return np.clip(count, low, high).astype(np.int64)

    below, above = -700.0, float(np.log(max(first_gain.max(initial=0.0), 1e-300))) + 1.0
    if wanted(below).sum() <= units:
        above = below
    for _ in range(200):
        middle = (below + above) / 2
        if middle in (below, above):
            break
        below, above = (
            (below, middle) if wanted(middle).sum() <= units else (middle, above)
        )
    spend = wanted(above)
    heap = [
        (-first_gain[i] * np.exp(-step[i] * spend[i]), int(i))
        for i in np.flatnonzero((spend < high) & (first_gain > 0))
    ]
    heapq.heapify(heap)
    left = units - int(spend.sum())
    while left > 0 and heap:
        _, i = heapq.heappop(heap)
        spend[i] += 1
        left -= 1
        if spend[i] < high[i]:
            heapq.heappush(heap, (-first_gain[i] * np.exp(-step[i] * spend[i]), i))
    price = 0.0 if left or not heap else -heap[0][0]
    value = float(-(top * np.expm1(-step * spend)).sum())
    # the price bound: everybody spends freely at the price, unspent budget is rent
    free = wanted(np.log(price)) if price > 0 else np.where(first_gain > 0, high, low)
    earned = float(-(top * np.expm1(-step * free)).sum())
    bound = max(earned - price * float(free.sum() - units), value)
    return Allocation(
        spend_cents=spend * unit_cents,
        value_cents=value,
        bound_cents=bound,
        gap_share=gap_share(bound, value),
        dual_gap_share=gap_share(bound, value),
        price=price / unit_cents,
        proof=Proof.OPTIMAL,
    )


def _value_table(
    top: NDArray[np.float64],
    scale: NDArray[np.float64],
    steep: NDArray[np.float64],
    unit_cents: int,
    most: int,
) -> NDArray[np.float64]:
    """Return (n_places, most + 1) value of each number of units."""
    spend = np.arange(most + 1, dtype=np.float64)[:, None] * unit_cents
    return np.ascontiguousarray(response_cents(spend, top, scale, steep).T)


@compiled
def _concave_hulls(
    table: NDArray[np.float64], low: NDArray[np.int64], high: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return the least concave curve above each row between its limits."""
    hull = table.copy()
    corner = np.empty(table.shape[1], dtype=np.int64)
    for i in range(table.shape[0]):
        held = 0
        for j in range(low[i], high[i] + 1):
            while held > 1:
                a, b = corner[held - 2], corner[held - 1]
                left = (table[i, b] - table[i, a]) * (j - b)
                right = (table[i, j] - table[i, b]) * (b - a)
                if left >= right:
                    break
                held -= 1
            corner[held] = j
            held += 1
        for c in range(held - 1):
            a, b = corner[c], corner[c + 1]
            for j in range(a + 1, b):
                part = (j - a) / (b - a)
                hull[i, j] = table[i, a] + part * (table[i, b] - table[i, a])
    return hull


def _greedy(
    hull: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    units: int,
) -> tuple[NDArray[np.int64], float]:
    """Spend units where the envelope rises most; return the split and its price."""
    gain = np.diff(hull, axis=1)
    step = np.arange(gain.shape[1])[None, :]
    is_open = (step >= low[:, None]) & (step < high[:, None]) & (gain > 0)
    place, at = np.nonzero(is_open)
    # dearest first; ties to the earlier place and then the earlier unit
    order = np.lexsort((at, place, -np.round(gain[place, at], 9)))
    left = int(units - low.sum())
    taken = order[:left]
    spend = low + np.bincount(place[taken], minlength=low.size)
    price = float(gain[place[taken[-1]], at[taken[-1]]]) if taken.size else 0.0
    return spend.astype(np.int64), price if taken.size == left else 0.0


@compiled
def _exact_table(
    table: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    units: int,
) -> NDArray[np.int64]:
    """Return the best split by trying every spending of every place in turn."""
    n = table.shape[0]
    best = np.zeros(units + 1)
    pick = np.zeros((n, units + 1), dtype=np.int32)
    for i in range(n):
        new = np.full(units + 1, -np.inf)
        for total in range(units + 1):
            for spent in range(low[i], min(high[i], total) + 1):
                value = best[total - spent] + table[i, spent]
                if value > new[total]:
                    new[total] = value
                    pick[i, total] = spent
        best = new
    spend = np.zeros(n, dtype=np.int64)
    total = units
    for back in range(n):
        i = n - 1 - back
        spend[i] = pick[i, total]
        total -= spend[i]
    return spend
