"""Land one extract: hold what was delivered to its contract, keep what is new.

Nothing of the home changes for a refused file; a night landed twice changes nothing.
"""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from data_contracts.contract import ExtractContract
from data_contracts.errors import ContractError
from pipelines.files import digest
from pipelines.ingestion.records import (
    SCHEMA_FILE,
    Load,
    load_file,
    quarantine_file,
    raw_folder,
    read_loads,
    write_empty_tables,
    write_loads,
)
from pipelines.ingestion.sources import Delivery, check_night, deliveries
from pipelines.ingestion.staging import stage
from pipelines.ingestion.versions import comparing
from pipelines.logs import logger
from pipelines.settings import Settings

_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class LandResult:
    """What became of every row of the deliveries landed, or last landed, for a night.

    ``rows = loaded + unchanged + quarantined + duplicates`` always. ``refused`` holds
    one message a refused delivery, ``notes`` what was noticed while reading.
    """

    contract_id: str
    rows: int = 0
    loaded: int = 0
    unchanged: int = 0
    quarantined: int = 0
    duplicates: int = 0
    deleted: int = 0
    files: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    is_news: bool = False
    errors: tuple[ContractError, ...] = field(default=(), repr=False)

    def raise_if_refused(self) -> None:
        """Raise the first refusal, if there is one.

        Raises
        ------
        ContractError
            Naming the file, what is wrong with it, and the way out.
        """
        if self.errors:
            raise self.errors[0]


def land(contract: ExtractContract, night: date, settings: Settings) -> LandResult:
    """Land everything delivered for a contract up to a night and not yet landed.

    Parameters
    ----------
    contract : ExtractContract
    night : date
        Deliveries dated later are left alone.
    settings : Settings

    Returns
    -------
    LandResult
        A refusal is told there, not raised, so that the caller can record it first;
        nothing of a refused delivery is written but its refusal in the load log.

    Raises
    ------
    HomeError
        If no source holds a file, or the night lies before the first extract.
    ContractError
        If a required extract has no file at all.

    Notes
    -----
    Deliveries are landed in order of date. One that changed after it was landed, or
    came late, is landed again together with all later ones still delivered, since
    what is news depends on what was known before.
    """
    write_empty_tables(settings)
    logged = read_loads(contract, settings)
    waiting = deliveries(contract, night, settings)
    if not waiting and not contract.is_optional:
        check_night(settings, night)  # says which of the three it is
    landed: list[Load] = []
    errors: list[ContractError] = []
    is_amended = False
    for delivery in waiting:
        before = logged.get(delivery.known_on, [])
        batch = _batch(contract, delivery)
        if not is_amended and _is_known(contract, delivery, batch, logged, settings):
            continue
        try:
            loads = _land_one(contract, delivery, batch, settings)
        except ContractError as error:
            errors.append(error)
            _log.warning("%s %s refused: %s", contract.id, delivery.known_on, error)
            if not any(not load.is_refused for load in before):
                _record_refusal(contract, delivery, batch, error, settings)
            if not delivery.is_full:
                break  # later changes build on these
            continue
        is_amended = is_amended or any(day > delivery.known_on for day in logged)
        errors = [] if delivery.is_full else errors  # the newer whole table stands
        landed += loads
    if not landed:
        landed = _last_landed(logged, night) if not errors else []
        return _result(contract, landed, errors, is_news=False)
    return _result(contract, landed, errors, is_news=True)


def _is_known(
    contract: ExtractContract,
    delivery: Delivery,
    batch: str,
    logged: dict[date, list[Load]],
    settings: Settings,
) -> bool:
    """Tell whether exactly these files were landed on their night and are still there.

    Undated files belong to the night they were first seen; they are known while the
    newest landing up to now is theirs.
    """
    night = delivery.known_on
    if not delivery.is_dated:
        night = max(_landed_days(logged, delivery.known_on), default=night)
    loads = logged.get(night, [])
    if any(load.is_refused or load.batch != batch for load in loads) or not loads:
        return False
    has_news = any(load.rows_loaded or load.rows_deleted for load in loads)
    raw = raw_folder(contract, settings) / f"{night}.parquet"
    return raw.is_file() or not has_news


