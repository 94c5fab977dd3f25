"""Edits and runs in any order: when both sides are quiet, one run brings the pair to agreement (sync-rules §7.5)."""

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasksync_mappings import DOES_NOT_TRAVEL, ConflictPolicy
from tasksync_mappings.fields import same

from .links import FIELDS, SIDES, TRANSLATION, in_step, settled, step
from .strategies import edits, hows, salesforces, thoroughly

MENU = {
    "due_date": (["2026-11-20", "2026-12-24", None], ["2026-11-20", "2026-12-24", None]),
    "status": (["open", "completed"], ["Not Started", "Completed", "In Progress"]),
    "assignee": (["u1", "u2", "u9"], ["005A", "005B", "005X"]),
}
ONE_SIDE_WINS = [ConflictPolicy.SALESFORCE, ConflictPolicy.SALESCONNECT]


def lived(link, events, **how):
    """A link after edits (side, field, value) and merges (a side alone), in order."""
    for event in events:
        if event in SIDES:
            link = step(link, event, **how).link
        else:
            side, name, value = event
            record = {**link.record(side), FIELDS.named(name).column(side): value}
            link = type(link)(**{"reminder": link.reminder, "task": link.task, "base": link.base} | {side: record})
    return link


def agree(link, translation):
    """Whether every field agrees or holds a value that does not travel; the name goes by its own rule."""
    put, get = translation.put(link.reminder), translation.get(link.task)
    for field in FIELDS.fields:
        travels = DOES_NOT_TRAVEL not in {put[field.name], get[field.name]}
        reminder, task = link.reminder[field.reminder], link.task[field.task]
        alike = same(field, "task", put[field.name], task) or reminder == task  # a text longer than the map's own cut
        if field.name != "name" and travels and not alike:
            return False
    return True


@pytest.mark.parametrize("name", MENU)
@pytest.mark.parametrize("policy", ONE_SIDE_WINS)
@pytest.mark.parametrize("length", [1, 2, 3])
def test_every_short_history_of_one_field_ends_in_agreement(name, policy, length):
    """All orders of edits and runs over a few values, then one run each way."""
    menu = [*SIDES, *((side, name, value) for side, values in zip(SIDES, MENU[name], strict=True) for value in values)]
    for events in itertools.product(menu, repeat=length):
        link = lived(in_step(), (*events, *SIDES), policy=policy)
        assert agree(link, TRANSLATION), events
        assert settled(link, policy=policy), events


@pytest.mark.parametrize(
    ("loser", "lost", "winner", "won", "old"),
    [("reminder", "u2", "task", "005C", "005A"), ("task", "005B", "reminder", "u3", "u1")],
)
def test_a_winner_that_is_set_back_before_the_other_direction_runs_still_goes_over(loser, lost, winner, won, old):
    """Both sides change, the destination wins, and its user undoes the change: then that goes over."""
    policy = ConflictPolicy.SALESFORCE if winner == "task" else ConflictPolicy.SALESCONNECT
    events = [(loser, "assignee", lost), (winner, "assignee", won), loser, (winner, "assignee", old), *SIDES]
    link = lived(in_step(), events, policy=policy)
    assert link.holds("assignee") == in_step().holds("assignee")


@given(st.lists(st.one_of(edits(), st.sampled_from(SIDES)), max_size=12), hows(), salesforces, st.permutations(SIDES))
@settings(thoroughly, max_examples=200)
def test_every_history_ends_in_agreement(events, how, salesforce, last):
    """Whatever people do on both sides and whenever the runs come, with whatever Salesforce does to texts."""
    link = lived(in_step(), [*events, *last], salesforce=salesforce, **how)
    assert agree(link, how["translation"])
    assert settled(link, salesforce=salesforce, **how)


@given(st.lists(edits(), max_size=6), hows(), st.permutations(SIDES))
@thoroughly
def test_an_edit_on_one_side_alone_arrives(events, how, last):
    """With nobody at work on the other side everything goes over; a Subject and what does not travel excepted."""
    for side in SIDES:
        edited = lived(in_step(), [event for event in events if event[0] == side], **how)
        link = lived(edited, last, **how)
        assert link.record(side) == edited.record(side)
        assert agree(link, how["translation"])
