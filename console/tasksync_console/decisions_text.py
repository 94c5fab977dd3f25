"""What `tasksync explain` prints of decisions: those that were taken, and those that the next run will take."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_console.services import state_of
from tasksync_console.words import DIRECTIONS, SERVICES, clean, moment, short
from tasksync_mappings import Rule, other

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from tasksync_console.explaining_now import Now

SECTIONS = {
    "create": "no counterpart was found (§2.3), so one was made",
    "link": "the counterpart was found (§2.3), and nothing made",
    "delete": "the other record was deleted (§6)",
    "close": "a deletion ended the link (§6)",
    "point": "without a link field the reminder gets its task's id (§2.5)",
    "undo": "a person took back what a run had written",
    "release": "a person let it go on although it was written often (§7.2)",
}
"""By the history's action, the rule that decided the record as a whole."""

QUIET = frozenset({Rule.AGREES, Rule.NOT_CHANGED})
"""Rules that leave a field as it is because there is nothing to do: of an update they are not told."""


def print_now(console: Console, now: Now, *, linked: bool) -> None:
    """Print what the services say now, why there is no link, and what comes next."""
    for problem in now.problems():
        console.print(f"\nNot asked: {clean(problem)}")
    if not linked:
        for record in now.records():
            when = f"changed {moment(record.changed_at)}"
            console.print(f"\nNow: {clean(f'{record.side} {record.id}')} {state_of(record)}, {when}")
    if now.why:
        console.print("\nWhy it is not linked:")
    for reason in now.why:
        console.print(f"  {clean(reason)}")
    if linked and not now.problems():
        lines = [one.in_words() for one in now.coming] or ["nothing: both sides agree, or wait for a deletion"]
        console.print(f"\nThe next runs{f', {now.hold}' if now.hold else ''}:")
        for line in lines:
            console.print(f"  {clean(line)}")


def print_decisions(console: Console, history: Sequence[Mapping[str, Any]]) -> None:
    """Print every decision that was taken, the oldest first: when, in which run, by which rule, what was written."""
    if history:
        console.print("\nHistory:")
    for row in history:
        detail: Mapping[str, Any] = row["detail"] or {}
        console.print(f"  {moment(row['at'])}  run {row['run_id']}  {clean(headline(row['action'], detail))}")
        for line in field_lines(detail):
            console.print(f"    {clean(line)}")


def headline(action: str, detail: Mapping[str, Any]) -> str:
    """What was done, where, and by which rule."""
    where = f" in {SERVICES[detail['to']]}" if detail.get("to") in SERVICES else ""
    why = SECTIONS.get(action)
    more = detail.get("outcome") or detail.get("origin")
    told = "; ".join(str(part) for part in (why, more) if part)
    undone = f" (run {detail['undoes']})" if "undoes" in detail else ""
    return f"{action}{where}{undone}{f': {told}' if told else ''}"


def field_lines(detail: Mapping[str, Any]) -> Iterator[str]:
    """One line for each field that was written, or that a rule left as it was."""
    for name, told in (detail.get("fields") or {}).items():
        rule = told.get("rule", "")
        if "after" in told:
            yield f"{name} {short(told.get('before'))} → {short(told['after'])}: {_ruled(rule, detail, written=True)}"
        elif rule not in QUIET:
            yield f"{name} not written: {_ruled(rule, detail, written=False)}"
    for column, value in (detail.get("also") or {}).items():
        yield f"also {column} {short(value, 40)}"
    for column, value in (detail.get("values") or {}).items():
        yield f"{column} {short(value)}"
    if "after" in detail:
        yield f"{short(detail.get('before'))} → {short(detail['after'])}"


def _ruled(rule: str, detail: Mapping[str, Any], *, written: bool) -> str:
    """A rule with its section, and who won where two met."""
    section = " (§5)" if rule in set(Rule) else ""
    source = next((other(side) for side in DIRECTIONS.values() if side == detail.get("to")), None)
    if rule != Rule.CONFLICT or source is None:
        return f"{rule}{section}"
    return f"{rule}{section}; {SERVICES[source if written else other(source)]} won"
