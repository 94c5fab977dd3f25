"""`tasksync unlink`: leaving cleanly."""

import pytest

from tasksync_engine.ledger import lock, open_ledger
from tests.sync.steps import pointers, subjects
from tests.sync.team import salesforce_user


@pytest.fixture
def pairs(team, meltano):
    """Ann's pushed pair, Ann's imported pair and Bob's pushed pair, all in agreement."""
    ann, bob = team.remind("Ann pushed"), team.remind("Bob pushed", assignee_id="u2")
    task = team.task("Ann imported")
    meltano.sync()
    meltano.sync()
    return {"ann": ann, "bob": bob, "imported": task}


def link_fields(team):
    """The reminders that tasks name."""
    return sorted(row["Sales_Connect_Id__c"] or "" for row in team.tasks())


def test_all_links_are_ended_and_all_records_stay(team, meltano, tasksync, pairs):
    """No pointer is left, nothing else of a record changes, and no later sync pairs or doubles anything."""
    del pairs
    before = [{**row, "Sales_Connect_Id__c": None} for row in team.tasks()]
    ended = tasksync("unlink", "--all", "--yes")
    assert (ended.code, ended.err) == (0, "")
    assert "3 links were ended; both records of each stay as they are." in ended.out
    assert "emptied on 2 tasks, and salesforce_task_id on 1 reminder." in ended.out
    assert "3 users of them still have task sync on" in ended.out
    assert "the field and the permission set can be removed" in ended.out
    assert team.tasks() == before
    assert pointers(team) == ["", "", ""]
    assert tasksync("links", "--json").json == []
    assert len(tasksync("links", "--state", "kept", "--json").json) == 3
    writes = team.writes()
    meltano.sync()
    team.pass_by()
    meltano.sync()
    assert len(subjects(team)) == 4  # ours and the outsider's
    assert team.writes() == writes + 2  # the outsider's
    assert tasksync("unlink", "--all", "--yes").out == "There is no open link.\n"


def test_an_unlinked_pair_goes_its_own_ways(team, meltano, tasksync, pairs):
    """Neither edits nor deletions go over."""
    tasksync("unlink", "--all", "--yes")
    team.edit_reminder(pairs["ann"], details="mine")
    team.delete_task(pairs["imported"])
    meltano.sync()
    assert all(row["Description"] is None for row in team.tasks())
    assert len(team.reminders()) == 3
    assert "unlinked by a person" in tasksync("explain", pairs["ann"]).out


def test_one_users_links_are_ended(team, meltano, tasksync, pairs):
    """The others' go on."""
    told = tasksync("unlink", "--user", "bob@example.com", "--yes", "--json").json
    assert (told["links"], told["tasks"], told["reminders"], told["user"]) == (1, 1, 0, "u2")
    team.edit_reminder(pairs["ann"], details="goes over")
    team.edit_reminder(pairs["bob"], details="stays")
    meltano.sync()
    assert sorted(row["Description"] or "" for row in team.tasks()) == ["", "", "goes over"]


def test_an_empty_user_is_nobody(team, meltano, tasksync, sandbox):
    """A variable that is not set names nobody, and not the one user who has no email address either."""
    nameless = {**team._user(2, "bob"), "email": "", "salesforce_user_id": salesforce_user(2)}  # noqa: SLF001 - the team's own users
    sandbox.load(sales_connect={"users": [nameless]})
    team.remind("Bob pushed", assignee_id="u2")
    meltano.sync()
    ended = tasksync("unlink", "--user", "", "--yes")
    assert (ended.code, ended.out) == (1, "")
    assert len(tasksync("links", "--state", "open", "--json").json) == 1


def test_a_look_writes_nothing(team, tasksync, pairs):
    """Neither does a command that nobody could confirm."""
    assert pairs
    before = team.writes()
    assert "3 links would be ended" in tasksync("unlink", "--all", "--dry-run").out
    refused = tasksync("unlink", "--all")
    assert (refused.code, refused.out) == (1, "")
    assert "3 pairs will never sync again, which cannot be undone: if that is meant, say --yes" in refused.err
    assert team.writes() == before
    assert len(tasksync("links", "--json").json) == 3


