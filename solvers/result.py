"""What every solver says about its answer: how good it is, and how that is known."""

import math
from enum import StrEnum


class Proof(StrEnum):
    """What has been proven about an answer.

    ``OPTIMAL`` and ``FEASIBLE`` keep every rule; ``BEST_EFFORT`` breaks at least
    one and lists which, because the rules cannot hold together (or no answer that
    keeps them was found).
    """

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    BEST_EFFORT = "best_effort"


def gap_share(cost: float, bound: float) -> float:
    """Return the share of a cost that is not proven necessary.

    Parameters
    ----------
    cost : float, any unit, >= 0
        What the answer costs.
    bound : float, same unit
        No answer that keeps the rules can cost less.

    Returns
    -------
    float in [0, 1]
        ``(cost - bound) / cost``; 0.0 when the cost is zero or the bound is met.

    Examples
    --------
    >>> gap_share(200, 199), gap_share(0, 0), gap_share(50, -10)
    (0.005, 0.0, 1.0)
    """
    if cost <= 0:
        return 0.0
    return min(max((cost - bound) / cost, 0.0), 1.0)


def whole_bound(bound: float) -> int:
    """Round a lower bound on a whole number of cents up, forgiving float noise.

    Nothing lies between two cents, so the next whole cent is proven as well.

    Parameters
    ----------
    bound : float, cents
        Lower bound in floating point, right to about nine digits.

    Returns
    -------
    int
        Smallest whole number not proven impossible; never negative.

    Examples
    --------
    >>> whole_bound(10.2), whole_bound(10.0 + 1e-9), whole_bound(-5.0)
    (11, 10, 0)
    """
    if not math.isfinite(bound):
        return 0
    return max(math.ceil(bound - 1e-9 * max(abs(bound), 1.0) - 1e-6), 0)
