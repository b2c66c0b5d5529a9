"""`aop scenario`: what-if overlays on the policy and on what happens."""

from typing import Annotated

import typer

from pipelines.serving.cli.options import ActorOption, HomeOption, JsonOption
from pipelines.serving.cli.output import document, of_measure, table
from pipelines.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="What-if overlays: scenarios/NAME.yaml of a home.",
    epilog="Usual order: list, run, compare; then aop plan show.",
)

NamesArgument = Annotated[
    list[str] | None, typer.Argument(help="Scenarios. [default: all there are]")
]


@app.command("list")
def list_scenarios(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the scenarios of a home and their newest draft."""
    settings = Settings.from_env(home).require_home()
    # here and not above: planning brings the forecasters and the solvers with it
    from pipelines.ledger.queries import LedgerReader
    from pipelines.serving.what_if import scenarios_of

    versions = {
        plan.scenario: plan.version
        for plan in LedgerReader(settings.ledger_url).versions()
    }
    rows = [
        {"name": one.name, "version": versions.get(one.name), "why": one.why}
        for one in scenarios_of(settings)
    ]
    if as_json:
        document(rows)
        return
    table(
        rows,
        columns=("name", "version", "why"),
        empty=f"there are none; write one: {settings.scenarios}/NAME.yaml",
    )


@app.command(epilog="Next: aop scenario compare")
def run(
    actor: ActorOption,
    names: NamesArgument = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes. [default: one per core]")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Plan scenarios from the last night; each becomes a draft version."""
    settings = Settings.from_env(home).require_home()
    from pipelines.serving import what_if

    made = what_if.run(settings, names or (), actor, workers=workers)
    rows = [{"scenario": one.scenario, "version": one.version} for one in made]
    if as_json:
        document(rows)
        return
    table(rows, columns=("scenario", "version"), empty="there are no scenarios to run")


@app.command(epilog="Next: aop plan propose VERSION --as YOU")
def compare(
    names: NamesArgument = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Put scenarios beside the base plan, with what each driver changes."""
    settings = Settings.from_env(home).require_home()
    from pipelines.ledger.queries import LedgerReader
    from pipelines.serving.scenario_bridges import compared

    found = compared(settings, LedgerReader(settings.ledger_url), names or ())
    if as_json:
        document(found)
        return
    shown = [of_measure(row) for row in found["measures"]]
    columns = ("measure", "base", *found["bridges"])
    table(shown, columns=columns, empty="no scenario was run yet")
    for name, steps in found["bridges"].items():
        changes = [of_measure(step) for step in steps if step["change"]]
        print(f"\nbase to {name}, version {found['versions'][name]}:")
        table(changes, columns=("driver", "measure", "change"), empty="no difference")
