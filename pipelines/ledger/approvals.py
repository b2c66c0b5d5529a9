"""Whose signature a proposed version waits for, and for whom somebody may sign."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from data_contracts.approval import ANYBODY_ELSE, Approval, ApprovalLevel
from data_contracts.errors import LedgerError
from data_contracts.plan import PlanState
from pipelines.ledger.journal import Entry, EntryKind
from pipelines.ledger.records import PlanEvent, PlanVersion
from pipelines.ledger.transitions import named, same_person


@dataclass(frozen=True, slots=True)
class Delegation:
    """Somebody signs for somebody else from one day to another, both included."""

    seq: int
    giver: str
    receiver: str
    valid_from: date
    valid_to: date
    why: str
    revoked_at: datetime | None

    def holds(self, on: date) -> bool:
        """Tell whether it may be used on a day."""
        return self.revoked_at is None and self.valid_from <= on <= self.valid_to


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature at one level; `for_whom` where it was given by delegation."""

    level: str
    actor: str
    for_whom: str | None
    is_policy: bool
    note: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What a version needs and has: levels, signatures of this round, delegations."""

    version: int
    rules: Approval
    signatures: tuple[Signature, ...]
    authors: tuple[str, ...]
    delegations: tuple[Delegation, ...]

    @property
    def open_level(self) -> ApprovalLevel | None:
        """First level that still lacks signatures, None where all are there."""
        return next((lvl for lvl in self.rules.levels if self._lacks(lvl)), None)

    def signing(self, actor: str, *, note: str, at: datetime) -> Signature:
        """Return the signature an actor may give now.

        Raises
        ------
        LedgerError
            If the actor proposed or submitted the version, has signed it already,
            or is neither an approver of the open level nor stands in for one.
        """
        who = named(actor)
        if self._is_author(who):
            raise LedgerError(
                f"{who} proposed plan version {self.version} and may not approve it",
                fix="ask somebody else to approve it: "
                f"aop plan approve {self.version} --as COLLEAGUE",
            )
        level = self.open_level
        if level is None:  # no levels, for a version with all signatures is approved
            return Signature("", who, None, is_policy=False, note=note, at=at)
        if any(same_person(who, given.actor) for given in self.signatures):
            raise LedgerError(
                f"{who} has signed plan version {self.version} already; it waits for "
                f"level {level.name!r}",
                fix=self._ask(level),
            )
        for_whom = self._on_whose_behalf(who, level, at.date())
        return Signature(level.name, who, for_whom, is_policy=False, note=note, at=at)

    def may_turn_down(self, actor: str, on: date) -> bool:
        """Tell whether an actor may reject or send back: any approver, any level."""
        levels = self.rules.levels
        return not levels or any(self._stands_in(actor, lvl, on) for lvl in levels)

    def _lacks(self, level: ApprovalLevel) -> bool:
        given = sum(each.level == level.name for each in self.signatures)
        return given < level.needs_count

    def _is_author(self, who: str) -> bool:
        return any(same_person(who, author) for author in self.authors)

    def _on_whose_behalf(self, who: str, level: ApprovalLevel, on: date) -> str | None:
        found = self._stands_in(who, level, on)
        if found is None:
            later = [
                one.name
                for one in self.rules.levels
                if one is not level and self._stands_in(who, one, on) is not None
            ]
            told = f"; {who} signs at level {later[0]!r}" if later else ""
            raise LedgerError(
                f"plan version {self.version} waits for level {level.name!r}, which "
                f"{who} may not sign{told}",
                fix=self._ask(level),
            )
        return None if same_person(found, who) else found

    def _stands_in(self, who: str, level: ApprovalLevel, on: date) -> str | None:
        """Return the approver an actor is or signs for at a level, None for neither.

        Nobody signs for an author, nor twice for one approver.
        """
        for approver in level.approvers:
            if same_person(who, approver):
                return approver
        done = [given.for_whom or given.actor for given in self.signatures]
        for each in self.delegations:
            is_free = not self._is_author(each.giver) and not any(
                same_person(each.giver, name) for name in done
            )
            is_approver = any(same_person(each.giver, one) for one in level.approvers)
            if (
                is_free
                and is_approver
                and each.holds(on)
                and same_person(who, each.receiver)
            ):
                return each.giver
        return None

    def _ask(self, level: ApprovalLevel) -> str:
        return (
            f"ask {', '.join(level.approvers)}: aop plan approve {self.version} "
            "--as THEM"
        )


def standing_of(
    plan: PlanVersion, events: Iterable[PlanEvent], entries: Iterable[Entry]
) -> Standing:
    """Return where the approval of a version stands.

    Parameters
    ----------
    plan : PlanVersion
    events : iterable of PlanEvent
        All of the version, or of the ledger.
    entries : iterable of Entry
        All of the journal.

    Notes
    -----
    The levels are those the version was proposed with: a policy that changes later
    does not change who had to sign. A recall or a return voids the signatures.
    """
    mine = [event for event in events if event.version == plan.version]
    submitted = [e for e in mine if e.to_state is PlanState.PROPOSED]
    since = submitted[-1].seq if submitted else 0
    rules, signatures = ANYBODY_ELSE, []
    said = list(entries)
    for entry in said:
        if entry.version != plan.version:
            continue
        if entry.kind is EntryKind.RULES:
            rules = Approval.model_validate(entry.body)
        if entry.kind is EntryKind.SIGNATURE and entry.event_seq >= since:
            signatures.append(
                Signature(
                    level=entry.body["level"],
                    actor=entry.actor,
                    for_whom=entry.body["for_whom"],
                    is_policy=entry.body["is_policy"],
                    note=entry.body["note"],
                    at=entry.happened_at,
                )
            )
    return Standing(
        version=plan.version,
        rules=rules,
        signatures=tuple(signatures),
        authors=tuple({plan.proposed_by: 0} | {e.actor: 0 for e in submitted}),
        delegations=tuple(delegations_of(said)),
    )


def delegations_of(entries: Iterable[Entry]) -> list[Delegation]:
    """Return every delegation ever given, oldest first, with when it was revoked."""
    said = list(entries)
    revoked = {
        entry.body["delegation"]: entry.happened_at
        for entry in said
        if entry.kind is EntryKind.REVOCATION
    }
    return [
        Delegation(
            seq=entry.seq,
            giver=entry.actor,
            receiver=entry.body["receiver"],
            valid_from=date.fromisoformat(entry.body["valid_from"]),
            valid_to=date.fromisoformat(entry.body["valid_to"]),
            why=entry.body["why"],
            revoked_at=revoked.get(entry.seq),
        )
        for entry in said
        if entry.kind is EntryKind.DELEGATION
    ]


def approval_faults(
    plan: PlanVersion, events: Iterable[PlanEvent], entries: Iterable[Entry]
) -> list[str]:
    """Replay the signatures of an approved version; tell what no rule allows.

    A version that was approved must hold, since its last submission, the signatures
    of every level in order, each of somebody who could sign then.
    """
    every, said = list(events), list(entries)
    mine = [event for event in every if event.version == plan.version]
    approved = [e for e in mine if e.to_state is PlanState.APPROVED]
    if not approved:
        return []
    final = standing_of(plan, mine, said)
    if not final.rules.levels or any(one.is_policy for one in final.signatures):
        return []
    replayed = Standing(plan.version, final.rules, (), final.authors, ())
    faults = []
    for given in final.signatures:
        then = tuple(
            each
            for each in delegations_of(e for e in said if e.happened_at <= given.at)
        )
        replayed = Standing(
            plan.version, final.rules, replayed.signatures, final.authors, then
        )
        try:
            again = replayed.signing(given.actor, note=given.note, at=given.at)
        except LedgerError as error:
            faults.append(f"version {plan.version}: {error.what}")
            continue
        replayed = Standing(
            plan.version,
            final.rules,
            (*replayed.signatures, again),
            final.authors,
            then,
        )
    missing = replayed.open_level
    if missing is not None:
        faults.append(
            f"version {plan.version}: it was approved without level {missing.name!r}"
        )
    return faults
