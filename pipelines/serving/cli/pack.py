"""`aop pack`: a review of the last week, month or quarter, as HTML and PDF."""

from typing import Annotated

import typer

from pipelines.publication.pack import Cadence, last_whole, write_pack
from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Next: open the file it names; print it from there")
def pack(
    cadence: Annotated[
        Cadence, typer.Argument(help="Which review; its last whole period is told.")
    ] = Cadence.WEEKLY,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a review pack of the night last published. Changes nothing else."""
    settings = Settings.from_env(home).require_home()
    made = write_pack(settings, last_whole(settings, cadence))
    if as_json:
        document(
            {
                "cadence": cadence,
                "begins": made.period.begins,
                "ends": made.period.ends,
                "html": str(made.html),
                "pdf": str(made.pdf),
            }
        )
        return
    print(f"{cadence} review of {made.period.begins} to {made.period.ends}")
    print(f"  {made.html}\n  {made.pdf}")
