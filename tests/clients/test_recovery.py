"""Error code → what to do, walked row by row."""

import re
from pathlib import Path

import pytest

from tasksync_clients import recovery
from tasksync_clients.recovery import Recovery, RowResult, category, sales_connect_recovery, salesforce_recovery

STOP, NOW, LATER, PARK = Recovery.STOP, Recovery.RETRY_NOW, Recovery.RETRY_LATER, Recovery.PARK

SALESFORCE = {
    STOP: "AUTHENTICATION_FAILURE EXPIRED_ACCESS INACTIVE_ORGANIZATION INACTIVE_USER INVALID_GRANT INVALID_SESSION_ID "
    "REQUEST_LIMIT_EXCEEDED",
    NOW: "FAILED_WRITE QUERY_TIMEOUT REQUEST_RUNNING_TOO_LONG SERVER_UNAVAILABLE UNABLE_TO_LOCK_ROW UNKNOWN_EXCEPTION",
    LATER: "INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE TXN_SECURITY_METERING_ERROR",
    PARK: "API_CURRENTLY_DISABLED API_DISABLED_FOR_ORG CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY "
    "CANNOT_UPDATE_CONVERTED_LEAD DUPLICATES_DETECTED DUPLICATE_VALUE ENTITY_IS_DELETED ENTITY_IS_LOCKED "
    "FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_FILTER_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION "
    "INACTIVE_OWNER_OR_USER INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY INSUFFICIENT_ACCESS_OR_READONLY "
    "INVALID_CROSS_REFERENCE_KEY INVALID_FIELD INVALID_FIELD_FOR_INSERT_UPDATE "
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST INVALID_TYPE JSON_PARSER_ERROR MALFORMED_ID NOT_FOUND "
    "REQUIRED_FIELD_MISSING STORAGE_LIMIT_EXCEEDED STRING_TOO_LONG TXN_SECURITY_NO_ACCESS",
}
SALES_CONNECT = {
    401: STOP, 429: NOW, 500: NOW, 502: NOW, 503: NOW, 504: NOW, 412: LATER, "stale": LATER,
    400: PARK, 403: PARK, 404: PARK, 409: PARK, 410: PARK, 422: PARK,
}  # fmt: skip
CATEGORIES = {
    "Authentication": "AUTHENTICATION_FAILURE EXPIRED_ACCESS INACTIVE_ORGANIZATION INACTIVE_USER INVALID_GRANT",
    "Intermittent": "FAILED_WRITE INSERT_UPDATE_DELETE_NOT_ALLOWED_DURING_MAINTENANCE QUERY_TIMEOUT "
    "REQUEST_LIMIT_EXCEEDED SERVER_UNAVAILABLE UNABLE_TO_LOCK_ROW",
    "Access/Validation": "API_CURRENTLY_DISABLED CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY ENTITY_IS_LOCKED "
    "FIELD_CUSTOM_VALIDATION_EXCEPTION FIELD_FILTER_VALIDATION_EXCEPTION FIELD_INTEGRITY_EXCEPTION "
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY INSUFFICIENT_ACCESS_OR_READONLY INVALID_FIELD_FOR_INSERT_UPDATE "
    "INVALID_TYPE REQUIRED_FIELD_MISSING TXN_SECURITY_NO_ACCESS",
    "Other": "CANNOT_UPDATE_CONVERTED_LEAD UNKNOWN_EXCEPTION INVALID_FIELD STRING_TOO_LONG A_CODE_OF_NEXT_YEAR",
}


def _rows(table):
    return [(code, meaning) for meaning, codes in table.items() for code in codes.split()]


@pytest.mark.parametrize(("code", "expected"), _rows(SALESFORCE))
def test_salesforce_code_has_its_recovery(code, expected):
    """Each Salesforce code leads to the recovery that the rules give it."""
    assert salesforce_recovery(code, "") is expected


@pytest.mark.parametrize(("key", "expected"), SALES_CONNECT.items())
def test_sales_connect_row_has_its_recovery(key, expected):
    """Each Sales Connect status and code leads to the recovery that the rules give it."""
    status, code = (key, "") if isinstance(key, int) else (400, key)
    assert sales_connect_recovery(status, code) is expected


def test_tables_hold_nothing_else():
    """No row of either table is left out of these tests."""
    assert dict(recovery.SALESFORCE) == dict(_rows(SALESFORCE))
    assert dict(recovery.SALES_CONNECT) == SALES_CONNECT


@pytest.mark.parametrize(("code", "expected"), _rows(CATEGORIES))
def test_code_has_its_category(code, expected):
    """Each code is shown under the category of the rules; a code that is not listed is Other."""
    assert category(code, "") == expected


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("TotalRequests Limit exceeded.", STOP),
        ("ConcurrentRequests (Concurrent API Requests) Limit exceeded.", NOW),
        ("ConcurrentPerOrgLongTxn Limit exceeded.", NOW),
    ],
)
def test_daily_allowance_and_concurrent_requests_are_told_apart(message, expected):
    """REQUEST_LIMIT_EXCEEDED stops the run for the day's allowance and backs off for concurrent requests."""
    assert salesforce_recovery("REQUEST_LIMIT_EXCEEDED", message) is expected


@pytest.mark.parametrize("message", ["Your request timed out", "query timeout", "Request time-out while reading"])
def test_invalid_field_with_a_timeout_message_is_intermittent(message):
    """INVALID_FIELD means a timeout when its message says so."""
    assert salesforce_recovery("INVALID_FIELD", message) is NOW
    assert category("INVALID_FIELD", message) == "Intermittent"


def test_unknown_failures_are_parked_or_tried_again():
    """A code or status that no table has is parked, a server fault is tried again."""
    assert salesforce_recovery("A_CODE_OF_NEXT_YEAR", "") is PARK
    assert sales_connect_recovery(418, "teapot") is PARK
    assert sales_connect_recovery(599, "") is NOW


@pytest.mark.parametrize(
    ("status", "expected"),
    [(401, "Authentication"), (429, "Intermittent"), (503, "Intermittent"), (422, "Access/Validation"), (418, "Other")],
)
def test_status_gives_the_category_where_the_code_is_the_services_own(status, expected):
    """A code outside the table falls back to the status, where one is given."""
    assert category("validation_failed", "", status) == expected


def test_login_errors_find_their_category():
    """The login's lower-case codes are those of the table."""
    assert category("invalid_grant", "") == "Authentication"
    assert category("inactive_user", "") == "Authentication"


def test_row_result_shows_no_personal_data():
    """A row's repr has neither the record nor the service's reason."""
    row = RowResult(ok=False, id="1", record={"name": "Call Ada"}, message="Ada's mail is wrong", code="X")
    assert "Ada" not in repr(row)
    assert "'X'" in repr(row)


def test_errors_drawn_are_the_errors_there():
    """The tree at the top of errors.py names every error class under its parent, and no other."""
    from tasksync_clients import errors  # noqa: PLC0415 - its source is the subject

    names = re.findall(r"^    (?:[│ ]{4})*[├└]── (\w+)", errors.__doc__, re.MULTILINE)
    classes = {name for name, thing in vars(errors).items() if isinstance(thing, type) and issubclass(thing, Exception)}
    assert {*names, "ClientError"} == classes
    assert "StopRun" in Path(errors.__file__).read_text()
