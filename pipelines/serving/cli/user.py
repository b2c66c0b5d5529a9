"""`aop user`: who may sign in to the review pages, and as what."""

import sys
from dataclasses import asdict
from typing import Annotated

import typer

from pipelines.serving.cli.options import HomeOption, JsonOption
from pipelines.serving.cli.output import document, table
from pipelines.serving.web.roles import Role
from pipelines.serving.web.tokens import Tokens
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
    without_password: Annotated[
        bool, typer.Option(help="They sign in at your identity provider only.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Add an account; asks for its password, which is stored as a hash only."""
    users = _users(home)
    given = None if without_password else _password(password_stdin)
    user = users.add(name, given, role=role, rep_id=rep)
    print(f"{user.name} may sign in as {user.role}; the pages: aop serve")


@app.command()
def password(
    name: NameArgument, password_stdin: StdinOption = False, home: HomeOption = None
) -> None:
    """Set a new password; every open session and token of the account ends."""
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


@app.command()
def token(
    name: NameArgument,
    days: Annotated[int, typer.Option(help="How long it works.")] = 90,
    label: Annotated[str, typer.Option(help="What it is for.")] = "",
    home: HomeOption = None,
) -> None:
    """Print a personal token for the API; it is shown once and stored as a hash."""
    print(Tokens(_users(home)).issue(name, days=days, label=label))


@app.command("tokens")
def list_tokens(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List the tokens that still work."""
    rows = [asdict(one) for one in Tokens(_users(home)).all()]
    if as_json:
        document(rows)
        return
    columns = ("token_id", "name", "label", "expires_at")
    table(rows, columns=columns, empty="there is no token; make one: aop user token")


@app.command()
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="TOKEN_ID")],
    home: HomeOption = None,
) -> None:
    """End one token."""
    Tokens(_users(home)).revoke(token_id)
    print(f"token {token_id} works no more")


def _users(home: HomeOption) -> Users:
    return Users(Settings.from_env(home).require_home())


def _password(is_piped: bool) -> str:
    if is_piped:
        return sys.stdin.readline().rstrip("\r\n")
    return str(
        typer.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    )
