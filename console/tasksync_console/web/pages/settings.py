"""Settings: the task sync box per user, the subject template with a preview, and the mapping to read."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

from tasksync_console.asking import QuickProject
from tasksync_console.explaining_now import rules_of
from tasksync_console.participating import read_users
from tasksync_console.switching import in_words, switch
from tasksync_engine.errors import EngineError
from tasksync_engine.ledger import roster
from tasksync_mappings.subject import DEFAULT_TEMPLATE, TEMPLATE_FIELDS, carries_name, render, template_fields

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

    from tasksync_console.judging import Rules
    from tasksync_console.web.visit import Visit
    from tasksync_engine.ledger import Participant

SIZE = 50
LONGEST_TEMPLATE = 2000
SUBJECT_LENGTH = 255
SAMPLE: Mapping[str, Any] = {
    "type": "call",
    "name": "Call about the renewal",
    "campaign": {"name": "Autumn outreach", "day": 3, "step": 2},
    "call_outcome": "Connected",
    "call_reason": "Follow-up",
}
"""The reminder that a preview renders."""


def show(visit: Visit) -> Response:
    """All of it; a `template` in the query is previewed."""
    services = visit.console.services
    asked = services.ask(lambda: read_users(services.sales_connect()))
    decided_by, trouble = _rules(visit)
    in_force = decided_by.translation.template if decided_by else DEFAULT_TEMPLATE
    users = asked()
    sought = visit.query.get("q", "").strip()
    matching = [user for user in users.told or () if user.answers_to(sought)]
    return visit.page(
        "settings.html",
        users=matching[:SIZE],
        matching=len(matching),
        sought=sought,
        users_trouble=users.trouble,
        known=_known(visit) if users.trouble else [],
        rules=decided_by,
        rules_trouble=trouble,
        mapping_path=services.config("task").get("mapping_path") if decided_by else None,
        in_force=in_force,
        **_previewed(visit.query.get("template", in_force)),
    )


def preview(visit: Visit) -> Response:
    """The preview alone, for the script that renews it while somebody types."""
    return visit.page("preview.html", **_previewed(visit.query.get("template", "")))


def set_box(visit: Visit) -> Response:
    """Turn a user's task sync on or off in Sales Connect."""
    user, on = visit.form.get("user", ""), visit.form.get("on") == "true"
    back = visit.form.get("next") or "/settings"
    done = visit.console.services.ask(lambda: switch(user, on=on))()
    if done.late:
        said = f"{done.trouble} The box may still change: load this page again in a minute to see how it stands."
        return visit.go(back, said, kind="bad")
    if done.told is None:
        return visit.go(back, f"Task sync was not changed: {done.trouble}", kind="bad")
    return visit.go(back, in_words(done.told))


def _rules(visit: Visit) -> tuple[Rules | None, str | None]:
    """What the project decides by; without a ledger or a mapping file that can be used, why not."""
    try:
        with visit.ledger() as ledger:
            return rules_of(ledger, QuickProject.here()), None
    except EngineError as error:
        return None, str(error)


def _known(visit: Visit) -> Sequence[Participant]:
    """Whom the ledger knows, where Sales Connect cannot be asked."""
    with suppress(EngineError), visit.ledger() as ledger, ledger.reading() as connection:
        return roster.participants(connection, everyone=True)
    return []


def _previewed(template: str) -> dict[str, Any]:
    """What a template makes of the sample, and what in it is not known."""
    tried = template[:LONGEST_TEMPLATE]
    used = template_fields(tried)
    return {
        "tried": tried,
        "subject": render(tried, SAMPLE, SUBJECT_LENGTH),
        "unknown": [name for name in dict.fromkeys(used) if name not in TEMPLATE_FIELDS],
        "carries_name": carries_name(tried),
        "fields": [(name, render("{{" + name + "}}", SAMPLE, None)) for name in TEMPLATE_FIELDS],
    }
