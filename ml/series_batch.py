"""Forecast a whole batch of monthly series: members, weights and fall-backs.

The engine behind `ml.bookings`: arrays in, arrays out, no frames.
"""

from dataclasses import dataclass

import numpy as np

from ml.intervals import ErrorPool, naive_scale, pool_errors
from ml.panel import Bools, Floats
from ml.seasonality import PERIOD, Season, find_season, moving_trend
from ml.smoothing import forecast_damped, forecast_seasonal, forecast_theta

MEMBERS = ("theta", "damped", "seasonal", "log seasonal")
SHARE_MEMBER = "share of parent"  # a fifth member, where series have a parent
SHARE_HALF_LIFE = 12.0  # months; how fast a child may gain or lose share of its parent
THIN = 12  # points below which a series has no season or trend of its own
LONGEST = 144  # months read; older ones no longer help
OUTLIER_SDS = 6.0
SEASON_SD = 0.05  # how far a series' monthly factors usually are from its parent's


@dataclass(frozen=True, slots=True)
class Parents:
    """The series others lean on, and who leans on which."""

    values: Floats  # (p, t) months as in the batch, any unit
    of: np.ndarray  # (s,) int place of each series' parent, -1 where it has none
    season: Floats  # (p, 12) factors by phase of the column; NaN rows have none

    def shared(self, rows: np.ndarray) -> Floats:
        """Return the parent's season of some series, NaN where it has none."""
        of = self.of[rows]
        return np.where((of >= 0)[:, None], self.season[of], np.nan)

    def part(self, rows: np.ndarray, stop: int) -> "Parents":
        """Return the parents of some series, cut before a column."""
        return Parents(self.values[:, :stop], self.of[rows], self.season)

    def shares(self, values: Floats, horizon: int) -> Floats:
        """Return each child's recent share of its parent times the parent's ahead."""
        ahead = forecast_members(self.values, horizon, None).mean(axis=0)
        t = values.shape[1]
        weight = 0.5 ** (np.arange(t)[::-1] / SHARE_HALF_LIFE)
        mine = self.values[np.maximum(self.of, 0)]
        both = ~np.isnan(values) & ~np.isnan(mine)
        above = np.where(both, values, 0.0) @ weight
        below = np.where(both, mine, 0.0) @ weight
        share = np.divide(above, below, out=np.zeros(len(values)), where=below > 0)
        out: Floats = share[:, None] * ahead[np.maximum(self.of, 0)]
        return out


@dataclass(frozen=True, slots=True)
class BatchForecast:
    """Forecasts of a batch with interval widths in the series' own units."""

    point: Floats  # (s, h)
    half_width: Floats  # (s, h, 2) for 80 and 95 %
    is_thin: Bools  # (s,)
    is_constant: Bools  # (s,)
    outliers_count: np.ndarray  # (s,) values pulled in before fitting
    weights: Floats  # (4, members): unseasonal, seasonal; the same with a parent
    pool: ErrorPool


def winsorise(values: Floats) -> tuple[Floats, np.ndarray]:
    """Pull lone spikes back to 6 robust sds from their surroundings.

    Returns
    -------
    values : (s, t) float
    count : (s,) int
        Values changed in each row.

    Notes
    -----
    The surroundings are the median of 7 deseasonalised months, so a level shift is
    no spike. Only gaps larger than the row's usual level count: real months vary.
    """
    known = ~np.isnan(values)
    season = find_season(values)
    flat = season.remove(values)
    edge = np.pad(flat, ((0, 0), (3, 3)), constant_values=np.nan)
    windows = np.lib.stride_tricks.sliding_window_view(edge, 7, axis=1)
    n, t = values.shape
    middle = _nan_median(windows.reshape(n * t, 7)).reshape(n, t)
    gap = np.where(known, flat - middle, np.nan)
    sd = 1.4826 * _nan_median(np.abs(gap))
    level = _nan_median(np.abs(flat))
    limit = np.maximum(OUTLIER_SDS * sd, level)[:, None]
    far = known & (np.abs(np.where(known, gap, 0.0)) > limit)
    far &= (known.sum(axis=1) >= THIN)[:, None]
    # Zeros and spikes are the nature of an intermittent series, not outliers.
    far &= ((known & (values == 0)).mean(axis=1) < 0.2)[:, None]
    pulled = season.restore(middle + np.clip(gap, -limit, limit), 0)
    return np.where(far, pulled, values), far.sum(axis=1)


def _nan_median(values: Floats) -> Floats:
    """Return the median of each row without its NaNs; 0 for an empty row."""
    order = np.sort(np.where(np.isnan(values), np.inf, values), axis=1)
    n = (~np.isnan(values)).sum(axis=1)
    rows = np.arange(len(values))
    low, high = np.maximum(n - 1, 0) // 2, n // 2
    high = np.minimum(high, values.shape[1] - 1)
    both = (order[rows, low] + order[rows, high]) / 2
    out: Floats = np.where((n > 0) & np.isfinite(both), both, 0.0)
    return out


