"""What the warehouse was last made of, so that a night may go on from it.

Not a cache: where anything but tonight's rows differs, everything is made anew.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Final

import polars as pl

from pipelines.settings import Settings

TOLD: Final = "last_build.parquet"
"""The file under ``reference`` that says how far the warehouse already goes."""

_NIGHTLY: Final = ("as_of", "data_through")


class LastBuild:
    """The build that stands, beside what one would be made of now.

    Parameters
    ----------
    settings : Settings
        The home; its ``reference/run.parquet`` names tonight.
    project : str
        Digest of the SQL that would run.

    Notes
    -----
    A fact made night by night is the one a full build makes as long as three things
    hold: the SQL, the policy and the calendar are the same; tonight is no earlier
    than the last night; and no raw row of a night already built was changed.
    """

    def __init__(self, settings: Settings, project: str) -> None:
        self._note = settings.dbt_target / "last_build.json"
        self._days_then = settings.dbt_target / "last_build_days.parquet"
        self._days_now = settings.reference / "fiscal_calendar.parquet"
        self._settings = settings
        run = settings.reference / "run.parquet"
        rows = pl.read_parquet(run).to_dicts() if run.is_file() else []
        self._run: dict[str, Any] = rows[0] if rows else {}
        self._night = str(self._run.get("as_of", ""))
        self._decided = _digest_of_decisions(settings, self._run)
        self._project = project
        self._before = self._read()
        self._since = self._goes_on_from()
        self.goes_on = self._since is not None

    def _read(self) -> dict[str, Any]:
        try:
            told = json.loads(self._note.read_text(encoding="utf-8"))
            return told if isinstance(told, dict) else {}
        except (OSError, ValueError):
            return {}

    def _goes_on_from(self) -> dict[str, Any] | None:
        """Return what the night goes on from; None where all has to be made anew."""
        told = self._before
        if (told.get("project"), told.get("decided")) != (self._project, self._decided):
            return None
        if not self._night or str(told.get("night", "")) > self._night:
            return None
        through = told["built"]["data_through"]
        if str(self._run.get("data_through")) < through:
            return None
        if not self._has_same_days(through):
            return None
        now = dict(self._raw(told["night"], told["raw"]))
        if _digests(now) != _digests(told["raw"]):
            return None
        # a night that is run again does again what it did
        again: dict[str, Any] | None = told["since"]
        return again if told["night"] == self._night else told["built"]

    def _has_same_days(self, through: str) -> bool:
        """Tell whether the calendar is the same up to the last day covered then.

        It may begin later: it does every year, and never after the oldest deal.
        """
        if not (self._days_then.is_file() and self._days_now.is_file()):
            return False
        then, now = pl.read_parquet(self._days_then), pl.read_parquet(self._days_now)
        first = now["date_day"][0]
        shared = pl.col("date_day").is_between(first, date.fromisoformat(through))
        begins_later = bool(first >= then["date_day"][0])
        return begins_later and now.filter(shared).equals(then.filter(shared))

    def tell(self, *, anew: bool) -> None:
        """Write how far the warehouse goes as a row; nowhere where all is made anew."""
        since = None if anew else self._since
        row = {name: since[name] if since else None for name in _NIGHTLY}
        self._settings.reference.mkdir(parents=True, exist_ok=True)
        pl.DataFrame([row], schema=dict.fromkeys(_NIGHTLY, pl.String)).select(
            pl.all().str.to_date()
        ).write_parquet(self._settings.reference / TOLD)
        self._told = since

    def forget(self) -> None:
        """Say that a build is under way: one that breaks off starts anew."""
        self._note.unlink(missing_ok=True)

    def remember(self) -> None:
        """Say that every model of the build stands."""
        self._note.parent.mkdir(parents=True, exist_ok=True)
        note = {
            "night": self._night,
            "built": {name: _iso(self._run.get(name)) for name in _NIGHTLY},
            "since": self._told,
            "project": self._project,
            "decided": self._decided,
            "raw": dict(self._raw(self._night, self._before.get("raw", {}))),
        }
        self._note.write_text(json.dumps(note), encoding="utf-8")
        if self._days_now.is_file():
            shutil.copyfile(self._days_now, self._days_then)

    def _raw(
        self, night: str, known: Mapping[str, list[Any]]
    ) -> Iterator[tuple[str, list[Any]]]:
        """Yield the raw files of the nights up to one, with size, time and digest.

        A file is read only where its size or time is not the one known.
        """
        root = self._settings.raw
        for path in sorted(root.glob("*/*/*.parquet")):
            name = path.relative_to(root).as_posix()
            # how well tonight was loaded is told anew every night
            if path.name[: len("2026-01-31")] > night or name.startswith("quality/"):
                continue
            found = path.stat()
            size, changed, digest = known.get(name, [None, None, ""])
            if (size, changed) != (found.st_size, found.st_mtime_ns):
                with path.open("rb") as stream:
                    digest = hashlib.file_digest(stream, "blake2b").hexdigest()
            yield name, [found.st_size, found.st_mtime_ns, digest]


def _digests(files: Mapping[str, list[Any]]) -> dict[str, str]:
    return {name: digest for name, (_, _, digest) in files.items()}


def _iso(day: object) -> str | None:
    return day.isoformat() if isinstance(day, date) else None


def _digest_of_decisions(settings: Settings, run: Mapping[str, Any]) -> str:
    """Digest what people decided: the policy, but not the night it is told of."""
    every = hashlib.sha256()
    for path in sorted(settings.reference.glob("*.parquet")):
        if path.name not in {"run.parquet", "fiscal_calendar.parquet", TOLD}:
            every.update(path.name.encode() + path.read_bytes())
    told = {name: str(value) for name, value in run.items() if name not in _NIGHTLY}
    every.update(json.dumps(told, sort_keys=True).encode())
    return every.hexdigest()
