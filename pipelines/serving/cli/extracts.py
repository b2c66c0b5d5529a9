"""`aop extracts`: what was delivered, and whether it keeps its contracts."""

from datetime import UTC, datetime

import typer

from data_contracts.errors import ContractError
from pipelines.serving.checking import check_extracts
from pipelines.serving.cli.options import AsOfOption, HomeOption, JsonOption
from pipelines.serving.cli.output import document, table
from pipelines.serving.nights import loads
from pipelines.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Extract files: what landed, what was loaded, what was refused.",
)

_LOAD = (
    "known_on",
    "contract",
    "file",
    "rows_read",
    "rows_loaded",
    "rows_unchanged",
    "rows_quarantined",
    "rows_duplicate",
    "is_refused",
)
_CHECK = (
    "contract",
    "known_on",
    "rows_read",
    "rows_quarantined",
    "is_refused",
    "reason",
)


@app.command("list", epilog="Next: aop extracts check")
def list_extracts(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List every file that was read, newest night first, with its row counts."""
    found = loads(Settings.from_env(home).require_home())
    if as_json:
        document(found)
        return
    table(found, columns=_LOAD, empty="no file was loaded yet: aop refresh")


@app.command(epilog="Next: aop refresh")
def check(
    as_of: AsOfOption = None, home: HomeOption = None, as_json: JsonOption = False
) -> None:
    """Hold the newest files to their contracts without loading; exit 1 if refused."""
    settings = Settings.from_env(home).require_home()
    found = check_extracts(settings, as_of or datetime.now(UTC).date())
    if as_json:
        document(found)
    else:
        table(found, columns=_CHECK, empty="")
    refused = [row for row in found if row["is_refused"]]
    if refused:
        raise ContractError(
            f"{len(refused)} of {len(found)} extracts would be refused; first: "
            f"{refused[0]['reason']}",
            fix=refused[0]["fix"],
        )
