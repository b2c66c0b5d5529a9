"""How long new reps take to become productive, by segment and role, with intervals."""

from typing import Self

import numpy as np
import polars as pl

from data_contracts.errors import ForecastError
from ml.estimator import Estimator, require_fitted
from ml.panel import Floats, RepPanel, read_panel
from ml.progress import OnStep, in_silence
from ml.ramp_curve import ramp_share
from ml.ramp_fit import fit_ramp
from ml.ramp_model import RampFit, RampPrior
from ml.ramp_smooth import KNOTS

Z80 = 1.2815515655446004  # normal quantile at 0.9: half of an 80 % interval


class RampEstimator(Estimator):
    """Ramp curves, ramped productivity, season, drift and talent in one model.

    A rep's expected month is talent x group level x season x market drift x share of
    the month worked x ramp share at that tenure. Thin groups lean on their segment,
    segments on the company, and a company without hires on the stated prior.

    Parameters
    ----------
    prior : RampPrior, optional
        Beliefs before data; the default suits quota-bearing software sales.
    smooth_from_reps : int, reps, default 500
        From this size on each group may depart smoothly from the Weibull shape.
    draws : int, default 400
        Random curves behind the intervals of `curve`.
    seed : int, default 0
        Same rows and same seed give the same bytes.

    Attributes
    ----------
    fit_ : RampFit
        The parameters and their covariance, in arrays.
    groups_ : list of (segment_id, role)
        Sorted; the order of every group array.
    months_to_80_ : (n_groups,) float, months
        Tenure at which a rep reaches 80 % of full productivity.
    months_to_80_sd_ : (n_groups,) float
        Standard deviation of its logarithm.
    season_ : (n_segments, 12) float
        Factor of January to December by segment, sorted; the geometric mean is 1.
    is_informed_ : bool
        False when nobody was hired inside the window: the curve is the prior's.

    Notes
    -----
    Quasi-Poisson variance (a compound Poisson has variance proportional to its
    mean), gamma talent with its own mean for people there before the window and for
    leavers (this undoes left truncation and survivorship), Weibull curve
    ``1 - 0.2 ** ((t / m80) ** k)``; levels and curves share a Gaussian prior over
    company, segment and group. Intervals are sandwiches over reps.

    References
    ----------
    .. [1] McCullagh & Nelder, "Generalized Linear Models", 2nd ed., 1989, ch. 9.
    .. [2] Efron, "Large-Scale Inference", 2010, ch. 1 (empirical Bayes).
    .. [3] Liang & Zeger, Biometrika 73(1), 1986, doi:10.1093/biomet/73.1.13.

    Examples
    --------
    >>> from datetime import date
    >>> months = [date(2025, m, 1) for m in range(1, 13)]
    >>> panel = pl.DataFrame({
    ...     "rep_id": ["a"] * 12, "month_start": months, "role": "ae",
    ...     "segment_id": "smb", "region_id": "us", "hired_on": months[0],
    ...     "left_on": None, "tenure_months": [m + 0.5 for m in range(12)],
    ...     "active_share": 1.0,
    ...     "bookings_cents": [0, 20, 40, 60, 80, 90, 95, 97, 98, 99, 100, 100]})
    >>> ramp = RampEstimator().fit(panel)
    >>> bool(3 < ramp.months_to_80_[0] < 9)
    True
    """

    def __init__(
        self,
        *,
        prior: RampPrior | None = None,
        smooth_from_reps: int = 500,
        draws: int = 400,
        seed: int = 0,
    ) -> None:
        self.prior = prior
        self.smooth_from_reps = smooth_from_reps
        self.draws = draws
        self.seed = seed

    def fit(
        self,
        X: pl.DataFrame,
        y: object = None,  # noqa: ARG002
        *,
        on_step: OnStep = in_silence,
    ) -> Self:
        """Fit to rep-months.

        Parameters
        ----------
        X : polars.DataFrame
            Rep-months with the columns of `ml.panel.PANEL_COLUMNS`, already cut at
            the date they were known; complete months only.
        y : ignored
        on_step : function of what, steps done and steps at most
            Told of every round; changes nothing.

        Raises
        ------
        ValueError
            If a column is missing or of the wrong type.
        ForecastError
            If there are no rows, no month was worked, or nothing was booked.
        """
        panel = read_panel(X)
        worked = panel.exposure > 1e-6
        if not worked.any() or panel.bookings[worked].sum() <= 0:
            raise ForecastError(
                "the rep-month panel has no bookings in months worked",
                fix="check that bookings are credited to reps before fitting a ramp",
            )
        self.panel_: RepPanel = panel
        self.fit_: RampFit = fit_ramp(
            panel,
            prior=self.prior or RampPrior(),
            smooth_from_reps=self.smooth_from_reps,
            on_step=on_step,
        )
        self.groups_ = panel.groups
        self.season_: Floats = np.exp(self.fit_.season)
        young = panel.is_hired_inside[panel.rep] & (panel.tenure < 36) & worked
        self.rep_months_ = np.bincount(panel.group[young], minlength=len(panel.groups))
        self.is_informed_ = bool(self.rep_months_.sum() >= 6)
        self._finish_curves()
        return self

    def _finish_curves(self) -> None:
        """Work out months to 80 % and its spread from parameters and departure."""
        fit = self.fit_
        n = len(self.groups_)
        cov = fit.covariance.reshape(n, 3, n, 3)
        sd = np.sqrt(np.maximum(cov[np.arange(n), 1, np.arange(n), 1], 1e-8))
        m80 = np.exp(fit.theta[:, 1])
        if fit.departure:
            tenure = np.linspace(0.05, 60, 2400)
            shares = self.share_at(tenure)
            for g in range(n):
                place = min(int(np.searchsorted(shares[g], 0.8)), len(tenure) - 1)
                m80[g] = tenure[place]
                departure = fit.departure[g]
                knot = int(np.searchsorted(KNOTS, 1.0))
                around = np.interp(
                    [m80[g] * 0.9, m80[g] * 1.1], tenure, np.log(shares[g])
                )
                slope = max((around[1] - around[0]) / np.log(1.1 / 0.9), 0.15)
                wiggle = departure.covariance[knot, knot] / slope**2
                sd[g] = np.sqrt(sd[g] ** 2 + min(wiggle, 0.25))
        self.months_to_80_: Floats = m80
        self.months_to_80_sd_: Floats = sd

    def share_at(self, tenure: Floats, theta: Floats | None = None) -> Floats:
        """Return each group's share of full productivity, (n_groups, n_tenures).

        Parameters
        ----------
        tenure : (n_tenures,) float, months since hire, >= 0
        theta : (n_groups, 3) float, optional
            Other parameters than the fitted ones, such as a random draw.

        Returns
        -------
        (n_groups, n_tenures) float in [0, 1], rising along tenure
        """
        require_fitted(self)
        th = self.fit_.theta if theta is None else theta
        tenure = np.asarray(tenure, dtype=np.float64)
        share = ramp_share(tenure[None, :], np.exp(th[:, 1:2]), np.exp(th[:, 2:3]))
        if self.fit_.departure:
            x = tenure[None, :] * np.exp(-th[:, 1:2])
            for g in range(len(th)):
                value = self.fit_.departure[g].value
                share[g] *= np.exp(np.interp(x[g], KNOTS, value))
            order = np.argsort(tenure, kind="stable")
            rising = np.maximum.accumulate(share[:, order], axis=1)
            share[:, order] = np.minimum(rising, 1.0)
        return share

    def sample_theta(self, draws: int, seed: int) -> Floats:
        """Draw parameters from their posterior, (draws, n_groups, 3)."""
        require_fitted(self)
        rng = np.random.default_rng(seed)
        n = self.fit_.theta.size
        value, vector = np.linalg.eigh(self.fit_.covariance)
        root = vector * np.sqrt(np.maximum(value, 0.0))
        noise = rng.standard_normal((draws, n)) @ root.T
        sample: Floats = self.fit_.theta[None] + noise.reshape(draws, -1, 3)
        sample[:, :, 2] = np.clip(sample[:, :, 2], np.log(0.3), np.log(5.0))
        return sample

    def curve(self, months: int = 36) -> pl.DataFrame:
        """Return the ramp of every group by month of tenure.

        Parameters
        ----------
        months : int, default 36
            Last tenure month shown.

        Returns
        -------
        polars.DataFrame
            segment_id str, role str, tenure_month i32 (0 to `months`), share f64
            (at exactly that tenure; rises from 0 towards 1), share_p10, share_p90,
            months_to_80, months_to_80_p10, months_to_80_p90 f64, rep_months_count
            i64 (months of reps hired inside the window), is_pooled bool (leans on
            its segment or the prior more than on its own months).
        """
        require_fitted(self)
        tenure = np.arange(months + 1, dtype=np.float64)
        share = self.share_at(tenure)
        draws = np.stack(
            [self.share_at(tenure, t) for t in self.sample_theta(self.draws, self.seed)]
        )
        low, high = np.quantile(draws, [0.1, 0.9], axis=0)
        spread = np.exp(Z80 * self.months_to_80_sd_)
        n, width = len(self.groups_), months + 1
        return pl.DataFrame(
            {
                "segment_id": np.repeat([s for s, _ in self.groups_], width),
                "role": np.repeat([r for _, r in self.groups_], width),
                "tenure_month": np.tile(np.arange(width, dtype=np.int32), n),
                "share": share.ravel(),
                "share_p10": np.minimum(low, share).ravel(),
                "share_p90": np.maximum(high, share).ravel(),
                "months_to_80": np.repeat(self.months_to_80_, width),
                "months_to_80_p10": np.repeat(self.months_to_80_ / spread, width),
                "months_to_80_p90": np.repeat(self.months_to_80_ * spread, width),
                "rep_months_count": np.repeat(self.rep_months_, width).astype(np.int64),
                "is_pooled": np.repeat(self.rep_months_ < 60, width),
            },
            schema_overrides={"segment_id": pl.String, "role": pl.String},
        )
