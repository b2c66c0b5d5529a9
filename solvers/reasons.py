"""Say why each account got a new owner and what keeping it would have cost."""

from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from solvers.costs import is_moved
from solvers.instance import Instance
from solvers.units import Units


class Reason(StrEnum):
    """Why an account has another owner than before."""

    STAYS = ""  # same owner, or still nobody
    OWNER_LEFT = "owner_left"  # the owner is not on the roster any more
    NO_OWNER = "no_owner"  # nobody owned it
    RULE = "rule"  # pinned elsewhere, or the owner may not own it any more
    FAMILY = "family"  # moved so that its family stays together
    CHEAPER = "cheaper"  # travel saved outweighs the hand-over, balance aside
    BALANCE = "balance"  # the owner's book is too full or the new one too empty
    PACKING = "packing"  # whole accounts do not divide evenly; small and said plainly


def classify_moves(
    instance: Instance,
    units: Units,
    rep: NDArray[np.intp],
    owner_may: NDArray[np.bool_],
    keep_cents: NDArray[np.float64],
    cheaper_cents: NDArray[np.float64],
) -> NDArray[np.str_]:
    """Give every account with a new owner its reason.

    Parameters
    ----------
    instance, units : Instance, Units
        The question.
    rep : (n_accounts,) intp
        The plan.
    owner_may : (n_accounts,) bool
        True where rules would let the account stay with today's owner.
    keep_cents : (n_accounts,) float64
        Priced cost of keeping the account's unit with its owner, less that of the
        plan; above zero where balance prices speak for the move.
    cheaper_cents : (n_accounts,) float64
        The same without prices; above zero where plain costs speak for the move.

    Returns
    -------
    (n_accounts,) str
        Values of :class:`Reason`.
    """
    moved = is_moved(instance, rep)
    reason = np.full(instance.n_accounts, Reason.STAYS.value, dtype="U10")
    placed = rep >= 0
    reason[placed & (instance.current_rep == -2)] = Reason.OWNER_LEFT.value
    reason[placed & (instance.current_rep == -1)] = Reason.NO_OWNER.value
    reason[moved] = Reason.PACKING.value
    reason[moved & (keep_cents >= -0.5)] = Reason.BALANCE.value
    reason[moved & (cheaper_cents > 0)] = Reason.CHEAPER.value
    size = np.diff(units.member_start)
    in_family = np.zeros(instance.n_accounts, dtype=bool)
    free = units.unit_of_account >= 0
    in_family[free] = size[units.unit_of_account[free]] > 1
    follows = in_family & (_owners_differ(instance, units) | ~owner_may)
    reason[moved & follows] = Reason.FAMILY.value
    fixed = moved & (units.fixed_rep >= 0)
    pinned = instance.pinned_rep >= 0
    reason[fixed & ~pinned] = Reason.FAMILY.value
    reason[moved & pinned] = Reason.RULE.value
    reason[moved & ~owner_may & ~in_family & ~fixed] = Reason.RULE.value
    return reason


def _owners_differ(instance: Instance, units: Units) -> NDArray[np.bool_]:
    """Return which accounts belong to a unit whose members have several owners."""
    differs = np.zeros(instance.n_accounts, dtype=bool)
    if units.n_units == 0:
        return differs
    owner = instance.current_rep[units.member]
    low = np.minimum.reduceat(owner, units.member_start[:-1])
    high = np.maximum.reduceat(owner, units.member_start[:-1])
    differs[units.member] = np.repeat(low < high, np.diff(units.member_start))
    return differs
