"""A copy of the ledger that other processes may use, and that leaves nothing behind; on either database."""

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy

from tasksync_engine.ledger import links, open_ledger
from tasksync_engine.ledger.scratch import scratch

AT = datetime(2026, 11, 20, 8, 36, tzinfo=UTC)
LINK = links.NewLink("rem_1", "00T000000000001AAA", {}, "u1", "005000000000001AAA", "pushed")


def test_the_copy_has_everything_and_the_ledgers_own_id(opened):
    """So that the bookmarks are true of it; it is in a file of its own, which is gone afterwards."""
    opened.put("known", "before")
    with opened.transaction() as connection:
        links.add(connection, [LINK], AT)
    with opened.running(), scratch(opened) as url:
        path = Path(str(sqlalchemy.make_url(url).database))
        with open_ledger(url) as copied, copied.transaction() as connection:
            assert (copied.id, copied.get("known"), links.count_open(connection)) == (opened.id, "before", 1)
        assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.parent.exists()


def test_nothing_of_the_copy_reaches_the_ledger(opened):
    """Whatever is written to it, and a run of its own may hold its lock meanwhile."""
    with opened.running(), scratch(opened) as url, open_ledger(url) as copied, copied.running():
        copied.put("known", "in the copy")
        with copied.transaction() as connection:
            links.add(connection, [LINK], AT)
    assert opened.get("known") is None
    with opened.transaction() as connection:
        assert links.count_open(connection) == 0
