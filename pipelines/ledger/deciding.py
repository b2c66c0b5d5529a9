"""Decide on proposed versions: sign, send back, reject; by people or as policy.

Every decision is one transaction by the one writer the database admits, so of two
people who act at once one wins and the other is told who did and when.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date

import sqlalchemy as sa

from data_contracts.approval import Approval, AutomaticApproval
from data_contracts.errors import LedgerError
from pipelines.ledger import rows
from pipelines.ledger.approvals import Signature, Standing, standing_of
from pipelines.ledger.budget import over_ceiling
from pipelines.ledger.connection import writing
from pipelines.ledger.conversing import Conversation, reason_given
from pipelines.ledger.guardrails import outside, policy_signature
from pipelines.ledger.journal import EntryKind, read_entries
from pipelines.ledger.queries import all_lines, find_version
from pipelines.ledger.records import PlanVersion, governing
from pipelines.ledger.transitions import Move, after, named, same_person


class Decisions(Conversation):
    """The part of the ledger that approves and turns down."""

    def approve(self, version: int, actor: str, note: str = "") -> PlanVersion:
        """Sign a proposed version at the level that is open; publishes nothing.

        Returns
        -------
        PlanVersion
            Still ``proposed`` while a level lacks a signature, then ``approved``.

        Raises
        ------
        LedgerError
            If the version is unknown or not ``proposed`` (the message tells who
            decided and when), the actor wrote or submitted it, has signed already,
            or may not sign at the open level.
        """
        with self._changing(version) as (connection, _, plan):
            _refuse_unless(Move.APPROVE, plan)
            standing = _standing(connection, plan)
            signature = standing.signing(actor, note=note, at=self._now())
            _refuse_dearer(connection, plan, standing.rules)
            if standing.rules.levels:
                self._sign(connection, plan, signature)
            if _standing(connection, plan).open_level is not None:
                return plan
            return self._move(connection, plan, Move.APPROVE, actor, note)

    def approve_as_policy(self, version: int, policy: Approval) -> PlanVersion:
        """Approve a small answer to drift in the name of who signed the policy.

        Parameters
        ----------
        policy : Approval
            What the policy says today; must still say what the version was
            proposed with.

        Raises
        ------
        LedgerError
            If the policy signs nothing, its signature expired or its limits changed
            since, the version answers no drift it covers or changes no published
            plan, or a limit is broken; the message names every one.
        """
        with self._changing(version) as (connection, known, plan):
            _refuse_unless(Move.APPROVE, plan)
            limits = _standing(connection, plan).rules.automatic
            faults = ["the policy does not sign for it, or its limits changed since"]
            if limits is not None and limits == policy.automatic:
                base = governing(known, plan.effective_from)
                faults = _unsigned(limits, plan, base, self._now().date())
                _refuse_dearer(connection, plan, policy)
                if not faults and base is not None:
                    faults = outside(
                        limits,
                        all_lines(connection, base.version),
                        all_lines(connection, version),
                        start=plan.effective_from,
                    )
            if faults or limits is None:
                raise LedgerError(
                    f"plan version {version} is not for the policy to approve: "
                    + "; ".join(faults),
                    fix=f"let people decide: aop plan approve {version} --as YOU",
                )
            who = policy_signature(plan.policy_hash, limits)
            note = f"inside the guardrails signed on {limits.signed_on}"
            self._sign(
                connection,
                plan,
                Signature("", who, None, is_policy=True, note=note, at=self._now()),
            )
            return self._move(connection, plan, Move.APPROVE, who, note)

    def send_back(self, version: int, actor: str, reason: str) -> PlanVersion:
        """Return a proposal to its author with reasons; signatures so far are void.

        Raises
        ------
        LedgerError
            If it is not ``proposed``, no reason is given, or no level names the actor.
        """
        with self._changing(version) as (connection, _, plan):
            _refuse_unless(Move.RECALL, plan)
            self._refuse_stranger(_standing(connection, plan), actor)
            why = reason_given(reason, what=f"plan version {version} sent back")
            return self._move(connection, plan, Move.RECALL, actor, f"sent back: {why}")

    def reject(self, version: int, actor: str, note: str = "") -> PlanVersion:
        """Reject a version before it is published; final, the note says why."""
        with self._changing(version) as (connection, _, plan):
            _refuse_unless(Move.REJECT, plan)
            standing = _standing(connection, plan)
            if not any(same_person(actor, author) for author in standing.authors):
                self._refuse_stranger(standing, actor)
            why = reason_given(note, what=f"plan version {version} rejected")
            return self._move(connection, plan, Move.REJECT, actor, why)

    def _sign(
        self, connection: sa.Connection, plan: PlanVersion, given: Signature
    ) -> None:
        body = {
            "level": given.level,
            "for_whom": given.for_whom,
            "is_policy": given.is_policy,
            "note": given.note,
        }
        self._say(
            connection, EntryKind.SIGNATURE, given.actor, body, version=plan.version
        )

    def _refuse_stranger(self, standing: Standing, actor: str) -> None:
        if not standing.may_turn_down(actor, self._now().date()):
            raise LedgerError(
                f"{named(actor)} is no approver of plan version {standing.version}",
                fix="say it in a comment: "
                f"aop plan comment {standing.version} --as YOU --note WHY",
            )

    @contextmanager
    def _changing(
        self, version: int
    ) -> Iterator[tuple[sa.Connection, list[PlanVersion], PlanVersion]]:
        with writing(self._engine) as connection:
            known = rows.read_versions(connection)
            yield connection, known, find_version(known, version)

    def _move(
        self,
        connection: sa.Connection,
        plan: PlanVersion,
        move: Move,
        actor: str,
        note: str,
    ) -> PlanVersion:
        state = after(
            move,
            plan.state,
            version=plan.version,
            decided_by=plan.decided_by,
            decided_at=plan.decided_at,
        )
        who, now = named(actor), self._now()
        moved = replace(plan, state=state)
        if move in (Move.APPROVE, Move.REJECT):
            moved = replace(moved, decided_by=who, decided_at=now)
        if move is Move.PUBLISH:
            moved = replace(moved, published_at=now)
        rows.update_state(connection, moved)
        rows.add_event(
            connection,
            plan,
            from_state=plan.state,
            to_state=state,
            actor=who,
            note=note,
            at=now,
        )
        return moved


def _refuse_unless(move: Move, plan: PlanVersion) -> None:
    """Tell the second of two who act who was first, before anything else."""
    after(
        move,
        plan.state,
        version=plan.version,
        decided_by=plan.decided_by,
        decided_at=plan.decided_at,
    )


def _refuse_dearer(
    connection: sa.Connection, plan: PlanVersion, rules: Approval
) -> None:
    """Stop the approval of a plan that costs more than the policy's ceiling."""
    if rules.max_year_cost_in_currency is None:
        return
    most = round(rules.max_year_cost_in_currency * 100)
    told = over_ceiling(all_lines(connection, plan.version), most)
    if told is not None:
        raise LedgerError(
            f"plan version {plan.version} cannot be approved: {told}",
            fix="plan fewer hires or less programme, or raise "
            "approval.max_year_cost_in_currency and propose again",
        )


def _unsigned(
    limits: AutomaticApproval, plan: PlanVersion, base: PlanVersion | None, today: date
) -> list[str]:
    """Tell why a policy's signature does not cover a version, whatever it changes."""
    faults = []
    if not limits.signed_on <= today <= limits.expires_on:
        faults.append(
            f"the policy signs from {limits.signed_on} to {limits.expires_on}, "
            f"not on {today}"
        )
    metric = (plan.breach_key or "").partition(":")[0]
    if metric not in limits.metrics:
        faults.append(f"the policy signs no answers to {metric or 'no breach at all'}")
    if base is None or base.version != plan.parent_version:
        faults.append("it was not made on the version in force")
    return faults


def _standing(connection: sa.Connection, plan: PlanVersion) -> Standing:
    return standing_of(
        plan, rows.read_events(connection, plan.version), read_entries(connection)
    )
