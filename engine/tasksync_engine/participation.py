"""The roster in memory: who takes part, and the translation of user ids (sync-rules §1)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from tasksync_mappings import Users

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_engine.ledger import Participant
    from tasksync_mappings import Side


@dataclass(frozen=True, slots=True)
class Participation:
    """The users who are on, by the ids of both sides.

    Attributes:
        by_reminder_user: Every user who is on, by Sales Connect id, those left out included.
        by_task_user: Those who take part, by Salesforce id.
    """

    by_reminder_user: Mapping[str, Participant]
    by_task_user: Mapping[str, Participant]

    @classmethod
    def of(cls, people: Sequence[Participant]) -> Participation:
        """The view of a roster."""
        return cls(
            by_reminder_user={person.sales_connect_id: person for person in people},
            by_task_user={person.salesforce_id: person for person in people if person.salesforce_id},
        )

    def user(self, side: Side, user_id: str | None) -> Participant | None:
        """The user who is on behind one side's user id, or None."""
        if user_id is None:
            return None
        return (self.by_reminder_user if side == "reminder" else self.by_task_user).get(user_id)

    def takes_part(self, side: Side, user_id: str | None) -> bool:
        """Whether records of this user take part."""
        person = self.user(side, user_id)
        return person is not None and person.salesforce_id is not None

    def translation(self) -> Users:
        """User ids, both ways."""
        return Users(
            to_task={
                key: person.salesforce_id for key, person in self.by_reminder_user.items() if person.salesforce_id
            },
            to_reminder={key: person.sales_connect_id for key, person in self.by_task_user.items()},
        )


def match_users(people: Sequence[Participant], candidates: Mapping[str, Sequence[str]]) -> list[Participant]:
    """Find each user's Salesforce user, or say why they are left out (sync-rules §1.2).

    Args:
        people: Users; those who are on and have no Salesforce id yet are matched by email.
        candidates: Active Salesforce users' ids by email in lower case.
    """
    matched = [_match(person, candidates) if person.is_on else person for person in people]
    holders = Counter(person.salesforce_id for person in matched if person.is_on and person.salesforce_id)
    return [
        replace(person, salesforce_id=None, left_out="another Sales Connect user has the same Salesforce user")
        if person.is_on and person.salesforce_id and holders[person.salesforce_id] > 1
        else person
        for person in matched
    ]


def _match(person: Participant, candidates: Mapping[str, Sequence[str]]) -> Participant:
    if person.salesforce_id:
        return person
    found = candidates.get((person.email or "").lower(), ())
    if len(found) == 1:
        return replace(person, salesforce_id=found[0])
    reason = "no active Salesforce user has this email" if not found else "several Salesforce users have this email"
    return replace(person, left_out=reason)
