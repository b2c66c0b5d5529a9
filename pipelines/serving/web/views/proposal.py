"""A plan version: what it changes, at what price, how sure; and its decision."""

from collections.abc import Mapping
from dataclasses import dataclass

import polars as pl

from data_contracts.plan import PlanState
from pipelines.ledger.bridges import quota_bridge_file, quota_bridges
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.transitions import same_person
from pipelines.serving.comparing import differences, moves, summary
from pipelines.serving.conversing import conversation, waits_for
from pipelines.serving.reading import Rows
from pipelines.serving.web.changes import (
    balance,
    bridge,
    disruption,
    mine,
    over_months_of,
    steps,
)
from pipelines.serving.web.desk import Content, Desk, NotThereError
from pipelines.serving.web.roles import Deed, Visitor
from pipelines.serving.web.scope import Scope, is_pay
from pipelines.serving.web.sections import Page, drawn, rows_of

OPEN_TO: Mapping[PlanState, tuple[Deed, ...]] = {
    PlanState.DRAFT: (Deed.SUBMIT, Deed.REJECT, Deed.COMMENT),
    PlanState.PROPOSED: (
        Deed.APPROVE,
        Deed.SEND_BACK,
        Deed.REJECT,
        Deed.RECALL,
        Deed.COMMENT,
        Deed.FIX_OWNER,
    ),
    PlanState.APPROVED: (Deed.PUBLISH, Deed.REJECT, Deed.COMMENT),
    PlanState.PUBLISHED: (Deed.COMMENT, Deed.FIX_OWNER),
}
"""What may be asked of a version in each state; of others only a comment."""


def lines_of(plan: PlanVersion, component: str) -> str:
    """Return the link to the lines of a version."""
    return f"/plans/{plan.version}/lines/{component}"


@dataclass(frozen=True, slots=True)
class Sides:
    """A version and the one it changes, read when a section first asks for them."""

    desk: Desk
    plan: PlanVersion

    @property
    def new(self) -> Content:
        """Return what the version holds."""
        return self.desk.content(self.plan.version)

    @property
    def old(self) -> Content | None:
        """Return what the version it changes holds, None where it is the first."""
        parent = self.plan.parent_version
        return None if parent is None else self.desk.content(parent)


def plans(desk: Desk, page: Page) -> None:
    """Fill the list of versions."""
    page.title = "Plan versions"
    refuse_reps(page.scope)
    columns = (
        "version",
        "state",
        "title",
        "scenario",
        "as_of",
        "effective_from",
        "effective_to",
        "proposed_by",
        "decided_by",
        "breach_key",
    )
    page.show(
        "versions",
        "Every version",
        lambda: [
            {name: getattr(plan, name) for name in columns}
            for plan in reversed(desk.ledger.versions())
        ],
        columns=columns,
        caption="What was proposed, and what became of it",
        empty="No plan was proposed yet; a night proposes the first one: aop refresh",
        source=rows_of("plan.dim_plan_version") if page.scope.is_whole else None,
    )


def proposal(desk: Desk, page: Page, version: int, done: str) -> None:
    """Fill the page of one version."""
    refuse_reps(page.scope)
    plan, visitor = desk.ledger.get(version), page.scope.visitor
    sides = Sides(desk, plan)
    events = desk.ledger.events(version)
    page.title = f"Version {plan.version}: {plan.title}"
    asked = OPEN_TO.get(plan.state, (Deed.COMMENT,))
    page.extra |= {
        "template": "proposal.html",
        "plan": plan,
        "waits_for": waits_for(desk.ledger, plan),
        "may": [deed for deed in asked if _may(deed, plan, visitor)],
        "seen": events[-1].seq if events else 0,
        "done": done if done in DONE else "",
        "told": DONE,
        "disruption": page.snapshot.kept.get(
            ("disruption", version, page.scope.key),
            lambda: disruption(sides.new, page.scope),
        ),
    }
    if page.scope.is_whole:
        _sums(page, plan, sides)
    _bridge(page, plan, sides)
    _steps(desk, page, plan)
    _moves(page, plan, sides)
    _balance(page, plan, sides)
    if page.scope.is_whole:
        _certificate(page, plan, sides)
        if plan.parent_version is not None:
            _differences(page, plan, sides)
    page.show(
        "said",
        "Said and signed",
        lambda: conversation(desk.ledger, version),
        columns=["happened_at", "kind", "actor", "text"],
        caption="Comments, signatures and overrides, UTC",
        empty="Nobody said anything yet.",
    )
    page.show(
        "events",
        "History",
        lambda: [{name: getattr(event, name) for name in _EVENT} for event in events],
        columns=_EVENT,
        caption="Every transition, UTC",
        empty="",
    )


