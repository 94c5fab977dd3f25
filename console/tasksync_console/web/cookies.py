"""Cookies that no script reads and no other site sends."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.responses import Response


def keep(response: Response, name: str, text: str, *, seconds: int | None = None) -> None:
    """Set one; without a time it ends with the browser."""
    response.set_cookie(name, text, max_age=seconds, httponly=True, samesite="strict", path="/")
