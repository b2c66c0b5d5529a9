"""Choose where homes of territories should be when nobody lives anywhere yet.

The capacitated p-median problem. With homes given, use `solvers.territories`.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from data_contracts.errors import InfeasibleError
from solvers.anneal import draw
from solvers.kernel import compiled
from solvers.result import Proof, gap_share

STEPS_PER_ACCOUNT = 30_000
STARTS = 6
DUAL_STEPS = 300
CAPACITY_SLACK = 1e-9


@dataclass(frozen=True, slots=True)
class HomePlan:
    """Chosen homes and who is served from where."""

    home_of_account: NDArray[np.intp]  # (n_accounts,) row of the serving home
    homes: NDArray[np.intp]  # (n_homes,) rows, rising
    cost: float  # sum of distances to the serving home
    bound: float  # no plan is cheaper; Lagrangian, so not always tight
    gap_share: float
    proof: Proof


@compiled
def _others(
    distance: NDArray[np.float64],
    member: NDArray[np.int64],
    size: int,
    sums: NDArray[np.float64],
    out: int,
    new: int,
) -> tuple[float, int]:
    """Return the cheapest median of a group after one leaves and one comes (or -1)."""
    best = np.inf
    median = -1
    own = 0.0
    for a in range(size):
        m = member[a]
        if m == out:
            continue
        total = sums[m]
        if out >= 0:
            total -= distance[out, m]
        if new >= 0:
            total += distance[new, m]
            own += distance[m, new]
        if total < best:
            best, median = total, m
    if new >= 0 and own < best:
        best, median = own, new
    if median < 0:
        best = 0.0
    return best, median


@compiled
def _replace(
    distance: NDArray[np.float64],
    members: NDArray[np.int64],
    sizes: NDArray[np.int64],
    sums: NDArray[np.float64],
    group: int,
    out: int,
    new: int,
) -> None:
    """Carry out an exchange of members and keep all sums right."""
    size = sizes[group]
    spot = -1
    for a in range(size):
        m = members[group, a]
        if m == out:
            spot = a
            continue
        if out >= 0:
            sums[m] -= distance[out, m]
        if new >= 0:
            sums[m] += distance[new, m]
    if out >= 0 and new >= 0:
        members[group, spot] = new
    elif out >= 0:
        members[group, spot] = members[group, size - 1]
        sizes[group] -= 1
    else:
        members[group, size] = new
        sizes[group] += 1
    if new >= 0:
        total = 0.0
        for a in range(sizes[group]):
            total += distance[members[group, a], new]
        sums[new] = total


@compiled
def _over(load: float, capacity: float) -> float:
    return max(load - capacity, 0.0)


@compiled
def _fill_groups(
    distance: NDArray[np.float64],
    group: NDArray[np.int64],
    members: NDArray[np.int64],
    sizes: NDArray[np.int64],
    sums: NDArray[np.float64],
    cost: NDArray[np.float64],
) -> None:
    """Write members, sums of distances and cost of every group."""
    for i in range(group.size):
        members[group[i], sizes[group[i]]] = i
        sizes[group[i]] += 1
    for g in range(sizes.size):
        for a in range(sizes[g]):
            for b in range(sizes[g]):
                sums[members[g, a]] += distance[members[g, b], members[g, a]]
        cost[g], _ = _others(distance, members[g], sizes[g], sums, -1, -1)


@compiled
def _anneal_homes(
    distance: NDArray[np.float64],
    near: NDArray[np.int64],
    load: NDArray[np.float64],
    capacity: float,
    group: NDArray[np.int64],
    n_groups: int,
    steps: int,
    hot: float,
    cold: float,
    fine: float,
    seed: int,
    best: NDArray[np.int64],
) -> float:
    """Exchange accounts between groups while cooling; write the best legal grouping.

    Returns its cost, infinite when none was legal.
    """
    n = group.size
    members = np.full((n_groups, n), -1, dtype=np.int64)
    sizes = np.zeros(n_groups, dtype=np.int64)
    sums = np.zeros(n)
    loads = np.zeros(n_groups)
    cost = np.zeros(n_groups)
    _fill_groups(distance, group, members, sizes, sums, cost)
    for i in range(n):
        loads[group[i]] += load[i]
    over = 0.0
    for g in range(n_groups):
        over += _over(loads[g], capacity)
    state = np.array([seed * 2 + 1], dtype=np.uint64)
    total = cost.sum()
    record = np.inf
    if over <= CAPACITY_SLACK * capacity:
        record = total
        best[:] = group
    heat = hot
    cooling = (cold / hot) ** (1.0 / max(steps, 1))
    for _ in range(steps):
        heat *= cooling
        i = min(int(draw(state) * n), n - 1)
        # go where a near neighbour is: far exchanges hardly ever pay
        pick = min(int(draw(state) * near.shape[1]), near.shape[1] - 1)
        j = near[i, pick]
        a, b = group[i], group[j]
        if a == b:
            continue
        if draw(state) < 0.5:  # move i over to the group of j
            if sizes[a] == 1:
                continue
            left, come = -1, load[i]
            new_a, _ = _others(distance, members[a], sizes[a], sums, i, -1)
            new_b, _ = _others(distance, members[b], sizes[b], sums, -1, i)
        else:  # swap i with a member of that group
            left = members[b, min(int(draw(state) * sizes[b]), sizes[b] - 1)]
            come = load[i] - load[left]
            new_a, _ = _others(distance, members[a], sizes[a], sums, i, left)
            new_b, _ = _others(distance, members[b], sizes[b], sums, left, i)
        over_now = _over(loads[a], capacity) + _over(loads[b], capacity)
        over_new = _over(loads[a] - come, capacity) + _over(loads[b] + come, capacity)
        change = new_a + new_b - cost[a] - cost[b] + fine * (over_new - over_now)
        if change > -heat * np.log(max(draw(state), 1e-300)):
            continue
        _replace(distance, members, sizes, sums, a, i, left)
        _replace(distance, members, sizes, sums, b, left, i)
        group[i] = b
        if left >= 0:
            group[left] = a
        loads[a] -= come
        loads[b] += come
        total += new_a + new_b - cost[a] - cost[b]
        over += over_new - over_now
        cost[a], cost[b] = new_a, new_b
        if over <= CAPACITY_SLACK * capacity and total < record - 1e-9:
            record = total
            best[:] = group
    return record


def place_homes(
    distance: NDArray[np.float64],
    load: NDArray[np.float64],
    *,
    n_homes: int,
    capacity: float,
    effort: float = 1.0,
    seed: int = 0,
) -> HomePlan:
    """Choose homes among the accounts and serve every account from one of them.

    Parameters
    ----------
    distance : (n_accounts, n_accounts) float64, >= 0, any unit
        From each account (row) to each possible home (column).
    load : (n_accounts,) float64, >= 0
        What an account takes from its home's capacity.
    n_homes : int, >= 1
        Homes to open.
    capacity : float, unit of `load`
        Most that one home serves.
    effort : float, default 1.0
        Multiplies the exchanges tried; never seconds.
    seed : int, default 0
        Same input and seed, same plan.

    Returns
    -------
    HomePlan
        Exactly `n_homes` homes, none above capacity, every account served.

    Raises
    ------
    ValueError
        If shapes differ or numbers are negative.
    InfeasibleError
        If the load cannot fit, or no plan was found that fits.

    Notes
    -----
    Simulated annealing over groups of accounts, where each group carries its best
    median along, so that homes move by themselves; several starts. The bound relaxes
    "every account is served once" and solves one fractional knapsack per home.

    References
    ----------
    .. [1] Osman & Christofides, "Capacitated Clustering Problems by Hybrid Simulated
       Annealing and Tabu Search", ITOR 1(3), 1994, doi:10.1016/0969-6016(94)90032-9.

    Examples
    --------
    >>> place = np.array([0.0, 1.0, 2.0, 10.0, 11.0])
    >>> plan = place_homes(abs(place[:, None] - place), np.ones(5), n_homes=2,
    ...                    capacity=3.0)
    >>> plan.homes.tolist(), plan.cost
    ([1, 3], 3.0)
    """
    way = np.ascontiguousarray(distance, dtype=np.float64)
    weight = np.asarray(load, dtype=np.float64)
    n = weight.size
    if way.shape != (n, n) or not (way >= 0).all() or not (weight >= 0).all():
        raise ValueError("distance is (n, n) and load (n,), neither negative")
    if not 1 <= n_homes <= n:
        raise ValueError(f"n_homes is {n_homes}; it must lie in 1..{n}")
    if weight.sum() > n_homes * capacity or weight.max() > capacity:
        raise InfeasibleError(
            f"{n_homes} homes of {capacity:,.6g} cannot serve a load of "
            f"{weight.sum():,.6g} with single accounts up to {weight.max():,.6g}",
            fix="open more homes, or raise their capacity",
        )
    near = np.argsort(way, axis=1, kind="stable")[:, 1 : max(min(n, 25), 2)]
    near = np.ascontiguousarray(near if n > 1 else np.zeros((1, 1), np.int64))
    usual = max(float(np.mean(way[np.arange(n)[:, None], near])), 1e-9)
    record, best = np.inf, np.empty(n, dtype=np.int64)
    for start in range(STARTS):
        rng = np.random.default_rng([seed, start])
        group, found = _seeded_groups(way, weight, n_homes, capacity, rng), best.copy()
        cost = _anneal_homes(
            way,
            near,
            weight,
            capacity,
            group,
            n_homes,
            int(n * STEPS_PER_ACCOUNT * effort),
            0.5 * usual,
            0.005 * usual,
            2.0 * usual / max(float(weight.mean()), 1e-12),
            seed * STARTS + start,
            found,
        )
        if cost < record:
            record, best = cost, found
    if not np.isfinite(record):
        raise InfeasibleError(
            f"no way was found to serve all accounts from {n_homes} homes of "
            f"{capacity:,.6g}; it is not proven that none exists",
            fix="open more homes, raise their capacity, or raise effort",
        )
    home = _medians(way, best, n_homes)
    cost = float(way[np.arange(n), home].sum())
    bound = min(_dual_bound(way, weight, n_homes, capacity, cost), cost)
    return HomePlan(
        home_of_account=home,
        homes=np.unique(home),
        cost=cost,
        bound=bound,
        gap_share=gap_share(cost, bound),
        proof=Proof.OPTIMAL if bound >= cost * (1 - 1e-12) else Proof.FEASIBLE,
    )


def _seeded_groups(
    way: NDArray[np.float64],
    load: NDArray[np.float64],
    n_homes: int,
    capacity: float,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Spread first homes out, then fill them in order of how much is at stake."""
    n = load.size
    homes = [int(rng.integers(n))]
    while len(homes) < n_homes:
        far = way[:, homes].min(axis=1)
        far[homes] = 0.0
        chance = far + 1e-12 * (~np.isin(np.arange(n), homes))
        homes.append(int(rng.choice(n, p=chance / chance.sum())))
    room = np.full(n_homes, float(capacity))
    group = np.empty(n, dtype=np.int64)
    group[homes] = np.arange(n_homes)
    room -= load[homes]
    for i in np.argsort(-load, kind="stable"):
        if i in homes:
            continue
        order = np.argsort(way[i, homes], kind="stable")
        fits = order[room[order] >= load[i]]
        choice = int(fits[0]) if fits.size else int(np.argmax(room))
        group[i] = choice
        room[choice] -= load[i]
    return group


