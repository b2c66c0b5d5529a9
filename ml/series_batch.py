"""Forecast a whole batch of monthly series: members, weights and fall-backs.

The engine behind `ml.bookings`: arrays in, arrays out, no frames.
"""

from dataclasses import dataclass

import numpy as np

from ml.intervals import ErrorPool, naive_scale, pool_errors
from ml.mixture import best_mixture
from ml.panel import Bools, Floats
from ml.seasonality import PERIOD, Season, find_season, moving_trend
from ml.shared_season import current_share, deepened, factor_noise, season_spread
from ml.smoothing import forecast_damped, forecast_seasonal, forecast_theta

MEMBERS = ("theta", "damped", "seasonal", "log seasonal")
SHARE_MEMBER = "share of parent"  # a fifth member, where series have a parent
THIN = 12  # points below which a series has no season or trend of its own
LONGEST = 144  # months read; older ones no longer help
OUTLIER_SDS = 6.0


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
        """Return the parents of some series, as they were known before a column."""
        seen, season = self.values[:, :stop], self.season
        if stop < self.values.shape[1]:
            season = parent_season(seen)
        return Parents(seen, self.of[rows], season)

    def ahead(self, horizon: int) -> Floats:
        """Return the parents' own forecasts, in the season their children share."""
        plain = forecast_members(self.values, horizon, None).mean(axis=0)
        flat = Season(
            np.where(np.isnan(self.season), 1.0, self.season),
            np.ones(len(self.values), dtype=bool),
            np.ones(len(self.values), dtype=bool),
        )
        level = flat.remove(self.values)
        both = (
            forecast_theta(level, horizon)[0] + forecast_damped(level, horizon)[0]
        ) / 2
        led = flat.restore(both, self.values.shape[1])
        has_none = np.asarray(np.isnan(self.season).any(axis=1))
        return np.where(has_none.reshape(-1, 1), plain, led)

    def shares(self, values: Floats, season: Floats, horizon: int) -> Floats:
        """Return each child's share of its parent today times the parent's ahead.

        `season` (s, 12) holds the parent's factors at each child's depth: where its
        quarter-end is steeper than the parent's, so is its share in those months.
        """
        ahead = self.ahead(horizon)
        t = values.shape[1]
        mine = self.values[np.maximum(self.of, 0)]
        usual = self.shared(np.arange(len(values)))
        bend = np.where(np.isfinite(usual) & (usual > 0), season / usual, 1.0)
        at = np.arange(t + horizon) % PERIOD
        share = current_share(values / bend[:, at[:t]], mine)
        out: Floats = share[:, None] * ahead[np.maximum(self.of, 0)] * bend[:, at[t:]]
        return out


def parent_season(totals: Floats) -> Floats:
    """Return the factors children may share, (p, 12); NaN for a parent without any."""
    found = find_season(totals, is_tested=False)
    real = found.is_multiplicative & found.is_seasonal
    return np.where(real[:, None], found.index, np.nan)


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
    own, _ = _leaning(find_season(values), values, shared)
    flat = own.remove(values)
    count = len(MEMBERS) + (parents is not None)
    out = np.empty((count, len(values), horizon))
    out[0] = own.restore(forecast_theta(flat, horizon)[0], t)
    out[1] = own.restore(forecast_damped(flat, horizon)[0], t)
    full, deep = _leaning(find_season(values, is_tested=False), values, shared)
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
        out[4] = np.where(has, parents.shares(values, deep, horizon), others)
    return out


def _leaning(
    season: Season, values: Floats, shared: Floats | None
) -> tuple[Season, Floats]:
    """Lean each season on the shared one, at the row's own depth, by its own noise.

    Also returns the factors of the shared season at that depth, (s, 12).
    """
    if shared is None:
        return season, np.ones((len(values), PERIOD))
    has = np.asarray(np.isfinite(shared).all(axis=1))
    years = (~np.isnan(values)).sum(axis=1) / PERIOD
    own = find_season(values, is_tested=False)
    multiplicative = season.is_multiplicative
    can = multiplicative & (years >= 2) & has
    trend = moving_trend(values)
    ratio = values / np.where(trend > 0, trend, np.nan)
    target = deepened(np.where(has[:, None], shared, 1.0), ratio, can)
    noise = factor_noise(target, ratio)
    spread = season_spread(own.index - target, noise, can)
    trust = np.where(can, spread / (spread + noise), 0.0)
    level = np.array([np.nanmean(v) if (~np.isnan(v)).any() else 0.0 for v in values])
    factor = trust[:, None] * own.index + (1 - trust[:, None]) * target
    index = np.where(multiplicative[:, None], factor, (target - 1) * level[:, None])
    leaning = Season(
        np.where(has[:, None], index, season.index),
        multiplicative,
        season.is_seasonal | has,
    )
    return leaning, target


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
    product = np.zeros((4, n_members, n_members))
    for rows, members, actual, past_scale in runs:
        error = (members - actual) / past_scale[:, None]
        good = np.isfinite(error).all(axis=0)
        for kind in range(4):
            mine = good & (kinds[rows] == kind)[:, None]
            loss[kind] += np.abs(error[:, mine]).sum(axis=1)
            product[kind] += error[:, mine] @ error[:, mine].T
            seen[kind] += mine.sum() / horizon
    for kind in range(4):
        if seen[kind] > 0:
            relative = loss[kind] / loss[kind].min()
            sure = seen[kind] / (seen[kind] + 20.0)
            raw = relative ** (-12.0 * sure)
            weights[kind] = raw / raw.sum()
            if kind >= 2:
                weights[kind] = best_mixture(product[kind], weights[kind], sure)
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
