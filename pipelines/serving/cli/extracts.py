"""`aop extracts`: what was delivered, and whether it keeps its contracts."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from data_contracts.contract import contract
from data_contracts.errors import ContractError
from pipelines.ingestion.check import check_file
from pipelines.ingestion.drafting import draft_mapping
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

ContractOption = Annotated[
    str | None, typer.Option("--contract", help="Contract, e.g. crm-accounts.")
]
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
    files: Annotated[
        list[Path] | None, typer.Argument(help="Files; all newest ones by default.")
    ] = None,
    contract_id: ContractOption = None,
    as_of: AsOfOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Hold files to their contracts without loading them; exit 1 if one is refused."""
    if files:
        _check_files(files, contract_id, Settings.from_env(home), as_json=as_json)
        return
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


@app.command("map", epilog="Next: name the mapping in sources.yaml; aop extracts check")
def map_file(
    file: Annotated[Path, typer.Argument(help="A file with foreign column names.")],
    contract_id: Annotated[
        str, typer.Option("--contract", help="Contract it should become.")
    ],
) -> None:
    """Draft a mapping for a foreign header; what is unsure stays a comment."""
    print(draft_mapping(file, contract(contract_id)).text)


def _check_files(
    files: list[Path], contract_id: str | None, settings: Settings, *, as_json: bool
) -> None:
    reports = [check_file(file, settings, contract_id) for file in files]
    if as_json:
        document([report.as_dict() for report in reports])
    else:
        print("\n\n".join(report.text() for report in reports))
    refused = [report for report in reports if report.is_refused]
    if refused:
        raise ContractError(
            f"{len(refused)} of {len(reports)} files would be refused",
            fix="see above what each lacks",
        )
