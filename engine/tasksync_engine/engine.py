"""One run of one direction, from its lock to its report: what the two targets drive."""

from __future__ import annotations

import logging
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tasksync_clients import ClientError
from tasksync_clients.errors import Refused
from tasksync_clients.sales_connect.dialect import is_record_id
from tasksync_engine import usage
from tasksync_engine.ahead import Ahead
from tasksync_engine.claims import Claims
from tasksync_engine.context import Context
from tasksync_engine.errors import ConfigError, EngineError
from tasksync_engine.finishing import finish, forget_settled
from tasksync_engine.ledger import looking_back, open_ledger, roster, runs
from tasksync_engine.ledger.store import now
from tasksync_engine.participation import Participation, match_users
from tasksync_engine.records import read_reminder, task_reader
from tasksync_engine.rehearsal import Rehearsal
from tasksync_engine.validation import checked, unpaired
from tasksync_mappings import MappingError, load_mapping, other

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from tasksync_engine.destination import Destination
    from tasksync_engine.ledger import Participant
    from tasksync_engine.settings import EngineSettings
    from tasksync_mappings import FieldMap

logger = logging.getLogger("tasksync")

DIRECTIONS = {"task": "to-salesforce", "reminder": "to-salesconnect"}
TEMPLATE = "subject_template"
NAMED = 5
"""How many users one line of the log names."""
PIECES = 20
"""The most pieces of old history that one run forgets: it must not hold up the next one."""


