"""What waits to be landed, night by night, and what the load log knows of it."""

import hashlib
from dataclasses import dataclass
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Self

from data_contracts.contract import ExtractContract
from data_contracts.errors import ContractError
from pipelines.ingestion.contents import Contents
from pipelines.ingestion.records import (
    Load,
    load_file,
    raw_folder,
    read_loads,
    write_loads,
)
from pipelines.ingestion.sources import CHANGES, FULL, Delivery, deliveries
from pipelines.settings import Settings


@dataclass(frozen=True, slots=True)
class Night:
    """All deliveries of one night, whole tables first; ``batches`` name them."""

    known_on: date
    parts: tuple[Delivery, ...]
    batches: tuple[str, ...]


class Refused(Exception):  # noqa: N818 - it carries an error and is not told itself
    """One delivery of a night is refused, and the night with it."""

    def __init__(self, delivery: Delivery, error: ContractError) -> None:
        super().__init__(delivery, error)
        self.delivery = delivery
        self.error = error


class Nights:
    """The nights of one contract that have deliveries, beside its load log.

    Attributes
    ----------
    waiting : list of Night
        Oldest first. An undated delivery that an earlier night has already landed is
        in none.
    """

    def __init__(
        self,
        contract: ExtractContract,
        delivered: list[Delivery],
        settings: Settings,
    ) -> None:
        self._contract = contract
        self._settings = settings
        self._logged = read_loads(contract, settings)
        self._sources = {one.source for one in delivered}
        self._contents = Contents(settings.home / ".contents" / f"{contract.id}.json")
        self.waiting: list[Night] = []
        for known_on, some in groupby(delivered, key=lambda one: one.known_on):
            named = [(one, self._batch(one)) for one in some]
            kept = [pair for pair in named if not self._is_landed_earlier(*pair)]
            if kept:
                parts, batches = zip(*kept, strict=True)
                self.waiting.append(Night(known_on, parts, batches))

    @classmethod
    def of(cls, contract: ExtractContract, night: date, settings: Settings) -> Self:
        """Find what was delivered for a contract up to a night."""
        return cls(contract, deliveries(contract, night, settings), settings)

    def keep(self) -> None:
        """Remember what the files hold, so that the next night need not read them."""
        self._contents.keep()

    def is_known(self, one: Night) -> bool:
        """Tell whether exactly these files were landed and are still there."""
        loads = self._logged.get(one.known_on, [])
        if not loads or any(load.is_refused for load in loads):
            return False
        if not set(one.batches) <= {load.batch for load in loads}:
            return False
        has_news = any(load.rows_loaded or load.rows_deleted for load in loads)
        return self._raw_file(one.known_on).is_file() or not has_news

    def has_later(self, one: Night) -> bool:
        """Tell whether nights after this one have been landed or refused."""
        return any(day > one.known_on for day in self._logged)

    def add(self, loads: list[Load]) -> None:
        """Take the log of a night just landed into account."""
        self._logged[loads[0].known_on] = loads

    def forget_from(self, one: Night) -> None:
        """Take this night and all later ones still delivered out of the load log.

        They are about to be landed anew; cut off now, the next run does so.
        """
        for later in self.waiting:
            if later.known_on >= one.known_on:
                path = load_file(self._contract, later.known_on, self._settings)
                path.unlink(missing_ok=True)

    def batches_beyond(self, one: Night) -> list[str]:
        """List the batches whose rows this night's whole tables say nothing about.

        A whole table speaks for its own source. What a source delivered that is no
        longer in sources.yaml is spoken for once every source has spoken.
        """
        speaking = {part.source for part in one.parts if part.is_full}
        silent = self._sources - speaking
        if not silent:
            return []
        return sorted(
            load.batch
            for loads in self._logged.values()
            for load in loads
            if load.source not in speaking
        )

    def refuse_if_lost(self, one: Night) -> None:
        """Refuse to land a night anew without files of it that were put away.

        Raises
        ------
        Refused
            If rows of changes, or of another source, would be lost.
        """
        here = {(some.source, file.shown) for some in one.parts for file in some.files}
        sources = {"", *(some.source for some in one.parts)}
        for load in self._logged.get(one.known_on, []):
            is_replaced = load.delivery == FULL and load.source in sources
            if load.is_refused or is_replaced or (load.source, load.file) in here:
                continue
            raise Refused(
                one.parts[0],
                ContractError(
                    f"night {one.known_on} of {self._contract.id} has to be landed "
                    f"again, but {load.file}, which was loaded for it, is gone: its "
                    f"{load.rows_loaded:,} rows would be lost",
                    fix=f"put {load.file} back, then refresh",
                ),
            )

    def record_refusal(
        self, one: Night, refused: Delivery, error: ContractError
    ) -> None:
        """Log a refusal; a night that was landed before keeps its log and rows."""
        before = self._logged.get(one.known_on, [])
        path = load_file(self._contract, one.known_on, self._settings)
        if any(not load.is_refused for load in before):
            if not path.is_file():
                write_loads(before, path)
            return
        batch = one.batches[one.parts.index(refused)]
        load = Load(
            known_on=one.known_on,
            contract=self._contract.id,
            contract_version=self._contract.version,
            file=", ".join(file.shown for file in refused.files),
            delivery=FULL if refused.is_full else CHANGES,
            rows_read=0,
            rows_loaded=0,
            rows_unchanged=0,
            rows_quarantined=0,
            rows_duplicate=0,
            rows_deleted=0,
            is_refused=True,
            reason=error.what,
            batch=batch,
            source=refused.source,
        )
        write_loads([load], path)

    def last_landed(self, night: date) -> list[Load]:
        """Return the log of the newest night landed up to this one."""
        days = self._landed_days(night)
        return self._logged[max(days)] if days else []

    def _is_landed_earlier(self, part: Delivery, batch: str) -> bool:
        """Tell whether an undated delivery is that of an earlier night, unchanged."""
        days = [
            day
            for day in self._landed_days(part.known_on)
            if any(load.source == part.source for load in self._logged[day])
        ]
        if part.is_dated or not days or max(days) == part.known_on:
            return False
        loads = self._logged[max(days)]
        is_there = self._raw_file(max(days)).is_file() or not any(
            load.rows_loaded or load.rows_deleted for load in loads
        )
        return is_there and any(load.batch == batch for load in loads)

    def _landed_days(self, night: date) -> list[date]:
        return [
            day
            for day, loads in self._logged.items()
            if day <= night and not any(load.is_refused for load in loads)
        ]

    def _raw_file(self, day: date) -> Path:
        return raw_folder(self._contract, self._settings) / f"{day}.parquet"

    def _batch(self, part: Delivery) -> str:
        """Name a delivery by its content: files, contract and mapping."""
        whole = hashlib.sha256(self._contract.model_dump_json().encode())
        if part.mapping is not None and part.recipe is not None:
            whole.update(repr(part.mapping.nulls).encode())
            whole.update(part.recipe.model_dump_json().encode())
        whole.update((FULL if part.is_full else CHANGES).encode())
        for file in part.files:
            held = self._contents.digest(file.path)
            whole.update(f"\n{file.name}\n{file.shown}\n{held}".encode())
        return whole.hexdigest()[:32]
