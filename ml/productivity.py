"""What a fully ramped rep books in a month, and how far each rep is from that."""

from typing import Self

import numpy as np
import polars as pl
from numpy.typing import NDArray
from scipy.special import gammaincinv

from ml.estimator import Estimator, require_fitted
from ml.panel import Floats
from ml.ramp import Z80, RampEstimator


class ProductivityEstimator(Estimator):
    """Ramped monthly bookings by role and segment, and each rep's talent.

    Survivors flatter a plain average of ramped reps; here the level belongs to the
    average *hire*, and what survivors have above it shows up as their talent.

    Parameters
    ----------
    ramp : RampEstimator, optional
        A fitted ramp to reuse; otherwise `fit` fits one with default settings.

    Attributes
    ----------
    ramp_ : RampEstimator
    ramped_month_cents_ : (n_groups,) float, cents per full month
        Average over the year's seasons at the market level of the last 12 months.
    ramped_month_log_sd_ : (n_groups,) float
    talent_variation_ : float
        Coefficient of variation of talent between hires.

    Notes
    -----
    Level and talent come from the joint fit of `ml.ramp`. A rep's talent posterior is
    gamma with shape ``a*psi + Y/phi`` and rate ``a + M/phi``, where Y is booked, M
    what an average hire would have booked in the same months, phi the dispersion.

    Examples
    --------
    >>> from ml.ramp import RampEstimator
    >>> panel = pl.DataFrame({
    ...     "rep_id": ["a", "b"], "month_start": ["2025-01-01"] * 2, "role": "ae",
    ...     "segment_id": "smb", "region_id": "us", "hired_on": None,
    ...     "left_on": None, "tenure_months": 50.0, "active_share": 1.0,
    ...     "bookings_cents": [90, 110]}).with_columns(
    ...     pl.col("month_start").str.to_date())
    >>> estimator = ProductivityEstimator().fit(panel)
    >>> estimator.by_rep()["talent_share"].is_sorted()
    True
    """

    def __init__(self, *, ramp: RampEstimator | None = None) -> None:
        self.ramp = ramp

    def fit(self, X: pl.DataFrame, y: object = None) -> Self:  # noqa: ARG002
        """Fit to rep-months, or take the levels over from the fitted `ramp`.

        Parameters
        ----------
        X : polars.DataFrame
            As for `RampEstimator.fit`; not read again when `ramp` is fitted.
        y : ignored

        Raises
        ------
        ValueError, ForecastError
            As `RampEstimator.fit`.
        """
        if self.ramp is not None and hasattr(self.ramp, "fit_"):
            self.ramp_ = self.ramp
        else:
            self.ramp_ = (self.ramp or RampEstimator()).fit(X)
        fit = self.ramp_.fit_
        year = np.exp(fit.season).mean(axis=1)[self.ramp_.panel_.segment_of_group]
        self.ramped_month_cents_ = np.exp(fit.theta[:, 0]) * fit.unit * year
        self.ramped_month_log_sd_ = np.sqrt(
            np.maximum(np.diag(fit.covariance)[0::3], 1e-8)
        )
        self.talent_variation_ = float(1.0 / np.sqrt(fit.talent_precision))
        return self

    def by_group(self) -> pl.DataFrame:
        """Return ramped monthly bookings of every group.

        Returns
        -------
        polars.DataFrame
            segment_id str, role str, ramped_month_cents i64 (one full month of an
            average hire once ramped), p10_cents, p90_cents i64, reps_count i64 (reps
            behind it), is_pooled bool (fewer than 3 reps: leans on its segment).
        """
        require_fitted(self)
        fit, groups = self.ramp_.fit_, self.ramp_.groups_
        reps = np.bincount(fit.pair_group, minlength=len(groups))
        spread = np.exp(Z80 * self.ramped_month_log_sd_)
        level = self.ramped_month_cents_
        return pl.DataFrame(
            {
                "segment_id": [s for s, _ in groups],
                "role": [r for _, r in groups],
                "ramped_month_cents": _cents(level),
                "p10_cents": _cents(level / spread),
                "p90_cents": _cents(level * spread),
                "reps_count": reps.astype(np.int64),
                "is_pooled": reps < 3,
            },
            schema_overrides={"segment_id": pl.String, "role": pl.String},
        )

    def by_rep(self) -> pl.DataFrame:
        """Return every rep's talent, leavers included.

        Returns
        -------
        polars.DataFrame
            rep_id str, talent_share f64 (1 = the average hire), p10, p90 f64.
            Sorted by rep_id.
        """
        require_fitted(self)
        fit = self.ramp_.fit_
        shape, rate = fit.rep_shape, fit.rep_rate
        return pl.DataFrame(
            {
                "rep_id": self.ramp_.panel_.rep_ids,
                "talent_share": shape / rate,
                "p10": gammaincinv(shape, 0.1) / rate,
                "p90": gammaincinv(shape, 0.9) / rate,
            },
            schema_overrides={"rep_id": pl.String},
        )


def _cents(value: Floats) -> NDArray[np.int64]:
    """Round to whole cents."""
    whole: NDArray[np.int64] = np.rint(value).astype(np.int64)
    return whole
