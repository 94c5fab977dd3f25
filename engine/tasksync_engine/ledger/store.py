"""The ledger: the database that holds links with their bases, roster, parked changes, conflicts and runs."""

from __future__ import annotations

import threading
import uuid
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

from sqlalchemy import bindparam, insert, select, text
from sqlalchemy.exc import SQLAlchemyError

from tasksync_engine.errors import ForeignLedger, LedgerError
from tasksync_engine.ledger import claims, links, lock, parked, rereads, shards
from tasksync_engine.ledger import roster as roster_table
from tasksync_engine.ledger.chunks import chunks
from tasksync_engine.ledger.database import MIGRATION_WAIT_SECONDS, WRITING, connect, explain, migrated
from tasksync_engine.ledger.pretence import Pretence
from tasksync_engine.ledger.schema import Words, meta

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from types import TracebackType

    from sqlalchemy import Connection, Engine

    from tasksync_engine.ledger.roster import Participant
    from tasksync_engine.ledger.shards import Scope
    from tasksync_mappings import Side

RUN = "run"
"""The lock that a run holds from its beginning to its end."""
LEDGER_ID = "ledger_id"
_PUT = text(
    "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) DO UPDATE SET value = excluded.value"
).bindparams(bindparam("value", type_=Words))

SHOWS_WITHIN = timedelta(days=1)
"""A record that we made shows within minutes, however late its transaction commits."""

OWNERS = {"org_id": "Salesforce org", "account_id": "Sales Connect tenant"}


