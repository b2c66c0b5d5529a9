"""`aop user`: who may sign in to the review pages, and as what."""

import sys
from typing import Annotated

import typer

from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document, table
from pipelines.serving.web.roles import Role
from pipelines.serving.web.users import Users
from pipelines.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Accounts of the review pages. With the first, everybody has to sign in.",
)

NameArgument = Annotated[str, typer.Argument(help="E-mail address.", metavar="EMAIL")]
StdinOption = Annotated[
    bool, typer.Option(help="Read the password from standard input.")
]


@app.command(epilog="Next: aop serve")
def add(
    name: NameArgument,
    role: Annotated[Role, typer.Option(help="What they may see and do.")],
    rep: Annotated[
        str | None,
        typer.Option(metavar="ID", help="Their rep id; whose branch they see."),
    ] = None,
    password_stdin: StdinOption = False,
    home: HomeOption = None,
) -> None:
    """Add an account; asks for its password, which is stored as a hash only."""
    users = _users(home)
    user = users.add(name, _password(password_stdin), role=role, rep_id=rep)
    print(f"{user.name} may sign in as {user.role}; the pages: aop serve")


@app.command()
def password(
    name: NameArgument, password_stdin: StdinOption = False, home: HomeOption = None
) -> None:
    """Set a new password; every open session of the account ends."""
    _users(home).change_password(name, _password(password_stdin))
    print(f"{name} has a new password and is signed out everywhere")


@app.command()
def remove(name: NameArgument, home: HomeOption = None) -> None:
    """End an account and its sessions; what it decided stays in the ledger."""
    _users(home).remove(name)
    print(f"{name} may not sign in any more")


@app.command("list")
def list_users(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List every account."""
    columns = ("name", "role", "rep_id", "is_active", "added_at")
    rows = [
        {column: getattr(user, column) for column in columns}
        for user in _users(home).all()
    ]
    if as_json:
        document(rows)
        return
    table(rows, columns=columns, empty="nobody has an account; add: aop user add YOU")


def _users(home: HomeOption) -> Users:
    return Users(Settings.from_env(home).require_home())


def _password(is_piped: bool) -> str:
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    return str(
        typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    )
