"""scikit-learn's manners."""

import pytest

from ml.attrition import AttritionEstimator
from ml.bookings import BookingsEngine
from ml.estimator import require_fitted
from ml.pipeline import PipelineEstimator
from ml.potential import PotentialEstimator
from ml.productivity import ProductivityEstimator
from ml.ramp import RampEstimator

EVERY = [
    RampEstimator,
    ProductivityEstimator,
    AttritionEstimator,
    BookingsEngine,
    PipelineEstimator,
    PotentialEstimator,
]


APPLY = (
    "check_parameters_default_constructible",
    "check_get_params_invariance",
    "check_set_params",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_no_attributes_set_in_init",
    "check_mixin_order",
    "check_estimator_tags_renamed",
    "check_valid_tag_types",
    "check_do_not_raise_errors_in_init_or_set_params",
    "check_estimators_unfitted",
)  # of check_estimator; the others feed arrays, and these estimators read frames


PAIRS = [
    (kind, check)
    for kind in EVERY
    for check in APPLY
    # their predict takes no array to be refused; the next test asks them
    if check != "check_estimators_unfitted"
    or kind not in {BookingsEngine, PotentialEstimator}
]


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "check"), PAIRS)
def test_the_checks_of_scikit_learn_that_need_no_array_pass(
    kind: type, check: str
) -> None:
    from sklearn.utils import estimator_checks

    getattr(estimator_checks, check)(kind.__name__, kind())


@pytest.mark.slow
@pytest.mark.parametrize("kind", EVERY)
def test_settings_survive_a_clone_and_nothing_is_learned_at_birth(kind: type) -> None:
    from sklearn.base import clone

    estimator = kind()
    assert not estimator.is_fitted
    assert clone(estimator).get_params() == estimator.get_params()
    with pytest.raises(ValueError, match=kind.__name__):
        require_fitted(estimator)
    if kind in {BookingsEngine, PotentialEstimator}:
        with pytest.raises(ValueError, match="call fit first"):
            estimator.predict()


def test_settings_are_changed_by_name_and_a_wrong_name_is_refused() -> None:
    engine = BookingsEngine().set_params(horizon=3)
    assert engine.horizon == 3
    assert "horizon=3" in repr(engine)
    with pytest.raises(ValueError, match="no setting 'horizons'"):
        engine.set_params(horizons=4)


@pytest.mark.slow
def test_importing_forecasts_does_not_import_scikit_learn() -> None:
    import subprocess
    import sys

    code = (
        "import sys, ml.backtest, ml.pipeline, ml.potential; "
        "print([m for m in ('sklearn', 'statsmodels', 'statsforecast', 'pandas') "
        "if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert run.stdout.strip() == "[]"
