"""Tell a plan that is missed for a reason from months that are merely noisy.

The arithmetic of the drift detector, over arrays; the nightly version is SQL and this
is what it is held to.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.special import gammainc, gammaincc, ndtri

from ml.panel import Floats

STRENGTHS = (0.2, 0.4, 0.8, 1.4)  # shifts in standard deviations, from slow to sharp
FARTHEST = 8.0  # scores are cut here: tails beyond it are not to be believed
LEAST_SHARE = 0.85  # of a plan: who plans to grow further is held to all but this


@dataclass(frozen=True, slots=True)
class Evidence:
    """Accumulated evidence by series and month."""

    below: Floats  # (s, t) that the series fell below its plan
    above: Floats  # (s, t) that it rose above


def gamma_score(
    actual: Floats,
    mean: Floats,
    variance: Floats,
    *,
    deals: Floats | None = None,
    method: Literal["exact", "cube root"] = "exact",
) -> Floats:
    """Return how unusual an amount is, in standard deviations, skew allowed for.

    Parameters
    ----------
    actual : float, any one currency
        Credits (negative amounts) count as 0.
    mean, variance : float, > 0
        Expected amount and its variance; rows with a mean of 0 score 0.
    deals : float, > 0, optional
        Deals expected in the mean. Deals that come one by one leave a month empty with
        probability ``exp(-deals)``, which a gamma calls unheard of: no score is below
        ``0.38 - sqrt(2 deals)``, the mean of a standard normal below that quantile.
    method : {"exact", "cube root"}
        The gamma distribution itself, or Wilson and Hilferty's approximation, which
        needs nothing that SQL lacks.

    Returns
    -------
    float
        Standard normal when `actual` is gamma with that mean and variance; within 8.

    References
    ----------
    .. [1] Wilson & Hilferty 1931, doi:10.1073/pnas.17.12.684.

    Examples
    --------
    >>> gamma_score(np.array([100.0]), np.array([100.0]), np.array([1.0])).round(1)
    array([0.])
    """
    usable = (mean > 0) & (variance > 0)
    safe_mean = np.where(usable, mean, 1.0)
    shape = safe_mean**2 / np.where(usable, variance, 1.0)
    ratio = np.maximum(actual, 0.0) / safe_mean
    if method == "cube root":
        z = 3 * np.sqrt(shape) * (np.cbrt(ratio) - 1 + 1 / (9 * shape))
    else:
        # The smaller tail keeps its digits.
        low, high = gammainc(shape, shape * ratio), gammaincc(shape, shape * ratio)
        z = np.where(low < 0.5, ndtri(low), -ndtri(high))
    if deals is not None:
        z = np.maximum(z, np.minimum(0.38 - np.sqrt(2.0 * deals), 0.0))
    return np.where(usable, np.clip(z, -FARTHEST, FARTHEST), 0.0)


def attainment_spread(
    actual: Floats, plan: Floats, *, pull_months: float = 6.0
) -> tuple[Floats, Floats, Floats]:
    """Learn each series' usual attainment and noise from its past.

    Parameters
    ----------
    actual, plan : (s, t) float
        Past months; NaN where unknown.
    pull_months : float, default 6.0
        Months of the whole level mixed into each series.

    Returns
    -------
    attainment : (s,) float
        Usual actual over plan, pulled to the level's.
    attainment_variance : (s,) float
        How uncertain that is.
    dispersion : (s,) float
        Variance over mean of a month's actual, pulled to the level's.
    """
    known = ~np.isnan(actual) & ~np.isnan(plan) & (plan > 0)
    got, due = np.where(known, actual, 0.0), np.where(known, plan, 0.0)
    months = known.sum(axis=1)
    total = max(float(due.sum()), 1e-9)
    level = float(got.sum()) / total
    month_due = due.sum(axis=1) / np.maximum(months, 1)
    pulled = due.sum(axis=1) + pull_months * month_due
    attainment = (got.sum(axis=1) + pull_months * month_due * level) / np.maximum(
        pulled, 1e-9
    )
    attainment = np.where(months > 0, attainment, level)
    mean = np.maximum(attainment[:, None] * due, 1e-9)
    square = np.where(known, (got - mean) ** 2 / mean, 0.0).sum(axis=1)
    # In units of the plan, so that large and small series share one number.
    relative = square / np.maximum(months - 1, 1) / np.maximum(month_due, 1e-9)
    typical = float(np.median(relative[months > 1])) if (months > 1).any() else 0.2
    weight = months / (months + pull_months)
    dispersion = (weight * relative + (1 - weight) * typical) * month_due
    variance = dispersion * attainment / np.maximum(pulled, 1e-9)
    return attainment, variance, np.maximum(dispersion, 1e-9)


def plan_scores(
    actual: Floats,
    plan: Floats,
    attainment: Floats,
    attainment_variance: Floats,
    dispersion: Floats,
    *,
    method: Literal["exact", "cube root"] = "exact",
) -> Floats:
    """Return the score of each month against its plan, (s, t).

    The expected amount is attainment x plan; its variance is dispersion x that, plus
    what is not known of the attainment.
    """
    mean = attainment[:, None] * plan
    variance = dispersion[:, None] * mean + attainment_variance[:, None] * plan**2
    return gamma_score(actual, mean, variance, method=method)


def usual_range(
    planned: float, last_year: float, year_before: float = 0.0
) -> tuple[float, float]:
    """Return between which shares of a plan going on as before would end up.

    A plan that asks every node for more than that is missed from its first month
    without anything having changed. Evidence of a shortfall is counted from the lower
    end and evidence of an excess from the upper one, so both stay honest wherever in
    between the truth lies.

    Parameters
    ----------
    planned : float, any one currency, > 0
        What the whole company plans for some months.
    last_year, year_before : float, >= 0
        What it booked in the same months one and two years earlier; 0 where unknown.

    Returns
    -------
    tuple of float
        The lower end in [0.85, 1] and the upper one in [1, 1 / 0.85]; last year grown
        as it grew before, over plan, and 1. Both 1 where last year is not known.

    Examples
    --------
    >>> usual_range(110.0, 100.0)
    (0.9090909090909091, 1.0)
    >>> usual_range(125.0, 100.0, 80.0)
    (1.0, 1.0)
    """
    if planned <= 0 or last_year <= 0:
        return 1.0, 1.0
    grown = last_year * (last_year / year_before if year_before > 0 else 1.0)
    share = grown / planned
    least, most = max(share, LEAST_SHARE), min(share, 1 / LEAST_SHARE)
    return min(least, 1.0), max(most, 1.0)


def accumulate(z: Floats, *, periods_per_month: float = 1.0) -> Evidence:
    """Add up evidence month by month with a mixture of Shiryaev-Roberts detectors.

    Parameters
    ----------
    z : (s, t) float
        Scores in time order; NaN leaves the evidence as it was.
    periods_per_month : float, default 1.0
        4.33 for weekly scores.

    Returns
    -------
    Evidence
        While nothing has changed and `z` is honest, the expected evidence after t
        periods is at most t, whatever the dependence between series.

    Notes
    -----
    ``R = (R + 1) exp(l z - l^2 / 2)``, averaged over l = 0.2, 0.4, 0.8, 1.4 in each
    direction. Shin, Ramdas & Rinaldo, "E-detectors", 2023, doi:10.51387/23-NEJSDS51.

    Examples
    --------
    >>> calm = accumulate(np.zeros((1, 12))).below[0, -1]
    >>> fallen = accumulate(np.full((1, 12), -1.0)).below[0, -1]
    >>> bool(calm < 12 < fallen)
    True
    """
    strengths = np.array(STRENGTHS) / np.sqrt(periods_per_month)
    sides = []
    for sign in (-1.0, 1.0):
        state = np.zeros((len(z), len(strengths)))
        path = np.empty(z.shape)
        for t in range(z.shape[1]):
            score = z[:, t, None]
            step = np.exp(sign * strengths * score - strengths**2 / 2)
            state = np.where(np.isnan(score), state, (state + 1.0) * step)
            path[:, t] = state.mean(axis=1)
        sides.append(path)
    return Evidence(below=sides[0], above=sides[1])


def alarm_limit(
    series_count: int,
    false_alarms_per_year: float,
    *,
    periods_per_year: float = 12.0,
    directions: int = 1,
) -> float:
    """Return the evidence from which a series is called drifting.

    Parameters
    ----------
    series_count : int
        Series watched under this budget.
    false_alarms_per_year : float, > 0
        Budget over all of them.
    periods_per_year : float, default 12.0
    directions : {1, 2}, default 1
        2 when `below` and `above` are both watched under the one budget.

    Raises
    ------
    ValueError
        If the budget is not positive.

    Examples
    --------
    >>> alarm_limit(188, 2.0)
    1128.0
    """
    if false_alarms_per_year <= 0:
        raise ValueError(f"false_alarms_per_year is {false_alarms_per_year}; pass > 0")
    return periods_per_year * series_count * directions / false_alarms_per_year
