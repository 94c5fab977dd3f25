"""What Salesforce itself fills in from the other fields."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.salesforce.database import Database
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import SObject

    Values = dict[str, Any]


def derived(database: Database, sobject: SObject, old: Row | None, new: Values, now: str) -> Values:
    """Return the fields that follow from others.

    Args:
        database: where referenced records lie.
        sobject: what the record is.
        old: the record before the write; None on create.
        new: the record's values after it, by field name.
        now: the write's stamp.
    """
    rule = _RULES.get(sobject.name)
    return rule(database, sobject, old, new, now) if rule else {}


def _task(database: Database, sobject: SObject, old: Row | None, new: Values, now: str) -> Values:
    status = new.get("Status")
    closed = any(entry.value == status and entry.closed for entry in sobject.fields["status"].picklist)
    completed = new.get("CompletedDateTime")
    if not closed:
        completed = None
    elif old is None or getattr(old, "Status", None) != status or not getattr(old, "IsClosed", False):
        completed = completed if old is None and completed else now
    return {
        "IsClosed": closed,
        "IsHighPriority": new.get("Priority") == "High",
        "CompletedDateTime": completed,
        "AccountId": _account_of(database, new),
        "WhoCount": int(bool(new.get("WhoId"))),
        "WhatCount": int(bool(new.get("WhatId"))),
    }


def _account_of(database: Database, task: Values) -> str | None:
    """Return the account that a task belongs to: by its What, else by its contact."""
    what, who = database.find(task.get("WhatId")), database.find(task.get("WhoId"))
    if what is not None:
        kind = database.object_of(what.Id)
        return what.Id if kind is not None and kind.name == "Account" else getattr(what, "AccountId", None)
    return getattr(who, "AccountId", None) if who is not None else None


def _person(database: Database, sobject: SObject, old: Row | None, new: Values, now: str) -> Values:
    del database, sobject, old, now
    name = " ".join(part for part in (new.get("FirstName"), new.get("LastName")) if part)
    return {"Name": name or new.get("Name")}


def _opportunity(database: Database, sobject: SObject, old: Row | None, new: Values, now: str) -> Values:
    del database, sobject, old, now
    stage = new.get("StageName") or ""
    return {"IsClosed": stage.startswith("Closed"), "IsWon": stage == "Closed Won"}


_RULES: dict[str, Callable[[Database, SObject, Row | None, Values, str], Values]] = {
    "Task": _task,
    "User": _person,
    "Contact": _person,
    "Lead": _person,
    "Opportunity": _opportunity,
}
