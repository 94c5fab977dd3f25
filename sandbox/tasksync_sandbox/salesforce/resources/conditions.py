"""Conditional headers (Salesforce facts, §3): by date for every object, by ETag for Account alone."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from typing import TYPE_CHECKING

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.soql.dates import parse_stamp

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.http import Call
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import SObject

WITH_ETAG = "Account"


def http_date(moment: datetime) -> str:
    """Return a moment as headers spell it."""
    return format_datetime(moment.astimezone(UTC), usegmt=True)


def headers(sobject: SObject, row: Row) -> dict[str, str]:
    """Return the headers by which a later request can say what it has seen."""
    found = {"Last-Modified": http_date(parse_stamp(row.LastModifiedDate))}
    return found | ({"ETag": etag(row)} if sobject.name == WITH_ETAG else {})


def etag(row: Row) -> str:
    """Return what changes with every version of a record."""
    return f'"{row.Id}{parse_stamp(row.SystemModstamp):%Y%m%d%H%M%S}"'


def unchanged(call: Call, row: Row) -> bool:
    """Say whether a read can be answered with 304.

    Raises:
        SalesforceError: 412 where the record is newer than If-Unmodified-Since allows.
    """
    since = _date(call, "if-modified-since", strict=False)
    until = _date(call, "if-unmodified-since", strict=False)
    modified = parse_stamp(row.LastModifiedDate)
    if until is not None and modified > until:
        raise _failed()
    seen = call.headers.get("if-none-match")
    if row.Id.startswith("001") and seen is not None:
        return etag(row) in seen or seen.strip() == "*"
    return since is not None and modified <= since


def seen_since(call: Call, changed: datetime) -> bool:
    """Say whether what was changed then can be answered with 304."""
    since = _date(call, "if-modified-since", strict=False)
    return since is not None and changed <= since


def check_write(call: Call, row: Row, sobject: SObject) -> None:
    """Refuse a change whose conditions the record does not meet.

    Raises:
        SalesforceError: 412, or 400 for a date that is none.
    """
    since = _date(call, "if-modified-since", strict=True)
    until = _date(call, "if-unmodified-since", strict=True)
    modified = parse_stamp(row.LastModifiedDate)
    if (until is not None and modified > until) or (since is not None and modified <= since):
        raise _failed()
    if sobject.name != WITH_ETAG:
        return
    wanted, unwanted = call.headers.get("if-match"), call.headers.get("if-none-match")
    if (wanted is not None and wanted.strip() != "*" and etag(row) not in wanted) or (
        unwanted is not None and (etag(row) in unwanted or unwanted.strip() == "*")
    ):
        raise _failed()


def _date(call: Call, name: str, *, strict: bool) -> datetime | None:
    text = call.headers.get(name)
    if text is None:
        return None
    try:
        moment = parsedate_to_datetime(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        if strict:
            raise SalesforceError(Code.INVALID_HEADER_VALUE, f"Invalid value for header {name}: {text}") from None
        return None


def _failed() -> SalesforceError:
    return SalesforceError(Code.PRECONDITION_FAILED, "A precondition of the request is not met", 412)
