"""The plan ledger: propose, approve, publish, and what was promised when.

Every change is one transaction by the one writer the database admits, so of two
people who act at once one wins and the other is told who did and when.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from data_contracts.approval import Approval
from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger import rows
from pipelines.ledger.connection import writing
from pipelines.ledger.content import canonical, content_hash
from pipelines.ledger.conversing import Clock, utc_now
from pipelines.ledger.coverage import check_period
from pipelines.ledger.deciding import Decisions
from pipelines.ledger.journal import EntryKind
from pipelines.ledger.lines import insert_lines
from pipelines.ledger.publishing import (
    refuse_if_stale,
    refuse_second_answer,
    superseded_by,
)
from pipelines.ledger.queries import all_lines, find_version
from pipelines.ledger.records import PlanVersion
from pipelines.ledger.transitions import Move, named, same_person

__all__ = ["Clock", "Ledger", "utc_now"]


class Ledger(Decisions):
    """Plan versions of one company, safe to use from many processes at once.

    Parameters
    ----------
    url : str
        SQLAlchemy URL, e.g. ``settings.ledger_url``. SQLite files are created;
        tables are brought up to date on opening.
    clock : callable returning a datetime with a zone, optional
        When people act; the present moment by default.

    Raises
    ------
    LedgerError
        If the database cannot be opened or a newer release wrote it.
    """

    def propose(
        self,
        content: Mapping[str, pl.DataFrame],
        *,
        scenario: str,
        title: str,
        as_of: date,
        effective_from: date,
        effective_to: date,
        proposed_by: str,
        why: str,
        policy_hash: str,
        input_hash: str,
        code_hash: str,
        parent_version: int | None = None,
        breach_key: str | None = None,
        scope: str | None = None,
        territory_gap_share: float | None = None,
        territory_proof: str | None = None,
        approval: Approval | None = None,
        is_draft: bool = False,
    ) -> PlanVersion:
        """Store a plan as the next version and put it before its approvers.

        Parameters
        ----------
        content : mapping of component name to frame
            Columns as in ``data_contracts.plan.COMPONENTS``; a missing component
            has no lines. Complete from the first to the last day of the period.
        scenario : str
            Which future the plan is for, e.g. ``base``.
        as_of : date
            Night whose data the plan was made from.
        effective_from, effective_to : date
            First and last day the version is to govern.
        proposed_by : str
            Who may not approve it.
        why : str
            What the planner should know; the breach in words for a re-plan.
        policy_hash, input_hash, code_hash : str
            What it was made from.
        parent_version : int, optional
            Version this one changes.
        breach_key, scope : str, optional
            Breach it answers, and what of the plan was free to change.
        territory_gap_share : float, optional
            Share of the territory cost not proven necessary, >= 0.
        territory_proof : str, optional
            ``optimal`` or ``feasible``.
        approval : Approval, optional
            Levels that must sign it and what the policy may sign, kept with the
            version; one signature of anybody else by default.
        is_draft : bool, default False
            Keep it as a draft, such as a what-if scenario; `submit` it later.

        Returns
        -------
        PlanVersion
            State ``proposed``, or ``draft``; its lines never change again.

        Raises
        ------
        LedgerError
            If the content breaks a promise of `canonical` or `check_period`, the
            parent is unknown, or an open version already answers the breach.
        """
        lines = canonical(content)
        check_period(lines, effective_from=effective_from, effective_to=effective_to)
        sealed, author = content_hash(lines), named(proposed_by)
        with writing(self._engine) as connection:
            known = rows.read_versions(connection)
            if parent_version is not None:
                find_version(known, parent_version)
            version = PlanVersion(
                version=max((each.version for each in known), default=0) + 1,
                state=PlanState.DRAFT,
                scenario=scenario,
                parent_version=parent_version,
                title=title,
                as_of=as_of,
                effective_from=effective_from,
                effective_to=effective_to,
                proposed_by=author,
                proposed_at=self._now(),
                decided_by=None,
                decided_at=None,
                published_at=None,
                why=why,
                breach_key=breach_key,
                scope=scope,
                policy_hash=policy_hash,
                input_hash=input_hash,
                code_hash=code_hash,
                content_hash=sealed,
                territory_gap_share=territory_gap_share,
                territory_proof=territory_proof,
            )
            rows.add_version(connection, version)
            for component, frame in lines.items():
                insert_lines(connection, version.version, component, frame)
            rows.add_event(
                connection,
                version,
                from_state="",
                to_state=PlanState.DRAFT,
                actor=author,
                note=why,
                at=version.proposed_at,
            )
            if approval is not None:
                self._say(
                    connection,
                    EntryKind.RULES,
                    author,
                    approval.model_dump(mode="json"),
                    version=version.version,
                )
            if is_draft:
                return version
            refuse_second_answer(known, version)
            return self._move(connection, version, Move.SUBMIT, author, "")

    def submit(self, version: int, actor: str, note: str = "") -> PlanVersion:
        """Put a draft before its approvers."""
        with self._changing(version) as (connection, known, plan):
            if plan.state is PlanState.DRAFT:
                refuse_second_answer(known, plan)
            return self._move(connection, plan, Move.SUBMIT, actor, note)

    def recall(self, version: int, actor: str, note: str = "") -> PlanVersion:
        """Take a proposal back to draft; only who proposed it may."""
        with self._changing(version) as (connection, _, plan):
            moved = self._move(connection, plan, Move.RECALL, actor, note)
            if not same_person(actor, plan.proposed_by):
                raise LedgerError(
                    f"plan version {version} was proposed by {plan.proposed_by}, "
                    f"not by {named(actor)}, who may not recall it",
                    fix=f"reject it with a reason: aop plan reject {version}",
                )
            return moved

    def publish(
        self, version: int, actor: str, note: str = "", *, may_undo: bool = False
    ) -> PlanVersion:
        """Make an approved version the plan from its first day on.

        The published versions it takes over from become ``superseded``; they
        still govern the days before it.

        Parameters
        ----------
        may_undo : bool, default False
            Publish although the version that governs the first day is not this
            one's parent; what that one changed is then undone.

        Raises
        ------
        LedgerError
            If the version is not ``approved``, its lines were altered, it would
            not govern its own period, or it was not made on the version that it
            replaces.
        """
        with self._changing(version) as (connection, known, plan):
            moved = self._move(connection, plan, Move.PUBLISH, actor, note)
            if content_hash(all_lines(connection, version)) != plan.content_hash:
                raise LedgerError(
                    f"the lines of plan version {version} are not those approved",
                    fix="do not publish it; see what was altered: aop verify",
                )
            refuse_if_stale(plan, known, may_undo=may_undo)
            for old in superseded_by(plan, known):
                self._move(
                    connection, old, Move.SUPERSEDE, actor, f"by version {version}"
                )
            return moved
