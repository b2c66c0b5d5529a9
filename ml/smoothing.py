"""Exponential smoothing of many series at once, averaged over a parameter grid.

The squared error is quadratic in the starting states, so they are solved exactly for
every cell of the grid; forecasts are then averaged with weights exp(-dAIC / 2). No
optimiser runs, so the same input gives the same answer and no warning.
"""

from collections.abc import Callable
from itertools import product

import numpy as np

from ml.panel import Floats
from ml.seasonality import PERIOD

THETA_ALPHA = (0.02, 0.06, 0.12, 0.2, 0.3, 0.42, 0.56, 0.72, 0.9)
THETA_TREND = (0.35, 0.6, 0.85)  # weight of the straight line; 0.5 is theta = 2
DAMPED_ALPHA = (0.05, 0.12, 0.22, 0.35, 0.5, 0.7, 0.9)
DAMPED_BETA = (0.0, 0.05, 0.2)  # share of alpha
DAMPED_PHI = (0.8, 0.9, 0.97)
SEASON_ALPHA = (0.08, 0.2, 0.4, 0.7)
SEASON_BETA = (0.0, 0.1)
SEASON_GAMMA = (0.0, 0.08, 0.25)
SEASON_PHI = (0.8, 0.9, 0.97)
BLOCK = 400  # series at a time, so that states stay in the processor's cache


def grid_weights(squares: Floats, count: Floats) -> Floats:
    """Return likelihood weights over a grid, (s, k); each row sums to 1.

    Parameters
    ----------
    squares : (s, k) float
        Sum of squared one-step errors of each cell; at equal numbers of parameters
        the AIC differs by ``n log(squares)``.
    count : (s,) float
        Errors behind each sum.
    """
    safe = np.maximum(squares, 1e-12 * np.max(squares, axis=1, keepdims=True) + 1e-300)
    aic = count[:, None] * np.log(safe)
    weight = np.exp(-0.5 * (aic - aic.min(axis=1, keepdims=True)))
    out: Floats = weight / weight.sum(axis=1, keepdims=True)
    return out


def straight_lines(values: Floats) -> tuple[Floats, Floats]:
    """Return intercept and slope of each row on its column number, (s,) each."""
    known = ~np.isnan(values)
    t = np.arange(values.shape[1], dtype=np.float64)
    n = np.maximum(known.sum(axis=1), 1)
    y = np.where(known, values, 0.0)
    mean_t = (known * t).sum(axis=1) / n
    mean_y = y.sum(axis=1) / n
    gap = np.where(known, t - mean_t[:, None], 0.0)
    slope = (gap * y).sum(axis=1) / np.maximum((gap**2).sum(axis=1), 1e-12)
    return mean_y - slope * mean_t, slope


def forecast_theta(values: Floats, horizon: int) -> tuple[Floats, Floats]:
    """Forecast with the optimised Theta method, no season.

    Parameters
    ----------
    values : (s, t) float
        NaN before a series starts and where a month is missing.
    horizon : int

    Returns
    -------
    forecast : (s, horizon) float
    variance : (s,) float
        Weighted mean squared one-step error.

    Notes
    -----
    Level smoothing around a straight line: ``w (A + B t) + (1 - w) SES``, over a grid
    of w and alpha. Fiorucci et al. 2016, doi:10.1016/j.ijforecast.2016.02.005.
    """
    return _in_blocks(_theta_block, values, horizon)


def _theta_block(values: Floats, horizon: int) -> tuple[Floats, Floats]:
    cells = np.array(list(product(THETA_ALPHA, THETA_TREND)))
    alpha, w = cells[:, 0], cells[:, 1]
    n, t_max = values.shape
    a, b = straight_lines(values)
    level = np.zeros((n, len(cells)))
    unit = np.ones((n, len(cells)))  # response to the starting level
    e00 = np.zeros_like(level)
    e01, e11 = np.zeros_like(level), np.zeros_like(level)
    known = ~np.isnan(values)
    y = np.where(known, values, 0.0)
    for t in range(t_max):
        k = known[:, t, None]
        line = (a + b * t)[:, None]
        # z is the theta line; (1 - w) z + w line = y.
        z = (y[:, t, None] - w * line) / (1 - w)
        gap = np.where(k, z - level, 0.0)
        ug = np.where(k, unit, 0.0)
        e00 += gap * gap
        e01 += gap * ug
        e11 += ug * ug
        level += alpha * gap
        unit -= alpha * ug
    start = e01 / np.maximum(e11, 1e-12)
    squares = (e00 - start * e01) * (1 - w) ** 2
    level = level + start * unit
    weight = grid_weights(squares, known.sum(axis=1).astype(float))
    mixed_level = (weight * (1 - w) * level).sum(axis=1)
    mixed_line = (weight * w).sum(axis=1)
    steps = t_max + np.arange(horizon)
    forecast = mixed_level[:, None] + mixed_line[:, None] * (
        a[:, None] + b[:, None] * steps
    )
    variance = (weight * squares).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return forecast, variance


