"""What is no record of its API, where the ledger is in PostgreSQL: parked, and no end of the run."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from target_salesforce_tasks.target import TargetSalesforceTasks
from tasksync_engine.ledger.schema import LONGEST_KEY
from tasksync_engine.pairing import key_of_another
from tasksync_engine.records import read_reminder


def instead(lines, *versions):
    """A tap's lines, with these versions of each reminder instead of itself."""
    changed = []
    for line in lines.splitlines():
        message = json.loads(line)
        if message["type"] == "RECORD" and message["stream"] == "reminders":
            told = [{**message, "record": {**message["record"], **version}} for version in versions]
            changed += [json.dumps(one).encode() for one in told]
        else:
            changed.append(line)
    return b"\n".join(changed)


def test_two_invalid_versions_of_a_record_in_a_shards_batch(team, sharded):
    """The later one is parked: a record is claimed once, however often it came."""
    reminder = team.remind("Call")
    lines = instead(sharded.read("1", "to-salesforce"), {"status": 5}, {"status": 6})
    sharded.write("1", "to-salesforce", lines)
    assert sharded.sql("SELECT record_id, code, payload::json ->> 'status' FROM parked") == [
        (reminder, "INVALID_RECORD", "6")
    ]


@pytest.mark.parametrize("odd", ["x" * 300, "a\0b"])
def test_an_id_that_no_database_takes(team, sharded, odd):
    """A record with such an id is parked by a name of its own, which stays the same."""
    team.remind("Call")
    for _ in range(2):
        lines = instead(sharded.read(None, "to-salesforce"), {"id": odd})
        sharded.whole.write("to-salesforce", TargetSalesforceTasks, sharded.whole.salesforce, lines)
    ((name, code),) = sharded.sql("SELECT record_id, code FROM parked")
    assert (len(name), code) == (64, "INVALID_RECORD")


def test_what_was_left_to_the_next_run_and_is_no_record_by_then(team, sharded):
    """It is read afresh once: from then on its parked change tells of it."""
    sharded.sync("1")
    reminder = team.remind("Call")
    sharded.sql(
        "INSERT INTO rereads (side, record_id, user_id, noted_at) VALUES ('reminder', %s, 'u1', %s)",
        reminder,
        "2020-01-01T00:00:00.000000Z",
    )
    sharded.write("1", "to-salesforce", instead(sharded.read("1", "to-salesforce"), {"status": 5}))
    assert sharded.sql("SELECT record_id, code FROM parked") == [(reminder, "INVALID_RECORD")]
    assert sharded.sql("SELECT record_id FROM rereads") == []


@pytest.mark.parametrize("length", [1, 200, 255])
def test_the_key_of_a_second_create_fits_the_ledger(length):
    """However long the record's id is; and another version has another key."""
    now = datetime.now(UTC).isoformat()
    first, again, later = (
        key_of_another(read_reminder({"id": "r" * length, "updated_at": at})) for at in (now, now, "2030-01-01T00:00Z")
    )
    assert first == again != later
    assert len(first) <= LONGEST_KEY
