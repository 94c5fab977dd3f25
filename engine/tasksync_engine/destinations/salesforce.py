"""Salesforce Tasks as the destination."""

from __future__ import annotations

import hashlib
from math import ceil
from typing import TYPE_CHECKING, Any, Literal, TypeGuard
from urllib.parse import quote as percent_encode

from tasksync_clients import ProtocolError
from tasksync_clients.salesforce.reading import RETRIEVE_AT_MOST
from tasksync_clients.salesforce.writing import COLLECTION_AT_MOST
from tasksync_clients.soql import chunked_in, is_id
from tasksync_engine.destination import Destination, read_all
from tasksync_engine.destinations.conversions import write_following
from tasksync_engine.destinations.created_tasks import CreatedTasks
from tasksync_engine.destinations.task_writes import TASK, TaskWrites
from tasksync_engine.errors import ConfigError
from tasksync_engine.records import Reader, Record, task_reader
from tasksync_engine.settings import WriteSettings
from tasksync_mappings import Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from tasksync_clients import RowResult
    from tasksync_clients.salesforce import SalesforceClient
    from tasksync_engine.destination import Create, Notes, Update
    from tasksync_mappings import Field, FieldMap

LOOKED_UP_A_CALL = 240
"""Ids of Sales Connect that one query takes, with 36 characters each."""
LONGEST_SEARCH = 15_000
"""Bytes that a search's columns and condition may take of a URI, the rest of it and its headers apart."""
TASK_PREFIX = "00T"
ALWAYS_READ = (
    "Id",
    "OwnerId",
    "WhoId",
    "WhatId",
    "IsDeleted",
    "IsClosed",
    "CreatedDate",
    "LastModifiedDate",
    "SystemModstamp",
)


