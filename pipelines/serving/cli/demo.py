"""`aop demo`: a seeded company's extracts, and with --play the whole loop on it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from pipelines import logs
from pipelines.demo.company import DEMO_SEED, order_company, style_of
from pipelines.demo.sizes import SIZES
from pipelines.serving.cli.options import AsOfOption, HomeOption, VerboseOption
from pipelines.serving.cli.play import deliver, play
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Next: aop refresh, or see it whole: aop demo --play")
def demo(
    size: Annotated[str, typer.Option(help=f"One of {', '.join(SIZES)}.")] = "tiny",
    seed: Annotated[
        int, typer.Option(help="Same seed, same company.", min=0)
    ] = DEMO_SEED,
    first_day: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%d"], help="First day of history."),
    ] = None,
    as_of: AsOfOption = None,
    scenario: Annotated[
        Path | None, typer.Option(help="YAML of events and dirt; see the docs.")
    ] = None,
    layout: Annotated[
        str, typer.Option(help="canonical, or vendor: each system's own files.")
    ] = "canonical",
    file: Annotated[str, typer.Option(help="csv or parquet; canonical only.")] = "csv",
    packing: Annotated[
        str, typer.Option(help="Large tables: plain, gzip or zstd.")
    ] = "gzip",
    delivery: Annotated[
        str, typer.Option(help="full files, or only the changes after the first night.")
    ] = "full",
    history: Annotated[
        str, typer.Option(help="Of deals: snapshots of each state, or fields.")
    ] = "snapshots",
    is_played: Annotated[
        bool, typer.Option("--play", help="Plan, publish, drift and re-plan on it.")
    ] = False,
    home: HomeOption = None,
    verbose: VerboseOption = False,
) -> None:
    """Make a company: policy, extracts of its nights, and the truth aside."""
    logs.to_stderr(verbose=verbose)
    settings = Settings.from_env(home)
    style = style_of(
        layout=layout, file=file, packing=packing, delivery=delivery, history=history
    )
    order = order_company(
        size=size,
        seed=seed,
        first_day=first_day.date() if first_day else None,
        as_of=as_of,
        scenario=scenario,
        style=style,
    )
    if is_played:
        play(settings, order)
        return
    rows = deliver(settings, order)
    print(f"made {rows:,} rows of extracts in {settings.landing}")
    print(f"next: aop refresh --home {settings.home} --as-of {order.until}")
