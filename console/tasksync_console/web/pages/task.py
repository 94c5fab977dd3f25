"""One task's history: all that is known of a reminder or a task, as `tasksync explain` tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.asking import QuickProject
from tasksync_console.decisions_text import field_lines, headline
from tasksync_console.differences import side_by_side
from tasksync_console.explaining import explain, reasons
from tasksync_console.explaining_now import judged, rules_of
from tasksync_console.explaining_text import DELETION_STATES, LINK_STATES
from tasksync_console.listing import next_step
from tasksync_console.services import Owner, Seen, see, state_of
from tasksync_engine.diagnostics import diagnose
from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger.links import OPEN

if TYPE_CHECKING:
    from starlette.responses import Response

    from tasksync_console.differences import Compared
    from tasksync_console.explaining import Explanation
    from tasksync_console.explaining_now import Now
    from tasksync_console.judging import Rules
    from tasksync_console.web.visit import Visit
    from tasksync_engine.ledger import Ledger
    from tasksync_engine.records import Record
    from tasksync_mappings import Side


def show(visit: Visit) -> Response:
    """By the id in the query."""
    given = visit.query.get("id", "").strip()
    if not given:
        return visit.page("find.html")
    with visit.ledger() as ledger:
        with ledger.reading() as connection:
            found = explain(connection, given)
            possible = [] if found.is_known else reasons(connection, given)
        now, rules, trouble = _now(visit, ledger, found)
    return visit.page(
        "task.html",
        status=200 if found.is_known else 404,
        given=given,
        found=found,
        possible=possible,
        now=now,
        trouble=trouble,
        unreached={seen.side: seen.problem for seen in (now.reminders, now.tasks) if seen.problem} if now else {},
        history=[
            (row, headline(row["action"], row["detail"] or {}), list(field_lines(row["detail"] or {})))
            for row in reversed(found.history)
        ],
        parked=[
            (change, diagnose(change.code, change.message, change.category), next_step(change))
            for change in found.parked
        ],
        deletion_words=DELETION_STATES,
        link_words=LINK_STATES,
        state_of=state_of,
        **_open_link(found, now, rules),
    )


def _now(visit: Visit, ledger: Ledger, found: Explanation) -> tuple[Now | None, Rules | None, str | None]:
    """What both services say now; without settings that can be used, why they were not asked."""
    project = QuickProject.here()
    try:
        rules = rules_of(ledger, project)
    except ConfigError as error:
        return None, None, str(error)
    fields, owner = rules.translation.fields, Owner(ledger.get("org_id"), ledger.get("account_id"))
    answer = visit.console.services.ask(lambda: see(project, fields, found.ids, owner))()
    unseen = Seen("reminder", {}, answer.trouble), Seen("task", {}, answer.trouble)
    return judged(found, fields, rules, answer.told or unseen), rules, None


def _open_link(found: Explanation, now: Now | None, rules: Rules | None) -> dict[str, object]:
    """The open link side by side: as it is now, or as far as it is known; and which side has no record any more."""
    link = next((link for link in found.links if link.state == OPEN), None)
    if link is None or now is None or rules is None:
        return {"open_link": link, "fields": [], "missing": []}
    reminder, task = now.reminders.one(link.reminder_id), now.tasks.one(link.task_id)
    missing: list[Side] = [
        seen.side
        for seen, record in ((now.reminders, reminder), (now.tasks, task))
        if seen.problem is None and state_of(record) != "lives"
    ]
    fields: list[Compared] = side_by_side(link, _living(reminder), _living(task), rules)
    return {"open_link": link, "fields": fields, "missing": missing}


def _living(record: Record | None) -> Record | None:
    return record if state_of(record) == "lives" else None
