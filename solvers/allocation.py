"""Split a budget over segments and activities where the next cent brings most."""

import heapq
from collections.abc import Callable
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
    spend, dual, price = _envelope_split(
        top, scale, steep, low, high, int(units), unit_cents
    )
    value = float(_values(spend, top, scale, steep, unit_cents).sum())
    bound, proof = max(dual, value), Proof.OPTIMAL
    if value < dual * (1 - 1e-12):
        proof = Proof.FEASIBLE
        if n * (int(units) + 1) * (int(high.max(initial=0)) + 1) <= MOST_TABLE_CELLS:
            table = _value_table(top, scale, steep, unit_cents, int(high.max()))
            spend = _exact_table(table, low, high, int(units))
            value = float(np.take_along_axis(table, spend[:, None], axis=1).sum())
            bound, proof = value, Proof.OPTIMAL
    return Allocation(
        spend_cents=spend * unit_cents,
        value_cents=value,
        bound_cents=bound,
        gap_share=gap_share(bound, value),
        dual_gap_share=gap_share(max(dual, value), value),
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


def _values(
    units: NDArray[np.int64],
    top: NDArray[np.float64],
    scale: NDArray[np.float64],
    steep: NDArray[np.float64],
    unit_cents: int,
) -> NDArray[np.float64]:
    """Return what a number of units brings in each place."""
    return response_cents(units.astype(np.float64) * unit_cents, top, scale, steep)


def _first_true(
    test: Callable[[NDArray[np.int64]], NDArray[np.bool_]],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Return, by place, the first number in low..high that passes; high if none does.

    The test must stay true once it is true.
    """
    first, last = low.copy(), high.copy()
    while (first < last).any():
        middle = (first + last) // 2
        passes = test(middle)
        last = np.where(passes & (first < last), middle, last)
        first = np.where(~passes & (first < last), middle + 1, first)
    return first


def _envelope_split(
    top: NDArray[np.float64],
    scale: NDArray[np.float64],
    steep: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    units: int,
    unit_cents: int,
) -> tuple[NDArray[np.int64], float, float]:
    """Split by one price over concave envelopes; return split, dual bound and price.

    An S-shaped response rises ever faster and then ever slower. Its envelope is the
    straight line from the floor to the point where the average stops rising, and the
    curve itself from there on: a place spends its floor, or at least up to there.
    """

    def value(count: NDArray[np.int64]) -> NDArray[np.float64]:
        return _values(count, top, scale, steep, unit_cents)

    def next_gain(count: NDArray[np.int64]) -> NDArray[np.float64]:
        return value(count + 1) - value(count)

    at_floor = value(low)

    def average(count: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((value(count) - at_floor) / np.maximum(count - low, 1))

    start = np.minimum(low + 1, high)
    jump = _first_true(lambda j: next_gain(j) < average(j), start, high)
    slope = np.where(jump > low, average(jump), 0.0)

    def wanted(price: float) -> NDArray[np.int64]:
        more = _first_true(lambda j: next_gain(j) < price, jump, high)
        return np.where((slope > 0) & (slope >= price), more, low)

    cheap, dear = 0.0, 2.0 * float(slope.max(initial=0.0)) + 1.0
    if int(wanted(0.0).sum()) <= units:
        dear = cheap
    for _ in range(200):
        middle = (cheap + dear) / 2
        if middle in (cheap, dear):
            break
        fits = int(wanted(middle).sum()) <= units
        cheap, dear = (cheap, middle) if fits else (middle, dear)
    bounds = []
    for price in (cheap, dear):
        free = wanted(price)
        bounds.append(float(value(free).sum()) - price * float(free.sum() - units))
    spend = wanted(dear)
    left = units - int(spend.sum())
    while left > 0:
        # the next unit, or the way to the envelope where all of it still fits
        step = np.where(spend < jump, jump - spend, 1)
        step = np.where(step > left, left, step)
        step = np.where(spend < high, np.minimum(step, high - spend), 0)
        gain = value(spend + step) - value(spend)
        each = np.where(step > 0, gain / np.maximum(step, 1), 0.0)
        best = int(np.argmax(each))
        if each[best] <= 0:
            break
        spend[best] += step[best]
        left -= int(step[best])
    return spend.astype(np.int64), min(bounds), dear if dear > 0 else 0.0


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
