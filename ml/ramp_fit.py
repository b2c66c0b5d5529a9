"""Fit ramp curves, levels, season, drift and talent together by empirical Bayes.

The engine behind `ml.ramp`: arrays in, a frozen fit out. Units inside are multiples
of the panel's mean bookings per month worked.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from scipy.special import gammaln

from ml.panel import Floats, Ints, RepPanel, totals
from ml.pooling import PooledPosterior, PooledPrior, pool
from ml.ramp_curve import share_and_slopes
from ml.ramp_smooth import Departure, departure_at, fit_departure

TALENT_GRID = np.exp(np.linspace(np.log(0.7), np.log(60.0), 30))  # 1 / variance
SD_GRID = np.array([0.08, 0.14, 0.22, 0.34, 0.5, 0.75])
SELECTION_MONTHS = 36.0  # survived tenure over which stayers' mean talent is linear


@dataclass(frozen=True, slots=True)
class RampPrior:
    """What is believed about any sales force before its data are seen.

    Months to 80 % have median 6 with two thirds of companies between 3.3 and 11;
    segments differ from their company by about a third, roles within a segment by a
    quarter. Talent has a coefficient of variation of about 0.45 between reps.
    """

    months_to_80: float = 6.0
    shape: float = 1.3
    company_sd: tuple[float, float] = (0.6, 0.3)  # log m80, log shape
    segment_sd: tuple[float, float] = (0.34, 0.14)
    group_sd: tuple[float, float] = (0.22, 0.14)
    level_sd: float = 0.7  # log productivity, group and segment
    talent_precision: float = 5.0
    talent_log_sd: float = 0.6
    # Log mean talent against the average hire: there before the window, left, and
    # still here after 36 months. Weak reps leave, so survivors are better.
    selection: tuple[float, float, float] = (0.08, -0.1, 0.06)
    selection_sd: tuple[float, float, float] = (0.2, 0.2, 0.1)
    season_sd: float = 0.3
    drift_sd: float = 0.02  # log market level, month on month

    def pooled(
        self, segment_sd: tuple[float, float], group_sd: tuple[float, float]
    ) -> PooledPrior:
        """Return the prior of (log level, log m80, log shape) for these spreads."""
        return PooledPrior(
            mean=np.array([0.0, np.log(self.months_to_80), np.log(self.shape)]),
            company_sd=np.array([3.0, *self.company_sd]),
            segment_sd=np.array([self.level_sd, *segment_sd]),
            group_sd=np.array([self.level_sd, *group_sd]),
        )


@dataclass(frozen=True, slots=True)
class RampFit:
    """One converged fit; `unit` times a level gives cents per ramped month."""

    unit: float
    theta: Floats  # (g, 3) log level, log months to 80 %, log shape
    covariance: Floats  # (g*3, g*3) sandwich
    calendar: Floats  # (m,) log effect of each calendar month of the window
    season: Floats  # (12,) log effect of January to December, mean 0
    drift: Floats  # (m,) log market level, mean of the last 12 months 0
    dispersion: Floats  # (s,) variance over mean, in units
    talent_precision: float  # gamma shape of talent at mean 1
    selection: Floats  # (3,) log mean talent: there before, left, survived 36 months
    pair_rep: Ints  # (c,) rep of each rep-group pair
    pair_group: Ints  # (c,)
    rep_shape: Floats  # (i,) posterior gamma shape of each rep's talent
    rep_rate: Floats  # (i,) posterior gamma rate
    mean_at_par: Floats  # (n,) expected units of an average rep in each row
    departure: list[Departure] = field(default_factory=list)  # per segment or empty
    rounds: int = 0


@dataclass(slots=True)
class _State:
    """What changes from round to round."""

    theta: Floats
    season: Floats
    drift: Floats
    dispersion: Floats
    talent_precision: float
    selection: Floats
    departure: list[Departure]


class _Engine:
    """Holds the data of one fit and improves a state round by round."""

    def __init__(self, panel: RepPanel, prior: RampPrior) -> None:
        worked = panel.exposure > 1e-6
        self.panel, self.prior = panel, prior
        self.rep, self.group = panel.rep[worked], panel.group[worked]
        self.segment = panel.segment_of_group[self.group]
        self.month, self.tenure = panel.month[worked], panel.tenure[worked]
        self.exposure = panel.exposure[worked]
        booked = panel.bookings[worked]
        self.unit = float(booked.sum() / self.exposure.sum())
        self.y = booked / self.unit
        self.worked = worked
        self.n_groups, self.n_segments = len(panel.groups), len(panel.segments)
        self.of_year = (panel.months % 12).astype(np.intp)
        pair = self.rep * self.n_groups + self.group
        codes, self.pair = np.unique(pair, return_inverse=True)
        self.pair_rep, self.pair_group = codes // self.n_groups, codes % self.n_groups
        self.pair_segment = panel.segment_of_group[self.pair_group]
        longest = np.zeros(len(panel.rep_ids))
        np.maximum.at(longest, panel.rep, panel.tenure)
        survived = np.minimum(longest, SELECTION_MONTHS) / SELECTION_MONTHS
        inside = panel.is_hired_inside
        self.rep_story = np.column_stack(
            [~inside, panel.is_leaver, np.where(inside, survived, 0.0)]
        ).astype(np.float64)
        self.pair_story = self.rep_story[self.pair_rep]
        self.spread = (prior.segment_sd, prior.group_sd)

    def start(self) -> _State:
        """Begin from the prior's curve and each group's mean."""
        p = self.prior
        theta = np.tile(
            [0.0, np.log(p.months_to_80), np.log(p.shape)], (self.n_groups, 1)
        )
        share = share_and_slopes(self.tenure, theta[self.group, 1], theta[0, 2])[0]
        worked = np.bincount(self.group, self.exposure * share, self.n_groups)
        got = np.bincount(self.group, self.y, self.n_groups)
        theta[:, 0] = np.log(np.maximum(got + 3.0, 0.3) / (worked + 3.0))
        return _State(
            theta=theta,
            season=np.zeros(12),
            drift=np.zeros(len(self.panel.months)),
            dispersion=np.full(self.n_segments, 1.0),
            talent_precision=p.talent_precision,
            selection=np.array(p.selection),
            departure=[],
        )

    def means(self, s: _State) -> tuple[Floats, Floats]:
        """Return the mean of an average rep per row and its slopes, (n,), (n, 3)."""
        th = s.theta[self.group]
        share, by_m80, by_shape = share_and_slopes(self.tenure, th[:, 1], th[:, 2])
        calendar = s.season[self.of_year] + s.drift
        log_mean = np.log(share) + calendar[self.month] + th[:, 0]
        if s.departure:
            log_mean = log_mean + departure_at(
                s.departure, self.segment, self.tenure, th[:, 1]
            )
        mean = self.exposure * np.exp(np.clip(log_mean, -30, 30))
        return mean, np.column_stack([np.ones_like(mean), by_m80, by_shape])

    def talents(self, s: _State, mean: Floats) -> tuple[Floats, Floats, Floats]:
        """Return posterior talent, and Y and M in counts of dispersion, per pair."""
        weight = 1.0 / s.dispersion[self.segment]
        got = totals(self.pair, self.y * weight, len(self.pair_rep))
        due = totals(self.pair, mean * weight, len(self.pair_rep))
        a = s.talent_precision
        usual = np.exp(self.pair_story @ s.selection)
        talent = (a * usual + np.maximum(got, 0.0)) / (a + due)
        return np.maximum(talent, 1e-6), got, due

    def likelihood(self, s: _State) -> tuple[Floats, Floats, Floats]:
        """Return information (g, 3, 3), score (g, 3), score squares (g, 3, 3)."""
        mean, x = self.means(s)
        talent, _, due = self.talents(s, mean)
        weight = 1.0 / s.dispersion[self.segment]
        full = talent[self.pair] * mean * weight
        residual = (self.y * weight) - full
        n_pairs = len(self.pair_rep)
        score_c, slope_c = np.empty((n_pairs, 3)), np.empty((n_pairs, 3))
        info = np.empty((self.n_groups, 3, 3))
        for j in range(3):
            score_c[:, j] = np.bincount(self.pair, residual * x[:, j], n_pairs)
            slope_c[:, j] = np.bincount(self.pair, mean * weight * x[:, j], n_pairs)
            for k in range(j + 1):
                v = np.bincount(self.group, full * x[:, j] * x[:, k], self.n_groups)
                info[:, j, k] = info[:, k, j] = v
        lost = talent / (s.talent_precision + due)
        missing = np.zeros_like(info)
        squares = np.zeros_like(info)
        np.add.at(
            missing,
            self.pair_group,
            lost[:, None, None] * slope_c[:, :, None] * slope_c[:, None, :],
        )
        np.add.at(squares, self.pair_group, score_c[:, :, None] * score_c[:, None, :])
        score = np.zeros((self.n_groups, 3))
        np.add.at(score, self.pair_group, score_c)
        return info - missing, score, squares

    def step_groups(self, s: _State) -> tuple[float, PooledPosterior]:
        """Move levels and curves one scoring step; return the largest move."""
        info, score, _ = self.likelihood(s)
        slope = np.einsum("gij,gj->gi", info, s.theta) + score
        posterior = pool(
            info, slope, self.panel.segment_of_group, self.prior.pooled(*self.spread)
        )
        move = np.clip(posterior.mean - s.theta, -0.4, 0.4)
        s.theta = s.theta + move
        s.theta[:, 2] = np.clip(s.theta[:, 2], np.log(0.3), np.log(5.0))
        return float(np.abs(move[:, 1:]).max(initial=0.0)), posterior

    def step_calendar(self, s: _State) -> None:
        """Update season and drift together, one penalised scoring step."""
        mean, _ = self.means(s)
        talent, _, _ = self.talents(s, mean)
        weight = 1.0 / s.dispersion[self.segment]
        full = talent[self.pair] * mean * weight
        n = len(self.panel.months)
        due = np.bincount(self.month, full, n)
        over = np.bincount(self.month, self.y * weight - full, n)
        design = np.zeros((n, 12 + n))
        design[np.arange(n), self.of_year] = 1.0
        design[:, 12:] += np.eye(n)
        steps = np.diff(np.eye(n), axis=0)
        penalty = np.zeros((12 + n, 12 + n))
        penalty[:12, :12] = np.eye(12) / self.prior.season_sd**2
        penalty[12:, 12:] = steps.T @ steps / self.prior.drift_sd**2
        # The level belongs to the groups: hold both means at zero.
        penalty[:12, :12] += 1e3
        penalty[12:, 12:] += 1e3 / n
        at = np.concatenate([s.season, s.drift])
        info = design.T @ (due[:, None] * design) + penalty
        gradient = design.T @ over - penalty @ at
        move = np.clip(np.linalg.solve(info, gradient), -0.3, 0.3)
        s.season = s.season + move[:12]
        s.drift = s.drift + move[12:]
        s.season = s.season - s.season.mean()
        s.drift = s.drift - s.drift.mean()

    def step_spread(self, s: _State) -> None:
        """Update dispersion, mean talent by kind, and the spread of talent."""
        mean, _ = self.means(s)
        talent, got, due = self.talents(s, mean)
        fitted = talent[self.pair] * mean
        square = np.bincount(self.segment, (self.y - fitted) ** 2, self.n_segments)
        expected = np.bincount(self.segment, fitted, self.n_segments)
        rows = np.bincount(self.segment, minlength=self.n_segments).astype(float)
        used = np.bincount(
            self.pair_segment, due / (s.talent_precision + due), self.n_segments
        )
        correction = rows / np.maximum(rows - used, rows / 4 + 1e-9)
        # Segments share one dispersion per unit of level until they have rows enough.
        level = np.maximum(expected, 1e-9) / np.maximum(rows, 1.0)
        own = square * correction / np.maximum(expected, 1e-9) / level
        typical = np.average(own, weights=rows)
        s.dispersion = (
            np.maximum((rows * own + 30 * typical) / (rows + 30), 1e-4) * level
        )
        talent, got, due = self.talents(s, mean)
        a = s.talent_precision
        self._step_selection(s, got, due)
        s.talent_precision = self._best_precision(s, got, due)

    def _step_selection(self, s: _State, got: Floats, due: Floats) -> None:
        """Update how survivors and leavers differ, one penalised scoring step."""
        z = self.pair_story
        precision = np.diag(1.0 / np.array(self.prior.selection_sd) ** 2)
        mean = np.exp(z @ s.selection) * due
        # A pair's bookings vary by chance and by talent.
        trust = 1.0 / (1.0 + mean / s.talent_precision)
        info = (z * (mean * trust)[:, None]).T @ z + precision
        off = s.selection - np.array(self.prior.selection)
        gradient = z.T @ ((got - mean) * trust) - precision @ off
        move = np.clip(np.linalg.solve(info, gradient), -0.2, 0.2)
        s.selection = np.clip(s.selection + move, -1.0, 1.0)

    def _best_precision(self, s: _State, got: Floats, due: Floats) -> float:
        """Choose the spread of talent by marginal likelihood on a grid."""
        a = TALENT_GRID[:, None]
        shape = a * np.exp(self.pair_story @ s.selection)[None, :]
        y = np.maximum(got, 0.0)[None, :]
        log_like = (
            gammaln(shape + y) - gammaln(shape) + shape * np.log(a)
            - (shape + y) * np.log(a + due[None, :])
        ).sum(axis=1)  # fmt: skip
        offset = np.log(TALENT_GRID / self.prior.talent_precision)
        score = log_like - 0.5 * (offset / self.prior.talent_log_sd) ** 2
        weight = np.exp(score - score.max())
        return float(np.exp(np.average(np.log(TALENT_GRID), weights=weight)))

    def step_pooling(self, s: _State) -> None:
        """Choose how far segments and groups may differ, by evidence on a grid."""
        if self.n_groups == 1:
            return
        info, score, _ = self.likelihood(s)
        slope = np.einsum("gij,gj->gi", info, s.theta) + score
        (seg_m, seg_k), (grp_m, _) = self.spread
        for place in range(3):
            best, chosen = -np.inf, 0.0
            for sd in SD_GRID:
                trial = [seg_m, grp_m, seg_k]
                trial[place] = float(sd)
                prior = self.prior.pooled((trial[0], trial[2]), (trial[1], trial[2]))
                at = (self.prior.segment_sd[0], self.prior.group_sd[0], 0.14)[place]
                value = (
                    pool(info, slope, self.panel.segment_of_group, prior).log_evidence
                    - 0.5 * ((np.log(sd) - np.log(at)) / 0.6) ** 2
                )
                if value > best:
                    best, chosen = value, float(sd)
            seg_m, grp_m, seg_k = (
                chosen if place == 0 else seg_m,
                chosen if place == 1 else grp_m,
                chosen if place == 2 else seg_k,
            )
        self.spread = ((seg_m, seg_k), (grp_m, seg_k))

    def rounds(self, s: _State, most: int, tolerance: float) -> Iterator[int]:
        """Improve until curves move less than `tolerance` in logs."""
        for turn in range(1, most + 1):
            moved, _ = self.step_groups(s)
            self.step_calendar(s)
            self.step_spread(s)
            if turn in (6, 12):
                self.step_pooling(s)
            yield turn
            if moved < tolerance and turn > 13:
                return

    def finish(self, s: _State, rounds: int) -> RampFit:
        """Freeze a state: sandwich covariance, normalised levels, rep posteriors."""
        info, score, squares = self.likelihood(s)
        slope = np.einsum("gij,gj->gi", info, s.theta) + score
        posterior = pool(
            info, slope, self.panel.segment_of_group, self.prior.pooled(*self.spread)
        )
        pairs = np.bincount(self.pair_group, minlength=self.n_groups).astype(float)
        robust = posterior.robust_covariance(info, _steadied(info, squares, pairs))
        mean, _ = self.means(s)
        last_year = s.drift[-12:].mean()
        theta = s.theta.copy()
        theta[:, 0] += last_year
        talent_shape, talent_rate = self._rep_posterior(s, mean)
        full = np.zeros(len(self.worked))
        full[self.worked] = mean
        return RampFit(
            unit=self.unit,
            theta=theta,
            covariance=robust,
            calendar=s.season[self.of_year] + s.drift - last_year,
            season=s.season,
            drift=s.drift - last_year,
            dispersion=s.dispersion,
            talent_precision=s.talent_precision,
            selection=s.selection,
            pair_rep=self.pair_rep,
            pair_group=self.pair_group,
            rep_shape=talent_shape,
            rep_rate=talent_rate,
            mean_at_par=full,
            departure=list(s.departure),
            rounds=rounds,
        )

    def _rep_posterior(self, s: _State, mean: Floats) -> tuple[Floats, Floats]:
        """Return the gamma posterior of every rep over all groups served."""
        weight = 1.0 / s.dispersion[self.segment]
        n = len(self.panel.rep_ids)
        got = np.maximum(totals(self.rep, self.y * weight, n), 0.0)
        due = totals(self.rep, mean * weight, n)
        a = s.talent_precision
        return a * np.exp(self.rep_story @ s.selection) + got, a + due


def _steadied(info: Floats, squares: Floats, pairs: Floats) -> Floats:
    """Pull each group's score squares towards the company's inflation of `info`."""
    inverse = np.linalg.pinv(info + 1e-9 * np.eye(3))
    ratio = np.einsum("gij,gji->g", inverse, squares) / 3
    inflation = float(np.clip(np.average(ratio, weights=pairs), 1.0, 4.0))
    w = (pairs / (pairs + 15.0))[:, None, None]
    return w * squares + (1 - w) * inflation * info


def fit_ramp(
    panel: RepPanel,
    *,
    prior: RampPrior,
    smooth_from_reps: int,
    rounds: int = 60,
    tolerance: float = 2e-4,
) -> RampFit:
    """Fit everything at once; see `ml.ramp.RampEstimator` for the model."""
    engine = _Engine(panel, prior)
    state = engine.start()
    turn = max(engine.rounds(state, rounds, tolerance), default=0)
    if len(panel.rep_ids) >= smooth_from_reps:
        for _ in range(4):
            mean, _ = engine.means(state)
            talent, _, _ = engine.talents(state, mean)
            state.departure = fit_departure(
                state.departure, engine.segment, engine.tenure,
                state.theta[engine.group, 1], engine.y,
                talent[engine.pair] * mean, state.dispersion,
            )  # fmt: skip
            for _ in range(3):
                engine.step_groups(state)
                engine.step_calendar(state)
                engine.step_spread(state)
                turn += 1
    return engine.finish(state, turn)
