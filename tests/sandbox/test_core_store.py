"""The store keeps what was committed, and nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from tasksync_sandbox.core.clock import Clock
from tasksync_sandbox.core.store import Store
from tasksync_sandbox.core.table import Indexes

if TYPE_CHECKING:
    from pathlib import Path

    from tasksync_sandbox.core.table import Table


class Row(msgspec.Struct, frozen=True):
    """A row to try things with."""

    id: str
    stamp: int
    link: str | None = None


def by_link(row: Row) -> str | None:
    """What two indexes hold."""
    return row.link


def opened(folder: Path) -> tuple[Store, Table[Row]]:
    """The store that lies in a folder."""
    store = Store(folder / "test.journal", Clock(folder / "clock.json"))
    indexes = Indexes(unique={"one": by_link}, hashed={"all": by_link}, ordered={"stamp": lambda row: row.stamp})
    table = store.table("rows", Row, lambda row: row.id, indexes)
    store.open()
    return store, table


@pytest.fixture
def reopen(tmp_path: Path) -> Any:
    """A function that opens the store again, as after a kill: nothing was closed properly."""
    stores: list[Store] = []

    def again() -> tuple[Store, Table[Row]]:
        store, table = opened(tmp_path)
        stores.append(store)
        return store, table

    yield again
    for store in stores:
        store.close()


Reopen = "Callable[[], tuple[Store, Table[Row]]]"


def test_a_committed_transaction_survives(reopen: Reopen) -> None:
    """Rows, values and writes come back, indexes included."""
    store, _ = reopen()
    with store.transaction():
        store.tables["rows"].put(Row("a", 2, "x"))
        store.tables["rows"].put(Row("b", 1))
        store.set_value("name", {"deep": [1, None]})
        store.note_write("POST /x", "row", "a", "create", ["stamp"])
    store, table = reopen()
    assert table.rows == {"a": Row("a", 2, "x"), "b": Row("b", 1)}
    assert table.ordered["stamp"].after(None, 9) == [(1, "b"), (2, "a")]
    assert table.find("one", "x") == table.find("all", "x") == [Row("a", 2, "x")]
    assert store.values == {"name": {"deep": [1, None]}}
    assert [write["id"] for write in store.writes] == ["a"]


def test_a_failed_transaction_leaves_no_trace(reopen: Reopen) -> None:
    """An exception puts back rows, indexes, values and writes, here and after a restart."""
    store, table = reopen()
    with store.transaction():
        table.put(Row("a", 1, "x"))
        store.set_value("name", 1)
    with pytest.raises(KeyError), store.transaction():  # noqa: PT012  the block is what fails
        table.put(Row("a", 5, "y"))
        table.put(Row("b", 6))
        table.put(Row("c", 7), time.time() + 60)
        table.remove("a")
        store.set_value("name", 2)
        store.set_value("other", 3)
        store.note_write("POST /x", "row", "a", "create", [])
        raise KeyError
    for _, then in ((store, table), reopen()):
        assert then.rows == {"a": Row("a", 1, "x")}
        assert then.ordered["stamp"].after(None, 9) == [(1, "a")]
        assert then.find("one", "y") == []
        assert then.late == {}
    assert store.values == {"name": 1}
    assert store.writes == []


def test_an_inner_transaction_fails_alone(reopen: Reopen) -> None:
    """What the outer one did before and after stays."""
    store, table = reopen()
    with store.transaction():
        table.put(Row("a", 1))
        with pytest.raises(KeyError), store.transaction():  # noqa: PT012  the block is what fails
            table.put(Row("a", 2))
            table.put(Row("b", 2))
            raise KeyError
        table.put(Row("c", 3))
    assert reopen()[1].rows == table.rows == {"a": Row("a", 1), "c": Row("c", 3)}


def test_a_torn_entry_is_cut_off(reopen: Reopen, tmp_path: Path) -> None:
    """A kill in the middle of a write loses that request alone, and later ones are kept again."""
    store, table = reopen()
    for number in range(3):
        with store.transaction():
            table.put(Row("a", number))
    journal = tmp_path / "test.journal"
    journal.write_bytes(journal.read_bytes()[:-3])
    store, table = reopen()
    assert table.rows == {"a": Row("a", 1)}
    with store.transaction():
        table.put(Row("b", 7))
    assert reopen()[1].rows == {"a": Row("a", 1), "b": Row("b", 7)}


def test_a_late_commit_appears_in_its_time(reopen: Reopen) -> None:
    """Until then readers see the old version, a restart in between or not."""
    store, table = reopen()
    with store.transaction():
        table.put(Row("a", 1))
        table.put(Row("a", 2), time.time() + 100)
        table.put(Row("b", 3), time.time() + 100)
    store.publish_due()
    assert table.rows == {"a": Row("a", 1)}
    store, table = reopen()
    store.publish_due()
    assert table.rows == {"a": Row("a", 1)}
    store._clock.offset_seconds = 101  # noqa: SLF001  the services' way to it is HTTP
    store.publish_due()
    assert table.rows == {"a": Row("a", 2), "b": Row("b", 3)}
    assert table.ordered["stamp"].after(None, 9) == [(2, "a"), (3, "b")]


def test_a_writer_waits_for_a_late_commit(reopen: Reopen) -> None:
    """For a writer the late version counts: by id, and by value."""
    store, table = reopen()
    late = time.time() + 100
    with store.transaction():
        table.put(Row("a", 1, "x"), late)
        table.put(Row("b", 2, "y"), late)
    assert table.get("a") is None
    assert table.latest("a") == Row("a", 1, "x")
    assert list(table.holder("one", "y")) == ["b"]
    assert reopen()[1].rows == {}


def test_a_late_removal_keeps_the_row_until_then(reopen: Reopen) -> None:
    """And a write in between brings both about, in order."""
    store, table = reopen()
    with store.transaction():
        table.put(Row("a", 1))
        table.put(Row("b", 1))
        table.remove("a", time.time() + 100)
        table.remove("b", time.time() + 100)
    assert set(table.rows) == {"a", "b"}
    with store.transaction():
        table.put(Row("b", 9))
    store.publish_due()
    assert table.rows == {"a": Row("a", 1), "b": Row("b", 9)}


def test_a_long_history_is_compacted_at_the_start(reopen: Reopen, tmp_path: Path) -> None:
    """The journal shrinks to the present state."""
    store, table = reopen()
    with store.transaction():
        for number in range(12_000):
            table.put(Row("a", number))
        table.put(Row("b", 1), time.time() + 100)
    before = (tmp_path / "test.journal").stat().st_size
    _, table = reopen()
    assert (tmp_path / "test.journal").stat().st_size < before / 100
    _, table = reopen()
    assert table.rows == {"a": Row("a", 11_999)}
    assert table.late["b"].row == Row("b", 1)


def test_loading_many_is_putting_each(reopen: Reopen) -> None:
    """Known ids and ids given twice are replaced."""
    store, table = reopen()
    with store.transaction():
        table.put(Row("a", 1, "x"))
    with store.transaction():
        table.put_all([Row("b", 2, "y"), Row("a", 3, "z"), Row("b", 4, "w")])
    for then in (table, reopen()[1]):
        assert then.rows == {"a": Row("a", 3, "z"), "b": Row("b", 4, "w")}
        assert then.ordered["stamp"].after(None, 9) == [(3, "a"), (4, "b")]
        assert [then.find("one", link) for link in "xyzw"] == [[], [], [Row("a", 3, "z")], [Row("b", 4, "w")]]


KEYS, STAMPS, LINKS = st.sampled_from("abcd"), st.integers(0, 3), st.sampled_from([None, "x", "y"])


class StoreMachine(RuleBasedStateMachine):
    """Random writes, failures and restarts, against a plain dictionary."""

    folder: Path

    def __init__(self) -> None:
        super().__init__()
        (self.folder / "test.journal").unlink(missing_ok=True)
        self.store, self.table = opened(self.folder)
        self.expected: dict[str, Row] = {}

    @rule(rows=st.lists(st.tuples(KEYS, STAMPS, LINKS), max_size=4), at_once=st.booleans())
    def put(self, rows: list[tuple[str, int, str | None]], at_once: bool) -> None:  # noqa: FBT001  Hypothesis names it
        """Write rows in one transaction, one by one or together."""
        made = [Row(*row) for row in rows]
        with self.store.transaction():
            if at_once:
                self.table.put_all(made)
            else:
                for row in made:
                    self.table.put(row)
        self.expected |= {row.id: row for row in made}

    @rule(key=KEYS)
    def remove(self, key: str) -> None:
        """Take a row out."""
        with self.store.transaction():
            self.table.remove(key)
        self.expected.pop(key, None)

    @rule(key=KEYS, stamp=STAMPS, link=LINKS)
    def fail(self, key: str, stamp: int, link: str | None) -> None:
        """Write, and fail."""
        with pytest.raises(KeyError), self.store.transaction():  # noqa: PT012  the block is what fails
            self.table.put(Row(key, stamp, link))
            self.table.remove("a")
            self.table.put_all([Row("b", stamp, link)])
            raise KeyError

    @precondition(lambda self: self.expected)
    @rule()
    def restart(self) -> None:
        """Open the journal again."""
        self.store.close()
        self.store, self.table = opened(self.folder)

    @invariant()
    def rows_and_indexes_are_right(self) -> None:
        """Every index holds exactly the living rows."""
        assert self.table.rows == self.expected
        ordered = sorted((row.stamp, key) for key, row in self.expected.items())
        assert self.table.ordered["stamp"].after(None, 99) == ordered
        for link in ("x", "y"):
            holders = {key for key, row in self.expected.items() if row.link == link}
            assert set(self.table.hashed["all"].find(link)) == holders
            assert set(self.table.unique["one"].find(link)) <= holders

    def teardown(self) -> None:
        """Close the file."""
        self.store.close()


def test_rows_and_indexes_agree_whatever_happens(tmp_path: Path) -> None:
    """Any sequence of writes, failures and restarts leaves exactly what was committed."""
    StoreMachine.folder = tmp_path
    bounds = settings(max_examples=40, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck))
    run_state_machine_as_test(StoreMachine, settings=bounds)
