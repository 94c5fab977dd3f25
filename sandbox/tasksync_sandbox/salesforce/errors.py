"""The one error that any part of the Salesforce side raises."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Code(StrEnum):
    """Every errorCode that this side answers by itself; faults may bring others."""

    ALL_OR_NONE_OPERATION_ROLLED_BACK = "ALL_OR_NONE_OPERATION_ROLLED_BACK"
    API_VERSION_MISMATCH = "API_VERSION_MISMATCH"
    BATCH_PROCESSING_HALTED = "BATCH_PROCESSING_HALTED"
    CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY = "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY"
    CANNOT_UPDATE_CONVERTED_LEAD = "CANNOT_UPDATE_CONVERTED_LEAD"
    DUPLICATE_EXTERNAL_ID = "DUPLICATE_EXTERNAL_ID"
    DUPLICATE_VALUE = "DUPLICATE_VALUE"
    ENTITY_IS_DELETED = "ENTITY_IS_DELETED"
    EXCEEDED_ID_LIMIT = "EXCEEDED_ID_LIMIT"
    FEATURENOTENABLED = "FEATURENOTENABLED"
    FIELD_INTEGRITY_EXCEPTION = "FIELD_INTEGRITY_EXCEPTION"
    GONE = "GONE"
    INACTIVE_OWNER_OR_USER = "INACTIVE_OWNER_OR_USER"
    INSUFFICIENT_ACCESS_OR_READONLY = "INSUFFICIENT_ACCESS_OR_READONLY"
    INVALIDJOB = "INVALIDJOB"
    INVALIDJOBSTATE = "INVALIDJOBSTATE"
    INVALID_API_VERSION = "INVALID_API_VERSION"
    INVALID_BATCH = "INVALID_BATCH"
    INVALID_CROSS_REFERENCE_KEY = "INVALID_CROSS_REFERENCE_KEY"
    INVALID_FIELD = "INVALID_FIELD"
    INVALID_FIELD_FOR_INSERT_UPDATE = "INVALID_FIELD_FOR_INSERT_UPDATE"
    INVALID_HEADER_VALUE = "INVALID_HEADER_VALUE"
    INVALID_INPUT = "INVALID_INPUT"
    INVALID_OPERATION = "INVALID_OPERATION"
    INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST = "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST"
    INVALID_QUERY_FILTER_OPERATOR = "INVALID_QUERY_FILTER_OPERATOR"
    INVALID_QUERY_LOCATOR = "INVALID_QUERY_LOCATOR"
    INVALID_REPLICATION_DATE = "INVALID_REPLICATION_DATE"
    INVALID_SESSION_ID = "INVALID_SESSION_ID"
    INVALID_TYPE = "INVALID_TYPE"
    INVALID_TYPE_ON_FIELD_IN_RECORD = "INVALID_TYPE_ON_FIELD_IN_RECORD"
    JSON_PARSER_ERROR = "JSON_PARSER_ERROR"
    LIMIT_EXCEEDED = "LIMIT_EXCEEDED"
    MALFORMED_ID = "MALFORMED_ID"
    MALFORMED_QUERY = "MALFORMED_QUERY"
    METHOD_NOT_ALLOWED = "METHOD_NOT_ALLOWED"
    MISSING_ARGUMENT = "MISSING_ARGUMENT"
    NOT_FOUND = "NOT_FOUND"
    NUMBER_OUTSIDE_VALID_RANGE = "NUMBER_OUTSIDE_VALID_RANGE"
    PRECONDITION_FAILED = "PRECONDITION_FAILED"
    PROCESSING_HALTED = "PROCESSING_HALTED"
    REQUEST_HEADERS_TOO_LARGE = "REQUEST_HEADERS_TOO_LARGE"
    REQUEST_LIMIT_EXCEEDED = "REQUEST_LIMIT_EXCEEDED"
    REQUIRED_FIELD_MISSING = "REQUIRED_FIELD_MISSING"
    SERVER_UNAVAILABLE = "SERVER_UNAVAILABLE"
    STRING_TOO_LONG = "STRING_TOO_LONG"
    UNKNOWN_EXCEPTION = "UNKNOWN_EXCEPTION"
    UNSUPPORTED_MEDIA_TYPE = "UNSUPPORTED_MEDIA_TYPE"
    URI_TOO_LONG = "URI_TOO_LONG"


@dataclass(eq=False)
class SalesforceError(Exception):
    """An answer other than success, as Salesforce words it.

    Attributes:
        code: Salesforce's errorCode, or statusCode inside a collection's result.
        message: what Salesforce says.
        status: HTTP status of the answer when the whole request fails with it.
        fields: names of the fields at fault.
    """

    code: str
    message: str
    status: int = 400
    fields: tuple[str, ...] = ()

    def as_answer(self) -> dict[str, Any]:
        """Return the error as an element of the array that a failed request answers."""
        body: dict[str, Any] = {"message": self.message, "errorCode": self.code}
        if self.fields:
            body["fields"] = list(self.fields)
        return body

    def as_result(self) -> dict[str, Any]:
        """Return the error as an element of a collection result's `errors`."""
        return {"statusCode": self.code, "message": self.message, "fields": list(self.fields)}


def not_found(message: str = "The requested resource does not exist") -> SalesforceError:
    """Return the 404 of an unknown resource or record."""
    return SalesforceError(Code.NOT_FOUND, message, 404)


def calls_used_up() -> SalesforceError:
    """Return the 403 of an org that has used up its calls of the day."""
    return SalesforceError(Code.REQUEST_LIMIT_EXCEEDED, "TotalRequests Limit exceeded.", 403)
