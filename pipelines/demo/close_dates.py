"""When reps believe a deal will close, and how often they move that date."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipelines.demo import norms, streams
from pipelines.demo.months import SECONDS_A_DAY, Months

PUSH_DAYS: Final = (28, 30, 45, 60, 91)
SNAP_SHARE: Final = 0.4  # of first guesses are a quarter's end; assumption
RENEWAL_DAYS: Final = 89  # from opening a renewal to the last day of its term


def first_guess(
    seed: int,
    rows: NDArray[np.int64],
    day: NDArray[np.int64],
    *,
    segment: NDArray[np.int64],
    is_expansion: NDArray[np.bool_],
    is_renewal: NDArray[np.bool_],
    months: Months,
) -> NDArray[np.int64]:
    """Guess the close day as a rep would, knowing the segment but not the future.

    Parameters
    ----------
    seed : int
        Seed of the company.
    rows : (n,) int64
        Opportunities.
    day : (n,) int64, day numbers
        When each was opened.
    segment : (n,) int64
        Place of its account's segment.
    is_expansion, is_renewal : (n,) bool
        What kind of deal it is.
    months : Months
        Gives the fiscal quarters.

    Returns
    -------
    (n,) int64, day numbers
        At least a week after `day`; renewals on the last day of their term.
    """
    usual = norms.by_segment("cycle_days")[segment] * np.where(is_expansion, 0.7, 1.0)
    guess = usual * 1.15 * np.exp(0.3 * streams.normal_of(seed, "guess", rows))
    close = day + np.maximum(7, guess).astype(np.int64)
    snaps = streams.uniform_of(seed, "snap", rows) < SNAP_SHARE
    close = np.where(snaps, _quarter_end(close, months), close)
    return np.where(is_renewal, day + RENEWAL_DAYS, close)


def pushes(
    seed: int,
    rows: NDArray[np.int64],
    close: NDArray[np.int64],
    ends: NDArray[np.int64],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Move close dates shortly before they pass, for as long as a deal is open.

    Parameters
    ----------
    seed : int
        Seed of the company.
    rows : (n,) int64
        Opportunities.
    close : (n,) int64, day numbers
        First guesses.
    ends : (n,) int64, epoch seconds
        When each deal really ends; a push after it does not happen.

    Yields
    ------
    place : (k,) int64
        Which of the n are pushed this time; fewer each time.
    at : (k,) int64, epoch seconds
        When.
    close : (k,) int64, day numbers
        The new date, four weeks to three months later.
    """
    left, close = np.arange(len(rows)), close.copy()
    for push in range(2**16):
        early_by = streams.uniform_of(seed, f"push day {push}", rows[left])
        at = (close[left] - (early_by * 4).astype(np.int64)) * SECONDS_A_DAY
        at += 61_200 + push
        is_pushed = at < ends[left]
        left, at = left[is_pushed], at[is_pushed]
        if not len(left):
            return
        step = streams.uniform_of(seed, f"push {push}", rows[left]) * len(PUSH_DAYS)
        close[left] += np.array(PUSH_DAYS)[step.astype(np.int64)]
        yield left, at, close[left]


def _quarter_end(day: NDArray[np.int64], months: Months) -> NDArray[np.int64]:
    """Return the last day of the fiscal quarter of each day."""
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    origin = np.datetime64(int(months.start[0]), "D").astype("datetime64[M]")
    place = ((month - origin).astype(np.int64) + months.quarter_month[0]) % 3
    turn = (month + (3 - place)).astype("datetime64[D]").astype(np.int64)
    last: NDArray[np.int64] = turn - 1
    return last
