"""What both services hold of some records now, each asked at most twice; one that cannot be reached is told of."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tasksync_engine.destinations import SalesConnectDestination, SalesforceDestination

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_console.asking import Answer, Services
    from tasksync_engine.records import Record
    from tasksync_mappings import FieldMap, Side


@dataclass(frozen=True, slots=True)
class Held:
    """What the services hold.

    Attributes:
        reminders: By id, those that live.
        tasks: Likewise.
        troubles: By side, why it could not be asked.
    """

    reminders: Mapping[str, Record] = field(default_factory=dict)
    tasks: Mapping[str, Record] = field(default_factory=dict)
    troubles: Mapping[Side, str] = field(default_factory=dict)

    def of(self, side: Side) -> Mapping[str, Record]:
        """One side's records."""
        return self.reminders if side == "reminder" else self.tasks


def look(services: Services, fields: FieldMap, reminder_ids: Sequence[str], task_ids: Sequence[str]) -> Held:
    """Read these records from both services, side by side."""
    reminders = services.ask(lambda: read_reminders(services, reminder_ids))
    tasks = services.ask(lambda: read_tasks(services, fields, task_ids))
    return held(reminders(), tasks())


def held(reminders: Answer[Mapping[str, Record]], tasks: Answer[Mapping[str, Record]]) -> Held:
    """Two answers put together."""
    troubles: dict[Side, str] = {}
    if reminders.trouble is not None:
        troubles["reminder"] = reminders.trouble
    if tasks.trouble is not None:
        troubles["task"] = tasks.trouble
    return Held(reminders.told or {}, tasks.told or {}, troubles)


def read_reminders(services: Services, ids: Sequence[str]) -> Mapping[str, Record]:
    """The living reminders among these; 200 a call, none for no ids.

    Raises:
        ClientError: Sales Connect gave no answer.
    """
    return SalesConnectDestination(services.sales_connect()).read(ids) if ids else {}


def read_tasks(services: Services, fields: FieldMap, ids: Sequence[str]) -> Mapping[str, Record]:
    """The living tasks among these; 2,000 a call, none for no ids.

    Raises:
        ClientError: Salesforce gave no answer.
    """
    return SalesforceDestination(services.salesforce(), fields).read(ids) if ids else {}