@dataclass(slots=True)
class Ledger:
    """An open ledger.

    Attributes:
        engine: The database.
        id: A UUID; another ledger, even at the same address, has another one (sync-rules §2.4).
        pretending: In a dry run, what everything happens in, to be undone at the end.
        session: In a run on PostgreSQL, the connection that holds its lock.
        scope: In a shard's run or reading, whose records it looks after.
        turns: Of the threads that use that connection, one at a time.
    """

    engine: Engine
    id: str
    pretending: Pretence | None = None
    session: Connection | None = None
    scope: Scope | None = None
    turns: threading.RLock = field(default_factory=threading.RLock)

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: all of it or nothing; in SQLite, writers wait for each other before they read.

        Raises:
            LedgerError: The database refused; nothing of this transaction was kept.
        """
        try:
            if self.pretending is not None:
                with self.pretending.transaction() as connection:
                    yield connection
            elif self.session is not None:
                with self._with_lock(self.session) as connection:
                    yield connection
            else:
                with self.engine.execution_options(**WRITING).begin() as connection:
                    yield connection
        except SQLAlchemyError as error:
            raise LedgerError(explain(error, self.engine.url)) from error

    @contextmanager
    def _with_lock(self, session: Connection) -> Iterator[Connection]:
        if session.invalidated:  # SQLAlchemy would connect again, but the lock is gone, and may be another run's
            message = (
                "The ledger ended the connection that held this run's lock, so another run may have begun: this one "
                "stops. What it had not settled is decided again by the next run."
            )
            raise LedgerError(message)
        with self.turns, session.begin():
            yield session

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One transaction that only reads, and so waits for no writer and holds none up.

        Raises:
            LedgerError: The database refused.
        """
        if self.pretending is not None or self.session is not None:
            with self.transaction() as connection:
                yield connection
            return
        try:
            with self.engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerError(explain(error, self.engine.url)) from error

    @contextmanager
    def running(self, shard: str | None = None) -> Iterator[None]:
        """Hold the lock of a run (sync-rules §7.6): a shard's own beside other shards', or the one for all.

        On PostgreSQL every transaction of the run goes over the connection that holds the lock: when the server ends
        that connection, lock and transactions end together, and a run that has lost its lock settles nothing more.

        Args:
            shard: The shard whose run it is; None: all users'.

        Raises:
            Busy: Another run holds it.
            ConfigError: The plan has no such shard.
            LedgerError: The database refused, or is SQLite's and serves no shards.
        """
        try:
            with self._lock(shard) as self.session:
                if shard is not None:
                    self.enter_shard(shard)
                yield
        except SQLAlchemyError as error:
            raise LedgerError(explain(error, self.engine.url)) from error
        finally:
            self.session = None

    def _lock(self, shard: str | None) -> AbstractContextManager[Connection | None]:
        if shard is None:
            return lock.hold(self.engine, RUN)
        self.check_serves_shards()
        return lock.hold(self.engine, shards.lock_name(shard), shared_with=RUN)

    def enter_shard(self, name: str) -> None:
        """From now on look after one shard's records only.

        Raises:
            ConfigError: The plan has no such shard.
            LedgerError: A ledger in SQLite serves one run at a time.
        """
        self.check_serves_shards()
        with self.reading() as connection:
            self.scope = shards.scope_of(connection, name)

    @property
    def serves_shards(self) -> bool:
        """Whether several runs may be going on at once, each of its own users."""
        return self.engine.dialect.name == "postgresql"

    def check_serves_shards(self) -> None:
        """Make sure of it.

        Raises:
            LedgerError: It is in SQLite.
        """
        if not self.serves_shards:
            message = (
                "Shards need a ledger in PostgreSQL: one in SQLite serves one run at a time. Set TASKSYNC_LEDGER_URL "
                "to such a database (`tasksync ledger copy` takes the ledger along), or leave out the setting shard."
            )
            raise LedgerError(message)

    def time(self) -> str:
        """The time by the clock of a ledger that serves shards, as they tell it each other."""
        with self.reading() as connection:
            return claims.time_of(connection).isoformat()

    def let_go(self) -> None:
        """From now on transactions need no lock: to note how a run ended that may have lost it."""
        self.session = None

    def pretend(self) -> None:
        """From now on nothing is kept: what follows is for a dry run."""
        self.pretending = Pretence(self.engine)

    def forget(self) -> None:
        """Undo all that happened since `pretend`."""
        if self.pretending is not None:
            self.pretending.end()
            self.pretending = None

    @property
    def shard(self) -> str | None:
        """The shard whose run it is; None: all users'."""
        return self.scope.shard if self.scope else None

    def keys(self, beginning: str) -> list[str]:
        """The keys of remembered values that begin like this."""
        with self.reading() as connection:
            query = select(meta.c.key).where(meta.c.key.startswith(beginning, autoescape=True))
            return list(connection.execute(query.order_by(meta.c.key)).scalars())

    def get(self, key: str) -> str | None:
        """A remembered value, such as the subject template."""
        with self.reading() as connection:
            return connection.execute(select(meta.c.value).where(meta.c.key == key)).scalar_one_or_none()

    def put(self, key: str, value: str) -> None:
        """Remember a value; in one statement, for shards may remember the same at once."""
        with self.transaction() as connection:
            connection.execute(_PUT, {"key": key, "value": value})

    def claim(self, key: str, owner: str) -> None:
        """Note on first use whose ledger this is, and refuse others afterwards.

        Args:
            key: `org_id` (Salesforce) or `account_id` (Sales Connect).
            owner: The organization's or tenant's id.

        Raises:
            ForeignLedger: The ledger belongs to another one.
        """
        known = self.get(key)
        if known is None and self.pretending is None:
            self.put(key, owner)
        elif known not in {None, owner}:
            message = (
                f"This ledger belongs to {OWNERS[key]} {known}, but the credentials lead to {owner}. "
                "Nothing was written: use that one's credentials, or set TASKSYNC_LEDGER_URL to a ledger of its own."
            )
            raise ForeignLedger(message)

    def linked_ids(self, side: Side, users: Collection[str] | None = None) -> Iterator[list[str]]:
        """The ids of one side in all open links, or in those whose record there belongs to `users`, piece by piece.

        Of a shard, in those whose record there is one of its users'.
        """
        for part in [None] if users is None else chunks(sorted(users)):
            last, found = 0, [(0, "")]
            while found:
                with self.reading() as connection:
                    found = links.open_ids(
                        connection,
                        side,
                        part,
                        self.scope if users is None else None,
                        after=last,
                        made_before=now() - SHOWS_WITHIN,
                    )
                if found:
                    yield [record_id for _, record_id in found]
                    last = found[-1][0]

    def linked_among(self, side: Side, ids: Sequence[str], users: Collection[str] | None = None) -> frozenset[str]:
        """Which of these ids are in open links (with `users`, of theirs), or have a change parked.

        Costs by the number of these ids, not of the links.
        """
        linked, waiting = self._linked_or_parked(side, ids)
        theirs = {record_id for record_id, user in linked.items() if users is None or user in users}
        return frozenset(theirs | waiting)

    def linked_of(self, side: Side, owners: Mapping[str, str | None], users: Collection[str]) -> frozenset[str]:
        """Which of these records, each with its user now, a tap has to read for their links' sake.

        Of a shard, those that are linked, or have a change parked, where they were its users' when last seen, or are
        now. Otherwise those that are linked, with `users` to one of theirs, or have a change parked.
        """
        scope, ids = self.scope, list(owners)
        if scope is None:
            return self.linked_among(side, ids, users or None)
        linked, waiting = self._linked_or_parked(side, ids)
        mine = {id_ for id_ in linked.keys() | waiting if scope.has(side, owners[id_])}
        return frozenset(mine | {id_ for id_, user in linked.items() if scope.has(side, user)})

    def _linked_or_parked(self, side: Side, ids: Sequence[str]) -> tuple[dict[str, str | None], set[str]]:
        """Of these records, those in open links, each with its user as last seen, and those with a change parked."""
        with self.reading() as connection:
            return dict(links.users_of_open(connection, side, ids)), parked.among(connection, side, ids)

    def participants(self, *, everyone: bool = False) -> list[Participant]:
        """The users who have task sync on (sync-rules §1); with `everyone`, also those who have it off."""
        with self.reading() as connection:
            return roster_table.participants(connection, everyone=everyone)

    def rereads(self, side: Side) -> list[str]:
        """The records that an earlier run has left to this one, to be read whatever their stamp; a shard's own."""
        with self.reading() as connection:
            return rereads.waiting(connection, side, self.scope)

    def close(self) -> None:
        """Let go of the database."""
        self.forget()
        self.engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def now() -> datetime:
    """This machine's time, aware and in UTC: for stamps in the ledger, never for a decision about a record."""
    return datetime.now(UTC)


