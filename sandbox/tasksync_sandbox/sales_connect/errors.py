"""Refusals, in the API's one error shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_sandbox.core.wire import JSONResponse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from starlette.responses import Response

CODES = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    409: "conflict",
    410: "gone",
    412: "precondition_failed",
    422: "validation_failed",
    429: "rate_limited",
    500: "internal_error",
    502: "bad_gateway",
    503: "unavailable",
}


class RefusedError(Exception):
    """A request, or one operation of a batch, that is refused.

    Attributes:
        status: HTTP status.
        headers: of the response.
    """

    def __init__(
        self,
        status: int,
        message: str,
        fields: Sequence[str] = (),
        *,
        headers: Mapping[str, str] | None = None,
        **more: str,
    ) -> None:
        """Name status, message and fields; `more` goes into the error as it is, a `code` among it too."""
        super().__init__(message)
        self.status = status
        self.headers = headers
        self._fields = list(fields)
        self._more = more

    def error(self) -> dict[str, Any]:
        """The `error` member."""
        shown: dict[str, Any] = {"code": CODES.get(self.status, "error"), "message": str(self)}
        if self._fields:
            shown["fields"] = self._fields
        return shown | self._more

    def response(self) -> Response:
        """The whole answer."""
        return JSONResponse({"error": self.error()}, self.status, self.headers)
