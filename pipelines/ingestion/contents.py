"""What a file holds, by its digest; files that did not change are not read again."""

import json
import time
from collections.abc import Callable
from pathlib import Path

from pipelines.files import digest, write_text

_SETTLED_NS = 2_000_000_000  # two seconds: no file system's clock is coarser


class Contents:
    """Digests of files, kept in one small file between nights.

    Parameters
    ----------
    memo : Path
        Where they are kept; safe to remove, every file is then read anew.
    clock : callable, default time.time_ns
        Nanoseconds since 1970.

    Notes
    -----
    A digest is taken from the memo while path, size, time of change, inode and the time
    the file system itself stamps (ctime, which no program sets) are as they were, and
    only if the file had been left alone for two seconds when it was read: a later
    write within one tick of the clock could not be told apart otherwise.
    """

    def __init__(self, memo: Path, clock: Callable[[], int] = time.time_ns) -> None:
        self._memo = memo
        self._clock = clock
        self._before = _read(memo)
        self._now: dict[str, list[object]] = {}

    def digest(self, path: Path) -> str:
        """Return the SHA-256 of a file's bytes, in hexadecimal."""
        seen = path.stat()
        marks = [seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino]
        known = self._before.get(str(path), [])
        if known[:-1] == marks:
            self._now[str(path)] = known
            return str(known[-1])
        started = self._clock()
        found = digest(path)
        if started - max(seen.st_mtime_ns, seen.st_ctime_ns) > _SETTLED_NS:
            self._now[str(path)] = [*marks, found]
        return found

    def keep(self) -> None:
        """Write what was asked for since this was made; forget every other file."""
        if self._now != self._before:
            write_text(json.dumps(self._now, indent=0, sort_keys=True), self._memo)


def _read(memo: Path) -> dict[str, list[object]]:
    """Read the memo; one that is missing or damaged is empty."""
    try:
        values = json.loads(memo.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(values, dict):
        return {}
    return {path: marks for path, marks in values.items() if isinstance(marks, list)}
