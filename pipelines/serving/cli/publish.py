"""`aop publish`: tonight's tables to readers once more, or to a PostgreSQL database."""

from typing import Annotated

import typer

from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Next: aop serve")
def publish(
    to: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="PostgreSQL database to fill: postgresql://user@host/database.",
        ),
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Write unchanged tables too, not --to.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Replace the serving copy by the warehouse's tables, or mirror the copy.

    Plans are published by aop plan publish; this publishes tables.
    """
    settings = Settings.from_env(home).require_home()
    if to is None:
        from pipelines.publication.serving_copy import publish as replace

        done = replace(settings, is_anew=anew)
        found = {"to": str(done.path), "tables": done.tables, "rows": done.rows}
    else:
        from pipelines.publication.postgres_mirror import mirror

        made = mirror(settings, to)
        found = {"to": made.database, "tables": made.tables, "rows": made.rows}
    if as_json:
        document(found)
        return
    print(f"{found['tables']} tables, {found['rows']} rows in {found['to']}")
