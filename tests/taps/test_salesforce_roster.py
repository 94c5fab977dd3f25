"""Which tasks tap-salesforce-tasks reads as one end of the sync: the roster's, and linked ones whatever their owner."""

from datetime import UTC, datetime, timedelta

import pytest

from tap_salesforce_tasks.tap import TapSalesforceTasks

from .records import ANN, BOB, CLEO, ago, salesforce_user, task, task_id
from .runs import complaints, problem, run, run_command


def enabled(**since):
    """E, so long before now."""
    return (datetime.now(UTC) - timedelta(**since)).replace(microsecond=0)


@pytest.fixture
def load(sandbox):
    """Loads tasks into Salesforce."""
    people = [salesforce_user(ANN, "ann"), salesforce_user(BOB, "bob"), salesforce_user(CLEO, "cleo")]
    sandbox.load(salesforce={"User": people})

    def load(*tasks):
        sandbox.load(salesforce={"Task": list(tasks)})

    return load


@pytest.fixture
def settings(salesforce_settings, ledger):
    """Settings with the ledger."""
    return salesforce_settings | {"ledger_url": ledger.url}


@pytest.fixture
def read(sandbox, settings):
    """Runs the tap on the tasks, and counts its calls."""

    def read(state=None, **more):
        sandbox.forget_calls()
        output = run(TapSalesforceTasks, settings | more, state, streams=("tasks",))
        output.calls = sandbox.calls("salesforce")["total"]
        return output

    return read


def numbers(output):
    """The numbers of the tasks that were read."""
    return [int(record_id[4:15]) for record_id in output.ids("tasks")]


def tombstones(output):
    """The numbers of the tombstones that were read."""
    return sorted({int(row["Id"][4:15]) for row in output.records["tasks"] if row["IsDeleted"]})


def test_without_a_roster_nothing_is_read(load, read, sandbox, settings, tmp_path):
    """No state goes out, standard error names the other job, and the run has not failed."""
    load(task(1, ago(hours=1)))
    process = run_command(TapSalesforceTasks, tmp_path, settings, {"bookmarks": {"tasks": {"deleted_until": "x"}}})
    assert (process.returncode, process.stdout) == (0, "")
    (told,) = complaints(process)
    assert "to-salesforce" in told
    assert read().messages == []
    assert sandbox.calls("salesforce")["total"] == 0


def test_each_owner_from_a_day_before_they_switched_on(load, read, ledger):
    """Tasks of the roster's owners count from E less 24 hours, or what the setting says; others' do not count."""
    of_ann, of_bob = enabled(days=3), enabled(days=9)
    ledger.enrol(("ann", ANN, of_ann), ("bob", BOB, of_bob), ("dan", None, of_bob))
    load(
        task(1, ago(days=4, hours=1)),
        task(2, ago(days=3, hours=23)),
        task(3, ago(days=9, hours=23), BOB),
        task(4, ago(days=10, hours=1), BOB),
        task(5, ago(hours=1), CLEO),
    )
    output = read()
    assert numbers(output) == [2, 3]
    assert output.bookmark("tasks")["owners"] == {
        ANN: of_ann.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
        BOB: of_bob.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
    }
    assert numbers(read(initial_lookback_hours=26)) == [1, 2, 3, 4]


def test_an_unchanged_run_costs_two_calls(load, read, ledger):
    """One queryAll and one look at the deleted records, however many links there are."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(*(task(n, ago(hours=30 - n)) for n in range(20)))
    first = read()
    ledger.link(*((f"r{n}", "ann", task_id(n), ANN) for n in range(20)))
    assert read(first.state).calls == 2


def test_who_is_new_to_the_roster_is_read_once(load, read, ledger):
    """Also who turns task sync on again; the bookmark does not move for it."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(minutes=3)), task(2, ago(hours=20), BOB), task(3, ago(days=3), BOB))
    first = read()
    assert numbers(first) == [1]
    ledger.enrol(("bob", BOB, enabled(hours=1)))
    second = read(first.state)
    assert numbers(second) == [1, 2]
    assert second.bookmark("tasks")["replication_key_value"] == first.bookmark("tasks")["replication_key_value"]
    assert numbers(read(second.state)) == [1]
    ledger.enrol(("bob", BOB, enabled(minutes=5)))
    assert numbers(read(second.state)) == [1, 2]


