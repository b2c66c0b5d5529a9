"""Bring what is elsewhere into landing: remote files, and live systems' news."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pipelines.ingestion.declared import Source, load_sources
from pipelines.ingestion.fetching import fetch
from pipelines.logs import logger
from pipelines.settings import Settings

_log = logger(__name__)
_LATEST = timedelta(days=1)  # a night's job may start after midnight


@dataclass(frozen=True, slots=True)
class Brought:
    """What one source brought: files in landing, by their paths there, and notes."""

    source: str
    files: tuple[str, ...]
    notes: tuple[str, ...]


def bring(
    settings: Settings, night: date, *, today: date | None = None
) -> list[Brought]:
    """Copy remote files and pull live systems; folders need nothing brought.

    Parameters
    ----------
    settings : Settings
    night : date
        What is pulled is known on this night.
    today : date, optional
        The day it is, in UTC. A live system can only tell how things are now: for a
        night before yesterday it is not asked.

    Returns
    -------
    list of Brought
        One a source that is not a folder, in the order of sources.yaml.

    Raises
    ------
    HomeError
        If a place or system cannot be reached, or its credentials are not in the
        environment; what was brought before stays.
    """
    now = today or datetime.now(UTC).date()
    return [
        _brought(source, settings, night, is_live=night >= now - _LATEST)
        for source in load_sources(settings)
        if source.is_fetched
    ]


def _brought(
    source: Source, settings: Settings, night: date, *, is_live: bool
) -> Brought:
    if source.connector is None:
        fetched = fetch(source, settings)
        return Brought(source.name, fetched.copied, ())
    if not is_live:
        note = f"not asked: it cannot tell what was known on {night}"
        _log.warning("%s: %s", source.name, note)
        return Brought(source.name, (), (note,))
    from pipelines.ingestion.connectors.pull import pull  # a second of imports

    pulled = pull(source, night, settings)
    return Brought(source.name, pulled.files, pulled.notes)
