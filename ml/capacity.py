"""What the roster and the hiring plan will book, as a distribution by month.

Not for choosing hires: it answers "what if these seats and starts", many times over.
"""

from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from ml.attainment import thinness
from ml.attrition import AttritionEstimator, tenure_band
from ml.capacity_seats import NEVER, Seats, leave_seen, seat_everyone
from ml.panel import Floats, check_columns
from ml.persistence import Persistence, move_on
from ml.progress import OnStep, in_silence
from ml.ramp import RampEstimator
from ml.ramp_model import RampFit
from ml.ramp_smooth import KNOTS

CELLS = 400_000  # draws x seats held in memory at once
TREND_SD = 0.05  # log market level a year on: growth that nobody knows beforehand
MODEL_SD = 0.03  # log level error of company and group that past backtests still showed


@dataclass(frozen=True, slots=True)
class CapacityAssumptions:
    """What the planner says about hiring and leave; every value can be overridden."""

    slip_months: float = 0.7  # mean delay of a planned start
    fall_through_share: float = 0.08  # offers that fall through; reopened as vacancies
    backfill_months: float = 2.0  # mean vacancy before a successor starts
    backfill_share: float = 1.0  # leavers who are replaced at all
    leave_share: float | None = None  # months not worked; None: as in the past
    hazard_factor: float = 1.0  # times the fitted chance of leaving; 0: everybody stays
    market_sd: float | None = None  # log market level by month; None: as in the past


@dataclass(frozen=True, slots=True)
class CapacityForecast:
    """Simulated bookings by draw, group and month, and their summary."""

    by_month: pl.DataFrame
    draws: Floats  # (draws, groups, months) cents
    groups: list[tuple[str, str]]  # segment_id, role
    months: list[date]

    def odds(self, targets: pl.DataFrame) -> pl.DataFrame:
        """Return the chance that each node meets its target over the whole horizon.

        Parameters
        ----------
        targets : polars.DataFrame
            node_level str (company, segment or group), node_id str (any for the
            company, segment_id, or "segment_id/role"), target_cents i64.

        Returns
        -------
        polars.DataFrame
            The same rows and columns with met_share f64, 0 to 1.

        Raises
        ------
        ValueError
            If a column is missing or a node is not part of the simulation.
        """
        wanted = {
            "node_level": pl.String(),
            "node_id": pl.String(),
            "target_cents": pl.Int64(),
        }
        rows = check_columns(targets, wanted, "the targets")
        total = self.draws.sum(axis=2)
        names = {f"{s}/{r}": [g] for g, (s, r) in enumerate(self.groups)}
        for g, (segment, _) in enumerate(self.groups):
            names.setdefault(f"segment:{segment}", []).append(g)
        met = []
        for level, node, cents in rows.iter_rows():
            key = f"segment:{node}" if level == "segment" else str(node)
            members = (
                list(range(len(self.groups))) if level == "company" else names.get(key)
            )
            if members is None:
                raise ValueError(f"no {level} {node!r} in the capacity simulation")
            met.append(float((total[:, members].sum(axis=1) >= cents).mean()))
        return rows.with_columns(met_share=pl.Series(met, dtype=pl.Float64))


