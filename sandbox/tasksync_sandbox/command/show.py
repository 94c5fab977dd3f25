"""What both sides hold, side by side."""

from __future__ import annotations

import shutil
import sys
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from tasksync_sandbox.command.control import ask
from tasksync_sandbox.command.records import running_at

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_sandbox.command.place import Place

Record = dict[str, Any]
_MANY = 100_000


def show(place: Place, limit: int) -> int:
    """Print users, then reminders and tasks, linked ones on one line, the latest changed first."""
    running = running_at(place)

    def rows(url: str, table: str) -> list[Record]:
        found: list[Record] = ask(url, "GET", f"rows/{table}?limit={_MANY}", certificate=place.certificate)
        return found

    users = rows(running.sales_connect_url, "users")
    reminders = rows(running.sales_connect_url, "reminders")
    tasks = rows(running.salesforce_url, "Task")
    owners = {row["Id"]: row for name in ("User", "Group") for row in rows(running.salesforce_url, name)}
    names = {user["id"]: user["name"] for user in users}
    for user in users:
        sync = user["task_sync"]
        _line(
            f"{user['name']} <{user['email']}>", f"task sync since {sync['enabled_at']}" if sync["enabled"] else "off"
        )
    pairs = sorted(_pairs(reminders, tasks), key=_changed, reverse=True)
    _line("", "")
    _line("REMINDER", "TASK")
    for reminder, task in pairs[:limit]:
        _line(_reminder_text(reminder, names), _task_text(task, owners))
    if len(pairs) > limit:
        sys.stdout.write(f"… and {len(pairs) - limit} more (--limit)\n")
    return 0


def _pairs(reminders: list[Record], tasks: list[Record]) -> Iterator[tuple[Record | None, Record | None]]:
    by_id = {task["Id"][:15]: task for task in tasks}
    by_link = {task["Sales_Connect_Id__c"]: task for task in tasks if task.get("Sales_Connect_Id__c")}
    paired: set[str] = set()
    for reminder in reminders:
        task = by_link.get(reminder["id"]) or by_id.get((reminder["salesforce_task_id"] or "")[:15])
        if task is not None:
            paired.add(task["Id"])
        yield reminder, task
    yield from ((None, task) for task in tasks if task["Id"] not in paired)


def _changed(pair: tuple[Record | None, Record | None]) -> str:
    reminder, task = pair
    return max(reminder["updated_at"][:19] if reminder else "", task["SystemModstamp"][:19] if task else "")


def _reminder_text(row: Record | None, names: dict[str, str]) -> str:
    if row is None:
        return ""
    state = "deleted" if row["deleted_at"] else row["status"]
    return f"{state:9} {row['due_date'] or '':10} {names.get(row['assignee_id'], ''):12.12} {row['name']}"


def _task_text(row: Record | None, owners: dict[str, Record]) -> str:
    if row is None:
        return ""
    state = "deleted" if row.get("IsDeleted") else row.get("Status") or ""
    owner = owners.get(row.get("OwnerId", ""), {})
    name = owner.get("Name") or f"{owner.get('FirstName', '')} {owner.get('LastName', '')}".strip()
    return f"{state:11.11} {row.get('ActivityDate') or '':10} {name:12.12} {row.get('Subject') or ''}"


def _line(left: str, right: str) -> None:
    half = max(30, shutil.get_terminal_size((160, 24)).columns // 2 - 2)
    left = _cut(left, half)
    sys.stdout.write(f"{left}{' ' * (half - _width(left))}  {_cut(right, half)}".rstrip() + "\n")


def _width(text: str) -> int:
    """Columns on a terminal, where some letters and pictures take two."""
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)


def _cut(text: str, columns: int) -> str:
    while _width(text) > columns:
        text = text[:-1]
    return text
