"""The rep-months of one ramp fit, and how likely they are under a state of the model.

Rows share their curve with all rows of the same group and tenure, so curves are
worked out once per such cell.
"""

import numpy as np

from ml.panel import Floats, RepPanel, totals
from ml.ramp_calendar import Calendar
from ml.ramp_curve import share_and_slopes
from ml.ramp_model import RampPrior, RampState
from ml.ramp_smooth import departure_at

TENURE_STEP = 0.1  # months; tenures are read to the nearest
LAST_TENURE = 100.0  # months from which everybody counts as ramped alike


class RampRows:
    """Arrays of the rows worked, their pairs of rep and group, and their cells."""

    def __init__(self, panel: RepPanel, prior: RampPrior) -> None:
        worked = panel.exposure > 1e-6
        self.panel, self.prior, self.worked = panel, prior, worked
        self.rep, self.group = panel.rep[worked], panel.group[worked]
        self.segment = panel.segment_of_group[self.group]
        self.month, self.exposure = panel.month[worked], panel.exposure[worked]
        booked = panel.bookings[worked]
        self.unit = float(booked.sum() / self.exposure.sum())
        self.y = booked / self.unit
        self.n_groups, self.n_segments = len(panel.groups), len(panel.segments)
        self.n_months = len(panel.months)
        self.of_year = (panel.months % 12).astype(np.intp)
        self.hits = totals(
            self.segment, (self.y > 0).astype(np.float64), self.n_segments
        )
        self.when = self.segment * self.n_months + self.month
        self._number_pairs()
        self._number_cells(panel.tenure[worked])

    def _number_pairs(self) -> None:
        """Give pairs of rep and group numbers; say how each rep came and went."""
        panel = self.panel
        codes, self.pair = np.unique(
            self.rep * self.n_groups + self.group, return_inverse=True
        )
        self.pair_rep, self.pair_group = codes // self.n_groups, codes % self.n_groups
        self.pair_segment = panel.segment_of_group[self.pair_group]
        self.rep_story = np.column_stack(
            [~panel.is_hired_inside, panel.is_leaver]
        ).astype(np.float64)
        self.pair_story = self.rep_story[self.pair_rep]

    def _number_cells(self, tenure: Floats) -> None:
        """Give the distinct pairs of group and tenure numbers."""
        steps = np.rint(np.minimum(tenure, LAST_TENURE) / TENURE_STEP).astype(np.intp)
        width = int(LAST_TENURE / TENURE_STEP) + 1
        codes, self.cell = np.unique(self.group * width + steps, return_inverse=True)
        self.cell_group = codes // width
        self.cell_tenure = (codes % width) * TENURE_STEP

    def start(self) -> RampState:
        """Begin from the prior's curve and each group's mean."""
        p = self.prior
        theta = np.tile(
            [0.0, np.log(p.months_to_80), np.log(p.shape)], (self.n_groups, 1)
        )
        share = share_and_slopes(
            self.cell_tenure, theta[self.cell_group, 1], theta[self.cell_group, 2]
        )[0]
        worked = totals(self.group, self.exposure * share[self.cell], self.n_groups)
        got = totals(self.group, self.y, self.n_groups)
        theta[:, 0] = np.log(np.maximum(got + 3.0, 0.3) / (worked + 3.0))
        return RampState(
            theta=theta,
            calendar=Calendar.flat(self.n_segments, self.n_months),
            dispersion=np.full(self.n_segments, 1.0),
            talent_precision=p.talent_precision,
            selection=np.array(p.selection),
            departure=[],
        )

    def means(self, s: RampState) -> tuple[Floats, Floats]:
        """Return an average hire's mean per row, and log-slopes per cell (cells, 3)."""
        th = s.theta[self.cell_group]
        share, by_m80, by_shape = share_and_slopes(self.cell_tenure, th[:, 1], th[:, 2])
        log_mean = np.log(share) + th[:, 0]
        if s.departure:
            log_mean = log_mean + departure_at(
                s.departure, self.cell_group, self.cell_tenure, th[:, 1]
            )
        at_cell = np.exp(np.clip(log_mean, -30, 30))
        at_month = np.exp(s.calendar.effects(self.of_year)).ravel()
        mean = self.exposure * at_cell[self.cell] * at_month[self.when]
        return mean, np.column_stack([np.ones_like(by_m80), by_m80, by_shape])

    def talents(self, s: RampState, mean: Floats) -> tuple[Floats, Floats, Floats]:
        """Return posterior talent, and Y and M in counts of dispersion, per pair."""
        weight = 1.0 / s.dispersion[self.pair_segment]
        got = totals(self.pair, self.y, len(self.pair_rep)) * weight
        due = totals(self.pair, mean, len(self.pair_rep)) * weight
        a = s.talent_precision
        usual = np.exp(self.pair_story @ s.selection)
        talent = (a * usual + np.maximum(got, 0.0)) / (a + due)
        return np.maximum(talent, 1e-6), got, due

    def likelihood(self, s: RampState) -> tuple[Floats, Floats, Floats]:
        """Return information (g, 3, 3), score (g, 3), score squares (g, 3, 3)."""
        mean, x = self.means(s)
        talent, got, due = self.talents(s, mean)
        weight = (1.0 / s.dispersion)[self.segment]
        full = talent[self.pair] * mean * weight
        residual = self.y * weight - full
        n_pairs, n_cells = len(self.pair_rep), len(self.cell_group)
        score_c, slope_c = np.empty((n_pairs, 3)), np.empty((n_pairs, 3))
        score_c[:, 0], slope_c[:, 0] = got - talent * due, due
        for j in (1, 2):
            slope = x[self.cell, j]
            score_c[:, j] = np.bincount(self.pair, residual * slope, n_pairs)
            slope_c[:, j] = np.bincount(self.pair, mean * weight * slope, n_pairs)
        by_cell = totals(self.cell, full, n_cells)[:, None, None]
        info = _by_group(
            self.cell_group, by_cell * x[:, :, None] * x[:, None, :], self.n_groups
        )
        lost = (talent / (s.talent_precision + due))[:, None, None]
        missing = lost * slope_c[:, :, None] * slope_c[:, None, :]
        squares = score_c[:, :, None] * score_c[:, None, :]
        score = np.stack(
            [totals(self.pair_group, score_c[:, j], self.n_groups) for j in range(3)],
            axis=1,
        )
        return (
            info - _by_group(self.pair_group, missing, self.n_groups),
            score,
            _by_group(self.pair_group, squares, self.n_groups),
        )


def _by_group(group: np.ndarray, blocks: Floats, n_groups: int) -> Floats:
    """Sum symmetric 3 x 3 blocks over groups, (g, 3, 3)."""
    out = np.empty((n_groups, 3, 3))
    for j in range(3):
        for k in range(j + 1):
            out[:, j, k] = out[:, k, j] = totals(group, blocks[:, j, k], n_groups)
    return out
