"""What has been delivered, and what became of it, contract by contract."""

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from data_contracts.contract import ExtractContract, all_contracts
from pipelines.ingestion.records import Load, read_loads
from pipelines.ingestion.sources import Delivery, deliveries, unclaimed
from pipelines.settings import Settings


class State(StrEnum):
    """How far a delivery has come."""

    WAITING = "waiting"
    LOADED = "loaded"
    REFUSED = "refused"
    ABSENT = "absent"
    UNCLAIMED = "unclaimed"


@dataclass(frozen=True, slots=True)
class Listed:
    """One file of one night, or a contract without any.

    ``reason`` says why it was refused, or what an absent extract leaves uncomputed.
    """

    contract: str | None
    known_on: date | None
    file: str | None
    state: State
    rows_read: int = 0
    rows_loaded: int = 0
    rows_unchanged: int = 0
    rows_quarantined: int = 0
    rows_duplicate: int = 0
    reason: str | None = None


def list_extracts(settings: Settings, night: date) -> list[Listed]:
    """List every delivery up to a night, what was made of it, and what is absent.

    Parameters
    ----------
    settings : Settings
    night : date

    Returns
    -------
    list of Listed
        By contract and night; then files in landing that no contract reads.

    Raises
    ------
    HomeError
        If sources.yaml is broken or a source folder is missing.
    """
    found = [
        row for contract in all_contracts() for row in _of(contract, settings, night)
    ]
    return found + [
        Listed(
            contract=None,
            known_on=None,
            file=path,
            state=State.UNCLAIMED,
            reason="no contract reads it: landing/<system>/<table>/ is the place",
        )
        for path in unclaimed(settings)
    ]


def _of(contract: ExtractContract, settings: Settings, night: date) -> list[Listed]:
    logged = read_loads(contract, settings)
    rows = [
        _logged(load)
        for day, loads in sorted(logged.items())
        if day <= night
        for load in loads
    ]
    delivered = deliveries(contract, night, settings)
    known_files = {row.file for row in rows}
    for delivery in delivered:
        shown = list(dict.fromkeys(file.shown for file in delivery.files))
        is_seen = not delivery.is_dated and known_files >= set(shown)
        if not is_seen:
            rows += [
                Listed(contract.id, delivery.known_on, one, State.WAITING)
                for one in _unlogged(delivery, logged.get(delivery.known_on, []))
            ]
    if rows:
        return rows
    lost = f"not computed without it: {contract.without_it}"
    reason = lost if contract.is_optional else "every plan needs it"
    return [Listed(contract.id, None, None, State.ABSENT, reason=reason)]


def _unlogged(delivery: Delivery, loads: list[Load]) -> list[str]:
    """List a delivery's files its night's log does not name: new, or come late."""
    shown = list(dict.fromkeys(file.shown for file in delivery.files))
    mine = [load for load in loads if load.source in ("", delivery.source)]
    named = {one for load in mine for one in load.file.split(", ")}
    if delivery.recipe is not None and delivery.recipe.sql is not None and mine:
        return []  # files that SQL joins are logged as one
    return [one for one in shown if one not in named]


def _logged(load: Load) -> Listed:
    return Listed(
        contract=load.contract,
        known_on=load.known_on,
        file=load.file,
        state=State.REFUSED if load.is_refused else State.LOADED,
        rows_read=load.rows_read,
        rows_loaded=load.rows_loaded,
        rows_unchanged=load.rows_unchanged,
        rows_quarantined=load.rows_quarantined,
        rows_duplicate=load.rows_duplicate,
        reason=load.reason,
    )
