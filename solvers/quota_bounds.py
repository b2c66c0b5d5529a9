"""What each node of the sales tree can carry, and the smallest relaxation that fits."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_contracts.errors import InfeasibleError
from data_contracts.money import show
from solvers.tree import Tree

NO_CAP = 2**62
MOST_UNITS = 2**52  # sums of caps stay exact in float64
LARGEST_RELAXATION = 1e6


@dataclass(frozen=True, slots=True)
class QuotaBounds:
    """Limits of every node in whole units of rounding, inner nodes included."""

    low: NDArray[np.int64]  # (n_nodes,)
    high: NDArray[np.int64]  # (n_nodes,) MOST_UNITS when nothing limits it


def children_total(quota_cents: int, over_share: float, unit_cents: int) -> int:
    """Return what a node's children must add up to, in cents.

    Examples
    --------
    >>> children_total(1_005, 0.0, 10), children_total(1_000, 0.055, 10)
    (1005, 1060)
    """
    if over_share == 0.0:
        return quota_cents
    return unit_cents * int(
        np.floor(quota_cents * (1.0 + over_share) / unit_cents + 0.5)
    )


def carry_bounds_up(
    tree: Tree,
    floor_cents: NDArray[np.int64],
    cap_cents: NDArray[np.int64],
    over_share: NDArray[np.float64],
    has_base: NDArray[np.bool_],
    unit_cents: int,
) -> QuotaBounds:
    """Work out the least and most each node can carry so that its children fit.

    Parameters
    ----------
    tree : Tree
        The sales tree.
    floor_cents, cap_cents : (n_nodes,) int64, US cents
        Limits of each node; ``NO_CAP`` for none.
    over_share : (n_nodes,) float64, >= 0
        Over-assignment from a node to its children.
    has_base : (n_nodes,) bool
        Leaves without a base carry their floor and no more.
    unit_cents : int
        Rounding unit.

    Returns
    -------
    QuotaBounds
        For any quota between the bounds of a node, its children's bounds leave room.
    """
    low = -(-floor_cents // unit_cents)
    high = np.where(cap_cents >= NO_CAP, MOST_UNITS, cap_cents // unit_cents)
    high = np.where(tree.is_leaf & ~has_base, low, np.minimum(high, MOST_UNITS))
    for rows in tree.levels_from_below():
        inner = rows[~tree.is_leaf[rows]]
        if inner.size == 0:
            continue
        below_low, below_high = np.zeros_like(low), np.zeros_like(high)
        deeper = tree.parent >= 0
        np.add.at(below_low, tree.parent[deeper], low[deeper])
        np.add.at(below_high, tree.parent[deeper], np.minimum(high, 2**40)[deeper])
        np.maximum.at(below_high, tree.parent[deeper], high[deeper])
        below_high = np.minimum(below_high, MOST_UNITS)
        factor = 1.0 + over_share[inner]
        low[inner] = np.maximum(low[inner], _least(below_low[inner], factor))
        high[inner] = np.minimum(high[inner], _most(below_high[inner], factor))
    return QuotaBounds(low, high)


def _rounded(
    units: NDArray[np.int64], factor: NDArray[np.float64]
) -> NDArray[np.int64]:
    product = np.floor(units * factor + 0.5)
    return np.where(factor == 1.0, units, product).astype(np.int64)


def _least(units: NDArray[np.int64], factor: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the smallest quota whose rounded children total reaches `units`."""
    guess = np.maximum(np.floor(units / factor).astype(np.int64) - 2, 0)
    for _ in range(5):
        guess = np.where(_rounded(guess, factor) < units, guess + 1, guess)
    return guess


def _most(units: NDArray[np.int64], factor: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return the largest quota whose rounded children total stays within `units`."""
    guess = np.floor(units / factor).astype(np.int64) + 2
    for _ in range(5):
        guess = np.where(_rounded(guess, factor) > units, guess - 1, guess)
    return guess


def highest_failure(
    tree: Tree, bounds: QuotaBounds, target_cents: int, unit_cents: int
) -> tuple[int, str] | None:
    """Return the highest node whose limits cannot hold, and why; None when all fit."""
    broken = np.flatnonzero(bounds.low > bounds.high)
    root = tree.root
    if broken.size:
        row = int(broken[np.lexsort((broken, tree.depth[broken]))[0]])
        return row, (
            f"{tree.name(row)} must carry at least "
            f"{show(int(bounds.low[row]) * unit_cents)} "
            f"and may carry at most {show(int(bounds.high[row]) * unit_cents)}"
        )
    if target_cents > int(bounds.high[root]) * unit_cents:
        return root, (
            f"caps under {tree.name(root)} allow "
            f"{show(int(bounds.high[root]) * unit_cents)} of {show(target_cents)}"
        )
    if target_cents < int(bounds.low[root]) * unit_cents:
        return root, (
            f"floors under {tree.name(root)} ask for "
            f"{show(int(bounds.low[root]) * unit_cents)}; the target is "
            f"{show(target_cents)}"
        )
    return None


def fit_caps(
    tree: Tree,
    target_cents: int,
    floor_cents: NDArray[np.int64],
    cap_cents: NDArray[np.int64],
    over_share: NDArray[np.float64],
    has_base: NDArray[np.bool_],
    unit_cents: int,
    *,
    best_effort: bool,
) -> tuple[QuotaBounds, NDArray[np.int64], float]:
    """Return bounds that fit the target, raising caps only when asked to.

    Returns
    -------
    tuple of QuotaBounds, (n_nodes,) int64, float
        The bounds, the caps they come from, and the share by which every cap was
        raised (0.0 unless `best_effort` had to).

    Raises
    ------
    InfeasibleError
        If the limits cannot hold and no common raise of the caps was allowed or
        would help.
    """

    def at(raise_share: float) -> tuple[QuotaBounds, NDArray[np.int64]]:
        raised = np.floor(np.minimum(cap_cents, NO_CAP) * (1.0 + raise_share) + 1e-6)
        caps = np.where(cap_cents >= NO_CAP, NO_CAP, raised.clip(0, 2**61))
        caps = caps.astype(np.int64) if raise_share else cap_cents
        return (
            carry_bounds_up(tree, floor_cents, caps, over_share, has_base, unit_cents),
            caps,
        )

    def failure(raise_share: float) -> tuple[int, str] | None:
        return highest_failure(tree, at(raise_share)[0], target_cents, unit_cents)

    first = failure(0.0)
    if first is None:
        return *at(0.0), 0.0
    if failure(LARGEST_RELAXATION) is not None:
        raise InfeasibleError(
            first[1],
            fix="lower the floors under that node, or give its reps a base above zero",
        )
    small, large = 0.0, 1.0
    while failure(large) is not None:
        small, large = large, large * 2
    for _ in range(60):
        middle = (small + large) / 2
        small, large = (small, middle) if failure(middle) is None else (middle, large)
    if best_effort:
        return *at(large), large
    short = max(target_cents - int(at(0.0)[0].high[tree.root]) * unit_cents, 0)
    move = f", or move {show(short)} to other teams" if short else ""
    raise InfeasibleError(
        first[1], fix=f"raise every cap by {large:.2%}{move}, or lower the target"
    )
