"""What a sales team can be expected to win, month by month. Not who sells what."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True, slots=True)
class Capacity:
    """Expected heads and money by month of the plan."""

    heads: NDArray[np.float64]  # (n_months,) full-time heads on board
    ramped_heads: NDArray[np.float64]  # (n_months,) the same, weighted by ramp
    leavers: NDArray[np.float64]  # (n_months,) heads lost at the month's end
    capacity_cents: NDArray[np.int64]  # (n_months,) expected bookings

    @property
    def year_cents(self) -> int:
        """Return the sum over all months."""
        return int(self.capacity_cents.sum())


def by_tenure(curve: ArrayLike, length: int, name: str) -> NDArray[np.float64]:
    """Stretch a curve over tenure to a length: its last value holds from there on."""
    values = np.asarray(curve, dtype=np.float64)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"{name} must be a non-empty list over tenure months")
    if not (np.isfinite(values).all() and (values >= 0).all() and (values <= 1).all()):
        raise ValueError(f"{name} must lie in 0..1, got {values.tolist()}")
    rest = np.full(max(length - values.size, 0), values[-1])
    return np.concatenate([values, rest])[:length]


def expected_capacity(
    tenure_months: ArrayLike,
    *,
    hires: ArrayLike,
    ramp_share: ArrayLike,
    monthly_hazard: ArrayLike,
    productivity_cents: ArrayLike,
    fte_share: ArrayLike | None = None,
) -> Capacity:
    """Work out what today's reps and the planned hires will bring, by month.

    Parameters
    ----------
    tenure_months : (n_reps,) int, months since start at the plan's first month, >= 0
        One entry per rep on board; may be empty.
    hires : (n_months,) float, heads starting at the beginning of each month, >= 0
        Its length sets the length of the plan. A new starter has tenure 0.
    ramp_share : (n_tenures,) float in 0..1
        Productivity by tenure month as a share of a ramped rep; the last value
        holds for longer tenures.
    monthly_hazard : (n_tenures,) float in 0..1
        Probability of leaving at the end of a month of that tenure; last value holds.
    productivity_cents : float, or (n_months,) float, US cents per ramped head-month
        What one fully ramped rep books in a month; a list carries the season.
    fte_share : (n_reps,) float in 0..1, default all 1
        Working share of each rep.

    Returns
    -------
    Capacity
        Expected values. ``heads[m+1] = heads[m] - leavers[m] + hires[m+1]`` exactly.

    Raises
    ------
    ValueError
        If a share leaves 0..1, a count is negative or not finite, or shapes differ.

    Notes
    -----
    Cohorts by tenure move up one month at a time; leavers go at the month's end, so
    the month they leave still counts. Expected value, so heads are fractions.

    Examples
    --------
    Two reps, one new and one ramped; half of all heads leave each month.

    >>> plan = expected_capacity(
    ...     [0, 5], hires=[0, 1], ramp_share=[0.0, 0.5, 1.0],
    ...     monthly_hazard=[0.5], productivity_cents=100)
    >>> plan.heads.tolist(), plan.ramped_heads.tolist()
    ([2.0, 2.0], [1.0, 0.75])
    >>> plan.capacity_cents.tolist(), plan.year_cents
    ([100, 75], 175)
    """
    tenure = np.asarray(tenure_months, dtype=np.int64).reshape(-1)
    starts = np.asarray(hires, dtype=np.float64).reshape(-1)
    months = starts.size
    if months == 0:
        raise ValueError("hires sets the number of months; it must not be empty")
    if (tenure < 0).any():
        raise ValueError(
            "tenure_months must not be negative; future starters are hires"
        )
    if not (np.isfinite(starts).all() and (starts >= 0).all()):
        raise ValueError("hires must be finite and not negative")
    share = np.ones(tenure.size) if fte_share is None else np.asarray(fte_share, float)
    if share.shape != tenure.shape or (share < 0).any() or (share > 1).any():
        raise ValueError("fte_share must hold one share in 0..1 per rep")
    money = np.broadcast_to(np.asarray(productivity_cents, dtype=np.float64), months)
    if not (np.isfinite(money).all() and (money >= 0).all()):
        raise ValueError("productivity_cents must be finite and not negative")

    length = int(tenure.max(initial=0)) + months + 1
    ramp = by_tenure(ramp_share, length, "ramp_share")
    hazard = by_tenure(monthly_hazard, length, "monthly_hazard")
    cohort = np.bincount(tenure, weights=share, minlength=length).astype(np.float64)
    heads, ramped, leavers = np.empty(months), np.empty(months), np.empty(months)
    for month in range(months):
        cohort[0] += starts[month]
        heads[month], ramped[month] = cohort.sum(), cohort @ ramp
        lost = cohort * hazard
        leavers[month] = lost.sum()
        cohort[1:] = (cohort - lost)[:-1]
        cohort[0] = 0.0
    cents = np.rint(ramped * money).astype(np.int64)
    return Capacity(heads, ramped, leavers, cents)


def capacity_per_hire(
    *,
    n_months: int,
    lead_months: int,
    ramp_share: ArrayLike,
    monthly_hazard: ArrayLike,
    productivity_cents: ArrayLike,
) -> NDArray[np.float64]:
    """Return what one hire decided in each month is expected to book until year end.

    Parameters
    ----------
    n_months : int, months, >= 1
        Length of the plan.
    lead_months : int, months, >= 0
        From decision to first day; a decision in month m starts in m + lead.
    ramp_share, monthly_hazard : (n_tenures,) float in 0..1
        As for :func:`expected_capacity`.
    productivity_cents : float or (n_months,) float, US cents per ramped head-month
        What one ramped rep books in a month.

    Returns
    -------
    (n_months, n_months) float64, US cents
        Row: month of decision; column: month of booking. Zero before the start.

    Examples
    --------
    >>> capacity_per_hire(n_months=3, lead_months=1, ramp_share=[0.5, 1.0],
    ...     monthly_hazard=[0.0], productivity_cents=10).tolist()
    [[0.0, 5.0, 10.0], [0.0, 0.0, 5.0], [0.0, 0.0, 0.0]]
    """
    if n_months < 1 or lead_months < 0:
        raise ValueError("n_months must be at least 1 and lead_months not negative")
    ramp = by_tenure(ramp_share, n_months, "ramp_share")
    hazard = by_tenure(monthly_hazard, n_months, "monthly_hazard")
    alive = np.concatenate([[1.0], np.cumprod(1.0 - hazard)[:-1]])
    money = np.broadcast_to(np.asarray(productivity_cents, dtype=np.float64), n_months)
    table = np.zeros((n_months, n_months))
    for decided in range(n_months):
        first = decided + lead_months
        worked = max(n_months - first, 0)
        table[decided, first:] = (ramp * alive)[:worked] * money[first:]
    return table
