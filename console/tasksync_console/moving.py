"""What `tasksync ledger copy`, `restore` and `renew` tell a person."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasksync_console.words import many

if TYPE_CHECKING:
    from pathlib import Path

    from tasksync_engine.ledger.moving import Copied

READ_AGAIN = "The next sync reads everything again; what is linked and equal costs no write."


def copied_in_words(copied: Copied, *, as_backup: bool) -> str:
    """What was copied, and which of the two is the ledger now."""
    what = f"{many(sum(copied.rows.values()), 'row')} ({many(copied.rows['links'], 'link')}) were copied and compared."
    if as_backup:
        return f"{what} The copy at {copied.address} is a backup: should you go on with it, everything is read again."
    return (
        f"{what} The ledger is at {copied.address} now: set TASKSYNC_LEDGER_URL to it before the next run. Should you "
        "go on with the old one instead, everything is read again."
    )


def restored_in_words(kept: Path | None) -> str:
    """What was restored, and where the ledger that was there is."""
    before = f" The ledger that was there is kept in {kept}." if kept is not None else ""
    return f"The backup is the ledger now.{before} {READ_AGAIN}"
