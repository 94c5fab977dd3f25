"""Errors, told apart by what the caller should do about them.

    ClientError
    ├── StopRun                 the run must stop; the next one continues (sync-rules §7.3)
    │   ├── AuthenticationFailed    the service refuses our credentials
    │   ├── AllowanceExhausted      no more API calls for now
    │   ├── Unreachable             no answer, or only server faults, however often we asked
    │   │   └── LostAnswer              a request that must not be repeated may or may not have been carried out
    │   ├── WrongSettings           a setting is missing or cannot be right
    │   └── ProtocolError           an answer that is not what the contract says
    └── Refused                 one request was refused for its content
        ├── NotFound                the record is unknown
        ├── Gone                    the record is deleted
        ├── Stale                   the record moved on since the version that was given
        └── Duplicate               another record holds the value that must be unique

The text of an error is ours and may be shown and logged: it holds no body, token or query string. What the service
said stays in `reason`, which may hold personal data and is meant for the ledger alone.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from tasksync_clients import recovery

if TYPE_CHECKING:
    from tasksync_clients.recovery import RowResult


class ClientError(Exception):
    """A request that did not do what was asked.

    Attributes:
        message: one or two lines that say what happened and what to do.
        code: the service's error code, or "".
        status: the HTTP status, or None when no answer came.
        category: Authentication, Intermittent, Access/Validation or Other (sync-rules §8).
        reason: the service's own words; may hold personal data.
        fields: the fields that the service complains about.
        partial: for a batch write, what is known of each row, in the order of the rows. None means that the row was
            not sent, or that its answer is lost.
    """

    usual_category: ClassVar[str] = recovery.OTHER

    def __init__(  # noqa: PLR0913 - an error is its members, and all but the first are optional
        self,
        message: str,
        *,
        code: str = "",
        status: int | None = None,
        category: str | None = None,
        reason: str = "",
        fields: Sequence[str] = (),
    ) -> None:
        """Keep what is known; `category` falls back to the usual one of the class."""
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.category = category or self.usual_category
        self.reason = reason
        self.fields = tuple(fields)
        self.partial: list[RowResult | None] = []


class StopRun(ClientError):
    """The run must stop; the next one continues where this one was."""


class AuthenticationFailed(StopRun):
    """The service refuses our credentials, also after a new login."""

    usual_category = recovery.AUTHENTICATION


class AllowanceExhausted(StopRun):
    """The service grants no more API calls for now."""

    usual_category = recovery.INTERMITTENT


class Unreachable(StopRun):
    """The service gave no answer, or only server faults, however often it was asked."""

    usual_category = recovery.INTERMITTENT


class LostAnswer(Unreachable):
    """A request that must not be repeated got no answer: it may or may not have been carried out."""


class WrongSettings(StopRun):
    """A setting is missing or cannot be right; the message names it and its environment variable."""


class ProtocolError(StopRun):
    """An answer that is not what the contract says."""


class Refused(ClientError):
    """One request was refused for its content."""


class NotFound(Refused):
    """The record is unknown to the service."""


class Gone(Refused):
    """The record is deleted."""


class Stale(Refused):
    """The record moved on since the version that was given."""


class Duplicate(Refused):
    """Another record holds a value that must be unique.

    Attributes:
        holder_id: the id of that record, where the service names it.
    """

    holder_id: str | None = None
