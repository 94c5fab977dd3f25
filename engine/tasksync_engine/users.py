"""Users as Sales Connect tells of them, made ready for the roster (sync-rules §1)."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from tasksync_clients.sales_connect.dialect import is_record_id
from tasksync_clients.soql import is_id
from tasksync_engine.ledger.roster import Participant
from tasksync_engine.ledger.store import now
from tasksync_engine.records import InvalidRecord, parse_time, salesforce_id

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

logger = logging.getLogger("tasksync")

LONGEST_EMAIL = 320


def participants(records: Sequence[Mapping[str, Any]]) -> list[Participant]:
    """The users that can be read; the roster keeps the others as it knows them, and the log says so."""
    found: list[Participant] = []
    for record in records:
        try:
            found.append(participant(record))
        except InvalidRecord as error:
            logger.warning("A Sales Connect user is not what the API promises and stays as known: %s.", error)
    return found


def participant(record: Mapping[str, Any]) -> Participant:
    """A user of Sales Connect as the roster takes them.

    Raises:
        InvalidRecord: It does not say who it is, or whether task sync is on.
    """
    task_sync, email, own = record.get("task_sync") or {}, record.get("email"), record.get("salesforce_user_id") or None
    if not is_record_id(record.get("id")):
        message = "its id cannot be an id"
        raise InvalidRecord(message)
    if not isinstance(task_sync, dict) or not isinstance(task_sync.get("enabled"), bool | None):
        message = "task_sync does not say whether it is enabled"
        raise InvalidRecord(message)
    if own is not None and not (isinstance(own, str) and is_id(own)):
        message = "salesforce_user_id is no Salesforce id"
        raise InvalidRecord(message)
    enabled_at = task_sync.get("enabled_at")
    return Participant(
        sales_connect_id=record["id"],
        salesforce_id=salesforce_id(own),
        enabled_at=parse_time(enabled_at, "task_sync.enabled_at") if enabled_at else now(),
        email=email if is_email(email) else None,
        is_on=bool(task_sync.get("enabled")),
        time_zone=zone if isinstance(zone := record.get("time_zone"), str) else None,
    )


def is_email(value: object) -> bool:
    """Whether a user's email can be looked for: a text of one line, of the length that email has."""
    return isinstance(value, str) and len(value) <= LONGEST_EMAIL and (value.isprintable() or not value)
