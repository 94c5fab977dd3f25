"""What one run wrote is taken back where nobody has changed it since; the next sync neither repeats nor carries it."""

from __future__ import annotations

import pytest

from tasksync_console.retrying import retry
from tasksync_engine.errors import Busy, ConfigError
from tasksync_engine.ledger import open_ledger
from tasksync_engine.undoing import Left
from tests.sync.machine_runs import Script
from tests.sync.team import salesforce_user
from tests.sync.ways import Way


@pytest.fixture(params=["reminder", "task"])
def way(team, meltano, request):
    """Either direction, by its source."""
    return Way(team, meltano, request.param)


@pytest.fixture
def edited(way):
    """An edit of two fields that was carried over by the last run of this direction."""
    way = way.with_pair()
    way.edit(way.source, details="new", due="2026-12-24")
    way.run()
    return way


def reasons(outcome):
    """Why what was left was left, by field."""
    return {left.field: left.reason for left in outcome.left}


# Updates


def test_an_update_is_put_back_and_stays_so(edited, ledger):
    """The next sync writes nothing on either side, also when everything is read again."""
    outcome = edited.undo()
    assert (outcome.put_back, outcome.deleted, outcome.left) == (1, 0, [])
    assert (edited.held(edited.target, "details"), edited.held(edited.target, "due")) == ("old", None)
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["undone"]
    edited.quiet()
    edited.meltano.states.clear()
    edited.quiet()
    edited.team.later(7200)
    edited.quiet()
    assert (edited.held(edited.source, "details"), edited.held(edited.target, "details")) == ("new", "old")
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["undone"]


def test_an_undo_is_a_run_of_its_own(edited, ledger):
    """With its number, its counts and its history, which says what it undid."""
    run = edited.last_run()
    edited.undo()
    row = ledger("SELECT * FROM runs ORDER BY id DESC")[0]
    assert (row["direction"], row["outcome"], row["counts"]) == ("undo", "ok", '{"put back":1}')
    (event,) = ledger("SELECT * FROM history WHERE action = 'undo'")
    assert (event["run_id"], event["side"]) == (row["id"], edited.target)
    assert f'"undoes":{run}' in event["detail"]


def test_retry_carries_it_over_again(edited, ledger):
    """All that was undone, and then both sides agree."""
    edited.undo()
    edited.meltano.sync()
    with open_ledger(edited.meltano.ledger_url) as opened:
        retry(opened, edited.id(edited.source))
    edited.meltano.sync()
    assert (edited.held(edited.target, "details"), edited.held(edited.target, "due")) == ("new", "2026-12-24")
    assert ledger("SELECT * FROM parked") == []
    assert ledger("SELECT * FROM conflicts") == []
    edited.quiet()


def test_a_new_edit_of_the_source_carries_it_over_again(edited, ledger):
    """Whichever field is edited: an edit of the record carries its fields (sync-rules §7.2)."""
    edited.undo()
    edited.quiet()
    edited.edit(edited.source, priority="high" if edited.source == "reminder" else "High")
    edited.meltano.sync()
    assert edited.held(edited.target, "priority").lower() == "high"
    assert (edited.held(edited.target, "details"), edited.held(edited.target, "due")) == ("new", "2026-12-24")
    assert ledger("SELECT * FROM parked") == []
    edited.quiet()


def test_a_touch_of_the_source_is_no_edit(edited):
    """A later stamp with the same values, as automations leave it, does not carry the undone change over."""
    edited.undo()
    edited.team.later(60)
    edited.edit(edited.source, details="touched")
    edited.edit(edited.source, details="new")
    edited.quiet()
    assert edited.held(edited.target, "details") == "old"


def test_an_edit_of_the_destination_travels_and_brings_nothing_back(edited):
    """The other direction carries the edited field; what was undone stays as it is on either side."""
    edited.undo()
    edited.edit(edited.target, priority="high" if edited.target == "reminder" else "High")
    edited.meltano.sync()
    edited.meltano.sync()
    assert edited.held(edited.source, "priority").lower() == "high"
    assert (edited.held(edited.source, "details"), edited.held(edited.target, "details")) == ("new", "old")
    edited.quiet()


