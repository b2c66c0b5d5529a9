"""Weights that would have missed least."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.mixture import best_mixture

EVEN = np.full(3, 1 / 3)


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_no_other_mixture_had_a_smaller_squared_error(seed: int) -> None:
    rng = np.random.default_rng(seed)
    errors = rng.normal(size=(3, 40)) @ np.diag(rng.uniform(0.5, 2, 40))
    product = errors @ errors.T
    best = best_mixture(product, EVEN, 1.0)
    assert best.min() >= 0
    assert best.sum() == pytest.approx(1.0)
    for other in rng.dirichlet(np.ones(3), 30):
        assert best @ product @ best <= other @ product @ other + 1e-6 * product.max()


def test_a_member_that_only_repeats_a_better_one_gets_nothing() -> None:
    errors = np.array([[1.0, -1.0, 1.0, -1.0], [2.0, -2.0, 2.0, -2.0]])
    assert best_mixture(errors @ errors.T, np.ones(2) / 2, 1.0).tolist() == [1.0, 0.0]


def test_without_evidence_the_usual_weights_stay() -> None:
    usual = np.array([0.2, 0.3, 0.5])
    assert best_mixture(np.diag([1.0, 9.0, 9.0]), usual, 0.0).tolist() == usual.tolist()
    assert best_mixture(np.zeros((3, 3)), usual, 1.0).tolist() == usual.tolist()
