"""What a written task does to others: the tasks of its series, and the next of one that repeats."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.records.recurrence import PATTERN, check_pattern, occurrences
from tasksync_sandbox.salesforce.rows import Row

if TYPE_CHECKING:
    from tasksync_sandbox.core.table import Table
    from tasksync_sandbox.salesforce.records.writer import Writer
    from tasksync_sandbox.salesforce.schema import SObject

    Values = dict[str, Any]

END = "RecurrenceEndDateOnly"
REPEATED = "RecurrenceRegenerated"
MAIN = "RecurrenceActivityId"


def members(table: Table[Row], main_id: str) -> list[Row]:
    """Return the living tasks of a series, its main record left out."""
    found = (table.latest(key) for key in list(table.holder(MAIN, main_id)))
    return [row for row in found if row is not None and not row.IsDeleted]


def start(writer: Writer, sobject: SObject, main_id: str, values: Values) -> None:
    """Create the tasks of a new series."""
    for day in occurrences(values):
        writer.insert(sobject, _member(values, main_id, day))


def follow(writer: Writer, sobject: SObject, old: Row, values: Values, table: Table[Row]) -> Values:
    """Bring a series to a changed pattern, or create the next task of one that repeats when it is completed.

    A changed end deletes later open tasks, any other change of the pattern deletes all open ones and makes new ones.
    Return what becomes of the written task itself.

    Raises:
        SalesforceError: the pattern is none.
    """
    if getattr(old, "IsRecurrence", False):
        changed = {name for name in PATTERN if values.get(name) != getattr(old, name, None)}
        if changed:
            check_pattern(values)
            _reschedule(writer, sobject, values, members(table, old.Id), whole=changed != {END})
        return {}
    repeats = values.get("RecurrenceRegeneratedType") not in {None, REPEATED}
    if not repeats or getattr(old, "IsClosed", False) or not values["IsClosed"]:
        return {}
    _repeat(writer, sobject, values)
    return {"RecurrenceRegeneratedType": REPEATED}


def _reschedule(writer: Writer, sobject: SObject, values: Values, rows: list[Row], *, whole: bool) -> None:
    wanted = occurrences(values)
    kept = set()
    for row in rows:
        day = getattr(row, "ActivityDate", None)
        if not getattr(row, "IsClosed", False) and (whole or day not in wanted):
            writer.remove(sobject, row)
        else:
            kept.add(day)
    for day in wanted:
        if day not in kept:
            writer.insert(sobject, _member(values, values["Id"], day))


def _repeat(writer: Writer, sobject: SObject, values: Values) -> None:
    """Create the next task, so many days after the due date or after today."""
    from_due = values["RecurrenceRegeneratedType"] == "RecurrenceRegenerateAfterDueDate" and values.get("ActivityDate")
    base = date.fromisoformat(values["ActivityDate"] if from_due else writer.now[:10])
    due = base + timedelta(days=values.get("RecurrenceInterval") or 1)
    status = sobject.defaults.get("Status")
    writer.insert(sobject, {**_copied(values), "Status": status, "ActivityDate": due.isoformat()})


def _member(series: Values, main_id: str, day: str) -> Values:
    """Return the values of one task of a series."""
    own = {name: value for name, value in _copied(series).items() if not name.startswith("Recurrence")}
    return {**own, "IsRecurrence": False, "ActivityDate": day, MAIN: main_id}


def _copied(values: Values) -> Values:
    """Return what a new task takes over: all but what Salesforce keeps of each record, and no external id."""
    return {name: value for name, value in values.items() if name not in _OWN and not name.endswith("__c")}


_OWN = frozenset((*Row.__struct_fields__, "CompletedDateTime", "IsArchived"))
