"""`aop`: the commands, and the one place where an error becomes two lines."""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from data_contracts.errors import AopError
from pipelines import threads

COMMANDS = {
    "init": "a new home with a commented policy and sources file",
    "demo": "a seeded company's extracts; --play runs the whole loop on it",
    "extracts": "what was delivered, loaded and refused; check without loading",
    "refresh": "run a night: extracts to forecasts, plan, drift and serving copy",
    "status": "what is fresh, what failed, what could not be computed, what waits",
    "policy": "hold policy.yaml to its rules; a schema for editors",
    "plan": "plan versions: list, show, diff, propose, approve, publish, …",
    "scenario": "what-if overlays: list, run side by side, compare by driver",
    "drift": "signals and breaches, with cause and what each plans again",
    "pack": "a review of the last week, month or quarter, as HTML and PDF",
    "figures": "a plan's books before and after, and their map, as SVG",
    "explain": "why a rep or an account is planned as it is",
    "publish": "tables to readers once more, or to PostgreSQL: --to URL",
    "serve": "the review pages on 127.0.0.1",
    "user": "who may sign in to the review pages, and as what",
    "verify": "check the ledger's chain and hold versions to their digests",
}
"""Each command and its line of help; its module is read only when it is used."""


class Doors(TyperGroup):
    """Load a command when asked for; turn an `AopError` into two lines, exit code 1."""

    # ctx is part of the signatures that typer calls
    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        """Name every command, in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        """Read the module of one command."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"pipelines.serving.cli.{cmd_name}")
        return typer.main.get_command(module.app)

    def format_commands(self, ctx: Any, formatter: Any) -> None:  # noqa: ARG002
        """Write the list of commands without reading their modules."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """List the commands alone: there is no option but --help, told at the end."""
        self.format_commands(ctx, formatter)

    def invoke(self, ctx: Any) -> Any:
        """Run the command; say what a planner can fix, without a traceback."""
        try:
            return super().invoke(ctx)
        except AopError as error:
            print(f"aop: {error.what}", file=sys.stderr)
            print(f"Fix: {error.fix}", file=sys.stderr)
            raise typer.Exit(code=1) from error


app = typer.Typer(
    cls=Doors,
    name="aop",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    help="The annual operating plan that stays alive.",
    epilog="Each takes --help. The whole loop, made up: aop demo --play --home H",
)


@app.callback()
def doors() -> None:
    """Keep the annual operating plan alive."""


def run() -> None:
    """Run `aop` with the arguments of this process."""
    threads.one_each()
    app(prog_name="aop")
