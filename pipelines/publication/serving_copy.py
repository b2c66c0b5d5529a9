"""Publish tonight's tables to readers, who must never fail and never see a mix.

A DuckDB file cannot be written while somebody reads it, so the tables go to a new
file that takes the old one's name in one step: an open reader keeps the old night,
the next one gets the new. Parquet beside it is many files, which no rename can swap
at once; each night therefore has a folder of its own and ``serving/parquet`` is a
link that is replaced in one step. A reader of the whole set resolves the link once
(`current_parquet`) and reads from that folder, which stays for at least an hour
after it was replaced, and longer where the policy keeps nights. A manifest would
need a reader who knows about it; a link works for every tool that opens a path.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Final

from data_contracts.errors import HomeError
from data_contracts.policy import load_policy
from pipelines.files import replacing
from pipelines.logs import logger
from pipelines.publication.copying import Copied, begun, opened
from pipelines.publication.last_copy import LastCopy, parquet_file, recall, remember
from pipelines.publication.night import Night, read_night
from pipelines.settings import Settings

SERVED: Final = ("core", "plan", "forecast", "drift", "quality")
"""Warehouse schemas that everyone may read."""

RESTRICTED: Final = ("restricted",)
"""Schemas with personal data; a file of their own that only the owner can read."""

KEPT_FOR: Final = timedelta(hours=1)
"""How long a replaced Parquet folder stays for readers that are still in it."""

_LOG: Final = logger(__name__)


@dataclass(frozen=True, slots=True)
class Published:
    """What readers find after a publication; counts without the restricted file."""

    path: Path
    tables: int
    rows: int
    bytes: int


def restricted_copy(settings: Settings) -> Path:
    """Return the file with personal data, mode 0600."""
    return settings.serving / "aop_restricted.duckdb"


def current_parquet(settings: Settings) -> Path:
    """Return the folder of the newest night, with the link resolved.

    Read the whole set from the folder returned and it is one night's; through the
    link, two reads may fall on two nights.

    Raises
    ------
    HomeError
        If nothing was published yet.
    """
    link = settings.serving / "parquet"
    if not link.is_dir():
        raise HomeError(f"nothing is published in {settings.serving}", fix=_REFRESH)
    return link.resolve()


def publish(settings: Settings, *, is_anew: bool = False) -> Published:
    """Replace the serving copy by the tables of the warehouse.

    Parameters
    ----------
    settings : Settings
        Its warehouse is opened read-only for as long as the copy takes.
    is_anew : bool
        Write everything, whatever is known of the last copy. Otherwise only tables
        whose rows changed are written; the tables, their comments and the bytes of
        their Parquet are the same either way.

    Returns
    -------
    Published
        The file readers open, and its size. Tables, never views; rows in the
        order of their columns; comments kept; ``meta.publication`` says which
        night it is.

    Raises
    ------
    HomeError
        If the warehouse is missing, or lacks a promised table, or its tables
        belong to different nights. The old copy stays.
    BusyError
        If another process is writing the warehouse.
    """
    night = read_night(settings)
    settings.serving.mkdir(parents=True, exist_ok=True)
    with (
        _building(settings) as folder,
        opened(settings) as connection,
        begun(
            connection,
            settings.warehouse,
            night,
            SERVED,
            folder / "aop.duckdb",
            parquet=folder / "parquet",
            last=None if is_anew else recall(settings, "open"),
        ) as everyone,
    ):
        with begun(
            connection,
            settings.warehouse,
            night,
            RESTRICTED,
            folder / "aop_restricted.duckdb",
            last=None if is_anew else recall(settings, "restricted"),
        ) as few:
            hidden = few.finish()  # while the bytes of the large file are copied
        copied = everyone.finish()
        (folder / "aop_restricted.duckdb").chmod(0o600)
        parquet = _swap_parquet(settings, night, folder / "parquet", copied.last)
        for built, final in (
            (folder / "aop_restricted.duckdb", restricted_copy(settings)),
            (folder / "aop.duckdb", settings.serving_copy),
        ):
            with replacing(final) as temporary:
                built.rename(temporary)
        remember(
            settings,
            {
                "open": replace(
                    copied.last, file=settings.serving_copy, parquet=parquet
                ),
                "restricted": replace(hidden.last, file=restricted_copy(settings)),
            },
        )
    return _published(settings, copied)


_REFRESH: Final = "run the nightly job: aop refresh"


def _published(settings: Settings, copied: Copied) -> Published:
    size = settings.serving_copy.stat().st_size
    _LOG.info(
        "published %d tables, %d rows; %d tables changed",
        copied.tables,
        copied.rows,
        copied.changed,
    )
    return Published(settings.serving_copy, copied.tables, copied.rows, size)


@contextmanager
def _building(settings: Settings) -> Iterator[Path]:
    with (settings.serving / ".lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # given back when the file closes
        for left in settings.serving.glob(".build-*"):
            shutil.rmtree(left)  # of a run that was killed; nobody else builds now
        # mode 0700: personal data passes through here, DuckDB's log files included
        folder = Path(tempfile.mkdtemp(prefix=".build-", dir=settings.serving))
        try:
            yield folder
        finally:
            shutil.rmtree(folder)


def _swap_parquet(
    settings: Settings, night: Night, built: Path, copied: LastCopy
) -> Path:
    nights = settings.serving / ".parquet"
    nights.mkdir(exist_ok=True)
    target = nights / f"{night.as_of}-{_digest_of_all(copied)[:12]}"
    if target.is_dir():  # the same night again is the same folder, whole
        for table in copied.digests:
            if not (file := parquet_file(target, table)).is_file():
                parquet_file(built, table).replace(file)
    else:
        built.rename(target)
    link = settings.serving / "parquet"
    if link.is_dir() and not link.is_symlink():
        raise HomeError(
            f"{link} is a folder, not the link that publication replaces",
            fix=f"move it away: mv {link} {link}.old",
        )
    before = link.resolve()
    pointing = built.with_name("link")
    pointing.symlink_to(target.relative_to(settings.serving))
    pointing.replace(link)
    if before.is_dir() and before != target.resolve():
        os.utime(before)  # from now on it is history; see below
    oldest = time.time() - KEPT_FOR.total_seconds()
    for folder in _past(nights, target)[_kept_nights(settings) :]:
        if folder.stat().st_mtime < oldest:
            shutil.rmtree(folder)
    return target


def _past(nights: Path, current: Path) -> list[Path]:
    """Return the replaced nights, the latest first."""
    found = [folder for folder in nights.iterdir() if folder != current]
    return sorted(found, key=lambda folder: folder.name, reverse=True)


def _kept_nights(settings: Settings) -> int:
    if not settings.policy_file.is_file():
        return 0
    return load_policy(settings.policy_file).publication.kept_nights_count


def _digest_of_all(copied: LastCopy) -> str:
    whole = hashlib.sha256()
    for table, digest in sorted(copied.digests.items()):
        whole.update(f"{table} {digest}\n".encode())
    return whole.hexdigest()
