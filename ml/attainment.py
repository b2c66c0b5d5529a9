"""What each rep booked lately against what an average hire would have booked."""

from dataclasses import dataclass

import numpy as np

from ml.panel import Floats, RepPanel
from ml.ramp import RampEstimator

WINDOW = 12  # months looked back; what persists shows better in a year than in six
PULL = 1.5  # average months added to both sides, so that a thin past stays near 1
USUAL_LASTING = 0.6  # of log attainment a year on, before data
LASTING_REPS = 10.0  # reps that this belief weighs
TENURE_EDGES = np.array([3.0, 6.0, 12.0, 24.0])


def expected_bookings(panel: RepPanel, ramp: RampEstimator | None) -> Floats:
    """Return what an average hire would have booked in each row, (n,) cents.

    Parameters
    ----------
    panel : RepPanel
    ramp : RampEstimator or None
        Fitted to the same rows; None uses the mean of tenure band and group.
    """
    if ramp is not None and hasattr(ramp, "fit_"):
        if len(ramp.fit_.mean_at_par) != len(panel.rep):
            raise ValueError("the ramp was fitted to other rows than this panel")
        return ramp.fit_.mean_at_par * ramp.fit_.unit
    cell = panel.group * (len(TENURE_EDGES) + 1) + np.searchsorted(
        TENURE_EDGES, panel.tenure
    )
    worked = np.bincount(cell, panel.exposure)
    booked = np.bincount(cell, panel.bookings)
    rate = booked / np.maximum(worked, 1e-9)
    out: Floats = np.maximum(rate[cell], 0.0) * panel.exposure
    return out


def trailing_attainment(panel: RepPanel, due: Floats) -> tuple[Floats, Floats]:
    """Return log attainment over the months before each row, and as of the end.

    Parameters
    ----------
    panel : RepPanel
    due : (n,) float, cents
        Expected bookings of each row.

    Returns
    -------
    before : (n,) float
        Log of booked over expected in the `WINDOW` rows before this one; 0 when
        there are none. Never reads the row itself.
    at_end : (i,) float
        The same for the month after each rep's last row.
    """
    n = len(panel.rep)
    first = np.searchsorted(panel.rep, np.arange(len(panel.rep_ids)))
    got = np.concatenate([[0.0], np.cumsum(panel.bookings)])
    should = np.concatenate([[0.0], np.cumsum(due)])

    def ratio(start: np.ndarray, stop: np.ndarray, usual: Floats) -> Floats:
        a = np.maximum(got[stop] - got[start], 0.0) + PULL * usual
        b = np.maximum(should[stop] - should[start], 0.0) + PULL * usual
        safe = np.maximum(b, 1e-9)
        out: Floats = np.where(b > 0, np.log(np.maximum(a / safe, 1e-3)), 0.0)
        return np.clip(out, -2.0, 1.5)

    months = np.bincount(panel.group, panel.exposure)
    mean_due = np.bincount(panel.group, due) / np.maximum(months, 1e-9)
    place = np.arange(n)
    start = np.maximum(place - WINDOW, first[panel.rep])
    before = ratio(start, place, mean_due[panel.group])
    stop = np.append(first[1:], n)
    last_group = panel.group[stop - 1]
    at_end = ratio(np.maximum(stop - WINDOW, first), stop, mean_due[last_group])
    return before, at_end


def record_months(panel: RepPanel) -> tuple[Floats, Floats]:
    """Return months worked that stand behind each row's trailing attainment.

    Parameters
    ----------
    panel : RepPanel

    Returns
    -------
    before : (n,) float, months, 0 to `WINDOW`
        Of the `WINDOW` rows before this one; 0 for a rep's first row.
    at_end : (i,) float
        The same for the month after each rep's last row.
    """
    first = np.searchsorted(panel.rep, np.arange(len(panel.rep_ids)))
    worked = np.concatenate([[0.0], np.cumsum(panel.exposure)])
    place = np.arange(len(panel.rep))
    before = worked[place] - worked[np.maximum(place - WINDOW, first[panel.rep])]
    stop = np.append(first[1:], len(panel.rep))
    at_end = worked[stop] - worked[np.maximum(stop - WINDOW, first)]
    return before, at_end


def thinness(months: Floats) -> Floats:
    """Return how little is known of attainment: 1 without a record, 0.11 with a year.

    Parameters
    ----------
    months : float, any shape
        Months worked behind the record; more than `WINDOW` count as that.

    Examples
    --------
    >>> thinness(np.array([0.0, 1.5, 12.0])).round(2).tolist()
    [1.0, 0.5, 0.11]
    """
    out: Floats = PULL / (PULL + np.minimum(months, WINDOW))
    return out


@dataclass(frozen=True, slots=True)
class Wander:
    """How log attainment of reps who are there moves on: some lasts, the rest is new.

    The spread between reps stays what it is; only who is low and high changes.
    """

    mean: float
    variance: float
    lasting_share: float  # correlation of attainment with itself a window later

    def ahead(self, attained: Floats, months: int) -> tuple[Floats, float]:
        """Return expected log attainment some months on, and its variance.

        Parameters
        ----------
        attained : float, any shape
            Log attainment today.
        months : int, >= 0
        """
        kept = 1.0 - (1.0 - self.lasting_share) * min(months, WINDOW) / WINDOW
        moved: Floats = kept * attained + (1.0 - kept) * self.mean
        return moved, self.variance * (1.0 - kept**2)


def learn_wander(panel: RepPanel, before: Floats) -> Wander:
    """Learn how lasting attainment is from reps seen a full window apart.

    Parameters
    ----------
    panel : RepPanel
    before : (n,) float
        Log attainment over the months before each row.

    Returns
    -------
    Wander
        With few such reps the lasting share leans on a stated 0.6.
    """
    first = np.append(0, np.flatnonzero(np.diff(panel.rep)) + 1)[panel.rep]
    place = np.arange(len(before))
    seen = place - first >= 2 * WINDOW
    here = place - first >= WINDOW
    if here.sum() < 2:
        return Wander(0.0, 0.0, USUAL_LASTING)
    mean, variance = float(before[here].mean()), float(before[here].var())
    reps = len(np.unique(panel.rep[seen]))
    found = USUAL_LASTING
    if reps > 2 and variance > 0:
        gap = (before[seen] - mean) * (before[place[seen] - WINDOW] - mean)
        found = float(np.clip(gap.mean() / variance, 0.0, 0.95))
    share = (reps * found + LASTING_REPS * USUAL_LASTING) / (reps + LASTING_REPS)
    return Wander(mean, variance, share)