def _landed_days(logged: dict[date, list[Load]], night: date) -> list[date]:
    return [
        day
        for day, loads in logged.items()
        if day <= night and not any(load.is_refused for load in loads)
    ]


def _land_one(
    contract: ExtractContract, delivery: Delivery, batch: str, settings: Settings
) -> list[Load]:
    """Stage, compare and write one delivery; the load log comes last and commits."""
    night = delivery.known_on
    folder = raw_folder(contract, settings)
    known = [
        path
        for path in sorted(folder.glob("*.parquet"))
        if path.name != SCHEMA_FILE and path.stem < night.isoformat()
    ]
    with _scratch(settings) as scratch:
        staged = stage(contract, delivery, scratch)
        with comparing(contract, staged, known, scratch) as comparison:
            comparison.settle(is_full=delivery.is_full)
            counts, deleted = comparison.counts(), comparison.deleted
            load_file(contract, night, settings).unlink(missing_ok=True)
            comparison.write_quarantine(
                quarantine_file(contract, night, settings), night
            )
            comparison.write_news(folder / f"{night}.parquet", night, batch)
    loads = [
        Load(
            known_on=night,
            contract=contract.id,
            contract_version=contract.version,
            file=one.file.shown,
            delivery="full" if delivery.is_full else "changes",
            rows_read=one.rows,
            rows_loaded=count.loaded,
            rows_unchanged=count.unchanged,
            rows_quarantined=count.quarantined,
            rows_duplicate=count.duplicate,
            rows_deleted=deleted if place == 0 else 0,
            is_refused=False,
            reason="; ".join(one.notes) or None,
            batch=batch,
        )
        for place, (one, count) in enumerate(zip(staged, counts, strict=True))
    ]
    write_loads(loads, load_file(contract, night, settings))
    _log.info(
        "%s %s: %s rows read", contract.id, night, sum(c.rows_read for c in loads)
    )
    return loads


def _record_refusal(
    contract: ExtractContract,
    delivery: Delivery,
    batch: str,
    error: ContractError,
    settings: Settings,
) -> None:
    load = Load(
        known_on=delivery.known_on,
        contract=contract.id,
        contract_version=contract.version,
        file=", ".join(file.shown for file in delivery.files),
        delivery="full" if delivery.is_full else "changes",
        rows_read=0,
        rows_loaded=0,
        rows_unchanged=0,
        rows_quarantined=0,
        rows_duplicate=0,
        rows_deleted=0,
        is_refused=True,
        reason=error.what,
        batch=batch,
    )
    write_loads([load], load_file(contract, delivery.known_on, settings))


def _batch(contract: ExtractContract, delivery: Delivery) -> str:
    """Name a delivery by its content: files, contract and mapping."""
    whole = hashlib.sha256(contract.model_dump_json().encode())
    if delivery.mapping is not None and delivery.recipe is not None:
        whole.update(repr(delivery.mapping.nulls).encode())
        whole.update(delivery.recipe.model_dump_json().encode())
    whole.update(b"full" if delivery.is_full else b"changes")
    for file in delivery.files:
        whole.update(f"\n{file.name}\n{file.shown}\n{digest(file.path)}".encode())
    return whole.hexdigest()[:32]


def _last_landed(logged: dict[date, list[Load]], night: date) -> list[Load]:
    days = _landed_days(logged, night)
    return logged[max(days)] if days else []


def _result(
    contract: ExtractContract,
    loads: list[Load],
    errors: list[ContractError],
    *,
    is_news: bool,
) -> LandResult:
    return LandResult(
        contract_id=contract.id,
        rows=sum(load.rows_read for load in loads),
        loaded=sum(load.rows_loaded for load in loads),
        unchanged=sum(load.rows_unchanged for load in loads),
        quarantined=sum(load.rows_quarantined for load in loads),
        duplicates=sum(load.rows_duplicate for load in loads),
        deleted=sum(load.rows_deleted for load in loads),
        files=tuple(load.file for load in loads),
        refused=tuple(error.what for error in errors),
        notes=tuple(f"{load.file}: {load.reason}" for load in loads if load.reason),
        is_news=is_news,
        errors=tuple(errors),
    )


@contextmanager
def _scratch(settings: Settings) -> Iterator[Path]:
    """Give a folder of the home for what is judged, and empty it afterwards."""
    settings.home.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".landing-", dir=settings.home))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
