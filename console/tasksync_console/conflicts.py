"""Recorded conflicts, with the names of their tasks and in a person's words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_console.names import Names
from tasksync_console.words import SERVICES, short

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

DELETION = "deletion"
"""The field of a conflict between an edit on one side and a deletion on the other (sync-rules §6)."""


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """One recorded conflict.

    Attributes:
        base: [reminder value, task value] when they last agreed; None: they never did.
        winner: The side whose value stands.
    """

    id: int
    run_id: int
    at: datetime
    name: str | None
    reminder_id: str
    task_id: str
    field: str
    base: Sequence[Any] | None
    reminder_value: Any
    task_value: Any
    winner: str

    def in_words(self) -> str:
        """What met what, and which one stands."""
        loser = "task" if self.winner == "reminder" else "reminder"
        if self.field == DELETION:
            lost = self.task_value if loser == "task" else self.reminder_value
            told = ", ".join(f"{key} {short(value, 30)}" for key, value in (lost or {}).items())
            return f"deleted in {SERVICES[self.winner]}, edited in {SERVICES[loser]}; lost there: {told or 'nothing'}"
        return (
            f"{self.field}: Sales Connect {short(self.reminder_value)}, Salesforce {short(self.task_value)}; "
            f"{SERVICES[self.winner]}'s stands"
        )


def conflict_rows(connection: Connection, found: Sequence[Mapping[str, Any]]) -> list[ConflictRow]:
    """Rows of the ledger's table, with their names."""
    names = Names(connection, [(row["reminder_id"], row["task_id"]) for row in found])
    return [ConflictRow(**row, name=names.of((row["reminder_id"], row["task_id"]))) for row in found]
