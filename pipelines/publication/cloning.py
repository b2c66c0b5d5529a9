"""Begin a publication's new file as the bytes of the last one, beside other work."""

import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_AT_ONCE_BYTES: Final = 16 * 2**20


class Clone:
    """A copy of a file that may be under way.

    Parameters
    ----------
    source, target : Path
        `source` must stay as it is until the copy is there.
    """

    def __init__(self, source: Path, target: Path, pool: ThreadPoolExecutor) -> None:
        self._source, self._target, self._pool = source, target, pool
        self._done: Future[None] | None = None

    def begin(self) -> "Future[None]":
        """Begin if that was not done yet; return when it is done."""
        if self._done is None:
            self._done = self._pool.submit(clone, self._source, self._target)
        return self._done

    def finish(self) -> None:
        """Return once the copy is there, whole.

        Raises
        ------
        OSError
            If the disk is full or a file went.
        """
        self.begin().result()

    def abandon(self) -> None:
        """Leave nothing of it; once it is not wanted."""
        if self._done is not None:
            self._done.exception()  # whatever came of it
            self._target.unlink(missing_ok=True)


@contextmanager
def cloning(source: Path | None, target: Path) -> Iterator[Clone | None]:
    """Give a copy to begin; None where there is no source."""
    with ThreadPoolExecutor(1, "clone") as pool:  # waits for the thread, come what may
        yield Clone(source, target, pool) if source else None


def clone(source: Path, target: Path) -> None:
    """Copy a file's bytes, and have the disk write them meanwhile.

    File systems that can share bytes between files do. Nothing waits for the disk
    here; who flushes the file later finds most of it written.
    """
    place, size = 0, source.stat().st_size
    try:
        with source.open("rb") as read, target.open("wb") as written:
            while place < size:
                moved = os.copy_file_range(
                    read.fileno(), written.fileno(), _AT_ONCE_BYTES
                )
                if moved == 0:
                    break
                _write_back(written.fileno(), place, moved)
                place += moved
    except (AttributeError, OSError):  # another system, or a file system that cannot
        place = 0
    if place < size:
        shutil.copyfile(source, target)


def _write_back(file: int, place: int, size: int) -> None:
    """Tell the system to begin writing; bytes not yet on the disk stay in memory."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(file, place, size, os.POSIX_FADV_DONTNEED)
