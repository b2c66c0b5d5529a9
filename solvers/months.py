"""Spread yearly quotas over months so that every row and every month adds up."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from solvers.tree import Tree, grow, in_id_order

FRACTION_SCALE = 2**20  # whole-number costs of the flow, one millionth of a unit


@dataclass(frozen=True, slots=True)
class MonthlyQuotas:
    """Quotas by node and month."""

    month_cents: NDArray[np.int64]  # (n_nodes, n_months)
    largest_error_units: float  # furthest cell from its exact share, below 1


def spread_over_months(
    quota_cents: NDArray[np.int64],
    *,
    parent: NDArray[np.intp],
    season_share: NDArray[np.float64],
    unit_cents: int = 1,
    node_ids: NDArray[Any] | None = None,
) -> MonthlyQuotas:
    """Spread every node's quota over months, exact in every row and every column.

    Parameters
    ----------
    quota_cents : (n_nodes,) int64, US cents, >= 0
        Yearly quota of each node, as from :func:`solvers.quotas.split_quotas`.
    parent : (n_nodes,) intp
        The tree; -1 at the root.
    season_share : (n_months,) or (n_nodes, n_months) float64, >= 0
        Weight of each month in any scale. By node it is read at leaves and at nodes
        with over-assignment, so that leave and start dates can differ by rep.
    unit_cents : int, US cents, >= 1
        Cells are multiples of it; a row's odd cents sit in its largest month.
    node_ids : (n_nodes,) str or int, default the row number
        Makes the answer independent of row order.

    Returns
    -------
    MonthlyQuotas
        Rows sum exactly to `quota_cents`. Where a node's children carry exactly its
        quota (no over-assignment), its months equal the sum of theirs, month by month
        (odd cents included). Every cell is within one unit of its exact share.

    Raises
    ------
    ValueError
        If a row with a quota has no month with weight, or shapes differ.

    Notes
    -----
    Controlled rounding [1]_: cells, node months and company months are each rounded
    down or up. The constraints are a network, so a whole-number answer exists
    wherever the fractional one does; OR-tools' min-cost flow finds the one that
    rounds the largest fractions up. Over-assigned nodes cut the tree into blocks
    that are rounded apart, because there months cannot add up by intent.

    References
    ----------
    .. [1] Cox, "Controlled Rounding", JASA 82(398), 1987, doi:10.2307/2289455.

    Examples
    --------
    >>> spread_over_months(np.array([10, 5, 5]), parent=np.array([-1, 0, 0]),
    ...     season_share=np.ones(2)).month_cents.tolist()
    [[5, 5], [2, 3], [3, 2]]
    """
    order, above = in_id_order(parent, node_ids)
    tree = grow(above)
    quota = np.asarray(quota_cents, dtype=np.int64)
    if quota.shape != (tree.n_nodes,) or (quota < 0).any():
        raise ValueError("quota_cents must hold one number >= 0 per node")
    share = _shares(np.asarray(season_share, dtype=np.float64), quota)[order]
    cents, error = _spread(tree, quota[order], share, unit_cents)
    result = np.empty_like(cents)
    result[order] = cents
    return MonthlyQuotas(result, error)


def _spread(
    tree: Tree,
    quota: NDArray[np.int64],
    share: NDArray[np.float64],
    unit_cents: int,
) -> tuple[NDArray[np.int64], float]:
    """Round all blocks at once; return cells in cents and the furthest error."""
    below = tree.parent >= 0
    children = np.zeros_like(quota)
    np.add.at(children, tree.parent[below], quota[below])
    # a row of its own: leaves, and nodes whose children carry another sum
    is_row = tree.is_leaf | (children != quota)
    exact = np.where(is_row[:, None], quota[:, None] * share, 0.0)
    for rows in tree.levels_from_below():
        adds = rows[below[rows]]
        joins = adds[~is_row[tree.parent[adds]]]
        np.add.at(exact, tree.parent[joins], exact[joins])
    odd = np.where(is_row, quota % unit_cents, 0)
    whole = exact / unit_cents - _odd_cells(odd, share) / unit_cents
    units = _round_network(tree, is_row, quota // unit_cents, whole)
    cents = units * unit_cents + _odd_cells(odd, share).astype(np.int64)
    for rows in tree.levels_from_below():
        adds = rows[below[rows]]
        joins = adds[~is_row[tree.parent[adds]]]
        np.add.at(cents, tree.parent[joins], cents[joins])
    error = np.abs(cents - exact) / unit_cents
    return cents, float(error.max(initial=0.0))


def _shares(
    season: NDArray[np.float64], quota: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return (n_nodes, n_months) shares, each row of a node with quota summing to 1."""
    table = np.broadcast_to(season, (quota.size, season.shape[-1]))
    if not np.isfinite(table).all() or (table < 0).any() or table.shape[1] == 0:
        raise ValueError("season_share must be finite, not negative and not empty")
    total = table.sum(axis=1, keepdims=True)
    if ((total[:, 0] <= 0) & (quota > 0)).any():
        row = int(np.flatnonzero((total[:, 0] <= 0) & (quota > 0))[0])
        raise ValueError(f"row {row} has a quota but no month with weight")
    return table / np.where(total > 0, total, 1.0)


