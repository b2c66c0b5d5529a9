"""`aop refresh`: one night, in this process, through the orchestrator."""

import contextlib
import sys
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated

import typer

from pipelines import logs
from pipelines.ingestion.sources import data_through, load_sources
from pipelines.serving.cli.options import (
    AsOfOption,
    HomeOption,
    JsonOption,
    VerboseOption,
)
from pipelines.serving.cli.output import Progress, document
from pipelines.serving.due_nights import nights_due
from pipelines.serving.orchestrator import RefreshReport, orchestrator
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)


@app.command(epilog="Next: aop status")
def refresh(
    as_of: AsOfOption = None,
    missed: Annotated[
        bool, typer.Option("--missed", help="Nights with files not run yet, in order.")
    ] = False,
    whole: Annotated[
        bool, typer.Option("--whole", help="Run all, even if nothing can have changed.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
    verbose: VerboseOption = False,
) -> None:
    """Run one night: load extracts, forecast, propose if due, show drift.

    Without --as-of the night is that of the newest extract. Rerunning a night
    changes nothing. A night that nothing can have changed leaves the tables standing
    and says so. Nothing is approved or published.
    """
    logs.to_stderr(verbose=verbose)
    settings = Settings.from_env(home).require_home()
    night = as_of or newest_night(settings)
    for earlier in nights_due(settings, night).nights if missed else ():
        if earlier < night:
            print(told(run_night(settings, earlier)), file=sys.stderr)
    report = run_night(settings, night, whole=whole)
    if as_json:
        document(asdict(report))
        return
    print(told(report))
    print(f"next: aop status --home {settings.home}")


def newest_night(settings: Settings) -> date:
    """Return the night of the newest extract that is not dated after today.

    Where files are fetched or a live system is asked, that is today.
    """
    today = datetime.now(UTC).date()
    if any(source.is_fetched for source in load_sources(settings)):
        return today
    return data_through(settings, today)


def run_night(settings: Settings, night: date, *, whole: bool = False) -> RefreshReport:
    """Run one night with its steps shown on a terminal; keep standard output clean."""
    with Progress() as progress, contextlib.redirect_stdout(sys.stderr):
        return orchestrator().refresh(settings, night, progress, whole=whole)


def told(report: RefreshReport) -> str:
    """Say in a few lines what a night did."""
    if report.why_quiet:
        return f"night {report.night}: {report.why_quiet}"
    lines = [
        f"night {report.night}: {report.steps_count} steps in {report.seconds:.0f} s"
    ]
    lines += [f"  check failed without stopping it: {c}" for c in report.failed_checks]
    lines += [f"  breach: {key}" for key in report.breaches]
    lines += [
        f"  proposed version {version}; read it: aop plan show {version}"
        for version in report.proposals
    ]
    return "\n".join(lines)