def test_setting_the_source_back_by_hand_ends_it(edited, ledger):
    """Then both sides agree, and nothing is parked any more."""
    edited.undo()
    edited.edit(edited.source, details="old", due=None)
    edited.quiet()
    assert ledger("SELECT * FROM parked") == []


def test_a_deletion_of_the_source_goes_over(edited, ledger):
    """The destination is as in its base: it is deleted."""
    edited.undo()
    team = edited.team
    (team.delete_reminder if edited.source == "reminder" else team.delete_task)(edited.id(edited.source))
    edited.meltano.sync()
    edited.meltano.sync()
    assert edited.living("reminder") == edited.living("task") == []
    assert ledger("SELECT * FROM parked") == []


def test_what_was_edited_since_is_left(edited):
    """Field by field: the other one is put back."""
    edited.edit(edited.target, details="somebody's")
    outcome = edited.undo()
    assert reasons(outcome) == {"details": Left.CHANGED}
    assert (edited.held(edited.target, "details"), edited.held(edited.target, "due")) == ("somebody's", None)
    edited.meltano.sync()
    assert edited.held(edited.source, "details") == "somebody's"


def test_a_field_that_a_later_run_wrote_is_left_until_that_one_is_undone(edited):
    """Then both can be undone, the newer one first; retry carries over what the source holds now."""
    first = edited.last_run()
    edited.edit(edited.source, details="newer")
    second = edited.run()
    assert second != first
    assert reasons(edited.undo(first)) == {"details": Left.CHANGED}
    assert reasons(edited.undo(second)) == {}
    assert edited.held(edited.target, "details") == "new"
    assert reasons(edited.undo(first)) == {}
    assert (edited.held(edited.target, "details"), edited.held(edited.target, "due")) == ("old", None)
    edited.quiet()
    with open_ledger(edited.meltano.ledger_url) as opened:
        retry(opened, None)
    edited.meltano.sync()
    assert (edited.held(edited.target, "details"), edited.held(edited.target, "due")) == ("newer", "2026-12-24")
    edited.quiet()


def test_what_a_later_run_wrote_is_left_also_where_it_is_the_same(edited):
    """There and back again by two later runs: each is undone by itself, the newest first."""
    first = edited.last_run()
    later = []
    for value in ("between", "new"):
        edited.edit(edited.source, details=value)
        later.append(edited.run())
    assert reasons(edited.undo(first)) == {"details": Left.REWRITTEN}
    assert (edited.held(edited.target, "details"), edited.held(edited.target, "due")) == ("new", None)
    for run in reversed(later):
        assert reasons(edited.undo(run)) == {}
    assert reasons(edited.undo(first)) == {}
    assert edited.held(edited.target, "details") == "old"
    edited.quiet()


def test_a_newer_edit_of_the_source_that_is_parked_is_not_lost(edited, ledger):
    """It would be replaced by what is undone: so the undo waits for it."""
    run = edited.last_run()
    edited.edit(edited.source, priority="high" if edited.source == "reminder" else "High")
    column = "Priority" if edited.target == "task" else "priority"
    edited.team.refuse(
        edited.service, "FIELD_CUSTOM_VALIDATION_EXCEPTION", where={column: "High" if column == "Priority" else "high"}
    )
    edited.run()
    (kept,) = ledger("SELECT payload FROM parked")
    assert reasons(edited.undo(run)) == {None: Left.PARKED}
    assert ledger("SELECT payload FROM parked") == [kept]
    assert edited.held(edited.target, "details") == "new"


def test_an_edit_of_the_source_not_yet_synced_goes_over(edited):
    """The undo parks what the run had carried over, not what came after it."""
    edited.edit(edited.source, details="newest")
    edited.undo()
    assert edited.held(edited.target, "details") == "old"
    edited.meltano.sync()
    assert edited.held(edited.target, "details") == "newest"
    edited.quiet()


