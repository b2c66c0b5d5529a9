"""Fit ramp curves, levels, season, drift and talent together by empirical Bayes.

The engine behind `ml.ramp`: arrays in, a frozen fit out. Units inside are multiples
of the panel's mean bookings per month worked.
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import gammaln

from ml.panel import Floats, RepPanel, totals
from ml.pooling import PooledPosterior, pool
from ml.progress import OnStep, in_silence
from ml.ramp_calendar import MarketWalk, learn_walk, step_calendar
from ml.ramp_likelihood import RampRows
from ml.ramp_model import RampFit, RampPrior, RampState
from ml.ramp_smooth import fit_departure

TALENT_GRID = np.exp(np.linspace(np.log(0.7), np.log(60.0), 24))  # 1 / variance
FAMILY = 0.2  # extra variance: no true curve is exactly of the fitted family
LEVEL_SD = 0.02  # log level error that large simulated companies still showed
SMOOTH_ROUNDS, STEPS_EACH = 4, 3  # departures, and steps after each
SD_GRID = np.array([0.08, 0.14, 0.22, 0.34, 0.5, 0.75])


class _Engine(RampRows):
    """Improves a state round by round."""

    def __init__(self, panel: RepPanel, prior: RampPrior) -> None:
        super().__init__(panel, prior)
        self.spread = (prior.segment_sd, prior.group_sd)
        self.walk = MarketWalk(prior.company_calendar_sd[1], 0.0, 0.0)

    def step_groups(self, s: RampState) -> tuple[float, PooledPosterior]:
        """Move levels and curves one scoring step; return the largest move."""
        info, score, _ = self.likelihood(s)
        slope = np.einsum("gij,gj->gi", info, s.theta) + score
        posterior = pool(
            info, slope, self.panel.segment_of_group, self.prior.pooled(*self.spread)
        )
        move = np.clip(posterior.mean - s.theta, -0.4, 0.4)
        s.theta = s.theta + move
        s.theta[:, 2] = np.clip(s.theta[:, 2], np.log(0.4), np.log(4.0))
        s.theta[:, 1] = np.clip(s.theta[:, 1], np.log(0.7), np.log(60.0))
        return float(np.abs(move[:, 1:]).max(initial=0.0)), posterior

    def by_month(self, s: RampState) -> tuple[Floats, Floats]:
        """Return expected counts, and booked minus expected, (s, m) each."""
        mean, _ = self.means(s)
        talent, _, _ = self.talents(s, mean)
        weight = (1.0 / s.dispersion)[self.segment]
        full = talent[self.pair] * mean * weight
        shape = (self.n_segments, self.n_months)
        due = totals(self.when, full, shape[0] * shape[1]).reshape(shape)
        got = totals(self.when, self.y * weight, shape[0] * shape[1]).reshape(shape)
        return due, got - due

    def step_calendar(self, s: RampState) -> None:
        """Update seasons and drifts, one penalised scoring step."""
        due, over = self.by_month(s)
        season_sd = self.prior.company_calendar_sd[0]
        s.calendar = step_calendar(
            s.calendar,
            self.of_year,
            due,
            over,
            company_sds=(season_sd, self.walk.step_sd),
            segment_sds=self.prior.segment_calendar_sd,
        )

    def step_walk(self, s: RampState) -> None:
        """Learn how restless the market is."""
        due, over = self.by_month(s)
        self.walk = learn_walk(
            s.calendar,
            self.of_year,
            due.sum(axis=0),
            over.sum(axis=0),
            self.prior.company_calendar_sd,
        )

    def step_spread(self, s: RampState) -> None:
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
        # Segments share one dispersion per unit of level until they have sales enough;
        # 20 rows at the company's level keep an empty segment from looking certain.
        level = (expected + 20.0) / (rows + 20.0)
        own = square * correction / np.maximum(expected, 1e-9) / level
        hits = self.hits + 1e-9
        typical = np.average(own, weights=hits / (hits + 10.0))
        own = (hits * own + 10.0 * typical) / (hits + 10.0)
        s.dispersion = np.maximum(own, 1e-4) * level
        talent, got, due = self.talents(s, mean)
        move, _ = self._selection_step(s, got, due)
        s.selection = np.clip(s.selection + move, -1.0, 1.0)
        s.talent_precision = self._best_precision(s, got, due)

    def _selection_step(
        self, s: RampState, got: Floats, due: Floats
    ) -> tuple[Floats, Floats]:
        """Return a penalised scoring step for survivors and leavers, and its spread."""
        z = self.pair_story
        precision = np.diag(1.0 / np.array(self.prior.selection_sd) ** 2)
        mean = np.exp(z @ s.selection) * due
        # A pair's bookings vary by chance and by talent.
        trust = 1.0 / (1.0 + mean / s.talent_precision)
        info = (z * (mean * trust)[:, None]).T @ z + precision
        off = s.selection - np.array(self.prior.selection)
        gradient = z.T @ ((got - mean) * trust) - precision @ off
        spread = np.linalg.inv(info).astype(np.float64)
        return np.clip(spread @ gradient, -0.2, 0.2), spread

    def _best_precision(self, s: RampState, got: Floats, due: Floats) -> float:
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

    def step_pooling(self, s: RampState) -> None:
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

    def rounds(self, s: RampState, most: int, tolerance: float) -> Iterator[int]:
        """Improve until curves move less than `tolerance` in logs."""
        for turn in range(1, most + 1):
            moved, _ = self.step_groups(s)
            self.step_calendar(s)
            self.step_spread(s)
            if turn in (6, 12):
                self.step_pooling(s)
                self.step_walk(s)
            yield turn
            if moved < tolerance and turn > 13:
                return

    def finish(self, s: RampState, rounds: int) -> RampFit:
        """Freeze a state: sandwich covariance, normalised levels, rep posteriors."""
        self.step_walk(s)
        info, score, squares = self.likelihood(s)
        slope = np.einsum("gij,gj->gi", info, s.theta) + score
        posterior = pool(
            info, slope, self.panel.segment_of_group, self.prior.pooled(*self.spread)
        )
        pairs = np.bincount(self.pair_group, minlength=self.n_groups).astype(float)
        robust = posterior.robust_covariance(info, _steadied(info, squares, pairs))
        robust = self._widened(s, robust)
        mean, _ = self.means(s)
        drift = s.calendar.drift[0] + s.calendar.drift[1:]
        last_year = drift[:, -12:].mean(axis=1, keepdims=True)
        theta = s.theta.copy()
        # The level is the average hire's, those who left again included.
        hired = np.exp(self.rep_story[self.panel.is_hired_inside] @ s.selection)
        par = float((hired.sum() + 2.0) / (len(hired) + 2.0))
        theta[:, 0] += last_year[self.panel.segment_of_group, 0] + np.log(par)
        talent_shape, talent_rate = self._rep_posterior(s, mean)
        full = np.zeros(len(self.worked))
        full[self.worked] = mean * par
        return RampFit(
            unit=self.unit,
            theta=theta,
            covariance=robust,
            season=s.calendar.season[0] + s.calendar.season[1:],
            drift=drift - last_year,
            walk=self.walk,
            dispersion=s.dispersion,
            hits=self.hits,
            talent_precision=s.talent_precision,
            selection=s.selection,
            pair_rep=self.pair_rep,
            pair_group=self.pair_group,
            rep_shape=talent_shape,
            rep_rate=talent_rate * par,
            mean_at_par=full,
            departure=list(s.departure),
            rounds=rounds,
        )

    def _widened(self, s: RampState, covariance: Floats) -> Floats:
        """Add what the group fit takes for granted: selection, market, variances."""
        mean, _ = self.means(s)
        _, got, due = self.talents(s, mean)
        spread = self._selection_step(s, got, due)[1]
        weight = np.bincount(self.pair_group, minlength=self.n_groups)
        story = np.stack(
            [totals(self.pair_group, z, self.n_groups) for z in self.pair_story.T]
        ) / np.maximum(weight, 1)
        wide = covariance.copy()
        level = np.arange(self.n_groups) * 3
        wide[np.ix_(level, level)] += story.T @ spread @ story
        wide[np.ix_(level, level)] += self.walk.year_sd**2 + LEVEL_SD**2
        # Dispersion, talent and pooling are estimated too: with few reps, poorly.
        return wide * (1.0 + FAMILY + 12.0 / (len(self.panel.rep_ids) + 4.0))

    def _rep_posterior(self, s: RampState, mean: Floats) -> tuple[Floats, Floats]:
        """Return the gamma posterior of every rep over all groups served."""
        weight = (1.0 / s.dispersion)[self.segment]
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
    on_step: OnStep = in_silence,
) -> RampFit:
    """Fit everything at once; see `ml.ramp.RampEstimator` for the model."""
    engine = _Engine(panel, prior)
    state = engine.start()
    is_smooth = len(panel.rep_ids) >= smooth_from_reps
    most, turn = rounds + (SMOOTH_ROUNDS * STEPS_EACH if is_smooth else 0), 0
    for turn in engine.rounds(state, rounds, tolerance):
        on_step("ramp", turn, most)
    if is_smooth:
        for _ in range(SMOOTH_ROUNDS):
            mean, _ = engine.means(state)
            talent, _, _ = engine.talents(state, mean)
            state.departure = fit_departure(
                state.departure, engine.group, engine.cell_tenure[engine.cell],
                state.theta[engine.group, 1], engine.y,
                talent[engine.pair] * mean,
                state.dispersion[panel.segment_of_group],
            )  # fmt: skip
            for _ in range(STEPS_EACH):
                engine.step_groups(state)
                engine.step_calendar(state)
                engine.step_spread(state)
                turn += 1
                on_step("ramp", turn, most)
    return engine.finish(state, turn)
