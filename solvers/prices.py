"""Find the price of a unit of load at each rep that makes balanced books cheapest.

The dual of the alignment: with the right prices every account may choose its rep
alone, and the prices themselves prove how cheap any plan can be.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from solvers.ascent import climb
from solvers.kernel import compiled
from solvers.pairs import Pairs, list_cents, pair_cents, price_all, unit_offsets
from solvers.units import Part

FIRST_CANDIDATES = 8
NEW_CANDIDATES = 5
SPREAD_CANDIDATES = 6
MOST_CANDIDATES = 48
MOST_KNOWN_PAIRS = 40_000_000  # 320 MB; larger parts work costs out again
CORNER_SHARE = 0.1
FIRST_STEPS = 50  # in each earlier stage
WARM_STAGES = 2  # of them, from prices of nearly the same question
COOLEST = 5e-4  # last temperature, as a share of the usual cost difference
PRICE_BOX = 10.0  # dearest load of a whole book, in mean costs of a book


@dataclass(frozen=True, slots=True)
class Climb:
    """How long prices are climbed: any prove a bound, better ones a higher one."""

    stages: int
    last_steps: int  # in each of the last two stages
    enough: float  # a late stage ends when a step gains less than this share
    width: int  # new candidates per unit and stage, and as many to spread ties


FULL = Climb(8, 250, 1e-8, 5)
REPAIR = Climb(6, 120, 2e-7, 5)  # owners mostly stand right: rougher prices will do
REALIGN = Climb(6, 30, 1e-5, 5)  # only who must move is asked: few books need a price
COUNT = Climb(4, 120, 1e-7, 3)  # a number of accounts needs no nine digits


@dataclass(slots=True)
class Candidates:
    """Reps worth considering for each unit; grows while prices are found."""

    rep: NDArray[np.int64]  # (n_units, MOST_CANDIDATES) -1 where unused
    cents: NDArray[np.float64]  # the unpriced cost
    count: NDArray[np.int64]  # (n_units,)


@dataclass(frozen=True, slots=True)
class Prices:
    """Prices of load and the bound they prove."""

    load_price: NDArray[np.float64]  # (n_reps, n_metrics) cents per unit of load
    budget_price: float  # cents per unit of disruption
    bound: float  # cents; no legal plan of this part costs less
    candidates: Candidates
    usual_cents: float  # typical cost difference between a unit's reps


@compiled
def _merge(
    rep: NDArray[np.int64],
    cents: NDArray[np.float64],
    count: NDArray[np.int64],
    new_rep: NDArray[np.int64],
    new_cents: NDArray[np.float64],
) -> int:
    """Add reps that a unit's list does not hold yet; return how many were added."""
    added = 0
    for unit in range(rep.shape[0]):
        for j in range(new_rep.shape[1]):
            r = new_rep[unit, j]
            if r < 0 or count[unit] >= rep.shape[1]:
                break
            known = False
            for i in range(count[unit]):
                if rep[unit, i] == r:
                    known = True
                    break
            if not known:
                rep[unit, count[unit]] = r
                cents[unit, count[unit]] = new_cents[unit, j]
                count[unit] += 1
                added += 1
    return added


@compiled
def _owners(pairs: Pairs, owner: NDArray[np.int64], cents: NDArray[np.float64]) -> None:
    """Write each unit's eligible present owners, -1 elsewhere."""
    for unit in range(pairs.load.shape[0]):
        kind = pairs.kind[unit]
        spot = 0
        for j in range(pairs.stay_start[unit], pairs.stay_start[unit + 1]):
            r = pairs.stay_rep[j]
            for e in range(pairs.kind_start[kind], pairs.kind_start[kind + 1]):
                if pairs.kind_rep[e] == r and spot < owner.shape[1]:
                    owner[unit, spot] = r
                    cents[unit, spot] = pair_cents(pairs, unit, r)
                    spot += 1
                    break


def find_prices(
    part: Part,
    *,
    how: Climb = FULL,
    warm: NDArray[np.float64] | None = None,
    enough: float = np.inf,
) -> Prices:
    """Maximise the dual bound of one part.

    Parameters
    ----------
    part : Part
        Units, reps and what room they have.
    how : Climb, default FULL
        How long to climb.
    warm : (n_reps, n_metrics) float64, cents per unit of load, optional
        Prices of nearly the same question: only the last stages are run from them.
    enough : float, default inf
        Stop as soon as the bound is above this: nothing better can be proven.

    Returns
    -------
    Prices
        The best bound seen, proven over **all** eligible pairs by one pricing pass,
        with the prices that prove it.

    Notes
    -----
    Lagrangian dual of the generalized assignment problem with two-sided rows,
    maximised through its entropy-smoothed form by L-BFGS while the smoothing
    cools; columns enter by their reduced cost after each stage. Every price is
    boxed, which makes the bands elastic and keeps the dual finite.

    References
    ----------
    .. [1] Fisher, "The Lagrangian Relaxation Method", Management Science 27(1),
       1981, doi:10.1287/mnsc.27.1.1.
    .. [2] Nesterov, "Smooth minimization of non-smooth functions", Mathematical
       Programming 103, 2005, doi:10.1007/s10107-004-0552-5.
    """
    return _Ascent(part).run(how, warm, enough)


