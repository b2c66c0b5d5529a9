"""Sessions as signed cookies: who, since when, and the token forms must carry."""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from itsdangerous import BadData, URLSafeSerializer

from pipelines.serving.web.users import User, Users

LASTS: Final = timedelta(hours=8)
"""A working day; then one signs in again."""

FORM_LASTS: Final = timedelta(hours=1)
"""How long a sign-in page may stand open."""


@dataclass(frozen=True, slots=True)
class Session:
    """One browser: nobody yet (before sign-in), or a person."""

    name: str
    token: str


class Sessions:
    """Write and read the cookie; it holds no secret and nobody can change it.

    Parameters
    ----------
    users : Users
        Accounts of the home; removing one or a new password ends its sessions.
    clock : callable returning a datetime with a zone, optional
        The present moment by default.
    """

    def __init__(
        self, users: Users, *, clock: Callable[[], datetime] | None = None
    ) -> None:
        self._users = users
        self._clock = clock or _now
        self._signer: URLSafeSerializer | None = None

    def begin(self, user: User | None = None) -> str:
        """Return the cookie of a new session; None is somebody about to sign in."""
        return self._signed().dumps(
            {
                "name": user.name if user else "",
                "sessions": user.sessions if user else 0,
                "since": int(self._clock().timestamp()),
                "token": secrets.token_urlsafe(24),
            }
        )

    def read(self, cookie: str) -> tuple[Session, User | None] | None:
        """Return a session and its person, None where the cookie is worth nothing.

        It is worth nothing when it was altered, is too old, or the account was
        removed, changed or signed out since.
        """
        try:
            found = self._signed().loads(cookie)
            name, token = str(found["name"]), str(found["token"])
            since, number = int(found["since"]), int(found["sessions"])
        except (BadData, KeyError, TypeError, ValueError):
            return None
        age = self._clock().timestamp() - since
        if not 0 <= age <= (LASTS if name else FORM_LASTS).total_seconds():
            return None
        if not name:
            return Session("", token), None
        user = self._users.find(name)
        if user is None or user.sessions != number:
            return None
        return Session(user.name, token), user

    def _signed(self) -> URLSafeSerializer:
        if self._signer is None:
            self._signer = URLSafeSerializer(
                self._users.secret(),
                salt="aop-session",
                signer_kwargs={"digest_method": hashlib.sha256},
            )
        return self._signer


def is_same_token(given: str, expected: str) -> bool:
    """Compare a form's token with its session's, in constant time; empty never fits."""
    return bool(expected) and hmac.compare_digest(given.encode(), expected.encode())


def _now() -> datetime:
    return datetime.now(UTC)
