"""Whatever an API sends comes back from the ledger as it was, in either database (sync-rules §7.2)."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tasksync_engine.ledger import Participant, deletions, intents, links, overview, parked, roster, runs
from tasksync_engine.ledger.deletions import Deletion
from tasksync_engine.ledger.intents import Intent, Sent
from tasksync_engine.ledger.links import Ahead, NewLink
from tasksync_engine.ledger.overview import Sought
from tasksync_engine.ledger.parked import Parked
from tasksync_engine.ledger.runs import Event
from tasksync_mappings import Pair

AT = datetime(2026, 11, 20, 8, 36, 1, 234567, tzinfo=UTC)
TASK = "00T000000000001AAA"
OWNER = "005000000000001AAA"


@pytest.fixture(
    params=["a\0b", "\ud83d", "\udc00 lone", "🙈 ☎ ü", "line\r\nend\u2028", "\\ \" ' % :name", "", " "], ids=ascii
)
def odd(request):
    """A text that some database, driver or encoding stumbles over."""
    return request.param


def in_words(text):
    """A text for people: what cannot be stored as text is escaped."""
    return text.replace("\0", "\\x00").replace("\ud83d", "\\ud83d").replace("\udc00", "\\udc00")


def test_links(opened, odd):
    """Their bases and what is on its way out hold both sides' values, also none."""
    base = {"details": Pair(odd, odd), "due_date": Pair(None, "2026-12-01")}
    with opened.transaction() as connection:
        links.add(connection, [NewLink("rem_1", TASK, base, "u1", OWNER, "pushed")], AT)
        (link,) = links.of_records(connection, "task", [TASK])[TASK]
    assert link.base == base
    assert (link.reminder_id, link.state, link.reminder_user, link.task_user) == ("rem_1", "open", "u1", OWNER)
    moved = {"details": Pair(None, odd)}
    with opened.transaction() as connection:
        links.rebase(connection, [replace(link, base=moved, ahead=Ahead("task", base, AT))])
        (link,) = links.of_records(connection, "reminder", ["rem_1"])["rem_1"]
        assert (link.base, link.ahead) == (moved, Ahead("task", base, AT))
        links.close(connection, [(link, AT)], AT, state=links.CLOSED)
        (link,) = overview.find_links(connection, Sought(kinds=[links.CLOSED]))[0]
    assert link.task_stamp == AT
    assert list(opened.linked_ids("task")) == []


def test_parked_changes(opened, odd):
    """The payload whole; the server's reason as far as a text for people goes."""
    change = Parked(
        side="reminder",
        record_id="rem_1",
        code="ENTITY_IS_LOCKED",
        category="Access/Validation",
        message=odd,
        payload={"id": "rem_1", "details": odd, odd: [None, 1.5, True]},
        base={"details": Pair(odd, None)},
        user_id="u1",
        parked_at=AT,
        retry_at=AT + timedelta(minutes=5),
        run_id=7,
    )
    with opened.transaction() as connection:
        parked.park(connection, [change])
        stored = parked.of_records(connection, "reminder", ["rem_1"])["rem_1"]
        assert parked.due(connection, "reminder", AT, run_id=8) == []
        assert parked.due(connection, "reminder", AT + timedelta(minutes=5), run_id=8) == [stored]
    assert stored == replace(change, message=in_words(odd))


def test_deletions(opened, odd):
    """With the record as it arrived."""
    deletion = Deletion("task", TASK, deletions.PENDING, AT, {"Id": TASK, "Description": odd}, AT, 1)
    bare = Deletion("task", TASK[:-4] + "2AAA", deletions.HELD, None, {}, AT + timedelta(seconds=1), 1)
    with opened.transaction() as connection:
        deletions.note(connection, [deletion, bare])
        assert deletions.in_state(connection, [deletions.PENDING, deletions.HELD]) == [deletion, bare]
        deletions.set_state(connection, "task", [TASK], deletions.DONE)
        assert deletions.of_records(connection, "task", [TASK])[TASK].state == deletions.DONE
        deletions.drop(connection, "task", [TASK])
        assert deletions.of_records(connection, "task", [TASK]) == {}


def test_intents(opened, odd):
    """A create's values, for they are the base if it turns out to have arrived."""
    sent = Sent({"Description": odd}, TASK, AT)
    intent = Intent(
        "reminder", "rem_1", "key", {"details": Pair(odd, odd)}, (TASK,), sent, ({"details": Pair(odd, "")},)
    )
    with opened.transaction() as connection:
        intents.note(connection, [intent], AT)
        assert intents.of_records(connection, "reminder", ["rem_1"]) == {"rem_1": intent}
        assert intents.unsettled(connection, "reminder") == [intent]
        intents.note_missed(connection, [intent], AT)
        assert intents.unsettled(connection, "reminder") == [replace(intent, sent=replace(sent, missed_at=AT))]


def test_runs(opened, odd):
    """History and plan keep values; how a run ended is told as far as a text for people goes."""
    event = Event("update", "rem_1", TASK, {"details": [odd, None]})
    with opened.transaction() as connection:
        number = runs.start(connection, "to-salesforce", AT, dry_run=False)
        runs.write_history(connection, number, AT, [event])
        runs.write_plan(connection, number, [event])
        runs.end(connection, number, ended_at=AT, outcome=runs.STOPPED, counts={"read": 1}, seconds=1.5, message=odd)
        (run,) = runs.latest(connection)
        (told,) = runs.history_of(connection, TASK)
        assert runs.planned(connection, number) == [event]
    assert (run["id"], run["counts"], run["seconds"], run["started_at"]) == (number, {"read": 1}, 1.5, AT)
    assert run["message"] == in_words(odd)
    assert told["detail"] == {"details": [odd, None]}


def test_users(opened, odd):
    """An email address that is none keeps nobody's run from starting."""
    person = Participant("u1", OWNER, AT, left_out=None, email=f"{odd}@example.com")
    with opened.transaction() as connection:
        roster.replace(connection, [replace(person, email=odd * 1000), person])
    assert opened.participants() == [replace(person, email=f"{in_words(odd)}@example.com")]


def test_remembered_values(opened, odd):
    """Such as the subject template."""
    opened.put("subject_template", "first")
    opened.put("subject_template", odd)
    assert opened.get("subject_template") == in_words(odd)


def test_a_few_thousand_ids_are_asked_for_in_pieces(opened):
    """No database takes any number of values in one statement."""
    ids = [f"rem_{number}" for number in range(2000)]
    with opened.transaction() as connection:
        links.add(
            connection,
            [NewLink(name, f"00T{number:012d}AAA", {}, "u1", OWNER, "pushed") for number, name in enumerate(ids)],
            AT,
        )
    assert opened.linked_among("reminder", [*ids, "rem_none"]) == frozenset(ids)


def test_the_links_whose_reminder_is_owed_its_tasks_id(opened):
    """Those that are open, until it has it."""
    with opened.transaction() as connection:
        links.add(connection, [NewLink(f"rem_{n}", f"t{n}", {}, None, None, "pushed", n != 1) for n in range(4)], AT)
        links.close(connection, [(links.of_records(connection, "task", ["t2"])["t2"][0], AT)], AT, state=links.CLOSED)
    with opened.reading() as connection:
        owed = links.owed_pointers(connection)
    assert [link.task_id for link in owed] == ["t0", "t3"]
    with opened.transaction() as connection:
        links.settle_pointers(connection, [owed[0].id])
        assert [link.task_id for link in links.owed_pointers(connection)] == ["t3"]
