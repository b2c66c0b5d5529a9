"""The season of many monthly series at once: found, tested, shrunk and shared."""

from dataclasses import dataclass

import numpy as np

from ml.panel import Bools, Floats

PERIOD = 12


@dataclass(frozen=True, slots=True)
class Season:
    """Seasonal indices of a batch of series, by phase of the last column's cycle."""

    index: (
        Floats  # (s, 12) factor (multiplicative) or addend; column t has phase t % 12
    )
    is_multiplicative: Bools  # (s,)
    is_seasonal: Bools  # (s,) passed the test; the others have neutral indices

    def at(self, columns: np.ndarray) -> Floats:
        """Return the index of each column number, (s, n)."""
        return self.index[:, np.asarray(columns) % PERIOD]

    def remove(self, values: Floats) -> Floats:
        """Return `values` (s, t) without their season."""
        index = self.at(np.arange(values.shape[1]))
        multiplicative = self.is_multiplicative[:, None]
        factor = np.where(multiplicative, index, 1.0)
        return np.where(multiplicative, values / factor, values - index)

    def restore(self, values: Floats, first_column: int) -> Floats:
        """Return `values` (s, h) starting at a column number, with their season."""
        index = self.at(first_column + np.arange(values.shape[1]))
        multiplicative = self.is_multiplicative[:, None]
        return np.where(multiplicative, values * index, values + index)


def moving_trend(values: Floats) -> Floats:
    """Return the centred 2x12 moving average, NaN where the window is incomplete."""
    n, t = values.shape
    out = np.full((n, t), np.nan)
    if t > PERIOD:
        weights = np.full(PERIOD + 1, 1.0 / PERIOD)
        weights[[0, -1]] /= 2
        windows = np.lib.stride_tricks.sliding_window_view(values, PERIOD + 1, axis=1)
        out[:, PERIOD // 2 : t - PERIOD // 2] = windows @ weights
    return out


def seasonal_test(values: Floats, *, level: float = 1.645) -> Bools:
    """Return which series have a significant autocorrelation at lag 12, (s,).

    Notes
    -----
    The test of the Theta method: ``|r12| > level * sqrt((1 + 2 sum r_k^2) / n)``,
    see Assimakopoulos & Nikolopoulos 2000, doi:10.1016/S0169-2070(00)00066-2.
    """
    known = ~np.isnan(values)
    count = known.sum(axis=1)
    mean = np.where(known, values, 0.0).sum(axis=1) / np.maximum(count, 1)
    centred = np.where(known, values - mean[:, None], 0.0)
    variance = (centred**2).sum(axis=1)
    safe = np.maximum(variance, 1e-300)
    if values.shape[1] <= PERIOD:
        return np.zeros(len(values), dtype=bool)
    r = np.stack(
        [(centred[:, k:] * centred[:, :-k]).sum(axis=1) / safe
         for k in range(1, PERIOD + 1)]
    )  # fmt: skip
    limit = level * np.sqrt((1 + 2 * (r[:-1] ** 2).sum(axis=0)) / np.maximum(count, 1))
    out: Bools = (np.abs(r[-1]) > limit) & (count >= 2 * PERIOD) & (variance > 1e-12)
    return out


def find_season(values: Floats, *, is_tested: bool = True) -> Season:
    """Estimate each series' season by classical decomposition.

    Parameters
    ----------
    values : (s, t) float
        One row per series, NaN where unknown; the same calendar phase per column.
    is_tested : bool, default True
        Give a neutral season to series that fail `seasonal_test`.

    Returns
    -------
    Season
        Multiplicative where every known value is positive, additive elsewhere;
        factors average 1 and addends 0 over a year.
    """
    known = ~np.isnan(values)
    lowest = np.where(known, values, np.inf).min(axis=1, initial=np.inf)
    multiplicative = (lowest > 0) & np.isfinite(lowest)
    seasonal = seasonal_test(values) if is_tested else known.sum(axis=1) >= 2 * PERIOD
    index = np.where(multiplicative[:, None], 1.0, 0.0) * np.ones(PERIOD)
    trend = moving_trend(values)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(multiplicative[:, None], values / trend, values - trend)
    for phase in range(PERIOD):
        part = ratio[:, phase::PERIOD]
        have = ~np.isnan(part)
        total = np.where(have, part, 0.0).sum(axis=1)
        count = have.sum(axis=1)
        found = seasonal & (count > 0)
        index[found, phase] = total[found] / count[found]
    mean = index.mean(axis=1, keepdims=True)
    factor = index / np.where(multiplicative[:, None], mean, 1.0)
    index = np.where(multiplicative[:, None], factor, index - mean)
    low = multiplicative[:, None] & (index < 0.02)
    index = np.where(low, 0.02, index)
    return Season(index, multiplicative, seasonal)
