"""Access keys of API and page, and the sessions of the page; only the SHA-256 of either is stored."""

from __future__ import annotations

import hashlib
import secrets
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

import sqlalchemy as sa

from features.ledger.store.tables import METADATA, Instant
from serving.errors import ServingError

LONGEST_NAME = 200
SESSION_LASTS = timedelta(hours=12)


access_keys = sa.Table(
    "access_keys",
    METADATA,
    sa.Column("key_id", sa.Integer, primary_key=True),
    sa.Column("name", sa.String(200), nullable=False, unique=True),
    sa.Column("key_sha256", sa.String(64), nullable=False, unique=True),  # the key itself is stored nowhere
    sa.Column("manager_id", sa.Text),  # null: sees the whole company
    sa.Column("rights", sa.String(16), nullable=False, server_default="read"),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("revoked_at", Instant),
)
sessions = sa.Table(
    "sessions",
    METADATA,
    sa.Column("token_sha256", sa.String(64), primary_key=True),
    sa.Column("key_id", sa.ForeignKey("access_keys.key_id"), nullable=False),
    sa.Column("created_at", Instant, nullable=False),
    sa.Column("expires_at", Instant, nullable=False),
)

_CALLER = sa.select(access_keys.c.key_id, access_keys.c.name, access_keys.c.manager_id, access_keys.c.rights).where(
    access_keys.c.revoked_at.is_(None)
)


class KeyNameError(ServingError):
    """A key name that is taken, unknown or empty."""


class KeyManagerError(ServingError):
    """A manager id that is empty, too long or unprintable."""

    def __init__(self) -> None:
        super().__init__(
            "A manager id is 1 to 200 printable characters.", "Leave --manager out for a key that sees the company."
        )


class Rights(StrEnum):
    """The rights of a key."""

    READ = "read"  # see scores and call lists
    PUSH = "push"  # and push rows


@dataclass(frozen=True)
class Caller:
    """The holder of a key: the whole company, or a manager, who sees and pushes rows of own customers only."""

    key_id: int
    name: str
    manager_id: str | None
    rights: Rights = Rights.READ


@dataclass(frozen=True)
class KeyRecord:
    """One access key as stored, without the key itself."""

    name: str
    manager_id: str | None
    rights: Rights
    created_at: datetime
    revoked_at: datetime | None


def create_key(
    engine: sa.Engine, name: str, *, manager_id: str | None, now: datetime, rights: Rights = Rights.READ
) -> str:
    """A new key, which no later call can show again.

    Raises:
        KeyNameError: the name is empty, too long, unprintable or taken.
        KeyManagerError: the manager id is empty, too long or unprintable.
    """
    if not _is_name(name):
        raise KeyNameError("A key needs a name.", "Give the name of its user, for example: callfirst keys create crm.")
    if manager_id is not None and not _is_name(manager_id):
        raise KeyManagerError
    key = f"cf_{secrets.token_urlsafe(32)}"
    row = {
        "name": name,
        "key_sha256": _digest(key),
        "manager_id": manager_id,
        "rights": rights.value,
        "created_at": now,
    }
    try:
        with _writing(engine) as connection:
            connection.execute(access_keys.insert(), row)
    except sa.exc.IntegrityError:
        raise KeyNameError(f"There is already a key named '{name}'.", "Choose another name.") from None
    return key


def revoke_key(engine: sa.Engine, name: str, *, now: datetime) -> None:
    """From now on the key and every session opened with it are refused.

    Raises:
        KeyNameError: no valid key of that name.
    """
    valid = (access_keys.c.name == name) & access_keys.c.revoked_at.is_(None)
    with _writing(engine) as connection:
        if not connection.execute(access_keys.update().where(valid).values(revoked_at=now)).rowcount:
            raise KeyNameError(f"There is no valid key named '{name}'.", "See them: callfirst keys list.")


def keys(engine: sa.Engine) -> tuple[KeyRecord, ...]:
    """Every key ever made, oldest first."""
    columns = [access_keys.c[name] for name in KeyRecord.__dataclass_fields__]
    with engine.connect() as connection:
        rows = connection.execute(sa.select(*columns).order_by(access_keys.c.key_id)).mappings()
        return tuple(KeyRecord(**{**row, "rights": Rights(row["rights"])}) for row in rows)


def caller_of_key(engine: sa.Engine, key: str) -> Caller | None:
    """The holder of the key; null where the key is unknown or revoked."""
    return _caller(engine, _CALLER.where(access_keys.c.key_sha256 == _digest(key)))


def open_session(engine: sa.Engine, key: str, *, now: datetime) -> str | None:
    """The token of a new session for the holder of a key; null where the key is not valid."""
    caller = caller_of_key(engine, key)
    if caller is None:
        return None
    token = secrets.token_urlsafe(32)
    row = {
        "token_sha256": _digest(token),
        "key_id": caller.key_id,
        "created_at": now,
        "expires_at": now + SESSION_LASTS,
    }
    with _writing(engine) as connection:
        connection.execute(sessions.delete().where(sessions.c.expires_at <= now))
        connection.execute(sessions.insert(), row)
    return token


def caller_of_session(engine: sa.Engine, token: str, *, now: datetime) -> Caller | None:
    """The holder of the key that opened the session; null where the session is unknown or over, or the key revoked."""
    is_open = (sessions.c.token_sha256 == _digest(token)) & (sessions.c.expires_at > now)
    return _caller(engine, _CALLER.join(sessions, sessions.c.key_id == access_keys.c.key_id).where(is_open))


def close_session(engine: sa.Engine, token: str) -> None:
    """The session is over."""
    with _writing(engine) as connection:
        connection.execute(sessions.delete().where(sessions.c.token_sha256 == _digest(token)))


def _is_name(text: str) -> bool:
    return bool(text.strip()) and len(text) <= LONGEST_NAME and text.isprintable()


def _caller(engine: sa.Engine, query: sa.Select[tuple[int, str, str | None, str]]) -> Caller | None:
    with engine.connect() as connection:
        row = connection.execute(query).one_or_none()
    return None if row is None else Caller(row.key_id, row.name, row.manager_id, Rights(row.rights))


def _writing(engine: sa.Engine) -> AbstractContextManager[sa.Connection]:
    """A transaction that may write; unlike the ledger's, it does not wait for the end of a whole ingest."""
    return engine.execution_options(writing=True).begin()


def _digest(secret: str) -> str:
    """SHA-256 suffices: the secrets are 256 random bits, so no dictionary can find them."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