def _medians(
    way: NDArray[np.float64], group: NDArray[np.int64], n_homes: int
) -> NDArray[np.intp]:
    """Return each account's home: the cheapest member of its group."""
    home = np.empty(group.size, dtype=np.intp)
    for g in range(n_homes):
        rows = np.flatnonzero(group == g)
        if rows.size:
            home[rows] = rows[np.argmin(way[np.ix_(rows, rows)].sum(axis=0))]
    return home


def _dual_bound(
    way: NDArray[np.float64],
    load: NDArray[np.float64],
    n_homes: int,
    capacity: float,
    cost: float,
) -> float:
    """Climb the Lagrangian bound by subgradient steps; any step is a valid bound."""
    n = load.size
    price = np.sort(way, axis=1)[:, 1] if n > 1 else np.zeros(1)
    best, pace, still = 0.0, 1.5, 0
    weight = np.maximum(load, 1e-12)
    for _ in range(DUAL_STEPS):
        gain = np.minimum(way - price[:, None], 0.0)  # (account, home), <= 0
        order = np.argsort(gain / weight[:, None], axis=0, kind="stable")
        sorted_load = load[order]
        before = np.cumsum(sorted_load, axis=0) - sorted_load
        part = np.clip((capacity - before) / weight[order], 0.0, 1.0)
        sorted_gain = np.take_along_axis(gain, order, axis=0)
        worth = (part * sorted_gain).sum(axis=0)
        chosen = np.argsort(worth, kind="stable")[:n_homes]
        bound = float(price.sum() + worth[chosen].sum())
        if bound > best + 1e-9:
            best, still = bound, 0
        else:
            still += 1
        if still >= 15:
            pace, still = pace / 2, 0
        served = np.zeros(n)
        taken = np.where(sorted_gain < 0, part, 0.0)[:, chosen]
        np.add.at(served, order[:, chosen], taken)
        slope = 1.0 - served
        size = float(slope @ slope)
        if size == 0.0 or pace < 1e-4:
            break
        price = price + pace * max(cost - bound, 1e-9) / size * slope
    return best