@pytest.mark.parametrize("side", ["salesforce", "sales_connect"])
def test_one_that_breaks_off_is_finished_by_the_same_again(team, meltano, tasksync, pairs, side):
    """A service that fails half-way leaves links that a sync in between still knows: nothing is doubled."""
    assert pairs
    path = "composite/sobjects$" if side == "salesforce" else "reminders/batch"
    team.sandbox.fault(side, "status", path=path, status=403, body=_refusal(side))
    ended = tasksync("unlink", "--all", "--yes")
    assert ended.code == 1
    assert ended.err.startswith("tasksync: ") or "Left: " in ended.out
    team.heal()
    tasks, reminders = subjects(team), len(team.reminders())
    meltano.sync()
    assert (subjects(team), len(team.reminders())) == (tasks, reminders)
    assert tasksync("unlink", "--all", "--yes").code == 0
    assert (link_fields(team), pointers(team)) == (["", "", ""], ["", "", ""])
    meltano.sync()
    assert (subjects(team), len(team.reminders())) == (tasks, reminders)


def _refusal(side):
    if side == "salesforce":
        return [{"errorCode": "INSUFFICIENT_ACCESS", "message": "no"}]
    return {"error": {"code": "forbidden", "message": "no"}}


def test_an_answer_that_is_lost_does_no_harm(team, tasksync, pairs):
    """The pointers are off, the links still open: the same again ends them."""
    assert pairs
    team.sandbox.fault("salesforce", "drop_after", method="PATCH", path="composite/sobjects$", times=9)
    tasksync("unlink", "--all", "--yes")
    team.heal()
    assert tasksync("unlink", "--all", "--yes").code == 0
    assert (link_fields(team), pointers(team)) == (["", "", ""], ["", "", ""])
    assert tasksync("links", "--json").json == []


def test_a_row_that_is_refused_stays_linked(team, tasksync, pairs):
    """It is named with the service's code, the others are done, and the exit code says so."""
    team.refuse("salesforce", "FIELD_CUSTOM_VALIDATION_EXCEPTION", where={"Subject": "Ann pushed"})
    task = team.task_of(pairs["ann"])["Id"]
    ended = tasksync("unlink", "--all", "--yes")
    team.heal()
    assert ended.code == 1
    assert f"task {task}: the task keeps its pointer: FIELD_CUSTOM_VALIDATION_EXCEPTION." in ended.out
    assert [link["task_id"] for link in tasksync("links", "--json").json] == [task]
    assert tasksync("unlink", "--all", "--yes").code == 0


def test_a_record_that_is_gone_needs_nothing(team, tasksync, pairs):
    """Its link is ended like the others."""
    team.delete_task(team.task_of(pairs["ann"])["Id"])
    assert tasksync("unlink", "--all", "--yes").code == 0
    assert tasksync("links", "--json").json == []


def test_a_pointer_to_another_record_is_left(team, tasksync, pairs):
    """It is none of this link's."""
    team.edit_task(pairs["imported"], Sales_Connect_Id__c="rem_foreign")
    tasksync("unlink", "--all", "--yes")
    assert "rem_foreign" in link_fields(team)


def test_not_while_a_run_goes_on(team, meltano, tasksync, pairs):
    """It holds the run's lock."""
    assert pairs
    before = team.writes()
    with open_ledger(meltano.ledger_url) as ledger, lock.hold(ledger.engine, "run"):
        ended = tasksync("unlink", "--all", "--yes")
    assert ended.code == 1
    assert "two runs at once are not possible" in ended.err
    assert team.writes() == before


@pytest.mark.usefixtures("book")
@pytest.mark.parametrize("words", [[], ["--all", "--user", "u1"]])
def test_whose_links_has_to_be_said(tasksync, words):
    """Not all of them by a slip."""
    ended = tasksync("unlink", *words)
    assert ended.code == 2
    assert "--user USER or --all" in ended.err