def simulate_capacity(
    ramp: RampEstimator,
    attrition: AttritionEstimator,
    hires: pl.DataFrame | None = None,
    *,
    months: int = 12,
    assumptions: CapacityAssumptions | None = None,
    draws: int = 400,
    seed: int = 0,
    on_step: OnStep = in_silence,
) -> CapacityForecast:
    """Simulate bookings of today's roster and planned hires, month by month.

    Parameters
    ----------
    ramp : RampEstimator
        Fitted; its panel's last month is the last known one and gives the roster.
    attrition : AttritionEstimator
        Fitted to the same panel.
    hires : polars.DataFrame, optional
        segment_id str, role str, month_start date (planned start), hires_count i64.
        A group nobody was seen in borrows the nearest one's ramp and level.
    months : int, default 12
        Horizon, starting the month after the panel's last.
    assumptions : CapacityAssumptions, optional
        Slip, fall-through, backfill and leave.
    draws : int, default 400
        Simulated futures.
    seed : int, default 0
        Same inputs and same seed give the same bytes.
    on_step : function of what, steps done and steps at most
        Told of every simulated month; changes nothing.

    Returns
    -------
    CapacityForecast
        ``by_month`` has segment_id str, role str, month_start date, heads f64 (mean
        people on the books), ramped_heads f64 (mean heads x ramp share),
        capacity_p10_cents, capacity_p50_cents, capacity_p90_cents i64, is_borrowed
        bool (nobody was seen in that group). One row per group and month, sorted.

    Raises
    ------
    ValueError
        If `months` or `draws` is below 1, or the estimators saw different rows.
    ForecastError
        If a hire row is negative or incomplete.

    Notes
    -----
    Each draw takes curve and level parameters, talents, hazards and a market walk
    from their posteriors; departures, slips and vacancies are drawn month by month
    per seat; deal noise is gamma with variance proportional to the mean.

    Examples
    --------
    >>> panel = pl.DataFrame({
    ...     "rep_id": ["a", "b"], "month_start": ["2025-01-01"] * 2, "role": "ae",
    ...     "segment_id": "smb", "region_id": "us", "hired_on": None,
    ...     "left_on": None, "tenure_months": 50.0, "active_share": 1.0,
    ...     "bookings_cents": [90, 110]}).with_columns(
    ...     pl.col("month_start").str.to_date())
    >>> ramp, leavers = RampEstimator().fit(panel), AttritionEstimator().fit(panel)
    >>> simulate_capacity(ramp, leavers, months=3).by_month.height
    3
    """
    if months < 1 or draws < 1:
        raise ValueError(f"months is {months} and draws {draws}; both must be >= 1")
    if attrition.panel_.rep_ids != ramp.panel_.rep_ids:
        raise ValueError("ramp and attrition were fitted to different reps")
    says = assumptions or CapacityAssumptions()
    seats, labels, borrowed = seat_everyone(ramp, attrition, hires)
    n_labels = len(labels)
    total, heads, ramped = run_seats(
        ramp, attrition, seats, n_labels,
        months=months, says=says, draws=draws, seed=seed, on_step=on_step,
    )  # fmt: skip
    months_out = months_ahead(ramp, months)
    p10, p50, p90 = np.quantile(total, [0.1, 0.5, 0.9], axis=0)
    frame = pl.DataFrame(
        {
            "segment_id": np.repeat([s for s, _ in labels], months),
            "role": np.repeat([r for _, r in labels], months),
            "month_start": months_out * n_labels,
            "heads": heads.ravel(),
            "ramped_heads": ramped.ravel(),
            "capacity_p10_cents": np.rint(p10).astype(np.int64).ravel(),
            "capacity_p50_cents": np.rint(p50).astype(np.int64).ravel(),
            "capacity_p90_cents": np.rint(p90).astype(np.int64).ravel(),
            "is_borrowed": np.repeat(borrowed, months),
        },
        schema_overrides={
            "segment_id": pl.String,
            "role": pl.String,
            "month_start": pl.Date,
        },
    )
    return CapacityForecast(frame, total, labels, months_out)


