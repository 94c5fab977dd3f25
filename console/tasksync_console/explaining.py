"""`tasksync explain`: all that the ledger knows of one reminder or task, or why it may know nothing."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tasksync_clients.soql import is_id
from tasksync_console.conflicts import ConflictRow, conflict_rows
from tasksync_console.listing import parked_json
from tasksync_console.names import Names, name_of
from tasksync_console.records import links_of, same_record
from tasksync_console.words import DIRECTIONS, many, moment
from tasksync_engine.ledger import deletions, intents, links, overview, parked, roster, runs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from tasksync_engine.ledger.deletions import Deletion
    from tasksync_engine.ledger.intents import Intent
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.ledger.parked import Parked
    from tasksync_mappings import Side

TASK_PREFIX = "00T"
LOOKBACK_SAID = "24 hours (initial_lookback_hours)"
SIDES: tuple[Side, ...] = ("reminder", "task")


@dataclass(frozen=True, slots=True)
class Explanation:
    """What the ledger knows of a record.

    Attributes:
        ids: The ids that belong to it and to its counterparts.
        users: What the roster says of the open link's users, in words.
    """

    ids: Sequence[str]
    name: str | None
    links: Sequence[Link]
    users: Sequence[str]
    parked: Sequence[Parked]
    deletions: Sequence[Deletion]
    intents: Sequence[Intent]
    conflicts: Sequence[ConflictRow]
    history: Sequence[Mapping[str, Any]]

    @property
    def is_known(self) -> bool:
        """Whether there is anything."""
        return any((self.links, self.parked, self.deletions, self.intents, self.conflicts, self.history))

    def as_json(self) -> dict[str, Any]:
        """All of it, parked payloads and tombstones included."""
        return {
            "ids": list(self.ids),
            "known": self.is_known,
            "name": self.name,
            "links": [asdict(link) for link in self.links],
            "users": list(self.users),
            "parked": [{**parked_json(change, self.name), "payload": change.payload} for change in self.parked],
            "deletions": [asdict(deletion) for deletion in self.deletions],
            "intents": [asdict(intent) for intent in self.intents],
            "conflicts": [asdict(row) for row in self.conflicts],
            "history": [dict(row) for row in self.history],
        }


def explain(connection: Connection, given: str) -> Explanation:
    """Gather what the ledger knows of a reminder or a task and of its counterparts."""
    ids = same_record(connection, given)
    known = links_of(connection, ids)
    changes = [change for side in SIDES for change in parked.of_records(connection, side, ids).values()]
    names = Names(connection, [(record_id, record_id) for record_id in ids])
    rows = {row["id"]: row for record_id in ids for row in runs.history_of(connection, record_id)}
    payload = next((change.payload for change in changes), None)
    return Explanation(
        ids=ids,
        name=next((name for link in known if (name := name_of(link))), names.of((ids[0], ids[-1]), payload)),
        links=known,
        users=_users(connection, known),
        parked=changes,
        deletions=[found for side in SIDES for found in deletions.of_records(connection, side, ids).values()],
        intents=[found for side in SIDES for found in intents.of_records(connection, side, ids).values()],
        conflicts=conflict_rows(connection, overview.conflicts_of(connection, ids)),
        history=[rows[number] for number in sorted(rows)],
    )


def _users(connection: Connection, known: Sequence[Link]) -> list[str]:
    link = next((link for link in known if link.state == links.OPEN), None)
    if link is None:
        return []
    people = roster.participants(connection, everyone=True)
    assignee = next((who for who in people if who.sales_connect_id == link.reminder_user), None)
    owner = next((who for who in people if who.salesforce_id == link.task_user and who.salesforce_id), None)
    return [
        f"the reminder's assignee {link.reminder_user} {_state(assignee)}"
        if link.reminder_user
        else "the reminder's assignee is told by the next run: it was made and not read since",
        f"the task's owner {link.task_user} {_state(owner)}"
        if link.task_user
        else "the task's owner is told by the next run: it was made and not read since",
    ]


def _state(who: roster.Participant | None) -> str:
    if who is None:
        return "is not on the roster"
    if not who.is_on:
        return "has task sync off"
    return f"is left out: {who.left_out}" if who.left_out else "takes part"


def reasons(connection: Connection, given: str) -> list[str]:
    """Why the ledger may not know a record (sync-rules §1, §2, §4)."""
    told = [*_form(given.strip()), *_unread(connection)]
    people = roster.participants(connection)
    out = sum(person.left_out is not None for person in people)
    told.append(
        f"Its user does not take part: {many(len(people), 'user')} with task sync on, {out} left out "
        "(`tasksync status` names them)."
    )
    since = min((person.enabled_at for person in people if person.left_out is None), default=None)
    before = f"; the first was on {moment(since)}" if since else ""
    told.append(
        "It is from before its user turned task sync on: a reminder created earlier, or a task last touched more than "
        f"{LOOKBACK_SAID} earlier{before}."
    )
    told.append(
        "It is of a kind that does not sync: the main record of a recurring series, a logged activity, a queue's task, "
        "or a closed task whose Status does not travel."
    )
    return told


def _form(given: str) -> list[str]:
    if is_id(given) and not given.startswith(TASK_PREFIX) and given[0] == "0":
        return [f"If this is a Salesforce id, it is none of a task: those begin with {TASK_PREFIX}."]
    return []


def _unread(connection: Connection) -> list[str]:
    told = []
    for direction in DIRECTIONS:
        run = overview.last_run(connection, direction)
        if run is None:
            told.append(f"It was never read: there was no run {direction} yet.")
        elif not run["complete"]:
            told.append(f"It was not read yet: the last run {direction} (run {run['id']}) did not get to its end.")
        else:
            told.append(f"It was created after the last run {direction} began, {moment(run['started_at'])}.")
    return told
