"""Verbs of `aop plan` by which people decide: sign, send back, stand in, comment."""

from datetime import date
from typing import Annotated, Any

import typer

from data_contracts.policy import load_policy
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.store import Ledger
from pipelines.serving.cli.options import (
    ActorOption,
    HomeOption,
    JsonOption,
    NoteOption,
    VersionArgument,
    parse_date,
)
from pipelines.serving.cli.output import document, table
from pipelines.settings import Settings

FromOption = Annotated[
    date | None,
    typer.Option("--from", parser=parse_date, metavar="DATE", help="First day."),
]
UntilOption = Annotated[
    date | None, typer.Option(parser=parse_date, metavar="DATE", help="Last day.")
]


def add_to(app: typer.Typer) -> None:
    """Put the verbs on `aop plan`, in the order in which they are used."""
    app.command(epilog="Next: aop plan publish VERSION --as YOU")(approve)
    app.command()(reject)
    app.command("send-back")(send_back)
    app.command()(recall)
    app.command()(comment)
    app.command()(delegate)


def approve(
    version: VersionArgument,
    actor: ActorOption = "",
    note: NoteOption = "",
    by_policy: Annotated[
        bool, typer.Option(help="Sign as policy, inside its guardrails only.")
    ] = False,
    home: HomeOption = None,
) -> None:
    """Sign a proposed version at the level that is open. Publishes nothing."""
    if by_policy == bool(actor):
        raise typer.BadParameter("say who signs: --as EMAIL, or --by-policy")
    settings, ledger = opened(home)
    if by_policy:
        policy = load_policy(settings.policy_file).approval
        said(ledger.approve_as_policy(version, policy), "publish it: aop plan publish")
        return
    plan = ledger.approve(version, actor, note)
    level = ledger.standing(version).open_level
    if level is None:
        said(plan, "publish it: aop plan publish")
        return
    print(
        f"version {version} is signed by {actor} and waits for level {level.name!r}: "
        f"{', '.join(level.approvers)}"
    )


def reject(
    version: VersionArgument,
    actor: ActorOption,
    note: NoteOption = "",
    home: HomeOption = None,
) -> None:
    """Reject a version before it is published. It stays on record with your note."""
    said(opened(home)[1].reject(version, actor, note), "see all: aop plan list")


def send_back(
    version: VersionArgument,
    actor: ActorOption,
    note: NoteOption = "",
    home: HomeOption = None,
) -> None:
    """Return a proposal to its author with reasons; signatures so far are void."""
    plan = opened(home)[1].send_back(version, actor, note)
    said(plan, f"its author: aop plan propose {version} --as AUTHOR")


def recall(
    version: VersionArgument,
    actor: ActorOption,
    note: NoteOption = "",
    home: HomeOption = None,
) -> None:
    """Take your own proposal back to draft; signatures so far are void."""
    plan = opened(home)[1].recall(version, actor, note)
    said(plan, f"propose it again: aop plan propose {version} --as YOU")


def comment(
    version: VersionArgument,
    actor: ActorOption,
    note: NoteOption = "",
    home: HomeOption = None,
) -> None:
    """Put a comment beside a version; `aop plan show` shows it for ever."""
    opened(home)[1].comment(version, actor, note)
    print(f"said beside version {version}; read it: aop plan show {version}")


def delegate(
    actor: Annotated[str, typer.Option("--as", metavar="EMAIL", help="You.")] = "",
    to: Annotated[str, typer.Option(metavar="EMAIL", help="Who signs for you.")] = "",
    start: FromOption = None,
    until: UntilOption = None,
    note: NoteOption = "",
    revoke: Annotated[
        int | None, typer.Option(metavar="N", help="End delegation N now.")
    ] = None,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Let somebody sign for you from a day to a day; without options, list all."""
    ledger = opened(home)[1]
    if not actor:
        _list_delegations(ledger, as_json)
        return
    if revoke is not None:
        ended = ledger.revoke(revoke, actor)
        print(f"delegation {revoke} of {ended.giver} to {ended.receiver} is over")
        return
    if start is None or until is None:
        raise typer.BadParameter("say from when to when: --from DATE --until DATE")
    made = ledger.delegate(actor, to, valid_from=start, valid_to=until, why=note)
    print(
        f"delegation {made.seq}: {made.receiver} signs for {made.giver} "
        f"from {made.valid_from} to {made.valid_to}"
    )


def opened(home: Any) -> tuple[Settings, Ledger]:
    """Return the settings and the ledger of a home that exists."""
    settings = Settings.from_env(home).require_home()
    return settings, Ledger(settings.ledger_url)


def said(plan: PlanVersion, hint: str) -> None:
    """Say where a version stands now and what the next command is."""
    told = f"{hint} {plan.version}" if hint.endswith(("approve", "publish")) else hint
    print(f"version {plan.version} is {plan.state}; {told}")


def _list_delegations(ledger: Ledger, as_json: bool) -> None:
    columns = ("number", "giver", "receiver", "valid_from", "valid_to", "revoked_at")
    rows = [
        {"number": each.seq} | {name: getattr(each, name) for name in columns[1:]}
        for each in ledger.delegations()
    ]
    if as_json:
        document(rows)
        return
    table(rows, columns=columns, empty="nobody stands in for anybody")
