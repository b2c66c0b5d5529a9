"""Say things about plans that move no state: comments, delegations, overrides."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import sqlalchemy as sa

from data_contracts.errors import LedgerError
from pipelines.ledger import rows
from pipelines.ledger.approvals import Delegation, delegations_of
from pipelines.ledger.connection import writing
from pipelines.ledger.journal import Entry, EntryKind, add_entry, read_entries
from pipelines.ledger.overrides import Override, override_of, overrides_of
from pipelines.ledger.queries import LedgerReader, find_version
from pipelines.ledger.transitions import named, same_person

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """Return this moment; the only clock in the project, for what people do."""
    return datetime.now(UTC)


def reason_given(text: str, *, what: str) -> str:
    """Return a reason without surrounding blanks.

    Raises
    ------
    LedgerError
        If none is given.
    """
    reason = text.strip()
    if not reason:
        raise LedgerError(
            f"{what} without a reason", fix='say why, e.g. --note "books are uneven"'
        )
    return reason


class Conversation(LedgerReader):
    """The part of the ledger that writes the journal.

    Parameters
    ----------
    url : str
        SQLAlchemy URL; tables are brought up to date on opening.
    clock : callable returning a datetime with a zone, optional
        When people act; the present moment by default.
    """

    def __init__(self, url: str, *, clock: Clock = utc_now) -> None:
        super().__init__(url)
        self._clock = clock

    def comment(self, version: int, actor: str, text: str) -> Entry:
        """Put a comment beside a version, in any state; it stays for ever.

        Raises
        ------
        LedgerError
            If the version is unknown, nobody is named, or the comment is empty.
        """
        said = reason_given(text, what=f"a comment on plan version {version}")
        with writing(self._engine) as connection:
            find_version(rows.read_versions(connection), version)
            return self._say(
                connection, EntryKind.COMMENT, actor, {"text": said}, version=version
            )

    def delegate(
        self,
        giver: str,
        receiver: str,
        *,
        valid_from: date,
        valid_to: date,
        why: str,
    ) -> Delegation:
        """Let somebody sign in one's place from one day to another, both included.

        What was received cannot be passed on: only approvers can be signed for.

        Raises
        ------
        LedgerError
            If the period is backwards or over, both are one person, or no reason
            is given.
        """
        if same_person(giver, receiver):
            raise LedgerError(
                f"{named(giver)} cannot stand in for themselves",
                fix="name a colleague with --to",
            )
        today = self._now().date()
        if valid_to < valid_from or valid_to < today:
            raise LedgerError(
                f"a delegation from {valid_from} to {valid_to} is over before it holds",
                fix=f"give a --until of {max(valid_from, today)} or later",
            )
        body = {
            "receiver": named(receiver),
            "valid_from": valid_from.isoformat(),
            "valid_to": valid_to.isoformat(),
            "why": reason_given(why, what="a delegation"),
        }
        with writing(self._engine) as connection:
            entry = self._say(connection, EntryKind.DELEGATION, giver, body)
        return delegations_of([entry])[0]

    def revoke(self, delegation: int, actor: str) -> Delegation:
        """End a delegation now; its giver or its receiver may.

        Raises
        ------
        LedgerError
            If it is unknown, over already, or somebody else's.
        """
        with writing(self._engine) as connection:
            known = {
                each.seq: each for each in delegations_of(read_entries(connection))
            }
            found = known.get(delegation)
            if found is None or found.revoked_at is not None:
                raise LedgerError(
                    f"there is no delegation {delegation} that holds",
                    fix="see those there are: aop plan delegations",
                )
            if not any(
                same_person(actor, who) for who in (found.giver, found.receiver)
            ):
                raise LedgerError(
                    f"delegation {delegation} is {found.giver}'s, not {named(actor)}'s",
                    fix=f"ask {found.giver} to revoke it",
                )
            entry = self._say(
                connection, EntryKind.REVOCATION, actor, {"delegation": delegation}
            )
            return replace(found, revoked_at=entry.happened_at)

    def override(self, wanted: Sequence[Override], actor: str) -> list[Override]:
        """Store overrides: all of them or, if one is refused, none.

        Parameters
        ----------
        wanted : sequence of Override
            Checked by the caller against policy; a newer one about the same thing
            takes the older one's place.
        actor : str
            Who asks.

        Returns
        -------
        list of Override
            As stored, with their numbers.
        """
        with writing(self._engine) as connection:
            known = rows.read_versions(connection)
            for each in wanted:
                find_version(known, each.version)
            entries = [
                self._say(
                    connection,
                    EntryKind.OVERRIDE,
                    actor,
                    each.body(),
                    version=each.version,
                )
                for each in wanted
            ]
        return [override_of(entry) for entry in entries]

    def withdraw(self, number: int, actor: str, why: str) -> Override:
        """Take an override back; plans made with it keep it.

        Raises
        ------
        LedgerError
            If it is unknown or no longer holds, or no reason is given.
        """
        reason = reason_given(why, what=f"override {number} withdrawn")
        with writing(self._engine) as connection:
            holding = {
                each.number: each for each in overrides_of(read_entries(connection))
            }
            if number not in holding:
                raise LedgerError(
                    f"there is no override {number} that holds",
                    fix="see those there are: aop plan overrides",
                )
            self._say(
                connection,
                EntryKind.WITHDRAWAL,
                actor,
                {"override": number, "why": reason},
                version=holding[number].version,
            )
            return holding[number]

    def _say(
        self,
        connection: sa.Connection,
        kind: EntryKind,
        actor: str,
        body: Mapping[str, object],
        *,
        version: int | None = None,
    ) -> Entry:
        return add_entry(
            connection,
            kind,
            version=version,
            actor=named(actor),
            at=self._now(),
            body=dict(body),
        )

    def _now(self) -> datetime:
        moment = self._clock()
        if moment.tzinfo is None:
            raise ValueError(f"clock gave {moment} without a zone; use e.g. UTC")
        return moment.astimezone(UTC).replace(tzinfo=None)