def test_an_owner_counts_as_read_only_when_all_was_read(load, read, ledger, sandbox):
    """A run that dies while it reads a new owner reads that owner again."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(hours=20), BOB))
    state = read().state
    ledger.enrol(("bob", BOB, enabled(hours=1)))
    sandbox.fault("salesforce", "status", path="/deleted", status=400)
    broken = read(state)
    assert (broken.exit_code, numbers(broken)) == (1, [1])
    sandbox.clear_faults("salesforce")
    assert numbers(read(broken.state)) == [1]


def test_linked_tasks_of_a_new_owner_are_read_whatever_their_age(load, read, ledger, sandbox, salesforce):
    """Living ones as they are; deleted and purged ones as tombstones, however long ago that was."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(*(task(n, ago(days=200), BOB) for n in range(4)))
    salesforce.delete([task_id(1), task_id(2)])
    sandbox.control("salesforce", "POST", "purge", {"ids": [task_id(2)]})
    sandbox.control("salesforce", "POST", "purge_delete_log")
    ledger.link(*((f"r{n}", "bob", task_id(n), BOB) for n in range(3)))
    sandbox.clock(3600)
    state = read().state
    sandbox.clock(7200)
    state = read(state).state
    ledger.enrol(("bob", BOB, enabled(minutes=5)))
    output = read(state)
    assert numbers(output) == [0, 1, 2]
    assert [(row["Id"], row["OwnerId"]) for row in output.records["tasks"] if row["IsDeleted"]] == [
        (task_id(1), BOB),
        (task_id(2), None),
    ]


def test_an_archived_linked_task_is_alive(load, read, ledger, sandbox):
    """A look does not take it for gone."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(days=500), Status="Completed"))
    sandbox.control("salesforce", "POST", "archive", {"ids": [task_id(1)]})
    ledger.link(("r1", "ann", task_id(1), ANN))
    assert tombstones(read()) == []


def test_a_linked_task_given_to_somebody_else_is_still_read(load, read, ledger):
    """Its target hears of the change; other tasks of that owner stay unread."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(hours=2)), task(2, ago(hours=2)))
    state = read().state
    ledger.link(("r1", "ann", task_id(1), ANN))
    load(task(1, ago(minutes=1), CLEO), task(2, ago(minutes=1), CLEO))
    output = read(state)
    assert numbers(output) == [1]
    assert output.calls == 2


def test_a_linked_task_given_away_is_still_read_after_a_long_pause(load, read, ledger, sandbox):
    """Then all linked tasks are looked at in one call, which changes of strangers cannot swell; unchanged ones stay."""
    ledger.enrol(("ann", ANN, enabled(days=30)))
    load(task(1, ago(days=20)), task(2, ago(days=20)), task(3, ago(days=10)))
    state = read().state
    ledger.link(*((f"r{n}", "ann", task_id(n), ANN) for n in (1, 2, 3)))
    sandbox.clock(3 * 86_400)
    load(task(1, ago(days=-2), CLEO), *(task(n, ago(days=-1), CLEO) for n in range(100, 130)))
    sandbox.fault("salesforce", "short_pages", path="/query", size=10)
    output = read(state, bulk_threshold=0)
    assert numbers(output) == [1]
    assert output.calls == 3


def test_a_linked_task_in_the_recycle_bin_is_a_tombstone_however_old_its_deletion(load, read, ledger, salesforce):
    """All linked tasks are compared after a long gap, whatever the bookmark says of the time between."""
    ledger.enrol(("ann", ANN, enabled(days=30)))
    load(task(1, ago(days=20)), task(2, ago(days=20)))
    state = read().state
    ledger.link(("r1", "ann", task_id(1), ANN), ("r2", "ann", task_id(2), ANN))
    salesforce.delete([task_id(1)])
    state["bookmarks"]["tasks"] |= {"read_at": ago(days=16), "replication_key_value": ago(hours=-1)}
    output = read(state)
    assert [(row["Id"], row["IsDeleted"], row["OwnerId"]) for row in output.records["tasks"]] == [
        (task_id(1), True, ANN)
    ]


def test_a_first_run_that_was_cut_off_goes_on_where_it_was(load, read, ledger, sandbox):
    """Owners whose tasks it read in order are not read again from their start."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(hours=20)), task(2, ago(hours=1)))
    sandbox.fault("salesforce", "status", path="/deleted", status=400)
    broken = read()
    assert (broken.exit_code, numbers(broken)) == (1, [1, 2])
    sandbox.clear_faults("salesforce")
    assert numbers(read(broken.state)) == [2]


def test_after_a_long_gap_all_linked_tasks_are_compared(load, read, ledger, sandbox, salesforce):
    """Beyond 15 days neither recycle bin nor deletion log can tell."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(hours=1)), task(2, ago(hours=1)))
    state = read().state
    ledger.link(("r1", "ann", task_id(1), ANN), ("r2", "ann", task_id(2), ANN))
    salesforce.delete([task_id(1)])
    sandbox.control("salesforce", "POST", "purge", {"ids": [task_id(1)]})
    sandbox.control("salesforce", "POST", "purge_delete_log")
    sandbox.clock(16 * 86_400)
    earliest = ago(days=-16)
    output = read(state)
    (row,) = (row for row in output.records["tasks"] if row["IsDeleted"])
    assert row["Id"] == task_id(1)
    assert earliest <= row["SystemModstamp"] <= ago(days=-16, minutes=-1)


