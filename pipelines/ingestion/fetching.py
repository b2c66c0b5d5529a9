"""Copy extracts from any place fsspec reads into landing; whole files or none.

They enter by the same door as files somebody put there.
"""

import json
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import fsspec  # type: ignore[import-untyped]  # ships no types
from fsspec.core import (  # type: ignore[import-untyped]  # ships no types
    url_to_fs,
)

from data_contracts.errors import HomeError
from pipelines.files import replacing, write_text
from pipelines.ingestion.declared import Source
from pipelines.logs import logger
from pipelines.settings import Settings, credential, credential_name, has_credential

_log = logger(__name__)
_OPTIONS = "STORAGE_OPTIONS"
_MARKS = (  # what file systems say when a file changes; each has some of them
    "ETag",
    "etag",
    "md5Hash",
    "checksum",
    "generation",
    "LastModified",
    "last_modified",
    "mtime",
    "updated",
    "created",
)
_DRIVERS = {  # protocol to the package that reads it
    "s3": "s3fs",
    "s3a": "s3fs",
    "gs": "gcsfs",
    "gcs": "gcsfs",
    "sftp": "paramiko",
    "ssh": "paramiko",
    "abfs": "adlfs",
    "az": "adlfs",
    "http": "aiohttp",
    "https": "aiohttp",
}


@dataclass(frozen=True, slots=True)
class Fetched:
    """What came of one remote place: files copied anew and files left as they were."""

    source: str
    copied: tuple[str, ...]
    kept_count: int


def fetch(source: Source, settings: Settings) -> Fetched:
    """Copy what is new or changed at a source's URL to ``landing/<name>/``.

    Parameters
    ----------
    source : Source
        With a ``url`` and no connector. Credentials are what the driver finds in the
        environment, or JSON in ``AOP_<NAME>_STORAGE_OPTIONS``.
    settings : Settings

    Returns
    -------
    Fetched
        A file that vanished at the source stays in landing.

    Raises
    ------
    HomeError
        If the driver is not installed, the place cannot be reached or holds no such
        folder, or a copy came out shorter than its original.

    Notes
    -----
    A file counts as unchanged while its size and what the file system says of it (etag,
    checksum or time of change) are as they were when it was copied. Where it says
    nothing, the file is copied each time; landing then knows it by its content.
    """
    url = source.url or ""
    try:
        system, root = url_to_fs(url, **_options(source))
        listed: dict[str, dict[str, Any]] = system.find(root, detail=True)
        if not listed and not system.exists(root):
            raise FileNotFoundError("there is nothing at that place")
    except (ImportError, ValueError) as error:
        raise _no_driver(source, error) from error
    except Exception as error:  # drivers raise errors of their own making
        raise _unreachable(source, error) from error
    memo = settings.home / ".contents" / f"{source.name}.fetched.json"
    before, now = _read(memo), dict[str, list[str]]()
    copied = []
    for path, info in sorted(listed.items()):
        shown = _inside(path, root)
        if shown is None or info.get("type") == "directory":
            continue
        final = source.place(settings) / shown
        marks = _marks(info)
        now[shown] = marks
        if final.is_file() and len(marks) > 1 and before.get(shown) == marks:
            continue
        _copy(system, path, final, info, source)
        copied.append(shown)
    write_text(json.dumps(now, indent=0, sort_keys=True), memo)
    _log.info("%s: %d files copied of %d", source.name, len(copied), len(now))
    return Fetched(source.name, tuple(copied), len(now) - len(copied))


def _copy(
    system: fsspec.AbstractFileSystem,
    path: str,
    final: Path,
    info: dict[str, Any],
    source: Source,
) -> None:
    with replacing(final) as temporary:
        try:
            system.get_file(path, str(temporary))
        except Exception as error:  # drivers raise errors of their own making
            raise _unreachable(source, error) from error
        size, whole = temporary.stat().st_size, info.get("size")
        if whole is not None and size != int(whole):
            raise HomeError(
                f"{final.name} of {source.name} came as {size:,} of {whole:,} bytes",
                fix="it may still be written there; fetch again: aop refresh",
            )


def _inside(path: str, root: str) -> str | None:
    """Return a file's path below the root; None where it is hidden or leads outside."""
    try:
        inner = PurePosixPath(path).relative_to(PurePosixPath(root))
    except ValueError:
        return None
    if not inner.parts or any(part.startswith(".") for part in inner.parts):
        return None
    return inner.as_posix()


def _marks(info: dict[str, Any]) -> list[str]:
    """Return size, then whatever else tells one state of a file from another."""
    return [str(info.get("size"))] + [
        f"{mark}={info[mark]}" for mark in _MARKS if info.get(mark) is not None
    ]


def _options(source: Source) -> dict[str, Any]:
    if not has_credential(source.name, _OPTIONS):
        return {}
    text = credential(source.name, _OPTIONS)
    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise HomeError(
            f"{credential_name(source.name, _OPTIONS)} is not a JSON object",
            fix='write it as {"key": "…", "secret": "…"}, as the driver names them',
        )
    return values


def _read(memo: Path) -> dict[str, list[str]]:
    try:
        values = json.loads(memo.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


def _no_driver(source: Source, error: Exception) -> HomeError:
    protocol = urlsplit(source.url or "").scheme
    package = _DRIVERS.get(protocol)
    if isinstance(error, ImportError) and package:
        fix = f"install {package} beside this program: pip install {package}"
    else:
        fix = "use a folder, or a URL such as s3://, gs:// or sftp://"
    return HomeError(
        f"source {source.name} cannot be read: {protocol or 'its url'} has no driver "
        f"here ({error})",
        fix=fix,
    )


def _unreachable(source: Source, error: Exception) -> HomeError:
    parts = urlsplit(source.url or "")
    host = parts.netloc.rpartition("@")[2]
    shown = urlunsplit((parts.scheme, host, parts.path, "", ""))
    told = str(error).splitlines()[0] if str(error) else ""
    return HomeError(
        f"source {source.name} cannot be read at {shown}: "
        f"{told or type(error).__name__}",
        fix="mend its url in sources.yaml, or the credentials in the environment: "
        f"what the driver reads there, or {credential_name(source.name, _OPTIONS)}",
    )
