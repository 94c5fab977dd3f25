"""The Command Center: what is due today and tomorrow, by each user's own calendar, on both sides (sync-rules §2.7).

Candidates come from the ledger (the due dates that both sides last agreed on, and what is parked), from Salesforce
(what is due there) and from Sales Connect (what was changed since the last run); each side is then asked for the
records themselves, hundreds a call.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tasksync_clients.soql import chunked_in
from tasksync_console import live
from tasksync_console.asking import QuickProject
from tasksync_console.due import DUE, Calendar, Desk, Entry, Pair, in_order
from tasksync_console.explaining_now import rules_of
from tasksync_console.services import Owner, check_owner
from tasksync_engine.allowance import today as today_of
from tasksync_engine.ledger import browsing, links, parked
from tasksync_engine.records import InvalidRecord, read_reminder

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tasksync_console.asking import Answer, Services
    from tasksync_console.judging import Rules
    from tasksync_engine.ledger import Ledger, Participant
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_mappings import Side

SHOWN = 200
"""Entries of one page; a user with more has another way to look at them."""
MOST_PAIRS = 2000
OVERLAP = timedelta(minutes=10)
LONGEST_GAP = timedelta(days=2)
"""How far back changed reminders are read at most: a page is no sync."""


@dataclass(frozen=True, slots=True)
class Agenda:
    """The Command Center's contents.

    Attributes:
        calendars: Whose it is.
        entries: Today's first; the open ones before those that are done.
        more: How many entries are not shown.
        troubles: By side, why it could not be asked: its values are the ledger's then.
    """

    calendars: Sequence[Calendar]
    entries: Sequence[Entry]
    more: int
    troubles: Mapping[Side, str]

    def of(self, user: str, only: str = "all") -> list[Entry]:
        """One user's entries; `only` the `open` or the `different` ones."""
        mine = (entry for entry in self.entries if entry.user == user)
        if only == "open":
            return [entry for entry in mine if not entry.done]
        return [entry for entry in mine if entry.differs or only != "different"]


@dataclass(frozen=True, slots=True)
class _Due:
    """What the services said is due, or was changed lately."""

    tasks: Answer[list[str]]
    reminders: Answer[list[Record]]


def agenda(ledger: Ledger, services: Services, at: datetime, *, user: str | None = None) -> Agenda:
    """What is due today and tomorrow.

    Args:
        ledger: The ledger.
        services: Both services.
        at: Now; aware.
        user: Only this user, by their Sales Connect id.

    Raises:
        ConfigError: A setting or the mapping file is wrong.
        LedgerError: The ledger cannot be read.
    """
    decided_by = rules_of(ledger, QuickProject.here())
    calendars = [_calendar(who, at) for who in ledger.participants() if not who.left_out]
    calendars = [calendar for calendar in calendars if user in {None, calendar.who.sales_connect_id}]
    owner = Owner(ledger.get("org_id"), ledger.get("account_id"))
    due = _ask(services, calendars, _last_read(ledger, at), owner)
    pairs = _pairs(ledger, calendars, due)
    shown = pairs[:MOST_PAIRS]
    held = _held(services, decided_by, shown, due)
    waiting = _waiting(ledger, shown)
    desk = Desk(calendars, decided_by, held, waiting)
    found = sorted((entry for pair in shown if (entry := desk.entry(pair)) is not None), key=in_order)
    return Agenda(calendars, found[:SHOWN], len(found[SHOWN:]) + len(pairs[MOST_PAIRS:]), held.troubles)


def _calendar(who: Participant, at: datetime) -> Calendar:
    return Calendar(who, today_of(at, who.time_zone), today_of(at + timedelta(days=1), who.time_zone))


def _last_read(ledger: Ledger, at: datetime) -> datetime:
    """Since when Sales Connect's reminders may hold what the ledger does not know."""
    with ledger.reading() as connection:
        run = browsing.last_complete_run(connection, "to-salesforce")
    return max(run["started_at"] if run else at, at - LONGEST_GAP) - OVERLAP


def _ask(services: Services, calendars: Sequence[Calendar], since: datetime, owner: Owner) -> _Due:
    tasks = services.ask(lambda: _due_tasks(services, calendars, owner))
    reminders = services.ask(lambda: _changed_reminders(services, calendars, since, owner))
    return _Due(tasks(), reminders())


