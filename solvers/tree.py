"""The sales tree as arrays: levels, sums upward, names in stable order."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Tree:
    """One rooted tree over rows 0..n-1."""

    parent: NDArray[np.intp]  # (n_nodes,) -1 at the root
    depth: NDArray[np.intp]  # (n_nodes,) 0 at the root
    is_leaf: NDArray[np.bool_]  # (n_nodes,)
    child_start: NDArray[np.intp]  # (n_nodes + 1,) offsets into child_row
    child_row: NDArray[np.intp]  # children of all nodes, each group in id order
    node_ids: NDArray[Any]  # (n_nodes,) str or int

    @property
    def n_nodes(self) -> int:
        """Return the number of nodes."""
        return int(self.parent.size)

    @property
    def root(self) -> int:
        """Return the row of the root."""
        return int(np.flatnonzero(self.parent < 0)[0])

    def name(self, row: int) -> str:
        """Return what a message calls a node."""
        return f"node {self.node_ids[row]}"

    def children(self, row: int) -> NDArray[np.intp]:
        """Return the rows of a node's children in id order."""
        return self.child_row[self.child_start[row] : self.child_start[row + 1]]

    def inner_from_top(self) -> Iterator[int]:
        """Yield rows of nodes with children, parents before children."""
        inner = np.flatnonzero(~self.is_leaf)
        yield from (int(v) for v in inner[np.argsort(self.depth[inner], kind="stable")])

    def levels_from_below(self) -> Iterator[NDArray[np.intp]]:
        """Yield the rows of each depth, deepest first, the root's level last."""
        for depth in range(int(self.depth.max()), -1, -1):
            yield np.flatnonzero(self.depth == depth)

    def leaves(self) -> NDArray[np.intp]:
        """Return the rows of the leaves in id order."""
        order = np.argsort(self.node_ids, kind="stable")
        return order[self.is_leaf[order]]


def grow(
    parent: NDArray[np.intp],
    node_ids: NDArray[Any] | None = None,
) -> Tree:
    """Check that rows form one tree and index it.

    Parameters
    ----------
    parent : (n_nodes,) intp
        Row of each node's parent; -1 at the one root. Any order.
    node_ids : (n_nodes,) str or int, default the row number
        Unique; siblings are visited in this order.

    Returns
    -------
    Tree
        Every node is reached from the root.

    Raises
    ------
    ValueError
        If there is not exactly one root, a parent is out of range, ids repeat or
        the rows contain a circle.

    Examples
    --------
    >>> grow(np.array([-1, 0, 0])).is_leaf.tolist()
    [False, True, True]
    """
    above = np.asarray(parent, dtype=np.intp)
    n = above.size
    ids = np.arange(n) if node_ids is None else np.asarray(node_ids)
    if ids.shape != (n,) or np.unique(ids).size != n:
        raise ValueError("node_ids must hold one distinct id per node")
    if int((above < 0).sum()) != 1:
        raise ValueError(f"a tree has one root; found {int((above < 0).sum())}")
    if (above >= n).any():
        raise ValueError("parent points past the last node")
    depth = _depths(above)
    order = np.lexsort((np.argsort(np.argsort(ids, kind="stable")), above))
    order = order[above[order] >= 0]
    count = np.bincount(above[above >= 0], minlength=n)
    start = np.concatenate([[0], np.cumsum(count)]).astype(np.intp)
    return Tree(above, depth, count == 0, start, order.astype(np.intp), ids)


def _depths(parent: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return steps to the root by pointer jumping; raise on a circle."""
    depth = np.where(parent < 0, 0, -1).astype(np.intp)
    for level in range(parent.size):
        found = (depth < 0) & (depth[parent] == level) & (parent >= 0)
        if not found.any():
            break
        depth[found] = level + 1
    if (depth < 0).any():
        raise ValueError(f"rows {np.flatnonzero(depth < 0)[:5].tolist()} form a circle")
    return depth


def in_id_order(
    parent: NDArray[np.intp], node_ids: NDArray[Any] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the order that sorts nodes by id, and the parents in that order.

    Sums of floats depend on their order, so solvers sort first: the same tree in any
    row order gives the same bytes.

    Returns
    -------
    order : (n_nodes,) intp
        ``values[order]`` is sorted by id.
    parent : (n_nodes,) intp
        Row of the parent among the sorted nodes; -1 at the root.

    Examples
    --------
    >>> order, parent = in_id_order(np.array([1, -1]), np.array(["team", "all"]))
    >>> order.tolist(), parent.tolist()
    ([1, 0], [-1, 0])
    """
    above = np.asarray(parent, dtype=np.intp)
    if node_ids is None:
        return np.arange(above.size), above
    order = np.argsort(np.asarray(node_ids), kind="stable")
    place = np.empty(above.size, dtype=np.intp)
    place[order] = np.arange(above.size)
    sorted_above = above[order]
    return order, np.where(sorted_above < 0, -1, place[np.maximum(sorted_above, 0)])
