"""Split a budget over segments and activities where the next cent brings most."""

import heapq
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from data_contracts.errors import InfeasibleError
from data_contracts.money import show
from solvers.result import Proof, gap_share
from solvers.s_curves import Curves
from solvers.split_search import best_split


@dataclass(frozen=True, slots=True)
class Allocation:
    """How much goes where, what it brings and how good that is."""

    spend_cents: NDArray[np.int64]  # (n_places,) multiples of the unit
    value_cents: float  # value of the whole split
    bound_cents: float  # no split in whole units brings more
    gap_share: float  # (bound - value) / bound; 0.0 when proven best
    dual_gap_share: float  # the same against the price alone: no split may reach it
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
    return Curves(top_cents, scale_cents, steepness).value(spend_cents)


def allocate_budget(
    budget_cents: int,
    *,
    top_cents: NDArray[np.float64],
    scale_cents: NDArray[np.float64],
    steepness: NDArray[np.float64] | None = None,
    floor_cents: NDArray[np.int64] | None = None,
    cap_cents: NDArray[np.int64] | None = None,
    unit_cents: int = 100_00,
    place_ids: NDArray[np.str_] | NDArray[np.int64] | None = None,
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
    place_ids : (n_places,) str or int, default the row number
        Only places that are alike in everything else go by id, so row order does not
        matter.

    Returns
    -------
    Allocation
        Floors, caps and budget hold. No split in whole units brings more
        (``gap_share`` is 0.0) unless counted work runs out on S-shaped responses;
        then the proof is ``feasible`` and `bound_cents` says how much is open.
        `dual_gap_share` is the distance to the price bound, which with S-shaped
        responses the best split itself may not reach.

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
    one [1]_. S-shaped places are settled by :func:`solvers.split_search.best_split`.

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
    ids = np.arange(n) if place_ids is None else np.asarray(place_ids)
    order = np.lexsort((ids, high, low, steep, scale, top))
    back = np.argsort(order)
    limits = low[order].astype(np.int64), high[order].astype(np.int64)
    if not steep.any():
        plan = _concave_split(top[order], scale[order], *limits, int(units), unit_cents)
        return replace(plan, spend_cents=plan.spend_cents[back])
    curves = Curves(top[order], scale[order] / unit_cents, steep[order])
    found = best_split(curves, *limits, int(units))
    is_proven = found.bound == found.value
    return Allocation(
        spend_cents=found.spend[back] * unit_cents,
        value_cents=found.value,
        bound_cents=found.bound,
        gap_share=gap_share(found.bound, found.value),
        dual_gap_share=gap_share(found.dual, found.value),
        price=found.price / unit_cents,
        proof=Proof.OPTIMAL if is_proven else Proof.FEASIBLE,
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
