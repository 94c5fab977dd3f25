"""The clock that both services share."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class Clock:
    """Real time plus an offset that survives a restart."""

    def __init__(self, path: Path) -> None:
        """Read the offset (seconds) from `path`, where the last change of it was written."""
        self._path = path
        self._offset = (
            timedelta(seconds=json.loads(path.read_text())["offset_seconds"]) if path.exists() else timedelta()
        )

    @property
    def offset_seconds(self) -> float:
        """How far the sandbox's time is ahead of real time."""
        return self._offset.total_seconds()

    @offset_seconds.setter
    def offset_seconds(self, seconds: float) -> None:
        self._offset = timedelta(seconds=seconds)
        draft = self._path.with_suffix(".new")
        draft.write_text(json.dumps({"offset_seconds": seconds}))
        draft.replace(self._path)

    def now(self) -> datetime:
        """Sandbox time, aware, in UTC."""
        return datetime.now(UTC) + self._offset

    def timestamp(self) -> float:
        """Sandbox time in seconds since 1970."""
        return self.now().timestamp()
