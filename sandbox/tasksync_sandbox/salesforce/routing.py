"""Routes by patterns of the encoded path, so that every spelling of it is found (Salesforce facts, §0)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from starlette.routing import Match, Route

from tasksync_sandbox.salesforce.http import names_in

if TYPE_CHECKING:
    import re
    from collections.abc import Collection

    from starlette.types import Scope


class SpelledRoute(Route):
    """A route that matches the encoded path by a pattern of its own."""

    def __init__(
        self,
        path: str,
        pattern: re.Pattern[str],
        endpoint: Any,  # noqa: ANN401  Starlette's type
        methods: Collection[str] | None = None,
    ) -> None:
        """Match `pattern` for these methods, all without any; `path` is the name under which calls are counted."""
        super().__init__(path, endpoint, methods=methods)
        self.methods = None  # Starlette's own refusal of other methods is no JSON
        self._pattern = pattern
        self._served = methods

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Say whether the path is this route's."""
        if scope["type"] != "http" or (self._served is not None and scope["method"] not in self._served):
            return Match.NONE, {}
        match = self._pattern.fullmatch(raw_path(scope))
        if match is None:
            return Match.NONE, {}
        return Match.FULL, {"endpoint": self.endpoint, "path_params": names_in(match)}


def raw_path(scope: Scope) -> str:
    """Return the path as it was sent, still percent-encoded."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    return raw.partition(b"?")[0].decode("ascii", "replace")
