"""Load an outbox through the CRM's API, and read back what the CRM then holds.

What arrived is noted record by record, so that a second run sends only what did not:
after a partial failure, a lost connection or a stop in the middle.
"""

import csv
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

from data_contracts.errors import LedgerError
from pipelines.files import write_text
from pipelines.publication.bulk_api import BEGUN, BulkApi, Results
from pipelines.publication.crm_state import QUERIES
from pipelines.publication.crm_target import read_target
from pipelines.settings import Settings

Direction = Literal["crm", "reverse"]
ADDED: Final = ("sf__Id", "sf__Created", "sf__Error")
"""Columns that the CRM puts before those of the records it answers."""


@dataclass(frozen=True, slots=True)
class Pushed:
    """What one run sent and what became of it."""

    loaded: int  # in this run
    already: int  # in earlier runs
    failed: dict[str, int]  # records by file, as of now
    errors: tuple[str, ...]  # the first of each kind, with its file

    @property
    def is_complete(self) -> bool:
        """True where the CRM has taken every record."""
        return not any(self.failed.values())


def push(
    settings: Settings, version: int, api: BulkApi, *, direction: Direction = "crm"
) -> Pushed:
    """Send the load files of a version, in their order, without what arrived before.

    Parameters
    ----------
    version : int
        Its outbox must be written.
    api : BulkApi
    direction : {'crm', 'reverse'}
        Forward, or the files that undo it.

    Returns
    -------
    Pushed
        A record that the CRM refuses does not hold up the others; it is sent again
        by the next run.

    Raises
    ------
    LedgerError
        If the outbox is not written, or a file in it was altered since.
    BusyError
        If the CRM cannot be reached; run it again.
    """
    folder = settings.outbox / str(version)
    sealed = _manifest(folder)
    log = _Log(settings.outbox / "push" / f"{version}-{direction}.json")
    loaded, already, failed = 0, 0, {}
    errors: dict[str, str] = {}
    for path in sorted((folder / direction).glob("*.csv")):
        name = f"{direction}/{path.name}"
        text = path.read_text(encoding="utf-8")
        if hashlib.sha256(text.encode()).hexdigest() != sealed.get(name):
            raise LedgerError(
                f"{path} is not as it was written",
                fix=f"write it again: aop plan export {version} --outbox",
            )
        crm_object, operation, _ = path.name.split("-", 1)[1].split(".")
        header, records = _records(text)
        log.resume(name, api)
        waiting = {key: row for key, row in records.items() if not log.has(name, key)}
        already += len(records) - len(waiting)
        if waiting:
            job = api.open_job(crm_object, operation)
            log.opened(name, job)
            api.upload(job, _csv(header, list(waiting.values())))
            log.ended(name, api.results(job))
            loaded += sum(log.has(name, key) for key in waiting)
        missing = [key for key in records if not log.has(name, key)]
        failed[name] = len(missing)
        for key in missing:
            errors.setdefault(log.error(name, key), name)
    return Pushed(
        loaded=loaded,
        already=already,
        failed=failed,
        errors=tuple(f"{name}: {told}" for told, name in errors.items()),
    )


def export_live(settings: Settings, api: BulkApi) -> dict[str, int]:
    """Save what the CRM holds as ``outbox/live/*.csv``; return records by object."""
    target = read_target(settings.home)
    counts = {}
    for crm_object, query in QUERIES.items():
        if crm_object in target.gaps:
            continue
        asked = query.format(
            model=target.territory_model_id, forecast=target.forecasting_type_id
        )
        text = api.export(asked)
        write_text(text, settings.outbox / "live" / f"{crm_object}.csv")
        counts[crm_object] = max(len(list(csv.reader(io.StringIO(text)))) - 1, 0)
    return counts


class _Log:
    """Which records of which file arrived, kept on disk after every answer."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._files: dict[str, dict[str, Any]] = (
            json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        )

    def has(self, name: str, key: str) -> bool:
        return key in self._of(name)["loaded"]

    def error(self, name: str, key: str) -> str:
        return str(self._of(name)["failed"].get(key, "the CRM did not answer for it"))

    def opened(self, name: str, job: str) -> None:
        self._of(name)["job"] = job
        self._save()

    def ended(self, name: str, results: Results) -> None:
        kept = self._of(name)
        loaded, failed = _answered(results.loaded), _answered(results.failed)
        kept["loaded"] = {**kept["loaded"], **dict.fromkeys(loaded, kept["job"])}
        kept["failed"] = failed
        kept["job"] = None
        self._save()

    def resume(self, name: str, api: BulkApi) -> None:
        """Ask what became of a load that an earlier run left behind."""
        job = self._of(name)["job"]
        if job is None:
            return
        # opened but never given its records: nothing of it arrived
        if api.state(job) in BEGUN:
            self.ended(name, api.results(job))
        else:
            self._of(name)["job"] = None

    def _of(self, name: str) -> dict[str, Any]:
        return self._files.setdefault(name, {"job": None, "loaded": {}, "failed": {}})

    def _save(self) -> None:
        text = json.dumps(self._files, ensure_ascii=False, indent=1, sort_keys=True)
        write_text(text + "\n", self._path)


def _manifest(folder: Path) -> dict[str, str]:
    manifest = folder / "manifest.json"
    if not manifest.is_file():
        raise LedgerError(
            f"there is no outbox in {folder}",
            fix=f"write it: aop plan export {folder.name} --outbox",
        )
    sealed: dict[str, str] = json.loads(manifest.read_text(encoding="utf-8"))["sha256"]
    return sealed


def _records(text: str) -> tuple[list[str], dict[str, list[str]]]:
    """Return the titles of a load file, and its records by the hash of their values."""
    rows = list(csv.reader(io.StringIO(text)))
    return rows[0], {_key(rows[0], row): row for row in rows[1:]}


def _answered(text: str) -> dict[str, str]:
    """Return the records of an answer by the same hash, each with its error."""
    rows = list(csv.DictReader(io.StringIO(text)))
    found = {}
    for row in rows:
        own = [name for name in row if name not in ADDED]
        found[_key(own, [row[name] or "" for name in own])] = row.get("sf__Error") or ""
    return found


def _key(names: list[str], values: list[str]) -> str:
    pairs = sorted(zip(names, values, strict=True))
    return hashlib.sha256(json.dumps(pairs).encode()).hexdigest()[:32]


def _csv(header: list[str], rows: list[list[str]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()
