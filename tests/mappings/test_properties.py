"""What holds for every link, whatever it holds (sync-rules §5)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tasksync_mappings import DOES_NOT_TRAVEL, DeletionOutcome, Pair, Rule, merge_deletion, other
from tasksync_mappings.fields import same

from .links import FIELDS, SIDES, Link, step
from .strategies import hows, links, salesforces, thoroughly

directions = st.sampled_from(SIDES)


def two_rounds(link, source, how, salesforce=lambda value: value):
    """Both directions, once each; the link afterwards and everything that was recorded."""
    first = step(link, source, salesforce=salesforce, **how)
    back = step(first.link, other(source), salesforce=salesforce, **how)
    return first, back


@given(links(based=True), directions, hows())
@thoroughly
def test_an_echo_writes_nothing(link, source, how):
    """A record whose every field equals the base: no write and no conflict, whatever lies on the other side."""
    record = {field.column(source): link.base[field.name].on(source) for field in FIELDS.fields}
    echo = Link(record, link.task, link.base) if source == "reminder" else Link(link.reminder, record, link.base)
    assert how["translation"].is_echo(source, record, link.base)
    assert step(echo, source, **how).quiet


@given(links(), directions, hows())
@thoroughly
def test_what_is_called_an_echo_would_not_be_written_either(link, source, how):
    """`is_echo` saves the look at the other side and changes nothing in the outcome."""
    done = step(link, source, **how)
    if how["translation"].is_echo(source, link.record(source), link.base):
        assert done.quiet


@given(links(), directions, hows(), salesforces)
@thoroughly
def test_the_same_change_again_writes_nothing(link, source, how, salesforce):
    """A re-read change, after its decisions were carried out, finds agreement; nothing is recorded twice."""
    done = step(link, source, salesforce=salesforce, **how)
    again = step(done.link, source, salesforce=salesforce, **how)
    assert again.quiet


@given(links(), directions, hows(), salesforces)
@thoroughly
def test_both_directions_come_to_rest_after_one_round(link, source, how, salesforce):
    """After one merge each way a third and a fourth write nothing, record nothing, and leave the base alone."""
    first, back = two_rounds(link, source, how, salesforce)
    third, fourth = two_rounds(back.link, source, how, salesforce)
    assert third.quiet
    assert fourth.quiet
    assert (fourth.link.reminder, fourth.link.task) == (back.link.reminder, back.link.task)
    assert len({conflict.field for conflict in first.conflicts + back.conflicts}) == len(
        first.conflicts + back.conflicts
    )


@given(links(based=True), directions, hows())
@thoroughly
def test_a_value_that_does_not_travel_gives_way_only_to_a_change(link, source, how):
    """It is overwritten only where the other side changed that same field since the base, whoever is newer."""
    destination = other(source)
    made = {"reminder": how["translation"].put(link.reminder), "task": how["translation"].get(link.task)}
    done = step(link, source, **how)
    for field in FIELDS.fields[1:]:
        if made[destination][field.name] is not DOES_NOT_TRAVEL or field.column(destination) not in done.writes:
            continue
        incoming = link.record(source)[field.column(source)]
        assert not same(field, source, incoming, link.base[field.name].on(source))


@given(links(), directions, hows())
@thoroughly
def test_an_adopted_task_value_that_does_not_travel_is_never_overwritten(link, source, how):
    """Without a base nobody is known to have changed the field: both values stand."""
    get = how["translation"].get(link.task)
    done = step(link, source, **how)
    for field in FIELDS.fields[1:]:
        if field.name not in link.base and get[field.name] is DOES_NOT_TRAVEL:
            assert done.decisions[field.name].rule is Rule.ADOPTED
            assert field.column(other(source)) not in done.writes


@given(links(based=True), directions, hows())
@thoroughly
def test_only_changed_fields_are_written(link, source, how):
    """A field that its source did not change since the base is not sent, and what is sent is news."""
    destination = other(source)
    done = step(link, source, **how)
    for field in FIELDS.fields:
        column = field.column(destination)
        if column not in done.writes:
            continue
        assert not same(field, source, link.record(source)[field.column(source)], link.base[field.name].on(source))
        assert not same(field, destination, done.writes[column], link.record(destination)[column])


@given(links(based=True), directions, hows())
@thoroughly
def test_nothing_that_the_other_side_changed_is_overwritten_unrecorded(link, source, how):
    """A write over a value that is not the base's is a conflict, with the value that was lost."""
    destination = other(source)
    done = step(link, source, **how)
    recorded = {conflict.field: conflict for conflict in done.conflicts}
    for field in FIELDS.fields:
        column = field.column(destination)
        if column in done.writes and not same(
            field, destination, link.record(destination)[column], link.base[field.name].on(destination)
        ):
            assert recorded[field.name].winner == source
            assert recorded[field.name].values.on(destination) == link.record(destination)[column]