def forecast_members(values: Floats, horizon: int, parents: Parents | None) -> Floats:
    """Return every member's forecast, (members, s, h).

    Parameters
    ----------
    values : (s, t) float
    horizon : int
    parents : Parents or None
        Series whose season and growth the rows lean on; adds the member
        `SHARE_MEMBER`, which is the mean of the others for rows without a parent.
    """
    t = values.shape[1]
    shared = None if parents is None else parents.shared(np.arange(len(values)))
    own = _leaning(find_season(values), values, shared)
    flat = own.remove(values)
    count = len(MEMBERS) + (parents is not None)
    out = np.empty((count, len(values), horizon))
    out[0] = own.restore(forecast_theta(flat, horizon)[0], t)
    out[1] = own.restore(forecast_damped(flat, horizon)[0], t)
    full = _leaning(find_season(values, is_tested=False), values, shared)
    level = np.nanmean(np.where(np.isnan(values), np.nan, values), axis=1)
    addend = np.where(
        full.is_multiplicative[:, None], (full.index - 1) * level[:, None], full.index
    )
    addend = np.where(np.isfinite(addend), addend, 0.0)
    out[2] = forecast_seasonal(values, horizon, addend)[0]
    positive = full.is_multiplicative
    logs = np.log(np.where(positive[:, None] & (values > 0), values, np.nan))
    log_index = np.where(positive[:, None], np.log(np.maximum(full.index, 1e-3)), 0.0)
    log_index -= log_index.mean(axis=1, keepdims=True)
    ahead = forecast_seasonal(logs, horizon, log_index)[0]
    top = np.where(positive, np.nanmax(np.where(positive[:, None], logs, 0), axis=1), 0)
    ahead = np.exp(np.minimum(ahead, top[:, None] + 1.5))
    out[3] = np.where(positive[:, None], ahead, out[2])
    if parents is not None:
        has = (parents.of >= 0)[:, None]
        others = out[: len(MEMBERS)].mean(axis=0)
        out[4] = np.where(has, parents.shares(values, horizon), others)
    return out


def _leaning(season: Season, values: Floats, shared: Floats | None) -> Season:
    """Shrink each season to the shared one by its own noise."""
    if shared is None:
        return season
    has = np.asarray(np.isfinite(shared).all(axis=1))
    years = (~np.isnan(values)).sum(axis=1) / PERIOD
    trend = moving_trend(values)
    index_at = season.index[:, np.arange(values.shape[1]) % PERIOD]
    below = np.where(trend > 0, trend, np.nan) * np.where(
        index_at == 0, np.nan, index_at
    )
    noise = values / below
    known = np.isfinite(noise)
    n = known.sum(axis=1)
    mean = np.where(known, noise, 0.0).sum(axis=1) / np.maximum(n, 1)
    gap = np.where(known, noise - mean[:, None], 0.0)
    sd = np.where(n > 0, np.sqrt((gap**2).sum(axis=1) / np.maximum(n, 1)), np.nan)
    sd = np.where(np.isfinite(sd), sd, 1.0)
    trust = SEASON_SD**2 / (SEASON_SD**2 + sd**2 / np.maximum(years - 1, 0.25))
    trust = np.where(season.is_multiplicative & (years >= 2), trust, 0.0)
    level = np.array([np.nanmean(v) if (~np.isnan(v)).any() else 0.0 for v in values])
    own = find_season(values, is_tested=False)
    target = np.where(np.isnan(shared), 1.0, shared)
    factor = trust[:, None] * own.index + (1 - trust[:, None]) * target
    index = np.where(
        season.is_multiplicative[:, None], factor, (target - 1) * level[:, None]
    )
    return Season(
        np.where(has.reshape(-1, 1), index, season.index),
        season.is_multiplicative,
        season.is_seasonal | has,
    )


def forecast_batch(
    values: Floats, horizon: int, *, parents: Parents | None = None, origins: int = 1
) -> BatchForecast:
    """Forecast every row with intervals calibrated on the rows' own pasts.

    Parameters
    ----------
    values : (s, t) float
        Months in columns, the last known one last; NaN where unknown.
    horizon : int
    parents : Parents, optional
        Series whose season and growth to lean on.
    origins : int, default 1
        Past origins whose errors calibrate weights and widths.

    Returns
    -------
    BatchForecast
    """
    if parents is not None:
        parents = _recent(parents)
    values = values[:, -LONGEST:]
    clean, pulled = winsorise(values)
    count = (~np.isnan(values)).sum(axis=1)
    constant = _is_constant(values)
    thin = count < THIN
    scale = naive_scale(clean)
    weights, scaled = _calibrate(clean, horizon, parents, origins)
    point = _combine(clean, horizon, parents, weights)
    point = np.where(constant[:, None], _last_known(values)[:, None], point)
    pool = pool_errors(scaled, horizon)
    # A row without a scale borrows the pool's usual scale for its level.
    level = np.nanmean(np.abs(np.where(count[:, None] > 0, values, 0.0)), axis=1)
    usual = (
        np.nanmedian(scale / np.maximum(level, 1e-9))
        if (np.isfinite(scale).any())
        else 0.3
    )
    use = np.where(np.isfinite(scale), scale, usual * level)
    use = np.where(thin, np.maximum(use, usual * level), use)
    width = use[:, None, None] * pool.width[None]
    return BatchForecast(point, width, thin, constant, pulled, weights, pool)


