"""Whose tasks are read, and from when."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_clients.soql import chunked_in, id18
from tasksync_engine.errors import ConfigError
from tasksync_engine.singer.tap_times import stamp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import timedelta

    from tasksync_engine.ledger import Participant


@dataclass(frozen=True, slots=True)
class Owners:
    """The owners whose tasks are read.

    Attributes:
        starts: each with the time from which on its tasks count, in the fixed format; None means everybody's tasks.
        enabled: when each owner of the roster turned task sync on; empty where the tap works alone. Of a shard also
            those who have it off, with no time.
        asked: the setting `owner_ids` with 18-character ids; empty where it is unset.
    """

    starts: Mapping[str, str] | None
    enabled: Mapping[str, str]
    asked: tuple[str, ...]

    def of_interest(self, row: Mapping[str, Any]) -> bool:
        """Whether a task counts for its owner's sake."""
        if self.starts is None:
            return True
        start = self.starts.get(row["OwnerId"])
        return start is not None and row["SystemModstamp"] >= start

    def condition(self) -> str | None:
        """For SOQL; None where everybody is read, or where they are too many for one query (about 440)."""
        pieces = list(chunked_in("OwnerId", sorted(self.starts or ())))
        return pieces[0] if len(pieces) == 1 else None

    def first_start(self, owners: Collection[str]) -> str | None:
        """The earliest of these owners' starts; None for no bound."""
        return min((self.starts[owner] for owner in owners), default="") or None if self.starts is not None else None

    def new(self, known: Mapping[str, str]) -> list[str]:
        """Roster owners who are not in a state's `owners`, or turned task sync on again since it was written."""
        return sorted(
            owner for owner, since in self.enabled.items() if owner not in known or since not in {"", known[owner]}
        )


def asked_owners(config: Mapping[str, Any]) -> tuple[str, ...]:
    """The setting `owner_ids`.

    Raises:
        ConfigError: one is no Salesforce id.
    """
    try:
        return tuple(sorted({id18(owner) for owner in config.get("owner_ids", ())}))
    except ValueError:
        message = "owner_ids: each is the 15 or 18 characters of a Salesforce user's id"
        raise ConfigError(message) from None


def owners_alone(asked: tuple[str, ...], start_date: str | None) -> Owners:
    """Of a tap that works alone: those asked for, or everybody."""
    return Owners(dict.fromkeys(asked, start_date or "") if asked else None, {}, asked)


def owners_of_roster(
    participants: Iterable[Participant], asked: tuple[str, ...], lookback: timedelta, start_date: str | None
) -> Owners:
    """Of a tap that belongs to the sync: the roster's, each from its E less the initial lookback (sync-rules §2.1)."""
    enabled = {
        one.salesforce_id: one.enabled_at if one.is_on else None
        for one in sorted(participants, key=lambda one: one.is_on)  # of two with one Salesforce user the one who is on
        if one.salesforce_id is not None and (not asked or one.salesforce_id in asked)
    }
    return Owners(
        starts={owner: max(stamp(since - lookback), start_date or "") for owner, since in enabled.items() if since},
        enabled={owner: stamp(since) if since else "" for owner, since in enabled.items()},
        asked=asked,
    )
