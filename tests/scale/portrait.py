"""What both sides hold, without ids and times: equal portraits are the same work, nothing lost and nothing doubled."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

TASK = ("Subject", "Status", "Priority", "ActivityDate", "Description", "OwnerId")
REMINDER = ("name", "status", "priority", "due_date", "details", "assignee_id")
MOST_ROWS = 100_000


def portrait(sandbox: SandboxHandle) -> dict[str, Counter[tuple[Any, ...]]]:
    """The living records of both sides, counted by what a person sees of them."""
    tasks = sandbox.control("salesforce", "GET", f"rows/Task?limit={MOST_ROWS}")
    reminders = sandbox.control("sales_connect", "GET", f"rows/reminders?limit={MOST_ROWS}")
    return {
        "tasks": Counter(tuple(row.get(name) for name in TASK) for row in tasks if not row.get("IsDeleted")),
        "reminders": Counter(tuple(row.get(name) for name in REMINDER) for row in reminders if not row["deleted_at"]),
    }