class SalesforceDestination(Destination):
    """Tasks, written as `TaskWrites` has it.

    Creates are upserts on the link field, so that repeating one is harmless. Where the mapping has none they are plain
    creates, and what one made whose answer never came is found by its `traces`.
    """

    side: Literal["task"] = "task"

    def __init__(self, client: SalesforceClient, fields: FieldMap, writing: WriteSettings | None = None) -> None:
        self._client = client
        self._writes = TaskWrites(client, writing or WriteSettings())
        self._fields = fields
        self._link_field = fields.task_field
        self._asked = False
        self._read_task = task_reader(fields.task_field)
        self._traces = CreatedTasks(client, self._read_task, self._columns())

    @property
    def reader(self) -> Reader:
        """Reads tasks."""
        return self._read_task

    @property
    def calls(self) -> int:
        """API calls made so far."""
        return self._client.calls

    @property
    def usage(self) -> tuple[int, int] | None:
        """As every answer's header tells."""
        return self._client.usage

    @property
    def traces(self) -> CreatedTasks:
        """Tasks by their creator: also with a link field, for creates that went out before the mapping had one."""
        return self._traces

    def calls_left(self, changes: int = 0) -> int | None:
        """API calls that may still be made without touching the reserve.

        Every answer tells; where there was none yet, one is asked for before more changes than one call writes.
        """
        if self._client.calls_left is None and changes > COLLECTION_AT_MOST and not self._asked:
            self._asked = True
            next(self._client.query("SELECT Id FROM Task LIMIT 1"))  # any call tells, and this one is always permitted
        return self._client.calls_left

    def check_allowance(self) -> None:
        """Make sure that another call may be made.

        Raises:
            AllowanceExhausted: It would touch the reserve.
        """
        self._client.check_allowance()

    def cost(self, linked: int, unlinked: int) -> int:
        """Reading what is linked, with a closer look at what hides; looking up what is not; and writing both."""
        reading = ceil(linked / RETRIEVE_AT_MOST) + bool(linked) + ceil(unlinked / LOOKED_UP_A_CALL)
        return reading + ceil(linked / COLLECTION_AT_MOST) + ceil(unlinked / COLLECTION_AT_MOST)

    def time(self) -> datetime:
        """Salesforce's time."""
        return self._client.server_time()

    def identity(self) -> tuple[str, str]:
        """The organization's id, which the login tells."""
        return "org_id", self._client.org_id

    def take_over(self, notes: Notes) -> None:
        """Bulk jobs of a run that broke off are waited for, or aborted."""
        self._writes.take_over(notes)

    def prepare(self) -> None:
        """Check the org's Task against the mapping.

        Raises:
            ConfigError: The org lacks a field or a picklist value, or the field cannot be written.
        """
        for problem in self.problems(self._client.describe(TASK)):
            message = f"{problem} Nothing was written."
            raise ConfigError(message)

    def problems(self, task: Mapping[str, Any]) -> Iterator[str]:
        """What the mapping needs and the org's Task, as it describes itself, does not have; each with what to do.

        Raises:
            ProtocolError: It is no description.
        """
        described = _by_name(task.get("fields"))
        link_field = self._link_field
        found = [_link_field_problem(link_field, described.get(link_field.lower()))] if link_field is not None else []
        found += [_field_problem(field, described.get(field.task.lower())) for field in self._fields.fields]
        yield from filter(None, found)

    def requirements(self) -> str:
        """The mapping, the org and the integration user, who may not see every field."""
        told = repr((self._fields, self._client.org_id, self._client.user_id))
        return hashlib.sha256(told.encode()).hexdigest()

    def read(self, ids: Sequence[str]) -> dict[str, Record]:
        """The living tasks among these, one call for 2,000."""
        rows = self._client.retrieve(TASK, list(ids), self._columns())
        found = {task.id: task for task in read_all(self._read_task, (row for row in rows if row is not None))}
        # A retrieve may hide archived tasks, which are anything but deleted.
        hidden = self._search([], sorted(set(ids) - found.keys()))
        found |= {task.id: task for task in hidden}
        return {task_id: task for task_id, task in found.items() if not task.is_tombstone}

    def _columns(self) -> list[str]:
        link_field = [self._link_field] if self._link_field else []
        return list(dict.fromkeys([*ALWAYS_READ, *self._fields.columns("task"), *link_field]))

    def counterparts(self, records: Sequence[Record]) -> dict[str, list[Record]]:
        """By reminder: the tasks whose link field holds its id, and the one that it names itself.

        A task that a reminder names and that the org does not know any more was purged: its tombstone is made here.
        """
        found: dict[str, list[Record]] = {}
        named = {record.pointer: record.id for record in records if _is_task_id(record.pointer)}
        wanted = {record.id for record in records}
        tasks = self._search(sorted(wanted), sorted(named))
        seen = {task.id for task in tasks}
        for task in (*tasks, *(self._purged(task_id) for task_id in named if task_id not in seen)):
            owners = {task.pointer if task.pointer in wanted else None, named.get(task.id)}
            for reminder_id in owners - {None}:
                found.setdefault(str(reminder_id), []).append(task)
        return found

    def _purged(self, task_id: str) -> Record:
        looked_at = self._client.server_time().isoformat()
        return self._read_task({"Id": task_id, "IsDeleted": True, "SystemModstamp": looked_at})

    def _search(self, reminder_ids: Sequence[str], task_ids: Sequence[str]) -> list[Record]:
        columns = ", ".join(self._columns())
        room = LONGEST_SEARCH - len(percent_encode(columns))
        by_field = chunked_in(self._link_field, reminder_ids, room) if self._link_field else ()
        conditions = [*by_field, *chunked_in("Id", task_ids, room)]
        soqls = [f"SELECT {columns} FROM {TASK} WHERE {condition}" for condition in conditions]  # noqa: S608 - SOQL; the client quotes the values
        pages = self._client.queries(soqls, include_deleted=True)
        return list({task.id: task for page in pages for task in read_all(self._read_task, page)}.values())

    def create(self, creates: Sequence[Create]) -> list[RowResult]:
        """Upsert on the link field: repeating a create whose answer was lost finds the task that it made.

        Without a link field a lost answer stays lost (`LostAnswer`), and nothing here is repeated.
        """
        field = self._link_field
        rows = [{**({field: create.source.id} if field else {}), **create.columns} for create in creates]
        return write_following(
            self._client,
            lambda rows: self._writes.upsert(field, rows) if field else self._writes.create(rows),
            rows,
            rows,
        )

    def update(self, updates: Sequence[Update]) -> list[RowResult]:
        """Write changed fields; neither way of writing many knows a condition (sync-rules §9)."""
        return write_following(
            self._client,
            self._writes.update,
            [{"Id": one.current.id, **one.values} for one in updates],
            [one.current.raw for one in updates],
        )

    def delete(self, records: Sequence[Record]) -> list[RowResult]:
        """Move tasks to the recycle bin."""
        return self._writes.delete([record.id for record in records])

    def active_users(self, emails: Sequence[str]) -> dict[str, list[str]]:
        """The ids of active users by lower-case email, for the roster (sync-rules §1.2)."""
        found: dict[str, list[str]] = {}
        for condition in chunked_in("Email", emails):
            soql = f"SELECT Id, Email FROM User WHERE {condition} AND IsActive = true"  # noqa: S608 - see _search
            for page in self._client.query(soql):
                for row in page:
                    found.setdefault(_email(row), []).append(row["Id"])
        return found


