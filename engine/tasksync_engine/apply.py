"""`tasksync apply`: a run for each direction that carries out exactly a plan's rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasksync_engine.applying import Applying, Outcome
from tasksync_engine.engine import Engine
from tasksync_engine.errors import ConfigError
from tasksync_engine.intake import take
from tasksync_engine.ledger import open_ledger
from tasksync_engine.ledger.runs import applied
from tasksync_engine.ledger.store import OWNERS
from tasksync_engine.plan import digest_of_mapping
from tasksync_engine.sources import ReminderSource

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasksync_engine.context import Context
    from tasksync_engine.destination import Destination
    from tasksync_engine.ledger import Ledger
    from tasksync_engine.plan import Plan, Row
    from tasksync_engine.settings import EngineSettings
    from tasksync_engine.sources import Source
    from tasksync_mappings import FieldMap, Side


@dataclass(frozen=True, slots=True)
class Hand:
    """What one direction is carried out with.

    Attributes:
        direction: The direction of a sync.
        side: The side that it writes to.
        settings: Its target's settings.
        connect: Makes its destination.
        source: Makes what reads its source.
    """

    direction: str
    side: Side
    settings: EngineSettings
    connect: Callable[[FieldMap], Destination]
    source: Callable[[FieldMap], Source]


@dataclass(frozen=True, slots=True)
class Applied:
    """One direction: the number of its run, and what became of its rows."""

    direction: str
    run_id: int
    outcome: Outcome


def apply(
    plan: Plan,
    hands: Sequence[Hand],
    ledger_url: str,
    first: Callable[[Context], None] = lambda context: None,  # noqa: ARG005 - as a rule there is nothing to do first
) -> list[Applied]:
    """Carry out a plan; what was changed since is left, with the reason.

    Args:
        plan: The plan.
        hands: Both directions, `to-salesforce` first.
        ledger_url: The ledger.
        first: What is done in the first run before its rows.

    Raises:
        ConfigError: The plan was made for other data, or another mapping; nothing was written.
        EngineError: A run is going on, or the ledger or a setting cannot be used.
        ClientError: A service cannot go on; the same plan again finishes.
    """
    with open_ledger(ledger_url, create=False) as ledger:
        _refuse_foreign(plan, ledger)
    rows = {part.direction: part.rows for part in plan.directions}
    if not any(rows.values()):
        return []
    # The first one also when it has no rows: the second one needs the roster and the template of now.
    done: list[Applied] = []
    for hand in hands:
        if not done or rows.get(hand.direction):
            done.append(_applied(plan, hand, rows.get(hand.direction, []), None if done else first))
    return done


def _refuse_foreign(plan: Plan, ledger: Ledger) -> None:
    if plan.ledger != ledger.id:
        message = (
            f"The plan was made for the ledger {plan.ledger}, and this one is {ledger.id}: set TASKSYNC_LEDGER_URL or "
            "MELTANO_ENVIRONMENT to that one's, or make a new plan. Nothing was written."
        )
        raise ConfigError(message)
    for key, planned in (("org_id", plan.org_id), ("account_id", plan.account_id)):
        known = ledger.get(key)
        if planned and known and planned != known:
            raise _foreign(key, planned, known)


def _foreign(key: str, planned: str, known: str) -> ConfigError:
    whose = OWNERS[key]
    return ConfigError(f"The plan was made for {whose} {planned}, and this is {known}. Nothing was written.")


def _applied(plan: Plan, hand: Hand, rows: Sequence[Row], first: Callable[[Context], None] | None) -> Applied:
    engine = Engine(hand.settings, hand.connect, applied(hand.side))
    with engine.opened() as context:
        _check(plan, engine)
        source = hand.source(context.fields)
        introduce(engine, source)
        if first is not None:
            first(context)
        outcome = Applying(context, source).carry_out(rows)
        context.counts["complete"] = 1
    return Applied(hand.direction, context.run_id, outcome)


def _check(plan: Plan, engine: Engine) -> None:
    if digest_of_mapping(engine.context.fields) != plan.mapping:
        message = "The plan was made with another mapping than the one that is in force: make a new plan."
        raise ConfigError(message)
    key, owner = engine.context.destination.identity()
    planned = plan.org_id if key == "org_id" else plan.account_id
    if planned and planned != owner:
        raise _foreign(key, planned, owner)


def introduce(engine: Engine, source: Source) -> None:
    """What `to-salesforce` begins with: the template and the roster of now."""
    if isinstance(source, ReminderSource):
        take(engine, "salesforce_settings", [source.settings()])
        take(engine, "users", source.users())