@given(links(based=True), hows(), salesforces)
@thoroughly
def test_a_subject_never_reaches_a_linked_reminder(link, how, salesforce):
    """Whatever the Subject holds, neither direction writes a name, and the task alone records nothing about it."""
    first, back = two_rounds(link, "task", how, salesforce)
    assert "name" not in first.writes
    assert "name" not in back.writes
    assert "name" not in {conflict.field for conflict in first.conflicts}
    assert first.link.base["name"] == link.base["name"]


@given(links(), hows(), salesforces)
@thoroughly
def test_a_pushed_reminder_does_not_come_back(link, how, salesforce):
    """A task as Salesforce keeps what a create sent is an echo against the base of what was sent, both ways."""
    translation = how["translation"]
    put = {name: None if value is DOES_NOT_TRAVEL else value for name, value in translation.put(link.reminder).items()}
    base = {field.name: Pair(link.reminder[field.reminder], put[field.name]) for field in FIELDS.fields}
    created = Link(link.reminder, {field.task: salesforce(put[field.name]) for field in FIELDS.fields}, base)
    for source in SIDES:
        assert translation.is_echo(source, created.record(source), base)
        assert step(created, source, salesforce=salesforce, **how).quiet


@given(links(), hows())
@thoroughly
def test_an_imported_task_does_not_come_back(link, how):
    """A reminder made of a task is in step with it at once, stand-ins and default name included."""
    translation = how["translation"]
    got = translation.get_for_import(link.task)
    reminder = {field.reminder: got[field.name] for field in FIELDS.fields} | {"assignee_id": "u1"}
    base = {field.name: Pair(reminder[field.reminder], link.task[field.task]) for field in FIELDS.fields}
    imported = Link(reminder, link.task, base)
    for source in SIDES:
        assert translation.is_echo(source, imported.record(source), base)
        assert step(imported, source, **how).quiet


@given(links(based=True), directions, hows())
@thoroughly
def test_a_deletion_loses_only_what_is_recorded(link, source, how):
    """A record is deleted without a conflict exactly where it is an echo of the base."""
    translation, living = how["translation"], link.record(other(source))
    outcome = merge_deletion(translation, source, link.base, living)
    unchanged = translation.is_echo(other(source), living, link.base)
    assert outcome is (DeletionOutcome.DELETE if unchanged else DeletionOutcome.DELETE_CHANGED)


@pytest.mark.parametrize("source", SIDES)
def test_the_examples_reach_every_rule(source):
    """The random links are varied enough to be worth running: each row of the table comes up in each direction."""
    reached = set()

    @given(links(), hows())
    @settings(thoroughly, max_examples=300)
    def collect(link, how):
        reached.update(decision.rule for decision in step(link, source, **how).decisions.values())

    collect()
    # A Subject never travels, so the task's own direction has no name rules.
    assert reached == set(Rule) - (set() if source == "reminder" else {Rule.NAME_CHANGED, Rule.NAME_STAYS})
