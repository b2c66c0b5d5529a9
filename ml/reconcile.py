"""Make forecasts of a hierarchy add up, exactly, at every level and month."""

from typing import Literal

import numpy as np
import polars as pl

from data_contracts import money
from data_contracts.errors import ForecastError
from ml.panel import Floats, check_columns

Method = Literal["mint", "top"]
MEMBER_COLUMNS: dict[str, pl.DataType] = {
    "series_id": pl.String(),
    "bottom_id": pl.String(),
}
COMMON_SHARE = 0.05  # correlation of errors between the smallest series
BOUNDS = ("p10", "p90", "lo80", "hi80", "lo95", "hi95")


def shrunk_covariance(residuals: Floats) -> Floats:
    """Return a covariance shrunk towards its diagonal, (n, n), positive definite.

    Parameters
    ----------
    residuals : (n, t) float
        One-step or hold-out errors of each series; no NaN.

    Notes
    -----
    Schaefer & Strimmer 2005, doi:10.2202/1544-6115.1175, as in MinT(shrink).
    """
    n, t = residuals.shape
    centred = residuals - residuals.mean(axis=1, keepdims=True)
    covariance = centred @ centred.T / t
    sd = np.sqrt(np.maximum(np.diag(covariance), 1e-300))
    z = centred / sd[:, None]
    r = z @ z.T / t
    variance = ((z**2) @ (z**2).T / t - r**2) / max(t - 1, 1)
    off = ~np.eye(n, dtype=bool)
    top, bottom = variance[off].sum(), (r[off] ** 2).sum()
    shrink = float(np.clip(top / bottom, 0.0, 1.0)) if bottom > 0 else 1.0
    r = np.where(off, (1 - shrink) * r, 1.0)
    out: Floats = r * sd[:, None] * sd[None, :]
    return out


def reconcile_array(
    base: Floats,
    summing: Floats,
    *,
    residuals: Floats | None = None,
    pinned: int | None = None,
    is_floored: bool = True,
    common_share: float = COMMON_SHARE,
) -> Floats:
    """Return forecasts that add up, (n, h).

    Parameters
    ----------
    base : (n, h) float
        Forecast of every node; the bottom nodes may stand anywhere.
    summing : (n, b) float, 0 or 1
        Which bottom nodes each node is the sum of.
    residuals : (n, t) float, optional
        Past errors; gives weights with correlations (needs some 12 columns).
        Without them a node's variance is its number of bottom nodes, and bottom
        nodes are wrong together to `common_share`.
    pinned : int, optional
        Row whose base forecast must not move; it must hold every bottom node.
    is_floored : bool, default True
        Clip bottom nodes at zero, then add up again.
    common_share : float in [0, 1), default 0.05
        Correlation of the bottom nodes' errors where no residuals are given: noisy
        small series all miss the same growth, which does not average out.

    Returns
    -------
    (n, h) float
        ``summing @ bottom`` exactly, so every sum agrees to rounding error.

    Notes
    -----
    MinT: bottom = (S'W^-1 S)^-1 S'W^-1 base; Wickramasuriya et al. 2019,
    doi:10.1080/01621459.2018.1448825.

    Examples
    --------
    >>> summing = np.array([[1.0, 1.0], [1.0, 0.0], [0.0, 1.0]])
    >>> base = np.array([[10.0], [4.0], [4.0]])
    >>> reconcile_array(base, summing, common_share=0.0).round(6).tolist()
    [[9.0], [4.5], [4.5]]
    """
    n, _ = summing.shape
    if residuals is not None and residuals.shape[1] >= 6:
        w = shrunk_covariance(residuals)
        w = w + np.eye(n) * (1e-9 * np.trace(w) / n + 1e-12)
    else:
        w = np.diag(summing.sum(axis=1))
        bottoms = np.flatnonzero(summing.sum(axis=1) == 1)
        w[np.ix_(bottoms, bottoms)] += common_share * (1 - np.eye(len(bottoms)))
    if pinned is not None:
        w[pinned, :] = 0.0
        w[:, pinned] = 0.0
        smallest = np.diag(w)[np.diag(w) > 0].min(initial=1.0)
        w[pinned, pinned] = smallest * 1e-7
    inverse_s = np.linalg.solve(w, summing)
    bottom = np.linalg.solve(summing.T @ inverse_s, inverse_s.T @ base)
    if is_floored:
        bottom = np.maximum(bottom, 0.0)
    if pinned is not None:
        total = (summing[pinned] @ bottom)[None]
        even = base[pinned][None] / summing[pinned].sum()
        safe = np.where(total == 0, 1.0, total)
        factor = base[pinned][None] / safe
        bottom = np.where(total == 0, even, bottom * factor)
    out: Floats = summing @ bottom
    return out


