"""Decide on a version from its page: signed in, by a form of ours, once."""

from collections.abc import Callable
from functools import partial
from typing import Annotated

import polars as pl
from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from data_contracts.errors import AopError, LedgerError
from pipelines.ledger.overrides import Ask, Override
from pipelines.serving.staleness import note_over_stale
from pipelines.serving.web.changes import mine
from pipelines.serving.web.desk import Desk
from pipelines.serving.web.roles import Deed, Visitor
from pipelines.serving.web.scope import NotYoursError, scope_of
from pipelines.serving.web.views.proposal import OPEN_TO

Note = Annotated[str, Form(max_length=10_000)]
Field = Annotated[str, Form(max_length=1024)]


class DecisionError(AopError):
    """What was asked cannot be done: somebody else acted, or something lacks."""


def deciding(desk: Desk) -> APIRouter:
    """Return the one route by which people act on a version."""
    router = APIRouter()

    @router.post("/plans/{version}/decisions")
    def decide(
        request: Request,
        version: int,
        deed: Field = "",
        note: Note = "",
        token: Field = "",
        seen: Field = "",
        sure: Field = "",
        account: Field = "",
        owner: Field = "",
    ) -> Response:
        visitor = desk.sender(request, token)
        asked = _asked(deed, visitor)
        plan = desk.ledger.get(version)
        if asked not in OPEN_TO.get(plan.state, (Deed.COMMENT,)):
            raise DecisionError(
                f"plan version {version} is '{plan.state}'"
                + (f", decided by {plan.decided_by}" if plan.decided_by else ""),
                fix=f"see what became of it: /plans/{version}",
            )
        if asked not in (Deed.COMMENT, Deed.FIX_OWNER):
            _refuse_if_changed(desk, version, seen)
        if asked is Deed.PUBLISH and sure != "yes":
            raise DecisionError(
                f"publishing version {version} makes it the plan people work by",
                fix="tick the box that says so, and publish again",
            )
        try:
            if asked is Deed.FIX_OWNER:
                _fix_owner(desk, visitor, version, account, owner, note)
            else:
                _deeds(desk)[asked](version, visitor.name, note)
        except LedgerError as error:
            raise DecisionError(error.what, error.fix) from error
        # 303: loading the page again does not send the form again
        return RedirectResponse(f"/plans/{version}?done={asked}", status_code=303)

    return router


def _deeds(desk: Desk) -> dict[Deed, Callable[[int, str, str], object]]:
    ledger = desk.ledger
    return {
        Deed.APPROVE: ledger.approve,
        Deed.REJECT: ledger.reject,
        Deed.SEND_BACK: ledger.send_back,
        Deed.COMMENT: ledger.comment,
        Deed.SUBMIT: ledger.submit,
        Deed.RECALL: ledger.recall,
        Deed.PUBLISH: partial(_publish, desk),
    }


def _publish(desk: Desk, version: int, actor: str, note: str) -> None:
    """Publish, unless an input is stale: who does so all the same says why there."""
    desk.ledger.publish(version, actor, note_over_stale(desk.settings, note, ""))


def _asked(deed: str, visitor: Visitor) -> Deed:
    try:
        asked = Deed(deed)
    except ValueError as error:
        raise DecisionError(
            f"there is no decision {deed!r}", fix="use the buttons of the page"
        ) from error
    if not visitor.may(asked):
        raise NotYoursError(
            f"a {visitor.role} may not {asked.replace('_', ' ')}",
            fix="ask somebody whose role may, or an admin for the role",
        )
    return asked


def _refuse_if_changed(desk: Desk, version: int, seen: str) -> None:
    """Refuse a decision on a page that shows less than what happened since."""
    events = desk.ledger.events(version)
    last = events[-1]
    if seen != str(last.seq):
        raise DecisionError(
            f"{last.actor} acted on version {version} since you opened the page: it is "
            f"'{last.to_state}' now",
            fix=f"look again and decide on what you see: /plans/{version}",
        )


def _fix_owner(
    desk: Desk, visitor: Visitor, version: int, account: str, owner: str, reason: str
) -> None:
    """Keep one account of a version with its old or its new owner, next time too."""
    with desk.serving.snapshot() as snapshot:
        scope = scope_of(visitor, snapshot)
    moved = mine(
        desk.content(version)["assignment"], scope, "rep_id", "previous_rep_id"
    ).filter(pl.col("is_moved") & (pl.col("account_id") == account))
    if moved.is_empty():
        raise DecisionError(
            f"version {version} does not move account {account!r}",
            fix="choose one from the list of accounts that change hands",
        )
    line = moved.row(0, named=True)
    if owner not in (line["rep_id"], line["previous_rep_id"]):
        raise DecisionError(
            f"account {account} moves from {line['previous_rep_id']} to "
            f"{line['rep_id']}, not to {owner!r}",
            fix="refuse the move or accept it; another owner is for the workbook: "
            f"aop plan export {version}",
        )
    if not reason.strip():
        raise DecisionError(
            f"the wish for account {account} has no reason", fix="say why"
        )
    plan = desk.ledger.get(version)
    wish = Override(
        ask=Ask.ACCOUNT_OWNER,
        key=account,
        value=owner,
        reason=reason.strip(),
        version=version,
        until=plan.effective_to,
        place=f"page of version {version}",
    )
    desk.ledger.override([wish], visitor.name)
