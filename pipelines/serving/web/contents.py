"""What plan versions hold, read by component when a page asks, and kept."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Final

import polars as pl

from data_contracts.plan import COMPONENTS
from pipelines.ledger.queries import LedgerReader

_KEPT_VERSIONS: Final = 6


class Lines(Mapping[str, pl.DataFrame]):
    """Components of one version; each is read once, when first asked for."""

    def __init__(self, ledger: LedgerReader, version: int) -> None:
        self._ledger = ledger
        self._version = version
        self._read: dict[str, pl.DataFrame] = {}
        self._lock = threading.Lock()

    def __getitem__(self, component: str) -> pl.DataFrame:
        """Return the lines of one component, in canonical form."""
        if component not in COMPONENTS:
            raise KeyError(component)
        with self._lock:
            if component not in self._read:
                self._read[component] = self._ledger.lines(self._version, component)
            return self._read[component]

    def __iter__(self) -> Iterator[str]:
        """Name the components."""
        return iter(COMPONENTS)

    def __len__(self) -> int:
        """Count the components."""
        return len(COMPONENTS)


class Contents:
    """The versions people look at now; their lines never change once stored."""

    def __init__(self) -> None:
        self._kept: OrderedDict[int, Lines] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, ledger: LedgerReader, version: int) -> Lines:
        """Return the components of one version."""
        with self._lock:
            found = self._kept.setdefault(version, Lines(ledger, version))
            self._kept.move_to_end(version)
            while len(self._kept) > _KEPT_VERSIONS:
                self._kept.popitem(last=False)
            return found
