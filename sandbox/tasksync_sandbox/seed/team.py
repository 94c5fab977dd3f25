"""The team, put together."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.seed.people import make_people, make_users
from tasksync_sandbox.seed.reminders import make_reminders
from tasksync_sandbox.seed.tasks import QUEUE, make_tasks

if TYPE_CHECKING:
    from tasksync_sandbox.seed.people import Record


@dataclass(frozen=True)
class Size:
    """How many there are of each."""

    users: int = 6
    reminders: int = 40
    tasks: int = 60


@dataclass(frozen=True)
class Team:
    """What to load.

    Attributes:
        objects: Salesforce records by object.
        sales_connect: Sales Connect records by kind.
    """

    objects: dict[str, list[Record]]
    sales_connect: dict[str, list[Record]]


def make_team(size: Size, random_seed: int, now: str) -> Team:
    """Make a team whose dates lie around `now` (the sandbox's time, ISO 8601)."""
    chance, moment = random.Random(random_seed), datetime.fromisoformat(now)  # noqa: S311  samples, no secrets
    sellers = make_users(chance, size.users, moment)
    crowd = make_people(chance, max(8, min(5_000, size.reminders // 4)), moment)
    reminders = make_reminders(chance, size.reminders, sellers, crowd, moment)
    tasks = make_tasks(chance, size.tasks, sellers, crowd, moment)
    everyone: dict[str, Any] = crowd.objects | {"User": sellers.in_salesforce, "Group": [QUEUE], "Task": tasks}
    return Team(everyone, {"users": sellers.users, "people": crowd.people, "reminders": reminders})