def test_many_are_undone_in_few_calls(way):
    """Batched as in a run: 40 updates and 40 creates cost no more calls than their batches."""
    count = 40
    make = way.team.remind if way.source == "reminder" else way.team.task
    edit, column = (
        (way.team.edit_reminder, "details") if way.source == "reminder" else (way.team.edit_task, "Description")
    )
    old = [make(f"Old {number}") for number in range(count)]
    way.meltano.sync()
    for record_id in old:
        edit(record_id, **{column: "new"})
    for number in range(count):
        make(f"New {number}")
    way.run()
    way.team.sandbox.forget_calls()
    outcome = way.undo()
    calls = way.team.sandbox.calls(way.service)["total"]
    assert (outcome.put_back, outcome.deleted, outcome.left) == (count, count, [])
    assert calls <= 12
    assert len(way.living(way.target)) == count
    way.quiet()


def test_undoing_twice_does_nothing(edited):
    """No write, and nothing is said to be left."""
    run = edited.last_run()
    edited.undo(run)
    before = edited.team.writes()
    outcome = edited.undo(run)
    assert (outcome.put_back, outcome.deleted, outcome.left) == (0, 0, [])
    assert edited.team.writes() == before


def test_what_an_undo_left_can_be_undone_later(edited):
    """Once what stood in its way is set right; what was undone before is not touched again."""
    run = edited.last_run()
    edited.edit(edited.target, details="somebody's")
    edited.undo(run)
    edited.edit(edited.target, details="new")
    outcome = edited.undo(run)
    assert (outcome.put_back, outcome.left) == (1, [])
    assert edited.held(edited.target, "details") == "old"
    edited.quiet()


def test_a_conflict_that_the_run_decided_gives_the_other_value_back(way, ledger):
    """It is neither overwritten again nor carried over to the winner's side, and retry decides for the winner."""
    way = way.with_pair()
    way.edit(way.target, details="loser")
    way.team.later(60)
    way.edit(way.source, details="winner")
    way.run()
    assert way.held(way.target, "details") == "winner"
    assert reasons(way.undo()) == {}
    assert way.held(way.target, "details") == "loser"
    way.quiet()
    assert (way.held(way.source, "details"), way.held(way.target, "details")) == ("winner", "loser")
    with open_ledger(way.meltano.ledger_url) as opened:
        retry(opened, None)
    way.meltano.sync()
    assert way.held(way.target, "details") == "winner"
    assert len(ledger("SELECT * FROM conflicts")) == 1
    way.quiet()


def test_a_conflict_of_an_adopted_pair_gives_the_other_value_back(way):
    """Such a pair had no base; it has one afterwards, and nothing is carried over."""
    way = way.with_pair()
    way.meltano.lose_ledger()
    way.edit(way.target, details="loser")
    way.team.later(60)
    way.edit(way.source, details="winner")
    way.meltano.states.clear()
    if way.source == "task":  # the pair is adopted by the first run, so that one has to be of this direction
        way.meltano.settings["conflict_policy"] = "salesforce"
        way.meltano.to_salesforce()
    way.run()
    run = way.last_run()
    assert way.held(way.target, "details") == "winner"
    way.undo(run)
    assert way.held(way.target, "details") == "loser"
    way.quiet()
    with open_ledger(way.meltano.ledger_url) as opened:
        retry(opened, None)
    way.meltano.sync()
    assert way.held(way.target, "details") == "winner"


def test_an_assignment_is_undone_with_its_user(way, ledger):
    """The link knows its users again."""
    way = way.with_pair()
    users = {"reminder": "u2", "task": salesforce_user(2)}
    columns = {"reminder": "assignee_id", "task": "OwnerId"}
    way.edit(way.source, **{columns[way.source]: users[way.source]})
    way.run()
    assert way.held(way.target, columns[way.target]) == users[way.target]
    assert reasons(way.undo()) == {}
    assert way.held(way.target, columns[way.target]) != users[way.target]
    (row,) = ledger("SELECT reminder_user, task_user FROM links")
    assert row[f"{way.target}_user"] == way.held(way.target, columns[way.target])
    way.quiet()