DONE: Mapping[str, str] = {
    Deed.APPROVE: "Your signature is stored.",
    Deed.REJECT: "The version is rejected; your reason is stored.",
    Deed.SEND_BACK: "The proposal went back to its author with your reason.",
    Deed.COMMENT: "Your comment is stored.",
    Deed.SUBMIT: "The version is before its approvers.",
    Deed.RECALL: "Your proposal is a draft again.",
    Deed.PUBLISH: "The version is published.",
    Deed.FIX_OWNER: "Your wish is stored; the next plan respects it.",
}

_EVENT = ("happened_at", "from_state", "to_state", "actor", "note")


def _may(deed: Deed, plan: PlanVersion, visitor: Visitor) -> bool:
    is_authors = deed is Deed.RECALL
    return visitor.may(deed) and (
        not is_authors or same_person(visitor.name, plan.proposed_by)
    )


def refuse_reps(scope: Scope) -> None:
    """Refuse plan versions to who does not review them."""
    if not scope.visitor.sees_proposals:
        raise NotThereError(
            "plan versions are for who reviews them",
            fix="see what the plan in force means for you: /reps",
        )


def _sums(page: Page, plan: PlanVersion, sides: Sides) -> None:
    def rows() -> Rows:
        new, old = sides.new, sides.old
        before = {row["component"]: row for row in summary(over_months_of(old, new))}
        return [
            row
            | {
                "rows": lines_of(plan, row["component"]),
                "old_cents": before[row["component"]]["total_cents"],
                "total_cents": row["total_cents"],
            }
            for row in summary(new)
            if page.scope.visitor.sees_pay
            or not is_pay(f"plan.fct_plan_{row['component']}")
        ]

    page.show(
        "sums",
        "In sum",
        rows,
        columns=["component", "lines", "what", "old_cents", "total_cents", "rows"],
        caption="Totals of each component; old: the version it changes, over the "
        "months of this one",
        empty="The version is empty.",
        plan_version=plan.version,
        lasts=plan.version,
    )


def _bridge(page: Page, plan: PlanVersion, sides: Sides) -> None:
    columns = ["before_cents", "change_cents", "after_cents", "reason"]
    told = (
        f"version {plan.parent_version}"
        if plan.parent_version
        else "nothing: it is the first plan"
    )
    if page.scope.is_whole:
        page.show(
            "bridge",
            "Quota bridge by segment",
            lambda: bridge(sides.old, sides.new, "segment_id").to_dicts(),
            columns=["segment_id", *columns],
            caption=f"Over the months both plan; before: {told}",
            empty="The version hands out no quota.",
            source=lines_of(plan, "quota"),
            plan_version=plan.version,
            lasts=plan.version,
            drawing=drawn(
                "bars",
                "Change of the quotas of each segment",
                label="segment_id",
                value="change",
            ),
        )
    page.show(
        "rep_bridge",
        "Quota bridge by rep",
        lambda: (
            mine(bridge(sides.old, sides.new, "rep_id"), page.scope, "rep_id")
            .filter(pl.col("change_cents") != 0)
            .sort(pl.col("change_cents").abs(), "rep_id", descending=[True, False])
            .to_dicts()
        ),
        columns=["rep_id", *columns],
        caption=f"Reps whose quota changes, largest first; before: {told}",
        empty="Nobody's quota changes.",
        source=lines_of(plan, "quota"),
        plan_version=plan.version,
        lasts=plan.version,
    )


