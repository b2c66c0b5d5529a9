"""Logistic regression with normal priors and a Laplace covariance, by Newton steps.

Kept here because the forecasts need the covariance and an exact, warning-free answer
on a handful of events; scikit-learn's solver is its test oracle.
"""

from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from ml.panel import Floats

SPREADS: Final = np.array([0.05, 0.1, 0.2, 0.4])  # of one block's effects, log-odds


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


def fit_pooled_logistic(
    x: Floats,
    y: Floats,
    *,
    prior_mean: Floats,
    prior_sd: Floats,
    blocks: list[list[int]],
) -> RidgeFit:
    """Fit log-odds whose effects are shrunk, block by block, as far as data say.

    Parameters
    ----------
    x, y, prior_mean, prior_sd
        As for `fit_ridge_logistic`; `prior_sd` is the widest a block may be.
    blocks : list of lists of columns
        Effects of one kind, such as those of all segments: they share a spread.

    Notes
    -----
    Empirical Bayes: spreads of 0.05 to 0.4 are averaged (in logs) by their evidence
    under a normal approximation of the likelihood at the widest fit. A kind of effect
    that differs no more than luck would is pulled to nothing and costs no accuracy.
    Efron, "Large-Scale Inference", 2010, ch. 1.

    Examples
    --------
    >>> x = np.column_stack([np.ones(40), np.arange(40) % 2 == 0, np.arange(40) % 2])
    >>> y = (np.arange(40) % 4 < 2).astype(float)  # the same in both halves
    >>> fit = fit_pooled_logistic(x, y, prior_mean=np.zeros(3),
    ...     prior_sd=np.array([3.0, 0.4, 0.4]), blocks=[[1, 2]])
    >>> bool(np.abs(fit.coefficients[1:]).max() < 1e-6)
    True
    """
    wide = fit_ridge_logistic(x, y, prior_mean=prior_mean, prior_sd=prior_sd)
    b, widest = wide.coefficients, 1.0 / prior_sd**2
    information = np.linalg.inv(wide.covariance) - np.diag(widest)
    pull = widest * (b - prior_mean) + information @ b
    grid = list(product(SPREADS.tolist(), repeat=len(blocks)))
    evidence = np.empty(len(grid))
    for place, spreads in enumerate(grid):
        precision = 1.0 / _spread(prior_sd, blocks, spreads) ** 2
        whole = information + np.diag(precision)
        right = pull + precision * prior_mean
        evidence[place] = 0.5 * (
            np.log(precision).sum()
            - np.linalg.slogdet(whole)[1]
            + right @ np.linalg.solve(whole, right)
            - prior_mean @ (precision * prior_mean)
        )
    weight = np.exp(evidence - evidence.max())
    chosen = np.exp(weight @ np.log(np.array(grid)) / weight.sum())
    sd = _spread(prior_sd, blocks, chosen.tolist())
    return fit_ridge_logistic(x, y, prior_mean=prior_mean, prior_sd=sd, start=b)


def _spread(
    prior_sd: Floats, blocks: list[list[int]], spreads: list[float] | tuple[float, ...]
) -> Floats:
    """Return prior standard deviations with each block at its own spread."""
    sd = prior_sd.copy()
    for columns, spread in zip(blocks, spreads, strict=True):
        sd[columns] = np.minimum(spread, prior_sd[columns])
    return sd
