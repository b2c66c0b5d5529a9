"""Read S-shaped responses at a price: what every place wants, and what lies near it.

Nothing is tabulated: a response rises ever faster and then ever slower, so each point
asked for is found by bisection.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Test = Callable[[NDArray[np.int64]], NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Curves:
    """Responses of all places to spending, in units of any size."""

    top: NDArray[np.float64]  # (n_places,) value that no spending exceeds
    scale: NDArray[np.float64]  # (n_places,) units of spending
    steep: NDArray[np.float64]  # (n_places,) 0 saturating, above 0 Hill's exponent

    def value(
        self, units: NDArray[np.int64] | NDArray[np.float64]
    ) -> NDArray[np.float64]:
        """Return what (..., n_places) units bring in each place."""
        share = units / self.scale
        with np.errstate(over="ignore"):
            power = np.power(share, np.maximum(self.steep, 1e-9))
        hill = np.where(np.isinf(power), 1.0, power / (1.0 + power))
        return np.asarray(self.top * np.where(self.steep > 0, hill, -np.expm1(-share)))

    def next_gain(self, units: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return what one unit more would add in each place."""
        return self.value(units + 1) - self.value(units)

    def steepest(self) -> NDArray[np.int64]:
        """Return, by place, the unit after which each further one adds less."""
        h = np.maximum(self.steep, 1.0)
        bend = self.scale * ((h - 1.0) / (h + 1.0)) ** (1.0 / h)
        after = np.minimum(bend, 2.0**62).astype(np.int64)
        before = np.maximum(after - 1, 0)
        return np.where(self.next_gain(before) > self.next_gain(after), before, after)


@dataclass(frozen=True, slots=True)
class PriceSplit:
    """The split that one price of budget gives, and what it proves."""

    spend: NDArray[np.int64]  # (n_places,) units, within the budget
    bound: float  # no split brings more
    price: float  # value of one more unit
    break_place: int  # place the price cannot decide; -1 where there is none
    break_units: int  # what the bound would spend there


@dataclass(frozen=True, slots=True)
class Choices:
    """Spendings that lose little against the price: the core of the problem."""

    start: NDArray[np.int64]  # (n_places + 1,) first row of each place
    units: NDArray[np.int64]  # (n_rows,) spending, rising within a place
    loss: NDArray[np.float64]  # (n_rows,) value lost against the place's best


