"""Hold delivered files to their contracts and load nothing."""

import tempfile
from datetime import date
from pathlib import Path
from typing import Any

from data_contracts.contract import all_contracts
from data_contracts.errors import ContractError
from pipelines.ingestion.sources import Delivery, check_night, deliveries
from pipelines.ingestion.staging import stage
from pipelines.settings import Settings


def check_extracts(settings: Settings, night: date) -> list[dict[str, Any]]:
    """Judge the newest delivery of every contract up to a night.

    Returns
    -------
    list of dict
        ``contract``, ``known_on``, ``file``, ``rows_read``, ``rows_quarantined``,
        ``is_refused``, ``reason`` (why refused, or what is not computed without an
        optional extract that is absent), ``fix``; one row per contract.

    Raises
    ------
    HomeError
        If there is no extract at all, or the night lies before the first.
    ContractError
        If a required extract has no file.
    """
    check_night(settings, night)
    found = []
    for contract in all_contracts():
        row: dict[str, Any] = {
            "contract": contract.id,
            "known_on": None,
            "file": None,
            "rows_read": 0,
            "rows_quarantined": 0,
            "is_refused": False,
            "reason": None,
            "fix": None,
        }
        delivered = deliveries(contract, night, settings)
        if not delivered:
            row["reason"] = f"absent; not computed: {contract.without_it}"
            found.append(row)
            continue
        night_of = delivered[-1].known_on
        newest = [one for one in delivered if one.known_on == night_of]
        row |= {"known_on": night_of, "file": _shown(newest)}
        for part in newest:  # several sources may deliver one night
            with tempfile.TemporaryDirectory(prefix="aop-check-") as scratch:
                try:
                    staged = stage(contract, part, Path(scratch))
                except ContractError as error:
                    row |= {"is_refused": True, "reason": error.what, "fix": error.fix}
                    break
                row["rows_read"] += sum(one.rows for one in staged)
                row["rows_quarantined"] += sum(one.bad for one in staged)
        found.append(row)
    return found


def _shown(deliveries: list[Delivery]) -> str:
    files = [file.shown for one in deliveries for file in one.files]
    return ", ".join(dict.fromkeys(files))
