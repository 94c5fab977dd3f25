"""The page on security has statements that delete a person's data: they run, and leave other people's alone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy

from tasksync_engine.ledger import deletions, links, parked, roster, runs
from tasksync_engine.ledger.deletions import Deletion
from tasksync_engine.ledger.roster import Participant
from tasksync_engine.ledger.runs import Event, RecordedConflict
from tasksync_mappings import Conflict, Pair

if TYPE_CHECKING:
    from tasksync_engine.ledger import Ledger

PAGE = Path(__file__).parents[2] / "docs/security.md"
AT = datetime(2030, 1, 1, tzinfo=UTC)
SALESFORCE_IDS = {"u1": "005000000000001AAA", "u2": "005000000000002AAA"}


def statements() -> list[str]:
    """The page's own."""
    (block,) = re.findall(r"```sql\n(.*?)```", PAGE.read_text(encoding="utf-8"), flags=re.DOTALL)
    return [statement.strip() for statement in block.split(";") if statement.strip()]


def fill(ledger: Ledger, user: str) -> None:
    """One pair of a person, with everything that may hang on it."""
    reminder_id, task_id = f"rem_{user}", f"00T0000000000{user}AAA"
    base = {"details": Pair(user, user)}
    with ledger.transaction() as connection:
        pair = links.NewLink(reminder_id, task_id, base, user, SALESFORCE_IDS[user], "pushed")
        links.add(connection, [pair], AT)
        change = {"category": "Other", "message": "no", "payload": {"name": user}, "parked_at": AT, "user_id": user}
        parked.park(connection, [parked.Parked("reminder", reminder_id, "X", **change)])
        lost = RecordedConflict(reminder_id, task_id, Conflict("details", None, Pair("a", "b"), "task"))
        runs.write_conflicts(connection, 1, AT, [lost])
        runs.write_history(connection, 1, AT, [Event("update", reminder_id, task_id, {"to": "task", "fields": {}})])
        tombstone = Deletion("task", task_id, deletions.PENDING, AT, {"Subject": user}, AT, 1)
        deletions.note(connection, [tombstone])


def test_the_statements_delete_one_persons_rows_and_no_others(opened: Ledger) -> None:
    """Afterwards no table knows the person; the other one's pair is whole."""
    people = [Participant(user, held, AT, email=f"{user}@example.com") for user, held in SALESFORCE_IDS.items()]
    with opened.transaction() as connection:
        roster.replace(connection, people)
    for user in SALESFORCE_IDS:
        fill(opened, user)
    with opened.transaction() as connection:
        for statement in statements():
            connection.execute(sqlalchemy.text(statement), {"u": "u1", "s": SALESFORCE_IDS["u1"]})
        for table in ("links", "parked", "conflicts", "history", "deletions", "roster"):
            rows = connection.execute(sqlalchemy.text(f"SELECT * FROM {table}")).all()  # noqa: S608 - a literal
            assert len(rows) == 1, table
            assert "u1" not in str(rows), table
