"""The tables of Sales Connect, and what every part of it asks of them."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from tasksync_sandbox.core.table import Indexes
from tasksync_sandbox.sales_connect.errors import RefusedError
from tasksync_sandbox.sales_connect.model import FirstAnswer, Person, PersonOfReminder, Reminder, ReminderShown, User
from tasksync_sandbox.sales_connect.times import text_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tasksync_sandbox.core.service import Core
    from tasksync_sandbox.core.table import Table

TOMBSTONE_LIFE = timedelta(days=30)
SALESFORCE_IDS = ("salesforce_contact_id", "salesforce_lead_id", "salesforce_account_id", "salesforce_opportunity_id")
_SHORT_ID = 15


class State:
    """All records of the tenant."""

    def __init__(self, core: Core) -> None:
        """Declare the tables."""
        self.core = core
        store = core.store
        self.reminders: Table[Reminder] = store.table(
            "reminders",
            Reminder,
            lambda row: row.id,
            Indexes(
                hashed={"task": lambda row: short_id(row.salesforce_task_id)},
                ordered={
                    "update": lambda row: row.updated_at,
                    "assignee": lambda row: (row.assignee_id, row.updated_at),
                },
            ),
        )
        by_update = {"update": lambda row: row.updated_at}
        self.users: Table[User] = store.table("users", User, lambda row: row.id, Indexes(ordered=by_update))
        self.people: Table[Person] = store.table(
            "people",
            Person,
            lambda row: row.id,
            Indexes(
                hashed={name: _short_id_in(name) for name in SALESFORCE_IDS},
                ordered=by_update,
            ),
        )
        self.first_answers = store.table("_first_answers", FirstAnswer, lambda row: row.key)

    def now(self) -> str:
        """The sandbox's time, as text."""
        return text_of(self.core.clock.now())

    def oldest_tombstone(self) -> str:
        """Reminders deleted before this are gone for good."""
        return text_of(self.core.clock.now() - TOMBSTONE_LIFE)

    def living(self, reminder_id: str, *, for_write: bool) -> Reminder:
        """A reminder by id.

        Raises:
            RefusedError: 404 when it is unknown, 410 when it is deleted.
        """
        table = self.reminders
        row = table.latest(reminder_id) if for_write else table.get(reminder_id)
        if row is None or (row.deleted_at is not None and row.deleted_at < self.oldest_tombstone()):
            raise RefusedError(404, "No reminder has this id.")
        if row.deleted_at is not None:
            raise RefusedError(410, "This reminder was deleted.")
        return row

    def shown(self, row: Reminder) -> ReminderShown:
        """A reminder as the API shows it."""
        return ReminderShown(
            row.id,
            row.type,
            row.name,
            row.status,
            row.priority,
            row.due_date,
            row.details,
            row.assignee_id,
            self._person_of(row),
            row.campaign,
            row.call_outcome,
            row.call_reason,
            row.salesforce_task_id,
            row.created_at,
            row.updated_at,
            row.completed_at,
            row.deleted_at,
            row.version,
        )

    def _person_of(self, row: Reminder) -> PersonOfReminder | None:
        person = self.people.get(row.person_id) if row.person_id is not None else None
        if person is None:
            return None
        return PersonOfReminder(
            person.id,
            person.name,
            person.email,
            person.salesforce_contact_id,
            person.salesforce_lead_id,
            person.salesforce_account_id,
            person.salesforce_opportunity_id,
        )


def short_id(salesforce_id: str | None) -> str | None:
    """The first 15 characters, which tell records apart; the other three are a checksum."""
    return None if salesforce_id is None else salesforce_id[:_SHORT_ID]


def _short_id_in(member: str) -> Callable[[Person], str | None]:
    return lambda row: short_id(getattr(row, member))


def new_id(prefix: str) -> str:
    """An opaque id."""
    return f"{prefix}_{uuid4().hex[:20]}"
