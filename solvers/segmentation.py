"""Put accounts into coverage tiers by the value of covering them, within capacity."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from ortools.graph.python import min_cost_flow

from data_contracts.errors import InfeasibleError
from solvers.result import Proof, gap_share

MOST_ROUNDS = 30
CLOSED = -(2**60)  # worth of a tier that rules close


@dataclass(frozen=True, slots=True)
class Tiers:
    """Which coverage model each account gets."""

    tier_of_account: NDArray[np.intp]  # (n_accounts,)
    value_cents: int
    bound_cents: int  # no split within capacity is worth more
    gap_share: float
    price_cents: NDArray[np.float64]  # (n_tiers,) value of one more place in a tier
    count: NDArray[np.int64]  # (n_tiers,) accounts in each tier
    proof: Proof


def coverage_value(
    potential_cents: NDArray[np.int64],
    *,
    saturation_cents: NDArray[np.int64],
    yield_share: NDArray[np.float64],
    cost_cents: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Price every coverage model for every account.

    Parameters
    ----------
    potential_cents : (n_accounts,) int64, US cents per year, >= 0
        What the account could bring.
    saturation_cents : (n_tiers,) int64, US cents
        Potential above which a model cannot reach more.
    yield_share : (n_tiers,) float64 in 0..1
        Part of the reachable potential that a model wins.
    cost_cents : (n_tiers,) int64, US cents per account and year
        What serving one account in the model costs.

    Returns
    -------
    (n_accounts, n_tiers) int64, US cents
        ``min(potential, saturation) * yield - cost``.

    Examples
    --------
    >>> coverage_value(np.array([1_000, 50]), saturation_cents=np.array([2_000, 100]),
    ...     yield_share=np.array([0.5, 0.4]), cost_cents=np.array([100, 5])).tolist()
    [[400, 35], [-75, 15]]
    """
    reach = np.minimum(potential_cents[:, None], saturation_cents[None, :])
    return np.asarray(
        np.rint(reach * yield_share[None, :]).astype(np.int64) - cost_cents
    )


def assign_tiers(
    value_cents: NDArray[np.int64],
    capacity: NDArray[np.int64],
    *,
    fixed_tier: NDArray[np.intp] | None = None,
    allowed: NDArray[np.bool_] | None = None,
    account_ids: NDArray[np.str_] | NDArray[np.int64] | None = None,
) -> Tiers:
    """Choose a tier for every account so that the whole is worth the most.

    Parameters
    ----------
    value_cents : (n_accounts, n_tiers) int64, US cents
        Worth of each account in each tier, for example :func:`coverage_value`.
    capacity : (n_tiers,) int64, accounts
        Most accounts in each tier.
    fixed_tier : (n_accounts,) intp, default -1
        Tier that a rule or a person decided; such accounts take their place first.
    allowed : (n_accounts, n_tiers) bool, default all True
        Tiers that rules leave open.
    account_ids : (n_accounts,) str or int, default the row number
        Ties go by id, so row order does not matter.

    Returns
    -------
    Tiers
        Capacities hold. ``gap_share`` is 0 whenever the prices settled, which makes
        the split optimal; the prices prove it.

    Raises
    ------
    InfeasibleError
        If fixed accounts overfill a tier, or not all accounts find a place.

    Notes
    -----
    Transportation problem. Tier prices rise until demand nearly fits [1]_; accounts
    whose best tiers are close at those prices are placed by OR-tools' min-cost flow;
    prices that prove the whole split are then read off it, and the contested set
    grows until they exist.

    References
    ----------
    .. [1] Demange, Gale & Sotomayor, "Multi-Item Auctions", Journal of Political
       Economy 94(4), 1986, doi:10.1086/261411.

    Examples
    --------
    >>> worth = np.array([[90, 20], [80, 30], [10, 5]])
    >>> plan = assign_tiers(worth, np.array([1, 5]))
    >>> plan.tier_of_account.tolist(), plan.value_cents, plan.gap_share
    ([0, 1, 1], 125, 0.0)
    """
    n, m = value_cents.shape
    ids = np.arange(n) if account_ids is None else np.asarray(account_ids)
    order = np.argsort(ids, kind="stable")
    worth = np.asarray(value_cents, dtype=np.int64)[order]
    may = np.ones((n, m), dtype=bool) if allowed is None else allowed[order]
    fixed = np.full(n, -1) if fixed_tier is None else np.asarray(fixed_tier)[order]
    room = np.asarray(capacity, dtype=np.int64) - np.bincount(
        fixed[fixed >= 0], minlength=m
    )
    free = np.flatnonzero(fixed < 0)
    _check_room(room, may[free], ids[order][free])
    tier, price = _market(np.where(may, worth, CLOSED)[free], room)
    result = fixed.copy()
    result[free] = tier
    value = int(worth[np.arange(n), result].sum()) if n else 0
    open_worth = np.where(may[free], worth[free] - price[None, :], -np.inf)
    best = float(open_worth.max(axis=1).sum()) if free.size else 0.0
    settled = fixed >= 0
    held = int(worth[settled, fixed[settled]].sum())
    bound = max(round(best + float(price @ room)) + held, value)
    back = np.empty(n, dtype=np.intp)
    back[order] = np.arange(n)
    return Tiers(
        tier_of_account=result[back].astype(np.intp),
        value_cents=value,
        bound_cents=bound,
        gap_share=gap_share(abs(bound), abs(bound) - (bound - value)),
        price_cents=price,
        count=np.bincount(result, minlength=m).astype(np.int64),
        proof=Proof.OPTIMAL if bound == value else Proof.FEASIBLE,
    )


