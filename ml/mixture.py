"""The mixture of several forecasts that would have missed least."""

from itertools import product as every

import numpy as np

from ml.panel import Floats


def best_mixture(product: Floats, usual: Floats, sure: float) -> Floats:
    """Return the weights whose mixture had the least squared error, leaning on others.

    Parameters
    ----------
    product : (m, m) float
        Sums of products of the members' past errors.
    usual : (m,) float
        Weights believed before; they keep ``1 - sure`` of the say.
    sure : float, 0 to 1

    Returns
    -------
    (m,) float, >= 0, sum 1

    Notes
    -----
    Bates & Granger 1969, doi:10.1057/jors.1969.103, without negative weights: the
    best of every set of members is solved exactly.

    Examples
    --------
    >>> best_mixture(np.diag([1.0, 3.0]), np.array([0.5, 0.5]), 1.0).round(3).tolist()
    [0.75, 0.25]
    """
    size = float(np.trace(product)) / len(usual)
    if size <= 0:
        return usual
    ridged = product / size + 1e-9 * np.eye(len(usual))
    found, least = usual, np.inf
    for chosen in every((False, True), repeat=len(usual)):
        at = np.flatnonzero(chosen)
        if not len(at):
            continue
        raw = np.linalg.solve(ridged[np.ix_(at, at)], np.ones(len(at)))
        error = 1.0 / raw.sum()
        if raw.min() >= 0 and error < least:
            least, found = error, np.zeros(len(usual))
            found[at] = raw / raw.sum()
    out: Floats = sure * found + (1 - sure) * usual
    return out
