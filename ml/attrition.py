"""How likely reps are to leave, month by month: a discrete-time logistic hazard."""

from typing import Self

import numpy as np
import polars as pl

from ml.attainment import (
    expected_bookings,
    learn_wander,
    record_months,
    thinness,
    trailing_attainment,
)
from ml.estimator import Estimator, require_fitted
from ml.logistic import fit_pooled_logistic, sigmoid
from ml.panel import Bools, Floats, Ints, RepPanel, month_number, read_panel
from ml.persistence import Persistence, attained_ahead
from ml.ramp import Z80, RampEstimator

BANDS = ("0-6", "6-12", "12-24", "24-48", "48+")  # months of tenure
BAND_EDGES = np.array([6.0, 12.0, 24.0, 48.0])


def tenure_band(tenure: Floats) -> Ints:
    """Return the place in `BANDS` of each tenure in months."""
    return np.searchsorted(BAND_EDGES, tenure, side="right").astype(np.intp)


class AttritionEstimator(Estimator):
    """Monthly probability of leaving by tenure band, group and trailing attainment.

    Parameters
    ----------
    yearly_rate_share : float in (0, 1), default 0.18
        Prior share of reps who leave in a year; answers alone when nobody left.
    prior_sd : float, default 0.5
        Prior standard deviation of the log-odds of that rate.
    effect_sd : float, default 0.4
        Widest prior standard deviation of a band's, segment's or role's effect on
        log-odds; how wide each kind is within it is learned.

    Attributes
    ----------
    is_informed_ : bool
        False when the panel records no leaver: every answer is then the prior.
    leavers_count_ : int
    coefficients_ : (n_features,) float, log-odds
    covariance_ : (n_features, n_features) float
    feature_names_ : list of str
    wander_ : Wander
        How trailing attainment moves on where no ramp was given.
    persistence_ : Persistence or None
        The same with a ramp: each rep's own returns to the rep's talent.

    Notes
    -----
    Each rep-month at risk is one Bernoulli trial [1]_. Trailing attainment is what a
    rep booked in the 12 months before over what an average hire of that tenure
    would have booked, so it is known at the start of the month. Ridge penalties are
    normal priors; intervals are Laplace approximations. Rolling forward, tenure ages
    and attainment keeps what is lasting in it and draws the rest anew: as many reps
    as today will then be far below average, whoever they are.

    References
    ----------
    .. [1] Allison, "Discrete-Time Methods for the Analysis of Event Histories",
       Sociological Methodology 13, 1982, doi:10.2307/270718.

    Examples
    --------
    >>> panel = pl.DataFrame({
    ...     "rep_id": ["a", "b"], "month_start": ["2025-01-01"] * 2, "role": "ae",
    ...     "segment_id": "smb", "region_id": "us", "hired_on": None,
    ...     "left_on": None, "tenure_months": 50.0, "active_share": 1.0,
    ...     "bookings_cents": [90, 110]}).with_columns(
    ...     pl.col("month_start").str.to_date())
    >>> AttritionEstimator().fit(panel).is_informed_
    False
    """

    def __init__(
        self,
        *,
        yearly_rate_share: float = 0.18,
        prior_sd: float = 0.5,
        effect_sd: float = 0.4,
    ) -> None:
        self.yearly_rate_share = yearly_rate_share
        self.prior_sd = prior_sd
        self.effect_sd = effect_sd

    def fit(self, X: pl.DataFrame, y: RampEstimator | None = None) -> Self:
        """Fit to rep-months.

        Parameters
        ----------
        X : polars.DataFrame
            Rep-months with the columns of `ml.panel.PANEL_COLUMNS`; a rep's last
            row is the month of `left_on`.
        y : RampEstimator, optional
            A ramp fitted to the same rows; gives attainment its denominator. Without
            it every rep is measured against the mean of tenure band and group.

        Raises
        ------
        ValueError
            If `yearly_rate_share` is not inside (0, 1), or the columns are wrong.
        ForecastError
            If there are no rows.
        """
        if not 0 < self.yearly_rate_share < 1:
            raise ValueError(
                f"yearly_rate_share is {self.yearly_rate_share}; pass 0 to 1"
            )
        panel = read_panel(X)
        self.panel_: RepPanel = panel
        self.roles_ = sorted({role for _, role in panel.groups})
        self.feature_names_ = [
            "intercept",
            *(f"tenure {band}" for band in BANDS),
            *(f"segment {segment}" for segment in panel.segments),
            *(f"role {role}" for role in self.roles_),
            "thin record",
            "log attainment",
        ]
        due = expected_bookings(panel, y)
        before, self.attainment_ = trailing_attainment(panel, due)
        recorded, self.record_ = record_months(panel)
        self.wander_ = learn_wander(panel, before)
        self.persistence_ = Persistence.learn(panel, y) if y is not None else None
        self.at_risk_, self.left_ = months_at_risk(panel)
        self.leavers_count_ = int(self.left_.sum())
        self.is_informed_ = self.leavers_count_ > 0
        monthly = 1 - (1 - self.yearly_rate_share) ** (1 / 12)
        n = len(self.feature_names_)
        mean = np.zeros(n)
        mean[0] = np.log(monthly / (1 - monthly))
        sd = np.full(n, self.effect_sd)
        sd[0], sd[-2:] = self.prior_sd, 1.0
        self.coefficients_, self.covariance_ = mean, np.diag(sd**2)
        x = self.features(panel.group, panel.tenure, before, recorded)
        self.mean_attainment_ = np.zeros(len(panel.groups))
        if self.is_informed_:
            risk = self.at_risk_
            kinds = ("tenure ", "segment ", "role ")
            result = fit_pooled_logistic(
                x[risk],
                self.left_[risk].astype(float),
                prior_mean=mean,
                prior_sd=sd,
                blocks=[
                    [i for i, f in enumerate(self.feature_names_) if f.startswith(kind)]
                    for kind in kinds
                ],
            )
            self.coefficients_, self.covariance_ = (
                result.coefficients,
                result.covariance,
            )
            months = np.bincount(panel.group[risk], minlength=len(panel.groups))
            total = np.bincount(panel.group[risk], before[risk], len(panel.groups))
            self.mean_attainment_ = total / np.maximum(months, 1)
        else:
            self.covariance_[1:, 1:] = 0.0  # the stated prior is one rate for all
        return self

    def features(
        self, group: Ints, tenure: Floats, log_attainment: Floats, record: Floats
    ) -> Floats:
        """Return the design rows, (n, n_features), in `feature_names_` order.

        `record` is months worked behind the attainment.
        """
        panel = self.panel_
        role_of_group = np.array([self.roles_.index(r) for _, r in panel.groups])
        return np.column_stack(
            [
                np.ones(len(group)),
                np.eye(len(BANDS))[tenure_band(tenure)],
                np.eye(len(panel.segments))[panel.segment_of_group[group]],
                np.eye(len(self.roles_))[role_of_group[group]],
                thinness(record),
                log_attainment,
            ]
        )

    def attained_ahead(self, months: int) -> tuple[Floats, Floats]:
        """Return log attainment of all reps `months` on, and its variance, (i,)."""
        require_fitted(self)
        return attained_ahead(self.persistence_, self.wander_, self.attainment_, months)

    def hazard(self) -> pl.DataFrame:
        """Return the monthly probability of leaving by group and tenure band.

        Returns
        -------
        polars.DataFrame
            segment_id str, role str, tenure_band str (months: "0-6" to "48+"),
            monthly_hazard_share f64 at the group's usual attainment, p10, p90 f64,
            leavers_count i64 (in that cell), is_informed bool.
        """
        require_fitted(self)
        groups, n_bands = self.panel_.groups, len(BANDS)
        group = np.repeat(np.arange(len(groups)), n_bands)
        tenure = np.tile(np.append(BAND_EDGES, 60.0) - 1.0, len(groups))
        # Somebody of that tenure has been there long enough to have this record.
        x = self.features(group, tenure, self.mean_attainment_[group], tenure)
        eta = x @ self.coefficients_
        sd = np.sqrt(np.einsum("ni,ij,nj->n", x, self.covariance_, x))
        cell = self.panel_.group * n_bands + tenure_band(self.panel_.tenure)
        count = np.bincount(cell[self.left_], minlength=len(group))
        return pl.DataFrame(
            {
                "segment_id": [groups[g][0] for g in group],
                "role": [groups[g][1] for g in group],
                "tenure_band": list(BANDS) * len(groups),
                "monthly_hazard_share": sigmoid(eta),
                "p10": sigmoid(eta - Z80 * sd),
                "p90": sigmoid(eta + Z80 * sd),
                "leavers_count": count.astype(np.int64),
                "is_informed": self.is_informed_,
            },
            schema_overrides={"segment_id": pl.String, "role": pl.String},
        )

    def leave_probability(self, months: int = 12) -> pl.DataFrame:
        """Return the chance that each rep on the books leaves within `months`.

        Parameters
        ----------
        months : int, default 12
            Months after the last one in the panel.

        Returns
        -------
        polars.DataFrame
            rep_id str, leave_share f64, p10, p90 f64; sorted by rep_id. Reps who
            have left are not listed.
        """
        require_fitted(self)
        panel = self.panel_
        there = on_the_books(panel)
        rows = last_rows(panel)[there]
        log_stay = np.zeros(len(rows))
        slope = np.zeros((len(rows), len(self.coefficients_)))
        beta = self.coefficients_
        behind = panel.month.max() - panel.month[rows]
        for m in range(1, months + 1):
            attained, variance = self.attained_ahead(m - 1)
            x = self.features(
                panel.group[rows],
                panel.tenure[rows] + behind + m,
                attained[there],
                self.record_[there] + m - 1,
            )
            p = sigmoid(x @ beta + 0.5 * variance[there] * beta[-1] ** 2)
            log_stay += np.log1p(-p)
            slope -= p[:, None] * x
        sd = np.sqrt(np.einsum("ni,ij,nj->n", slope, self.covariance_, slope))
        relative = sd / np.maximum(-log_stay, 1e-12)
        return pl.DataFrame(
            {
                "rep_id": [panel.rep_ids[i] for i in np.flatnonzero(there)],
                "leave_share": -np.expm1(log_stay),
                "p10": -np.expm1(log_stay * np.exp(-Z80 * relative)),
                "p90": -np.expm1(log_stay * np.exp(Z80 * relative)),
            },
            schema_overrides={"rep_id": pl.String},
        )  # fmt: skip


