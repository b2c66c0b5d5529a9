"""Split a target down the sales tree so that it adds up at every node, with proof."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from data_contracts.money import show
from solvers.apportion import apportion, exchange_slack
from solvers.fair_bases import equal_attainment_bases, sum_up
from solvers.quota_bounds import NO_CAP, QuotaBounds, children_total, fit_caps
from solvers.result import Proof
from solvers.tree import Tree, grow, in_id_order


class QuotaMode(StrEnum):
    """What is made equal between reps."""

    EQUAL_RATIO = "equal_ratio"  # quota / base is the same for all, caps aside
    EQUAL_ATTAINMENT = "equal_attainment"  # the chance of making quota is the same


@dataclass(frozen=True, slots=True)
class QuotaTree:
    """Quotas of all nodes and the proof of each split."""

    quota_cents: NDArray[np.int64]  # (n_nodes,) in the caller's order
    children_cents: NDArray[
        np.int64
    ]  # (n_nodes,) sum over direct children; 0 at leaves
    base_cents: NDArray[np.float64]  # (n_nodes,) what the split was proportional to
    is_certified: NDArray[np.bool_]  # (n_nodes,) no exchange of one unit improves it
    is_at_floor: NDArray[np.bool_]  # (n_nodes,) leaf held up by its floor
    is_at_cap: NDArray[np.bool_]  # (n_nodes,) leaf held down by its cap
    proof: Proof
    unit_cents: int
    cap_relaxation_share: (
        float  # 0.0, or by how much every cap was raised (best effort)
    )
    notes: tuple[str, ...]


def split_quotas(
    target_cents: int,
    *,
    parent: NDArray[np.intp],
    base_cents: NDArray[np.float64],
    over_assignment_share: NDArray[np.float64] | None = None,
    floor_cents: NDArray[np.int64] | None = None,
    cap_cents: NDArray[np.int64] | None = None,
    unit_cents: int = 1,
    mode: QuotaMode = QuotaMode.EQUAL_RATIO,
    log_mean: NDArray[np.float64] | None = None,
    log_deviation: NDArray[np.float64] | None = None,
    node_ids: NDArray[Any] | None = None,
    best_effort: bool = False,
) -> QuotaTree:
    """Split a company target down a tree of nodes, exact at every node.

    Parameters
    ----------
    target_cents : int, US cents, >= 0
        Quota of the root.
    parent : (n_nodes,) intp
        Row of each node's parent; -1 at the one root. Any order.
    base_cents : (n_nodes,) float64, US cents, >= 0
        Used at leaves: what the rep could carry, for example potential blended with
        run rate, times ramp, times available months. Zero gives the floor only.
    over_assignment_share : (n_nodes,) float64, >= 0, default 0
        Children of node v add up to ``quota * (1 + share)``, rounded to the unit.
    floor_cents, cap_cents : (n_nodes,) int64, US cents, default 0 and no cap
        Limits of reps and of teams above them, rounded inward to whole units.
    unit_cents : int, US cents, >= 1
        Leaf quotas are multiples of it, except the one leaf that carries what the
        target itself leaves over.
    mode : QuotaMode
        ``EQUAL_RATIO`` keeps quota / base equal; ``EQUAL_ATTAINMENT`` keeps the
        chance of attainment equal and needs `log_mean` and `log_deviation`.
    log_mean, log_deviation : (n_nodes,) float64
        At leaves: mean and deviation of the log of the cents the rep will book.
    node_ids : (n_nodes,) str or int, default the row number
        Ties go to the smaller id, so row order does not matter.
    best_effort : bool, default False
        Raise caps by the smallest common share that fits instead of failing.

    Returns
    -------
    QuotaTree
        At every inner node the children's quotas sum exactly to
        ``round(quota * (1 + over_assignment))``; leaves respect floors and caps;
        ``is_certified`` is true where no exchange of one unit between two leaves or
        nodes improves ``sum (q - t)**2 / t``.

    Raises
    ------
    ValueError
        If `parent` is not one tree, or a number is negative or not finite.
    InfeasibleError
        If floors exceed, or caps fall short of, what must be carried; it names the
        highest node where that happens and the relaxation that would do.

    Notes
    -----
    Bounded Webster apportionment node by node: the exact optimum of the separable
    convex problem, because increments are taken in order of their marginal cost [1]_.
    Bounds are carried up first, so a split never strands a child.

    References
    ----------
    .. [1] Ibaraki & Katoh, "Resource Allocation Problems", MIT Press, 1988, ch. 4;
       Balinski & Young, "Fair Representation", 1982.

    Examples
    --------
    >>> import numpy as np
    >>> tree = split_quotas(
    ...     1_000, parent=np.array([-1, 0, 0, 1, 1]),
    ...     base_cents=np.array([0, 0, 500.0, 300.0, 200.0]), unit_cents=100)
    >>> tree.quota_cents.tolist(), tree.proof.value
    ([1000, 500, 500, 300, 200], 'optimal')
    """
    order, above = in_id_order(parent, node_ids)
    n = above.size
    tree = grow(above, None if node_ids is None else np.asarray(node_ids)[order])
    over = _shares(over_assignment_share, n, "over_assignment_share")[order]
    floor = _cents(floor_cents, n, 0, "floor_cents")[order]
    cap = _cents(cap_cents, n, NO_CAP, "cap_cents")[order]
    base = _shares(base_cents, n, "base_cents")[order]
    if target_cents < 0 or unit_cents < 1:
        raise ValueError("target_cents must be >= 0 and unit_cents at least 1")
    is_equal_chance = mode is QuotaMode.EQUAL_ATTAINMENT
    if is_equal_chance and (log_mean is None or log_deviation is None):
        raise ValueError("equal attainment needs log_mean and log_deviation")
    has_base = np.ones(n, dtype=bool) if is_equal_chance else base > 0
    bounds, cap, raised = fit_caps(
        tree,
        target_cents,
        floor,
        cap,
        over,
        has_base,
        unit_cents,
        best_effort=best_effort,
    )
    if is_equal_chance and log_mean is not None and log_deviation is not None:
        base = equal_attainment_bases(
            tree, target_cents, over, floor, cap, log_mean[order], log_deviation[order]
        )
    base = sum_up(tree, base, over)
    quota, certified = _split_down(tree, target_cents, base, over, bounds, unit_cents)
    children = np.zeros(n, dtype=np.int64)
    below = tree.parent >= 0
    np.add.at(children, tree.parent[below], quota[below])
    bare = tree.leaves()[base[tree.leaves()] <= 0]
    back = np.empty(n, dtype=np.intp)
    back[order] = np.arange(n)
    at_floor = tree.is_leaf & (floor > 0) & (quota < (bounds.low + 1) * unit_cents)
    return QuotaTree(
        quota_cents=quota[back],
        children_cents=children[back],
        base_cents=base[back],
        is_certified=certified[back],
        is_at_floor=at_floor[back],
        is_at_cap=(tree.is_leaf & (quota >= bounds.high * unit_cents))[back],
        proof=Proof.OPTIMAL if raised == 0.0 else Proof.BEST_EFFORT,
        unit_cents=unit_cents,
        cap_relaxation_share=raised,
        notes=tuple(
            f"{tree.name(v)} has no base: its quota is its floor, {show(int(quota[v]))}"
            for v in bare[:20]
        ),
    )


def _shares(
    values: NDArray[np.float64] | None, n_nodes: int, name: str
) -> NDArray[np.float64]:
    """Return one finite, non-negative number per node; zeros where none are given."""
    given = np.zeros(n_nodes) if values is None else np.asarray(values, np.float64)
    _check(given, n_nodes, name)
    return given


def _cents(
    values: NDArray[np.int64] | None, n_nodes: int, default: int, name: str
) -> NDArray[np.int64]:
    """Return one whole number of cents per node, not negative."""
    given = np.full(n_nodes, default) if values is None else np.asarray(values)
    _check(given, n_nodes, name)
    return given.astype(np.int64)


def _check(given: NDArray[Any], n_nodes: int, name: str) -> None:
    if given.shape != (n_nodes,):
        raise ValueError(f"{name} must hold one value per node, got {given.shape}")
    if not np.isfinite(given).all() or (given < 0).any():
        raise ValueError(f"{name} must be finite and not negative")


def _split_down(
    tree: Tree,
    target_cents: int,
    base: NDArray[np.float64],
    over: NDArray[np.float64],
    bounds: QuotaBounds,
    unit_cents: int,
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Walk from the root and split each node over its children."""
    quota = np.zeros(tree.n_nodes, dtype=np.int64)
    certified = np.ones(tree.n_nodes, dtype=bool)
    quota[tree.root] = target_cents
    for row in tree.inner_from_top():
        below = tree.children(row)
        total = children_total(int(quota[row]), float(over[row]), unit_cents)
        units, odd_cents = divmod(total, unit_cents)
        low, high = bounds.low[below], np.minimum(bounds.high[below], units + 1)
        parts = apportion(units, base[below], low, high)
        # the slack is a difference of floats; a tie may come out as -1e-16
        slack = exchange_slack(parts, base[below], low, high)
        certified[row] = slack >= -1e-12
        quota[below] = parts * unit_cents
        if odd_cents:
            # what is smaller than a unit rides with the largest part that has room
            has_room = parts < bounds.high[below]
            carrier = int(np.argmax(np.where(has_room, base[below], -1.0)))
            quota[below[carrier]] += odd_cents
    return quota, certified
