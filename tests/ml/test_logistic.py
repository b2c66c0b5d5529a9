"""The logistic engine against its oracle."""

import numpy as np
import pytest

from ml.logistic import fit_pooled_logistic, fit_ridge_logistic, sigmoid


@pytest.mark.slow
def test_it_agrees_with_scikit_learn() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(1)
    x = rng.normal(size=(400, 3))
    y = (rng.random(400) < sigmoid(x @ np.array([1.0, -0.5, 0.0]))).astype(float)
    mine = fit_ridge_logistic(x, y, prior_mean=np.zeros(3), prior_sd=np.full(3, 0.5))
    # A normal prior with sd 0.5 is a ridge penalty with C = sd squared.
    theirs = LogisticRegression(C=0.25, fit_intercept=False, tol=1e-10).fit(x, y)
    assert np.allclose(mine.coefficients, theirs.coef_[0], atol=1e-5)


@pytest.mark.slow
def test_its_covariance_agrees_with_statsmodels() -> None:
    import statsmodels.api as sm

    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(500), rng.normal(size=500)])
    y = (rng.random(500) < sigmoid(x @ np.array([-1.0, 0.8]))).astype(float)
    mine = fit_ridge_logistic(x, y, prior_mean=np.zeros(2), prior_sd=np.full(2, 1e4))
    theirs = sm.Logit(y, x).fit(disp=0)
    assert np.allclose(mine.coefficients, theirs.params, atol=1e-5)
    assert np.allclose(mine.covariance, theirs.cov_params(), rtol=1e-4)


@pytest.mark.parametrize("y", [0.0, 1.0])
def test_one_sided_outcomes_stay_finite(y: float) -> None:
    fit = fit_ridge_logistic(
        np.ones((30, 1)), np.full(30, y), prior_mean=np.zeros(1), prior_sd=np.ones(1)
    )
    assert np.isfinite(fit.coefficients).all()
    assert abs(fit.coefficients[0]) < 5


def teams(effects: list[float], each: int = 400) -> tuple[np.ndarray, np.ndarray]:
    """Rows of teams whose share of successes is exactly that of their effect."""
    team = np.repeat(np.arange(len(effects)), each)
    share = sigmoid(-1.0 + np.array(effects))
    y = np.concatenate([np.arange(each) < round(each * p) for p in share])
    x = np.column_stack([np.ones(len(team)), np.eye(len(effects))[team]])
    return x, y.astype(float)


def test_effects_that_do_not_differ_are_pulled_together_and_others_kept() -> None:
    settings = {
        "prior_mean": np.zeros(5),
        "prior_sd": np.array([3.0, 0.4, 0.4, 0.4, 0.4]),
    }
    luck, apart = [0.1, -0.1, 0.05, -0.05], [0.8, -0.8, 0.4, -0.4]
    pulled, kept = (
        np.ptp(
            fit_pooled_logistic(x, y, blocks=[[1, 2, 3, 4]], **settings).coefficients[
                1:
            ]
        )
        / np.ptp(fit_ridge_logistic(x, y, **settings).coefficients[1:])
        for x, y in (teams(luck), teams(apart))
    )
    assert pulled < 0.7
    assert kept > 0.95


def test_a_block_is_never_wider_than_it_was_told() -> None:
    x, y = teams([1.5, -1.5])
    tight = {"prior_mean": np.zeros(3), "prior_sd": np.array([3.0, 0.05, 0.05])}
    pooled = fit_pooled_logistic(x, y, blocks=[[1, 2]], **tight)
    alone = fit_ridge_logistic(x, y, **tight)
    assert np.allclose(pooled.coefficients, alone.coefficients, atol=1e-6)
