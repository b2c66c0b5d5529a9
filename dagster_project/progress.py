"""Tell a watcher which step of an in-process run is under way."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import dagster as dg

_CHANNEL = "aop.steps"

Watcher = Callable[[str, str], None]
"""Takes a step's name and what became of it: started, done or failed."""

_BECAME = {
    dg.DagsterEventType.STEP_START: "started",
    dg.DagsterEventType.STEP_SUCCESS: "done",
    dg.DagsterEventType.STEP_FAILURE: "failed",
}


@dg.logger(None, "Step starts and ends, for whoever watches this process.")
def steps(_: dg.InitLoggerContext) -> logging.Logger:
    """Send a run's events to the watchers of this process and nowhere else."""
    channel = logging.getLogger(_CHANNEL)
    channel.setLevel(logging.DEBUG)
    channel.propagate = False
    return channel


class _Teller(logging.Handler):
    def __init__(self, watcher: Watcher) -> None:
        super().__init__()
        self._watcher = watcher

    def emit(self, record: logging.LogRecord) -> None:
        event: dg.DagsterEvent | None = getattr(record, "dagster_event", None)
        if event is not None and event.event_type in _BECAME and event.step_key:
            name = event.step_key.replace("__", "/", 1)
            self._watcher(name, _BECAME[event.event_type])


@contextmanager
def watched(watcher: Watcher | None) -> Iterator[None]:
    """Call `watcher` at every step's start and end while the block runs."""
    channel = logging.getLogger(_CHANNEL)
    handler = logging.NullHandler() if watcher is None else _Teller(watcher)
    channel.addHandler(handler)
    try:
        yield
    finally:
        channel.removeHandler(handler)
