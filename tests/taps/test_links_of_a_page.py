"""What the ledger tells of a page's ids."""

from tasksync_engine.ledger import open_ledger

PAIRS = [(f"r{n}", "ann" if n % 2 else "bob", f"t{n}", "005A" if n % 2 else "005B") for n in range(2000)]


def test_only_the_linked_ones_of_the_ids_asked_for(ledger):
    """Ids without a link and links that nobody asked about stay out, however many there are of either."""
    ledger.link(*PAIRS)
    with open_ledger(ledger.url) as opened:
        assert opened.linked_among("task", ["t7", "t1999", "t2000", "r7"]) == {"t7", "t1999"}
        assert opened.linked_among("reminder", ["r7", "t7"]) == {"r7"}
        assert opened.linked_among("task", [f"t{n}" for n in range(500, 3000)]) == {f"t{n}" for n in range(500, 2000)}
        assert opened.linked_among("task", []) == frozenset()


def test_only_those_of_some_users(ledger):
    """The user is that of the side asked about, as last seen."""
    ledger.link(*PAIRS)
    with open_ledger(ledger.url) as opened:
        assert opened.linked_among("task", ["t7", "t8"], users=["005A", "bob"]) == {"t7"}
        assert opened.linked_among("reminder", ["r7", "r8"], users=["bob", "005A"]) == {"r8"}


def test_a_closed_link_counts_no_more(ledger):
    """A record whose link a deletion has closed is one like any other."""
    ledger.link(*PAIRS[:2])
    with open_ledger(ledger.url) as opened:
        with opened.transaction() as connection:
            connection.exec_driver_sql("UPDATE links SET state = 'closed' WHERE task_id = 't0'")
        assert opened.linked_among("task", ["t0", "t1"]) == {"t1"}
