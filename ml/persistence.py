"""How a rep's trailing attainment moves on: what is in the window, then the talent.

A rep who had a poor year by luck comes back; one without the talent does not. Which of
the two it was is what the ramp model's talents say, deal size by deal size.
"""

from dataclasses import dataclass
from typing import Self

import numpy as np

from ml.attainment import PULL, WINDOW, Wander
from ml.panel import Floats, RepPanel
from ml.ramp import RampEstimator

CREDIT = WINDOW / (WINDOW + PULL)  # of a full window in an attainment
LOWEST, HIGHEST = -2.0, 1.5  # log attainment: what the hazard was fitted to


@dataclass(frozen=True, slots=True)
class Persistence:
    """What each rep's attainment returns to, and how far luck carries it."""

    talent: Floats  # (i,) expected bookings over an average hire's
    doubt: Floats  # (i,) relative variance of that
    noise: Floats  # (g,) relative variance of one ramped month's bookings, by group
    group: np.ndarray  # (i,) group of each rep's last row

    @classmethod
    def learn(cls, panel: RepPanel, ramp: RampEstimator) -> Self:
        """Read talents and deal noise from a ramp fitted to the same rows."""
        fit = ramp.fit_
        worked = np.bincount(panel.group, panel.exposure)
        due = np.bincount(panel.group, fit.mean_at_par) / np.maximum(worked, 1e-9)
        final = np.append(np.flatnonzero(np.diff(panel.rep)), len(panel.rep) - 1)
        return cls(
            talent=fit.rep_shape / fit.rep_rate,
            doubt=1.0 / fit.rep_shape,
            noise=fit.dispersion[panel.segment_of_group] / np.maximum(due, 1e-9),
            group=panel.group[final],
        )

    def ahead(self, attained: Floats, months: int) -> tuple[Floats, Floats]:
        """Return every rep's log attainment some months on, and its variance.

        Parameters
        ----------
        attained : (i,) float
            Log trailing attainment today.
        months : int, >= 0
        """
        noise = self.noise[self.group]
        return move_on(np.exp(attained), self.talent, months, noise, self.doubt)


def move_on(
    ratio: Floats, talent: Floats, months: int, noise: Floats, doubt: Floats | float
) -> tuple[Floats, Floats]:
    """Return expected log attainment some months on, and its variance.

    Parameters
    ----------
    ratio : float, > 0, any shape
        Trailing attainment today: booked over expected.
    talent : float, same shape
        What the rep books of what an average hire would.
    months : int, >= 0
        Months on; after a full window nothing of today's is left.
    noise : float
        Relative variance of one month's bookings of a ramped rep.
    doubt : float
        Relative variance of `talent`; 0 where it is known, as in a simulated draw.

    Notes
    -----
    The window is a mean of months: those still in it, and new ones at the rep's
    talent. To second order in the spread of the new ones.

    Examples
    --------
    >>> at, spread = move_on(np.array([0.5]), np.array([1.0]), 12, np.array([0.6]), 0.0)
    >>> bool(abs(at[0] + spread[0] / 2) < 1e-12), spread.round(3).tolist()
    (True, [0.04])
    """
    new = min(months, WINDOW) / WINDOW
    usual = CREDIT * talent + (1.0 - CREDIT)
    mean = (1.0 - new) * ratio + new * usual
    luck = new * noise / WINDOW * talent + new**2 * doubt * talent**2
    variance = np.minimum(CREDIT**2 * luck / np.maximum(mean, 0.1) ** 2, 1.0)
    moved = np.log(np.maximum(mean, 1e-3)) - 0.5 * variance
    return np.clip(moved, LOWEST, HIGHEST), variance


def attained_ahead(
    persistence: Persistence | None, wander: Wander, attained: Floats, months: int
) -> tuple[Floats, Floats]:
    """Return log attainment of all reps some months on, and its variance, (i,) each.

    Without a ramp (`persistence` None) reps return to what is usual, as `wander` says.
    """
    if persistence is not None:
        return persistence.ahead(attained, months)
    moved, variance = wander.ahead(attained, months)
    return moved, np.full(len(moved), variance)
