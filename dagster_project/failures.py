"""Say in Dagster what a planner can fix, and read it back out of a run."""

from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg

from data_contracts import errors
from data_contracts.errors import AopError, BusyError

RETRIES = 3
FIRST_WAIT_SECONDS = 5.0  # then twice as long each time


@contextmanager
def stated() -> Iterator[None]:
    """Turn an `AopError` into a failure that shows its text.

    What somebody else holds is tried again, waiting longer each time; every other
    fault stays a fault however often it is tried.
    """
    try:
        yield
    except AopError as error:
        tried = _retries_so_far()
        if isinstance(error, BusyError) and tried < RETRIES:
            raise dg.RetryRequested(
                max_retries=RETRIES, seconds_to_wait=FIRST_WAIT_SECONDS * 2**tried
            ) from error
        raise dg.Failure(
            description=str(error),
            metadata={
                "kind": type(error).__name__,
                "what": error.what,
                "fix": error.fix,
            },
            allow_retries=False,
        ) from error


def first_stated(events: list[dg.DagsterEvent]) -> AopError | None:
    """Return the first `AopError` of a run's events, of its own class, or None."""
    for event in events:
        if not event.is_step_failure:
            continue
        told = event.step_failure_data.user_failure_data
        if told is not None and "fix" in told.metadata:
            said = {name: str(value.value) for name, value in told.metadata.items()}
            kind = getattr(errors, said["kind"], AopError)
            error: AopError = kind(said["what"], fix=said["fix"])
            return error
    return None


def _retries_so_far() -> int:
    """Return how often this step was tried again; outside a run none is promised."""
    try:
        return dg.OpExecutionContext.get().retry_number
    except dg.DagsterInvariantViolationError:
        return RETRIES
