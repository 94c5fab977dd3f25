"""Which reminders tap-salesconnect reads, and what its state says."""

import pytest

from tap_salesconnect.tap import TapSalesconnect

from .records import ago, reminder, user
from .runs import run


@pytest.fixture
def load(sandbox):
    """Loads into Sales Connect."""

    def load(**kinds):
        sandbox.load(sales_connect=kinds)

    return load


@pytest.fixture
def read(sandbox, salesconnect_settings):
    """Runs the tap on what the sync reads, and counts its calls."""

    def read(state=None, **settings):
        sandbox.forget_calls()
        output = run(
            TapSalesconnect,
            salesconnect_settings | settings,
            state,
            streams=("salesforce_settings", "users", "reminders"),
        )
        output.calls = sandbox.calls("sales_connect")["total"]
        return output

    return read


def test_settings_and_users_come_first_with_a_state_behind_them(load, read):
    """The target knows template and roster before it sees a reminder, in a first run and in every other."""
    load(users=[user("ann", ago(days=3))], reminders=[reminder("r1", ago(minutes=1))])
    first = read()
    for output in (first, read(first.state)):
        kinds = [(message["type"], message.get("stream")) for message in output.messages]
        settings, users, reminders = (
            kinds.index(("RECORD", stream)) for stream in ("salesforce_settings", "users", "reminders")
        )
        assert settings < users < kinds.index(("STATE", None), users) < reminders


def test_a_first_run_reads_everything(load, read):
    """Reminders of all users are read, tombstones included."""
    load(
        users=[user("ann", ago(days=3)), user("bob")],
        reminders=[
            reminder("r1", ago(days=400)),
            reminder("r2", ago(hours=2), "bob"),
            reminder("r3", ago(hours=1), deleted_at=ago(hours=1)),
        ],
    )
    output = read()
    assert output.ids("reminders") == ["r1", "r2", "r3"]
    assert [row["id"] for row in output.records["reminders"] if row["deleted_at"]] == ["r3"]


def test_a_state_says_in_plain_words_what_was_read(load, read, ledger):
    """Bookmark, users with their E, the time of the reading, the ledger and the mark stand in the state."""
    enabled, changed = ago(days=3), ago(hours=1)
    load(users=[user("ann", enabled), user("bob")], reminders=[reminder("r1", changed)])
    before = ago(seconds=1)
    bookmark = read(ledger_url=ledger.url).bookmark("reminders")
    assert before <= bookmark.pop("read_at") <= ago(seconds=-1)
    assert bookmark == {
        "replication_key": "updated_at",
        "replication_key_value": changed,
        "users_on": {"ann": enabled},
        "ledger": ledger.id,
        "complete": True,
    }


def test_an_unchanged_run_costs_three_calls(load, read, ledger):
    """Settings, users and reminders are asked for once each, and the bookmark stays where it is."""
    load(users=[user("ann", ago(days=3))], reminders=[reminder(f"r{n}", ago(days=2)) for n in range(20)])
    first = read(ledger_url=ledger.url)
    second = read(first.state, ledger_url=ledger.url)
    assert second.calls == 3
    assert second.bookmark("reminders")["replication_key_value"] == first.bookmark("reminders")["replication_key_value"]


def test_users_are_read_once_also_where_their_stream_is_deselected(load, sandbox, salesconnect_settings):
    """The reminders need to know who is on, whatever is selected."""
    load(users=[user("ann", ago(days=3))], reminders=[reminder("r1", ago(days=2))])
    sandbox.forget_calls()
    output = run(TapSalesconnect, salesconnect_settings, streams=("reminders",))
    assert output.ids("reminders") == ["r1"]
    assert sandbox.calls("sales_connect")["total"] == 2


def test_only_changes_are_read_with_an_overlap(load, read):
    """A later run reads from the last one's beginning less `lookback_seconds`, so that a late commit is caught."""
    load(
        users=[user("ann", ago(days=3))],
        reminders=[
            reminder("old", ago(minutes=15)),
            reminder("recent", ago(minutes=8)),
            reminder("last", ago(minutes=3)),
        ],
    )
    state = read().state
    load(reminders=[reminder("late", ago(minutes=7))])
    assert read(state).ids("reminders") == ["last", "late", "recent"]
    assert read(state, lookback_seconds=300).ids("reminders") == ["last"]


def test_a_late_commit_is_caught_by_the_overlap(load, read, sandbox):
    """What becomes visible after the bookmark has passed its stamp is read by the next run."""
    load(users=[user("ann", ago(days=3))])
    sandbox.fault("sales_connect", "late_commit", method="POST", path="^/v1/reminders$", seconds=120)
    late = sandbox.ask("POST", "/v1/reminders", json={"name": "late", "assignee_id": "ann"}).json()["id"]
    sandbox.clear_faults("sales_connect")
    prompt = sandbox.ask("POST", "/v1/reminders", json={"name": "prompt", "assignee_id": "ann"}).json()["id"]
    first = read()
    assert first.ids("reminders") == [prompt]
    sandbox.clock(180)
    assert read(first.state).ids("reminders") == sorted([late, prompt])