@dataclass(slots=True)
class Engine:
    """One run: open it, feed it, finish it if its input was complete, close it.

    Attributes:
        settings: The engine's settings.
        connect: Makes the destination, given the field map.
        direction: What the run is called in the ledger, where it does not go by its destination.
    """

    settings: EngineSettings
    connect: Callable[[FieldMap], Destination]
    direction: str | None = None
    context: Context = field(init=False)
    ahead: Ahead = field(init=False)
    _open: ExitStack = field(default_factory=ExitStack)
    _started: float = 0.0

    @property
    def seconds(self) -> float:
        """How long the run has been going on."""
        return time.monotonic() - self._started

    def open(self) -> None:
        """Check the mapping, open the ledger, take the run's lock, and note the run.

        Raises:
            ConfigError: The mapping file cannot be used.
            LedgerError: The ledger cannot be opened.
            Busy: Another run of this ledger is going on.
        """
        self._started = time.monotonic()
        try:
            fields = load_mapping(self.settings.mapping_path)
        except MappingError as error:
            raise ConfigError(str(error)) from error
        try:
            self.context = self._begin(fields)
            self.ahead = Ahead(self.context)
        except BaseException:
            self._open.close()
            raise

    @contextmanager
    def opened(self) -> Iterator[Context]:
        """The run from its lock to its end, however it ends: for what needs no tap.

        Raises:
            EngineError: As for `open`.
        """
        self.open()
        error: BaseException | None = None
        try:
            yield self.context
        except BaseException as caught:
            error = caught
            raise
        finally:
            self.close(error)

    def _begin(self, fields: FieldMap) -> Context:
        ledger = self._open.enter_context(open_ledger(self.settings.ledger_url))
        shard = self.settings.shard
        if shard is not None:
            _check_divisible(fields)
        self._open.enter_context(ledger.running(shard))
        destination = self.connect(fields)
        if self.settings.dry_run:
            destination = Rehearsal(destination)
        readers = {"reminder": read_reminder, "task": task_reader(fields.task_field)}
        source = other(destination.side)
        with ledger.transaction() as connection:
            direction = self.direction or DIRECTIONS[destination.side]
            run_id = runs.start(connection, direction, now(), dry_run=self.settings.dry_run, shard=shard)
        if self.settings.dry_run:
            ledger.pretend()
        claims = Claims(ledger, source, run_id)
        claims.start()
        if not self.settings.dry_run:
            claims.void_readings()
        return Context(
            ledger=ledger,
            destination=destination,
            fields=fields,
            settings=self.settings,
            read_source=checked(readers[source], fields, source),
            participation=Participation.of(ledger.participants()),
            claims=claims,
            template=ledger.get(TEMPLATE) or None,
            run_id=run_id,
        )

    def take_settings(self, record: Mapping[str, Any]) -> None:
        """Take Sales Connect's settings: the subject template, and whose tenant it is.

        Raises:
            ForeignLedger: The ledger belongs to another tenant.
        """
        account, template = record.get("account_id"), record.get("activity_detail_customization") or None
        if (account and not is_record_id(account)) or not isinstance(template, str | None):
            message = "The stream salesforce_settings has an account_id or a template that is no text: check the tap."
            raise ConfigError(message)
        if account:
            self.context.ledger.claim("account_id", account)
        if template != self.context.template:
            self.context.take_template(template)
            self.context.ledger.put(TEMPLATE, template or "")

    def take_users(
        self, people: Sequence[Participant], find: Callable[[Sequence[str]], Mapping[str, Sequence[str]]]
    ) -> None:
        """Renew the roster from Sales Connect's users (sync-rules §1).

        Args:
            people: The users as Sales Connect has them, with their own Salesforce id where they have one.
            find: Active Salesforce users' ids by lower-case email.
        """
        if not people or self.context.scope is not None:
            return  # a shard's run goes by the roster that the plan was made of
        self.context.ledger.claim(*self.context.destination.identity())
        emails = sorted({(p.email or "").lower() for p in people if p.is_on and not p.salesforce_id and p.email})
        matched = match_users(people, find(emails) if emails else {})
        with self.context.ledger.transaction() as connection:
            roster.replace(connection, matched)
        self.context.take_roster(Participation.of(self.context.ledger.participants()))
        left_out = [f"{person.sales_connect_id} ({person.left_out})" for person in matched if person.left_out]
        if left_out:
            number, first = f"{len(left_out):,}", ", ".join(left_out[:NAMED])
            logger.warning(
                "Users with task sync on that are left out: %s. The first: %s. `tasksync status` names all.",
                number,
                first,
            )

    def expect(self, members: Collection[str]) -> None:
        """Hear which members the source's records have, before the first of them.

        Raises:
            ConfigError: One is missing that decisions are made by.
        """
        columns = unpaired(self.context.fields, self.context.source, members)
        if columns:
            logger.warning("The %ss come without %s: no such value travels.", self.context.source, ", ".join(columns))

    def hear(self, mark: Mapping[str, Any]) -> None:
        """Hear from the tap's state, before its records, when it began to read and for which shard."""
        since = mark.get("reading_since")
        if isinstance(since, str) and mark.get("shard") == self.context.ledger.shard:
            self.context.claims.hear(datetime.fromisoformat(since))

    def process(self, raws: Sequence[Mapping[str, Any]]) -> None:
        """Bring the destination to a batch of source records.

        Raises:
            StopRun: The destination cannot go on; what was carried out before is settled.
        """
        self.begin(raws)()

    def begin(self, raws: Sequence[Mapping[str, Any]]) -> Callable[[], None]:
        """As `process`, in two steps: what is left to do is returned, and is to be done in the order of the batches.

        Raises:
            StopRun: As for `process`.
        """
        return self.ahead.begin(raws)

    def finish(self) -> None:
        """The input was complete: retry what is parked and due, carry out or hold the deletions, forget what is old."""
        finish(self.context)
        forget_settled(self.context, DIRECTIONS[self.context.target])
        self._forget()
        self.context.counts["complete"] = 1

    def _forget(self) -> None:
        """Forget what is older than the settings keep, piece by piece; a large rest waits for the next runs."""
        kept = self.settings.keep_history
        if kept is None or self.settings.dry_run:
            return
        for _ in range(PIECES):
            with self.context.ledger.transaction() as connection:
                if not looking_back.forget(connection, now() - kept):
                    return

    def close(self, error: BaseException | None = None) -> None:
        """Note how the run ended, and let go of its lock."""
        context = self.context
        complete = bool(context.counts.pop("complete", 0))
        stopped = runs.STOPPED if error else (runs.OK if complete else runs.INCOMPLETE)
        try:
            context.ledger.forget()
            if isinstance(error, Refused):
                context.distrust()
            context.ledger.let_go()
            if not self.settings.dry_run:
                context.claims.void_readings()
            usage.note(context.ledger, context.destination.usage)
            with context.ledger.transaction() as connection:
                runs.write_plan(connection, context.run_id, context.plan)
                runs.end(
                    connection,
                    context.run_id,
                    ended_at=now(),
                    outcome=stopped,
                    complete=complete,
                    counts=dict(context.counts),
                    api_calls=context.destination.calls,
                    seconds=round(self.seconds, 3),
                    message=str(error) if isinstance(error, (ClientError, EngineError)) else None,
                )
        finally:
            self._open.close()


def _check_divisible(fields: FieldMap) -> None:
    """Without a link field a create that was lost is looked for among what all runs have made.

    Raises:
        ConfigError: There is no link field.
    """
    if fields.task_field is None:
        message = (
            "Shards need the link field: without it (link.task_field: null) a task that two runs make is not noticed. "
            "Leave out the setting shard, or deploy the field."
        )
        raise ConfigError(message)