def _email(row: Mapping[str, Any]) -> str:
    email = row.get("Email") or ""
    if not isinstance(email, str) or not isinstance(row.get("Id"), str) or not is_id(row["Id"]):
        message = "Salesforce answered a look-up of users with a row that is no user with Id and Email."
        raise ProtocolError(message)
    return email.lower()


def _link_field_problem(name: str, described: Mapping[str, Any] | None) -> str | None:
    if described is None:
        return (
            f"The org's Task has no field {name}, or the integration user may not see it. Deploy the Activity "
            "field with its permission set, or name another one in the mapping file (link.task_field; null where "
            "there shall be none)."
        )
    if not described.get("externalId") or not described.get("updateable"):
        return (
            f"The org's field Task.{name} must be an External ID that the integration user may edit. "
            "Deploy it as the project's metadata has it."
        )
    return None


def _field_problem(field: Field, described: Mapping[str, Any] | None) -> str | None:
    if described is None or not described.get("updateable"):
        return (
            f"The mapping's field {field.name} names Task.{field.task}, which the org lacks or the integration "
            f"user may not edit. Correct fields.{field.name}.task in the mapping file."
        )
    if field.kind is not Kind.PICKLIST or field.values is None:
        return None
    known = _active_values(described.get("picklistValues"))
    missing = next((value for value in field.values.values() if value not in known), None)
    if missing is None:
        return None
    return (
        f"The org's picklist Task.{field.task} has no active value {missing!r}, which the mapping's field "
        f"{field.name} writes. Known are {', '.join(map(repr, sorted(known))) or 'none'}. Correct "
        f"fields.{field.name}.values in the mapping file."
    )


def _by_name(fields: object) -> dict[str, Mapping[str, Any]]:
    """The fields of a description by their names in lower case."""
    if not isinstance(fields, list):
        message = "Salesforce's description of Task has no fields."
        raise ProtocolError(message)
    named = (field for field in fields if isinstance(field, dict) and isinstance(field.get("name"), str))
    return {field["name"].lower(): field for field in named}


def _active_values(entries: object) -> set[str]:
    """The values of a picklist's description; an entry that is none counts for nothing."""
    listed = [entry for entry in entries if isinstance(entry, dict)] if isinstance(entries, list) else []
    return {entry["value"] for entry in listed if isinstance(entry.get("value"), str) and entry.get("active", True)}


def _is_task_id(value: str | None) -> TypeGuard[str]:
    """Whether a reminder's pointer can name a task at all."""
    return value is not None and is_id(value) and value.startswith(TASK_PREFIX)
