"""Which tasks tap-salesforce-tasks reads when it works alone, and what its state says."""

import pytest

from tap_salesforce_tasks.tap import TapSalesforceTasks

from .records import ANN, BOB, ago, salesforce_user, task, task_id
from .runs import run


@pytest.fixture
def load(sandbox):
    """Loads tasks and other objects into Salesforce."""
    sandbox.load(salesforce={"User": [salesforce_user(ANN, "ann"), salesforce_user(BOB, "bob")]})

    def load(*tasks, **objects):
        sandbox.load(salesforce={"Task": list(tasks), **objects})

    return load


@pytest.fixture
def read(sandbox, salesforce_settings):
    """Runs the tap on the tasks, and counts its calls."""

    def read(state=None, **settings):
        sandbox.forget_calls()
        output = run(TapSalesforceTasks, salesforce_settings | settings, state, streams=("tasks",))
        output.calls = sandbox.calls("salesforce")["total"]
        return output

    return read


def numbers(output):
    """The numbers of the tasks that were read."""
    return [int(record_id[4:15]) for record_id in output.ids("tasks")]


def tombstones(output):
    """The numbers of the tombstones that were read."""
    return sorted({int(row["Id"][4:15]) for row in output.records["tasks"] if row["IsDeleted"]})


def test_a_first_run_reads_everything(load, read):
    """Tasks of everybody, archived and deleted ones included."""
    load(
        task(1, ago(days=400), IsArchived=True, Status="Completed"),
        task(2, ago(hours=2), BOB),
        task(3, ago(hours=1), IsDeleted=True),
    )
    output = read()
    assert numbers(output) == [1, 2, 3]
    assert tombstones(output) == [3]


def test_times_have_one_format(load, read):
    """Salesforce's own offset without a colon never reaches the target."""
    stamp = ago(hours=1)
    load(task(1, stamp, Status="Completed"))
    (row,) = read(extra_fields=["ReminderDateTime"]).records["tasks"]
    assert {row[name] for name in ("CreatedDate", "LastModifiedDate", "SystemModstamp")} == {stamp}
    assert row["CompletedDateTime"].endswith(".000Z")


def test_a_state_says_in_plain_words_what_was_read(load, read):
    """Bookmark, the reach of the deletions, the time of the reading and the mark stand in the state."""
    stamp, before = ago(hours=1), ago(seconds=1)
    load(task(1, stamp))
    bookmark = read().bookmark("tasks")
    assert before <= bookmark.pop("read_at") <= ago(seconds=-1)
    assert ago(minutes=2) <= bookmark.pop("deleted_until") <= ago(seconds=-1)
    assert bookmark == {"replication_key": "SystemModstamp", "replication_key_value": stamp, "complete": True}


def test_an_unchanged_run_costs_two_calls(load, read):
    """One queryAll and one look at the deleted records."""
    load(*(task(n, ago(hours=30 - n)) for n in range(20)))
    first = read()
    second = read(first.state)
    assert second.calls == 2
    assert second.bookmark("tasks")["replication_key_value"] == first.bookmark("tasks")["replication_key_value"]


def test_a_first_run_that_finds_nothing_moves_on_all_the_same(read):
    """The next run begins where it began, less the overlap."""
    bookmark = read().bookmark("tasks")
    assert bookmark["replication_key_value"] == bookmark["read_at"]


def test_only_changes_are_read_with_an_overlap(load, read):
    """A later run reads from the last one's beginning less `lookback_seconds`."""
    load(task(1, ago(minutes=15)), task(2, ago(minutes=8)), task(3, ago(minutes=3)))
    state = read().state
    load(task(4, ago(minutes=7)))
    assert numbers(read(state)) == [2, 3, 4]
    assert numbers(read(state, lookback_seconds=300)) == [3]


def test_what_was_stamped_in_this_very_second_is_read(load, read):
    """A run right behind an edit brings it along."""
    state = read().state
    load(task(1, ago(seconds=0)))
    assert numbers(read(state)) == [1]


def test_the_bookmark_never_moves_back(load, read):
    """A run whose overlap holds only older records leaves the bookmark where it was."""
    load(task(1, ago(minutes=10)))
    state = read().state
    ahead = ago(minutes=5)
    state["bookmarks"]["tasks"]["replication_key_value"] = ahead
    assert read(state).bookmark("tasks")["replication_key_value"] == ahead


def test_a_late_commit_is_caught_by_the_overlap(read, sandbox, salesforce):
    """What becomes visible after the bookmark has passed its stamp is read by the next run."""
    sandbox.fault("salesforce", "late_commit", method="POST", seconds=120, times=1)
    ((late, prompt),) = [
        [salesforce.create("Task", [{"Subject": subject}])[0].id for subject in ("late", "prompt")],
    ]
    first = read()
    assert first.ids("tasks") == [prompt]
    sandbox.clock(180)
    assert read(first.state).ids("tasks") == sorted([late, prompt])


