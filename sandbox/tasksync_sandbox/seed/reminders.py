"""Reminders of the team."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from tasksync_sandbox.seed.people import Crowd, Record, Sellers, instant
from tasksync_sandbox.seed.words import CALL_OUTCOMES, CALL_REASONS, CAMPAIGNS, NOTES, SUBJECTS

if TYPE_CHECKING:
    from random import Random

_SHARE_AFTER_ENABLED, _SHARE_COMPLETED, _SHARE_HIGH, _SHARE_IN_CAMPAIGN = 0.8, 0.15, 0.2, 0.4
_SHARE_WITHOUT_DATE, _SHARE_WITHOUT_NOTE = 0.1, 0.15
# Longer than a Salesforce description can be.
_LONG_NOTE = "\n".join(f"{line}. Minutes of the quarterly review, as dictated." for line in range(1, 700))


def make_reminders(chance: Random, count: int, sellers: Sellers, crowd: Crowd, now: datetime) -> list[Record]:
    """Make reminders: most were created after their user's task sync was turned on, some before."""
    if not sellers.users:
        return []
    made = []
    for number in range(1, count + 1):
        user_id = chance.choice(sellers.users)["id"]
        reminder = _reminder(chance, user_id, chance.choice(crowd.people), now)
        reminder |= _stamps(chance, sellers.enabled_at.get(user_id), now)
        if number == 2:  # noqa: PLR2004  one of each team is long
            reminder["details"] = _LONG_NOTE
        made.append(reminder)
    return made


def _reminder(chance: Random, user_id: str, person: Record, now: datetime) -> Record:
    kind = chance.choice(tuple(SUBJECTS))
    reminder: Record = {
        "id": f"rem_{chance.getrandbits(64):016x}",
        "type": kind,
        "name": chance.choice(SUBJECTS[kind]).format(person["name"]),
        "status": "completed" if chance.random() < _SHARE_COMPLETED else "open",
        "priority": "high" if chance.random() < _SHARE_HIGH else "normal",
        "due_date": due_date(chance, now),
        "details": note(chance),
        "assignee_id": user_id,
        "person": {"id": person["id"]},
    }
    if chance.random() < _SHARE_IN_CAMPAIGN:
        name, day = chance.choice(CAMPAIGNS), chance.randint(1, 21)
        campaign_id = f"cam_{CAMPAIGNS.index(name)}"
        reminder["campaign"] = {"id": campaign_id, "name": name, "day": day, "step": day // 4 + 1}
    if kind == "call" and reminder["status"] == "completed":
        reminder |= {"call_outcome": chance.choice(CALL_OUTCOMES), "call_reason": chance.choice(CALL_REASONS)}
    return reminder


def _stamps(chance: Random, enabled_at: datetime | None, now: datetime) -> Record:
    created_at = _created_at(chance, enabled_at, now)
    updated_at = created_at + (now - created_at) * chance.random() * chance.choice((0, 0, 1))
    return {"created_at": instant(created_at), "updated_at": instant(updated_at)}


def due_date(chance: Random, now: datetime) -> str | None:
    """A day around today, or none."""
    if chance.random() < _SHARE_WITHOUT_DATE:
        return None
    return (now + timedelta(days=chance.randint(-3, 10))).date().isoformat()


def note(chance: Random) -> str | None:
    """One or two notes, or none."""
    if chance.random() < _SHARE_WITHOUT_NOTE:
        return None
    return "\n".join(chance.sample(NOTES, chance.randint(1, 2)))


def _created_at(chance: Random, enabled_at: datetime | None, now: datetime) -> datetime:
    if enabled_at is not None and chance.random() < _SHARE_AFTER_ENABLED:
        return enabled_at + (now - enabled_at) * chance.random()
    return (enabled_at or now) - timedelta(days=20) * chance.random()
