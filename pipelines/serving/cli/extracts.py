"""`aop extracts`: what was delivered, and whether it keeps its contracts."""

from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from data_contracts.contract import contract
from data_contracts.errors import ContractError
from pipelines.ingestion import replaying
from pipelines.ingestion.check import FileReport, check_file
from pipelines.ingestion.drafting import draft_mapping
from pipelines.ingestion.recognising import recognise
from pipelines.ingestion.replaying import export
from pipelines.serving.checking import check_extracts
from pipelines.serving.cli.options import AsOfOption, HomeOption, JsonOption
from pipelines.serving.cli.output import document, table
from pipelines.serving.nights import finding_counts, finding_rows, loads
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


@app.command(epilog="Next: deliver decisions as crm-crosswalk; aop refresh")
def findings(
    finding: Annotated[
        str, typer.Argument(help="Name of one finding; all of them counted by default.")
    ] = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what does not fit between CRM, HR and billing, and what may be one."""
    settings = Settings.from_env(home).require_home()
    found = finding_rows(settings, finding) if finding else finding_counts(settings)
    if as_json:
        document(found)
        return
    empty = f"no finding is called {finding!r}" if finding else "nothing was found"
    columns = tuple(found[0]) if found else ()
    table(found, columns=columns, empty=empty)


@app.command(epilog="Next: aop refresh")
def replay(
    contract_id: Annotated[
        str, typer.Option("--contract", help="Contract whose rows to send back.")
    ],
    repaired: Annotated[
        Path | None, typer.Argument(help="CSV of --export, with values mended.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--export", help="Write the waiting rows as CSV.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Send quarantined rows back through the door: mended, or under new rules.

    What passes is landed for its night by the next refresh; the rest stays.
    """
    settings, one = Settings.from_env(home).require_home(), contract(contract_id)
    if out is not None:
        print(f"wrote {export(one, settings, out):,} rows to {out}; mend them, then")
        print(f"next: aop extracts replay --contract {contract_id} {out}")
        return
    found = replaying.replay(one, settings, repaired=repaired)
    if as_json:
        document(asdict(found))
        return
    print(
        f"{found.tried:,} rows tried: {found.accepted:,} accepted, "
        f"{len(found.refused):,} refused again, {found.left:,} left as they are"
    )
    for refusal in found.refused[:20]:
        where = f"{refusal.file} line {refusal.line}"
        print(f"  {refusal.night} {where}: {refusal.rule}")


@app.command("map", epilog="Next: name the mapping in sources.yaml; aop extracts check")
def map_file(
    file: Annotated[Path, typer.Argument(help="A file with foreign column names.")],
    contract_id: ContractOption = None,
    as_json: JsonOption = False,
) -> None:
    """Draft a mapping for a foreign header; what is unsure stays a comment.

    Without --contract it is for the one the file looks most like.
    """
    looks = [] if contract_id else recognise(file)
    if not contract_id and not looks:
        raise ContractError(
            f"{file.name} is like no export we know",
            fix="name what it should become: --contract crm-opportunities",
        )
    draft = draft_mapping(file, contract(contract_id) if contract_id else
                          looks[0].contract)  # fmt: skip
    if as_json:
        document(asdict(draft) | {"looks_like": [one.told() for one in looks]})
        return
    for one in looks[:3]:
        print(f"# looks like {one.told()}")
    print(draft.text, end="")
    for line in draft.unsure:
        print(f"# unsure: {line}")
    if draft.unused:
        print(f"# not used: {', '.join(draft.unused)}")


def _check_files(
    files: list[Path], contract_id: str | None, settings: Settings, *, as_json: bool
) -> None:
    reports = [_report(file, contract_id, settings, len(files)) for file in files]
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


def _report(
    file: Path, contract_id: str | None, settings: Settings, count: int
) -> FileReport:
    """Judge one file; of several, one that nothing can be made of stops no other."""
    try:
        return check_file(file, settings, contract_id)
    except ContractError as error:
        if count == 1:
            raise
        return FileReport(
            file=file.name,
            contract="no contract",
            is_refused=True,
            reason=error.what,
            fix=error.fix,
        )
