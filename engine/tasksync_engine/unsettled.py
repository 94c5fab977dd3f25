"""Creates of which nobody knows what they made: looked for before they go out again (sync-rules §7.4).

Only where a create cannot be repeated, that is to Salesforce without a link field.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tasksync_engine.destination import Window
from tasksync_engine.ledger import intents, links
from tasksync_engine.ledger.intents import Sent
from tasksync_engine.ledger.parked import DOUBTFUL, UNSETTLED
from tasksync_engine.likeness import LONGEST_CALL, assign, may_be, window

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime
    from typing import Any

    from tasksync_engine.context import Context
    from tasksync_engine.ledger.intents import Intent
    from tasksync_engine.ledger.parked import Parked
    from tasksync_engine.records import Record


class Outcome(StrEnum):
    """What a look for the record of an unsettled create told."""

    MADE = "it made a record"
    UNDER_WAY = "no record yet, and the request may still be under way"
    DOUBTFUL = "there is a record that it may have made, which holds too little of what was sent"
    NOT_MADE = "it made nothing"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of one create, with the record that it made."""

    outcome: Outcome
    record: Record | None = None


def is_repeatable(context: Context) -> bool:
    """Whether sending a create again returns what the first one made."""
    return context.destination.traces is None or context.fields.task_field is not None


def what_to_note(context: Context, values: Mapping[str, Any]) -> Sent | None:
    """What to note of a create before it goes out; None where it can be repeated."""
    traces = context.destination.traces
    return None if traces is None or is_repeatable(context) else Sent(values, traces.user, traces.now())


def look_up(context: Context, asked: Sequence[Intent | None]) -> dict[str, Verdict]:
    """By source id: what became of each create that was never settled and cannot be repeated.

    Nothing is looked for unless one is among those `asked` for; then all of them are, wherever their sources are met:
    only so is no record given to two.
    """
    traces = context.destination.traces
    if traces is None or not any(intent and intent.sent for intent in asked):
        return {}
    with context.ledger.transaction() as connection:
        waiting = intents.unsettled(connection, context.source)
    tasks = _unlinked(context, traces.find(merged([window(intent.sent) for intent in waiting if intent.sent])))
    made = assign(context.fields, waiting, tasks)
    at = traces.now()
    with context.ledger.transaction() as connection:
        intents.note_missed(connection, [intent for intent in waiting if intent.record_id not in made], at)
    given = {task.id for task in made.values()}
    left = [task for task in tasks if task.id not in given]
    return {intent.record_id: _verdict(intent, made, left, at) for intent in waiting}


def _unlinked(context: Context, tasks: Sequence[Record]) -> list[Record]:
    """Those that the ledger knows nothing of: what is linked, or was, is settled."""
    with context.ledger.transaction() as connection:
        known = links.of_records(connection, context.target, [task.id for task in tasks])
    return [task for task in tasks if task.id not in known]


def _verdict(intent: Intent, made: Mapping[str, Record], left: Sequence[Record], at: datetime) -> Verdict:
    if intent.record_id in made:
        return Verdict(Outcome.MADE, made[intent.record_id])
    if intent.sent is None or intent.sent.missed_at is None or at < intent.sent.missed_at + LONGEST_CALL:
        return Verdict(Outcome.UNDER_WAY)
    doubtful = any(may_be(window(intent.sent), task) for task in left)
    return Verdict(Outcome.DOUBTFUL if doubtful else Outcome.NOT_MADE)


def merged(windows: Iterable[Window]) -> list[Window]:
    """The same times in as few windows as possible, so that what a run lost costs few queries."""
    found: list[Window] = []
    for span in sorted(windows, key=lambda span: (span.by, span.begins)):
        last = found[-1] if found else None
        if last is None or last.by != span.by or (last.ends is not None and last.ends < span.begins):
            found.append(span)
        else:
            ends = None if last.ends is None or span.ends is None else max(last.ends, span.ends)
            found[-1] = Window(last.by, last.begins, ends)
    return found


def counterparts_made(verdicts: Mapping[str, Verdict]) -> dict[str, list[Record]]:
    """By source id, what its create made, as `Destination.counterparts` gives it."""
    return {key: [verdict.record] for key, verdict in verdicts.items() if verdict.record is not None}


def undecided_codes(
    context: Context, records: Sequence[Record], verdicts: Mapping[str, Verdict], retried: Mapping[str, Parked]
) -> dict[str, str]:
    """By id, why a record gets no counterpart now: it may have one, or may be one, which nobody can tell yet.

    Args:
        context: The run.
        records: Those without a link.
        verdicts: What became of their creates.
        retried: The parked changes that are tried again: a doubtful one only at the word of a person, who has looked.
    """
    with context.ledger.reading() as connection:
        of_others = intents.unsettled(connection, context.target)
    spans = merged(window(intent.sent) for intent in of_others if intent.sent)
    found = {record.id: UNSETTLED for record in records if any(may_be(span, record) for span in spans)}
    told = {key for key, change in retried.items() if change.code == DOUBTFUL}
    for key, verdict in verdicts.items():
        if verdict.outcome is Outcome.UNDER_WAY:
            found[key] = UNSETTLED
        elif verdict.outcome is Outcome.DOUBTFUL and key not in told:
            found[key] = DOUBTFUL
    return found