def open_ledger(url: str, *, create: bool = True) -> Ledger:
    """Open a ledger, and bring its tables up to this version under the migration lock.

    Args:
        url: Any SQLAlchemy URL, for example `sqlite:////var/lib/tasksync/production.db`.
        create: Whether a missing SQLite file is created.

    Raises:
        LedgerError: It cannot be opened, is newer than this version, or is not a ledger.
    """
    engine = connect(url, create=create)
    try:
        migrated(engine)
        return Ledger(engine, _identify(engine))
    except (SQLAlchemyError, OSError) as error:
        engine.dispose()
        raise LedgerError(explain(error, engine.url)) from error
    except LedgerError:
        engine.dispose()
        raise


def _identify(engine: Engine) -> str:
    """The ledger's id, given to it when it has none: by one of the processes that found it without."""
    known = _known_id(engine)
    if known is not None:
        return known
    with lock.hold(engine, "migrate", wait_seconds=MIGRATION_WAIT_SECONDS):
        known = _known_id(engine)
        if known is None:
            known = str(uuid.uuid4())
            with engine.execution_options(**WRITING).begin() as connection:
                connection.execute(insert(meta).values(key=LEDGER_ID, value=known))
        return known


def _known_id(engine: Engine) -> str | None:
    with engine.connect() as connection:
        return connection.execute(select(meta.c.value).where(meta.c.key == LEDGER_ID)).scalar_one_or_none()
