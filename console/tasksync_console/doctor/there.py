"""What both services say: credentials, permissions, link field, picklists, template, clocks, API calls. Reads only."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasksync_clients.errors import ClientError, Refused
from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_console.doctor.symptom import Symptom
from tasksync_console.services import PLUGINS
from tasksync_console.words import many, some
from tasksync_engine.destinations import SalesforceDestination
from tasksync_engine.errors import EngineError
from tasksync_mappings import TEMPLATE_FIELDS, template_fields

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tasksync_console.project import Project
    from tasksync_mappings import FieldMap

FAST = timedelta(seconds=60)
OVERLAP = timedelta(minutes=10)
"""As far as the taps re-read: a clock that is off by more can cost changes (lookback_seconds)."""
MAPPED = "link field and mapping"
RELATED = ("User", "Contact", "Lead", "Account", "Opportunity")
"""What tasks are given to and created for; without User nobody can be matched by email."""


def look_at_sales_connect(project: Project, account_id: str | None, fields: FieldMap | None) -> Iterator[Symptom]:
    """Credentials, whose tenant it is, the template, users and reminders."""
    about = "sales connect"
    try:
        config = project.plugin_settings(PLUGINS["reminder"])
        with closing(SalesConnectClient(SalesConnectSettings.from_config(config))) as client:
            told = client.salesforce_settings()
            yield _owned("Sales Connect tenant", account_id, told["account_id"], about)
            yield _clock(client.server_time(), about)
            yield from _template(told.get("activity_detail_customization"), fields)
            yield from _users(client)
            next(client.reminders(limit=1), None)
            what = "Reminders can be read. Whether they can be written is not tried: nothing is written here."
            yield Symptom(about, "ok", what)
    except (ClientError, EngineError) as error:
        yield Symptom(about, "fail", str(error), _next_step(error))


def _owned(what: str, known: str | None, found: str, about: str) -> Symptom:
    if known in {None, found}:
        return Symptom(about, "ok", f"The credentials lead to {what} {found}.")
    said = f"The ledger belongs to {what} {known}, but the credentials lead to {found}."
    return Symptom(about, "fail", said, "Check MELTANO_ENVIRONMENT, the credentials and TASKSYNC_LEDGER_URL.")


def _clock(theirs: datetime, about: str) -> Symptom:
    apart = abs(datetime.now(UTC) - theirs)
    said = f"Its clock and this machine's are {apart.total_seconds():.0f} s apart."
    if apart <= FAST:
        return Symptom(about, "ok", said)
    return Symptom(about, "fail" if apart > OVERLAP else "warn", said, "Set this machine's clock by NTP.")


def _template(theirs: str | None, fields: FieldMap | None) -> Iterator[Symptom]:
    ours = fields.template if fields else None
    template, where = (ours, "the mapping file") if ours else (theirs, "Sales Connect's settings")
    if not template:
        yield Symptom("template", "ok", "There is none: a task's Subject is the reminder's name.")
        return
    unknown = sorted(set(template_fields(template)) - set(TEMPLATE_FIELDS))
    if unknown:
        what = f"The subject template of {where} names {some(unknown, 5)}, which is filled with nothing."
        yield Symptom("template", "warn", what, f"Known are {', '.join(TEMPLATE_FIELDS)}.")
    else:
        yield Symptom("template", "ok", f"The subject template of {where} names nothing unknown.")


def _users(client: SalesConnectClient) -> Iterator[Symptom]:
    users = [user for page in client.users() for user in page]
    on = sum(bool((user.get("task_sync") or {}).get("enabled")) for user in users)
    said = f"{many(len(users), 'user')}, {on} with task sync on."
    remedy = "" if on else "Turn it on for somebody: `tasksync enable USER`."
    yield Symptom("sales connect", "ok" if on else "warn", said, remedy)


def look_at_salesforce(project: Project, org_id: str | None, fields: FieldMap | None) -> Iterator[Symptom]:
    """Credentials, whose org it is, what the integration user may do, link field, picklists and API calls."""
    about = "salesforce"
    try:
        config = project.plugin_settings(PLUGINS["task"])
        with closing(SalesforceClient(SalesforceSettings.from_config(config))) as client:
            yield _owned("Salesforce org", org_id, client.org_id, about)
            yield _clock(client.server_time(), about)
            task = client.describe("Task")
            yield from _permissions(client, task)
            if fields is not None:
                yield from _mapped(SalesforceDestination(client, fields), task, fields.task_field)
            yield _calls(client)
    except (ClientError, EngineError) as error:
        yield Symptom(about, "fail", str(error), _next_step(error))


def _permissions(client: SalesforceClient, task: dict[str, Any]) -> Iterator[Symptom]:
    wanted = {"queryable": "read", "createable": "create", "updateable": "edit", "deletable": "delete"}
    lacking = [word for member, word in wanted.items() if not task.get(member)]
    if lacking:
        what = f"The integration user may not {', '.join(lacking)} tasks."
        yield Symptom("permissions", "fail", what, "Give it the permissions of docs/salesforce-setup.md.")
    else:
        yield Symptom("permissions", "ok", "The integration user may read, create, edit and delete tasks.")
    now = client.server_time()
    yield from _tried("Deleted tasks can be listed", lambda: client.deleted("Task", now - OVERLAP, now))
    for name in RELATED:
        yield from _tried(f"{name} can be read", lambda name=name: client.count(f"SELECT COUNT() FROM {name}"), name)  # type: ignore[misc]  # noqa: S608 - of these names alone


def _tried(said: str, do: Callable[[], object], name: str | None = None) -> Iterator[Symptom]:
    try:
        do()
    except Refused as error:
        needed = name in {None, "User"}
        what = f"Not so: {said[0].lower()}{said[1:]} ({error.code or error.status})."
        remedy = "Let the integration user read it." if needed else "Tasks for such records are parked until it may."
        yield Symptom("permissions", "fail" if needed else "warn", what, remedy)
    else:
        yield Symptom("permissions", "ok", f"{said}.")


def _mapped(destination: SalesforceDestination, task: dict[str, Any], link_field: str | None) -> Iterator[Symptom]:
    problems = list(destination.problems(task))
    yield from (Symptom(MAPPED, "fail", problem, "See docs/salesforce-setup.md.") for problem in problems)
    if not problems:
        yield Symptom(MAPPED, "ok", "The org has every field and picklist value of the mapping.")
    described = next((one for one in task["fields"] if one.get("name") == link_field), None)
    for member, said in (("unique", "unique"), ("caseSensitive", "case-sensitive")):
        if described is not None and not described.get(member):
            what = f"Task.{link_field} is not {said}: two tasks could carry one reminder's id."
            yield Symptom(MAPPED, "fail", what, "Deploy it as salesforce/ has it.")


def _calls(client: SalesforceClient) -> Symptom:
    usage, left = client.usage, client.calls_left
    if usage is None or left is None:
        return Symptom("salesforce", "ok", "It does not tell how many API calls there are.")
    said = f"{usage[0]:,} of {usage[1]:,} API calls of 24 hours are used; {max(left, 0):,} are left for the sync."
    if left > usage[1] // 20:
        return Symptom("salesforce", "ok", said)
    return Symptom("salesforce", "warn", said, "What is urgent goes first; see docs/sync.md about API calls.")


def _next_step(error: Exception) -> str:
    return "" if "\n" in str(error) else "Mend that first; nothing more can be seen of it until then."
