"""Both services with the credentials that the project's plugins have, for looking only."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tasksync_clients.errors import ClientError
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_clients.soql import chunked_in, is_id
from tasksync_engine.destinations.salesforce import ALWAYS_READ
from tasksync_engine.errors import EngineError
from tasksync_engine.records import InvalidRecord, read_reminder, salesforce_id, task_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tasksync_console.project import Project
    from tasksync_engine.records import Record
    from tasksync_mappings import FieldMap, Side

PLUGINS = {"reminder": "target-salesconnect", "task": "target-salesforce-tasks"}
"""Whose settings lead to the service of a side."""
JUDGED_BY = ("IsRecurrence", "TaskSubtype")
"""What rules look at besides the mapping's fields (sync-rules §4)."""
TASK_PREFIX = "00T"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a service says of some records now.

    Attributes:
        side: Whose they are.
        records: By id, deleted ones included; what is missing is not known there.
        problem: Why the service could not be asked, in words; None: it was.
    """

    side: Side
    records: Mapping[str, Record]
    problem: str | None = None

    def one(self, record_id: str | None) -> Record | None:
        """A record, if the service knows it."""
        return self.records.get(record_id or "")


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose ledger it is: what it has noted of the org and the tenant; None: nothing yet."""

    org_id: str | None
    account_id: str | None


def side_of(record_id: str) -> Side:
    """Whose id this looks like."""
    return "task" if is_id(record_id) and record_id.startswith(TASK_PREFIX) else "reminder"


def see(project: Project, fields: FieldMap, ids: Sequence[str], owner: Owner) -> tuple[Seen, Seen]:
    """Look at records, and at those that name them or are named by them, in both services.

    Args:
        project: Whose credentials are used.
        fields: The mapping.
        ids: Reminders' and tasks' ids.
        owner: Whose ledger it is: records of others are not shown.

    Returns:
        What Sales Connect and Salesforce say. A service that cannot be asked is told, and stops nothing.
    """
    tasks = sorted({salesforce_id(one) or one for one in ids if side_of(one) == "task"})
    reminders = sorted({one for one in ids if side_of(one) == "reminder"})
    seen = _asked("reminder", lambda: _reminders(project, reminders, tasks, owner))
    named = {record.pointer for record in seen.records.values() if record.pointer}
    wanted = sorted({*tasks, *named})
    found = _asked("task", lambda: _tasks(project, fields, wanted, sorted({*reminders, *seen.records}), owner))
    pointed = sorted({record.pointer for record in found.records.values() if record.pointer} - seen.records.keys())
    if pointed and seen.problem is None:
        more = _asked("reminder", lambda: _reminders(project, pointed, [], owner))
        seen = Seen("reminder", {**seen.records, **more.records}, more.problem)
    return seen, found


def _asked(side: Side, ask: Callable[[], Mapping[str, Record]]) -> Seen:
    try:
        return Seen(side, ask())
    except (ClientError, EngineError) as error:
        return Seen(side, {}, str(error))
    except InvalidRecord as error:
        return Seen(side, {}, f"It answered with a {side} that is not what its API promises: {error}.")


def _reminders(project: Project, ids: Sequence[str], task_ids: Sequence[str], owner: Owner) -> dict[str, Record]:
    config = project.plugin_settings(PLUGINS["reminder"])
    with closing(SalesConnectClient(SalesConnectSettings.from_config(config))) as client:
        check_owner("Sales Connect tenant", owner.account_id, client.salesforce_settings()["account_id"])
        forms = [form for one in task_ids for form in (one, one[:15])]
        pages = [client.reminders(include_deleted=True, ids=ids)]
        pages += [client.reminders(include_deleted=True, salesforce_task_ids=forms)] if forms else []
        return {record.id: record for some in pages for page in some for record in map(read_reminder, page)}


def _tasks(
    project: Project, fields: FieldMap, ids: Sequence[str], reminder_ids: Sequence[str], owner: Owner
) -> dict[str, Record]:
    config = project.plugin_settings(PLUGINS["task"])
    field = fields.task_field
    with closing(SalesforceClient(SalesforceSettings.from_config(config))) as client:
        check_owner("Salesforce org", owner.org_id, client.org_id)
        told = [*ALWAYS_READ, *fields.columns("task"), *JUDGED_BY, *([field] if field else [])]
        columns = ", ".join(dict.fromkeys(told))
        wanted = [*chunked_in("Id", ids), *(chunked_in(field, reminder_ids) if field else ())]
        soqls = [f"SELECT {columns} FROM Task WHERE {condition}" for condition in wanted]  # noqa: S608 - SOQL; the values are quoted
        pages = client.queries(soqls, include_deleted=True)
        return {record.id: record for page in pages for record in map(task_reader(field), page)}


class AnotherOwner(EngineError):
    """The credentials lead to another org or tenant than the ledger's."""


def check_owner(what: str, known: str | None, found: str) -> None:
    """Nothing of another org or tenant than the ledger's is shown.

    Args:
        what: `Salesforce org` or `Sales Connect tenant`.
        known: Whose ledger it is; None: nobody's yet.
        found: Whom the credentials lead to.

    Raises:
        AnotherOwner: They lead to another one.
    """
    if known not in {None, found}:
        message = f"The ledger belongs to {what} {known}, but the credentials lead to {found}: nothing is shown of it."
        raise AnotherOwner(message)


Verdict = Literal["lives", "deleted", "unknown"]


def state_of(record: Record | None) -> Verdict:
    """Whether a record lives, as its service tells."""
    return "unknown" if record is None else ("deleted" if record.is_tombstone else "lives")


def values_of(record: Record, fields: FieldMap) -> dict[str, Any]:
    """What a record holds, by the mapping's canonical names."""
    return {field.name: record.raw.get(field.column(record.side)) for field in fields.fields}
