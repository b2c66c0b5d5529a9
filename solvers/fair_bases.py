"""Bases that give every rep the same chance of making quota."""

import numpy as np
from numpy.typing import NDArray

from solvers.tree import Tree


def sum_up(
    tree: Tree, leaf_values: NDArray[np.float64], over_share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Carry leaf values up, taking each level's over-assignment out again.

    Returns
    -------
    (n_nodes,) float64
        Leaves as given; an inner node is its children's sum over ``1 + over_share``.
    """
    total = np.where(tree.is_leaf, leaf_values, 0.0)
    for rows in tree.levels_from_below():
        inner = rows[~tree.is_leaf[rows]]
        total[inner] /= 1.0 + over_share[inner]
        above = rows[tree.parent[rows] >= 0]
        np.add.at(total, tree.parent[above], total[above])
    return total


def equal_attainment_bases(
    tree: Tree,
    target_cents: int,
    over_share: NDArray[np.float64],
    floor_cents: NDArray[np.int64],
    cap_cents: NDArray[np.int64],
    log_mean: NDArray[np.float64],
    log_deviation: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Find quotas at which all reps are equally likely to attain.

    Parameters
    ----------
    tree : Tree
        The sales tree.
    target_cents : int, US cents
        Quota of the root.
    over_share : (n_nodes,) float64, >= 0
        Over-assignment from a node to its children.
    floor_cents, cap_cents : (n_nodes,) int64, US cents
        Limits at leaves; a clipped rep has another chance than the rest.
    log_mean, log_deviation : (n_nodes,) float64
        At leaves: mean and deviation (> 0) of the log of the cents booked.

    Returns
    -------
    (n_nodes,) float64, US cents
        ``exp(log_mean + z * log_deviation)`` within the limits at leaves, one z for
        all, such that the root carries the target; zero at inner nodes.

    Notes
    -----
    One bisection: with log-normal bookings P(attain) is ``1 - Phi(z)`` for everyone.
    """
    leaf = tree.is_leaf
    if not (np.isfinite(log_mean[leaf]).all() and (log_deviation[leaf] > 0).all()):
        raise ValueError("log_mean must be finite and log_deviation positive at leaves")
    mean, deviation = np.where(leaf, log_mean, 0.0), np.where(leaf, log_deviation, 0.0)

    def at(z: float) -> NDArray[np.float64]:
        free = np.exp(np.minimum(mean + z * deviation, 60.0))
        return np.where(leaf, np.clip(free, floor_cents, cap_cents), 0.0)

    small, large = -60.0, 60.0
    for _ in range(120):
        middle = (small + large) / 2
        root = float(sum_up(tree, at(middle), over_share)[tree.root])
        small, large = (middle, large) if root <= target_cents else (small, middle)
    return at((small + large) / 2)
