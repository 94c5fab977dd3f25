"""Cutting the roster into shards of about the same work, and moving as few users as that takes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from heapq import heapify, heapreplace
from typing import TYPE_CHECKING

from tasksync_engine.engine import Engine
from tasksync_engine.errors import ConfigError
from tasksync_engine.intake import take
from tasksync_engine.ledger import claims, open_ledger, shards
from tasksync_engine.ledger.store import now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tasksync_clients.sales_connect import SalesConnectClient
    from tasksync_engine.context import Context
    from tasksync_engine.destination import Destination
    from tasksync_engine.settings import EngineSettings
    from tasksync_mappings import FieldMap

DIRECTION = "plan-shards"
"""What the run that makes a plan is called in the ledger."""
RECENT = timedelta(days=7)
TOLERATED = 1.25
"""A shard may have this much more than its share before users move: one who moves is read whole once more."""
REMEMBERED = timedelta(hours=1)
"""What was settled longer ago than any tap and its target can be apart is forgotten."""


@dataclass(frozen=True, slots=True)
class Shard:
    """One part of the plan.

    Attributes:
        name: `1`, `2`, and so on.
        users: How many users it has.
        activity: How much was done with their records lately.
    """

    name: str
    users: int
    activity: int


def cut(weights: Mapping[str, int], number: int, present: Mapping[str, str]) -> dict[str, str]:
    """Give each user a shard; users keep theirs as far as no shard gets much more than its share.

    Args:
        weights: How much each user does; at least 1.
        number: How many shards there are to be.
        present: The shards that users have now.
    """
    names = [str(place + 1) for place in range(number)]
    users_of: dict[str, list[str]] = {name: [] for name in names}
    for user in sorted(weights, key=lambda user: (-weights[user], user)):
        if present.get(user) in users_of:
            users_of[present[user]].append(user)
    share = sum(weights.values()) / number
    plan = {user: name for name, users in users_of.items() for user in _staying(users, weights, share)}
    loads = Counter(dict.fromkeys(names, 0))
    for user, name in plan.items():
        loads[name] += weights[user]
    emptiest = [(load, int(name)) for name, load in loads.items()]
    heapify(emptiest)
    for user in sorted(weights.keys() - plan.keys(), key=lambda user: (-weights[user], user)):
        load, place = emptiest[0]
        plan[user] = str(place)
        heapreplace(emptiest, (load + weights[user], place))
    _fill(names, plan, weights)
    return plan


def _fill(names: Sequence[str], plan: dict[str, str], weights: Mapping[str, int]) -> None:
    """Give each shard that has nobody one user of the shard that has most: the first must be there (`FIRST`)."""
    users_of: dict[str, list[str]] = {name: [] for name in names}
    for user in sorted(plan, key=lambda user: (weights[user], user)):
        users_of[plan[user]].append(user)
    for name in names:
        most = max(users_of.values(), key=len)
        if not users_of[name] and len(most) > 1:
            plan[most[0]] = name
            users_of[name].append(most.pop(0))


def _staying(users: Sequence[str], weights: Mapping[str, int], share: float) -> list[str]:
    """Of a shard's users, the busiest first, those who keep it: all, or as many as make its share."""
    load = sum(weights[user] for user in users)
    if load <= TOLERATED * share:
        return list(users)
    staying = []
    for user in users:
        if load - weights[user] >= share:
            load -= weights[user]
        else:
            staying.append(user)
    return staying


def make_plan(
    settings: EngineSettings,
    connect: Callable[[FieldMap], Destination],
    client: SalesConnectClient,
    number: int | None,
) -> list[Shard]:
    """Renew the roster from Sales Connect, cut it anew, and write the plan.

    Args:
        settings: Of the target that keeps the roster, for all users.
        connect: Makes Salesforce's side.
        client: Sales Connect's.
        number: How many shards; None: as many as there are now.

    Raises:
        Busy: A run is going on, of a shard or of all users.
        ConfigError: Nobody takes part, so there is nothing to cut.
        LedgerError: The ledger is in SQLite.
        ClientError: A service cannot be read.
    """
    with open_ledger(settings.ledger_url) as ledger:
        ledger.check_serves_shards()
    engine = Engine(settings, connect, DIRECTION)
    with engine.opened() as context:
        take(engine, "salesforce_settings", [client.salesforce_settings()])
        take(engine, "users", [user for page in client.users() for user in page])
        made = _plan(context, number)
        context.counts["complete"] = 1
    return made


def _plan(context: Context, number: int | None) -> list[Shard]:
    context.prepare()  # bulk jobs of runs that were killed end before their users may move
    people = [person.sales_connect_id for person in context.ledger.participants()]
    if not people:
        message = "Nobody has task sync on, so there is nothing to cut into shards."
        raise ConfigError(message)
    with context.ledger.transaction() as connection:
        present = shards.assignment(connection)
        recent = shards.activity(connection, now() - RECENT)
        wanted = number or len(shards.names(connection)) or 1
        weights = {user: 1 + recent.get(user, 0) for user in people}
        new = cut(weights, min(wanted, len(people)), present)
        # Who has task sync off stays: what waits of theirs is where it was.
        kept = {user: shard for user, shard in present.items() if user not in new and shard in set(new.values())}
        shards.assign(connection, kept | new, _in_order(new.values()))
        claims.forget(connection, REMEMBERED)
    return told(new, recent)


def told(assignment: Mapping[str, str], recent: Mapping[str, int]) -> list[Shard]:
    """The shards of a plan, in order, with how much each has."""
    users = Counter(assignment.values())
    work: Counter[str] = Counter()
    for user, shard in assignment.items():
        work[shard] += recent.get(user, 0)
    return [Shard(name, users[name], work[name]) for name in _in_order(users)]


def _in_order(names: Iterable[str]) -> Sequence[str]:
    return sorted(set(names), key=int)
