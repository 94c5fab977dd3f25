"""What a tombstone does to the other record of its link (the linked rows of sync-rules §6)."""

from dataclasses import replace

import pytest

from tasksync_mappings import DeletePolicy, DeletionOutcome, Pair, merge_deletion, other

from .links import FIELDS, SIDES, TRANSLATION, Link, in_step, without_base

BOTH_WAYS = pytest.mark.parametrize("source", SIDES)
EITHER_POLICY = pytest.mark.parametrize("policy", DeletePolicy)
CHANGED = {DeletePolicy.DELETE: DeletionOutcome.DELETE_CHANGED, DeletePolicy.KEEP: DeletionOutcome.KEEP}


def outcome(link, source, policy):
    """What the tombstone of the source's record does to the link's other record."""
    return merge_deletion(TRANSLATION, source, link.base, link.record(other(source)), policy)


@BOTH_WAYS
@EITHER_POLICY
def test_an_unchanged_record_is_deleted(source, policy):
    """Neither policy keeps a record that nobody touched."""
    assert outcome(in_step(), source, policy) is DeletionOutcome.DELETE


@BOTH_WAYS
@EITHER_POLICY
def test_a_record_that_is_gone_closes_the_link(source, policy):
    """Whatever is known of its past."""
    assert merge_deletion(TRANSLATION, source, in_step().base, None, policy) is DeletionOutcome.CLOSE
    assert merge_deletion(TRANSLATION, source, {}, None, policy) is DeletionOutcome.CLOSE


@BOTH_WAYS
@EITHER_POLICY
@pytest.mark.parametrize("name", [field.name for field in FIELDS.fields if field.name != "name"])
def test_a_changed_record_goes_by_policy(source, policy, name):
    """Any field changed since the base counts, on the living side."""
    link = in_step()
    link.record(other(source))[FIELDS.named(name).column(other(source))] = "changed"
    assert outcome(link, source, policy) is CHANGED[policy]


@BOTH_WAYS
def test_a_changed_record_is_deleted_by_default(source):
    """The lost values are for the caller to record."""
    link = in_step()
    link.record(other(source))[FIELDS.named("due_date").column(other(source))] = None
    living = link.record(other(source))
    assert merge_deletion(TRANSLATION, source, link.base, living) is DeletionOutcome.DELETE_CHANGED


@EITHER_POLICY
def test_a_renamed_reminder_is_changed_and_an_edited_subject_is_not(policy):
    """The Subject of a linked task is no field of it, in a deletion as in a merge."""
    renamed = in_step().holding("name", "Ring Bob", "Ring Ada", Pair("Ring Ada", "Ring Ada"))
    assert outcome(renamed, "task", policy) is CHANGED[policy]
    edited = in_step().holding("name", "Ring Ada", "Urgent!", Pair("Ring Ada", "Ring Ada"))
    assert outcome(edited, "reminder", policy) is DeletionOutcome.DELETE


@BOTH_WAYS
@EITHER_POLICY
def test_a_link_without_base_counts_as_changed(source, policy):
    """A pair that was found again after a lost ledger may have been edited (sync-rules §2.3)."""
    assert outcome(without_base(), source, policy) is CHANGED[policy]


@BOTH_WAYS
@EITHER_POLICY
def test_what_does_not_travel_is_a_change_only_while_it_is_news(source, policy):
    """In Progress that the base knows does not protect a task, and In Progress that it does not know does."""
    known = in_step().holding("status", "open", "In Progress", Pair("open", "In Progress"))
    assert outcome(known, source, policy) is DeletionOutcome.DELETE
    news = in_step().holding("status", "open", "In Progress", Pair("open", "Not Started"))
    assert outcome(news, "reminder", policy) is CHANGED[policy]


@EITHER_POLICY
def test_what_salesforce_does_to_a_text_is_no_change(policy):
    """A task whose text was trimmed, cut or emptied by Salesforce is deleted like an untouched one."""
    for sent, held in [("x\r\n", "x"), ("   ", None), ("a\r\nb", "a\nb")]:
        assert (
            outcome(in_step().holding("details", sent, held, Pair(sent, sent)), "reminder", policy)
            is DeletionOutcome.DELETE
        )


@BOTH_WAYS
@EITHER_POLICY
def test_the_deleted_sides_own_changes_do_not_count(source, policy):
    """Only the living record is compared; the values of the tombstone are not even looked at."""
    link = in_step()
    assert outcome(replace(link, **{source: {"id": "gone"}}), source, policy) is DeletionOutcome.DELETE


@BOTH_WAYS
@EITHER_POLICY
def test_a_difference_that_was_settled_for_the_deleted_side_protects_the_winner(source, policy):
    """A conflict's winner on the living side, not carried over yet, is a change that a deletion would lose."""
    link: Link = in_step()
    link = link.holding(
        "details",
        "mine",
        "mine",
        Pair("about the offer", "mine") if source == "task" else Pair("mine", "about the offer"),
    )
    assert outcome(link, source, policy) is CHANGED[policy]
