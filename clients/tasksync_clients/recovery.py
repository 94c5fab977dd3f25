"""What to do about a failure: one table per system from code or status to recovery, and the categories a person sees.

Sources: sync-rules §7 and §8; Salesforce wire facts §2, §7 and §10; the Sales Connect contract.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final


class Recovery(StrEnum):
    """What the caller does about a failure."""

    RETRY_NOW = "retry_now"
    RETRY_LATER = "retry_later"
    PARK = "park"
    STOP = "stop"


AUTHENTICATION: Final = "Authentication"
INTERMITTENT: Final = "Intermittent"
ACCESS: Final = "Access/Validation"
OTHER: Final = "Other"

SALESFORCE: Final[Mapping[str, Recovery]] = MappingProxyType(
    {
        "AUTHENTICATION_FAILURE": Recovery.STOP,
        "EXPIRED_ACCESS": Recovery.STOP,
        "INACTIVE_ORGANIZATION": Recovery.STOP,
        "INACTIVE_USER": Recovery.STOP,
        "INVALID_GRANT": Recovery.STOP,
        "INVALID_SESSION_ID": Recovery.STOP,
        # The allowance of a day; concurrent requests are told apart by the message, see `salesforce_recovery`.
        "REQUEST_LIMIT_EXCEEDED": Recovery.STOP,
        "FAILED_WRITE": Recovery.RETRY_NOW,
        "QUERY_TIMEOUT": Recovery.RETRY_NOW,
        "REQUEST_RUNNING_TOO_LONG": Recovery.RETRY_NOW,
        "SERVER_UNAVAILABLE": Recovery.RETRY_NOW,
        "UNABLE_TO_LOCK_ROW": Recovery.RETRY_NOW,
        "UNKNOWN_EXCEPTION": Recovery.RETRY_NOW,
        # Maintenance outlasts any back-off that is worth waiting for.
        "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE": Recovery.RETRY_LATER,
        "TXN_SECURITY_METERING_ERROR": Recovery.RETRY_LATER,
        "API_CURRENTLY_DISABLED": Recovery.PARK,
        "API_DISABLED_FOR_ORG": Recovery.PARK,
        "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY": Recovery.PARK,
        "CANNOT_UPDATE_CONVERTED_LEAD": Recovery.PARK,
        "DUPLICATES_DETECTED": Recovery.PARK,
        "DUPLICATE_VALUE": Recovery.PARK,
        "ENTITY_IS_DELETED": Recovery.PARK,
        "ENTITY_IS_LOCKED": Recovery.PARK,
        "FIELD_CUSTOM_VALIDATION_EXCEPTION": Recovery.PARK,
        "FIELD_FILTER_VALIDATION_EXCEPTION": Recovery.PARK,
        "FIELD_INTEGRITY_EXCEPTION": Recovery.PARK,
        "INACTIVE_OWNER_OR_USER": Recovery.PARK,
        "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": Recovery.PARK,
        "INSUFFICIENT_ACCESS_OR_READONLY": Recovery.PARK,
        "INVALID_CROSS_REFERENCE_KEY": Recovery.PARK,
        "INVALID_FIELD": Recovery.PARK,
        "INVALID_FIELD_FOR_INSERT_UPDATE": Recovery.PARK,
        "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": Recovery.PARK,
        "INVALID_TYPE": Recovery.PARK,
        "JSON_PARSER_ERROR": Recovery.PARK,
        "MALFORMED_ID": Recovery.PARK,
        "NOT_FOUND": Recovery.PARK,
        "REQUIRED_FIELD_MISSING": Recovery.PARK,
        "STORAGE_LIMIT_EXCEEDED": Recovery.PARK,
        "STRING_TOO_LONG": Recovery.PARK,
        "TXN_SECURITY_NO_ACCESS": Recovery.PARK,
    }
)

SALES_CONNECT: Final[Mapping[int | str, Recovery]] = MappingProxyType(
    {
        400: Recovery.PARK,
        401: Recovery.STOP,
        403: Recovery.PARK,
        404: Recovery.PARK,
        409: Recovery.PARK,
        410: Recovery.PARK,
        # Decided on a version that has moved on: the next run reads it again and decides anew.
        412: Recovery.RETRY_LATER,
        "stale": Recovery.RETRY_LATER,
        422: Recovery.PARK,
        429: Recovery.RETRY_NOW,
        500: Recovery.RETRY_NOW,
        502: Recovery.RETRY_NOW,
        503: Recovery.RETRY_NOW,
        504: Recovery.RETRY_NOW,
    }
)

_CATEGORIES: Final[Mapping[str, str]] = MappingProxyType(
    dict.fromkeys(
        ("AUTHENTICATION_FAILURE", "EXPIRED_ACCESS", "INACTIVE_ORGANIZATION", "INACTIVE_USER", "INVALID_GRANT"),
        AUTHENTICATION,
    )
    | dict.fromkeys(
        (
            "FAILED_WRITE",
            "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE",
            "QUERY_TIMEOUT",
            "REQUEST_LIMIT_EXCEEDED",
            "SERVER_UNAVAILABLE",
            "UNABLE_TO_LOCK_ROW",
        ),
        INTERMITTENT,
    )
    | dict.fromkeys(
        (
            "API_CURRENTLY_DISABLED",
            "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY",
            "ENTITY_IS_LOCKED",
            "FIELD_CUSTOM_VALIDATION_EXCEPTION",
            "FIELD_FILTER_VALIDATION_EXCEPTION",
            "FIELD_INTEGRITY_EXCEPTION",
            "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY",
            "INSUFFICIENT_ACCESS_OR_READONLY",
            "INVALID_FIELD_FOR_INSERT_UPDATE",
            "INVALID_TYPE",
            "REQUIRED_FIELD_MISSING",
            "TXN_SECURITY_NO_ACCESS",
        ),
        ACCESS,
    )
)
_STATUS_CATEGORIES: Final[Mapping[int, str]] = MappingProxyType(
    {401: AUTHENTICATION, 408: INTERMITTENT, 429: INTERMITTENT}
    | dict.fromkeys((400, 403, 404, 409, 410, 412, 422), ACCESS)
)
_SERVER_FAULT: Final = 500
_TIMEOUT = re.compile(r"tim(?:e|ed)[ -]?out", re.IGNORECASE)


def salesforce_recovery(code: str, message: str) -> Recovery:
    """Say what to do about a Salesforce error code; an unknown code is parked.

    REQUEST_LIMIT_EXCEEDED means the allowance of the day (stop) unless the message speaks of concurrent requests
    (back off); INVALID_FIELD with a timeout message is intermittent. Source: sync-rules §8, wire facts §10.
    """
    if code == "REQUEST_LIMIT_EXCEEDED" and "concurrent" in message.lower():
        return Recovery.RETRY_NOW
    if code == "INVALID_FIELD" and _TIMEOUT.search(message):
        return Recovery.RETRY_NOW
    return SALESFORCE.get(code, Recovery.PARK)


def sales_connect_recovery(status: int, code: str) -> Recovery:
    """Say what to do about a Sales Connect error: its code where the table has it, else its status.

    A status that the table lacks is parked, or tried again when it is a server fault (5xx).
    """
    unlisted = Recovery.RETRY_NOW if status >= _SERVER_FAULT else Recovery.PARK
    return SALES_CONNECT.get(code) or SALES_CONNECT.get(status, unlisted)


def category(code: str, message: str, status: int | None = None) -> str:
    """Name the category of an error as diagnostics show it (sync-rules §8).

    Codes compare without regard to case, so that the login's `invalid_grant` is the table's INVALID_GRANT.
    `status` decides for codes that the table lacks: give it for Sales Connect, whose codes are its own.
    """
    name = code.upper()
    if name == "INVALID_FIELD" and _TIMEOUT.search(message):
        return INTERMITTENT
    if name in _CATEGORIES:
        return _CATEGORIES[name]
    if status is None:
        return OTHER
    return INTERMITTENT if status >= _SERVER_FAULT else _STATUS_CATEGORIES.get(status, OTHER)


@dataclass(frozen=True, slots=True)
class RowResult:
    """What became of one row of a batch write, at either system.

    Attributes:
        ok: whether the service holds what was asked for.
        id: the record's id, where the answer or the request names it.
        created: True for a new record, False for one that was there, None where the service does not say.
        record: the reminder as Sales Connect returns it.
        status: the row's own HTTP status (Sales Connect).
        code: the service's error code; "stale" for a version that moved on.
        message: the service's reason, which may hold personal data: for the ledger, not for logs.
        fields: the fields that the service complains about.
        holder_id: who already holds the value that must be unique.
        recovery: what to do about the failure; None when ok.
        also: columns that were written besides those that were asked for.
    """

    ok: bool
    id: str | None
    created: bool | None = None
    record: Mapping[str, Any] | None = None
    status: int | None = None
    code: str | None = None
    message: str | None = None
    fields: tuple[str, ...] = ()
    holder_id: str | None = None
    recovery: Recovery | None = None
    also: Mapping[str, Any] | None = None

    def __repr__(self) -> str:
        """Show the outcome without the record and the service's reason: both may hold personal data."""
        return f"RowResult(ok={self.ok}, id={self.id!r}, status={self.status}, code={self.code!r})"
