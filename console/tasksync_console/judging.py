"""Why a record did not sync, and what the next run will do with it: the engine's own rules, asked without writing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_console.services import state_of
from tasksync_console.words import JOBS, SERVICES, moment, short
from tasksync_engine.ledger import links
from tasksync_engine.pairing import Skip, excluded, too_old
from tasksync_mappings import UNSET, ConflictPolicy, merge, other
from tasksync_mappings.merge import Rule, Times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime, timedelta

    from tasksync_engine.ledger import Participant
    from tasksync_engine.ledger.links import Link
    from tasksync_engine.records import Record
    from tasksync_mappings import Decision, Side, Translation

SECTIONS = {
    Skip.USER_OFF: "§1.1",
    Skip.LEFT_OUT: "§1.2",
    Skip.KEPT: "§6",
    Skip.BEFORE_ENABLED: "§2.2",
    Skip.BEFORE_LOOKBACK: "§2.1",
    Skip.RECURRENCE: "§4",
    Skip.LOGGED: "§4",
    Skip.QUEUE: "§4",
    Skip.CLOSED_UNMAPPED: "§3",
    Skip.STALE: "§6",
}


@dataclass(frozen=True, slots=True)
class Rules:
    """What judging depends on besides the records.

    Attributes:
        people: Everybody whom the roster knows, also who is off.
        lookback: How far before E a user's tasks are imported.
        began: Of each direction when its newest complete run began; None: there was none.
    """

    translation: Translation
    people: Sequence[Participant]
    policy: ConflictPolicy
    lookback: timedelta
    began: Mapping[str, datetime | None]

    def person(self, record: Record) -> Participant | None:
        """The roster's entry of a record's user."""
        if record.side == "reminder":
            return next((who for who in self.people if who.sales_connect_id == record.user), None)
        return next((who for who in self.people if who.salesforce_id and who.salesforce_id == record.user), None)


def why_unlinked(record: Record, past: Sequence[Link], rules: Rules) -> list[str]:
    """Why a record that lives, or is gone, has no open link.

    Args:
        record: As its service has it now.
        past: Its closed links.
        rules: The rules.
    """
    service = SERVICES[record.side]
    if record.is_tombstone:
        return [f"It is deleted in {service} since {moment(record.deleted_at)}: what is not linked is not made (§6)."]
    if past and past[0].state == links.KEPT:
        return [_said(Skip.KEPT)]
    return [_out_of_scope(record, rules) or _excluded(record, rules) or _not_yet(record, rules)]


def _said(reason: Skip, more: str = "") -> str:
    return f"{reason.value[0].upper()}{reason.value[1:]}{more} ({SECTIONS[reason]})."


def _out_of_scope(record: Record, rules: Rules) -> str | None:
    """By whose it is (§1); a queue's task is told as that."""
    if excluded(record.raw, rules.translation) is Skip.QUEUE:
        return None
    who = rules.person(record)
    word = "assignee" if record.side == "reminder" else "owner"
    if record.user is None:
        return f"It has no {word}, and so nobody who takes part (§1.1)."
    if who is None:
        return f"Its {word} {record.user} is nobody who has task sync on, as far as the roster knows (§1.1, §1.2)."
    if not who.is_on:
        return (
            f"Its {word} {_named(who)} has task sync off (§1.1): `tasksync enable {who.sales_connect_id}` turns it on."
        )
    if who.salesforce_id is None:
        return f"Its {word} {_named(who)} is left out: {who.left_out} (§1.2)."
    return None


def _named(who: Participant) -> str:
    return f"{who.email} ({who.sales_connect_id})" if who.email else who.sales_connect_id


def _excluded(record: Record, rules: Rules) -> str | None:
    """By what it is (§4), or by when it was made or touched (§2)."""
    reason = excluded(record.raw, rules.translation) if record.side == "task" else None
    if reason is not None:
        return _said(
            reason, f": its Status is {short(record.raw.get('Status'))}" if reason is Skip.CLOSED_UNMAPPED else ""
        )
    who = rules.person(record)
    if who is None or who.enabled_at is None:
        return None
    reason = too_old(record, who, rules.lookback)
    if reason is None:
        return None
    when = record.created_at if record.side == "reminder" else record.stamp
    return _said(reason, f": {moment(when)}, and task sync is on since {moment(who.enabled_at)}")


def _not_yet(record: Record, rules: Rules) -> str:
    direction = JOBS[record.side]
    began = rules.began.get(direction)
    if began is None:
        return (
            f"No rule speaks against it; there was no complete run {direction} yet. `meltano run {direction}` takes it."
        )
    if record.stamp >= began:
        return (
            f"No rule speaks against it: it was touched at {moment(record.stamp)}, after the last complete run "
            f"{direction} began ({moment(began)}). The next one takes it."
        )
    return (
        f"No rule speaks against it now, and the last complete run {direction} ({moment(began)}) began after it was "
        f"touched ({moment(record.stamp)}): rules or user may have been others then. `tasksync reconcile` shows it."
    )


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the next runs will do about one field.

    Attributes:
        to: The side that is written; None: neither is.
        rule: Why, in the words of sync-rules §5.
        value: What would be written.
    """

    field: str
    to: Side | None
    rule: str
    value: Any = None

    def in_words(self) -> str:
        """One line."""
        if self.to is None:
            return f"{self.field}: stays as it is: {self.rule} (§5)"
        job = JOBS[other(self.to)]
        return f"{self.field}: {job} will write {short(self.value)} to {SERVICES[self.to]}: {self.rule} (§5)"


def forecast(link: Link, reminder: Record | None, task: Record | None, rules: Rules) -> list[Forecast]:
    """What the next runs will do about a linked pair whose records both live: field by field, where they differ."""
    if reminder is None or task is None or {state_of(reminder), state_of(task)} != {"lives"}:
        return []
    first = _decisions(link, reminder, task, rules)
    second = {one.field: one for one in _decisions(link, task, reminder, rules)}
    return [found for one in first if (found := _forecast(one, second.get(one.field))) is not None]


def _decisions(link: Link, source: Record, current: Record, rules: Rules) -> Iterator[Decision]:
    times = {source.side: source.changed_at, current.side: current.changed_at}
    return merge(
        rules.translation,
        source.side,
        link.base,
        source.raw,
        current.raw,
        Times(times["reminder"], times["task"]),
        rules.policy,
    )


def _forecast(to_task: Decision, to_reminder: Decision | None) -> Forecast | None:
    if to_task.rule is Rule.AGREES:
        return None
    if to_task.write is not UNSET:
        return Forecast(to_task.field, "task", to_task.rule.value, to_task.write)
    if to_reminder is not None and to_reminder.write is not UNSET:
        return Forecast(to_task.field, "reminder", to_reminder.rule.value, to_reminder.write)
    rules = [one.rule for one in (to_task, to_reminder) if one is not None and one.rule is not Rule.NOT_CHANGED]
    return Forecast(to_task.field, None, rules[0].value) if rules else None