def first_true(
    test: Test, low: NDArray[np.int64], high: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return, by place, the first number from low that passes; high if none does.

    The test must stay true once it is true; `high` itself is not tested.
    """
    first, last = low.copy(), high.copy()
    while (first < last).any():
        middle = (first + last) // 2
        passes = test(middle)
        last = np.where(passes & (first < last), middle, last)
        first = np.where(~passes & (first < last), middle + 1, first)
    return first


def split_by_price(
    curves: Curves, low: NDArray[np.int64], high: NDArray[np.int64], units: int
) -> PriceSplit:
    """Split by one price over concave envelopes.

    The envelope of a response is the straight line from its floor to the point where
    the average stops rising, and the response itself from there on: at any price a
    place spends its floor, or at least up to there.

    Parameters
    ----------
    curves : Curves
        Responses.
    low, high : (n_places,) int64, units
        Least and most spending; the least fit the budget.
    units : int
        Budget.

    Returns
    -------
    PriceSplit
        A split within the budget; the bound is the least over all prices.
    """
    value, at_floor = curves.value, curves.value(low)

    def average(count: NDArray[np.int64]) -> NDArray[np.float64]:
        return np.asarray((value(count) - at_floor) / np.maximum(count - low, 1))

    start = np.minimum(low + 1, high)
    jump = first_true(lambda j: curves.next_gain(j) < average(j), start, high)
    slope = np.where(jump > low, average(jump), 0.0)

    def wanted(price: float) -> NDArray[np.int64]:
        more = first_true(lambda j: curves.next_gain(j) < price, jump, high)
        return np.where((slope > 0) & (slope >= price), more, low)

    cheap, dear = 0.0, 2.0 * float(slope.max(initial=0.0)) + 1.0
    if int(wanted(0.0).sum()) <= units:
        dear = cheap
    for _ in range(200):
        middle = (cheap + dear) / 2
        if middle in (cheap, dear):
            break
        fits = int(wanted(middle).sum()) <= units
        cheap, dear = (cheap, middle) if fits else (middle, dear)
    most, least = wanted(cheap), wanted(dear)
    bound, price = min(
        (float(value(free).sum()) - p * float(free.sum() - units), p)
        for free, p in ((most, cheap), (least, dear))
    )
    left = units - int(least.sum())
    place, there = _break(least, np.where(least < jump, most - least, 0), left)
    return PriceSplit(
        spend=_filled(curves, least, jump, high, left),
        bound=bound,
        price=price,
        break_place=place,
        break_units=there,
    )


def _break(
    least: NDArray[np.int64], wide: NDArray[np.int64], left: int
) -> tuple[int, int]:
    """Return the place at which what is left runs out on the way over a jump."""
    places = np.flatnonzero(wide > 1)
    if places.size == 0:
        return -1, 0
    after = np.cumsum(wide[places])
    at = min(int(np.searchsorted(after, left, side="right")), places.size - 1)
    place = int(places[at])
    spent = left - int(after[at] - wide[place])
    return place, int(least[place]) + min(max(spent, 0), int(wide[place]) - 1)


def _filled(
    curves: Curves,
    spend: NDArray[np.int64],
    jump: NDArray[np.int64],
    high: NDArray[np.int64],
    left: int,
) -> NDArray[np.int64]:
    """Spend what is left: the next unit, or the way to the envelope where it fits."""
    spend = spend.copy()
    while left > 0:
        step = np.where(spend < jump, jump - spend, 1)
        step = np.minimum(np.minimum(step, left), high - spend)
        gain = curves.value(spend + step) - curves.value(spend)
        each = np.where(step > 0, gain / np.maximum(step, 1), 0.0)
        best = int(np.argmax(each)) if each.size else 0
        if not each.size or each[best] <= 0:
            break
        spend[best] += step[best]
        left -= int(step[best])
    return spend


def choices_near(
    curves: Curves,
    low: NDArray[np.int64],
    high: NDArray[np.int64],
    price: float,
    limit: float,
    most_rows: int,
) -> Choices | None:
    """List every spending that loses at most `limit` against the price.

    Parameters
    ----------
    curves : Curves
        Responses.
    low, high : (n_places,) int64, units
        Least and most spending.
    price : float, value per unit
        Price of budget.
    limit : float, value
        Largest loss of one place against its own best at this price.
    most_rows : int
        Give up beyond.

    Returns
    -------
    Choices or None
        None when there would be more than `most_rows`.

    Notes
    -----
    At a price a response first falls behind its floor, then rises to a peak, then
    falls: near the floor and around the peak lie all spendings of small loss.
    """
    middle = np.clip(curves.steepest(), low, np.maximum(high - 1, low))
    valley = first_true(lambda j: curves.next_gain(j) >= price, low, middle)
    is_falling = (curves.next_gain(middle) < price) | (low == high)
    valley = np.where(is_falling, high, valley)
    peak = first_true(
        lambda j: curves.next_gain(j) < price, np.maximum(valley, middle), high
    )

    def net(count: NDArray[np.int64]) -> NDArray[np.float64]:
        return curves.value(count) - price * count

    best = np.maximum(net(low), net(peak))
    floor_end = first_true(lambda j: best - net(j) > limit, low, valley + 1)
    begin = first_true(lambda j: best - net(j) <= limit, valley, peak + 1)
    end = first_true(lambda j: best - net(j) > limit, peak, high + 1)
    begin = np.maximum(begin, floor_end)
    end = np.maximum(end, begin)
    count = (floor_end - low) + (end - begin)
    if int(count.sum()) > most_rows:
        return None
    start = np.concatenate([[0], np.cumsum(count)])
    place = np.repeat(np.arange(count.size), count)
    step = np.arange(start[-1]) - start[place]
    near_floor = step < (floor_end - low)[place]
    units = np.where(
        near_floor, low[place] + step, begin[place] + step - (floor_end - low)[place]
    )
    mine = Curves(curves.top[place], curves.scale[place], curves.steep[place])
    loss = best[place] - (mine.value(units) - price * units)
    return Choices(start, units, np.maximum(loss, 0.0))
