"""Unlinked records of both sides that look like the same task: same subject, due date, person and user.

Pure: no clock, no I/O.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_engine.records import salesforce_id
from tasksync_mappings.fields import settled_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from tasksync_engine.records import Record
    from tasksync_mappings import Translation

Key = tuple[str, str | None, str | None, str]
"""Subject, due date, person (a contact's or lead's id), the Salesforce user."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An unlinked record that may have a twin.

    Attributes:
        name: What people call it.
        due: Its due date.
        keys: What it is known by; a reminder by its name and by the Subject that the template makes of it.
        is_owed: Whether the rules would make a counterpart for it, so that there would be a third one.
    """

    id: str
    name: str
    due: str | None
    keys: tuple[Key, ...]
    is_owed: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """Reminders and tasks that all look like the same task: a pair, or too many to tell which is whose."""

    reminders: tuple[Candidate, ...]
    tasks: tuple[Candidate, ...]

    @property
    def is_pair(self) -> bool:
        """Whether there is one of each."""
        return len(self.reminders) == len(self.tasks) == 1

    @property
    def is_owed(self) -> bool:
        """Whether a counterpart would be made for one of them."""
        return any(one.is_owed for one in (*self.reminders, *self.tasks))


def candidate(record: Record, translation: Translation) -> Candidate | None:
    """A record as a candidate; None where it has no subject, or names a counterpart already."""
    if record.pointer or record.is_tombstone:
        return None
    row = translation.fields.named("name")
    due = record.raw.get(translation.fields.named("due_date").column(record.side)) or None
    if record.side == "task":
        subjects, user = [record.raw.get(row.task)], record.user
        person = salesforce_id(record.raw.get("WhoId"))
    else:
        subjects = [translation.put(record.raw)["name"], record.raw.get(row.reminder)]
        user, person = translation.users.to_task.get(record.user or ""), _person(record.raw)
    told = dict.fromkeys(text for one in subjects if isinstance(one, str) and (text := settled_text(one)))
    if not told or not user:
        return None
    return Candidate(record.id, next(iter(told)), due, tuple((text, due, person, user) for text in told))


def _person(raw: Mapping[str, Any]) -> str | None:
    person = raw.get("person") or {}
    return salesforce_id(person.get("salesforce_contact_id") or person.get("salesforce_lead_id"))


def groups(reminders: Iterable[Candidate], tasks: Iterable[Candidate]) -> list[Group]:
    """Those that have a twin, in groups; within one, each is known by a key that another one has."""
    by_key: dict[Key, list[Candidate]] = defaultdict(list)
    for task in tasks:
        for key in task.keys:
            by_key[key].append(task)
    keys: dict[Key, Key] = {}
    met: dict[Key, list[Candidate]] = defaultdict(list)
    for reminder in reminders:
        shared = [key for key in reminder.keys if key in by_key]
        for key in shared:
            keys[_root(keys, key)] = _root(keys, shared[0])
        if shared:
            met[shared[0]].append(reminder)
    return list(_gathered(keys, by_key, met))


def _root(keys: dict[Key, Key], key: Key) -> Key:
    while keys.setdefault(key, key) != key:
        key = keys[key]
    return key


def _gathered(
    keys: dict[Key, Key], by_key: Mapping[Key, list[Candidate]], met: Mapping[Key, list[Candidate]]
) -> Iterator[Group]:
    """One group for all keys that some reminder shares."""
    roots: dict[Key, list[Key]] = defaultdict(list)
    for key in list(keys):
        roots[_root(keys, key)].append(key)
    for group in roots.values():
        reminders = {one.id: one for key in group for one in met.get(key, ())}
        tasks = {one.id: one for key in group for one in by_key.get(key, ())}
        yield Group(tuple(reminders.values()), tuple(tasks.values()))
