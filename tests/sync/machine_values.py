"""What values mean on the other side: a second reading of sync-rules §3, independent of the product's own."""

from __future__ import annotations

from typing import Any

from tests.sync.machine_world import PEOPLE

STATUSES = {"open": "Not Started", "completed": "Completed"}
PRIORITIES = {"normal": "Normal", "high": "High"}
LIMITS = {"name": 255, "details": 32_000}
KINDS = {"custom": "Custom", "call": "Call", "email": "Email", "inmail": "InMail"}


def cut(text: str, limit: int) -> str:
    """At most `limit` of Salesforce's characters, an emoji counting as two."""
    kept, length = [], 0
    for character in text:
        length += 2 if ord(character) > 0xFFFF else 1
        if length > limit:
            break
        kept.append(character)
    return "".join(kept)


def settled(value: Any) -> Any:
    r"""A text as Salesforce keeps it: \n alone, nothing around it, null instead of nothing."""
    if not isinstance(value, str):
        return value
    return "\n".join(value.replace("\r\n", "\n").split("\r")).strip() or None


def as_held(side: str, name: str, value: Any) -> Any:
    """A value as its own service will hold it; a Subject has no line breaks."""
    if side == "reminder":
        return value
    held = settled(value)
    return held.replace("\n", " ") if name == "name" and held else held


def subject(template: str, reminder: Any) -> str | None:
    """The Subject that a reminder gets."""
    text = template.replace("{{activity_subject}}", reminder["name"])
    text = text.replace("{{activity_type}}", KINDS[reminder["type"]])
    return settled(cut(" ".join(f"{text}.".splitlines())[:-1], LIMITS["name"]))


def travels(name: str, value: Any) -> bool:
    """Whether a task's value has a counterpart in a reminder."""
    if name == "status":
        return value in STATUSES.values()
    if name == "priority":
        return value in PRIORITIES.values()
    return name != "assignee" or value in PEOPLE.values()


def agree(name: str, reminder: Any, task: Any) -> bool:
    """Whether a reminder's and a task's value of one field are the same; not for names."""
    if name == "status":
        return STATUSES.get(reminder) == task
    if name == "priority":
        return PRIORITIES.get(reminder) == task
    if name == "assignee":
        return PEOPLE.get(reminder) == task
    if name == "due_date":
        return (reminder or None) == (task or None)
    return settled(cut(reminder or "", LIMITS["details"])) == settled(task) or reminder == task


def same(side: str, left: Any, right: Any) -> bool:
    """Whether two values of one side are the same to the service that holds them."""
    return bool(left == right) if side == "reminder" else bool(settled(left) == settled(right))