def _due_tasks(services: Services, calendars: Sequence[Calendar], owner: Owner) -> list[str]:
    """The ids of the users' tasks that are due on any of their days."""
    client = services.salesforce()
    check_owner("Salesforce org", owner.org_id, client.org_id)
    dates = _dates(calendars)
    owners = [calendar.who.salesforce_id for calendar in calendars if calendar.who.salesforce_id]
    if not owners:
        return []
    window = f"ActivityDate >= {min(dates)} AND ActivityDate <= {max(dates)}"
    soqls = [
        f"SELECT Id FROM Task WHERE {condition} AND {window} ORDER BY ActivityDate, Id LIMIT {MOST_PAIRS}"  # noqa: S608 - SOQL; the client quotes the values
        for condition in chunked_in("OwnerId", owners)
    ]
    return [str(row["Id"]) for page in client.queries(soqls) for row in page]


def _changed_reminders(
    services: Services, calendars: Sequence[Calendar], since: datetime, owner: Owner
) -> list[Record]:
    """The users' reminders that were changed since then and are due on any of their days."""
    client = services.sales_connect()
    check_owner("Sales Connect tenant", owner.account_id, client.salesforce_settings()["account_id"])
    dates, found = _dates(calendars), []
    users = [calendar.who.sales_connect_id for calendar in calendars]
    after = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    for page in client.reminders(assignee_ids=users, updated_since=after):
        for row in page:
            with suppress(InvalidRecord):  # the next run parks it, and says so
                found.append(read_reminder(row))
    return [reminder for reminder in found if reminder.raw.get(DUE) in dates]


def _dates(calendars: Sequence[Calendar]) -> set[str]:
    return {day for calendar in calendars for day in (calendar.today, calendar.tomorrow)}


def _pairs(ledger: Ledger, calendars: Sequence[Calendar], due: _Due) -> list[Pair]:
    """Each link, or record without one, once."""
    dates, tasks = _dates(calendars), due.tasks.told or []
    changed = {reminder.id: reminder for reminder in due.reminders.told or ()}
    with ledger.reading() as connection:
        linked = {link.id: link for link in browsing.links_holding(connection, DUE, dates)}
        for side, ids in (("task", tasks), ("reminder", list(changed))):
            for found in links.of_records(connection, _side(side), ids).values():
                linked |= {link.id: link for link in found if link.state == links.OPEN}
        parked_ones = browsing.parked_holding(connection, "reminder", DUE, dates)
    for change in parked_ones:
        with suppress(InvalidRecord):
            changed.setdefault(change.record_id, read_reminder(change.payload))
    mine = _of_users(linked.values(), calendars)
    known = {record_id for link in linked.values() for record_id in (link.reminder_id, link.task_id)}
    pairs = [Pair(link, link.reminder_id, link.task_id) for link in mine]
    pairs += [Pair(None, reminder.id, None, reminder) for reminder in changed.values() if reminder.id not in known]
    return pairs + [Pair(None, None, task_id) for task_id in tasks if task_id not in known]


def _side(text: str) -> Side:
    return "task" if text == "task" else "reminder"


def _of_users(found: Iterable[Link], calendars: Sequence[Calendar]) -> list[Link]:
    reminder_users = {calendar.who.sales_connect_id for calendar in calendars}
    task_users = {calendar.who.salesforce_id for calendar in calendars}
    return [
        link
        for link in found
        if link.reminder_user in reminder_users or link.task_user in task_users or link.reminder_user is None
    ]


def _waiting(ledger: Ledger, pairs: Sequence[Pair]) -> set[str]:
    with ledger.reading() as connection:
        waiting = parked.among(connection, "reminder", [pair.reminder_id for pair in pairs if pair.reminder_id])
        return waiting | parked.among(connection, "task", [pair.task_id for pair in pairs if pair.task_id])


def _held(services: Services, decided_by: Rules, pairs: Sequence[Pair], due: _Due) -> live.Held:
    """The records of these pairs; a side that has just not answered is not asked again."""
    reminders = [pair.reminder_id for pair in pairs if pair.reminder_id and due.reminders.trouble is None]
    tasks = [pair.task_id for pair in pairs if pair.task_id and due.tasks.trouble is None]
    held = live.look(services, decided_by.translation.fields, reminders, tasks)
    troubles: dict[Side, str] = dict(held.troubles)
    if due.reminders.trouble is not None:
        troubles["reminder"] = due.reminders.trouble
    if due.tasks.trouble is not None:
        troubles["task"] = due.tasks.trouble
    return live.Held(held.reminders, held.tasks, troubles)