def test_the_bookmark_never_moves_back(load, read):
    """A run whose overlap holds only older records leaves the bookmark where it was."""
    load(users=[user("ann", ago(days=3))], reminders=[reminder("r1", ago(minutes=10))])
    state = read().state
    ahead = ago(minutes=5)
    state["bookmarks"]["reminders"]["replication_key_value"] = ahead
    assert read(state).bookmark("reminders")["replication_key_value"] == ahead


def test_a_record_stamped_in_the_future_does_not_take_the_bookmark_there(load, read):
    """What changes before that time is still read."""
    load(users=[user("ann", ago(days=3))], reminders=[reminder("r1", ago(days=-400))])
    state = read().state
    load(reminders=[reminder("r2", ago(seconds=0))])
    assert "r2" in read(state).ids("reminders")


def test_ties_across_pages_are_all_read(load, read):
    """Records of the same millisecond come in the order of their ids, each once."""
    tie = ago(hours=1)
    load(users=[user("ann", ago(days=3))], reminders=[reminder(f"r{n:02}", tie) for n in range(25)])
    output = read(page_size=4)
    assert [row["id"] for row in output.records["reminders"]] == [f"r{n:02}" for n in range(25)]


def test_short_pages_are_no_end(load, read, sandbox):
    """Only the service says when the last page was read."""
    load(users=[user("ann", ago(days=3))], reminders=[reminder(f"r{n:02}", ago(minutes=90 - n)) for n in range(25)])
    sandbox.fault("sales_connect", "short_pages", path="/v1/reminders")
    assert len(read(page_size=10).ids("reminders")) == 25


def test_who_switches_on_is_read_in_full_once(load, read):
    """Old reminders of a user who turns task sync on, or on again, are read, and the bookmark does not move for it."""
    load(
        users=[user("ann", ago(days=3)), user("bob")],
        reminders=[reminder("a1", ago(days=2)), reminder("b1", ago(days=9), "bob"), reminder("last", ago(minutes=3))],
    )
    first = read()
    load(users=[user("bob", ago(hours=1))])
    second = read(first.state)
    assert second.ids("reminders") == ["b1", "last"]
    assert second.bookmark("reminders")["replication_key_value"] == first.bookmark("reminders")["replication_key_value"]
    assert read(second.state).ids("reminders") == ["last"]
    load(users=[user("bob", ago(minutes=1))])
    assert read(second.state).ids("reminders") == ["b1", "last"]


def test_who_switched_off_is_forgotten(load, read):
    """The state names only users who are on."""
    load(users=[user("ann", ago(days=3)), user("bob", ago(days=3))])
    state = read().state
    load(users=[user("bob")])
    assert read(state).bookmark("reminders")["users_on"].keys() == {"ann"}


def test_a_user_counts_as_read_only_when_all_was_read(load, read, sandbox):
    """A run that dies while it reads a switched-on user reads that user again."""
    load(users=[user("ann", ago(days=3)), user("bob")], reminders=[reminder("b1", ago(days=9), "bob")])
    state = read().state
    load(users=[user("bob", ago(hours=1))])
    sandbox.fault("sales_connect", "status", path="/v1/reminders", status=503, every=2)
    sandbox.fault("sales_connect", "status", path="/v1/reminders", status=400, times=1)
    broken = read(state)
    assert broken.exit_code == 1
    sandbox.clear_faults("sales_connect")
    assert read(broken.state).ids("reminders") == ["b1"]


def test_after_a_long_gap_unknown_linked_reminders_are_tombstones(load, read, ledger):
    """Beyond 30 days the service forgets deletions: each linked id that it does not know is one."""
    load(users=[user("ann", ago(days=90))], reminders=[reminder("here", ago(days=80)), reminder("met", ago(hours=1))])
    ledger.link(("here", "ann", "t1", "x"), ("forgotten", "ann", "t2", "x"), ("met", "ann", "t3", "x"))
    state = read(ledger_url=ledger.url).state
    state["bookmarks"]["reminders"] |= {"read_at": ago(days=31), "replication_key_value": ago(days=31)}
    output = read(state, ledger_url=ledger.url)
    assert output.ids("reminders") == ["forgotten", "here", "met"]
    (tombstone,) = (row for row in output.records["reminders"] if row["id"] == "forgotten")
    assert tombstone["deleted_at"] == tombstone["updated_at"] > ago(minutes=1)
    assert {value for name, value in tombstone.items() if name not in {"id", "deleted_at", "updated_at"}} == {None}
    state["bookmarks"]["reminders"]["read_at"] = ago(days=29)
    assert read(state, ledger_url=ledger.url).ids("reminders") == ["met"]


