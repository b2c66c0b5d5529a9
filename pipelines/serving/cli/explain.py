"""`aop explain`: why a rep or an account is planned as it is."""

from typing import Annotated, Any

import typer

from pipelines.serving import explaining
from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document, of_measure, table, text
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
    force: Annotated[
        bool, typer.Option(help="Solve again with the account kept; find its price.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show who owns an account, why, what moving costs and who was next best."""
    settings = Settings.from_env(home).require_home()
    if force:
        _print_price(settings, account_id, version, as_json)
        return
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


@app.command()
def quota(
    rep_id: Annotated[str, typer.Argument(help="CRM user id of the rep.")],
    version: VersionOption = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the steps from an even share to a rep's quota; they sum to the cent."""
    settings = Settings.from_env(home).require_home()
    found = explaining.quota(settings, rep_id, version, _night(settings))
    if as_json:
        document(found)
        return
    _print_head(found["plan"])
    rows = [*found["bridge"], {"step": "quota", "cents": found["quota_cents"]}]
    shown = [
        {"step": row["step"].replace("_", " "), "sum_cents": row["cents"]}
        for row in rows
    ]
    table(shown, columns=("step", "sum_cents"), empty="")


@app.command("version")
def whole(
    number: Annotated[int, typer.Argument(help="Plan version.", min=1)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what a version comes to, and why it moves accounts and hires people."""
    settings = Settings.from_env(home).require_home()
    found = explaining.whole(settings, number, _night(settings))
    if as_json:
        document(found)
        return
    _print_head(found["plan"])
    print(f"  {found['why']}\n")
    _print_finance(found["finance"])
    columns = ("accounts", "potential_cents", "move_cost_cents", "reason")
    table(found["moves"], columns=columns, empty="no account moves")
    print()
    hired = ("month_start", "segment_id", "role", "hires_count", "reason")
    table(found["hires"], columns=hired, empty="nobody is hired")
    changed = [of_measure(row) for row in found["bridge"] if row["change"]]
    if changed:
        print()
        steps = ("measure", "driver", "change", "value_after")
        table(changed, columns=steps, empty="")


def _print_finance(told: dict[str, Any]) -> None:
    rows = [
        {"measure": name.removesuffix("_cents").replace("_", " "), "sum_cents": cents}
        for name, cents in told.items()
        if name.endswith("_cents")
    ]
    table(rows, columns=("measure", "sum_cents"), empty="")
    multiple = told["efficiency_multiple"]
    if multiple is not None:
        print(f"net new ARR for 1.00 of sales and marketing: {multiple:.2f}")
    print()


def _print_price(
    settings: Settings, account_id: str, version: int | None, as_json: bool
) -> None:
    found = explaining.price(settings, account_id, version, _night(settings))
    if as_json:
        document(found)
        return
    _print_head(found["plan"])
    print(
        f"  with {account_id} kept by {found['kept_rep_id']} the books cost "
        f"{text(found['price_cents'], 'price_cents')} more; at least "
        f"{text(found['stated_cents'], 'stated_cents')} was stated"
    )
    others = ", ".join(found["also_moves"]) or "none"
    print(f"  accounts that then have another owner: {others}")
    for note in found["notes"]:
        print(f"  {note}")


def _night(settings: Settings) -> Any:
    return last_run(settings).get("as_of")


def _print_head(plan: dict[str, Any]) -> None:
    print(
        f"version {plan['version']} ({plan['state']}): {plan['title']}, "
        f"{plan['effective_from']} to {plan['effective_to']}"
    )
