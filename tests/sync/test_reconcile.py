"""Reconciling reads both sides whole, names what drifted apart, and mends it by the rules, once."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from tasksync_engine.ledger import open_ledger
from tasksync_engine.reconciling import reconcile
from tests.sync.machine_runs import Killed, Script, played
from tests.sync.plans import DIRECTIONS, Planner, actions, unseen
from tests.sync.steps import paired, pass_over, quiet
from tests.sync.team import salesforce_user
from tests.sync.ways import Way


class Reconciler(Planner):
    """Reconciles with the destinations of `plans`."""

    def look(self, *, repair=False, script=None):
        """What is found, and with `repair` mended; None where the process was killed."""
        hands = [self.hand(direction, script or Script()) for direction in DIRECTIONS]
        try:
            with played(script or Script()):
                return reconcile(hands, self.meltano.ledger_url, unseen, lambda _: repair)
        except Killed:
            return None

    def mend(self):
        """Repair; afterwards nothing is left to mend."""
        found = self.look(repair=True)
        assert self.look().can_be_mended is False
        return found


@pytest.fixture
def both(team, meltano):
    """What reconciles."""
    return Reconciler(team, meltano)


def change_base(meltano, reminder, **fields):
    """The ledger believes that both sides agreed on these values."""
    with closing(sqlite3.connect(meltano.ledger_path)) as connection:
        query = "SELECT base FROM links WHERE reminder_id = ?"
        base = json.loads(connection.execute(query, [reminder]).fetchone()[0]) | fields
        connection.execute("UPDATE links SET base = ? WHERE reminder_id = ?", [json.dumps(base), reminder])
        connection.commit()


def test_what_agrees_is_in_order(team, meltano, both):
    """Nothing is found, nothing is written, and no run is noted."""
    paired(team, meltano)
    before = team.writes(), meltano.ledger_path.read_bytes()
    found = both.look(repair=True)
    assert (found.compared.pairs, found.can_be_mended, found.mended) == (1, False, [])
    assert (team.writes(), meltano.ledger_path.read_bytes()) == before


def test_a_change_that_every_sync_missed_is_found_and_carried(team, meltano, both):
    """By the same merge: only that field, with its value before and after."""
    reminder, task = paired(team, meltano)
    team.edit_task(task, Description="missed")
    pass_over(team, meltano)
    found = both.look()
    (row,) = found.plan.directions[1].rows
    assert {name: (one["before"], one["after"]) for name, one in row.fields.items()} == {"details": ("old", "missed")}
    assert (found.mended, team.reminder(reminder)["details"]) == ([], "old")
    both.mend()
    assert team.reminder(reminder)["details"] == "missed"


def test_a_difference_that_the_ledger_takes_for_settled_is_mended(team, meltano, both, ledger):
    """No sync would carry it; it is decided as for a pair without a base, and recorded as a conflict."""
    reminder, task = paired(team, meltano)
    team.later(60)
    team.edit_task(task, Description="theirs")
    change_base(meltano, reminder, details=["old", "theirs"])
    quiet(team, meltano)
    found = both.look()
    (stuck,) = found.compared.stuck
    assert stuck.fields == {"details": ("old", "theirs")}
    both.mend()
    assert (team.reminder(reminder)["details"], team.task_of(reminder)["Description"]) == ("theirs", "theirs")
    assert [(row["field"], row["winner"]) for row in ledger("SELECT * FROM conflicts")] == [("details", "task")]
    quiet(team, meltano)


def test_the_other_side_wins_where_it_is_newer(team, meltano, both):
    """The same in the direction of the first run."""
    reminder, task = paired(team, meltano)
    team.edit_task(task, Description="theirs")
    team.later(60)
    team.edit_reminder(reminder, details="ours")
    change_base(meltano, reminder, details=["ours", "theirs"])
    both.mend()
    assert (team.reminder(reminder)["details"], team.task_of(reminder)["Description"]) == ("ours", "ours")
    quiet(team, meltano)


def test_what_differs_by_the_rules_is_no_drift(team, meltano, both):
    """A status that does not travel, an edited Subject, and a text that was cut."""
    _, task = paired(team, meltano, details="x" * 40_000)
    team.edit_task(task, Status="In Progress", Priority="Low", Subject="Renamed in Salesforce")
    meltano.sync()
    found = both.look()
    assert (found.compared.stuck, found.can_be_mended) == ([], False)


def test_a_counterpart_whose_record_is_gone_is_mended(team, meltano, both):
    """Also where the service no longer tells of the deletion: the link's other record is deleted by the rules."""
    first, second = (paired(team, meltano, name=name) for name in ("First", "Second"))
    team.delete_reminder(first[0])
    team.delete_task(second[1])
    team.sandbox.control("salesforce", "POST", "purge", {"ids": [second[1]]})
    assert actions(both.look().plan) == {"delete task": 1, "delete reminder": 1}
    both.mend()
    assert (team.tasks(), team.reminders()) == ([], [])
    quiet(team, meltano)


def test_a_record_without_a_counterpart_gets_one_where_the_rules_say_so(team, meltano, both):
    """And none that is too old, somebody else's, or left out by a rule."""
    paired(team, meltano)
    team.remind("Missed")
    team.task("Missed too")
    team.task("Logged", TaskSubtype="Email")
    team.task("Cid's", OwnerId=salesforce_user(3))
    team.remind("Cid's", assignee_id="u3")
    pass_over(team, meltano)
    assert actions(both.look().plan) == {"create task": 1, "create reminder": 1}
    both.mend()
    assert sorted(row["name"] for row in team.reminders()) == ["Call", "Cid's", "Missed", "Missed too"]
    quiet(team, meltano)


