"""`aop figures`: a plan's books before and after, and where they lie, as SVG."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.planning.book_figures import write_book_figures
from pipelines.planning.inputs import read_facts
from pipelines.serving.cli.deciding import opened
from pipelines.serving.cli.options import HomeOption, VersionArgument

app = typer.Typer(
    add_completion=False,
    rich_markup_mode=None,
    help="Draw a plan version: balance of the books, and their map.",
)

FolderOption = Annotated[
    Path, typer.Option("--to", help="Folder for balance.svg and map.svg.")
]


@app.command()
def figures(
    version: VersionArgument, to: FolderOption = Path(), home: HomeOption = None
) -> None:
    """Draw the books of a version before and after, and where they lie.

    Writes two files and changes no plan. Next: aop plan show N --lines proof
    """
    settings, ledger = opened(home)
    for path in write_book_figures(ledger.content(version), read_facts(settings), to):
        print(path)