def _steps(desk: Desk, page: Page, plan: PlanVersion) -> None:
    def rows() -> Rows:
        versions = [plan.version, plan.parent_version or 0]
        kept = quota_bridges(desk.settings, versions)
        return steps(
            mine(kept, page.scope, "rep_id"), plan.version, plan.parent_version
        ).to_dicts()

    page.show(
        "quota_steps",
        "Quota bridge by step",
        rows,
        columns=["step", "before_cents", "change_cents", "after_cents"],
        caption="From an even share of each segment's target to the quotas, summed "
        "over the months both plan; before: the version it changes",
        empty="No steps were kept for this version.",
        source=lines_of(plan, "quota"),
        plan_version=plan.version,
        # its file is written a moment after the version is stored
        lasts=(
            plan.version,
            quota_bridge_file(desk.settings, plan.version).is_file(),
        ),
    )


def _moves(page: Page, plan: PlanVersion, sides: Sides) -> None:
    page.show(
        "moved",
        "Accounts that change hands",
        lambda: moves(
            {
                "assignment": mine(
                    sides.new["assignment"], page.scope, "rep_id", "previous_rep_id"
                )
            }
        ),
        columns=[
            "account_id",
            "previous_rep_id",
            "rep_id",
            "valid_from",
            "potential_cents",
            "keep_cost_cents",
            "move_cost_cents",
            "next_best_rep_id",
            "reason",
        ],
        caption="Dearest first; price of keeping and of moving, and who was next best",
        empty="No account changes hands.",
        source=lines_of(plan, "assignment"),
        plan_version=plan.version,
        lasts=plan.version,
    )


def _balance(page: Page, plan: PlanVersion, sides: Sides) -> None:
    def rows() -> Rows:
        return mine(balance(sides.new), page.scope, "rep_id").to_dicts()

    page.show(
        "balance",
        "Territory balance before and after",
        rows,
        columns=[
            "rep_id",
            "accounts_before_count",
            "accounts_after_count",
            "before_cents",
            "change_cents",
            "after_cents",
        ],
        caption="Potential of each book a year",
        empty="The version assigns no account.",
        source=lines_of(plan, "assignment"),
        plan_version=plan.version,
        lasts=plan.version,
        drawing=drawn(
            "bars", "Potential of each book after", label="rep_id", value="after"
        ),
    )


def _certificate(page: Page, plan: PlanVersion, sides: Sides) -> None:
    def rows() -> Rows:
        proofs = sides.new.get("proof")
        if proofs is not None and not proofs.is_empty():
            return proofs.to_dicts()
        return [
            {
                "solver": "territories",
                "node_id": "company",
                "proof": plan.territory_proof,
                "gap_share": plan.territory_gap_share,
                "is_verified": None,
                "statement": None,
            }
        ]

    page.show(
        "certificate",
        "Certificate",
        rows,
        columns=["solver", "node_id", "proof", "gap_share", "is_verified", "statement"],
        caption="optimal: proven best; feasible: at most the gap dearer than the bound",
        empty="",
        source=lines_of(plan, "proof"),
        plan_version=plan.version,
        lasts=plan.version,
    )


def _differences(page: Page, plan: PlanVersion, sides: Sides) -> None:
    def rows() -> Rows:
        old = sides.old
        return [] if old is None else differences(old, sides.new)

    page.show(
        "differences",
        f"Against version {plan.parent_version}",
        rows,
        columns=["component", "what", "old", "new", "reason"],
        caption="Every difference, over the months both speak of",
        empty="Both say the same.",
        plan_version=plan.version,
        lasts=plan.version,
    )
