"""`tasksync status` for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.printing import screen
from tasksync_console.words import DIRECTIONS, EMPTY, SERVICES, clean, many, moment, short, span
from tasksync_engine.ledger import deletions
from tasksync_mappings import other

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from rich.console import Console

    from tasksync_console.bookmarks import Bookmark
    from tasksync_console.summary import Deeds, Done, ParkedGroup, Person, Reach, RunReport, Summary, Waiting

SHOWN_PEOPLE = 20
_LONG_TEXT = 30

_DEEDS = {
    "create": "created in {there}",
    "update": "updated in {there}",
    "delete": "deleted in {there}",
    "link": "linked with a {record} that was found in {there}",
    "close": "links closed: already gone in {there}",
}
_PLANNED = {action: f"would be {words}" for action, words in _DEEDS.items()}

_ORDER = ("read", "echoed", "created", "linked", "updated", "unchanged", "deleted", "held", "conflicts", "parked")
_STYLES = {"ok": "green", "stopped": "bold red"}


def print_summary(summary: Summary, marks: Mapping[str, Bookmark], heading: str) -> None:
    """Print it all; sections without contents are left out."""
    console = screen()
    console.print(f"{heading}, {many(summary.links['open'], 'open link')}", style="bold")
    for direction, report in summary.runs.items():
        _print_run(console, direction, report)
    _print_reach(console, summary, marks)
    _print_roster(console, summary.roster)
    _print_parked(console, summary.parked)
    _print_deletions(console, summary.deletions)
    if summary.conflicts:
        _title(console, f"Conflicts of the last run: {len(summary.conflicts)}")
        _print_lines(console, (f"{row.name or row.task_id}: {row.in_words()}" for row in summary.conflicts))
    _print_findings(console, summary)


def _title(console: Console, text: str) -> None:
    console.print()
    console.print(clean(text), style="bold")


def _print_lines(console: Console, lines: Iterable[str], total: int = 0, *, indent: str = "  ") -> None:
    """Print lines; where there are more than those, in `total`, say how many."""
    shown = 0
    for line in lines:
        console.print(f"{indent}{clean(line)}")
        shown += 1
    if total > shown:
        console.print(f"{indent}... and {total - shown} more")


def _print_run(console: Console, direction: str, report: RunReport | None) -> None:
    title = f"Last run {direction}"
    if report is None:
        _title(console, f"{title}: none yet")
        console.print(f"  Run `meltano run {direction}`.")
        return
    kind = "plan only, nothing was written; " if report.dry_run else ""
    console.print()
    shard = f", shard {report.shard}" if report.shard else ""
    console.print(
        f"{title} (run {report.id}{shard}): {kind}{report.outcome}", style=_STYLES.get(report.outcome, "yellow")
    )
    _print_lines(console, _run_lines(report))
    service = SERVICES[DIRECTIONS[direction]]
    for action, deeds in report.done.items():
        words = (_PLANNED if report.dry_run else _DEEDS)[action].format(there=service, record=DIRECTIONS[direction])
        _print_deeds(console, words, deeds)


def _run_lines(report: RunReport) -> Iterable[str]:
    seconds = "" if report.seconds is None else f", {report.seconds:.1f} s"
    yield f"started {moment(report.started_at)}{seconds}, {many(report.api_calls, 'API call')}"
    yield counts_in_words(report.counts) or "nothing arrived"
    if report.skipped:
        yield "skipped: " + ", ".join(f"{number} ({why})" for why, number in sorted(report.skipped.items()))
    if report.message:
        yield report.message


def counts_in_words(counts: Mapping[str, int]) -> str:
    """What a run counted, in a fixed order and without zeros."""
    known = [key for key in _ORDER if counts.get(key)]
    others = sorted(key for key in counts if key not in _ORDER and counts[key])
    return ", ".join(f"{key} {counts[key]}" for key in [*known, *others])


def _print_deeds(console: Console, words: str, deeds: Deeds) -> None:
    console.print(f"  {words}: {deeds.total}")
    _print_lines(console, map(_deed, deeds.first), deeds.total, indent="    ")


def _deed(done: Done) -> str:
    name = short(done.name) if done.name else (done.task_id or done.reminder_id or EMPTY)
    changed = ", ".join(
        f"{field} {short(before, _LONG_TEXT)} → {short(after, _LONG_TEXT)}"
        for field, (before, after) in done.changes.items()
    )
    return f"{name}: {changed}" if changed else name


def _print_reach(console: Console, summary: Summary, marks: Mapping[str, Bookmark]) -> None:
    _title(console, "How far it got")
    for direction, reach in summary.reach.items():
        source = SERVICES[other(DIRECTIONS[direction])]
        _print_lines(console, [f"{source}: {_behind(reach)}"])
        _print_lines(console, [f"bookmark: {_mark(marks[direction])}"], indent="    ")
    if summary.budget is not None:
        told = summary.budget
        _print_lines(
            console,
            [f"Salesforce's API calls of 24 hours: {told.used:,} of {told.total:,} used, at {moment(told.told_at)}"],
        )


def _behind(reach: Reach) -> str:
    waiting = f", {reach.waiting} waiting" if reach.waiting else ""
    if reach.settled_until is None or reach.behind_seconds is None:
        return f"never read to the end{waiting}"
    return f"{span(reach.behind_seconds)} behind (settled until {moment(reach.settled_until)}){waiting}"


def _mark(mark: Bookmark) -> str:
    if mark.problem:
        return mark.problem
    until = f"read up to {moment(mark.read_until)}" if mark.read_until else "nothing was read yet"
    if not mark.of_this_ledger:
        return f"{until}, with another ledger: the next run reads everything again"
    return until if mark.complete else f"{until}; the last reading did not get to its end"


def _print_roster(console: Console, people: list[Person]) -> None:
    taking_part = [who for who in people if not who.left_out]
    left_out = [who for who in people if who.left_out]
    _title(console, f"Roster: {len(taking_part)} on, {len(left_out)} left out")
    on = (f"{_who(who)} since {moment(who.enabled_at)}" for who in taking_part[:SHOWN_PEOPLE])
    _print_lines(console, on, len(taking_part))
    out = (f"left out: {_who(who)}: {who.left_out}" for who in left_out[:SHOWN_PEOPLE])
    _print_lines(console, out, len(left_out))


def _who(who: Person) -> str:
    return f"{who.email} ({who.sales_connect_id})" if who.email else who.sales_connect_id


def _print_parked(console: Console, groups: list[ParkedGroup]) -> None:
    if not groups:
        return
    _title(console, f"Parked: {sum(group.count for group in groups)}")
    for group in groups:
        console.print(f"  {clean(f'{group.category}, {group.code}')}: {group.count}")
        _print_lines(console, (group.happening, group.remedy), indent="    ")


def _print_deletions(console: Console, waiting: list[Waiting]) -> None:
    for group in waiting:
        state = "held by the brake" if group.state == deletions.HELD else "pending"
        _title(console, f"Deletions from {SERVICES[group.side]} {state}: {group.count}")
        _print_lines(console, map(_deed, group.first), group.count)


def _print_findings(console: Console, summary: Summary) -> None:
    marks: Mapping[bool, str] = {True: "bold red", False: "yellow"}
    if not summary.findings:
        _title(console, "Nothing needs a person.")
        return
    _title(console, "What needs a person, or to be known")
    for finding in summary.findings:
        console.print(f"  {clean(finding.what)}", style=marks[finding.fails])
        console.print(f"    {clean(finding.remedy)}")
