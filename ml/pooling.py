"""Pool small groups: a Gaussian posterior over company, segment and group levels.

Each group brings a quadratic approximation of its own likelihood; the prior ties
groups of one segment, and segments of one company, together.
"""

from dataclasses import dataclass

import numpy as np

from ml.panel import Floats, Ints


@dataclass(frozen=True, slots=True)
class PooledPrior:
    """Prior of ``p`` parameters per group: one mean, three standard deviations.

    ``company_sd`` says how far the company may be from `mean`, ``segment_sd`` how
    far a segment may be from the company, ``group_sd`` a group from its segment.
    """

    mean: Floats  # (p,)
    company_sd: Floats  # (p,)
    segment_sd: Floats  # (p,)
    group_sd: Floats  # (p,)

    def covariance(self, segment_of_group: Ints) -> Floats:
        """Return the prior covariance of all groups' parameters, (g*p, g*p)."""
        same_segment = segment_of_group[:, None] == segment_of_group[None, :]
        same_group = np.eye(len(segment_of_group))
        return (
            np.kron(np.ones(same_group.shape), np.diag(self.company_sd**2))
            + np.kron(same_segment.astype(float), np.diag(self.segment_sd**2))
            + np.kron(same_group, np.diag(self.group_sd**2))
        )


@dataclass(frozen=True, slots=True)
class PooledPosterior:
    """Posterior of all groups together."""

    mean: Floats  # (g, p)
    covariance: Floats  # (g*p, g*p)
    log_evidence: float  # up to a constant that does not depend on the prior's sds

    def robust_covariance(self, information: Floats, score_squares: Floats) -> Floats:
        """Return the sandwich covariance, (g*p, g*p).

        Parameters
        ----------
        information : (g, p, p) float
            Curvature of each group's log-likelihood, as given to `pool`.
        score_squares : (g, p, p) float
            Sum over independent clusters of the outer product of their scores.
        """
        excess = block_diagonal(score_squares - information)
        return self.covariance + self.covariance @ excess @ self.covariance


def block_diagonal(blocks: Floats) -> Floats:
    """Return ``(g*p, g*p)`` with the ``(g, p, p)`` blocks on the diagonal."""
    g, p, _ = blocks.shape
    out = np.zeros((g, p, g, p))
    out[np.arange(g), :, np.arange(g), :] = blocks
    return out.reshape(g * p, g * p)


def pool(
    information: Floats,
    slope: Floats,
    segment_of_group: Ints,
    prior: PooledPrior,
) -> PooledPosterior:
    """Combine group likelihoods with the prior that ties the groups together.

    Parameters
    ----------
    information : (g, p, p) float
        Negative second derivative of each group's log-likelihood; may be singular.
    slope : (g, p) float
        ``information @ point + score`` at the point of approximation.
    segment_of_group : (g,) int
        Parent of each group.
    prior : PooledPrior

    Returns
    -------
    PooledPosterior
        Exact for Gaussian likelihoods; a group without data gets what its siblings
        say, with the width that this deserves.

    Notes
    -----
    With prior N(m, K) and likelihood exp(h'x - x'Jx/2), the covariance is
    ``(I + KJ)^-1 K`` and the mean ``m + C (h - Jm)``; no inverse of K or J is
    needed, so empty groups do no harm.
    """
    g, p = slope.shape
    big_k = prior.covariance(segment_of_group)
    big_j = block_diagonal(information)
    mean = np.tile(prior.mean, g)
    gain = slope.ravel() - big_j @ mean
    system = np.eye(g * p) + big_k @ big_j
    covariance = np.linalg.solve(system, big_k)
    covariance = (covariance + covariance.T) / 2
    shift = covariance @ gain
    _, log_det = np.linalg.slogdet(system)
    return PooledPosterior(
        mean=(mean + shift).reshape(g, p),
        covariance=covariance,
        log_evidence=float(0.5 * gain @ shift - 0.5 * log_det),
    )
