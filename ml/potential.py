"""What each account may spend in a year, from what it looks like and what it spent."""

from datetime import date
from itertools import product
from typing import Self

import numpy as np
import polars as pl

from data_contracts.errors import ForecastError
from ml.estimator import Estimator, require_fitted
from ml.panel import Floats, check_columns, refuse_where
from ml.potential_design import Design, make_design

SPEND_COLUMNS: dict[str, pl.DataType] = {
    "account_id": pl.String(),
    "booked_on": pl.Date(),
    "amount_cents": pl.Int64(),
}
TRUST_GRID = np.array([0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4])
FADE_GRID = np.array([0.0, 0.15, 0.3, 0.5, 0.75, 1.0])  # weight of the year before
TILT_GRID = np.array([0.0, 0.4, 0.8])  # extra weight of the latest six months
BUCKETS = 4  # sizes of prediction over which hold-out ratios are pooled


class PotentialEstimator(Estimator):
    """Expected spend of every account in the next 12 months, with an ICP score.

    What an account looks like gives a prior mean; what it spent pulls the answer
    towards its own record, the more the larger that mean (credibility). Works with
    nothing but spend: the prior is then one mean for everybody.

    Parameters
    ----------
    coefficient_sd : float, default 0.5
        Prior standard deviation of a firmographic's effect on log spend.

    Attributes
    ----------
    trust_ : float
        Years of the prior mean that a year of own spend weighs, relative: small
        values mean that own spend counts for much.
    fade_, tilt_ : float
        Weight of spend 13 to 24 months ago relative to the last 12, and extra weight
        of the last six months.
    is_calibrated_ : bool
        True when two years of spend let the past predict the last 12 months.
    design_ : Design
        How firmographics become columns.

    Notes
    -----
    Quasi-Poisson regression with log link and normal priors, then Buhlmann
    credibility ``(k + S/mu) / (k + n) * mu`` for own spend S in n years. k and the
    fade are chosen by out-of-sample deviance over the last 12 months; intervals are
    quantiles of actual over predicted in that hold-out, by size of prediction.

    References
    ----------
    .. [1] Buhlmann & Gisler, "A Course in Credibility Theory", 2005,
       doi:10.1007/3-540-29273-X, ch. 3.

    Examples
    --------
    >>> accounts = pl.DataFrame({"account_id": ["a", "b"]})
    >>> spend = pl.DataFrame({"account_id": ["a"], "booked_on": [date(2025, 5, 1)],
    ...                       "amount_cents": [1000]})
    >>> estimator = PotentialEstimator().fit(accounts, spend, as_of=date(2026, 1, 1))
    >>> estimator.predict()["account_id"].to_list()
    ['a', 'b']
    """

    def __init__(self, *, coefficient_sd: float = 0.5) -> None:
        self.coefficient_sd = coefficient_sd

    def fit(self, X: pl.DataFrame, y: pl.DataFrame, *, as_of: date) -> Self:
        """Learn from accounts and their bookings.

        Parameters
        ----------
        X : polars.DataFrame
            account_id str; optional segment_id, region_id, country, industry str,
            employee_count, annual_revenue_cents number (null where unknown). Other
            columns are ignored.
        y : polars.DataFrame
            account_id str, booked_on date, amount_cents i64 (credits negative).
        as_of : date
            Bookings after it are not read.

        Raises
        ------
        ValueError
            If a column is missing or of the wrong type.
        ForecastError
            If there is no account, an account appears twice, or nobody has spent.
        """
        accounts = check_columns(X, {"account_id": pl.String()}, "the accounts")
        refuse_where(
            accounts,
            pl.col("account_id").is_null() | pl.col("account_id").is_duplicated(),
            "an account has no id or appears twice",
            "merge duplicates in the CRM, or in the mapping of accounts",
        )
        self.accounts_ = X.with_columns(pl.col("account_id").cast(pl.String)).sort(
            "account_id"
        )
        spend = check_columns(y, SPEND_COLUMNS, "the bookings").filter(
            pl.col("booked_on") <= as_of
        )
        halves = [self._spent(spend, as_of, 6 * back) for back in range(8)]
        years = [halves[2 * k] + halves[2 * k + 1] for k in range(4)]
        if years[0].sum() + years[1].sum() <= 0:
            raise ForecastError(
                f"no account has spent anything in the 24 months to {as_of}",
                fix="check that bookings carry account_id and that as_of is right",
            )
        first = min(spend["booked_on"].drop_nulls().to_list())
        history = min((as_of - first).days / 365.25, 3.0)
        self.design_: Design = make_design(self.accounts_)
        self.is_calibrated_ = history >= 1.4 and years[1].sum() > 0
        self.trust_, self.fade_, self.tilt_ = 0.4, 0.5, 0.4
        self.ratios_: list[Floats] = []
        if self.is_calibrated_:
            self._calibrate(years[0], halves[2:], history - 1.0)
        recent = years[0] if history >= 1 else years[0] / max(history, 1 / 12)
        self.mean_ = self._prior_mean(recent)
        self.spend_ = years[0]
        own, weight = _own(halves, self.fade_, self.tilt_, history)
        self.potential_ = _credible(self.mean_, own, weight, self.trust_)
        total = recent.sum()
        if self.is_calibrated_ and total > 0:
            self.potential_ *= self.growth_ * total / self.potential_.sum()
        self._bands()
        return self

    def _spent(self, spend: pl.DataFrame, as_of: date, back: int) -> Floats:
        """Return each account's spend in the half-year ending `back` months ago."""
        stop = pl.lit(as_of).dt.offset_by(f"-{back}mo")
        start = pl.lit(as_of).dt.offset_by(f"-{back + 6}mo")
        inside = spend.filter(
            (pl.col("booked_on") > start) & (pl.col("booked_on") <= stop)
        )
        total = inside.group_by("account_id").agg(pl.col("amount_cents").sum())
        joined = self.accounts_.select("account_id").join(
            total, on="account_id", how="left", maintain_order="left"
        )
        cents = joined["amount_cents"].fill_null(0).cast(pl.Float64).to_numpy()
        spent: Floats = np.maximum(cents, 0.0)
        return spent

    def _prior_mean(self, spend: Floats) -> Floats:
        """Return the firmographic mean of yearly spend, (a,)."""
        self.coefficients_ = self.design_.regress(spend, self.coefficient_sd)
        return self.design_.means(self.coefficients_)

    def _calibrate(self, actual: Floats, halves: list[Floats], history: float) -> None:
        """Predict the last 12 months from what came before; keep what did best."""
        before = halves[0] + halves[1]
        scale = 1.0 if history >= 1 else 1.0 / max(history, 1 / 12)
        mean = self._prior_mean(before * scale)
        level = actual.sum() / max(before.sum() * scale, 1.0)
        self.growth_ = float(np.clip(level, 0.5, 2.0)) ** 0.5
        best = np.inf
        fades = FADE_GRID if history > 1.25 else FADE_GRID[3:4]
        for fade, tilt in product(fades.tolist(), TILT_GRID.tolist()):
            own, weight = _own(halves, fade, tilt, history)
            for trust in TRUST_GRID.tolist():
                guess = _credible(mean, own, weight, trust)
                guess = guess * actual.sum() / max(guess.sum(), 1e-9)
                guess = np.maximum(guess, 1e-9 + 1e-6 * guess.mean())
                # Half Poisson deviance; terms of the actual alone are constant.
                loss = float((guess - actual * np.log(guess)).sum())
                if loss < best:
                    best, self._kept = loss, guess
                    self.trust_, self.fade_, self.tilt_ = trust, fade, tilt
        order = np.argsort(self._kept, kind="stable")
        self.edges_ = self._kept[order][
            np.linspace(0, len(order) - 1, BUCKETS + 1).astype(int)
        ][1:-1]
        bucket = np.searchsorted(self.edges_, self._kept, side="right")
        ratio = actual / self._kept
        self.ratios_ = [np.sort(ratio[bucket == b]) for b in range(BUCKETS)]

    def _bands(self) -> None:
        """Set the 10 and 90 % points around each potential."""
        low = np.where(self.spend_ > 0, 0.1, 0.0) * self.potential_
        high = 3.0 * self.potential_
        if self.ratios_:
            bucket = np.searchsorted(self.edges_, self.potential_, side="right")
            for b, ratios in enumerate(self.ratios_):
                if len(ratios) < 5:
                    continue
                mine = bucket == b
                low[mine] = np.quantile(ratios, 0.1) * self.potential_[mine]
                high[mine] = np.quantile(ratios, 0.9) * self.potential_[mine]
        self.low_ = np.minimum(low, self.potential_)
        self.high_ = np.maximum(high, self.potential_)

    def predict(self) -> pl.DataFrame:
        """Return the potential of every account given to `fit`.

        Returns
        -------
        polars.DataFrame
            account_id str, potential_cents i64 (expected spend in the next 12
            months, >= 0), p10_cents, p90_cents i64, icp_score f64 (0 to 1: rank of
            what an account that looks like this spends), drivers str (what moved
            it most). Sorted by account_id.
        """
        require_fitted(self)
        rank = self.design_.ranks(self.mean_)
        words = self.design_.drivers(self.coefficients_)
        drivers = [
            f"spent {cents / 100:,.0f} in 12 months" + (f"; {word}" if word else "")
            for cents, word in zip(self.spend_, words, strict=True)
        ]
        return pl.DataFrame(
            {
                "account_id": self.accounts_["account_id"],
                "potential_cents": np.rint(self.potential_).astype(np.int64),
                "p10_cents": np.rint(self.low_).astype(np.int64),
                "p90_cents": np.rint(self.high_).astype(np.int64),
                "icp_score": rank,
                "drivers": drivers,
            }
        )


def _own(
    halves: list[Floats], fade: float, tilt: float, years: float
) -> tuple[Floats, float]:
    """Return weighted own spend and the years it stands for; latest half-year first."""
    if years < 1.0:
        return halves[0] + halves[1], max(years, 1 / 12)
    second = min(years - 1.0, 1.0)
    own = (1 + tilt) * halves[0] + (1 - tilt) * halves[1]
    return own + fade * (halves[2] + halves[3]), 1.0 + fade * second


def _credible(mean: Floats, own: Floats, weight: float, trust: float) -> Floats:
    """Mix the prior mean with own spend; large means are trusted less on their own."""
    relative = np.maximum(mean / max(float(mean.mean()), 1e-9), 1e-6)
    k = trust / relative**0.5
    out: Floats = (k * mean + own) / (k + weight)
    return out
