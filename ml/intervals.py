"""Forecast intervals from past errors, pooled over many series."""

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from ml.panel import Floats

LEVELS = (0.8, 0.95)
ENOUGH = 200.0  # pooled errors per horizon from which the pool speaks alone


@dataclass(frozen=True, slots=True)
class ErrorPool:
    """Half-widths in units of each series' scale, by horizon and level."""

    width: Floats  # (horizon, 2) for 80 and 95 %
    errors_count: int  # errors behind the first horizon
    share_own: float  # weight of the normal formula where the pool is thin


def naive_scale(values: Floats, period: int = 12) -> Floats:
    """Return each row's mean absolute seasonal-naive error, (s,).

    Rows shorter than the season use the step error; rows that never change get NaN.

    Examples
    --------
    >>> naive_scale(np.array([[1.0, 3.0, 2.0]])).tolist()
    [1.5]
    """
    out = np.full(len(values), np.nan)
    for lag in (period, 1):
        if values.shape[1] <= lag:
            continue
        gap = np.abs(values[:, lag:] - values[:, :-lag])
        have = ~np.isnan(gap)
        count = have.sum(axis=1)
        mean = np.where(have, gap, 0.0).sum(axis=1) / np.maximum(count, 1)
        use = np.isnan(out) & (count >= (4 if lag > 1 else 1)) & (mean > 0)
        out[use] = mean[use]
    return out


def pool_errors(scaled: Floats, horizon: int) -> ErrorPool:
    """Take interval widths from scaled hold-out errors.

    Parameters
    ----------
    scaled : (n, horizon) float
        Hold-out errors over each series' scale; NaN where nothing was held out.
    horizon : int

    Returns
    -------
    ErrorPool
        Widths never shrink with the horizon. With few errors they are mixed with a
        normal guess that grows with the square root of the horizon.

    Notes
    -----
    Split-conformal quantiles of absolute errors with the finite-sample level
    ``(n + 1) q / n``; Lei et al. 2018, doi:10.1080/01621459.2017.1307116.
    """
    steps = np.sqrt(1.0 + 0.06 * np.arange(horizon))
    have = (~np.isnan(scaled)).sum(axis=0) if len(scaled) else np.zeros(horizon)
    width = np.empty((horizon, len(LEVELS)))
    all_errors = np.abs(scaled / steps) if len(scaled) else np.empty((0, horizon))
    pooled = all_errors[~np.isnan(all_errors)]
    for place, level in enumerate(LEVELS):
        # Mean absolute seasonal-naive error to the sd of a good forecast: about 1.
        guess = 1.05 * ndtri(0.5 + level / 2) * steps
        if len(pooled) >= 8:
            guess = np.quantile(pooled, min(1.0, level * (1 + 1 / len(pooled)))) * steps
        for h in range(horizon):
            n = float(have[h])
            if n < 8:
                width[h, place] = guess[h]
                continue
            e = np.abs(scaled[:, h])
            q = np.quantile(e[~np.isnan(e)], min(1.0, level * (1 + 1 / n)))
            w = min(1.0, n / ENOUGH)
            width[h, place] = w * q + (1 - w) * guess[h]
    width = np.maximum.accumulate(width, axis=0)
    width[:, 1] = np.maximum(width[:, 1], width[:, 0])
    first = int(have[0]) if horizon else 0
    return ErrorPool(width, first, float(1 - min(1.0, first / ENOUGH)))
