"""What `tasksync explain` adds by asking both services: current values, why there is no link, what comes next."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from tasksync_console.judging import Forecast, Rules, forecast, why_unlinked
from tasksync_console.services import PLUGINS, Owner, Seen, see, side_of, state_of, values_of
from tasksync_console.words import DIRECTIONS, SERVICES
from tasksync_engine.engine import TEMPLATE
from tasksync_engine.errors import ConfigError
from tasksync_engine.ledger import browsing, links, roster
from tasksync_engine.participation import Participation
from tasksync_engine.settings import EngineSettings
from tasksync_mappings import MappingError, Translation, load_mapping

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tasksync_console.explaining import Explanation
    from tasksync_console.project import Project
    from tasksync_engine.ledger import Ledger
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_mappings import FieldMap


@dataclass(frozen=True, slots=True)
class Now:
    """What both services say now.

    Attributes:
        reminders: What Sales Connect says.
        tasks: What Salesforce says.
        fields: The mapping.
        why: Why there is no open link; empty where there is one.
        coming: What the next runs will do about an open link.
        hold: What comes before that, in words: something is parked, a user is off; empty: nothing.
    """

    reminders: Seen
    tasks: Seen
    fields: FieldMap
    why: Sequence[str]
    coming: Sequence[Forecast]
    hold: str = ""

    def records(self) -> list[Record]:
        """All that was found."""
        return [*self.reminders.records.values(), *self.tasks.records.values()]

    def problems(self) -> list[str]:
        """Which service could not be asked, and why."""
        return [f"{SERVICES[seen.side]}: {seen.problem}" for seen in (self.reminders, self.tasks) if seen.problem]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "records": [
                {"side": one.side, "id": one.id, "state": state_of(one), "changed_at": one.changed_at,
                 "values": values_of(one, self.fields)}
                for one in self.records()
            ],
            "problems": self.problems(),
            "why": list(self.why),
            "coming": [asdict(one) for one in self.coming],
            "hold": self.hold,
        }  # fmt: skip


def look(ledger: Ledger, project: Project, found: Explanation) -> Now:
    """Ask both services about a record and its counterparts, and judge by the rules.

    Args:
        ledger: The ledger.
        project: Whose credentials and settings are used.
        found: What the ledger knows of the record.

    Raises:
        ConfigError: A setting or the mapping file cannot be used.
    """
    rules = rules_of(ledger, project)
    owner = Owner(ledger.get("org_id"), ledger.get("account_id"))
    fields = rules.translation.fields
    return judged(found, fields, rules, see(project, fields, found.ids, owner))


def rules_of(ledger: Ledger, project: Project) -> Rules:
    """What the project decides by: its mapping file and settings, with the ledger's roster and template.

    Raises:
        ConfigError: A setting or the mapping file cannot be used.
    """
    settings = EngineSettings.from_config(project.plugin_settings(PLUGINS["task"]) | {"ledger_url": "unused"})
    lookback = EngineSettings.from_config(project.plugin_settings(PLUGINS["reminder"]) | {"ledger_url": "unused"})
    try:
        fields = load_mapping(settings.mapping_path)
    except MappingError as error:
        raise ConfigError(str(error)) from error
    with ledger.reading() as connection:
        people = roster.participants(connection, everyone=True)
        latest = {direction: browsing.last_complete_run(connection, direction) for direction in DIRECTIONS}
    users = Participation.of([who for who in people if who.is_on]).translation()
    return Rules(
        translation=Translation(fields, users, ledger.get(TEMPLATE) or None),
        people=people,
        policy=settings.conflict_policy,
        lookback=lookback.initial_lookback,
        began={direction: None if run is None else run["started_at"] for direction, run in latest.items()},
    )


def judged(found: Explanation, fields: FieldMap, rules: Rules, seen: tuple[Seen, Seen]) -> Now:
    """What follows from what was seen."""
    reminders, tasks = seen
    link = next((link for link in found.links if link.state == links.OPEN), None)
    if link is not None:
        coming = forecast(link, reminders.one(link.reminder_id), tasks.one(link.task_id), rules)
        return Now(reminders, tasks, fields, [], coming, _hold(found, link, rules))
    return Now(reminders, tasks, fields, _why(found, rules, seen), [])


def _hold(found: Explanation, link: Link, rules: Rules) -> str:
    """What a difference waits for: the next runs do nothing about it before (§1.3, §6, §7.2)."""
    users = {who.sales_connect_id for who in rules.people if who.is_on and who.salesforce_id}
    users |= {who.salesforce_id for who in rules.people if who.is_on and who.salesforce_id}
    if any(user is not None and user not in users for user in (link.reminder_user, link.task_user)):
        return "once both users take part"
    if found.deletions:
        return "unless the deletion is carried out before"
    return "once what is parked is tried again" if found.parked else ""


def _why(found: Explanation, rules: Rules, seen: tuple[Seen, Seen]) -> list[str]:
    if found.parked:
        return ["What is parked of it, above, says why."]
    if found.intents:
        return ["Its counterpart may be on its way: the next run looks for it (§7.4)."]
    side = side_of(found.ids[0])
    asked = seen[0] if side == "reminder" else seen[1]
    record = next((one for one in map(asked.one, found.ids) if one is not None), None)
    if asked.problem:
        return []
    if record is None:
        kept = "30 days" if side == "reminder" else "its time in the recycle bin"
        gone = f"it never existed there, or was deleted and forgotten after {kept}"
        return [f"{SERVICES[side]} knows no {side} of this id: {gone}."]
    told = why_unlinked(record, found.links, rules)
    other = seen[1] if side == "reminder" else seen[0]
    twin = next((one for one in other.records.values() if record.id == one.pointer or one.id == record.pointer), None)
    if twin is not None:
        lives = "lives" if state_of(twin) == "lives" else "is deleted"
        told.append(f"Its counterpart, {twin.side} {twin.id}, {lives}: a run that takes it links the two (§2.3).")
    return told