def test_a_name_is_undone_and_carried_over_again_with_the_whole_template(team, meltano):
    """A Subject is rendered from more than the name."""
    way = Way(team, meltano, "reminder")
    template = "{{activity_type}}: {{activity_subject}}"
    team.sandbox.load(sales_connect={"settings": {"activity_detail_customization": template}})
    way = way.with_pair(name="Old")
    way.edit("reminder", name="New")
    way.run()
    assert way.held("task", "Subject") == "Call: New"
    way.undo()
    assert way.held("task", "Subject") == "Call: Old"
    way.quiet()
    with open_ledger(meltano.ledger_url) as opened:
        retry(opened, None)
    meltano.sync()
    assert way.held("task", "Subject") == "Call: New"
    way.quiet()


def test_a_refused_value_is_left_and_nothing_is_parked(edited, ledger):
    """The service's reason is told; the same undo can be tried again."""
    run = edited.last_run()
    column = "Description" if edited.target == "task" else "details"
    edited.team.refuse(edited.service, "FIELD_CUSTOM_VALIDATION_EXCEPTION", where={column: "old"})
    (told,) = edited.undo(run).left
    assert "FIELD_CUSTOM_VALIDATION_EXCEPTION" in told.reason
    assert ledger("SELECT * FROM parked") == []
    edited.quiet()
    edited.team.heal()
    assert reasons(edited.undo(run)) == {}
    assert edited.held(edited.target, "details") == "old"


def test_a_user_who_is_off_is_left_alone(edited):
    """Turning task sync off stops that user's records (sync-rules §1.3)."""
    run = edited.last_run()
    edited.team.switch("u1", on=False)
    edited.meltano.to_salesforce()
    assert reasons(edited.undo(run)) == {None: Left.OFF}
    assert edited.held(edited.target, "details") == "new"


def test_an_edit_between_read_and_write_is_seen(team, meltano):
    """Sales Connect's version tells: 412, read again, judged again; what was noted for it goes."""
    way = Way(team, meltano, "task").with_pair()
    way.edit("task", details="new")
    way.run()
    script = Script(do_at=("before update", 1), action=lambda: way.edit("reminder", details="somebody's"))
    assert reasons(way.undo(script=script)) == {"details": Left.CHANGED}
    assert way.held("reminder", "details") == "somebody's"
    meltano.sync()
    assert way.held("task", "details") == "somebody's"
    way.quiet()


# Creates


def test_an_undone_create_is_deleted_and_never_made_again(way, ledger):
    """Neither record gets a new counterpart, whatever happens to the one that is left."""
    source, made = way.make()
    outcome = way.undo()
    assert (outcome.put_back, outcome.deleted, outcome.left) == (0, 1, [])
    assert (way.living(way.source), way.living(way.target)) == ([source], [])
    assert [row["state"] for row in ledger("SELECT state FROM links")] == ["kept"]
    way.quiet()
    way.pair = (source, "") if way.source == "reminder" else ("", source)
    way.edit(way.source, details="edited")
    way.quiet()
    assert made not in way.living(way.target)
    way.meltano.states.clear()
    way.quiet()


def test_a_made_record_that_was_touched_is_left(way):
    """Also in a field that does not sync; its link stays open."""
    source, made = way.make()
    team = way.team
    team.later(60)
    if way.target == "task":
        team.edit_task(made, CallDisposition="busy")
    else:
        team.edit_reminder(made, priority="high")
    assert reasons(way.undo()) == {None: Left.CHANGED}
    assert way.living(way.target) == [made]
    way.meltano.sync()
    assert (way.living(way.source), way.living(way.target)) == ([source], [made])


def test_a_made_record_that_is_gone_is_left(way):
    """Nothing is there to be deleted."""
    _, made = way.make()
    (way.team.delete_task if way.target == "task" else way.team.delete_reminder)(made)
    assert reasons(way.undo()) == {None: Left.GONE}


