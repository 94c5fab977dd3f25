"""A dry run decides over a ledger that takes everything and keeps nothing."""

from datetime import UTC, datetime

import pytest

from tasksync_engine.errors import LedgerError
from tasksync_engine.ledger import links, open_ledger

AT = datetime(2026, 11, 20, 8, 36, tzinfo=UTC)
LINK = links.NewLink("rem_1", "00T000000000001AAA", {}, "u1", "005000000000001AAA", "pushed")


def count(ledger):
    """How many links are open."""
    with ledger.transaction() as connection:
        return links.count_open(connection)


def test_what_is_pretended_is_seen_and_not_kept(opened, address):
    """By the run itself alone, until it forgets."""
    opened.put("before", "kept")
    opened.pretend()
    with opened.transaction() as connection:
        links.add(connection, [LINK], AT)
    opened.put("during", "forgotten")
    assert (count(opened), opened.get("before"), opened.get("during")) == (1, "kept", "forgotten")
    with open_ledger(address) as beside:
        assert (count(beside), beside.get("during")) == (0, None)
    opened.forget()
    assert (count(opened), opened.get("before"), opened.get("during")) == (0, "kept", None)


def test_others_write_meanwhile(opened, address):
    """A pretence is as long as a run, and keeps neither the tap in front of it nor a person waiting."""
    opened.pretend()
    opened.put("during", "forgotten")
    with open_ledger(address) as beside:
        beside.put("beside", "kept")
    opened.forget()
    assert (opened.get("beside"), opened.get("during")) == ("kept", None)


def test_a_refused_transaction_undoes_itself_alone(opened):
    """What was pretended before it stands, and what comes after it goes through."""
    opened.pretend()
    with opened.transaction() as connection:
        links.add(connection, [LINK], AT)
    with pytest.raises(LedgerError), opened.transaction() as connection:
        links.add(connection, [LINK], AT)  # a record has one open link
    assert count(opened) == 1
    opened.put("after", "goes on")
    assert opened.get("after") == "goes on"


def test_a_pretence_claims_nothing(opened):
    """A plan for the wrong organization does not make the ledger its own."""
    opened.pretend()
    opened.claim("org_id", "00D000000000001AAA")
    opened.forget()
    opened.claim("org_id", "00D000000000002AAA")
    assert opened.get("org_id") == "00D000000000002AAA"


def test_closing_forgets(opened, address):
    """A dry run that ends by an error leaves nothing behind either."""
    opened.pretend()
    opened.put("during", "forgotten")
    opened.close()
    with open_ledger(address) as again:
        assert again.get("during") is None
