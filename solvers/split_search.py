"""Split a budget over S-shaped responses: an exact table over the core, or branches."""

import heapq
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.kernel import compiled
from solvers.s_curves import Curves, PriceSplit, choices_near, split_by_price

MOST_WORK = 1_500_000_000  # additions in all before a gap is left open
TABLE_WORK = 400_000_000  # additions in the first table
BRANCH_WORK = 20_000_000  # additions in the table of one branch
PRICE_WORK = 20_000  # additions that one place costs in a price bound
MOST_STATES = 40_000_000  # remembered choices of one table
NOISE = 1e-13  # of the value: rounding of the sums themselves
SMALL_GAP = 1e-8  # of the value: no branch is worth its work for less
FIRST_LIMIT = 2.0**-10  # share of the gap that the first table looks through


@dataclass(frozen=True, slots=True)
class BestSplit:
    """The best split found and how far it can be from the best there is."""

    spend: NDArray[np.int64]  # (n_places,) units
    value: float
    bound: float  # no split brings more; equal to the value when proven
    dual: float  # what the price alone proves
    price: float  # value of one more unit, by the price bound


def best_split(
    curves: Curves, low: NDArray[np.int64], high: NDArray[np.int64], units: int
) -> BestSplit:
    """Split whole units so that no other split brings more.

    Parameters
    ----------
    curves : Curves
        Responses; the order of places decides only between equal ones.
    low, high : (n_places,) int64, units
        Least and most spending; the least fit the budget.
    units : int
        Budget.

    Returns
    -------
    BestSplit
        Proven best unless counted work runs out; then the bound is what is proven.

    Notes
    -----
    At the price of the dual every spending has a loss, and the losses of a split with
    the worth of budget left over add up to its distance from the dual [1]_. So a
    split that beats the one in hand uses only spendings of smaller loss: a table over
    those is exact. Limits rise from a thousandth of the gap; the first at which a
    split exists settles it. Where even the core is too wide, the place that the price
    cannot decide is split into below and above, each with its own, lower bound.

    References
    ----------
    .. [1] Pisinger, "A minimal algorithm for the multiple-choice knapsack problem",
       European Journal of Operational Research 83(2), 1995,
       doi:10.1016/0377-2217(95)00015-I.
    """
    root = split_by_price(curves, low, high, units)
    group = _alike(curves, low, high)
    best, value = root.spend, float(curves.value(root.spend).sum())
    waiting: list[tuple[float, int, NDArray[np.int64], NDArray[np.int64], PriceSplit]]
    waiting, made, work = [(-root.bound, 0, low, high, root)], 1, 0
    unsettled = value  # largest bound of a branch that was given up
    while waiting and work < MOST_WORK:
        enough = NOISE if made == 1 else SMALL_GAP
        if -waiting[0][0] <= value + enough * value:
            break
        _, _, least, most, node = heapq.heappop(waiting)
        gap = node.bound - value
        table = _by_tables(curves, least, most, units, node, gap, first=made == 1)
        work += table.work
        if table.spend is not None:
            found_value = float(curves.value(table.spend).sum())
            if found_value > value:
                best, value = table.spend, found_value
            continue
        if table.proven >= gap:
            continue
        if node.break_place < 0:
            unsettled = max(unsettled, node.bound - table.proven)
            continue
        for below, above in _halves(least, most, node, group):
            if int(below.sum()) > units or (below > above).any():
                continue
            child = split_by_price(curves, below, above, units)
            work += PRICE_WORK * low.size
            child_value = float(curves.value(child.spend).sum())
            if child_value > value:
                best, value = child.spend, child_value
            bound = min(child.bound, node.bound - table.proven)
            heapq.heappush(waiting, (-bound, made, below, above, child))
            made += 1
    left = -waiting[0][0] if waiting else value
    bound = max(left, unsettled, value)
    if bound <= value + NOISE * value:
        bound = value
    return BestSplit(best, value, bound, max(root.bound, value), root.price)


