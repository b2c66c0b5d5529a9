"""The base of every estimator here: scikit-learn's manners without its import cost.

`sklearn.base.clone`, `get_params` and `set_params` work as on scikit-learn's own;
importing scikit-learn itself would cost seconds and 140 MB in every command.
"""

import inspect
from typing import Any, Self


class Estimator:
    """An object that stores its settings at birth and learns in `fit`.

    Examples
    --------
    >>> from ml.bookings import BookingsEngine
    >>> BookingsEngine(horizon=6).get_params()["horizon"]
    6
    """

    @classmethod
    def _names(cls) -> list[str]:
        """Return the names of the settings, sorted."""
        signature = inspect.signature(cls)
        return sorted(signature.parameters)

    def get_params(self, deep: bool = True) -> dict[str, Any]:  # noqa: ARG002 - scikit-learn's signature
        """Return the settings by name."""
        return {name: getattr(self, name) for name in self._names()}

    def set_params(self, **settings: Any) -> Self:
        """Change settings by name; learned attributes stay until the next `fit`.

        Raises
        ------
        ValueError
            If a name is no setting of this estimator.
        """
        for name, value in settings.items():
            if name not in self._names():
                raise ValueError(
                    f"{type(self).__name__} has no setting {name!r}; "
                    f"it has {', '.join(self._names())}"
                )
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        inside = ", ".join(f"{k}={v!r}" for k, v in self.get_params().items())
        return f"{type(self).__name__}({inside})"

    def __sklearn_tags__(self) -> Any:
        """Return scikit-learn's tags: reads frames of named columns, no arrays.

        `sklearn.utils.estimator_checks.check_estimator` then leaves out the checks that
        feed arrays of numbers.
        """
        # Imported late: only scikit-learn itself asks.
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type=None,
            target_tags=TargetTags(required=False),
            input_tags=InputTags(two_d_array=False, string=True),
        )

    @property
    def is_fitted(self) -> bool:
        """Whether `fit` has learned anything."""
        return any(name.endswith("_") and name[0] != "_" for name in vars(self))


def require_fitted(estimator: Estimator) -> None:
    """Raise scikit-learn's NotFittedError, a ValueError, before the first `fit`."""
    if not estimator.is_fitted:
        # Imported late: only a mistake pays for the package.
        from sklearn.exceptions import NotFittedError

        name = type(estimator).__name__
        raise NotFittedError(f"this {name} is not fitted; call fit first")
