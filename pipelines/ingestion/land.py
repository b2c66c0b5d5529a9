"""Land one extract: hold what was delivered to its contract, keep what is new.

Nothing of the home changes for a refused file; a night landed twice changes nothing.
"""

from dataclasses import dataclass, field
from datetime import date

from data_contracts.contract import ExtractContract
from data_contracts.errors import ContractError
from pipelines.ingestion import standing
from pipelines.ingestion.nights import Night, Nights, Refused
from pipelines.ingestion.records import (
    SCHEMA_FILE,
    Load,
    load_file,
    quarantine_file,
    raw_folder,
    write_empty_tables,
    write_loads,
)
from pipelines.ingestion.scratch import remove_leftovers, scratch_folder
from pipelines.ingestion.sources import CHANGES, FULL, check_night
from pipelines.ingestion.staged import StagedFile
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
    A night is landed whole: the deliveries of every source for it, compared with the
    nights before. One of which a file changed after it was landed, or came late, is
    landed again together with all later ones still delivered, since what is news
    depends on what was known before. The load log of a night is written last and
    stands for it: what is cut off before is done again, to the same bytes.
    """
    standing.hold_to_version(contract, settings)
    write_empty_tables(settings)
    remove_leftovers(contract, settings)
    nights = Nights.of(contract, night, settings)
    if not nights.waiting and not contract.is_optional:
        check_night(settings, night)  # says which of the three it is
    landed: list[Load] = []
    errors: dict[str, ContractError] = {}  # by source
    is_amended = False
    for one in nights.waiting:
        if not is_amended and nights.is_known(one):
            continue
        try:
            loads = _land_one(contract, one, nights, settings, loaded_on=night)
        except Refused as refused:
            error = refused.error
            errors[refused.delivery.source] = error
            _log.warning("%s %s refused: %s", contract.id, one.known_on, error)
            nights.record_refusal(one, refused.delivery, error)
            if not all(part.is_full for part in one.parts):
                break  # later changes build on these
            continue
        is_amended = is_amended or nights.has_later(one)
        nights.add(loads)
        for part in one.parts:
            if part.is_full:  # the newer whole table stands
                errors.pop(part.source, None)
        landed += loads
    nights.keep()
    told = [error.what for error in errors.values()]
    standing.record(contract, night, told, settings)
    if not landed and not errors:
        return _result(contract, nights.last_landed(night), [], is_news=False)
    found = list(errors.values())
    return _result(contract, landed, found, is_news=bool(landed))


def _land_one(
    contract: ExtractContract,
    one: Night,
    nights: Nights,
    settings: Settings,
    *,
    loaded_on: date,
) -> list[Load]:
    """Stage, compare and write one night; the load log comes last and commits."""
    night = one.known_on
    folder = raw_folder(contract, settings)
    known = [
        path
        for path in sorted(folder.glob("[0-9]*.parquet"))
        if path.name != SCHEMA_FILE and path.stem < night.isoformat()
    ]
    nights.refuse_if_lost(one)
    with scratch_folder(settings) as scratch:
        staged: list[StagedFile] = []
        batches: list[tuple[str, str]] = []
        for place, (part, batch) in enumerate(zip(one.parts, one.batches, strict=True)):
            (scratch / f"{place}").mkdir()
            try:
                judged = stage(contract, part, scratch / f"{place}")
            except ContractError as error:
                raise Refused(part, error) from error
            staged += judged
            batches += [(batch, part.source)] * len(judged)
        with comparing(contract, staged, known, scratch) as comparison:
            comparison.settle(
                is_full=any(part.is_full for part in one.parts),
                beyond=nights.batches_beyond(one),
            )
            counts, deleted = comparison.counts(), comparison.deleted
            left = sum(file.rows for file in staged)
            lost = standing.vanished(
                contract, staged[0].file.shown, gone=deleted, left=left
            )
            if lost is not None:
                raise Refused(one.parts[0], lost)
            nights.forget_from(one)
            comparison.write_quarantine(
                quarantine_file(contract, night, settings), night
            )
            comparison.write_news(
                folder / f"{night}.parquet",
                night,
                [batch for batch, _ in batches],
                loaded_on=loaded_on,
            )
    loads = [
        Load(
            known_on=night,
            contract=contract.id,
            contract_version=contract.version,
            file=one_file.file.shown,
            delivery=CHANGES if one_file.is_change else FULL,
            rows_read=one_file.rows,
            rows_loaded=count.loaded,
            rows_unchanged=count.unchanged,
            rows_quarantined=count.quarantined,
            rows_duplicate=count.duplicate,
            rows_deleted=deleted if place == 0 else 0,
            is_refused=False,
            reason="; ".join(one_file.notes) or None,
            batch=batch,
            source=source,
        )
        for place, (one_file, count, (batch, source)) in enumerate(
            zip(staged, counts, batches, strict=True)
        )
    ]
    write_loads(loads, load_file(contract, night, settings))
    standing.keep_version(contract, settings)
    _log.info(
        "%s %s: %s rows read", contract.id, night, sum(c.rows_read for c in loads)
    )
    return loads


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
