"""`aop serve`: the review pages, on this machine only."""

from typing import Annotated

import typer
import uvicorn

from pipelines.serving.cli.options import HomeOption
from pipelines.serving.web.app import pages
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)

HOST = "127.0.0.1"  # nobody signs in yet, so nobody else may look


@app.command()
def serve(
    home: HomeOption = None,
    port: Annotated[int, typer.Option(help="TCP port.", min=1, max=65535)] = 8642,
) -> None:
    """Serve the review pages on 127.0.0.1 until stopped. They only read."""
    settings = Settings.from_env(home).require_home()
    print(f"review pages of {settings.home}: http://{HOST}:{port} (stop: Ctrl-C)")
    uvicorn.run(pages(settings), host=HOST, port=port, log_level="warning")
