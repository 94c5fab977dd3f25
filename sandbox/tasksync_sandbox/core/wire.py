"""JSON in and out, by msgspec."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping

_encoder = msgspec.json.Encoder()
encode = _encoder.encode


class JSONResponse(Response):
    """Anything that msgspec can encode, structs included."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:  # noqa: ANN401  anything encodable
        """Encode the body."""
        return _encoder.encode(content)


def raw_json(body: bytes, status_code: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """A response whose JSON is encoded already."""
    return Response(body, status_code, headers, media_type="application/json")