def _recent(parents: Parents) -> Parents:
    """Cut parents to the months read; turn their seasons to the new first column."""
    trim = max(parents.values.shape[1] - LONGEST, 0)
    season = np.roll(parents.season, -(trim % PERIOD), axis=1)
    return Parents(parents.values[:, trim:], parents.of, season)


def _kinds(values: Floats, parents: Parents | None) -> np.ndarray:
    """Return the class of each row whose member weights it shares, 0 to 3."""
    kind = find_season(values).is_seasonal.astype(int)
    return kind if parents is None else kind + 2 * (parents.of >= 0)


def _is_constant(values: Floats) -> Bools:
    """Return which rows never change, one-point rows included."""
    known = ~np.isnan(values)
    low = np.where(known, values, np.inf).min(axis=1)
    high = np.where(known, values, -np.inf).max(axis=1)
    out: Bools = ~(high > low)
    return out


def _last_known(values: Floats) -> Floats:
    """Return the last known value of each row; 0 for an empty row."""
    known = ~np.isnan(values)
    place = values.shape[1] - 1 - np.argmax(known[:, ::-1], axis=1)
    last = values[np.arange(len(values)), place]
    return np.where(known.any(axis=1), last, 0.0)


def _calibrate(
    values: Floats, horizon: int, parents: Parents | None, origins: int
) -> tuple[Floats, Floats]:
    """Learn member weights by seasonality class and collect scaled errors."""
    t = values.shape[1]
    n_members = len(MEMBERS) + (parents is not None)
    weights = np.full((4, n_members), 1.0 / n_members)
    kinds = _kinds(values, parents)
    runs = []
    for back in range(origins):
        cut = t - horizon - back * max(1, horizon // 2)
        enough = (~np.isnan(values[:, : max(cut, 0)])).sum(axis=1) >= 2 * THIN
        if cut < THIN or not enough.any():
            break
        rows = np.flatnonzero(enough)
        past = values[rows, :cut]
        members = forecast_members(
            past, horizon, None if parents is None else parents.part(rows, cut)
        )
        actual = np.full((len(rows), horizon), np.nan)
        after = values[rows, cut : cut + horizon]
        actual[:, : after.shape[1]] = after
        # The scale must be known at the origin too.
        past_scale = naive_scale(past)
        runs.append((rows, members, actual, past_scale))
    if not runs:
        return weights, np.empty((0, horizon))
    loss = np.zeros((4, n_members))
    seen = np.zeros(4)
    for rows, members, actual, past_scale in runs:
        error = np.abs(members - actual) / past_scale[:, None]
        good = np.isfinite(error).all(axis=0)
        for kind in range(4):
            mine = good & (kinds[rows] == kind)[:, None]
            loss[kind] += error[:, mine].sum(axis=1)
            seen[kind] += mine.sum() / horizon
    for kind in range(4):
        if seen[kind] > 0:
            relative = loss[kind] / loss[kind].min()
            sure = seen[kind] / (seen[kind] + 20.0)
            raw = relative ** (-12.0 * sure)
            weights[kind] = raw / raw.sum()
    scaled = []
    for rows, members, actual, past_scale in runs:
        mixed = np.einsum("ms,msh->sh", weights[kinds[rows]].T, members)
        scaled.append((actual - mixed) / past_scale[:, None])
    return weights, np.concatenate(scaled)


def _combine(
    values: Floats, horizon: int, parents: Parents | None, weights: Floats
) -> Floats:
    """Return the weighted forecast; thin rows get their level and a shared season."""
    n, t = values.shape
    count = (~np.isnan(values)).sum(axis=1)
    out = np.zeros((n, horizon))
    full = np.flatnonzero(count >= THIN)
    if len(full):
        part = None if parents is None else parents.part(full, t)
        members = forecast_members(values[full], horizon, part)
        kinds = _kinds(values[full], part)
        out[full] = np.einsum("ms,msh->sh", weights[kinds].T, members)
    few = np.flatnonzero((count < THIN) & (count > 0))
    shared = None if parents is None else parents.shared(np.arange(n))
    for i in few:
        factor = np.ones(PERIOD)
        if shared is not None and not np.isnan(shared[i]).any():
            factor = shared[i]
        known = np.flatnonzero(~np.isnan(values[i]))
        recent = known[-6:]
        level = float(np.mean(values[i, recent] / factor[recent % PERIOD]))
        out[i] = level * factor[(t + np.arange(horizon)) % PERIOD]
    lowest = np.where(np.isnan(values), np.inf, values).min(axis=1)
    return np.where((lowest >= 0)[:, None], np.maximum(out, 0.0), out)
