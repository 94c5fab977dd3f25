"""Unlinked twins become pairs at a person's word; a sync then doubles nothing and decides what differs."""

from __future__ import annotations

import pytest

from tasksync_clients.soql import id18
from tasksync_engine.adopting import adopt
from tests.sync.plans import DIRECTIONS, Planner, unseen
from tests.sync.steps import pass_over, quiet
from tests.sync.team import salesforce_user

CONTACT = id18("003Tm0000000001")


class Adopter(Planner):
    """Adopts with the destinations of `plans`."""

    def adopt(self, choose=lambda found: found.pairs):
        """Link those that are chosen; all, as a rule."""
        hands = [self.hand(direction) for direction in DIRECTIONS]
        return adopt(hands, self.meltano.ledger_url, unseen, choose)


@pytest.fixture
def both(team, meltano):
    """What adopts."""
    return Adopter(team, meltano)


def twins(team, name="Call Ann", **task):
    """A reminder and a task that look the same."""
    return team.remind(name, due_date="2026-12-24"), team.task(name, ActivityDate="2026-12-24", **task)


def test_a_pair_is_linked_before_the_first_sync(team, meltano, both, ledger):
    """The sync then makes no second counterpart, and writes nothing where they agree."""
    reminder, task = twins(team)
    adopted = both.adopt()
    assert (len(adopted.linked), adopted.ambiguous) == (1, [])
    assert [(row["reminder_id"], row["task_id"], row["origin"]) for row in ledger("SELECT * FROM links")] == [
        (reminder, task, "adopted")
    ]
    quiet(team, meltano)
    quiet(team, meltano)
    assert (len(team.tasks()), len(team.reminders())) == (1, 1)
    assert ledger("SELECT * FROM parked") == []


@pytest.mark.parametrize("long_ago", [False, True], ids=["before the first sync", "read long ago"])
@pytest.mark.parametrize("newer", ["reminder", "task"])
def test_what_differs_is_decided_by_the_next_sync(both, ledger, newer, long_ago):
    """As for a pair without a base: the newer one wins, whichever that is, and the conflict is recorded."""
    team, meltano = both.team, both.meltano
    if long_ago:
        meltano.sync()
    reminder, task = twins(team, Description="theirs")
    team.later(60)
    if newer == "reminder":
        team.edit_reminder(reminder, details="newest")
    else:
        team.edit_reminder(reminder, details="ours")
        team.later(120)
        team.edit_task(task, Description="newest")
    if long_ago:
        pass_over(team, meltano)
    both.adopt()
    meltano.sync()
    assert (team.reminder(reminder)["details"], team.tasks()[0]["Description"]) == ("newest", "newest")
    assert [(row["field"], row["winner"]) for row in ledger("SELECT * FROM conflicts")] == [("details", newer)]
    assert ledger("SELECT * FROM parked") == []
    quiet(team, meltano)


def test_what_somebody_does_not_accept_stays(team, both, ledger):
    """Nothing is written anywhere."""
    twins(team)
    adopted = both.adopt(lambda _: [])
    assert (len(adopted.pairs), adopted.linked, ledger("SELECT * FROM links")) == (1, [], [])


def test_one_of_several_may_be_accepted(team, both, ledger):
    """The others stay."""
    kept = twins(team, "First")
    twins(team, "Second")
    both.adopt(lambda found: [group for group in found.pairs if group.reminders[0].name == "First"])
    assert [(row["reminder_id"], row["task_id"]) for row in ledger("SELECT * FROM links")] == [kept]


def test_what_several_could_be_is_never_linked(team, both, ledger):
    """Two tasks alike, or two reminders: even where all is accepted."""
    twins(team)
    team.task("Call Ann", ActivityDate="2026-12-24")
    twins(team, "Other")
    team.remind("Other", due_date="2026-12-24")
    adopted = both.adopt(lambda found: [*found.pairs, *found.ambiguous])
    assert (adopted.pairs, len(adopted.ambiguous), adopted.linked) == ([], 2, [])
    assert ledger("SELECT * FROM links") == []


@pytest.mark.parametrize(
    "other",
    [
        {"ActivityDate": "2026-12-25"},
        {"subject": "Call Bob"},
        {"OwnerId": salesforce_user(2)},
        {"WhoId": CONTACT},
        {"TaskSubtype": "Email"},
        {"OwnerId": salesforce_user(3)},
    ],
    ids=["due date", "subject", "user", "person", "logged activity", "somebody who is off"],
)
def test_what_differs_in_one_of_them_is_no_twin(team, both, other):
    """Due date, subject, user, person; nor is what takes no part."""
    team.sandbox.load(salesforce={"Contact": [{"Id": CONTACT, "LastName": "Ann"}]})
    team.remind("Call Ann", due_date="2026-12-24")
    team.task(**{"subject": "Call Ann", "ActivityDate": "2026-12-24", **other})
    adopted = both.adopt()
    assert (adopted.pairs, adopted.ambiguous) == ([], [])


@pytest.mark.parametrize(
    ("reminded", "visited", "alike"), [(True, True, 1), (True, False, 0), (False, True, 0), (False, False, 1)]
)
def test_the_person_must_be_the_same(team, both, reminded, visited, alike):
    """By the contact's id, in either of its forms; nobody on both sides is the same, too."""
    team.sandbox.load(salesforce={"Contact": [{"Id": CONTACT, "LastName": "Ann"}]})
    team.sandbox.load(sales_connect={"people": [{"id": "p1", "name": "Ann", "salesforce_contact_id": CONTACT[:15]}]})
    team.remind("Call", **({"person": {"id": "p1"}} if reminded else {}))
    team.task("Call", **({"WhoId": CONTACT} if visited else {}))
    assert len(both.adopt().pairs) == alike


def test_the_template_is_looked_through(team, meltano, both):
    """A Subject that the template makes of the name is the same subject."""
    team.sandbox.load(
        sales_connect={"settings": {"activity_detail_customization": "[{{activity_type}}] {{activity_subject}}"}}
    )
    team.remind("Ann", due_date="2026-12-24")
    team.task("[Call] Ann", ActivityDate="2026-12-24")
    assert len(both.adopt().linked) == 1
    quiet(team, meltano)


def test_what_is_linked_is_no_twin(team, meltano, both):
    """Nor what was linked once."""
    twins(team)
    both.adopt()
    meltano.sync()
    assert both.adopt().pairs == []


def test_a_pair_that_changed_while_somebody_thought_is_left(team, both, ledger):
    """Both records are read again before they are linked."""
    reminder, _ = twins(team)

    def choose(found):
        team.edit_reminder(reminder, due_date="2027-01-01")
        return found.pairs

    adopted = both.adopt(choose)
    assert (adopted.linked, len(adopted.moved), ledger("SELECT * FROM links")) == ([], 1, [])
