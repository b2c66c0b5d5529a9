"""Logistic regression with normal priors and a Laplace covariance, by Newton steps.

Kept here because the forecasts need the covariance and an exact, warning-free answer
on a handful of events; scikit-learn's solver is its test oracle.
"""

from dataclasses import dataclass

import numpy as np

from ml.panel import Floats


@dataclass(frozen=True, slots=True)
class RidgeFit:
    """Posterior mode and covariance of logistic coefficients."""

    coefficients: Floats  # (p,)
    covariance: Floats  # (p, p)


def sigmoid(x: Floats) -> Floats:
    """Return ``1 / (1 + exp(-x))`` without overflow."""
    out: Floats = 0.5 * (1.0 + np.tanh(0.5 * x))
    return out


def fit_ridge_logistic(
    x: Floats,
    y: Floats,
    *,
    prior_mean: Floats,
    prior_sd: Floats,
    weight: Floats | None = None,
    start: Floats | None = None,
    steps: int = 60,
) -> RidgeFit:
    """Fit log-odds linear in `x` with an independent normal prior per coefficient.

    Parameters
    ----------
    x : (n, p) float
        Features; add a column of ones for the intercept.
    y : (n,) float, 0 or 1
        A share of successes between 0 and 1 also works.
    prior_mean, prior_sd : (p,) float
        ``prior_sd`` must be positive.
    weight : (n,) float, default ones
        Trials each row stands for.
    start : (p,) float, default `prior_mean`
        Where the search begins: coefficients of a like problem save steps, and the
        maximum is the same.
    steps : int, default 60
        Most Newton steps; the objective is concave, so few are needed.

    Returns
    -------
    RidgeFit
        The unique maximum; the same for any row order up to rounding.

    Examples
    --------
    >>> fit = fit_ridge_logistic(np.ones((10, 1)), np.array([1.0] * 3 + [0.0] * 7),
    ...     prior_mean=np.zeros(1), prior_sd=np.array([100.0]))
    >>> sigmoid(fit.coefficients).round(3)
    array([0.3])
    """
    w = np.ones(len(y)) if weight is None else weight
    precision = np.diag(1.0 / prior_sd**2)
    beta = (prior_mean if start is None else start).astype(np.float64)

    def objective(b: Floats) -> float:
        eta = x @ b
        gap = b - prior_mean
        # log(1 + exp(eta)) without overflow; logaddexp takes three times as long
        soft = np.maximum(eta, 0.0) + np.log1p(np.exp(-np.abs(eta)))
        like = w @ (y * eta - soft)
        return float(like - 0.5 * gap @ precision @ gap)

    value = objective(beta)
    hessian = precision
    for _ in range(steps):
        p = sigmoid(x @ beta)
        gradient = x.T @ (w * (y - p)) - precision @ (beta - prior_mean)
        hessian = (x * (w * p * (1 - p))[:, None]).T @ x + precision
        move = np.linalg.solve(hessian, gradient)
        step, slack = 1.0, 1e-10 * (1.0 + abs(value))
        reached = objective(beta + move)
        while step > 1e-6 and reached < value - slack:
            step /= 2
            reached = objective(beta + step * move)
        beta, value = beta + step * move, reached
        if np.abs(step * move).max() < 1e-7:
            break
    inverse = np.linalg.inv(hessian).astype(np.float64)
    return RidgeFit(coefficients=beta, covariance=inverse)