def test_records_that_name_each_other_are_linked(team, meltano, both, ledger):
    """After a lost ledger: found, not doubled."""
    reminder, task = paired(team, meltano)
    meltano.lose_ledger()
    with open_ledger(meltano.ledger_url):
        pass
    assert actions(both.look().plan) == {"link task": 1}
    before = team.writes()
    both.mend()
    assert [(row["reminder_id"], row["task_id"]) for row in ledger("SELECT * FROM links")] == [(reminder, task)]
    assert team.writes() == before


def test_a_second_counterpart_is_named_and_left(team, meltano, both):
    """A reminder that names a task which is linked to another one: a person decides, and no third one is made."""
    task = team.task("Visit")
    meltano.sync()
    linked = team.reminder_of(task)["id"]
    other = team.task("Second", Sales_Connect_Id__c=linked)
    before = team.writes()
    found = both.look(repair=True)
    (twin,) = found.compared.twins
    assert (twin.side, twin.record_id, twin.names, twin.linked) == ("task", other, linked, task)
    assert (found.mended, team.writes()) == ([], before)


def test_unlinked_doubles_are_named_and_left(team, meltano, both):
    """The same task on both sides gets no counterparts: `adopt` links it."""
    paired(team, meltano)
    team.remind("Double", due_date="2026-12-24")
    team.task("Double", ActivityDate="2026-12-24")
    before = team.writes()
    found = both.look(repair=True)
    (group,) = found.compared.doubles
    assert (group.is_pair, found.mended, team.writes()) == (True, [], before)


def test_pairs_of_somebody_who_is_off_are_no_drift(team, meltano, both):
    """Their changes wait until both users are on again."""
    reminder, _ = paired(team, meltano)
    team.switch("u1", on=False)
    team.edit_reminder(reminder, details="later")
    meltano.sync()
    found = both.look()
    assert (found.waiting, found.compared.stuck, found.can_be_mended) == ([], [], False)


@pytest.mark.usefixtures("without_link_field")
def test_a_pair_without_a_link_field_is_in_order(team, meltano, both):
    """Its reminder names its task, and is no twin for that."""
    paired(team, meltano)
    found = both.look()
    assert (found.can_be_mended, found.compared.twins, found.compared.doubles) == (False, [], [])


def test_old_doubles_are_left_in_peace(team, meltano, both):
    """No sync would make a counterpart for either, so there is nothing to look at."""
    old = team.stamp(team.enabled_at - timedelta(days=30))
    record = {"type": "call", "status": "open", "priority": "normal", "assignee_id": "u1", "version": 1}
    stamps = {"created_at": old, "updated_at": old}
    team.sandbox.load(sales_connect={"reminders": [{"id": "rem_old", "name": "Old", **record, **stamps}]})
    task = {"Id": "00T000000000009AAA", "Subject": "Old", "OwnerId": salesforce_user(1), "Status": "Not Started"}
    times = {"CreatedDate": old, "LastModifiedDate": old, "SystemModstamp": old}
    team.sandbox.load(salesforce={"Task": [{**task, "Priority": "Normal", **times}]})
    meltano.sync()
    found = both.look()
    assert (len(found.compared.twins_by_look), found.compared.doubles, found.can_be_mended) == (1, [], False)


def test_the_brake_holds_here_too(team, meltano, both):
    """What would delete unusually much is held and named."""
    reminders = [team.remind(f"R{number}") for number in range(25)]
    meltano.sync()
    for reminder in reminders:
        team.delete_reminder(reminder)
    found = both.look(repair=True)
    assert (len(found.plan.directions[0].held), found.can_be_mended, team.count_tasks()) == (25, False, 25)


@pytest.mark.parametrize("source", ["reminder", "task"])
def test_a_parked_change_is_named_and_left(team, meltano, both, source):
    """What a service refused needs a person; the pair differs until then."""
    way = Way(team, meltano, source).with_pair()
    way.edit(source, details="refused")
    team.refuse(way.service, code="ENTITY_IS_LOCKED")
    meltano.sync()
    before = team.writes()
    found = both.look(repair=True)
    (waiting,) = found.waiting
    held = {source: "refused", way.target: "old"}
    assert waiting.fields == {"details": (held["reminder"], held["task"])}
    assert (found.mended, team.writes()) == ([], before)


@pytest.mark.parametrize("kill", [("commit", number) for number in range(3, 30, 4)] + [("after update", 1)])
def test_a_killed_repair_is_finished_by_the_next_one(team, meltano, both, kill):
    """Nothing is doubled or lost."""
    reminder, task = paired(team, meltano)
    team.later(60)
    team.edit_task(task, Description="theirs")
    change_base(meltano, reminder, details=["old", "theirs"])
    team.edit_reminder(reminder, due_date="2026-12-24")
    team.remind("Missed")
    both.look(repair=True, script=Script(kill_at=kill))
    both.look(repair=True)
    assert both.look().can_be_mended is False
    (done,) = [row for row in team.tasks() if row["Id"] == task]
    assert (done["ActivityDate"], len(team.tasks()), len(team.reminders())) == ("2026-12-24", 2, 2)
    assert team.reminder(reminder)["details"] == done["Description"]
    quiet(team, meltano)
