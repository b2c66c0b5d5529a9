"""`aop drift`: what has left the plan, why, and what it asks to be planned again."""

from typing import Annotated

import typer

from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document, table
from pipelines.serving.drifting import breaches, causes, signals, watch
from pipelines.settings import Settings

app = typer.Typer(add_completion=False, rich_markup_mode=None)

_BREACH = (
    "breach_key",
    "tier",
    "state",
    "verdict",
    "first_seen_on",
    "scope",
    "asks_for",
    "cause",
    "decision_why",
)
_SIGNAL = (
    "metric",
    "node_level",
    "node_id",
    "direction",
    "statistic",
    "limit_value",
    "is_alarm",
    "is_silent",
)
_WATCH = (
    "metric",
    "node_level",
    "node_id",
    "direction",
    "week_start",
    "cause",
    "statistic",
    "limit_value",
    "is_alarm",
    "is_explained_by_parent",
    "is_silent",
)
_CAUSE = (
    "node_level",
    "node_id",
    "cause",
    "amount_cents",
    "plan_cents",
    "actual_cents",
)


@app.command(epilog="Next: aop plan list")
def drift(
    all_signals: Annotated[
        bool, typer.Option("--signals", help="Every signal, not only breaches.")
    ] = False,
    why: Annotated[
        bool, typer.Option("--why", help="What explains each node's variance.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List breaches and what each asks for to be planned again; watch asks nothing."""
    settings = Settings.from_env(home)
    found, shown = breaches(settings), signals(settings) if all_signals else []
    watched = watch(settings) if all_signals else []
    bridges = causes(settings) if why else []
    if as_json:
        document(
            {"breaches": found, "signals": shown, "watch": watched, "causes": bridges}
        )
        return
    table(found, columns=_BREACH, empty="no breach: every metric is inside its limit")
    if all_signals:
        print()
        table(shown, columns=_SIGNAL, empty="no signal: no plan is in force yet")
        print()
        table(watched, columns=_WATCH, empty="nothing is watched by the week yet")
    if why:
        print()
        table(bridges, columns=_CAUSE, empty="no cause: no plan month is complete yet")
