"""A batch write's rows, whole or as far as they came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_clients import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tasksync_clients import RowResult

STALE_STATUS = 412
"""A row that moved on since it was read."""


class Answers:
    """The rows of a batch write; where the service stopped half-way, the rows answered so far, then its error."""

    def __init__(self, call: Callable[[], Sequence[RowResult]]) -> None:
        self._call = call
        self._error: ClientError | None = None

    def __enter__(self) -> Sequence[RowResult | None]:
        try:
            return self._call()
        except ClientError as error:
            self._error = error
            return error.partial

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error is None and self._error is not None:
            raise self._error