def reconcile(
    forecast: pl.DataFrame,
    members: pl.DataFrame,
    *,
    method: Method = "mint",
    residuals: pl.DataFrame | None = None,
    is_floored: bool = True,
) -> pl.DataFrame:
    """Reconcile the output of `BookingsEngine.fit_predict` over a hierarchy.

    Parameters
    ----------
    forecast : polars.DataFrame
        series_id, month_start, p50 and any of p10, p90, lo80, hi80, lo95, hi95;
        one row per series and month, every series in every month.
    members : polars.DataFrame
        series_id str, bottom_id str: one row for every bottom series a series is
        the sum of. Bottom series need no row for themselves.
    method : {"mint", "top"}, default "mint"
        "top" keeps the largest node's forecast and moves everything else.
    residuals : polars.DataFrame, optional
        series_id, month_start, error: past errors of the same series.
    is_floored : bool, default True
        Keep every node at zero or above.

    Returns
    -------
    polars.DataFrame
        The same columns, order and dtypes. p50 is whole cents and every node equals
        the sum of its bottom nodes exactly; bounds move with p50 and keep their
        distances (at or above zero when floored).

    Raises
    ------
    ValueError
        If a column is missing or a member has no forecast.
    ForecastError
        If a series misses a month, or with "top" no series holds all bottoms.
    """
    ids, months, base = _pivot(forecast, "p50")
    rows = check_columns(members, MEMBER_COLUMNS, "the hierarchy").unique()
    summing = _summing(rows, ids)
    past = None
    if residuals is not None:
        known, _, errors = _pivot(residuals, "error")
        if known == ids:
            past = errors
    pinned = None
    if method == "top":
        whole = np.flatnonzero(summing.sum(axis=1) == summing.shape[1])
        if len(whole) == 0:
            raise ForecastError(
                "no series is the sum of all bottom series, so no top can be pinned",
                fix="add the company to the hierarchy, or use method 'mint'",
            )
        pinned = int(whole[0])
    moved = reconcile_array(
        base, summing, residuals=past, pinned=pinned, is_floored=is_floored
    )
    exact = _whole_cents(moved, summing, ids, base, pinned)
    order = {series: i for i, series in enumerate(ids)}
    place = {month: i for i, month in enumerate(months)}
    at = [
        (order[s], place[m])
        for s, m in forecast.select("series_id", "month_start").iter_rows()
    ]
    new = np.array([exact[i, j] for i, j in at], dtype=np.float64)
    shift = new - forecast["p50"].cast(pl.Float64).to_numpy()
    columns = [pl.Series("p50", new)]
    for name in BOUNDS:
        if name in forecast.columns:
            value = forecast[name].cast(pl.Float64).to_numpy() + shift
            if is_floored:
                value = np.maximum(value, 0.0)
            columns.append(pl.Series(name, value))
    kinds = {c.name: forecast.schema[c.name] for c in columns}
    return forecast.with_columns(c.cast(kinds[c.name]) for c in columns)


def _pivot(frame: pl.DataFrame, value: str) -> tuple[list[str], list[object], Floats]:
    """Return sorted ids, sorted months and the (id, month) array of `value`."""
    lacking = [c for c in ("series_id", "month_start", value) if c not in frame.columns]
    if lacking:
        raise ValueError(f"the forecast lacks the columns {', '.join(lacking)}")
    ids = sorted(str(s) for s in frame["series_id"].unique())
    months = frame["month_start"].unique().sort().to_list()
    rows = frame.sort("series_id", "month_start")
    if rows.height != len(ids) * len(months):
        raise ForecastError(
            f"{len(ids)} series and {len(months)} months give {rows.height} rows",
            fix="forecast every series for the same months before reconciling",
        )
    values = rows[value].cast(pl.Float64).to_numpy().reshape(len(ids), len(months))
    return ids, months, values


def _summing(members: pl.DataFrame, ids: list[str]) -> Floats:
    """Return the (n, b) matrix of which bottoms each node holds."""
    parents = set(members["series_id"])
    bottoms = [s for s in ids if s not in parents]
    place = {s: j for j, s in enumerate(bottoms)}
    own = {s: s for s in members["series_id"]}
    summing = np.zeros((len(ids), len(bottoms)))
    for i, series in enumerate(ids):
        if series in place:
            summing[i, place[series]] = 1.0
    row = {s: i for i, s in enumerate(ids)}
    for series, bottom in members.iter_rows():
        if series not in row or (bottom not in place and bottom not in own):
            raise ValueError(f"member {series} of {bottom} has no forecast")
        if bottom in place:
            summing[row[series], place[bottom]] = 1.0
    return summing


def _whole_cents(
    moved: Floats, summing: Floats, ids: list[str], base: Floats, pinned: int | None
) -> np.ndarray:
    """Round bottoms to cents and add up; a pinned top is split to the cent."""
    bottom_rows = [
        int(np.flatnonzero((summing.sum(axis=1) == 1) & (summing[:, j] == 1))[0])
        for j in range(summing.shape[1])
    ]
    bottom = moved[bottom_rows]
    whole = np.rint(bottom).astype(np.int64)
    if pinned is not None:
        for h in range(bottom.shape[1]):
            total = int(np.rint(base[pinned, h]))
            weights = np.maximum(bottom[:, h], 0.0)
            whole[:, h] = money.split(total, [float(w) for w in weights])
    del ids
    return summing.astype(np.int64) @ whole
