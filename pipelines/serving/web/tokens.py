"""Personal tokens for the API: shown once, kept as hashes, good until they expire."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import sqlalchemy as sa

from data_contracts.errors import AopError
from pipelines.serving.web.users import TOKENS, User, Users, account_key

MOST_DAYS: Final = 366


@dataclass(frozen=True, slots=True)
class Token:
    """One token, without what makes it work."""

    token_id: str
    name: str
    label: str
    expires_at: datetime  # UTC


class Tokens:
    """Tokens beside the accounts of one home.

    A token sees and may do what its account may, on the API alone, where everything
    only reads. Removing the account or a new password ends its tokens; signing out
    does not.

    Parameters
    ----------
    users : Users
    clock : callable returning a datetime with a zone, optional
        The present moment by default.
    """

    def __init__(
        self, users: Users, *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._users = users
        self._clock = clock or (lambda: datetime.now(UTC))

    def issue(self, name: str, *, days: int, label: str = "") -> str:
        """Return a new token of an account; nobody can ever be shown it again.

        Raises
        ------
        AopError
            If there is no such account, or the token would outlast `MOST_DAYS`.
        """
        if not 1 <= days <= MOST_DAYS:
            raise AopError(
                f"a token of {days} days", fix=f"let it last 1 to {MOST_DAYS} days"
            )
        user = self._users.known(name)
        token_id, secret = secrets.token_hex(6), secrets.token_urlsafe(32)
        row = {
            "token_id": token_id,
            "key": account_key(user.name),
            "hash": _hash(secret),
            "label": label,
            "expires_at": self._now() + timedelta(days=days),
        }
        with self._users.writing() as connection:
            connection.execute(TOKENS.insert().values(**row))
        return f"aop_{token_id}_{secret}"

    def user(self, given: str) -> User | None:
        """Return whose token this is, None where it is worth nothing (any more)."""
        mark, _, rest = given.partition("_")
        token_id, _, secret = rest.partition("_")
        row = self._row(token_id) if mark == "aop" else None
        # hashed in either case: an unknown id must not answer sooner
        is_same = hmac.compare_digest(_hash(secret), row["hash"] if row else "")
        if row is None or not is_same or row["expires_at"] <= self._now():
            return None
        return self._users.find(row["key"])

    def all(self) -> list[Token]:
        """Return every token that still works, soonest to expire first."""
        found = []
        for row in self._rows(sa.select(TOKENS).order_by(TOKENS.c.expires_at)):
            user = self._users.find(row["key"])
            if user and row["expires_at"] > self._now():
                found.append(
                    Token(row["token_id"], user.name, row["label"], row["expires_at"])
                )
        return found

    def revoke(self, token_id: str) -> None:
        """End one token.

        Raises
        ------
        AopError
            If there is none of that id.
        """
        if self._row(token_id) is None:
            raise AopError(
                f"there is no token {token_id}", fix="see them: aop user tokens"
            )
        with self._users.writing() as connection:
            connection.execute(TOKENS.delete().where(TOKENS.c.token_id == token_id))

    def _row(self, token_id: str) -> sa.RowMapping | None:
        asked = sa.select(TOKENS).where(TOKENS.c.token_id == token_id)
        return next(iter(self._rows(asked)), None)

    def _rows(self, asked: sa.Select[tuple[object, ...]]) -> list[sa.RowMapping]:
        if not self._users.any():
            return []
        with self._users.reading() as connection:
            if not sa.inspect(connection).has_table(TOKENS.name):
                return []  # accounts of a release before tokens
            return list(connection.execute(asked).mappings())

    def _now(self) -> datetime:
        return self._clock().astimezone(UTC).replace(tzinfo=None)


def _hash(secret: str) -> str:
    # a secret of 256 random bits needs no slow hash: nobody can guess it
    return hashlib.sha256(secret.encode()).hexdigest()
