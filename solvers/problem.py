"""A territory question as people ask it: accounts, reps and rules."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

OWNER_LEFT = -2
NOBODY = -1


@dataclass(frozen=True, slots=True, kw_only=True)
class TerritoryProblem:
    """Accounts, reps and rules of one alignment. Rows may come in any order.

    Parameters
    ----------
    account_ids : (n_accounts,) str or int
        Distinct; ties between equal plans are broken in their order.
    rep_ids : (n_reps,) str or int
        Distinct.
    metric_names : tuple of n_metrics str
        What is balanced, for example ``("potential", "hours", "accounts")``.
    load : (n_accounts, n_metrics) float64, >= 0
        Load of each account in each metric: cents, hours, 1.0 per account. An
        indicator column (strategic accounts, say) holds an account mix.
    tolerance : (n_metrics,) float64, > 0, share; inf for no band
        A book lies within ``target * (1 - tolerance)`` and ``target * (1 + ...)``.
    class_of_account : (n_accounts,) intp, default all 0
        Row of `class_allows`: the account's segment, skills and region in one.
    class_allows : (n_classes, n_reps) bool, default all True
        Which reps may own accounts of a class.
    current_rep : (n_accounts,) intp, default -1
        Column of today's owner; -1 nobody; -2, or any column that is not on the
        roster, an owner who left.
    segment_of_account : (n_accounts,) intp, default 0
        Targets are shares of the segment's total load; reps own only accounts of
        their segment.
    segment_of_rep : (n_reps,) intp, default 0
        Segment of each rep.
    rep_weight : (n_reps,) float64, >= 0, default 1
        Ramp times working share: the rep's part of the segment's load.
    ceiling : (n_reps, n_metrics) float64, default inf
        Hard upper limits in the metric's unit: capacity in hours, most accounts.
    target : (n_reps, n_metrics) float64, default from weights; NaN entries likewise
        Overrides the target load of a rep.
    family : (n_accounts,) intp, default -1
        Accounts with the same number >= 0 stay together.
    pinned_rep : (n_accounts,) intp, default -1
        The one rep who must own the account.
    is_locked : (n_accounts,) bool, default False
        The account stays with its owner; without an owner the lock says nothing.
    is_in_scope : (n_accounts,) bool, default True
        Accounts out of scope keep their owner, whatever the rules say. Accounts
        without an owner are always in scope.
    blocked : (n_blocked, 2) intp, default none
        Pairs (account row, rep column) that must not be.
    latitude, longitude : (n_accounts,) float64, degrees, default NaN
        Missing or impossible: the account is served remotely and costs no travel.
    rep_latitude, rep_longitude : (n_reps,) float64, degrees, default NaN
        Home of the rep; missing: no travel is counted.
    visits : (n_accounts,) float64, trips per year, >= 0, default 1
        How often the owner goes there.
    travel_cents_per_km : float, US cents, >= 0, default 0
        Price of one kilometre of a trip.
    travel_cap_km : float, km, default inf
        Farther homes cost no more than this distance.
    move_cost_cents : (n_accounts,) int64, US cents, >= 0, default 0
        What is lost when the account leaves its owner; see :func:`move_cost`.
    pair_cost_cents : (n_accounts, n_reps) int64, US cents, >= 0, default none
        Any further cost of a pair.
    disruption : (n_accounts,) float64, >= 0, default 1
        What a moved account takes from the disruption budget.
    disruption_budget : float, unit of `disruption`, default inf
        Most that may move in all.
    """

    account_ids: NDArray[Any]
    rep_ids: NDArray[Any]
    metric_names: tuple[str, ...]
    load: NDArray[np.float64]
    tolerance: NDArray[np.float64]
    class_of_account: NDArray[np.intp] | None = None
    class_allows: NDArray[np.bool_] | None = None
    current_rep: NDArray[np.intp] | None = None
    segment_of_account: NDArray[np.intp] | None = None
    segment_of_rep: NDArray[np.intp] | None = None
    rep_weight: NDArray[np.float64] | None = None
    ceiling: NDArray[np.float64] | None = None
    target: NDArray[np.float64] | None = None
    family: NDArray[np.intp] | None = None
    pinned_rep: NDArray[np.intp] | None = None
    is_locked: NDArray[np.bool_] | None = None
    is_in_scope: NDArray[np.bool_] | None = None
    blocked: NDArray[np.intp] | None = None
    latitude: NDArray[np.float64] | None = None
    longitude: NDArray[np.float64] | None = None
    rep_latitude: NDArray[np.float64] | None = None
    rep_longitude: NDArray[np.float64] | None = None
    visits: NDArray[np.float64] | None = None
    travel_cents_per_km: float = 0.0
    travel_cap_km: float = float("inf")
    move_cost_cents: NDArray[np.int64] | None = None
    pair_cost_cents: NDArray[np.int64] | None = None
    disruption: NDArray[np.float64] | None = None
    disruption_budget: float = float("inf")


def move_cost(
    revenue_cents: NDArray[np.int64],
    pipeline_cents: NDArray[np.int64],
    *,
    fixed_cents: int,
    revenue_share: float,
    pipeline_share: float,
) -> NDArray[np.int64]:
    """Price a change of owner: a fixed part, and shares of what is put at risk.

    Parameters
    ----------
    revenue_cents, pipeline_cents : (n_accounts,) int64, US cents, >= 0
        Yearly revenue and open pipeline of each account.
    fixed_cents : int, US cents, >= 0
        Hand-over work of any account.
    revenue_share, pipeline_share : float in 0..1
        Part expected to be lost when the owner changes.

    Returns
    -------
    (n_accounts,) int64, US cents
        Whole cents, never negative.

    Examples
    --------
    >>> move_cost(np.array([10_000]), np.array([2_000]), fixed_cents=50,
    ...           revenue_share=0.01, pipeline_share=0.05).tolist()
    [250]
    """
    at_risk = revenue_cents * revenue_share + pipeline_cents * pipeline_share
    return np.asarray(np.maximum(fixed_cents + np.rint(at_risk), 0), dtype=np.int64)
