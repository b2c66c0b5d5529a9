"""Tell a leading measure that has left its usual from weeks that are merely noisy.

The arithmetic of the weekly watch, over arrays; the nightly version is SQL and this is
what it is held to. `ml.drift.accumulate` adds the evidence up, as for attainment.
"""

from dataclasses import dataclass

import numpy as np

from ml.drift import gamma_score
from ml.panel import Floats

YEAR = 52  # weeks
HALF_YEAR = 26
BLOCK = 4  # weeks that may hang together, such as those of a month
WEEKS_A_MONTH = YEAR / 12
FARTHEST_WEEK = 3.0  # one week, such as one of holidays, says no more than this
WANDER_SHARE = 0.03  # by which a market may wander within a year and be as usual
GROWTH_SHARE = 0.15  # pardoned where no second year tells how fast a flow grew
DOUBT_SHARE = 0.5  # of a standard error of what is expected, pardoned
# A year of growth is stretched over half a year that is learned from and half a plan.
GROWTH_REACH = ((HALF_YEAR + HALF_YEAR / 2) / YEAR) ** 2


@dataclass(frozen=True, slots=True)
class WeekScores:
    """How unusual the weeks after a plan took force were."""

    expected: Floats  # (s, t) what going on as usual would have brought
    below: Floats  # (s, t) scores counted from the lower end of what is usual
    above: Floats  # (s, t) from the upper end


def leading_scores(
    actual: Floats, exposure: Floats | None, total: Floats, start: int
) -> WeekScores:
    """Score the year of weeks from `start` on beside the weeks before it.

    Parameters
    ----------
    actual : (s, t) float, >= 0
        What happened in each week at each node of one level: deals opened, deals won,
        or money won. The first week is the first of the company.
    exposure : (s, t) float, >= 0, optional
        What it is a share of: deals decided for a win rate, deals won for a deal size.
        Without it the measure is a flow, with a season.
    total : (t,) float, >= 0
        The flow of the whole company, which tells every node its season; not looked
        at where `exposure` is given.
    start : int
        First week under the plan; what is usual is learned from weeks before it alone.

    Returns
    -------
    WeekScores
        Of at most 52 weeks from `start`; NaN below 52 weeks of history.

    Notes
    -----
    A flow is expected to go on at the level of its last half-year, growing as it grew
    and with the season of `season`; a share at the rate of its last year. Its variance
    is a multiple of its mean: Pearson's, of weeks or of blocks of four, whichever is
    more, so that weeks that hang together do not count twice. What is not known of the
    expectation and what a market may wander is pardoned on either side.

    References
    ----------
    .. [1] McCullagh & Nelder, Generalized Linear Models, 2nd ed. 1989, section 4.5.

    Examples
    --------
    >>> week = np.array([[4.0, 6.0] * 52 + [1.0] * 8])
    >>> scores = leading_scores(week, None, week[0], 104)
    >>> scores.expected[0, :2].round(1).tolist(), bool((scores.below < -0.5).all())
    ([5.0, 5.0], True)
    """
    ends = min(start + YEAR, actual.shape[1])
    if start < YEAR:
        nothing = np.full((len(actual), max(ends - start, 0)), np.nan)
        return WeekScores(nothing, nothing, nothing)
    has_growth = exposure is None and start >= 2 * YEAR
    wander, of_growth, least = WANDER_SHARE, 0.0, 0.0
    if exposure is None:
        least = 1.0  # deals come one by one, or in bursts; never more evenly
        wander = WANDER_SHARE if has_growth else GROWTH_SHARE
        known = season(total, start, ends)
        due = np.broadcast_to(known, (len(actual), len(known)))
        if has_growth:
            wide = float(
                dispersion(total[None, start - YEAR : start], due[:1, :YEAR])[0]
            )
            counted = max(float(total[start - 2 * YEAR : start].sum()), 1.0)
            of_growth = GROWTH_REACH * 4 * max(wide, least) / counted
    else:
        due = exposure[:, start - YEAR : ends]
    got = actual[:, start - YEAR : ends]
    factor = np.maximum(dispersion(got[:, :YEAR], due[:, :YEAR]), least)[:, None]
    recent = slice(YEAR - (HALF_YEAR if has_growth else YEAR), YEAR)
    seen, asked = got[:, recent].sum(1), due[:, recent].sum(1)
    level = np.divide(seen, asked, out=np.zeros(len(seen)), where=asked > 0)
    expected = level[:, None] * due[:, YEAR:]
    doubt = np.sqrt(factor / np.maximum(seen, 1e-9)[:, None] + of_growth)
    pardon = np.minimum(wander + DOUBT_SHARE * doubt, 0.9)

    def scored(mean: Floats, deals: Floats | None) -> Floats:
        z = gamma_score(
            got[:, YEAR:], mean, factor * mean, deals=deals, method="cube root"
        )
        return np.clip(z, -FARTHEST_WEEK, FARTHEST_WEEK)

    least_due, most_due = expected * (1 - pardon), expected / (1 - pardon)
    return WeekScores(
        expected,
        # that an empty week of so few deals is rare is no evidence of a shortfall
        scored(least_due, least_due / np.maximum(factor, 1.0)),
        scored(most_due, None),
    )


