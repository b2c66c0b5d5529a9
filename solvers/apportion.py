"""Share out whole units in proportion, inside bounds, and prove the split is best."""

import heapq

import numpy as np
from numpy.typing import NDArray


def apportion(
    units: int,
    weight: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Split units by weight within bounds, as evenly as whole numbers allow.

    Parameters
    ----------
    units : int, >= 0
        Whole units to hand out; ``low.sum() <= units <= high.sum()``.
    weight : (n,) float64, >= 0
        A zero weight gets its lower bound, unless only zero weights are left.
    low, high : (n,) int64, ``0 <= low <= high``
        Bounds of each part.

    Returns
    -------
    (n,) int64
        Sums to `units` and minimises ``sum (q - t)**2 / t`` over whole numbers within
        the bounds, ``t`` the weights in any scale. Ties go to the earlier place.

    Raises
    ------
    ValueError
        If the bounds leave no room for `units`.

    Notes
    -----
    Webster's divisor method with bounds: the divisor is bisected, the last units are
    taken in order of ``(2q + 1) / (2t)`` (Balinski & Young, "Fair Representation").

    Examples
    --------
    >>> apportion(10, np.array([5.0, 3.0, 2.0]), np.zeros(3, np.int64),
    ...           np.array([4, 9, 9])).tolist()
    [4, 4, 2]
    """
    if not low.sum() <= units <= high.sum():
        raise ValueError(f"{units} units do not fit between the bounds")
    open_weight = np.where(high > low, weight, 0.0)
    if not open_weight.any():
        open_weight = np.where(high > low, 1.0, 0.0)
    elif units > (low + np.where(open_weight > 0, high - low, 0)).sum():
        # every weighted part is full: what is left goes to the parts without weight
        full = np.where(open_weight > 0, high, low)
        return apportion(units, np.where(open_weight > 0, 0.0, 1.0), full, high)

    def parts(divisor: float) -> NDArray[np.int64]:
        share = np.minimum(np.floor(divisor * open_weight + 0.5), high)
        return np.maximum(share.astype(np.int64), low)

    scale = float(open_weight.max(initial=0.0))
    if scale == 0.0:
        return low.copy()
    below, above = 0.0, max(units, 1) / scale
    while parts(above).sum() < units:
        above *= 2.0
    for _ in range(200):
        middle = (below + above) / 2
        if middle in (below, above):
            break
        below, above = (
            (middle, above) if parts(middle).sum() <= units else (below, middle)
        )
    quota = parts(below)
    _top_up(quota, units - int(quota.sum()), open_weight, high)
    return quota


def _top_up(
    quota: NDArray[np.int64],
    left: int,
    weight: NDArray[np.float64],
    high: NDArray[np.int64],
) -> None:
    """Hand out the last few units in place, cheapest increment first."""
    room = np.flatnonzero((quota < high) & (weight > 0))
    heap = (
        [((2 * quota[i] + 1) / (2 * weight[i]), int(i)) for i in room] if left else []
    )
    heapq.heapify(heap)
    for _ in range(left):
        _, place = heapq.heappop(heap)
        quota[place] += 1
        if quota[place] < high[place]:
            price = (2 * quota[place] + 1) / (2 * weight[place])
            heapq.heappush(heap, (price, place))


def exchange_slack(
    quota: NDArray[np.int64],
    weight: NDArray[np.float64],
    low: NDArray[np.int64],
    high: NDArray[np.int64],
) -> float:
    """Return how far the best exchange of one unit is from paying; >= 0 is proof.

    Parameters
    ----------
    quota, low, high : (n,) int64
        A split and its bounds.
    weight : (n,) float64, >= 0
        As given to :func:`apportion`; parts without weight take no part.

    Returns
    -------
    float, relative to the larger price
        Cheapest take-up less dearest give-back; infinite when nothing can move.

    Notes
    -----
    The bounded split with a fixed sum is an M-convex set and the objective separable
    convex, so local optimality under single exchanges is global (Murota, "Discrete
    Convex Analysis", SIAM 2003, theorem 6.26).

    Examples
    --------
    >>> even, none, many = np.ones(2), np.zeros(2, np.int64), np.full(2, 9)
    >>> exchange_slack(np.array([2, 2]), even, none, many)
    0.4
    >>> exchange_slack(np.array([4, 0]), even, none, many)
    -0.8571428571428571
    """
    can_give, can_take = (quota > low) & (weight > 0), (quota < high) & (weight > 0)
    if not can_give.any() or not can_take.any():
        return float("inf")
    give = float(((2 * quota - 1)[can_give] / (2 * weight[can_give])).max())
    take = float(((2 * quota + 1)[can_take] / (2 * weight[can_take])).min())
    return (take - give) / max(abs(take), abs(give), 1e-300)