def _check_room(
    room: NDArray[np.int64], may: NDArray[np.bool_], ids: NDArray[np.generic]
) -> None:
    for tier in np.flatnonzero(room < 0):
        raise InfeasibleError(
            f"{-room[tier]} more accounts are fixed to tier {tier} than it can hold",
            fix="raise the tier's capacity, or release overrides",
        )
    for row in np.flatnonzero(~may.any(axis=1)):
        raise InfeasibleError(
            f"account {ids[row]} has no tier that rules allow",
            fix="open a tier for it, or fix it by hand",
        )
    if may.shape[0] > room.sum():
        raise InfeasibleError(
            f"{may.shape[0]} accounts need a tier; {int(room.sum())} places are left",
            fix="raise the capacity of a tier, or add one without service",
        )


def _market(
    worth: NDArray[np.int64], room: NDArray[np.int64]
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Place everyone by approximate prices, settle the contested ones exactly."""
    n, m = worth.shape
    if n == 0:
        return np.empty(0, np.intp), np.zeros(m)
    price = _rough_prices(worth, room)
    net = worth - price[None, :]
    order = np.sort(net, axis=1)
    lead = order[:, -1] - order[:, -2] if m > 1 else np.zeros(n, np.int64)
    window = max(int(np.quantile(lead, 0.02)), 1)
    while True:
        contested = lead <= window
        tier = _settle(worth, room, net.argmax(axis=1), contested)
        proof = None if tier is None else proving_prices(worth, room, tier)
        if tier is not None and (proof is not None or contested.all()):
            break
        if contested.all():
            raise InfeasibleError(
                "the tiers that rules leave open cannot hold all accounts",
                fix="raise the capacity of a tier, or open another tier to them",
            )
        window = max(window * 8, int(np.quantile(lead, min(contested.mean() * 4, 1))))
    return tier, price.astype(np.float64) if proof is None else proof


def _rough_prices(
    worth: NDArray[np.int64], room: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Raise each price to its marginal bid, in turn, until nothing changes."""
    n, m = worth.shape
    price = np.zeros(m, dtype=np.int64)
    for _ in range(MOST_ROUNDS):
        changed = False
        for tier in range(m):
            if room[tier] >= n or m == 1:
                continue
            rival = np.delete(worth - price[None, :], tier, axis=1).max(axis=1)
            bid = worth[:, tier] - rival  # most the account would pay for this tier
            # the first bid that does not fit any more sets the price
            place = n - 1 - int(room[tier])
            marginal = int(np.partition(bid, place)[place])
            if marginal > price[tier]:
                price[tier], changed = marginal, True
        if not changed:
            break
    return price


def _settle(
    worth: NDArray[np.int64],
    room: NDArray[np.int64],
    tier: NDArray[np.intp],
    contested: NDArray[np.bool_],
) -> NDArray[np.intp] | None:
    """Place the contested accounts best, the rest fixed; None when they do not fit."""
    m = worth.shape[1]
    left = room - np.bincount(tier[~contested], minlength=m)
    rows = np.flatnonzero(contested)
    if (left < 0).any():
        return None
    if rows.size == 0:
        return tier
    flow = min_cost_flow.SimpleMinCostFlow()
    row, column = np.nonzero(worth[rows] > CLOSED // 2)
    arcs = flow.add_arcs_with_capacity_and_unit_cost(
        row, rows.size + column, np.ones(row.size, np.int64), -worth[rows[row], column]
    )
    flow.add_arcs_with_capacity_and_unit_cost(
        rows.size + np.arange(m), np.full(m, rows.size + m), left, np.zeros(m, np.int64)
    )
    supply = np.concatenate([np.ones(rows.size), np.zeros(m), [-rows.size]])
    flow.set_nodes_supplies(np.arange(supply.size), supply.astype(np.int64))
    if flow.solve() != flow.OPTIMAL:
        return None
    used = flow.flows(arcs) > 0
    placed = tier.copy()
    placed[rows[row[used]]] = column[used]
    return placed


def proving_prices(
    worth: NDArray[np.int64], room: NDArray[np.int64], tier: NDArray[np.intp]
) -> NDArray[np.float64] | None:
    """Return prices at which everyone likes their tier best, or None if none exist.

    Parameters
    ----------
    worth : (n_accounts, n_tiers) int64, US cents
        Worth of each account in each tier.
    room : (n_tiers,) int64
        Capacities.
    tier : (n_accounts,) intp
        A split within capacity.

    Returns
    -------
    (n_tiers,) float64 or None
        Zero where a tier has room left, never negative. Their existence proves the
        split optimal; None proves it is not.

    Notes
    -----
    Shortest paths between tiers, where the way from a to b costs the least loss of
    moving one account; a negative circle is an improving exchange.
    """
    m = worth.shape[1]
    loss = np.full((m, m), np.inf)  # [a, b]: least loss of moving somebody from a to b
    for a in range(m):
        mine = worth[tier == a]
        if mine.size:
            loss[a] = (mine[:, [a]] - mine).min(axis=0)
    count = np.bincount(tier, minlength=m)
    has_room = count < room
    price = np.where(has_room, 0.0, np.inf if has_room.any() else 0.0)
    for _ in range(m + 1):
        reached = np.minimum(price, (price[None, :] + loss).min(axis=1))
        if (reached == price).all():
            break
        price = reached
    else:
        return None
    if not has_room.any():
        price = price - price[np.isfinite(price)].min(initial=0.0)
    for empty in np.flatnonzero(np.isinf(price)):  # a tier without places
        others = np.isfinite(price)
        least = (price[others] - loss[others, empty]).max(initial=0.0)
        price[empty] = max(float(least), 0.0)
    is_clean = (price >= 0).all() and not price[has_room].any()
    return price if is_clean else None