def forecast_damped(values: Floats, horizon: int) -> tuple[Floats, Floats]:
    """Forecast with damped-trend smoothing, no season; as `forecast_theta`.

    Notes
    -----
    ETS(A,Ad,N) of Hyndman et al., "Forecasting with Exponential Smoothing", 2008,
    doi:10.1007/978-3-540-71918-2, on a grid of alpha, beta and phi.
    """
    return _in_blocks(_damped_block, values, horizon)


def _damped_block(values: Floats, horizon: int) -> tuple[Floats, Floats]:
    cells = np.array(list(product(DAMPED_ALPHA, DAMPED_BETA, DAMPED_PHI)))
    return _trend_block(values, horizon, cells, np.zeros((len(values), PERIOD)), 0)


def forecast_seasonal(
    values: Floats, horizon: int, index: Floats
) -> tuple[Floats, Floats]:
    """Forecast with damped trend and a season that learns; as `forecast_theta`.

    Parameters
    ----------
    values : (s, t) float
    horizon : int
    index : (s, 12) float
        Starting seasonal addends; column t has phase t % 12.

    Notes
    -----
    ETS(A,Ad,A) on a grid of alpha, beta, gamma and phi.
    """
    return _in_blocks(_seasonal_block, values, horizon, index)


def _seasonal_block(
    values: Floats, horizon: int, index: Floats
) -> tuple[Floats, Floats]:
    cells = np.array(
        [(a, b, p, g) for a, b, g, p in
         product(SEASON_ALPHA, SEASON_BETA, SEASON_GAMMA, SEASON_PHI)]
    )  # fmt: skip
    return _trend_block(values, horizon, cells, index, 1)


def _trend_block(
    values: Floats, horizon: int, cells: Floats, index: Floats, has_season: int
) -> tuple[Floats, Floats]:
    """Run data, unit level and unit trend side by side, then solve for the start."""
    alpha, phi = cells[:, 0], cells[:, 2]
    beta = cells[:, 0] * cells[:, 1]
    gamma = (1 - alpha) * cells[:, 3] if has_season else np.zeros(len(cells))
    n, t_max = values.shape
    known = ~np.isnan(values)
    begun = np.maximum.accumulate(known, axis=1)
    y = np.where(known, values, 0.0)
    level = np.zeros((3, n, len(cells)))
    trend = np.zeros_like(level)
    level[1], trend[2] = 1.0, 1.0
    season = [np.zeros_like(level) for _ in range(PERIOD if has_season else 0)]
    for phase, state in enumerate(season):
        state[0] = index[:, phase, None]
    data = np.zeros((3, n, 1))
    gram = np.zeros((6, n, len(cells)))
    pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
    for t in range(t_max):
        moved = phi * trend
        base = level + moved
        data[0] = y[:, t, None]
        error = data - base
        if has_season:
            error -= season[t % PERIOD]
        error *= known[:, t, None]
        for row, (i, j) in enumerate(pairs):
            gram[row] += error[i] * error[j]
        if begun[:, t].all():
            level = base + alpha * error
            trend = moved + beta * error
        else:
            on = begun[:, t, None]
            level = np.where(on, base + alpha * error, level)
            trend = np.where(on, moved + beta * error, trend)
        if has_season:
            season[t % PERIOD] += gamma * error
    # Errors are e0 + x1 e1 + x2 e2 (unit runs predict, so they enter negated already).
    g00, g01, g02, g11, g12, g22 = gram
    scale = np.maximum(g22, g11) * 1e-6 + 1e-12
    g11, g22 = g11 + scale, g22 + scale
    det = g11 * g22 - g12 * g12
    x1 = -(g22 * g01 - g12 * g02) / det
    x2 = -(g11 * g02 - g12 * g01) / det
    squares = np.maximum(g00 + x1 * g01 + x2 * g02, 0.0)
    level = level[0] + x1 * level[1] + x2 * level[2]
    trend = trend[0] + x1 * trend[1] + x2 * trend[2]
    weight = grid_weights(squares, known.sum(axis=1).astype(float))
    forecast = np.empty((n, horizon))
    reach = np.zeros(len(cells))
    for h in range(horizon):
        reach = reach + phi ** (h + 1)
        step = level + reach * trend
        if has_season:
            s = season[(t_max + h) % PERIOD]
            step = step + s[0] + x1 * s[1] + x2 * s[2]
        forecast[:, h] = (weight * step).sum(axis=1)
    variance = (weight * squares).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    return forecast, variance


def _in_blocks(
    block: Callable[..., tuple[Floats, Floats]],
    values: Floats,
    horizon: int,
    *others: Floats,
) -> tuple[Floats, Floats]:
    """Run a block function over slices of the rows and put the answers together."""
    parts = [
        block(values[i : i + BLOCK], horizon, *(o[i : i + BLOCK] for o in others))
        for i in range(0, len(values), BLOCK)
    ]
    return (
        np.concatenate([p[0] for p in parts]),
        np.concatenate([p[1] for p in parts]),
    )
