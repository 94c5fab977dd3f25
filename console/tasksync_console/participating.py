"""Who is a user of Sales Connect, and who of them has task sync on there now (sync-rules §1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_clients.errors import ProtocolError
from tasksync_clients.sales_connect.dialect import is_record_id
from tasksync_engine.records import InvalidRecord, parse_time

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from tasksync_clients.sales_connect import SalesConnectClient


@dataclass(frozen=True, slots=True)
class User:
    """A Sales Connect user as Sales Connect tells of them now.

    Attributes:
        enabled_at: When task sync was turned on, as Sales Connect writes it.
    """

    id: str
    email: str | None
    name: str | None
    time_zone: str | None
    salesforce_user_id: str | None
    enabled: bool
    enabled_at: str | None

    @property
    def called(self) -> str:
        """What a person calls them."""
        return self.name or self.email or self.id

    @property
    def since(self) -> datetime | None:
        """When task sync was turned on."""
        try:
            return parse_time(self.enabled_at, "enabled_at")
        except InvalidRecord:
            return None

    def answers_to(self, text: str) -> bool:
        """Whether a text is part of what they are called, in any case."""
        return text.casefold() in " ".join(filter(None, (self.name, self.email, self.id))).casefold()


def read_users(client: SalesConnectClient) -> list[User]:
    """All users of the tenant, by what they are called.

    Raises:
        ClientError: Sales Connect gave no answer, or none that can be read.
    """
    rows = (row for page in client.users() for row in page)
    return sorted(map(_user, rows), key=lambda user: (user.called.casefold(), user.id))


def _user(row: Mapping[str, Any]) -> User:
    task_sync = row.get("task_sync")
    if not is_record_id(row.get("id")) or not isinstance(task_sync, dict):
        message = "Sales Connect told of a user who is none: without an id, or without task_sync."
        raise ProtocolError(message)
    return User(
        id=row["id"],
        email=_text(row, "email"),
        name=_text(row, "name"),
        time_zone=_text(row, "time_zone"),
        salesforce_user_id=_text(row, "salesforce_user_id"),
        enabled=task_sync.get("enabled") is True,
        enabled_at=_text(task_sync, "enabled_at"),
    )


def _text(row: Mapping[str, Any], member: str) -> str | None:
    value = row.get(member)
    return value if isinstance(value, str) and value else None