def test_a_lost_state_looks_up_the_linked_reminders_too(load, read, ledger):
    """Without a state nobody knows how long the gap was."""
    load(users=[user("ann", ago(days=90))], reminders=[reminder("here", ago(days=80))])
    ledger.link(("here", "ann", "t1", "x"), ("forgotten", "ann", "t2", "x"))
    output = read(ledger_url=ledger.url)
    assert [row["id"] for row in output.records["reminders"] if row["deleted_at"]] == ["forgotten"]


def test_forgotten_reminders_of_a_user_who_switches_on_are_tombstones(load, read, ledger):
    """A user may have been off for longer than the service remembers."""
    load(users=[user("ann", ago(days=90)), user("bob")])
    state = read(ledger_url=ledger.url).state
    ledger.link(("forgotten", "bob", "t1", "x"), ("other", "ann", "t2", "x"))
    load(users=[user("bob", ago(hours=1))])
    assert read(state, ledger_url=ledger.url).ids("reminders") == ["forgotten"]


def test_another_ledger_voids_the_bookmark(load, read, ledger, tmp_path):
    """Everything is read again for a new ledger, also after a run that knew no ledger at all."""
    load(users=[user("ann", ago(days=3))], reminders=[reminder("r1", ago(days=2)), reminder("r2", ago(minutes=3))])
    state = read(ledger_url=ledger.url).state
    assert read(state, ledger_url=ledger.url).ids("reminders") == ["r2"]
    alone = read(state)
    assert alone.ids("reminders") == ["r2"]
    assert read(alone.state, ledger_url=ledger.url).ids("reminders") == ["r1", "r2"]
    other = read(state, ledger_url=f"sqlite:///{tmp_path / 'other.db'}")
    assert other.ids("reminders") == ["r1", "r2"]
    assert other.bookmark("reminders")["ledger"] != state["bookmarks"]["reminders"]["ledger"]


def test_only_the_users_asked_for(load, read):
    """`user_ids` limits reminders and the users that the state names."""
    load(
        users=[user("ann", ago(days=3)), user("bob", ago(days=3))],
        reminders=[reminder("a1", ago(hours=3)), reminder("b1", ago(hours=2), "bob")],
    )
    output = read(user_ids=["bob"])
    assert output.ids("reminders") == ["b1"]
    assert output.bookmark("reminders")["users_on"].keys() == {"bob"}


def test_more_users_than_one_call_takes_are_filtered_here(load, read):
    """The service takes 200 ids a call; one order of time needs one call."""
    load(
        users=[user("ann", ago(days=3))],
        reminders=[reminder("a1", ago(hours=3)), reminder("b1", ago(hours=2), "bob")],
    )
    assert read(user_ids=["ann", *(f"u{n}" for n in range(250))]).ids("reminders") == ["a1"]


def test_a_linked_reminder_given_to_somebody_else_is_still_read(load, read, ledger):
    """A worker that reads some users' reminders hears of linked ones that leave them."""
    load(
        users=[user("ann", ago(days=3)), user("bob")],
        reminders=[reminder("r1", ago(hours=3)), reminder("r2", ago(hours=3))],
    )
    state = read(ledger_url=ledger.url, user_ids=["ann"]).state
    ledger.link(("r1", "ann", "t1", "x"))
    load(reminders=[reminder("r1", ago(minutes=1), "bob"), reminder("r2", ago(minutes=1), "bob")])
    assert read(state, ledger_url=ledger.url, user_ids=["ann"]).ids("reminders") == ["r1"]


def test_nothing_older_than_the_start_date(load, read):
    """`start_date` bounds a first run; a date alone is enough."""
    load(users=[user("ann", ago(days=9))], reminders=[reminder("r1", ago(days=5)), reminder("r2", ago(days=1))])
    assert read(start_date=ago(days=2)[:10]).ids("reminders") == ["r2"]


def test_extra_fields_come_along(load, read):
    """A member beyond the contract is emitted, and declared, once it is asked for."""
    load(users=[user("ann", ago(days=9))], reminders=[reminder("r1", ago(days=1))])
    output = read(extra_fields=["mood"])
    assert output.records["reminders"][0]["mood"] is None
    (schema,) = (m["schema"] for m in output.messages if m["type"] == "SCHEMA" and m["stream"] == "reminders")
    assert "mood" in schema["properties"]
    assert "mood" not in read().records["reminders"][0]


def test_people_have_a_bookmark_of_their_own(load, salesconnect_settings):
    """The people stream reads what changed."""
    load(people=[{"id": "p1", "name": "Cleo", "updated_at": ago(days=2)}])
    first = run(TapSalesconnect, salesconnect_settings, streams=("people",))
    load(people=[{"id": "p2", "name": "Dan", "updated_at": ago(days=1)}])
    load(people=[{"id": "p3", "name": "Eve", "updated_at": ago(days=3)}])
    assert first.ids("people") == ["p1"]
    assert run(TapSalesconnect, salesconnect_settings, first.state, streams=("people",)).ids("people") == ["p1", "p2"]
