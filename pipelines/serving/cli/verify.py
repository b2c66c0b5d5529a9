"""`aop verify`: check that nothing was changed behind the ledger's back."""

from dataclasses import asdict
from typing import Annotated

import typer

from data_contracts.errors import LedgerError
from pipelines.ledger.store import Ledger
from pipelines.publication.plan_book import anchor
from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command()
def verify(
    version: Annotated[
        int | None,
        typer.Argument(help="Compute this version again; else digests only.", min=1),
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Recompute every digest of the ledger and its chains. Changes nothing."""
    settings = Settings.from_env(home).require_home()
    ledger = Ledger(settings.ledger_url)
    if version is not None:
        ledger.get(version)
    found = ledger.verify(anchor=anchor(settings))
    again = None
    if version is not None and found.is_intact:
        # here and not above: planning brings the forecasters and the solvers with it
        from pipelines.planning.recorded import recompute

        again = recompute(settings, ledger, version)
    if as_json:
        document(asdict(found) | {"recomputed": asdict(again) if again else None})
    if found.faults:
        raise LedgerError(
            "the ledger was altered:\n  " + "\n  ".join(found.faults),
            fix="restore ledger.sqlite from a backup and compare: aop verify",
        )
    if again is not None and not again.is_same_meaning:
        code = "the same" if again.is_same_code else "other"
        raise LedgerError(
            f"plan version {version}, computed again by {code} code, is another plan:"
            "\n  " + "\n  ".join(again.differences),
            fix="install the release that made it, or look what was altered",
        )
    if not as_json:
        print(
            f"{found.versions} versions, {found.events} events, {found.lines} lines: "
            f"every digest holds; last event {found.last_hash[:12] or '-'}"
        )
        if again is not None:
            print(
                f"version {version} computed again: "
                + ("the same bytes" if again.is_same_bytes else "the same plan")
            )