def season(total: Floats, start: int, ends: int) -> Floats:
    """Return growth times season of a flow, from a year before `start` to `ends`.

    Parameters
    ----------
    total : (t,) float, >= 0
        The company's flow by week; weeks from `start` on are not looked at.
    start, ends : int
        First week that is not history, and the week after the last one asked for, at
        most a year later.

    Returns
    -------
    (52 + ends - start,) float, > 0
        1 throughout with less than two years of history.

    Notes
    -----
    Growth is that of the last year over the one before. A week's season is what the
    same week a year earlier was to its year (smoothed by 1/4, 1/2, 1/4), as far as the
    year before foretold the last one: the slope of one on the other, from 0 to 1. In a
    company of few deals or without a season it is near 0, and nothing is made of noise.
    """
    if start < 2 * YEAR:
        return np.ones(YEAR + ends - start)
    weeks = np.arange(-2 * YEAR, ends - start)
    before, last = (
        max(float(total[start - YEAR * n : start - YEAR * (n - 1)].sum()), 1.0)
        for n in (2, 1)
    )
    trend = (last / before) ** (weeks / YEAR)
    flat = total[start - 2 * YEAR : start] / trend[: 2 * YEAR]
    smooth = flat.copy()
    smooth[1:-1] = (flat[:-2] + 2 * flat[1:-1] + flat[2:]) / 4
    levels = flat.reshape(2, YEAR).mean(axis=1)
    if not (levels > 0).all():
        return trend[YEAR:]
    off = smooth / levels.repeat(YEAR) - 1
    own = flat[YEAR:] / levels[1] - 1
    square = float((off[:YEAR] ** 2).sum())
    slope = float((own * off[:YEAR]).sum()) / square if square > 0 else 0.0
    told = min(max(slope, 0.0), 1.0) * off[: len(weeks) - YEAR]
    usual: Floats = trend[YEAR:] * (1 + told)
    return usual


def dispersion(actual: Floats, due: Floats) -> Floats:
    """Return variance over mean of a year of weeks at each node of a level.

    Parameters
    ----------
    actual : (s, 52) float, >= 0
    due : (s, 52) float, >= 0
        What the actual is proportional to; a node's rate is its sums' ratio.

    Returns
    -------
    (s,) float, >= 0
        Pearson's, of weeks or of blocks of four weeks, whichever is more; a node's own
        counts twice, the mean of its level once.
    """
    asked = due.sum(axis=1)
    rate = np.divide(actual.sum(1), asked, out=np.zeros(len(asked)), where=asked > 0)
    fitted = rate[:, None] * due
    found = []
    for weeks in (1, BLOCK):
        got, mean = (
            each.reshape(len(each), -1, weeks).sum(axis=2) for each in (actual, fitted)
        )
        safe = np.where(mean > 0, mean, 1.0)
        square = np.where(mean > 0, (got - mean) ** 2 / safe, 0.0).sum(axis=1)
        own = square / np.maximum((mean > 0).sum(axis=1) - 1, 1)
        found.append((2 * own + own.mean()) / 3)
    wider: Floats = np.maximum(found[0], found[1])
    return wider
