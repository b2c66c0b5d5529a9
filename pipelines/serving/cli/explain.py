"""`aop explain`: why a rep or an account is planned as it is."""

from typing import Annotated, Any

import typer

from pipelines.serving import explaining
from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document, table, text
from pipelines.serving.nights import last_run
from pipelines.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Reasons behind the plan in force, or behind any version.",
)

VersionOption = Annotated[
    int | None,
    typer.Option("--version", min=1, help="Version. [default: the one in force]"),
]
_MOVED = ("account_id", "previous_rep_id", "rep_id", "potential_cents", "reason")


@app.command()
def account(
    account_id: Annotated[str, typer.Argument(help="CRM id of the account.")],
    version: VersionOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who owns an account, why, what moving costs and who was next best."""
    settings = Settings.from_env(home).require_home()
    found = explaining.account(settings, account_id, version, _night(settings))
    if as_json:
        document(found)
        return
    _print_head(found["plan"])
    for line in found["assignment"]:
        for column, value in line.items():
            print(
                f"  {column.replace('_cents', '').replace('_', ' '):<16} "
                f"{text(value, column)}"
            )


@app.command()
def rep(
    rep_id: Annotated[str, typer.Argument(help="CRM user id of the rep.")],
    version: VersionOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show a rep's quota by month with reasons, and the accounts won and given."""
    settings = Settings.from_env(home).require_home()
    found = explaining.rep(settings, rep_id, version, _night(settings))
    if as_json:
        document(found)
        return
    _print_head(found["plan"])
    print(
        f"  quota {text(found['quota_cents'], 'quota_cents')}, "
        f"{found['accounts_count']} accounts with potential "
        f"{text(found['potential_cents'], 'potential_cents')}"
    )
    columns = ("month_start", "quota_cents", "base_cents", "reason")
    table(found["quota"], columns=columns, empty="no quota in this version")
    for title in ("received", "given"):
        print(f"\naccounts {title}:")
        table(found[title], columns=_MOVED, empty="none")


def _night(settings: Settings) -> Any:
    return last_run(settings).get("as_of")


def _print_head(plan: dict[str, Any]) -> None:
    print(
        f"version {plan['version']} ({plan['state']}): {plan['title']}, "
        f"{plan['effective_from']} to {plan['effective_to']}"
    )
