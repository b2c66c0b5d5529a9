"""How often a sign-in may fail before it has to wait; counted in this process."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from time import monotonic
from typing import Final

WINDOW_SECONDS: Final = 15 * 60.0
_REMEMBERED: Final = 10_000  # names or addresses; the longest silent are forgotten


class Throttle:
    """Count failures by key over a sliding quarter of an hour.

    Parameters
    ----------
    limit : int
        Failures allowed in the window, >= 1.
    clock : callable returning seconds, optional
        A monotonic clock by default.
    """

    def __init__(self, limit: int, *, clock: Callable[[], float] = monotonic) -> None:
        self._limit = limit
        self._clock = clock
        self._failed: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def wait_seconds(self, key: str) -> int:
        """Return how long to wait before the next try, 0 where it may be made now."""
        with self._lock:
            failures = self._recent(key)
            if len(failures) < self._limit:
                return 0
            return max(1, round(failures[0] + WINDOW_SECONDS - self._clock()))

    def failed(self, key: str) -> None:
        """Count one failure."""
        with self._lock:
            self._recent(key).append(self._clock())
            self._failed.move_to_end(key)
            while len(self._failed) > _REMEMBERED:
                self._failed.popitem(last=False)

    def forget(self, key: str) -> None:
        """Start anew, after a sign-in that succeeded."""
        with self._lock:
            self._failed.pop(key, None)

    def _recent(self, key: str) -> deque[float]:
        failures = self._failed.setdefault(key, deque(maxlen=self._limit))
        oldest = self._clock() - WINDOW_SECONDS
        while failures and failures[0] <= oldest:
            failures.popleft()
        return failures
