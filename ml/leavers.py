"""How many reps will leave: the hazard's chances drawn together, so counts add up."""

import numpy as np
from numpy.typing import NDArray

from ml.attrition import AttritionEstimator, last_rows, on_the_books
from ml.estimator import require_fitted
from ml.logistic import sigmoid


def simulate_leavers(
    attrition: AttritionEstimator, *, months: int = 12, draws: int = 400, seed: int = 0
) -> NDArray[np.bool_]:
    """Draw who leaves within some months, once per simulated future.

    Parameters
    ----------
    attrition : AttritionEstimator
        Fitted.
    months : int, default 12
        Months after the last one in the panel.
    draws : int, default 400
    seed : int, default 0
        Same inputs and same seed give the same bytes.

    Returns
    -------
    (draws, n_reps) bool
        True where the rep has left; reps on the books, in the order of their ids.
        Sums over any team are draws of its count of leavers: coefficients are drawn
        once per future and shared by all, so the width has their doubt in it.

    Raises
    ------
    ValueError
        If the estimator is not fitted, or `months` or `draws` is below 1.
    """
    require_fitted(attrition)
    if months < 1 or draws < 1:
        raise ValueError(f"months is {months} and draws {draws}; both must be >= 1")
    panel = attrition.panel_
    there = on_the_books(panel)
    rows = last_rows(panel)[there]
    rng = np.random.default_rng(seed)
    beta = rng.multivariate_normal(
        attrition.coefficients_, attrition.covariance_, size=draws, method="eigh"
    )
    behind = panel.month.max() - panel.month[rows]
    log_stay = np.zeros((draws, len(rows)))
    for m in range(1, months + 1):
        attained, variance = attrition.attained_ahead(m - 1)
        x = attrition.features(
            panel.group[rows],
            panel.tenure[rows] + behind + m,
            attained[there],
            attrition.record_[there] + m - 1,
        )
        extra = 0.5 * variance[there] * beta[:, -1:] ** 2
        log_stay += np.log1p(-sigmoid(beta @ x.T + extra))
    left: NDArray[np.bool_] = rng.random(log_stay.shape) < -np.expm1(log_stay)
    return left