def months_ahead(ramp: RampEstimator, months: int) -> list[date]:
    """Return the first days of the months after the fitted panel's last."""
    first = int(ramp.panel_.months[-1]) + 1
    return [date((first + h) // 12, (first + h) % 12 + 1, 1) for h in range(months)]


def run_seats(
    ramp: RampEstimator,
    attrition: AttritionEstimator,
    seats: Seats,
    n_labels: int,
    *,
    months: int,
    says: CapacityAssumptions,
    draws: int,
    seed: int,
    on_step: OnStep = in_silence,
) -> tuple[Floats, Floats, Floats]:
    """Simulate seats; sum them by label.

    Parameters
    ----------
    seats : Seats
        Sorted by label.
    n_labels : int
        Labels reported; one without a seat gets zeros.

    Returns
    -------
    booked : (draws, n_labels, months) float, cents
    heads, ramped_heads : (n_labels, months) float
        Means over the draws.
    """
    first = int(ramp.panel_.months[-1]) + 1
    rng = np.random.default_rng(seed)
    total = np.zeros((draws, n_labels, months))
    heads = np.zeros((n_labels, months))
    ramped = np.zeros((n_labels, months))
    theta = ramp.sample_theta(draws, seed + 1)
    beta = rng.multivariate_normal(
        attrition.coefficients_, attrition.covariance_, size=draws, method="eigh"
    )
    block = max(1, CELLS // max(len(seats.group), 1))
    most = months * len(range(0, draws, block))
    for turn, start in enumerate(range(0, draws, block)):
        part = slice(start, min(start + block, draws))
        run = _Run(ramp, attrition, seats, says, theta[part], beta[part], rng)
        for h in range(months):
            booked, on, full = run.month(h, (first + h) % 12, n_labels)
            total[part, :, h] = booked
            heads[:, h] += on.sum(axis=0) / draws
            ramped[:, h] += full.sum(axis=0) / draws
            on_step("capacity", turn * months + h + 1, most)
    return total, heads, ramped


class _Run:
    """One block of draws, carried from month to month."""

    def __init__(
        self,
        ramp: RampEstimator,
        attrition: AttritionEstimator,
        seats: Seats,
        says: CapacityAssumptions,
        theta: Floats,
        beta: Floats,
        rng: np.random.Generator,
    ) -> None:
        n, s = len(theta), len(seats.group)
        self.ramp, self.attrition, self.seats, self.says = ramp, attrition, seats, says
        self.theta, self.beta, self.rng = theta, beta, rng
        self.fit: RampFit = ramp.fit_
        # A draw with a higher level leaves the same people less talent: what they
        # booked is known, only how it splits is not.
        a = self.fit.talent_precision
        shift = np.exp(theta[:, :, 0] - self.fit.theta[None, :, 0])[:, seats.group]
        prior = np.minimum(seats.rate, a)
        rate = prior + (seats.rate - prior) * shift
        self.talent = rng.gamma(seats.shape, 1.0, (n, s)) / rate
        self.shift = shift  # attainment is measured against the fitted level
        self.noise = Persistence.learn(ramp.panel_, ramp).noise[seats.group]
        self.tenure = np.broadcast_to(seats.tenure, (n, s)).copy()
        self.attained = np.broadcast_to(np.exp(seats.attained), (n, s)).copy()
        self.record = np.broadcast_to(seats.record, (n, s)).copy()
        self.starts = np.broadcast_to(seats.starts, (n, s)).copy()
        future = seats.starts >= 0
        new = (n, int(future.sum()))
        slip = rng.poisson(says.slip_months, new)
        lost = rng.random(new) < says.fall_through_share
        slip += np.where(lost, 1 + rng.poisson(says.backfill_months, new), 0)
        self.starts[:, future] += slip
        self.segment = ramp.panel_.segment_of_group[seats.group]
        seen = leave_seen(ramp.panel_)
        self.leave = seen if says.leave_share is None else says.leave_share
        walk = self.fit.walk
        self.step_sd = walk.step_sd if says.market_sd is None else says.market_sd
        self.market = rng.normal(0.0, np.hypot(walk.now_sd, MODEL_SD), n)
        trend = TREND_SD if says.market_sd is None else 0.0
        self.trend = rng.normal(0.0, trend / 12.0, n)
        own = rng.normal(0.0, MODEL_SD, (n, len(self.fit.theta)))
        self.own = own[:, seats.group]
        # Few sales say little about how large the next one may be.
        doubt = rng.standard_normal((n, len(self.fit.hits)))
        doubt *= 1.0 / np.sqrt(self.fit.hits / 3.0 + 1.0)
        thin = 1.0 + 12.0 / (len(ramp.panel_.rep_ids) + 4.0)
        self.dispersion = (self.fit.dispersion * thin * np.exp(doubt))[:, self.segment]

    def month(
        self, h: int, of_year: int, n_labels: int
    ) -> tuple[Floats, Floats, Floats]:
        """Return bookings, heads and ramped heads by draw and label, one month."""
        seats, rng = self.seats, self.rng
        n, s = self.talent.shape
        self.market = self.market + self.trend + rng.normal(0.0, self.step_sd, n)
        on = self.starts <= h
        joins = self.starts == h
        self.tenure = np.where(joins & (seats.starts[None] >= 0), 0.5, self.tenure)
        hazard = self._hazard(h)
        leaves = on & ((rng.random((n, s)) < hazard) | (seats.ends[None] == h))
        worked = on * np.where(leaves, 0.5, 1.0) * (1.0 - self.leave)
        share = self._share()
        level = np.exp(self.theta[:, seats.group, 0])
        known = self.fit.season[:, of_year] + self.fit.drift[:, -1]
        market = np.exp(self.market[:, None] + self.own + known[self.segment][None])
        mean = _by_label(self.talent * level * share * worked * market, seats, n_labels)
        phi = np.ones((n, n_labels))
        phi[:, seats.label] = self.dispersion
        shape = np.maximum(mean / np.maximum(phi, 1e-9), 1e-9)
        booked = np.where(mean > 0, rng.gamma(shape) * phi, 0.0) * self.fit.unit
        heads = _by_label(on.astype(float), seats, n_labels)
        ramped = _by_label(on * share, seats, n_labels)
        self._turn_over(h, on, leaves)
        return booked, heads, ramped

    def _share(self) -> Floats:
        """Return the ramp share of every seat, (draws, seats)."""
        log_m80 = self.theta[:, self.seats.group, 1]
        shape = np.exp(self.theta[:, self.seats.group, 2])
        ratio = np.log(np.maximum(self.tenure, 0.05)) - log_m80
        z = np.exp(np.minimum(shape * ratio, 6.0))
        share: Floats = -np.expm1(-np.log(5.0) * z)
        if self.fit.departure:
            share = self._departed(share, self.tenure * np.exp(-log_m80))
        return share

    def _departed(self, share: Floats, x: Floats) -> Floats:
        """Apply the smooth departure of each seat's group."""
        out = share.copy()
        for g, departure in enumerate(self.fit.departure):
            mine = self.seats.group == g
            out[:, mine] *= np.exp(np.interp(x[:, mine], KNOTS, departure.value))
        return np.minimum(out, 1.0)

    def _hazard(self, h: int) -> Floats:
        """Return the chance of leaving in month `h`, (draws, seats)."""
        model, seats = self.attrition, self.seats
        names = model.feature_names_
        n_bands = sum(name.startswith("tenure ") for name in names)
        none = np.zeros(len(seats.group))
        base = model.features(seats.group, none, none, none)
        base[:, 1 : 1 + n_bands] = base[:, -2] = 0.0
        eta = self.beta @ base.T
        band = tenure_band(self.tenure)
        eta += np.take_along_axis(self.beta[:, 1 : 1 + n_bands], band, axis=1)
        eta += self.beta[:, -2:-1] * thinness(self.record)
        attained, variance = move_on(
            self.attained, self.talent * self.shift, h, self.noise, 0.0
        )
        slope = self.beta[:, -1:]
        eta += slope * attained + 0.5 * variance * slope**2
        hazard: Floats = self.says.hazard_factor / (1.0 + np.exp(-eta))
        return hazard

    def _turn_over(self, h: int, on: np.ndarray, leaves: np.ndarray) -> None:
        """Age those who stay; vacate and refill the seats of those who left."""
        self.tenure = self.tenure + on
        self.record = self.record + on
        gone = int(leaves.sum())
        if not gone:
            return
        rng, says = self.rng, self.says
        refilled = rng.random(gone) < says.backfill_share
        back = h + 1 + rng.poisson(says.backfill_months, gone)
        self.starts[leaves] = np.where(refilled, back, NEVER)
        a = self.fit.talent_precision
        self.talent[leaves] = rng.gamma(a, 1.0, gone) / a
        # A successor's first month starts in its middle; one is added on joining.
        self.tenure[leaves] = 0.5
        self.attained[leaves], self.record[leaves] = 1.0, 0.0


def _by_label(values: Floats, seats: Seats, n_labels: int) -> Floats:
    """Sum seats into labels, (draws, labels); seats are sorted by label."""
    out = np.zeros((len(values), n_labels))
    if values.shape[1]:
        present, first = np.unique(seats.label, return_index=True)
        out[:, present] = np.add.reduceat(values, first, axis=1)
    return out
