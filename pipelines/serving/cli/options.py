"""Options that many commands share, so that each is spelled one way."""

from datetime import date
from pathlib import Path
from typing import Annotated

import typer


def parse_date(text: str | date) -> date:
    """Read a date as YYYY-MM-DD; anything else is wrong usage."""
    try:
        return text if isinstance(text, date) else date.fromisoformat(text)
    except ValueError as error:
        raise typer.BadParameter(
            f"{text!r} is not a date; give YYYY-MM-DD, such as 2026-04-30"
        ) from error


HomeOption = Annotated[
    Path | None,
    typer.Option("--home", help="Home of the company. [default: $AOP_HOME, else .aop]"),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="One JSON document on standard output.")
]
AsOfOption = Annotated[
    date | None,
    typer.Option("--as-of", parser=parse_date, metavar="DATE", help="Night to know."),
]
ActorOption = Annotated[
    str, typer.Option("--as", metavar="EMAIL", help="Who you are; stored for ever.")
]
NoteOption = Annotated[str, typer.Option("--note", help="Why; stored beside it.")]
VersionArgument = Annotated[int, typer.Argument(help="Plan version.", min=1)]
VerboseOption = Annotated[bool, typer.Option("--verbose", help="Log what is done.")]
