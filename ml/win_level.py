"""How wins compare with what was expected of them: their season, and today's level.

Counts wins, not money: one large deal must not move the level.
"""

from typing import Final

import numpy as np

from ml.panel import Floats, Ints

LOG_LEVELS: Final = np.linspace(-1.2, 1.2, 97)
STEP_SDS: Final = np.array([0.005, 0.02, 0.05, 0.1])  # log, month on month
STEP_WEIGHTS: Final = np.array([0.4, 0.3, 0.2, 0.1])  # most companies move slowly
JUMP_CHANCE: Final = 0.03  # a month in which win rates change at once
JUMP_SD: Final = 0.35  # log size of such a change
START_SD: Final = 0.1  # the model was fitted to these windows: on average it is right
SEASON_PULL: Final = 2.0  # wins added to both sides of a ratio
DISPERSION: Final = 1.3  # wins of one month share buyers and pricing
MONTH_CV: Final = 0.2  # and a year-end, a price rise or a holiday moves a whole month


def win_level(expected: Floats, got: Floats) -> float:
    """Return today's level of wins over what the model expects, 1 = as expected.

    Parameters
    ----------
    expected : (w,) float, >= 0
        Wins the model expected in each past one-month window, oldest first.
    got : (w,) float, >= 0
        Wins that came.

    Returns
    -------
    float
        Posterior mean. Close to 1 while wins scatter around what was expected;
        follows a slump within a few months. 1 without windows.

    Notes
    -----
    An exact filter on a grid: quasi-Poisson counts around a log level that walks in
    normal steps and sometimes jumps; four step sizes are averaged by their evidence.
    Harrison & Stevens, "Bayesian Forecasting", J. R. Stat. Soc. B 38(3), 1976,
    doi:10.1111/j.2517-6161.1976.tb01586.x (walks with jumps).

    Examples
    --------
    >>> round(win_level(np.full(12, 20.0), np.full(12, 20.0)), 2)
    1.0
    >>> win_level(np.full(6, 20.0), np.array([20.0, 20, 20, 10, 10, 10])) < 0.85
    True
    """
    log_level = LOG_LEVELS[None, :]
    gap = LOG_LEVELS[:, None] - LOG_LEVELS[None, :]
    belief = np.tile(_normal(LOG_LEVELS, START_SD), (len(STEP_SDS), 1))
    evidence = np.log(STEP_WEIGHTS)
    jump = _normal(gap, JUMP_SD)
    moves = [
        (1 - JUMP_CHANCE) * _normal(gap, float(sd)) + JUMP_CHANCE * jump
        for sd in STEP_SDS
    ]
    for due, came in zip(expected.tolist(), got.tolist(), strict=True):
        moved = np.stack([b @ move for b, move in zip(belief, moves, strict=True)])
        dispersion = DISPERSION + MONTH_CV**2 * due
        like = (came * log_level - due * np.exp(log_level)) / dispersion
        like = like - like.max()
        belief = moved * np.exp(like)
        total = belief.sum(axis=1)
        evidence = evidence + np.log(total)
        belief = belief / total[:, None]
    weight = np.exp(evidence - evidence.max())
    mixed = (weight / weight.sum()) @ belief
    return float(mixed @ np.exp(LOG_LEVELS) / mixed.sum())


def win_season(month: Ints, expected: Floats, got: Floats) -> Floats:
    """Return the log effect of each calendar month on wins, (12,), January first.

    Parameters
    ----------
    month : (d,) int, 0 to 11
        Calendar month of each past snapshot.
    expected, got : (d,) float, >= 0
        Wins a model without a season expected in the window after it, and those
        that came. Windows may overlap within a year.

    Returns
    -------
    (12,) float
        Mean about 0. Zero unless the same months differ alike year after year, which
        takes two years.

    Notes
    -----
    Empirical Bayes: log ratios of a month are averaged over years and shrunk by the
    spread between months against that between years of one month. Overlapping
    windows do no harm, because years of one month never overlap.
    """
    out = np.zeros(12)
    ratio = np.log((got + SEASON_PULL) / (expected + SEASON_PULL))
    count = np.bincount(month, minlength=12).astype(np.float64)
    mean = np.bincount(month, ratio, 12) / np.maximum(count, 1)
    spare = int((np.maximum(count - 1, 0)).sum())
    seen = count > 0
    if spare < 6 or seen.sum() < 4:
        return out
    within = float(((ratio - mean[month]) ** 2).sum()) / spare
    # Counts alone vary by this much: few years must not look more alike than luck.
    within = max(within, float(np.mean(1.0 / (expected + SEASON_PULL))))
    centre = float(np.average(mean[seen], weights=count[seen]))
    between = float(np.var(mean[seen], ddof=1)) - within * float(
        np.mean(1.0 / count[seen])
    )
    trust = max(between, 0.0) / (max(between, 1e-12) + within / np.maximum(count, 1))
    out[seen] = (trust * (mean - centre))[seen]
    return np.clip(out, -1.0, 1.0)


def _normal(x: Floats, sd: float) -> Floats:
    """Return normal weights that sum to 1 along the last axis."""
    width = float(LOG_LEVELS[1] - LOG_LEVELS[0])
    raw = np.exp(-0.5 * (x / max(sd, width / 2)) ** 2)
    out: Floats = raw / raw.sum(axis=-1, keepdims=True)
    return out
