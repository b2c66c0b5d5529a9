"""What a finished plan costs, account by account, and how full its books are."""

import numpy as np
from numpy.typing import NDArray

from solvers.instance import Instance
from solvers.pairs import EARTH_KM


def travel_cents(instance: Instance, rep: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return each account's yearly travel and other pair cost; 0 without an owner.

    Returns
    -------
    (n_accounts,) float64, whole cents
    """
    if instance.n_reps == 0:
        return np.zeros(instance.n_accounts)
    to = np.maximum(rep, 0)
    step = instance.account_place - instance.rep_place[to]
    half = np.minimum(np.sqrt((step * step).sum(axis=1)) / 2.0, 1.0)
    km = np.minimum(2.0 * EARTH_KM * np.arcsin(half), instance.travel_cap_km)
    goes = (instance.cents_per_km > 0) & (instance.rep_travels[to] > 0) & (rep >= 0)
    cents = np.where(goes, np.rint(instance.cents_per_km * np.where(goes, km, 0)), 0.0)
    if instance.pair_cost_cents.shape[0]:
        extra = instance.pair_cost_cents[np.arange(rep.size), to]
        cents = cents + np.where(rep >= 0, extra, 0.0)
    return cents


def is_moved(instance: Instance, rep: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Return which accounts leave an owner who is still there."""
    return np.asarray(
        (instance.current_rep >= 0) & (rep >= 0) & (rep != instance.current_rep)
    )


def move_cents(
    instance: Instance, rep: NDArray[np.intp], move_price: float
) -> NDArray[np.float64]:
    """Return each account's hand-over cost under a plan, in whole cents."""
    price = np.rint(instance.move_cost_cents * move_price)
    return np.where(is_moved(instance, rep), price, 0.0)


def book_loads(instance: Instance, rep: NDArray[np.intp]) -> NDArray[np.float64]:
    """Return (n_reps, n_metrics) loads; sums run in account order."""
    held = rep >= 0
    loads = np.zeros((instance.n_reps, instance.load.shape[1]))
    for g in range(loads.shape[1]):
        loads[:, g] = np.bincount(
            rep[held], weights=instance.load[held, g], minlength=instance.n_reps
        )
    return loads
