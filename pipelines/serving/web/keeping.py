"""What was computed for one night and can be shown again: kept until it is too much."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any, TypeVar, cast

T = TypeVar("T")


class Kept:
    """Keep values by key up to a weight; the longest unused go first.

    A copy of the tables never changes, so whatever is computed from it alone under a
    key that names the copy is right for as long as it is kept. Of several who ask for
    the same key at once one computes and the others wait.

    Parameters
    ----------
    most : int, >= 1
        Sum of the weights kept, in whatever unit `weigh` gives.
    weigh : callable returning int, optional
        Weight of a value; 1 each by default.
    """

    def __init__(self, most: int, *, weigh: Callable[[Any], int] = lambda _: 1) -> None:
        self._most = most
        self._weigh = weigh
        self._weight = 0
        self._values: OrderedDict[Hashable, tuple[Any, int]] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return the value of a key, made by `make` where it is not kept."""
        found = self._find(key)
        if found:
            return cast(T, found[0])
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            found = self._find(key)  # made while this one waited
            if found:
                return cast(T, found[0])
            try:
                value = make()
                self._keep(key, value)
            finally:
                with self._lock:
                    self._making.pop(key, None)
            return value

    def _find(self, key: Hashable) -> tuple[Any, int] | None:
        with self._lock:
            if key not in self._values:
                return None
            self._values.move_to_end(key)
            return self._values[key]

    def _keep(self, key: Hashable, value: Any) -> None:
        weight = self._weigh(value)
        if weight > self._most:
            return
        with self._lock:
            self._values[key] = (value, weight)
            self._weight += weight
            while self._weight > self._most:
                self._weight -= self._values.popitem(last=False)[1][1]
