"""How wins compare with what was expected of them: their season, and today's level.

Counts wins, not money: one large deal must not move the level.
"""

from math import lgamma
from typing import Final

import numpy as np

from ml.panel import Bools, Floats, Ints

LOG_LEVELS: Final = np.linspace(-1.2, 1.2, 97)
STEP_SDS: Final = (0.005, 0.02, 0.06)  # log, month on month
STEP_WEIGHTS: Final = (0.6, 0.3, 0.1)  # most companies move slowly
JUMP_CHANCE: Final = 0.03  # a month in which win rates change at once: one in 33
JUMP_SD: Final = 0.35  # log size of such a change
START_SD: Final = 0.1  # the model was fitted to these windows: on average it is right
SEASON_PULL: Final = 2.0  # wins added to both sides of a ratio
# A year-end, a price rise or a holiday moves a whole month: by so much, beyond luck.
MONTH_CVS: Final = (0.0, 0.05, 0.1, 0.2, 0.35)
MONTH_CV_WEIGHTS: Final = (0.3, 0.2, 0.2, 0.2, 0.1)


def win_level(expected: Floats, got: Floats, luck: Floats | None = None) -> float:
    """Return today's level of wins over what the model expects, 1 = as expected.

    Parameters
    ----------
    expected : (w,) float, >= 0
        Wins the model expected in each past one-month window, oldest first.
    got : (w,) float, >= 0
        Wins that came.
    luck : (w,) float, above 0 up to 1, default 1
        Variance of the wins over their mean, if each came with its own chance p: the
        sum of p (1 - p) over that of p. Likely deals leave less to luck.

    Returns
    -------
    float
        Posterior mean. Close to 1 while wins scatter around what was expected;
        follows a slump within a few months. 1 without windows.

    Notes
    -----
    An exact filter on a grid: counts around a log level that walks in normal steps
    and sometimes jumps. Step sizes, and how much months scatter beyond luck (negative
    binomial), are averaged by their evidence: where wins came as steadily as luck
    allows, three poor months are a slump; where they always jumped about, they are not.
    Harrison & Stevens, "Bayesian Forecasting", J. R. Stat. Soc. B 38(3), 1976,
    doi:10.1111/j.2517-6161.1976.tb01586.x (walks with jumps).

    Examples
    --------
    >>> round(win_level(np.full(12, 20.0), np.full(12, 20.0)), 2)
    1.0
    >>> win_level(np.full(6, 20.0), np.array([20.0, 20, 20, 10, 10, 10])) < 0.85
    True
    """
    gap = LOG_LEVELS[:, None] - LOG_LEVELS[None, :]
    jump = JUMP_CHANCE * _normal(gap, JUMP_SD)
    moves = np.stack([(1 - JUMP_CHANCE) * _normal(gap, sd) + jump for sd in STEP_SDS])
    shape = (len(STEP_SDS), len(MONTH_CVS), len(LOG_LEVELS))
    belief = np.broadcast_to(_normal(LOG_LEVELS, START_SD), shape)
    evidence = np.log(np.outer(STEP_WEIGHTS, MONTH_CV_WEIGHTS))
    spread = 1.0 if luck is None else np.clip(luck, 0.05, 1.0)
    # Counts over their dispersion have the variance of luck alone.
    for due, came in zip(
        (expected / spread).tolist(), (got / spread).tolist(), strict=True
    ):
        like = np.stack([_log_chance(due, came, cv) for cv in MONTH_CVS])
        most = like.max(axis=1)
        belief = (belief @ moves) * np.exp(like - most[:, None])
        total = belief.sum(axis=2)
        evidence = evidence + np.log(total) + most
        belief = belief / total[:, :, None]
    weight = np.exp(evidence - evidence.max())
    mixed = np.einsum("sc,scl->l", weight, belief)
    return float(mixed @ np.exp(LOG_LEVELS) / mixed.sum())


def _log_chance(due: float, came: float, cv: float) -> Floats:
    """Return the log chance of `came` wins at each level, months scattering by `cv`."""
    mean = max(due, 1e-6) * np.exp(LOG_LEVELS)
    if cv == 0.0:
        return came * np.log(mean) - mean - lgamma(came + 1)
    size = 1.0 / cv**2
    known = lgamma(came + size) - lgamma(size) - lgamma(came + 1)
    out: Floats = known + came * np.log(mean / (size + mean))
    return out - size * np.log1p(mean / size)


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
    Empirical Bayes in two steps: what first, second and third months of quarters have
    in common, then what single months add to it; each shrunk by its own spread against
    that between years of one month. Overlapping windows do no harm, because years of
    one month never overlap.
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
    quarter = month % 3
    centre = float(np.average(mean[seen], weights=count[seen]))
    of_quarter = np.bincount(quarter, minlength=3).astype(np.float64)
    common = np.bincount(quarter, ratio, 3) / np.maximum(of_quarter, 1) - centre
    shared = _shrunk(
        common, within / np.maximum(of_quarter, 1), of_quarter > 0, kept=2 / 3
    )
    place = np.arange(12) % 3
    own = mean - centre - common[place]
    # A mean of three, then of four, was taken off: so much of the spread is left.
    out[seen] = shared[place][seen]
    out[seen] += _shrunk(own, within / np.maximum(count, 1), seen, kept=3 / 4)[seen]
    return np.clip(out, -1.0, 1.0)


def _shrunk(effect: Floats, noise: Floats, seen: Bools, kept: float) -> Floats:
    """Pull effects to zero by how far they spread beyond their noise.

    `kept` is the share of spread that taking off a common mean has left.
    """
    square = float(np.mean(effect[seen] ** 2)) / kept
    between = max(square - float(noise[seen].mean()), 0.0)
    out: Floats = effect * between / np.maximum(between + noise, 1e-12)
    return out


def _normal(x: Floats, sd: float) -> Floats:
    """Return normal weights that sum to 1 along the last axis."""
    width = float(LOG_LEVELS[1] - LOG_LEVELS[0])
    raw = np.exp(-0.5 * (x / max(sd, width / 2)) ** 2)
    out: Floats = raw / raw.sum(axis=-1, keepdims=True)
    return out