def last_rows(panel: RepPanel) -> Ints:
    """Return the last row of each rep, (i,)."""
    last: Ints = np.append(np.flatnonzero(np.diff(panel.rep)), len(panel.rep) - 1)
    return last


def on_the_books(panel: RepPanel) -> Bools:
    """Return which reps are still there, (i,): not left, and seen lately.

    Somebody without a row in the last two months has moved to a role outside the
    panel, whatever `left_on` says.
    """
    seen = panel.month[last_rows(panel)] >= panel.month.max() - 1
    out: Bools = seen & ~panel.is_leaver
    return out


def months_at_risk(panel: RepPanel) -> tuple[Bools, Bools]:
    """Return which rows are at risk of leaving, and in which the rep left, (n,) each.

    The event sits in the month of `left_on`, or in the rep's last row before it.
    """
    far = int(panel.months[-1]) + 1200
    left_on = panel.frame["left_on"]
    left = np.full(len(panel.rep), far)
    known = left_on.is_not_null().to_numpy()
    if known.any():
        left[known] = month_number(left_on.drop_nulls())
    at_risk = panel.months[panel.month] <= left
    place = np.where(at_risk, np.arange(len(left)), -1)
    final = np.full(len(panel.rep_ids), -1)
    np.maximum.at(final, panel.rep, place)
    event = np.zeros(len(left), dtype=bool)
    ends = final[panel.is_leaver & (final >= 0)]
    event[ends] = True
    return at_risk, event