def test_ties_and_short_pages_are_all_read(load, read, sandbox):
    """Records of one second come in the order of their ids, however long the pages are."""
    tie = ago(hours=1)
    load(*(task(n, tie) for n in range(25)))
    sandbox.fault("salesforce", "short_pages", path="/query", size=4)
    output = read()
    assert [row["Id"] for row in output.records["tasks"]] == [task_id(n) for n in range(25)]


def test_a_soft_deletion_is_a_tombstone_with_its_fields(load, read, sandbox, salesforce):
    """The row that queryAll still shows says whose task it was; the deletion log adds nothing and costs no look."""
    load(task(1, ago(hours=1), Sales_Connect_Id__c="r1"))
    state = read().state
    sandbox.clock(600)
    salesforce.delete([task_id(1)])
    sandbox.clock(720)
    output = read(state)
    (row,) = (row for row in output.records["tasks"] if row["IsDeleted"])
    assert (row["OwnerId"], row["Sales_Connect_Id__c"]) == (ANN, "r1")
    assert output.calls == 2


def test_a_purged_task_is_a_tombstone_of_the_deletion_log(load, read, sandbox, salesforce):
    """Nothing is left but id and time; everything else is null."""
    load(task(1, ago(hours=1)))
    state = read().state
    sandbox.clock(600)
    salesforce.delete([task_id(1)])
    sandbox.control("salesforce", "POST", "purge", {"ids": [task_id(1)]})
    sandbox.clock(900)
    output = read(state)
    (row,) = (row for row in output.records["tasks"] if row["IsDeleted"])
    assert ago(minutes=-9) <= row["SystemModstamp"] <= ago(minutes=-11)
    assert {name for name, value in row.items() if value is not None} == {"Id", "IsDeleted", "SystemModstamp"}
    assert output.bookmark("tasks")["replication_key_value"] == state["bookmarks"]["tasks"]["replication_key_value"]
    assert output.bookmark("tasks")["deleted_until"] > state["bookmarks"]["tasks"]["deleted_until"]


def test_an_undeleted_task_is_no_tombstone(load, read, sandbox, salesforce):
    """The deletion log still lists it; a look finds it alive, and it is read as a change, once."""
    load(task(1, ago(hours=1)))
    state = read().state
    sandbox.clock(600)
    salesforce.delete([task_id(1)])
    sandbox.control("salesforce", "POST", "undelete", {"ids": [task_id(1)]})
    sandbox.clock(900)
    output = read(state)
    assert [(row["Id"], row["IsDeleted"]) for row in output.records["tasks"]] == [(task_id(1), False)]


def test_the_deletion_log_may_be_asked_at_any_time(load, read, sandbox):
    """Start and end keep the distances that Salesforce wants: at once, after a minute, and after months."""
    load(task(1, ago(hours=1)))
    state = None
    for offset in (0, 1, 60, 61, 600, 86_400, 16 * 86_400, 90 * 86_400):
        sandbox.clock(offset)
        output = read(state)
        assert output.exit_code == 0
        state = output.state


def test_only_the_owners_asked_for(load, read):
    """`owner_ids` takes ids of 15 and of 18 characters."""
    load(task(1, ago(hours=2)), task(2, ago(hours=1), BOB))
    assert numbers(read(owner_ids=[BOB[:15]])) == [2]


def test_more_owners_than_a_query_holds_are_filtered_here(load, read):
    """The URI of a query is limited; one order of time needs one query, and a first reading is counted."""
    load(task(1, ago(hours=2)), task(2, ago(hours=1), BOB))
    many = [f"005B{n:011d}" for n in range(600)]
    output = read(owner_ids=[ANN, *many])
    assert numbers(output) == [1]
    assert output.calls == 3


def test_nothing_older_than_the_start_date(load, read):
    """`start_date` bounds a first run."""
    load(task(1, ago(days=5)), task(2, ago(days=1)))
    assert numbers(read(start_date=ago(days=2)[:10])) == [2]


def test_extra_fields_and_link_field(load, read):
    """Fields come and go with the settings; an empty link field is none."""
    load(task(1, ago(hours=1), Sales_Connect_Id__c="r1", CallObject="abc"))
    (row,) = read(extra_fields=["CallObject"]).records["tasks"]
    assert (row["CallObject"], row["Sales_Connect_Id__c"]) == ("abc", "r1")
    (row,) = read(link_field="").records["tasks"]
    assert "Sales_Connect_Id__c" not in row
    assert "CallObject" not in row


def test_users_have_a_bookmark_of_their_own(load, salesforce_settings):
    """The users stream reads what changed."""
    load(User=[salesforce_user(ANN, "ann", SystemModstamp=ago(days=2))])
    first = run(TapSalesforceTasks, salesforce_settings, streams=("users",))
    assert {ANN, BOB} <= set(first.ids("users"))
    load(User=[salesforce_user(BOB, "bob", LastName="Builder")])
    second = run(TapSalesforceTasks, salesforce_settings, first.state, streams=("users",))
    assert [row["Name"] for row in second.records["users"] if row["Id"] == BOB] == ["Builder"]
    assert ANN not in second.ids("users")
