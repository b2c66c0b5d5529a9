"""Check a territory plan and its bound from the question alone, by other code.

Nothing here is shared with the search: distances, costs, eligibility and bands are
worked out again, over every eligible pair.
"""

import numpy as np
from numpy.typing import NDArray

from solvers.problem import TerritoryProblem

EARTH_KM = 6371.0088
CHUNK_PAIRS = 2_000_000


def certified_bound_cents(
    problem: TerritoryProblem,
    prices: NDArray[np.float64],
    budget_price: float = 0.0,
    *,
    move_price: float = 1.0,
) -> float:
    """Return a cost that no legal plan can undercut, whatever the prices are.

    Parameters
    ----------
    problem : TerritoryProblem
        The question, as given to the solver.
    prices : (n_reps, n_metrics) float64, cents per unit of load
        Above zero where load is to leave, below where it is to come. Must be zero or
        less where there is no upper limit.
    budget_price : float, cents per unit of disruption, >= 0
        Price of the disruption budget.
    move_price : float, default 1.0
        Multiplier of move costs the plan was made with.

    Returns
    -------
    float, cents
        The Lagrangian bound. Accounts that nobody may own are left out.

    Raises
    ------
    ValueError
        If a price is above zero where nothing limits the load.

    Notes
    -----
    Weak duality: relax the bands at these prices, then each account or family takes
    its cheapest eligible rep. Holds for any prices; good ones make it tight.
    """
    lower, upper = band_limits(problem)
    if ((prices > 0) & np.isinf(upper)).any():
        raise ValueError("a price above zero needs an upper limit to stand against")
    rise, fall = np.maximum(prices, 0.0), np.minimum(prices, 0.0)
    rent = float((rise * np.where(rise > 0, upper, 0.0)).sum() + (fall * lower).sum())
    if np.isfinite(problem.disruption_budget):
        rent += budget_price * problem.disruption_budget
    units = _units(problem)
    order = np.argsort(units, kind="stable")
    heads = np.flatnonzero(np.r_[True, np.diff(units[order]) != 0])
    bounds = np.r_[heads, order.size]
    step = max(CHUNK_PAIRS // max(len(problem.rep_ids), 1), 1)
    total, first = 0.0, 0
    while first < heads.size:
        last = int(np.searchsorted(bounds, bounds[first] + step, side="right")) - 1
        last = min(max(last, first + 1), heads.size)
        rows = order[bounds[first] : bounds[last]]
        cost = pair_cents(problem, rows, move_price)
        cost += problem.load[rows] @ prices.T
        if np.isfinite(problem.disruption_budget):
            cost += budget_price * _harm(problem, rows)
        open_pair = _open_pairs(problem, rows)
        cut = heads[first:last] - bounds[first]
        cost = np.add.reduceat(cost, cut, axis=0)
        may = np.logical_and.reduceat(open_pair, cut, axis=0)
        least = np.where(may, cost, np.inf).min(axis=1, initial=np.inf)
        total += float(least[np.isfinite(least)].sum())
        first = last
    return total - rent


def plan_cost_cents(
    problem: TerritoryProblem, rep_of_account: NDArray[np.intp], move_price: float = 1.0
) -> int:
    """Return what a plan costs: travel, other pair costs, hand-overs; whole cents."""
    rows = np.flatnonzero(rep_of_account >= 0)
    total = 0.0
    step = max(CHUNK_PAIRS // max(len(problem.rep_ids), 1), 1)
    for begin in range(0, rows.size, step):
        some = rows[begin : begin + step]
        matrix = pair_cents(problem, some, move_price)
        total += float(matrix[np.arange(some.size), rep_of_account[some]].sum())
    return round(total)


def broken_rules(
    problem: TerritoryProblem, rep_of_account: NDArray[np.intp]
) -> tuple[str, ...]:
    """List every rule a plan breaks, by name and count; empty for a legal plan.

    Parameters
    ----------
    problem : TerritoryProblem
        The question.
    rep_of_account : (n_accounts,) intp
        Owner of each account; -1 for none.

    Returns
    -------
    tuple of str
        One entry per kind of broken rule, with how often or how far.
    """
    found = []
    rows = np.arange(rep_of_account.size)
    decided = _is_decided_here(problem)
    nobody = rep_of_account < 0
    if nobody.any():
        found.append(f"unassigned: {int(nobody.sum())} accounts")
    may = eligible_pairs(problem, rows)
    if rows.size and may.shape[1]:
        wrong = decided & ~nobody & ~may[rows, np.maximum(rep_of_account, 0)]
        if wrong.any():
            found.append(f"eligibility: {int(wrong.sum())} accounts")
    frozen = ~decided & (rep_of_account != _owner(problem))
    if frozen.any():
        found.append(f"scope: {int(frozen.sum())} accounts moved out of scope")
    for name, want in (("pin", problem.pinned_rep), ("lock", _locked_to(problem))):
        if want is not None:
            broken = decided & (want >= 0) & (rep_of_account != want)
            if broken.any():
                found.append(f"{name}: {int(broken.sum())} accounts")
    apart = _families_apart(problem, rep_of_account)
    if apart:
        found.append(f"family: {apart} apart")
    lower, upper = band_limits(problem)
    loads = np.zeros_like(lower)
    np.add.at(loads, rep_of_account[~nobody], problem.load[~nobody])
    high = (loads - upper) > 1e-6 * np.where(np.isfinite(upper), np.abs(upper), 0)
    low = (lower - loads) > 1e-6 * np.abs(lower)
    if (high | low).any():
        found.append(f"bands: {int((high | low).any(axis=1).sum())} reps outside")
    moved = (_owner(problem) >= 0) & (rep_of_account != _owner(problem))
    if np.isfinite(problem.disruption_budget):
        weight = (
            np.ones(rows.size) if problem.disruption is None else problem.disruption
        )
        used = float(weight[moved].sum())
        if used > problem.disruption_budget * (1 + 1e-9):
            found.append(f"budget: {used:g} of {problem.disruption_budget:g}")
    return tuple(found)


def _families_apart(problem: TerritoryProblem, rep_of_account: NDArray[np.intp]) -> int:
    """Return how many families decided here have more than one owner."""
    if problem.family is None:
        return 0
    inside = (problem.family >= 0) & _is_decided_here(problem)
    both = np.column_stack([problem.family[inside], rep_of_account[inside]])
    owners = np.unique(both, axis=0)[:, 0]
    return int((np.bincount(np.unique(owners, return_inverse=True)[1]) > 1).sum())


def band_limits(
    problem: TerritoryProblem,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return each rep's lower and upper load limits, (n_reps, n_metrics)."""
    n, k = len(problem.account_ids), len(problem.rep_ids)
    of_account = _or(problem.segment_of_account, n, 0)
    of_rep = _or(problem.segment_of_rep, k, 0)
    weight = _or(problem.rep_weight, k, 1.0)
    target = np.zeros((k, problem.load.shape[1]))
    for r in range(k):
        peers = weight[of_rep == of_rep[r]].sum()
        whole = problem.load[of_account == of_rep[r]].sum(axis=0)
        target[r] = whole * (weight[r] / peers if peers > 0 else 0.0)
    if problem.target is not None:
        target = np.where(np.isnan(problem.target), target, problem.target)
    tolerance = np.asarray(problem.tolerance, dtype=np.float64)
    finite = np.isfinite(tolerance)
    slack = np.where(finite, tolerance, 0.0)
    upper = np.where(finite, target * (1 + slack), np.inf)
    lower = np.where(finite, np.maximum(target * (1 - slack), 0.0), 0.0)
    if problem.ceiling is not None:
        upper = np.minimum(upper, problem.ceiling)
    return lower, upper


def _or(
    values: NDArray[np.generic] | None, n: int, default: float
) -> NDArray[np.float64]:
    return np.full(n, default) if values is None else np.asarray(values, np.float64)


def _owner(problem: TerritoryProblem) -> NDArray[np.intp]:
    """Return today's owner, -1 for nobody on the roster."""
    n, k = len(problem.account_ids), len(problem.rep_ids)
    owner = _or(problem.current_rep, n, -1).astype(np.intp)
    return np.where((owner < 0) | (owner >= k), -1, owner)


def _is_decided_here(problem: TerritoryProblem) -> NDArray[np.bool_]:
    n = len(problem.account_ids)
    scope = _or(problem.is_in_scope, n, 1).astype(bool)
    return np.asarray(scope | (_owner(problem) < 0))


def _locked_to(problem: TerritoryProblem) -> NDArray[np.intp] | None:
    if problem.is_locked is None:
        return None
    pinned = _or(problem.pinned_rep, len(problem.account_ids), -1)
    return np.where(problem.is_locked & (pinned < 0), _owner(problem), -1)


def eligible_pairs(
    problem: TerritoryProblem, rows: NDArray[np.intp]
) -> NDArray[np.bool_]:
    """Return which reps segment, class and blocks leave open for some accounts."""
    n, k = len(problem.account_ids), len(problem.rep_ids)
    of_account = _or(problem.segment_of_account, n, 0)[rows]
    of_rep = _or(problem.segment_of_rep, k, 0)
    may = np.asarray(of_account[:, None] == of_rep[None, :])
    if problem.class_allows is not None:
        kind = _or(problem.class_of_account, n, 0).astype(np.intp)[rows]
        may &= problem.class_allows[kind]
    if problem.blocked is not None and len(problem.blocked):
        where = np.full(n, -1)
        where[rows] = np.arange(rows.size)
        blocked = np.asarray(problem.blocked)
        blocked = blocked[(blocked[:, 1] < k) & (where[blocked[:, 0]] >= 0)]
        may[where[blocked[:, 0]], blocked[:, 1]] = False
    return may


def _fixed_to(problem: TerritoryProblem) -> NDArray[np.intp]:
    """Return the rep that pins, locks and scope leave to each account; -1 open."""
    n, k = len(problem.account_ids), len(problem.rep_ids)
    fixed = np.full(n, -1, dtype=np.intp)
    locked = _locked_to(problem)
    if locked is not None:
        fixed = np.where(locked >= 0, locked, fixed)
    pinned = _or(problem.pinned_rep, n, -1).astype(np.intp)
    fixed = np.where((pinned >= 0) & (pinned < k), pinned, fixed)
    return np.where(_is_decided_here(problem), fixed, _owner(problem))


def _units(problem: TerritoryProblem) -> NDArray[np.intp]:
    """Return a number per account, equal for accounts that must stay together.

    A family with members fixed to different reps cannot be together; its members
    are counted one by one, which can only lower the bound.
    """
    n = len(problem.account_ids)
    alone = np.arange(n)
    if problem.family is None:
        return alone
    family = np.asarray(problem.family)
    fixed = _fixed_to(problem)
    torn = {
        int(f)
        for f in np.unique(family[(family >= 0) & (fixed >= 0)])
        if np.unique(fixed[(family == f) & (fixed >= 0)]).size > 1
    }
    together = (family >= 0) & ~np.isin(family, sorted(torn))
    _, number = np.unique(family[together], return_inverse=True)
    units = alone.copy()
    units[together] = n + number
    return units


def _open_pairs(problem: TerritoryProblem, rows: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return eligible pairs, cut down to one rep where an account is fixed."""
    may = eligible_pairs(problem, rows)
    fixed = _fixed_to(problem)[rows]
    only = fixed[:, None] == np.arange(may.shape[1])[None, :]
    return np.where((fixed >= 0)[:, None], only, may)


def _harm(problem: TerritoryProblem, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return disruption of every pair of some accounts."""
    n, k = len(problem.account_ids), len(problem.rep_ids)
    owner = _owner(problem)[rows]
    weight = _or(problem.disruption, n, 1.0)[rows]
    leaves = (owner >= 0)[:, None] & (owner[:, None] != np.arange(k)[None, :])
    return np.where(leaves, weight[:, None], 0.0)


def pair_cents(
    problem: TerritoryProblem, rows: NDArray[np.intp], move_price: float = 1.0
) -> NDArray[np.float64]:
    """Return the cost in cents of some accounts with every rep."""
    n, k = len(problem.account_ids), len(problem.rep_ids)
    cost = np.zeros((rows.size, k))
    if problem.travel_cents_per_km > 0:
        visits = _or(problem.visits, n, 1.0)[rows][:, None]
        cost = np.rint(visits * problem.travel_cents_per_km * _km(problem, rows))
    if problem.pair_cost_cents is not None:
        cost = cost + problem.pair_cost_cents[rows]
    owner = _owner(problem)[rows]
    move = np.rint(_or(problem.move_cost_cents, n, 0.0)[rows] * move_price)
    leaves = (owner >= 0)[:, None] & (owner[:, None] != np.arange(k)[None, :])
    return np.asarray(cost + np.where(leaves, move[:, None], 0.0))


def _km(problem: TerritoryProblem, rows: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return the distance of some accounts from every rep's home, by haversine."""
    n, k = len(problem.account_ids), len(problem.rep_ids)
    nan = np.nan
    north = np.radians(_or(problem.latitude, n, nan)[rows])[:, None]
    east = np.radians(_or(problem.longitude, n, nan)[rows])[:, None]
    rep_north = np.radians(_or(problem.rep_latitude, k, nan))[None, :]
    rep_east = np.radians(_or(problem.rep_longitude, k, nan))[None, :]
    here = (np.abs(north) <= np.pi / 2) & (np.abs(east) <= np.pi)
    there = (np.abs(rep_north) <= np.pi / 2) & (np.abs(rep_east) <= np.pi)
    with np.errstate(invalid="ignore"):
        half = (
            np.sin((north - rep_north) / 2) ** 2
            + np.cos(north) * np.cos(rep_north) * np.sin((east - rep_east) / 2) ** 2
        )
        km = 2 * EARTH_KM * np.arcsin(np.sqrt(np.clip(half, 0.0, 1.0)))
    return np.minimum(np.where(here & there, km, 0.0), problem.travel_cap_km)
