"""How the season of a series differs from the one it shares: its depth, and the rest.

A sibling's quarter-ends are as a rule the same months, only steeper or flatter. One
number, the depth, says most of the difference and can be told from noise where twelve
separate months cannot.
"""

from typing import Final

import numpy as np

from ml.panel import Bools, Floats
from ml.seasonality import PERIOD

DEPTH_SD: Final = 0.2  # how much depths usually differ between siblings, before data
FACTOR_SD: Final = 0.05  # and single monthly factors beyond that
HALF_LIVES: Final = (3.0, 6.0, 12.0, 24.0)  # months; how fast a share may change
PRIOR_SERIES: Final = 5.0  # series that either belief weighs
LOWEST: Final = 0.02  # no month is less than this share of a usual one


def deepened(shared: Floats, ratio: Floats, can: Bools) -> Floats:
    """Return the shared season at each series' own depth, (s, 12).

    Parameters
    ----------
    shared : (s, 12) float
        Factors by phase, mean 1.
    ratio : (s, t) float
        Value over trend; NaN where unknown. Column t has phase t % 12.
    can : (s,) bool
        Rows long enough to have a depth of their own; the others keep depth 1.

    Notes
    -----
    Depth is the slope of value over trend on the shared factors, shrunk towards 1
    by its own standard error against the spread of depths between the series
    (empirical Bayes by moments; Morris 1983, doi:10.1080/01621459.1983.10477920).

    Examples
    --------
    >>> wave = 1 + 0.2 * np.sin(np.arange(12) * np.pi / 6)
    >>> twice = np.tile(1 + 2 * (wave - 1), (1, 4))
    >>> deep = deepened(wave[None], twice, np.array([True]))
    >>> bool(np.allclose(deep, twice[:, :12]))
    True
    """
    shape = (shared - 1.0)[:, np.arange(ratio.shape[1]) % PERIOD]
    known = np.isfinite(ratio)
    x, y = np.where(known, shape, 0.0), np.where(known, ratio - 1.0, 0.0)
    power = (x**2).sum(axis=1)
    n = known.sum(axis=1)
    use = can & (power > 1e-9) & (n > PERIOD)
    safe = np.where(use, power, 1.0)
    slope = np.where(use, (x * y).sum(axis=1) / safe, 1.0)
    rest = ((y - slope[:, None] * x) ** 2).sum(axis=1)
    doubt = rest / np.maximum(n - 1, 1) / safe
    spread = pooled_spread((slope - 1.0) ** 2, doubt, use, DEPTH_SD**2)
    trust = np.where(use, spread / (spread + doubt), 0.0)
    depth = np.clip(1.0 + trust * (slope - 1.0), 0.0, 4.0)
    out: Floats = np.maximum(1.0 + depth[:, None] * (shared - 1.0), LOWEST)
    return out


def current_share(values: Floats, parent: Floats) -> Floats:
    """Return each series' share of its parent at the end, (s,).

    Parameters
    ----------
    values, parent : (s, t) float
        The series and what it is part of, in any units; NaN where unknown.

    Returns
    -------
    (s,) float
        Discounted sums of one over the other. How fast the past is forgotten is each
        series' own: half-lives are averaged by how well they foretold its next month,
        so a large steady part follows its trend and a noisy one keeps its long mean.

    Examples
    --------
    >>> current_share(np.full((1, 30), 2.0), np.full((1, 30), 8.0)).tolist()
    [0.25]
    """
    both = ~np.isnan(values) & ~np.isnan(parent)
    mine, whole = np.where(both, values, 0.0), np.where(both, parent, 0.0)
    keep = 0.5 ** (1.0 / np.array(HALF_LIVES))[:, None]
    above = np.zeros((len(HALF_LIVES), len(values)))
    below, square = above.copy(), above.copy()
    months = np.zeros(len(values))
    for column in range(values.shape[1]):
        ready = both[:, column] & (months >= PERIOD / 2)
        share = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
        # Bookings scatter in proportion to their mean: large months weigh no more.
        miss = (mine[:, column] - share * whole[:, column]) ** 2
        square += np.where(ready, miss / np.maximum(whole[:, column], 1e-9), 0.0)
        above, below = keep * above + mine[:, column], keep * below + whole[:, column]
        months += both[:, column]
    share = np.divide(above, below, out=np.zeros_like(above), where=below > 0)
    scored = np.maximum(months - PERIOD / 2, 0.0)
    best = np.maximum(square.min(axis=0), 1e-300)
    weight = np.exp(-0.5 * scored * np.log(np.maximum(square, best) / best))
    out: Floats = (weight * share).sum(axis=0) / weight.sum(axis=0)
    return out


def factor_noise(season: Floats, ratio: Floats) -> Floats:
    """Return the sampling variance of one monthly factor of each series, (s,).

    Parameters
    ----------
    season : (s, 12) float
        Factors that value over trend scatters around.
    ratio : (s, t) float
        Value over trend; NaN where unknown.
    """
    known = np.isfinite(ratio)
    gap = ratio - season[:, np.arange(ratio.shape[1]) % PERIOD]
    n = known.sum(axis=1)
    variance = (np.where(known, gap, 0.0) ** 2).sum(axis=1) / np.maximum(n - 1, 1)
    variance = np.where(n > PERIOD / 2, variance, 1.0)
    seen = np.stack([known[:, m::PERIOD].sum(axis=1) for m in range(PERIOD)], axis=1)
    out: Floats = variance * (1.0 / np.maximum(seen, 0.25)).mean(axis=1)
    return out


def season_spread(gap: Floats, noise: Floats, can: Bools) -> float:
    """Return the variance of monthly factors around the shared season.

    Parameters
    ----------
    gap : (s, 12) float
        Own factor less the shared one.
    noise : (s,) float
        Sampling variance of one own factor.
    can : (s,) bool
        Rows that count.
    """
    return pooled_spread((gap**2).mean(axis=1), noise, can, FACTOR_SD**2)


def pooled_spread(square: Floats, noise: Floats, use: Bools, usual: float) -> float:
    """Return the variance of true values behind noisy ones, by moments.

    Parameters
    ----------
    square, noise : (s,) float
        Squared distance from the common value, and how much of it is noise.
    use : (s,) bool
    usual : float
        The variance believed before data; it weighs `PRIOR_SERIES` exact series.
    """
    weight = np.where(use, (usual / (usual + noise)) ** 2, 0.0)
    excess = float((weight * np.where(use, square - noise, 0.0)).sum())
    found = (excess + PRIOR_SERIES * usual) / (float(weight.sum()) + PRIOR_SERIES)
    return max(found, 1e-6)
