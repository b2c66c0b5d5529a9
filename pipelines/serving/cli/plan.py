"""`aop plan`: show, approve and publish plan versions."""

from dataclasses import asdict
from typing import Annotated, Any

import typer

from data_contracts.plan import COMPONENTS
from pipelines.ledger.records import PlanVersion
from pipelines.serving.cli import deciding, handing
from pipelines.serving.cli.deciding import opened, said
from pipelines.serving.cli.options import (
    ActorOption,
    HomeOption,
    JsonOption,
    NoteOption,
    VersionArgument,
)
from pipelines.serving.cli.output import Progress, document, table
from pipelines.serving.comparing import differences, summary
from pipelines.serving.conversing import conversation, waits_for
from pipelines.serving.drifting import why_not
from pipelines.serving.orchestrator import orchestrator
from pipelines.serving.staleness import note_over_stale

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    help="Plan versions and their approvals.",
    epilog="Usual order: list, show, approve, publish.",
)

_LISTED = (
    "version",
    "state",
    "title",
    "as_of",
    "effective_from",
    "effective_to",
    "proposed_by",
    "decided_by",
    "breach_key",
)

ComponentOption = Annotated[
    str, typer.Option("--lines", help=f"Lines of one of {', '.join(COMPONENTS)}.")
]


@app.command("list")
def list_versions(home: HomeOption = None, as_json: JsonOption = False) -> None:
    """List every version and what became of it."""
    found = [asdict(plan) for plan in opened(home)[1].versions()]
    if as_json:
        document(found)
        return
    table(
        found,
        columns=_LISTED,
        empty="no plan was proposed yet; make one: aop refresh",
    )


@app.command(epilog="Next: aop plan approve VERSION --as YOU")
def show(
    version: VersionArgument,
    lines: ComponentOption = "",
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show one version: who, why, its totals and its history; or its lines."""
    _, ledger = opened(home)
    if lines:
        frame = ledger.lines(version, lines)
        if as_json:
            document(frame.to_dicts())
        else:
            table(frame.to_dicts(), columns=frame.columns, empty=f"no {lines} lines")
        return
    plan = ledger.get(version)
    totals = summary(ledger.content(version))
    events = [asdict(event) for event in ledger.events(version)]
    spoken = conversation(ledger, version)
    if as_json:
        document(
            {
                "version": asdict(plan),
                "totals": totals,
                "events": events,
                "journal": spoken,
                "waits_for": waits_for(ledger, plan),
            }
        )
        return
    _print_version(plan)
    print()
    table(totals, columns=("component", "lines", "what", "total_cents"), empty="")
    print()
    table(events, columns=("happened_at", "to_state", "actor", "note"), empty="")
    if spoken:
        print()
        table(spoken, columns=("happened_at", "kind", "actor", "text"), empty="")
    if waiting := waits_for(ledger, plan):
        print(f"\nwaits for {waiting}")


@app.command()
def diff(
    old: Annotated[int, typer.Argument(help="Version to compare with.", min=1)],
    new: Annotated[int, typer.Argument(help="Version that changes it.", min=1)],
    home: HomeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show what the second version changes: books, quotas, targets, hires."""
    _, ledger = opened(home)
    changes = differences(ledger.content(old), ledger.content(new))
    if as_json:
        document({"old": old, "new": new, "changes": changes})
        return
    table(
        changes,
        columns=("component", "what", "old", "new", "reason"),
        empty=f"versions {old} and {new} say the same",
    )


@app.command(epilog="Next: aop plan show VERSION")
def propose(
    actor: ActorOption,
    version: Annotated[
        int | None, typer.Argument(help="Draft to propose; else a new plan.", min=1)
    ] = None,
    breach: Annotated[str, typer.Option(help="Breach to answer; aop drift.")] = "",
    anew: Annotated[
        bool, typer.Option(help="Plan whole again, with what was fixed by hand.")
    ] = False,
    keep: Annotated[
        list[str] | None,
        typer.Option(help="With --anew: targets, people, territories, quotas …"),
    ] = None,
    of: Annotated[
        int | None, typer.Option(help="Version kept steps are of; else in force.")
    ] = None,
    home: HomeOption = None,
) -> None:
    """Put a draft before its approvers, or make a proposal from the last night."""
    settings, ledger = opened(home)
    if version is not None:
        said(ledger.submit(version, actor), "approve it: aop plan approve")
        return
    # here and not above: planning brings the forecasters and the solvers with it
    from pipelines.planning.proposal import propose_first, propose_if_due

    if anew:
        made: PlanVersion | None = propose_first(
            settings, actor=actor, keep=keep or (), of=of
        )
    else:
        made = propose_if_due(settings, breach_key=breach or None, actor=actor)
    if made is None:
        print(why_not(settings, breach))
        return
    said(ledger.get(made.version), "read it: aop plan show")


deciding.add_to(app)


@app.command(epilog="Next: aop status")
def publish(
    version: VersionArgument,
    actor: ActorOption,
    note: NoteOption = "",
    may_undo: Annotated[
        bool, typer.Option(help="Though another version came between.")
    ] = False,
    over_stale: Annotated[
        str, typer.Option(metavar="WHY", help="Though an input is stale; stored.")
    ] = "",
    home: HomeOption = None,
) -> None:
    """Make an approved version the plan, then show it in marts and serving copy."""
    settings, ledger = opened(home)
    note = note_over_stale(settings, note, over_stale)
    plan = ledger.publish(version, actor, note, may_undo=may_undo)
    with Progress() as progress:
        orchestrator().publish(settings, progress)
    said(plan, f"in force from {plan.effective_from}; see it: aop status")


handing.add_to(app)


def _print_version(plan: PlanVersion) -> None:
    print(f"version {plan.version} ({plan.state}): {plan.title}")
    print(f"  holds       {plan.effective_from} to {plan.effective_to}")
    print(f"  made from   night {plan.as_of}, policy {plan.policy_hash[:12]}")
    print(f"  proposed by {plan.proposed_by}, {_moment(plan.proposed_at)}")
    print(f"  decided by  {plan.decided_by or '-'}, {_moment(plan.decided_at)}")
    print(f"  why         {plan.why}")
    if plan.breach_key:
        print(f"  answers     {plan.breach_key}, scope {plan.scope}")
    if plan.territory_gap_share is not None:
        print(
            f"  books       {plan.territory_proof}, at most "
            f"{plan.territory_gap_share:.1%} above the proven bound"
        )


def _moment(at: Any) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC" if at else "-"