def test_a_purged_deletion_log_has_all_linked_tasks_compared(load, read, ledger, sandbox, salesforce):
    """`earliestDateAvailable` says that deletions may be missing."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(hours=1)), task(2, ago(hours=1)))
    state = read().state
    ledger.link(("r1", "ann", task_id(1), ANN), ("r2", "ann", task_id(2), ANN))
    sandbox.clock(1800)
    salesforce.delete([task_id(1)])
    sandbox.control("salesforce", "POST", "purge", {"ids": [task_id(1)]})
    sandbox.control("salesforce", "POST", "purge_delete_log")
    sandbox.clock(3600)
    assert tombstones(read(state)) == [1]


def test_a_lost_state_has_all_linked_tasks_compared(load, read, ledger):
    """Linked tasks older than any window come along, and those that are gone are tombstones."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(days=90)), task(2, ago(days=90)))
    ledger.link(("r1", "ann", task_id(1), ANN), ("r9", "ann", task_id(9), ANN))
    output = read()
    assert numbers(output) == [1, 9]
    del output.state["bookmarks"]["tasks"]["read_at"]
    assert numbers(read(output.state)) == [1, 9]
    assert tombstones(output) == [9]


def test_another_ledger_voids_the_bookmark(load, read, ledger):
    """Everything is read again for a new ledger, also after a run that knew no ledger at all."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(days=2)), task(2, ago(minutes=3)))
    state = read().state
    assert state["bookmarks"]["tasks"]["ledger"] == ledger.id
    assert numbers(read(state)) == [2]
    state["bookmarks"]["tasks"]["ledger"] = "another"
    assert numbers(read(state)) == [1, 2]
    alone = read(state, ledger_url="")
    assert "ledger" not in alone.bookmark("tasks")
    assert numbers(read(alone.state)) == [1, 2]


def test_a_share_of_the_owners(load, read, ledger):
    """With `owner_ids`, only these of the roster are read, and what was linked to them."""
    ledger.enrol(("ann", ANN, enabled(days=3)), ("bob", BOB, enabled(days=3)))
    load(task(1, ago(hours=2)), task(2, ago(minutes=3), BOB), task(3, ago(hours=1)))
    state = read(owner_ids=[BOB]).state
    assert state["bookmarks"]["tasks"]["owners"].keys() == {BOB}
    ledger.link(("r1", "ann", task_id(1), ANN), ("r3", "bob", task_id(3), BOB))
    load(task(1, ago(minutes=1), CLEO), task(3, ago(minutes=1), CLEO))
    assert numbers(read(state, owner_ids=[BOB])) == [2, 3]


def test_more_owners_than_a_query_holds(load, read, ledger):
    """They are filtered here, and each new one is still read."""
    many = [(f"u{n}", f"005B{n:011d}AAA", enabled(days=3)) for n in range(600)]
    ledger.enrol(("ann", ANN, enabled(days=3)), *many)
    load(task(1, ago(hours=2)), task(2, ago(hours=1), CLEO))
    first = read()
    assert numbers(first) == [1]
    ledger.enrol(*((name, owner, enabled(days=2)) for name, owner, _ in many), ("cleo", CLEO, enabled(days=1)))
    assert numbers(read(first.state)) == [2]


def test_tombstones_of_other_owners_do_not_count(load, read, ledger, salesforce):
    """A deleted task that is neither linked nor a roster owner's is left out; a linked one is not."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    load(task(1, ago(hours=2), CLEO), task(2, ago(hours=2), CLEO), task(3, ago(hours=2)))
    state = read().state
    ledger.link(("r2", "ann", task_id(2), CLEO))
    salesforce.delete([task_id(1), task_id(2), task_id(3)])
    assert tombstones(read(state)) == [2, 3]


def test_a_ledger_of_another_org_is_refused(load, ledger, settings, caplog, capsysbinary):
    """The ledger belongs to the org that it met first; no state goes out."""
    ledger.enrol(("ann", ANN, enabled(days=3)))
    ledger.claim_org("00D000000000001AAA")
    load(task(1, ago(hours=2)))
    assert "00D000000000001AAA" in problem(TapSalesforceTasks, settings, caplog, capsysbinary)
    assert capsysbinary.readouterr().out == b""