def test_undoing_a_create_twice_does_nothing(way):
    """No call, no write."""
    way.make()
    run = way.last_run()
    way.undo(run)
    before = way.team.writes()
    outcome = way.undo(run)
    assert (outcome.deleted, outcome.left) == (0, [])
    assert way.team.writes() == before


def test_a_refused_deletion_is_left_and_can_be_tried_again(way):
    """Its link is closed by then, and neither record gets a new counterpart."""
    _, made = way.make()
    run = way.last_run()
    way.team.refuse(way.service, "ENTITY_IS_LOCKED")
    (told,) = way.undo(run).left
    assert "ENTITY_IS_LOCKED" in told.reason
    way.team.heal()
    way.quiet()
    assert way.living(way.target) == [made]
    assert way.undo(run).deleted == 1
    assert way.living(way.target) == []
    way.quiet()


# Deletions, and what cannot be undone


def test_a_deletion_is_left_with_what_to_do_by_hand(way):
    """A task that is restored from the recycle bin gets a reminder again."""
    way = way.with_pair()
    team = way.team
    (team.delete_reminder if way.source == "reminder" else team.delete_task)(way.id(way.source))
    way.run()
    (told,) = way.undo().left
    assert (told.action, told.reason) == ("delete", Left.DELETED.value)
    assert way.living("task") == way.living("reminder") == []
    team.later(60)
    team.undelete_task(way.id("task"))
    way.meltano.sync()
    way.meltano.sync()
    assert (len(way.living("task")), len(way.living("reminder"))) == (1, 1)


def test_what_cannot_be_undone_is_said_in_words(edited, ledger):
    """An unknown run, a dry run, an undo; none of them writes anything."""
    edited.undo()
    number = edited.last_run("undo")
    with pytest.raises(ConfigError, match="is itself an undo"):
        edited.undo(number)
    with pytest.raises(ConfigError, match="There is no run 999"):
        edited.undo(999)
    edited.meltano.settings["dry_run"] = True
    dry = edited.run()
    with pytest.raises(ConfigError, match="was a dry run"):
        edited.undo(dry)
    assert [row["code"] for row in ledger("SELECT code FROM parked")] == ["undone"]


def test_an_undo_and_a_run_exclude_each_other(edited):
    """The run's lock is the undo's too."""
    with open_ledger(edited.meltano.ledger_url) as opened, opened.running(), pytest.raises(Busy):
        edited.undo()


def test_a_dry_run_writes_nothing_and_keeps_the_plan(edited, ledger):
    """Neither to the service nor, but for the plan, to the ledger."""
    before = edited.team.writes()
    assert edited.undo(dry_run=True).put_back == 1
    assert edited.team.writes() == before
    assert [row["action"] for row in ledger("SELECT action FROM plan")] == ["undo"]
    assert ledger("SELECT * FROM parked") == []


# Crashes


KILLS = [
    *((f"{when} {call}", 1) for when in ("before", "after") for call in ("update", "delete")),
    ("before read", 2),
    *(("commit", number) for number in range(6, 12)),
]


@pytest.mark.parametrize("resumed", ["undo", "sync"])
@pytest.mark.parametrize("step", KILLS, ids=lambda step: f"{step[0]} {step[1]}")
def test_an_undo_that_is_killed_is_finished_by_the_next(way, step, resumed):
    """At any step, with or without a sync in between: nothing is doubled or lost, and it ends where one undo would."""
    way = way.with_pair()
    way.edit(way.source, details="new")
    made = way.make()[1]
    run = way.last_run()
    script = Script(kill_at=step)
    way.undo(run, script=script)
    assert script.dead
    if resumed == "sync":
        way.meltano.sync()
        assert len(way.living(way.source)) == 2
        assert way.held(way.source, "details") == "new"
    way.undo(run)
    assert way.held(way.target, "details") == "old"
    assert made not in way.living(way.target)
    assert way.held(way.source, "details") == "new"
    way.quiet()
    assert way.undo(run).left == []