class _Ascent:
    """One maximisation: its variables, scales and growing candidate lists."""

    def __init__(self, part: Part) -> None:
        self.part, self.pairs = part, part.pairs
        n, (k, g) = part.pairs.load.shape[0], part.lower.shape
        self.shape = (k, g)
        self.candidates = Candidates(
            np.full((n, MOST_CANDIDATES), -1, dtype=np.int64),
            np.zeros((n, MOST_CANDIDATES)),
            np.zeros(n, dtype=np.int64),
        )
        self.has_budget = bool(np.isfinite(part.budget))
        self.zero = np.zeros((k, g))
        self.start = unit_offsets(self.pairs)
        is_small = int(self.start[-1]) <= MOST_KNOWN_PAIRS
        self.known = list_cents(self.pairs, self.start) if is_small else np.empty(0)
        self.price_pass(self.zero, 0.0, FIRST_CANDIDATES, 0.0, 0)
        rep, cents = self._blank(4)
        _owners(self.pairs, rep, cents)
        self._add(rep, cents)
        self._set_scales()

    def _blank(self, width: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        n = self.pairs.load.shape[0]
        return np.full((n, width), -1, dtype=np.int64), np.zeros((n, width))

    def _add(self, rep: NDArray[np.int64], cents: NDArray[np.float64]) -> int:
        c = self.candidates
        return int(_merge(c.rep, c.cents, c.count, rep, cents))

    def price_pass(
        self,
        prices: NDArray[np.float64],
        budget_price: float,
        width: int,
        noise: float,
        salt: int,
    ) -> float:
        """Price all pairs, take in the best, and return the bound they prove."""
        rep, cents = self._blank(width)
        total = price_all(
            self.pairs,
            self.start,
            self.known,
            prices,
            budget_price,
            noise,
            salt,
            rep,
            cents,
        )
        self._add(rep, cents)
        return float(total) - self._rent(prices, budget_price)

    def _rent(self, prices: NDArray[np.float64], budget_price: float) -> float:
        """Return what the room under the bands is worth at these prices."""
        up, down = np.maximum(prices, 0.0), np.minimum(prices, 0.0)
        upper = np.where(up > 0, self.part.upper, 0.0)
        rent = float((up * upper).sum() + (down * self.part.lower).sum())
        return rent + (budget_price * self.part.budget if self.has_budget else 0.0)

    def _set_scales(self) -> None:
        """Choose units in which all variables are of order one."""
        c, k = self.candidates, self.shape[0]
        used = np.arange(MOST_CANDIDATES)[None, :] < c.count[:, None]
        cents = np.where(used, c.cents, 0.0)
        least = np.where(used, c.cents, np.inf).min(axis=1)
        mean = cents.sum(axis=1) / c.count
        self.usual = max(float(np.mean(mean - least)), 1e-3)
        book_cents = max(float(mean.sum()) / k, self.usual)
        load = np.maximum(self.pairs.load.sum(axis=0) / k, 1e-12)
        harm = max(float(self.pairs.harm.mean()), 1e-12)
        self.scale = np.append(np.tile(book_cents / load, k), book_cents / k / harm)
        upper = np.append(self.part.upper.ravel(), self.part.budget)
        lower = np.append(self.part.lower.ravel(), 0.0)
        is_free = np.isfinite(upper) | (lower > 0)
        # corners so narrow that all of them cost a fraction of what units cost
        room = np.where(is_free & np.isfinite(upper), upper - lower, 0.0)
        units = self.pairs.load.shape[0] / self.scale.size
        corner = CORNER_SHARE * units / np.maximum(room, 1e-12)
        self.bands = np.vstack(
            [
                lower,
                np.where(np.isfinite(upper), upper, lower),
                corner,
                is_free.astype(np.float64),
            ]
        )
        self.has_upper = np.isfinite(self.part.upper)

    def run(
        self, how: Climb, warm: NDArray[np.float64] | None, enough: float
    ) -> Prices:
        """Cool through the stages and keep the best bound seen."""
        c = self.candidates
        x = np.zeros(self.scale.size)
        first = 0
        bound = self.price_pass(self.zero, 0.0, 1, 0.0, 0)
        best = Prices(self.zero, 0.0, bound, c, self.usual)
        if warm is not None:
            first = how.stages - WARM_STAGES
            x[:-1] = np.clip(warm.ravel() / self.scale[:-1], -PRICE_BOX, PRICE_BOX)
            best = self._higher(best, x, SPREAD_CANDIDATES, COOLEST * self.usual, 0)
        for stage in range(first, how.stages):
            if best.bound > enough:
                break
            heat = self.usual * COOLEST ** (stage / (how.stages - 1))
            is_late = stage >= how.stages - 2
            climb(
                self.pairs,
                c.rep,
                c.cents,
                c.count,
                self.bands,
                self.scale,
                x,
                heat,
                how.last_steps if is_late else FIRST_STEPS,
                how.enough if is_late else 100.0 * how.enough,
                PRICE_BOX,
                0.1 * heat / self.usual,
            )
            best = self._higher(best, x, how.width, heat, stage)
        return best

    def _higher(
        self, best: Prices, x: NDArray[np.float64], width: int, heat: float, salt: int
    ) -> Prices:
        """Price all pairs, once more with ties spread; return the higher bound."""
        prices, budget_price = self._unpack(x)
        bound = self.price_pass(prices, budget_price, width, 0.0, salt)
        self.price_pass(prices, budget_price, width + 1, 4.0 * heat, salt + 1)
        if bound <= best.bound:
            return best
        return Prices(prices, budget_price, bound, self.candidates, self.usual)

    def _unpack(self, x: NDArray[np.float64]) -> tuple[NDArray[np.float64], float]:
        """Return prices in cents per unit; zero where no limit stands against them."""
        prices = (x * self.scale)[:-1].reshape(self.shape)
        prices = np.where(self.has_upper, prices, np.minimum(prices, 0.0))
        # below zero only where a lower limit stands against it, fixed load taken off:
        # then the checker, who knows only whole limits, works out the same bound
        prices = np.where(self.part.lower > 0, prices, np.maximum(prices, 0.0))
        return prices, max(float(x[-1] * self.scale[-1]), 0.0) * self.has_budget
