"""A copy of the ledger for a run that shall leave nothing behind: other processes may use it too, unlike a pretence."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tasksync_engine.ledger.moving import copy_file, copy_rows
from tasksync_engine.ledger.store import open_ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_engine.ledger.store import Ledger


@contextmanager
def scratch(ledger: Ledger) -> Iterator[str]:
    """A copy in a file that is gone afterwards, with the ledger's own id, so that the bookmarks are true of it.

    Args:
        ledger: The ledger; whoever wants no change to be missing holds its lock.

    Yields:
        The copy's address.

    Raises:
        LedgerError: It cannot be copied.
    """
    with TemporaryDirectory(prefix="tasksync-plan-") as folder:
        path = Path(folder, "ledger.db")
        url = f"sqlite:///{path}"
        if ledger.engine.dialect.name == "sqlite":
            copy_file(Path(str(ledger.engine.url.database)), path)
        else:
            with open_ledger(url) as copied:
                copy_rows(ledger, copied)
        yield url
