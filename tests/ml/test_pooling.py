"""Small groups lean on their siblings, exactly as Gaussian algebra says."""

import numpy as np
from scipy.stats import multivariate_normal

from ml.pooling import PooledPrior, pool

PRIOR = PooledPrior(np.array([1.0]), np.array([2.0]), np.array([0.5]), np.array([0.3]))


def test_one_group_is_the_textbook_normal_update() -> None:
    # Prior N(1, 4 + .25 + .09), one observation 3 with variance 2.
    posterior = pool(np.array([[[0.5]]]), np.array([[1.5]]), np.array([0]), PRIOR)
    prior_variance = 4.34
    variance = 1 / (1 / prior_variance + 0.5)
    assert np.isclose(posterior.covariance[0, 0], variance)
    assert np.isclose(posterior.mean[0, 0], variance * (1 / prior_variance + 1.5))


def test_a_group_without_data_gets_what_its_siblings_say() -> None:
    info = np.array([[[50.0]], [[50.0]], [[0.0]], [[0.0]]])
    seen = np.array([[50.0 * 4.0], [50.0 * 4.2], [0.0], [0.0]])
    posterior = pool(info, seen, np.array([0, 0, 0, 1]), PRIOR)
    sibling, cousin = posterior.mean[2, 0], posterior.mean[3, 0]
    assert 3.9 < sibling < 4.3
    assert cousin < sibling  # further away, so nearer to the prior's 1
    spread = np.sqrt(np.diag(posterior.covariance))
    assert spread[0] < spread[2] < spread[3]


def test_the_evidence_is_the_marginal_likelihood() -> None:
    rng = np.random.default_rng(0)
    y, variance = rng.normal(size=3), np.array([0.5, 1.0, 2.0])
    group = np.array([0, 0, 1])

    def evidence(prior: PooledPrior) -> float:
        return pool(
            1 / variance[:, None, None], (y / variance)[:, None], group, prior
        ).log_evidence

    def exact(prior: PooledPrior) -> float:
        total = prior.covariance(group) + np.diag(variance)
        return float(multivariate_normal(np.full(3, 1.0), total).logpdf(y))

    other = PooledPrior(
        np.array([1.0]), np.array([1.0]), np.array([1.5]), np.array([0.1])
    )
    assert np.isclose(evidence(PRIOR) - evidence(other), exact(PRIOR) - exact(other))