def _alike(
    curves: Curves, low: NDArray[np.int64], high: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Give neighbours that are alike in everything one number."""
    table = np.column_stack([curves.top, curves.scale, curves.steep, low, high])
    differs = (table[1:] != table[:-1]).any(axis=1)
    return np.concatenate([[0], np.cumsum(differs)]).astype(np.int64)


def _halves(
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    node: PriceSplit,
    group: NDArray[np.int64],
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return the limits with the undecided place below and above its relaxed units.

    Of places that are alike the earlier ones spend at least as much: without that
    their permutations would be searched one by one.
    """
    place, row = node.break_place, np.arange(low.size)
    mine = group == group[place]
    below = np.where(mine & (row >= place), np.minimum(high, node.break_units), high)
    above = np.where(mine & (row <= place), np.maximum(low, node.break_units + 1), low)
    return [(low, below), (above, high)]


@dataclass(frozen=True, slots=True)
class _Table:
    proven: float  # loss looked through in vain
    work: int  # additions
    spend: NDArray[np.int64] | None = None  # the best split, where one is there


def _by_tables(
    curves: Curves,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    units: int,
    node: PriceSplit,
    gap: float,
    *,
    first: bool,
) -> _Table:
    """Find the split of least loss; none within the whole gap means none is better."""
    proven, limit, done = 0.0, gap * FIRST_LIMIT, 0
    most = TABLE_WORK if first else BRANCH_WORK
    while True:
        core = choices_near(curves, low, high, node.price, limit, most // 8)
        if core is None:
            return _Table(proven, done)
        status, rows, work = _least_loss(
            core.start, core.units, core.loss, limit, units, node.price, most
        )
        done += work
        if status == SETTLED:
            return _Table(limit, done, core.units[rows])
        if status == TOO_MUCH:
            return _Table(proven, done)
        proven = limit
        if limit >= gap:
            return _Table(proven, done)
        limit = min(4.0 * limit, gap)


SETTLED, NOTHING, TOO_MUCH = 0, 1, 2


@compiled
def _add_row(
    new: NDArray[np.float64],
    pick: NDArray[np.int32],
    loss_at: NDArray[np.float64],
    lost: float,
    shift: int,
    row: int,
) -> None:
    for cell in range(loss_at.size):
        total = loss_at[cell] + lost
        if total < new[cell + shift]:
            new[cell + shift] = total
            pick[cell + shift] = row


@compiled
def _within(loss: NDArray[np.float64], limit: float) -> tuple[int, int]:
    begin, end = 0, loss.size
    while begin < end and loss[begin] > limit:
        begin += 1
    while end > begin and loss[end - 1] > limit:
        end -= 1
    return begin, end


@compiled
def _room_for(picked: NDArray[np.int32], used: int, more: int) -> NDArray[np.int32]:
    size = picked.size
    while used + more > size:
        size *= 2
    if size == picked.size:
        return picked
    larger = np.empty(size, dtype=np.int32)
    larger[:used] = picked[:used]
    return larger


@compiled
def _least_loss(
    start: NDArray[np.int64],
    spent: NDArray[np.int64],
    loss: NDArray[np.float64],
    limit: float,
    units: int,
    price: float,
    most_work: int,
) -> tuple[int, NDArray[np.int64], int]:
    """Choose one row for each place so that the loss is least and the budget holds.

    A table over the units spent so far, cut to where the loss is within the limit.
    """
    n = start.size - 1
    rows = np.zeros(n, dtype=np.int64)
    loss_at = np.zeros(1)
    first = 0  # units of the first cell
    picked = np.empty(65_536, dtype=np.int32)
    used, work = 0, 0
    cell_start = np.zeros(n + 1, dtype=np.int64)
    cell_first = np.zeros(n + 1, dtype=np.int64)
    for i in range(n):
        low, high = spent[start[i]], spent[start[i + 1] - 1]
        width = loss_at.size + high - low
        work += loss_at.size * (start[i + 1] - start[i]) + width
        if work > most_work:
            return TOO_MUCH, rows, work
        new = np.full(width, np.inf)
        pick = np.zeros(width, dtype=np.int32)
        for row in range(start[i], start[i + 1]):
            _add_row(new, pick, loss_at, loss[row], spent[row] - low, row)
        begin, end = _within(new, limit)
        if begin == end:
            return NOTHING, rows, work
        if used + end - begin > MOST_STATES:
            return TOO_MUCH, rows, work
        picked = _room_for(picked, used, end - begin)
        picked[used : used + end - begin] = pick[begin:end]
        first += low + begin
        cell_start[i], cell_first[i] = used, first
        used += end - begin
        loss_at = new[begin:end].copy()
    best, at = np.inf, -1
    for cell in range(loss_at.size):
        left = units - (first + cell)
        if left >= 0 and loss_at[cell] + price * left < best:
            best, at = loss_at[cell] + price * left, first + cell
    if not best <= limit:
        return NOTHING, rows, work
    for back in range(n):
        i = n - 1 - back
        row = picked[cell_start[i] + at - cell_first[i]]
        rows[i] = row
        at -= spent[row]
    return SETTLED, rows, work
