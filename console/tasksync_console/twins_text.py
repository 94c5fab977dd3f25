"""Records that look like the same task, for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.words import clean, many, short

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasksync_engine.twins import Candidate, Group

SHOWN_IDS = 5


def group_in_words(group: Group) -> list[str]:
    """A pair on one line; of more, how many there are of each, and which."""
    first = group.reminders[0]
    about = f"{short(first.name)}{f', due {first.due}' if first.due else ''}"
    if group.is_pair:
        return [clean(f"{about} (reminder {first.id}, task {group.tasks[0].id})")]
    told = f"{about}: {many(len(group.reminders), 'reminder')}, {many(len(group.tasks), 'task')}"
    return [clean(told), f"reminders {_ids(group.reminders)}", f"tasks {_ids(group.tasks)}"]


def _ids(candidates: Sequence[Candidate]) -> str:
    rest = len(candidates) - SHOWN_IDS
    return ", ".join(one.id for one in candidates[:SHOWN_IDS]) + (f" and {rest} more" if rest > 0 else "")
