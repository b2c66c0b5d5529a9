"""`aop init`: a new home with a commented policy and sources file."""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.serving.cli.options import HomeOption
from pipelines.serving.home import EXAMPLES, example_sources, make_home
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Next: put extracts into landing/, then aop extracts check")
def init(
    home: HomeOption = None,
    example: Annotated[
        str, typer.Option(help=f"Ready-made company: {', '.join(EXAMPLES)}.")
    ] = "",
    data: Annotated[
        Path | None, typer.Option(help="Folder of the example's files; not copied.")
    ] = None,
) -> None:
    """Make a home: policy.yaml, sources.yaml, landing/ and the Dagster instance."""
    settings = Settings.from_env(home)
    if example:
        made = make_home(
            settings, policy=example, sources=example_sources(example, data)
        )
        night = EXAMPLES[example].night.isoformat()
    elif data is not None:
        raise typer.BadParameter("--data goes with --example")
    else:
        made, night = make_home(settings), "DATE"
    print(f"made {settings.home}")
    for path, why in made.items():
        print(f"  {path.name:<12}  {why}")
    print(f"next: aop refresh --home {settings.home} --as-of {night}")