def _odd_cells(
    odd: NDArray[np.int64], share: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Place each row's odd cents in its heaviest month."""
    cells = np.zeros(share.shape)
    cells[np.arange(odd.size), share.argmax(axis=1)] = odd
    return cells


def _round_network(
    tree: Tree,
    is_row: NDArray[np.bool_],
    units: NDArray[np.int64],
    exact: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Round the cells of all rows; sums over any node's block stay within a unit."""
    n, months = exact.shape
    near = np.rint(exact)
    snapped = np.where(np.abs(exact - near) < 1e-7, near, exact)
    floor = np.maximum(np.floor(snapped), 0.0).astype(np.int64)
    order = np.argsort(tree.node_ids, kind="stable")
    rows = order[is_row[order]]
    left = np.zeros(n, dtype=np.int64)
    left[rows] = units[rows] - floor[rows].sum(axis=1)
    fraction = np.clip(snapped - floor, 0.0, 1.0)

    # network: row -> cell (node, month) -> (parent, month) -> ... -> sink
    sink = n + n * months
    flow = min_cost_flow.SimpleMinCostFlow()
    head_of = np.where(
        (tree.parent >= 0) & ~is_row[np.maximum(tree.parent, 0)], tree.parent, -1
    )
    block_sum = np.zeros((n, months))
    spare = np.zeros((n, months), dtype=np.int64)  # units the floors already passed up
    for level in tree.levels_from_below():
        joins = level[head_of[level] >= 0]
        value = np.where(is_row[joins][:, None], snapped[joins], block_sum[joins])
        np.add.at(block_sum, head_of[joins], value)
        passed = np.where(is_row[joins][:, None], floor[joins], spare[joins])
        np.add.at(spare, head_of[joins], passed)

    supply = np.zeros(sink + 1, dtype=np.int64)
    supply[rows] = left[rows]
    supply[sink] = -int(left[rows].sum())
    cell = n + np.arange(n)[:, None] * months + np.arange(months)[None, :]
    open_row, open_month = np.nonzero(fraction[rows] > 0)
    open_row = rows[open_row]
    price = np.rint((1.0 - 2.0 * fraction) * FRACTION_SCALE).astype(np.int64)
    target = np.where(
        head_of[open_row] >= 0,
        cell[np.maximum(head_of[open_row], 0), open_month],
        sink,
    )
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        open_row, target, np.ones(open_row.size, np.int64), price[open_row, open_month]
    )
    inner = order[~is_row[order] & (block_sum[order].sum(axis=1) > 0)]
    if inner.size:
        _add_inner_arcs(flow, supply, inner, head_of, cell, block_sum, spare, sink)
    flow.set_nodes_supplies(np.arange(sink + 1), supply)
    if flow.solve() != flow.OPTIMAL:
        raise ArithmeticError(
            "controlled rounding found no flow; shares are not finite"
        )
    result = np.where(is_row[:, None], floor, 0)
    np.add.at(result, (open_row, open_month), flow.flows(arcs))
    return result


def _add_inner_arcs(
    flow: min_cost_flow.SimpleMinCostFlow,
    supply: NDArray[np.int64],
    inner: NDArray[np.intp],
    head_of: NDArray[np.intp],
    cell: NDArray[np.int64],
    block_sum: NDArray[np.float64],
    spare: NDArray[np.int64],
    sink: int,
) -> None:
    """Let each inner node's month pass floor or ceiling of its exact sum upward."""
    exact = block_sum[inner]
    near = np.rint(exact)
    exact = np.where(np.abs(exact - near) < 1e-6, near, exact)
    must = np.maximum(np.floor(exact).astype(np.int64) - spare[inner], 0)
    may = np.ceil(exact).astype(np.int64) - spare[inner] - must
    start = cell[inner]
    end = np.where(
        (head_of[inner] >= 0)[:, None], cell[np.maximum(head_of[inner], 0)], sink
    )
    # a lower bound on an arc is a forced shipment: move it into the supplies
    np.add.at(supply, start.ravel(), -must.ravel())
    np.add.at(supply, end.ravel(), must.ravel())
    fraction = exact - np.floor(exact)
    price = np.rint((1.0 - 2.0 * fraction) * FRACTION_SCALE).astype(np.int64)
    open_arc = may.ravel() > 0
    flow.add_arcs_with_capacity_and_unit_cost(
        start.ravel()[open_arc],
        end.ravel()[open_arc],
        may.ravel()[open_arc],
        price.ravel()[open_arc],
    )
