"""`aop verify`: check that nothing was changed behind the ledger's back."""

from dataclasses import asdict
from typing import Annotated

import typer

from data_contracts.errors import LedgerError
from pipelines.ledger.store import Ledger
from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def verify(
    version: Annotated[
        int | None, typer.Argument(help="One version; else all.", min=1)
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute every digest of the ledger and its chain of events. Changes nothing."""
    settings = Settings.from_env(home).require_home()
    ledger = Ledger(settings.ledger_url)
    if version is not None:
        ledger.get(version)
    found = ledger.verify()
    faults = [
        fault
        for fault in found.faults
        if version is None
        or not fault.startswith("version ")
        or fault.startswith(f"version {version}:")
    ]
    if as_json:
        document(asdict(found) | {"faults": faults})
    if faults:
        raise LedgerError(
            "the ledger was altered:\n  " + "\n  ".join(faults),
            fix="restore ledger.sqlite from a backup and compare: aop verify",
        )
    if not as_json:
        print(
            f"{found.versions} versions, {found.events} events, {found.lines} lines: "
            f"every digest holds; last event {found.last_hash[:12] or '-'}"
        )
