"""What a person says to see less: whose, which kind, and how old."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tasksync_clients.soql import is_id
from tasksync_console.words import clean
from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger import roster
from tasksync_engine.ledger.overview import Sought
from tasksync_engine.ledger.store import now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from tasksync_engine.ledger.roster import Participant

SHORT_ID = 15
_SPAN = re.compile(r"(\d{1,5})([mhdw])", re.ASCII)
_UNITS = {"m": timedelta(minutes=1), "h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def sought(
    connection: Connection,
    *,
    user: str | None = None,
    kinds: Sequence[str] | None = None,
    since: str | None = None,
    older_than: str | None = None,
) -> Sought:
    """What is sought, from the words that a person gives.

    Args:
        connection: The ledger, whose roster knows the users.
        user: A user's email or id, of either side.
        kinds: Categories, codes, fields or states; in any case.
        since: A span like `36h` or `7d`, a date, or a time; only what is not older.
        older_than: Likewise; only what is older.

    Raises:
        ConfigError: The user is not known, or a time cannot be read.
    """
    return Sought(
        users=None if user is None else ids_of(find_user(connection, user)),
        kinds=frozenset(kind.lower() for kind in kinds) if kinds else None,
        since=None if since is None else moment_of(since, "--since"),
        before=None if older_than is None else moment_of(older_than, "--older-than"),
    )


def moment_of(text: str, option: str) -> datetime:
    """A moment, from a span before now or from a date or time (UTC where it names no zone).

    Raises:
        ConfigError: It is neither.
    """
    span = _SPAN.fullmatch(text.strip().lower())
    if span is not None:
        return now() - int(span[1]) * _UNITS[span[2]]
    try:
        told = datetime.fromisoformat(text.strip())
        return told.astimezone(UTC) if told.tzinfo else told.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        message = f"{option} takes a span like 30m, 36h, 7d or 2w, a date like 2026-11-20, or a time: not {text!r}."
        raise ConfigError(message) from error


def find_user(connection: Connection, given: str) -> Participant:
    """The one user of the roster with this email (in any case), Sales Connect id or Salesforce id.

    Raises:
        ConfigError: There is none, or more than one.
    """
    people = roster.participants(connection, everyone=True)
    text = given.strip()
    found = [who for who in people if who.sales_connect_id == text or _is_salesforce_user(who, text)]
    # An empty word is a variable that is not set, and not the email of whoever has none.
    found = found or [who for who in people if text and (who.email or "").lower() == text.lower()]
    if len(found) == 1:
        return found[0]
    if not found:
        message = f"The roster knows no user {clean(text)!r}: `tasksync status` lists those who have task sync on."
        raise ConfigError(message)
    ids_said = ", ".join(who.sales_connect_id for who in found)
    message = f"Several users have the email {clean(text)!r}: say which by the id, one of {clean(ids_said)}."
    raise ConfigError(message)


def _is_salesforce_user(who: Participant, text: str) -> bool:
    """Whether this is their id in Salesforce, with 15 or 18 characters."""
    return is_id(text) and (who.salesforce_id or "")[:SHORT_ID] == text[:SHORT_ID]


def ids_of(who: Participant) -> frozenset[str]:
    """The user's ids on both sides."""
    return frozenset(filter(None, (who.sales_connect_id, who.salesforce_id)))
