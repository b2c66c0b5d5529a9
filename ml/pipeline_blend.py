"""Mix the pipeline with the series: weights and widths from past as-of errors."""

import numpy as np

from ml.panel import Floats

# Months ahead and the pipeline's share there: it speaks for the quarter it can see.
RULE_MONTHS = (1, 3, 6, 10)
RULE_SHARES = (0.95, 0.95, 0.5, 0.0)
PRIOR_DATES = 6.0  # past dates that a rule or a stated spread weighs
# Relative sd of cumulative bookings 1, 3, 6, 12 months ahead where nothing is known.
PRIOR_MONTHS = (1, 3, 6, 12)
PRIOR_SPREADS = (0.35, 0.2, 0.16, 0.15)
GAIN = 0.35  # of the series' width, per unit of the pipeline's weight, before data


def blend_weights(
    pipeline_errors: Floats, series_errors: Floats, *, prior_dates: float = PRIOR_DATES
) -> Floats:
    """Return the pipeline's weight at each horizon, (h,), 0 to 1.

    Parameters
    ----------
    pipeline_errors, series_errors : (dates, h) float
        Errors of the two forecasts made at the same past dates, in the same unit;
        NaN where the window is not over. Dates are a month apart.
    prior_dates : float, default 6.0
        Weight of the rule of thumb: pipeline for 3 months, less and less after.

    Notes
    -----
    The weight that minimises the squared error of the blend over past dates, shrunk
    to the rule. Bates & Granger 1969, doi:10.1057/jors.1969.103.

    Examples
    --------
    >>> blend_weights(np.zeros((0, 6)), np.zeros((0, 6))).round(1).tolist()
    [0.9, 0.9, 0.9, 0.8, 0.6, 0.5]
    """
    h = pipeline_errors.shape[1]
    rule = np.interp(np.arange(1, h + 1), RULE_MONTHS, RULE_SHARES)
    known = np.isfinite(pipeline_errors) & np.isfinite(series_errors)
    # Windows of h months from monthly dates overlap: so many stand apart.
    n = (known.sum(axis=0) + np.arange(h)) / np.arange(1, h + 1)
    n = np.where(known.any(axis=0), n, 0.0)
    theirs = np.where(known, series_errors, 0.0)
    gap = theirs - np.where(known, pipeline_errors, 0.0)
    square = (gap**2).sum(axis=0)
    best = np.divide(
        (theirs * gap).sum(axis=0), square, out=rule.copy(), where=square > 0
    )
    best = np.clip(best, 0.0, 1.0)
    out: Floats = (n * best + prior_dates * rule) / (n + prior_dates)
    return out


def error_spread(relative: Floats) -> Floats:
    """Return the sd of log errors by horizon, (h,), from past dates and a prior.

    Parameters
    ----------
    relative : (dates, h) float
        Log of actual over forecast; NaN where unknown.

    Examples
    --------
    >>> error_spread(np.zeros((0, 3))).round(3).tolist()
    [0.35, 0.275, 0.2]
    """
    prior = np.interp(np.arange(1, relative.shape[1] + 1), PRIOR_MONTHS, PRIOR_SPREADS)
    known = np.isfinite(relative)
    square = (np.where(known, relative, 0.0) ** 2).sum(axis=0)
    n = known.sum(axis=0)
    out: Floats = np.sqrt((square + PRIOR_DATES * prior**2) / (n + PRIOR_DATES))
    return out


def width_ratio(blend_errors: Floats, series_errors: Floats, weight: Floats) -> Floats:
    """Return how wide the blend's interval is against the series' own, (h,).

    Parameters
    ----------
    blend_errors, series_errors : (dates, h) float
        Errors of the two forecasts at the same past dates; NaN where unknown.
    weight : (h,) float
        The pipeline's weight; without a past it narrows the width by `GAIN` of it.

    Returns
    -------
    (h,) float between 0.4 and 1.2
    """
    known = np.isfinite(blend_errors) & np.isfinite(series_errors)
    n = known.sum(axis=0)
    ours = (np.where(known, blend_errors, 0.0) ** 2).sum(axis=0)
    theirs = (np.where(known, series_errors, 0.0) ** 2).sum(axis=0)
    prior = (1.0 - GAIN * weight) ** 2
    found = np.divide(ours, theirs, out=prior.copy(), where=theirs > 0)
    mixed = (n * found + PRIOR_DATES * prior) / (n + PRIOR_DATES)
    out: Floats = np.clip(np.sqrt(mixed), 0.4, 1.2)
    return out
