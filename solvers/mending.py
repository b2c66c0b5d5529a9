"""How little books could miss their bands at best, so that no search is spent on less.

Two relaxations, each metric judged on its own: loads that may be divided at will, and
accounts that know nothing of each other.
"""

import numpy as np
from numpy.typing import NDArray

from solvers.search import Choices, State, loads_of, misses
from solvers.units import Part

NOISE_SHARE = 1e-9  # of a mean book: float sums of many loads


def can_mend(
    part: Part,
    choices: Choices,
    state: State,
    units: NDArray[np.intp],
    allowed: NDArray[np.bool_],
) -> bool:
    """Tell whether some units could bring any book nearer to its band, all else frozen.

    Parameters
    ----------
    part, choices, state : Part, Choices, State
        The piece and its present plan.
    units : (n_chosen,) intp
        Units that may change.
    allowed : (n_chosen, width) bool
        Candidates that each of them may take, the present one among them.

    Returns
    -------
    bool
        False is a proof: no choice of these units misses less in any metric. True is
        none: whole units, or two metrics at odds, may still forbid it.
    """
    now = misses(part, state.loads).sum(axis=0)
    least = least_misses(part, choices, state, units, allowed)
    mean = part.pairs.load.sum(axis=0) / state.loads.shape[0]
    return bool((now - least > NOISE_SHARE * np.maximum(mean, now)).any())


def all_units(choices: Choices) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Return every unit of a part with all its candidates."""
    column = np.arange(choices.rep.shape[1])
    return (
        np.arange(choices.count.size),
        column[None, :] < choices.count[:, None],
    )


def least_total_miss(part: Part, choices: Choices) -> float:
    """Bound from below what any plan of a part misses, in mean books; 0 for nothing.

    A shade more than the bound, so that float sums do not hide that it is reached.
    """
    nowhere = np.zeros(choices.count.size, dtype=np.int64)
    state = State(nowhere, loads_of(part, choices, nowhere))
    least = least_misses(part, choices, state, *all_units(choices))
    mean = np.maximum(part.pairs.load.sum(axis=0) / state.loads.shape[0], 1e-12)
    return float((least / mean).sum()) * (1.0 + NOISE_SHARE)


def least_misses(
    part: Part,
    choices: Choices,
    state: State,
    units: NDArray[np.intp],
    allowed: NDArray[np.bool_],
) -> NDArray[np.float64]:
    """Bound from below what all books together miss, whatever some units choose.

    Returns
    -------
    (n_metrics,) float64, the metrics' units
        No choice of these units, all else frozen, has misses that sum to less.

    Notes
    -----
    A book's miss falls by one for each unit of load until it reaches the nearer limit
    of its band, stays up to the farther one, and rises by one from there. It is convex,
    which bounds the sum twice. Divided at will, loads fill shortages first, then room,
    and only then pass a limit, no book filled beyond what may come to it. And whole
    loads together change a book's miss by no less than the sum of what each would
    change alone, so each may be given to the book where it alone does best.
    """
    load = part.pairs.load[units]
    rep = np.where(allowed, choices.rep[units], 0)
    row, column = np.nonzero(allowed)
    owner = state.owner(choices)[units]
    least = np.zeros(load.shape[1])
    for g in range(load.shape[1]):
        near = np.minimum(part.lower[:, g], part.upper[:, g])
        far = np.maximum(part.lower[:, g], part.upper[:, g])
        base = state.loads[:, g] - np.bincount(owner, load[:, g], near.size)
        comes = np.bincount(rep[row, column], load[row, g], near.size)
        short = np.minimum((near - base).clip(0.0), comes)
        room = np.minimum((far - np.maximum(base, near)).clip(0.0), comes - short)
        filled = min(float(load[:, g].sum()), float(short.sum()))
        beyond = max(float(load[:, g].sum()) - filled - float(room.sum()), 0.0)

        gap, more = (near - base).clip(0.0)[rep], load[:, g, None]
        left = (far - base)[rep]  # negative where the limit is passed already
        alone = (more - left.clip(0.0)).clip(0.0) - np.minimum(more, gap)
        best = np.where(allowed, alone, np.inf).min(axis=1).sum()
        start = (near - base).clip(0.0).sum() + (base - far).clip(0.0).sum()
        crossed = (part.lower[:, g] - part.upper[:, g]).clip(0.0).sum()
        least[g] = start + crossed + max(beyond - filled, float(best))
    return least
