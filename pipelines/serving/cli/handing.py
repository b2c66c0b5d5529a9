"""Verbs of `aop plan` that hand a plan to people and systems, and take edits back."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from data_contracts.errors import LedgerError
from data_contracts.policy import load_policy
from pipelines.ledger.conversing import reason_given
from pipelines.ledger.rollback import propose_rollback
from pipelines.serving.cli.deciding import opened, said
from pipelines.serving.cli.options import (
    ActorOption,
    HomeOption,
    JsonOption,
    NoteOption,
    VersionArgument,
    parse_date,
)
from pipelines.serving.cli.output import document, table


def add_to(app: typer.Typer) -> None:
    """Put the verbs on `aop plan`, in the order in which they are used."""
    app.command("export", epilog="Next: aop plan import FILE --as YOU")(export)
    app.command("import", epilog="Next: aop plan propose --anew --as YOU")(take)
    app.command()(overrides)
    app.command(epilog="Next: aop plan cutover VERSION --read-back --crm URL")(cutover)
    app.command(epilog="Next: aop plan approve VERSION --as SOMEBODY-ELSE")(rollback)


def export(
    version: VersionArgument,
    xlsx: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a workbook to edit.")
    ] = None,
    outbox: Annotated[
        bool, typer.Option(help="Write load files for CRM, compensation and HR.")
    ] = False,
    day: Annotated[
        date | None,
        typer.Option(parser=parse_date, metavar="DATE", help="Day of the cutover."),
    ] = None,
    dry_run: Annotated[bool, typer.Option(help="Count only; write nothing.")] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write a version as a workbook, or as load files for what is not live yet."""
    if (xlsx is None) != outbox:
        raise typer.BadParameter("say what to write: --xlsx FILE, or --outbox")
    settings, _ = opened(home)
    if xlsx is not None:
        # here and not above: the workbook libraries are slow to load
        from pipelines.serving.roundtrip import export_workbook

        made = export_workbook(settings, version, xlsx)
        if as_json:
            document(asdict(made))
            return
        print(f"version {version} is in {made.path}: {sum(made.rows.values())} rows")
        return
    from pipelines.publication.outbox import write_outbox

    box = write_outbox(settings, version, day=day, dry_run=dry_run)
    if as_json:
        document(asdict(box))
        return
    _print_counts(box.counts, box.waiting, box.notes)
    done = "would be written to" if dry_run else "is written to"
    print(f"the cutover of {box.day} {done} {box.folder}; follow its checklist.md")


def cutover(
    version: VersionArgument,
    crm: Annotated[
        str, typer.Option(metavar="URL", help="The CRM; its token is AOP_CRM_TOKEN.")
    ] = "",
    push: Annotated[bool, typer.Option(help="Send the load files.")] = False,
    reverse: Annotated[bool, typer.Option(help="Send those that undo it.")] = False,
    read_back: Annotated[
        bool, typer.Option(help="Export what is live and hold it to the plan.")
    ] = False,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Load a version into the CRM, undo it, or check that the CRM holds it."""
    if push + reverse + read_back != 1:
        raise typer.BadParameter("say what to do: --push, --reverse or --read-back")
    settings, _ = opened(home)
    from pipelines.serving.cutover import held_by_crm, sent_to_crm

    if read_back:
        box = held_by_crm(settings, version, crm)
        if as_json:
            document(asdict(box))
        else:
            _print_counts(box.counts, box.waiting, box.notes)
        if not box.is_empty:
            raise LedgerError(
                f"the CRM does not hold plan version {version} yet",
                fix=f"load what is missing: aop plan export {version} --outbox, then "
                f"aop plan cutover {version} --push",
            )
        if not as_json:
            print(f"the CRM holds plan version {version}")
        return
    sent = sent_to_crm(settings, version, crm, is_reverse=reverse)
    if as_json:
        document(asdict(sent))
    else:
        print(f"{sent.loaded} records were taken, {sent.already} had been before")
    if not sent.is_complete:
        raise LedgerError(
            f"the CRM refused {sum(sent.failed.values())} records:\n  "
            + "\n  ".join(sent.errors),
            fix="mend the cause and run this again; it sends only what is missing",
        )


def rollback(
    version: VersionArgument,
    actor: ActorOption,
    start: Annotated[
        date | None,
        typer.Option("--from", parser=parse_date, metavar="DATE", help="First day."),
    ] = None,
    note: NoteOption = "",
    home: HomeOption = None,
) -> None:
    """Propose an earlier plan again from a day on, as a new version to approve."""
    if start is None:
        raise typer.BadParameter("say from which day it is to hold: --from DATE")
    settings, ledger = opened(home)
    plan = propose_rollback(
        ledger,
        version,
        effective_from=start,
        proposed_by=actor,
        why=reason_given(note, what=f"going back to plan version {version}"),
        approval=load_policy(settings.policy_file).approval,
    )
    # here and not above: planning brings the forecasters and the solvers with it
    from pipelines.planning.undoing import keep_rollback_bridge

    keep_rollback_bridge(settings, ledger, plan, version)
    said(plan, f"it is {plan.title}; approve it: aop plan approve {plan.version}")


def _print_counts(
    counts: dict[str, int], waiting: dict[str, int], notes: tuple[str, ...]
) -> None:
    rows = [
        {"file": name, "records": count, "waiting": waiting.get(name, 0)}
        for name, count in counts.items()
        if count or waiting.get(name)
    ]
    columns = ("file", "records", "waiting")
    table(rows, columns=columns, empty="the CRM holds this plan: nothing to load")
    for note in notes:
        print(f"note: {note}")


def take(
    workbook: Annotated[Path, typer.Argument(help="Workbook that came back.")],
    actor: ActorOption,
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Store the edits of a workbook as overrides of the next plan: all or none."""
    settings, _ = opened(home)
    from pipelines.serving.roundtrip import import_workbook

    stored = import_workbook(settings, workbook, actor)
    if as_json:
        document([asdict(each) for each in stored])
        return
    if not stored:
        print(f"{workbook} holds no edits; nothing was stored")
        return
    print(
        f"{len(stored)} overrides hold from now on; plan with them: "
        "aop plan propose --anew --as YOU"
    )


def overrides(
    withdraw: Annotated[
        int | None, typer.Option(metavar="N", help="Take override N back.")
    ] = None,
    actor: Annotated[str, typer.Option("--as", metavar="EMAIL", help="You.")] = "",
    note: NoteOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """List what people fixed by hand for the next plan, or take one back."""
    ledger = opened(home)[1]
    if withdraw is not None:
        gone = ledger.withdraw(withdraw, actor, note)
        print(f"override {withdraw} ({gone.ask} of {gone.key}) holds no longer")
        return
    rows = [asdict(each) for each in ledger.overrides()]
    if as_json:
        document(rows)
        return
    columns = ("number", "ask", "key", "value", "author", "until", "reason")
    table(rows, columns=columns, empty="nothing is fixed by hand")
