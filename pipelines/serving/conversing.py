"""What people said about a version, and whose word it waits for, as rows to show."""

from typing import Any

from data_contracts.plan import PlanState
from pipelines.ledger.journal import Entry, EntryKind
from pipelines.ledger.queries import LedgerReader
from pipelines.ledger.records import PlanVersion


def conversation(ledger: LedgerReader, version: int) -> list[dict[str, Any]]:
    """Return comments, signatures and overrides of a version, oldest first.

    Returns
    -------
    list of dict
        ``happened_at, kind, actor, text``.
    """
    return [
        {
            "happened_at": entry.happened_at,
            "kind": str(entry.kind),
            "actor": entry.actor,
            "text": _text(entry),
        }
        for entry in ledger.journal(version)
        if entry.kind is not EntryKind.RULES
    ]


def waits_for(ledger: LedgerReader, plan: PlanVersion) -> str | None:
    """Return the level a proposed version waits for and its approvers, in words."""
    if plan.state is not PlanState.PROPOSED:
        return None
    level = ledger.standing(plan.version).open_level
    if level is None:
        return "anybody but who proposed it"
    return f"level {level.name!r}: {', '.join(level.approvers)}"


def _text(entry: Entry) -> str:
    body = entry.body
    if entry.kind is EntryKind.SIGNATURE:
        level = f"level {body['level']!r}" if body["level"] else "the whole plan"
        for_whom = f" for {body['for_whom']}" if body["for_whom"] else ""
        note = f": {body['note']}" if body["note"] else ""
        return f"{level}{for_whom}{note}"
    if entry.kind is EntryKind.OVERRIDE:
        return f"{body['ask']} {body['key']} = {body['value']}: {body['reason']}"
    if entry.kind is EntryKind.WITHDRAWAL:
        return f"override {body['override']}: {body['why']}"
    return str(body.get("text", ""))
