"""Which HTTP status an error is, for pages and API alike."""

from data_contracts.errors import AopError, BusyError, HomeError, LedgerError
from pipelines.serving.web.browsing import FilterError, UnknownTableError
from pipelines.serving.web.deciding import DecisionError
from pipelines.serving.web.desk import (
    ForgedFormError,
    NotThereError,
    SignInNeededError,
)
from pipelines.serving.web.oidc import ProviderError, RefusedError
from pipelines.serving.web.scope import NotYoursError

_STATUS: tuple[tuple[type[AopError], int], ...] = (
    (SignInNeededError, 401),
    (ForgedFormError, 403),
    (NotYoursError, 403),
    (RefusedError, 403),
    (ProviderError, 502),
    (NotThereError, 404),
    (UnknownTableError, 404),
    (FilterError, 400),
    (DecisionError, 409),
    (LedgerError, 404),
    (HomeError, 503),
    (BusyError, 503),
)


def status_of(error: AopError) -> int:
    """Return the status of an error; what is not listed is our fault.

    Examples
    --------
    >>> status_of(HomeError("no night", fix="aop refresh"))
    503
    """
    return next((code for kind, code in _STATUS if isinstance(error, kind)), 500)
