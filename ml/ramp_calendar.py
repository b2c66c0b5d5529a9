"""Season and market drift: what a calendar month does to everyone in it."""

from dataclasses import dataclass

import numpy as np

from ml.panel import Floats, Ints

HOLD = 1e3  # precision that keeps the means of season and drift at zero
DRIFT_GRID = np.array([0.005, 0.008, 0.012, 0.018, 0.027, 0.04])  # log, per month
DRIFT_LOG_SD = 0.6  # how far the monthly drift may be from its prior, in logs


@dataclass(frozen=True, slots=True)
class Calendar:
    """Log effects; row 0 is the company, row 1 + s what segment s adds to it."""

    season: Floats  # (1 + s, 12) January to December
    drift: Floats  # (1 + s, m) months of the window

    @classmethod
    def flat(cls, segments: int, months: int) -> "Calendar":
        """Return a calendar without any effect."""
        return cls(np.zeros((1 + segments, 12)), np.zeros((1 + segments, months)))

    def effects(self, of_year: Ints) -> Floats:
        """Return the log effect of each month in each segment, (s, m)."""
        season = self.season[0] + self.season[1:]
        drift = self.drift[0] + self.drift[1:]
        out: Floats = season[:, of_year] + drift
        return out


@dataclass(frozen=True, slots=True)
class MarketWalk:
    """How restless the company's market level is, and how well today's is known."""

    step_sd: float  # log, month on month
    now_sd: float  # log, last month against the whole window
    year_sd: float  # log, last 12 months against the whole window


def _system(
    of_year: Ints, due: Floats, sds: tuple[float, float]
) -> tuple[Floats, Floats, Floats]:
    """Return design (m, 12 + m), prior precision and curvature of one calendar."""
    n = len(due)
    design = np.zeros((n, 12 + n))
    design[np.arange(n), of_year] = 1.0
    design[:, 12:] += np.eye(n)
    steps = np.diff(np.eye(n), axis=0)
    penalty = np.zeros((12 + n, 12 + n))
    penalty[:12, :12] = np.eye(12) / sds[0] ** 2 + HOLD
    penalty[12:, 12:] = steps.T @ steps / sds[1] ** 2 + HOLD / n
    return design, penalty, design.T @ (due[:, None] * design) + penalty


def _step(
    season: Floats,
    drift: Floats,
    of_year: Ints,
    due: Floats,
    over: Floats,
    sds: tuple[float, float],
) -> tuple[Floats, Floats]:
    """Move one season and one drift by a penalised scoring step.

    ``due`` and ``over`` are (m,): expected counts and booked minus expected.
    """
    design, penalty, info = _system(of_year, due, sds)
    at = np.concatenate([season, drift])
    gradient = design.T @ over - penalty @ at
    moved = at + np.clip(np.linalg.solve(info, gradient), -0.3, 0.3)
    return moved[:12] - moved[:12].mean(), moved[12:] - moved[12:].mean()


def learn_walk(
    calendar: Calendar,
    of_year: Ints,
    due: Floats,
    over: Floats,
    sds: tuple[float, float],
) -> MarketWalk:
    """Weigh monthly drifts by their evidence, pulled towards the prior's.

    Parameters
    ----------
    calendar : Calendar
    of_year : (m,) int
    due, over : (m,) float
        The company's expected counts, and booked minus expected.
    sds : (season, drift)
        Prior standard deviations.
    """
    at = np.concatenate([calendar.season[0], calendar.drift[0]])
    scores = np.empty(len(DRIFT_GRID))
    spread = np.empty((2, len(DRIFT_GRID)))
    # Talents and levels are learned over the window, most where most was sold.
    contrast = np.zeros((2, len(at)))
    contrast[:, 12:] -= due / max(float(due.sum()), 1e-9)
    recent = min(12, len(due))
    contrast[0, -1] += 1.0
    contrast[1, -recent:] += 1.0 / recent
    for place, sd in enumerate(DRIFT_GRID):
        design, penalty, info = _system(of_year, due, (sds[0], float(sd)))
        pull = design.T @ (over + due * (design @ at))
        mean = np.linalg.solve(info, pull)
        scores[place] = 0.5 * (
            np.linalg.slogdet(penalty)[1] - np.linalg.slogdet(info)[1] + pull @ mean
        )
        scores[place] -= 0.5 * (np.log(sd / sds[1]) / DRIFT_LOG_SD) ** 2
        spread[:, place] = (contrast * np.linalg.solve(info, contrast.T).T).sum(axis=1)
    weight = np.exp(scores - scores.max())
    weight /= weight.sum()
    return MarketWalk(
        step_sd=float(np.exp(weight @ np.log(DRIFT_GRID))),
        now_sd=float(np.sqrt(spread[0] @ weight)),
        year_sd=float(np.sqrt(spread[1] @ weight)),
    )


def step_calendar(
    calendar: Calendar,
    of_year: Ints,
    due: Floats,
    over: Floats,
    *,
    company_sds: tuple[float, float],
    segment_sds: tuple[float, float],
) -> Calendar:
    """Move the company's calendar, then what each segment adds.

    Parameters
    ----------
    calendar : Calendar
    of_year : (m,) int
        Month of the year, 0 to 11, of each month of the window.
    due, over : (s, m) float
        Expected bookings over dispersion, and booked minus expected over dispersion.
    company_sds, segment_sds : (season, drift)
        Prior standard deviations: of a month's effect, and of the monthly step.
    """
    season, drift = calendar.season.copy(), calendar.drift.copy()
    season[0], drift[0] = _step(
        season[0], drift[0], of_year, due.sum(axis=0), over.sum(axis=0), company_sds
    )
    if len(due) > 1:
        moved = season[0] - calendar.season[0]
        factor = np.exp(moved[of_year] + drift[0] - calendar.drift[0])
        for s in range(len(due)):
            fresh_due = due[s] * factor
            fresh_over = over[s] + due[s] - fresh_due
            season[1 + s], drift[1 + s] = _step(
                season[1 + s], drift[1 + s], of_year, fresh_due, fresh_over, segment_sds
            )
    return Calendar(season, drift)
