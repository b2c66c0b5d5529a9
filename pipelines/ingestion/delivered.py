"""Whether anything was delivered since: a digest of every file a night may read."""

import hashlib
from datetime import date
from pathlib import Path

from pipelines.ingestion.mapping import load_mapping
from pipelines.ingestion.sources import delivered_files, load_sources, night_of
from pipelines.settings import Settings


def digest_of_deliveries(settings: Settings, night: date) -> str:
    """Digest which files a night may read: name, size and time of change of each.

    Parameters
    ----------
    settings : Settings
    night : date
        Files dated later wait for their own night and do not count.

    Returns
    -------
    str
        SHA-256 in hexadecimal; the same as long as nothing was delivered, changed,
        replayed or put away, and sources.yaml and the mappings it names say the same.

    Raises
    ------
    HomeError, ContractError
        If sources.yaml or a mapping is broken.
    """
    state = hashlib.sha256()
    sources = load_sources(settings)
    fetched = [one.place(settings) for one in sources if one.is_fetched]
    for source in sources:
        state.update(source.model_dump_json().encode())
        if source.mapping is not None:
            mapping = load_mapping(source.mapping, settings.home)
            state.update(mapping.model_dump_json().encode())
        folder = source.place(settings)
        _add(state, folder, [one for one in fetched if one != folder], night)
    _add(state, settings.home / "replayed", [], night)
    return state.hexdigest()


def _add(state: "hashlib._Hash", folder: Path, others: list[Path], night: date) -> None:
    for path in delivered_files(folder, others):
        shown = path.relative_to(folder).as_posix()
        day = night_of(shown)
        if day is None or day <= night:
            found = path.stat()
            state.update(f"{shown} {found.st_size} {found.st_mtime_ns}\n".encode())
