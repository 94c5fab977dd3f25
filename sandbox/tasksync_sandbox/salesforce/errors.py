"""The one error that any part of the Salesforce side raises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
    return SalesforceError("NOT_FOUND", message, 404)
