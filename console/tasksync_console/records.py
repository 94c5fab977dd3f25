"""Finding a record by what a person types: a reminder's id, or a task's with 15 or 18 characters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_engine.ledger import links
from tasksync_engine.records import salesforce_id

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tasksync_engine.ledger.links import Link


def spellings(given: str) -> list[str]:
    """The id as it was given, and as an 18-character Salesforce id."""
    text = given.strip()
    return list(dict.fromkeys([text, salesforce_id(text) or text]))


def links_of(connection: Connection, ids: list[str]) -> list[Link]:
    """All links, open and closed, that one of these ids is in; the newest first."""
    found = {
        link.id: link
        for side in ("reminder", "task")
        for group in links.of_records(connection, side, ids).values()
        for link in group
    }
    return [found[number] for number in sorted(found, reverse=True)]


def same_record(connection: Connection, given: str) -> list[str]:
    """The ids of this record and of its counterparts."""
    ids = spellings(given)
    pairs = [record_id for link in links_of(connection, ids) for record_id in (link.reminder_id, link.task_id)]
    return list(dict.fromkeys([*ids, *pairs]))
