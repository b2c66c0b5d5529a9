"""Local accounts of one home: who may sign in, as what; passwords only as hashes."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy.pool import NullPool

from data_contracts.errors import AopError
from pipelines.ledger.transitions import named
from pipelines.serving.web.roles import BRANCH_ROLES, Role
from pipelines.settings import Settings

LEAST_PASSWORD: Final = 12
MOST_PASSWORD: Final = 1024  # hashing costs grow with length

TABLES: Final = sa.MetaData()
_USERS: Final = sa.Table(
    "users",
    TABLES,
    sa.Column("key", sa.Text, primary_key=True),  # the name, case folded
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("role", sa.Text, nullable=False),
    sa.Column("rep_id", sa.Text),
    sa.Column("password_hash", sa.Text, nullable=False),
    sa.Column("sessions", sa.Integer, nullable=False),  # a change ends every session
    sa.Column("is_active", sa.Boolean, nullable=False),
    sa.Column("added_at", sa.DateTime, nullable=False),
)
_SECRETS: Final = sa.Table(
    "secrets",
    TABLES,
    sa.Column("name", sa.Text, primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
TOKENS: Final = sa.Table(
    "tokens",
    TABLES,
    sa.Column("token_id", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, nullable=False),  # of the account
    sa.Column("hash", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("expires_at", sa.DateTime, nullable=False),
)


@dataclass(frozen=True, slots=True)
class User:
    """One account; `sessions` grows whenever its open sessions must end."""

    name: str
    role: Role
    rep_id: str | None
    sessions: int
    is_active: bool
    added_at: datetime


class Users:
    """Accounts in ``accounts.sqlite`` of a home, readable by its owner alone.

    Parameters
    ----------
    settings : Settings
        Home of the accounts; the file is made when the first is added.
    hasher : PasswordHasher, optional
        Argon2id with the library's parameters (RFC 9106, low memory) by default.
    """

    def __init__(
        self, settings: Settings, *, hasher: PasswordHasher | None = None
    ) -> None:
        self._path = accounts_file(settings)
        self._hasher = hasher or PasswordHasher()
        # a folder on a shared disk may be slow to lock; nobody holds it for long
        self._engine = sa.create_engine(
            f"sqlite:///{self._path}", poolclass=NullPool, connect_args={"timeout": 30}
        )

    @cached_property
    def _nobody(self) -> str:
        """Return a hash to hold a password to where there is no account."""
        return self._hasher.hash(secrets.token_urlsafe())

    def any(self) -> bool:
        """Tell whether an account was ever added; from then on pages ask for one."""
        if not self._path.is_file():
            return False
        with self.reading() as connection:
            found = connection.execute(sa.select(_USERS.c.key).limit(1)).first()
        return found is not None

    def all(self) -> list[User]:
        """Return every account, by name."""
        if not self._path.is_file():
            return []
        with self.reading() as connection:
            found = connection.execute(sa.select(_USERS).order_by(_USERS.c.key))
            return [_user(row) for row in found]

    def find(self, name: str) -> User | None:
        """Return an account that may be used, None for any other."""
        if not self._path.is_file():
            return None
        with self.reading() as connection:
            row = connection.execute(
                sa.select(_USERS).where(
                    _USERS.c.key == account_key(name), _USERS.c.is_active
                )
            ).first()
        return None if row is None else _user(row)

    def add(
        self,
        name: str,
        password: str | None,
        *,
        role: Role,
        rep_id: str | None = None,
    ) -> User:
        """Add an account, or give a removed one back with these values.

        Parameters
        ----------
        name : str
            E-mail address; what the ledger writes beside every decision.
        password : str or None
            12 to 1024 characters; None for who signs in at a provider only.
        rep_id : str, optional
            Place in the reporting tree; needed by roles that see one branch.

        Raises
        ------
        AopError
            If the account is in use, the password is too short or too long, or a
            branch role has no place in the tree.
        """
        who = named(name)
        if self.find(who) is not None:
            raise AopError(
                f"there is an account {who} already",
                fix=f"change its password: aop user password {who}",
            )
        if role in BRANCH_ROLES and not rep_id:
            raise AopError(
                f"a {role} sees one branch, and {who} has no place in the tree",
                fix="give the rep id they have in core.dim_rep: --rep ID",
            )
        row: dict[str, object] = {
            "name": who,
            "role": str(role),
            "rep_id": rep_id or None,
            # what is no hash fits no password
            "password_hash": ""
            if password is None
            else self._hasher.hash(_checked(password)),
            "is_active": True,
        }
        with self.writing() as connection:
            if not _changed(connection, who, row):
                connection.execute(
                    _USERS.insert().values(
                        key=account_key(who),
                        sessions=0,
                        added_at=datetime.now(UTC).replace(tzinfo=None),
                        **row,
                    )
                )
        return self.known(who)

    def change_password(self, name: str, password: str) -> None:
        """Set a new password; every open session and token of the account ends."""
        self.known(name)
        hashed = self._hasher.hash(_checked(password))
        with self.writing() as connection:
            _changed(connection, name, {"password_hash": hashed})
            _end_tokens(connection, name)

    def remove(self, name: str) -> None:
        """End an account, its sessions and tokens; the ledger keeps what it decided."""
        self.known(name)
        with self.writing() as connection:
            _changed(connection, name, {"is_active": False})
            _end_tokens(connection, name)

    def end_sessions(self, name: str) -> None:
        """Sign an account out everywhere."""
        with self.writing() as connection:
            _changed(connection, name, {})

    def checked(self, name: str, password: str) -> User | None:
        """Return the account whose password this is, None otherwise.

        An unknown name takes as long as a wrong password.
        """
        # made in either case: the first unknown name must not take longer
        known, user = self._nobody, self.find(name)
        if user is not None:
            with self.reading() as connection:
                known = connection.execute(
                    sa.select(_USERS.c.password_hash).where(
                        _USERS.c.key == account_key(name)
                    )
                ).scalar_one()
        try:
            self._hasher.verify(known, password[:MOST_PASSWORD])
        except (VerificationError, InvalidHashError):
            return None
        return user

    def secret(self) -> str:
        """Return the key that signs sessions; made once, kept in the home."""
        with self.writing() as connection:
            found = connection.execute(
                sa.select(_SECRETS.c.value).where(_SECRETS.c.name == "sessions")
            ).scalar()
            if found is None:
                found = secrets.token_urlsafe(48)
                connection.execute(
                    _SECRETS.insert().values(name="sessions", value=found)
                )
        return str(found)

    def known(self, name: str) -> User:
        """Return an account that may be used; an AopError where there is none."""
        found = self.find(name)
        if found is None:
            raise AopError(
                f"there is no account {named(name)}", fix="see them: aop user list"
            )
        return found

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """Give a connection to the accounts."""
        with self._engine.connect() as connection:
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """Give a connection whose changes are kept whole or not at all."""
        if not self._path.exists():
            # made for its owner alone before anything is in it
            os.close(os.open(self._path, os.O_CREAT | os.O_WRONLY, 0o600))
        with self._engine.begin() as connection:
            TABLES.create_all(connection)
            yield connection


def accounts_file(settings: Settings) -> Path:
    """Return the file that holds a home's accounts, mode 0600."""
    return settings.home / "accounts.sqlite"


def _changed(connection: sa.Connection, name: str, values: dict[str, object]) -> bool:
    done = connection.execute(
        _USERS.update()
        .where(_USERS.c.key == account_key(name))
        .values(sessions=_USERS.c.sessions + 1, **values)
    )
    return done.rowcount > 0


def _end_tokens(connection: sa.Connection, name: str) -> None:
    connection.execute(TOKENS.delete().where(TOKENS.c.key == account_key(name)))


def _checked(password: str) -> str:
    if not LEAST_PASSWORD <= len(password) <= MOST_PASSWORD:
        raise AopError(
            f"the password has {len(password)} characters",
            fix=f"use {LEAST_PASSWORD} to {MOST_PASSWORD}; four random words will do",
        )
    return password


def account_key(name: str) -> str:
    """Return what one account is known by, however its name is written."""
    return " ".join(name.casefold().split())


def _user(row: sa.Row[tuple[object, ...]]) -> User:
    values = row._mapping
    return User(
        name=values["name"],
        role=Role(values["role"]),
        rep_id=values["rep_id"],
        sessions=values["sessions"],
        is_active=values["is_active"],
        added_at=values["added_at"],
    )
