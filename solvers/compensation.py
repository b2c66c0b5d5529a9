"""Price sales pay plans on simulated attainment and accrue commissions from actuals."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from data_contracts.errors import InfeasibleError
from data_contracts.money import show


@dataclass(frozen=True, slots=True, kw_only=True)
class PayPlan:
    """Payout as a multiple of target incentive, over attainment of quota.

    Nothing below the threshold; from there a straight line that reaches 1 at 100 %;
    then the accelerators, each a slope from its attainment on; never above the cap.
    """

    threshold_share: float = 0.0  # attainment below which nothing is paid
    threshold_payout: float = 0.0  # multiple paid on reaching it
    accelerators: tuple[tuple[float, float], ...] = ((1.0, 1.0),)  # (from, slope)
    cap_payout: float = float("inf")  # largest multiple

    def __post_init__(self) -> None:
        """Refuse plans whose curve would fall or jump backwards."""
        starts = [start for start, _ in self.accelerators]
        if not 0 <= self.threshold_share < 1:
            raise ValueError(
                f"threshold_share is {self.threshold_share}, not in [0, 1)"
            )
        if not 0 <= self.threshold_payout <= 1:
            raise ValueError("threshold_payout must lie in [0, 1]")
        if not starts or starts[0] != 1.0 or sorted(set(starts)) != starts:
            raise ValueError("accelerators start at 1.0 and at rising attainments")
        if any(slope < 0 for _, slope in self.accelerators) or self.cap_payout < 1:
            raise ValueError("slopes must not be negative and the cap at least 1")

    def payout(self, attainment: ArrayLike) -> NDArray[np.float64]:
        """Return the multiple of target incentive paid at each attainment.

        Parameters
        ----------
        attainment : float array, share of quota, >= 0
            1.0 is quota met.

        Returns
        -------
        float64 array of the same shape
            Never falls as attainment rises; 1.0 at 100 %.

        Examples
        --------
        >>> plan = PayPlan(threshold_share=0.5, accelerators=((1.0, 2.0),))
        >>> plan.payout([0.4, 0.75, 1.0, 1.1]).round(6).tolist()
        [0.0, 0.5, 1.0, 1.2]
        """
        a = np.asarray(attainment, dtype=np.float64)
        start, first = self.threshold_share, self.threshold_payout
        below = first + (1.0 - first) * (np.minimum(a, 1.0) - start) / (1.0 - start)
        pay = np.where(a >= start, below, 0.0)
        slope_before = 0.0
        for begin, slope in self.accelerators:
            pay = pay + (slope - slope_before) * np.maximum(a - begin, 0.0)
            slope_before = slope
        return np.minimum(pay, self.cap_payout)

    @property
    def is_fair_curve(self) -> bool:
        """Return whether accelerators are at least 1 and never fall."""
        slopes = [slope for _, slope in self.accelerators]
        return min(slopes) >= 1.0 and sorted(slopes) == slopes


@dataclass(frozen=True, slots=True)
class PlanCost:
    """What a pay plan costs over many simulated years."""

    mean_cents: int
    p90_cents: int  # nine years in ten cost no more
    cost_of_sales_share: float  # mean payout / mean bookings
    leverage: float  # payout multiple at P90 attainment over that at 100 %
    unpaid_share: float  # rep-years that pay nothing
    capped_share: float  # rep-years held by the cap
    above_quota_share: float  # rep-years at or above 100 %


def simulate_attainment(
    n_years: int,
    *,
    mean_attainment: NDArray[np.float64],
    rep_deviation: NDArray[np.float64],
    common_deviation: float,
    seed: int,
) -> NDArray[np.float64]:
    """Draw years of attainment in which good and bad markets hit everybody.

    Parameters
    ----------
    n_years : int, >= 1
        Simulated years.
    mean_attainment : (n_reps,) float64, share of quota, > 0
        Expected attainment of each rep.
    rep_deviation : (n_reps,) float64, >= 0
        Deviation of the log of attainment that is the rep's own.
    common_deviation : float, >= 0
        Deviation of the log that all reps share. Zero makes every budget look safe,
        because independent luck averages out.
    seed : int
        Same seed, same years.

    Returns
    -------
    (n_years, n_reps) float64
        Lognormal, with the given means.

    Examples
    --------
    >>> years = simulate_attainment(20_000, mean_attainment=np.array([0.9]),
    ...     rep_deviation=np.array([0.3]), common_deviation=0.1, seed=1)
    >>> abs(float(years.mean()) - 0.9) < 0.01
    True
    """
    rng = np.random.default_rng(seed)
    market = common_deviation * rng.standard_normal((n_years, 1))
    own = rep_deviation * rng.standard_normal((n_years, mean_attainment.size))
    middle = -0.5 * (common_deviation**2 + rep_deviation**2)
    return np.asarray(mean_attainment * np.exp(market + own + middle))


def price_plan(
    plan: PayPlan,
    attainment: NDArray[np.float64],
    *,
    incentive_cents: NDArray[np.int64],
    quota_cents: NDArray[np.int64],
) -> PlanCost:
    """Work out what a plan costs on average and in a dear year.

    Parameters
    ----------
    plan : PayPlan
        The curve.
    attainment : (n_years, n_reps) float64
        Simulated attainment, with a common factor.
    incentive_cents : (n_reps,) int64, US cents
        Pay at exactly 100 %.
    quota_cents : (n_reps,) int64, US cents
        Turns attainment into bookings for the cost of sales.

    Returns
    -------
    PlanCost
        Of the whole team per year.

    Examples
    --------
    >>> years = np.array([[1.0], [2.0]])
    >>> price_plan(PayPlan(), years, incentive_cents=np.array([100]),
    ...     quota_cents=np.array([1_000])).mean_cents
    150
    """
    multiple = plan.payout(attainment)
    cost = multiple @ incentive_cents.astype(np.float64)
    bookings = float((attainment @ quota_cents.astype(np.float64)).mean())
    good = float(np.quantile(attainment, 0.9)) if attainment.size else 1.0
    return PlanCost(
        mean_cents=round(float(cost.mean())),
        p90_cents=round(float(np.quantile(cost, 0.9))),
        cost_of_sales_share=float(cost.mean()) / bookings if bookings > 0 else 0.0,
        leverage=float(plan.payout(good)),
        unpaid_share=float((multiple <= 0).mean()),
        capped_share=float((multiple >= plan.cap_payout).mean()),
        above_quota_share=float((attainment >= 1.0).mean()),
    )


class PayoutMoments:
    """Price any plan at its mean from one sorted sample, without simulating again.

    Parameters
    ----------
    attainment : (n_years, n_reps) float64
        Simulated attainment.
    incentive_cents : (n_reps,) int64, US cents
        Weights of the reps.

    Notes
    -----
    Mean payout of a piecewise straight curve is a sum of partial moments
    ``E max(A - k, 0)``; one sort and two running sums give each by bisection.

    Examples
    --------
    >>> years = np.array([[0.5, 1.5]])
    >>> PayoutMoments(years, np.array([100, 100])).mean_cents(PayPlan())
    200.0
    """

    def __init__(
        self, attainment: NDArray[np.float64], incentive_cents: NDArray[np.int64]
    ) -> None:
        weight = np.broadcast_to(incentive_cents, attainment.shape).ravel()
        order = np.argsort(attainment, axis=None, kind="stable")
        self._level = attainment.ravel()[order]
        held = weight[order] / attainment.shape[0]
        # sums over the part of the sample at or above each place
        self._mass = np.append(np.cumsum(held[::-1])[::-1], 0.0)
        self._moment = np.append(np.cumsum((held * self._level)[::-1])[::-1], 0.0)

    def mass_above(self, level: float) -> float:
        """Return the incentive of rep-years at or above an attainment, per year."""
        return float(self._mass[np.searchsorted(self._level, level)])

    def excess_above(self, level: float) -> float:
        """Return ``E max(A - level, 0)`` weighted by incentive, per year."""
        at = np.searchsorted(self._level, level)
        return float(self._moment[at] - level * self._mass[at])

    def mean_cents(self, plan: PayPlan) -> float:
        """Return the mean yearly cost of a plan, exact for the sample."""
        start, first = plan.threshold_share, plan.threshold_payout
        rate = (1.0 - first) / (1.0 - start)
        bends = [(start, rate), *plan.accelerators]
        top = _where_capped(plan)
        cost = first * self.mass_above(start)
        before = 0.0
        for begin, slope in bends:
            if begin < top:
                cost += (slope - before) * self.excess_above(begin)
                before = slope
        return cost - before * self.excess_above(top) if np.isfinite(top) else cost


def _where_capped(plan: PayPlan) -> float:
    """Return the attainment from which the cap binds; infinite when it never does."""
    pay = 1.0
    for i, (begin, slope) in enumerate(plan.accelerators):
        last = i + 1 == len(plan.accelerators)
        end = np.inf if last else plan.accelerators[i + 1][0]
        if slope > 0 and pay + slope * (end - begin) >= plan.cap_payout:
            return begin + (plan.cap_payout - pay) / slope
        pay += slope * (end - begin) if not last else 0.0
    return float("inf")


def search_plans(
    plans: list[PayPlan],
    attainment: NDArray[np.float64],
    *,
    incentive_cents: NDArray[np.int64],
    quota_cents: NDArray[np.int64],
    mean_ceiling_cents: int,
    p90_ceiling_cents: int | None = None,
) -> tuple[PayPlan, PlanCost]:
    """Pick the plan that rewards over-performance most within a cost ceiling.

    Parameters
    ----------
    plans : list of PayPlan
        Candidates; those whose accelerators fall or stay below 1 are passed over.
    attainment : (n_years, n_reps) float64
        Simulated attainment, with a common factor.
    incentive_cents, quota_cents : (n_reps,) int64, US cents
        As for :func:`price_plan`.
    mean_ceiling_cents : int, US cents
        Most the plan may cost on average.
    p90_ceiling_cents : int or None, US cents
        Most it may cost in nine years of ten.

    Returns
    -------
    tuple of PayPlan, PlanCost
        Highest leverage, then lowest mean cost, then the earlier in the list.

    Raises
    ------
    InfeasibleError
        If no candidate fits, naming the cheapest.
    """
    moments = PayoutMoments(attainment, incentive_cents)
    good = float(np.quantile(attainment, 0.9))
    fair = [plan for plan in plans if plan.is_fair_curve]
    means = [moments.mean_cents(plan) for plan in fair]
    ranked = sorted(
        range(len(fair)), key=lambda i: (-float(fair[i].payout(good)), means[i], i)
    )
    for i in ranked:
        if means[i] > mean_ceiling_cents:
            continue
        cost = price_plan(
            fair[i],
            attainment,
            incentive_cents=incentive_cents,
            quota_cents=quota_cents,
        )
        if p90_ceiling_cents is None or cost.p90_cents <= p90_ceiling_cents:
            return fair[i], cost
    cheapest = show(round(min(means))) if means else "nothing"
    raise InfeasibleError(
        f"none of {len(plans)} pay plans fits {show(mean_ceiling_cents)}; the cheapest "
        f"fair one costs {cheapest} on average",
        fix="raise the ceiling, lower target incentives, or offer flatter plans",
    )


def accrue_commissions(
    plan: PayPlan,
    bookings_cents: NDArray[np.int64],
    *,
    quota_cents: NDArray[np.int64],
    incentive_cents: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Accrue commissions month by month under the plan in force.

    Parameters
    ----------
    plan : PayPlan
        The curve, over the whole year's quota.
    bookings_cents : (n_reps, n_months) int64, US cents
        Booked so far; may be negative where a deal was undone.
    quota_cents, incentive_cents : (n_reps,) int64, US cents
        Yearly quota and pay at 100 %.

    Returns
    -------
    (n_reps, n_months) int64, US cents
        Rows sum exactly to the payout on the year to date. A month is negative where
        bookings were taken back. A rep without quota accrues nothing.

    Examples
    --------
    >>> accrue_commissions(PayPlan(), np.array([[50, 50, 20]]),
    ...     quota_cents=np.array([100]), incentive_cents=np.array([1_000])).tolist()
    [[500, 500, 200]]
    """
    to_date = np.cumsum(bookings_cents, axis=1).astype(np.float64)
    quota = np.asarray(quota_cents, dtype=np.float64)[:, None]
    share = np.where(
        quota > 0, np.maximum(to_date, 0) / np.where(quota > 0, quota, 1), 0
    )
    earned = np.rint(plan.payout(share) * np.asarray(incentive_cents)[:, None])
    earned = np.where(quota > 0, earned, 0.0).astype(np.int64)
    return np.diff(earned, axis=1, prepend=0)
