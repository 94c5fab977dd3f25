"""`tasksync enable` and `disable`: a user's task sync box in Sales Connect (sync-rules §1)."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_clients.sales_connect import SalesConnectClient, SalesConnectSettings
from tasksync_console.address import find_address
from tasksync_console.project import Project
from tasksync_console.words import clean, many, moment
from tasksync_engine.errors import ConfigError, ForeignLedger
from tasksync_engine.ledger import open_ledger, overview
from tasksync_engine.ledger.links import OPEN
from tasksync_engine.ledger.overview import Sought
from tasksync_engine.users import participant

if TYPE_CHECKING:
    from datetime import datetime

PLUGIN = "target-salesconnect"
"""Whose settings lead to Sales Connect."""


NEXT_RUN = (
    "The next `meltano run sync` reads all their reminders and their linked tasks once: reminders created from that "
    "moment on become tasks, and tasks touched since 24 hours before it (initial_lookback_hours) become reminders."
)


@dataclass(frozen=True, slots=True)
class Switched:
    """A user's task sync box, after somebody set it.

    Attributes:
        user_id: The user in Sales Connect.
        changed: Whether it had stood otherwise before.
        enabled_at: E: since when it is on; None: it is off.
        salesforce_user_id: Which Salesforce user Sales Connect says that they are, if it says so.
        open_links: How many open links have a record of theirs, as the ledger knows.
        parked: How many parked changes are theirs.
    """

    user_id: str
    email: str | None
    is_on: bool
    changed: bool
    enabled_at: datetime | None
    salesforce_user_id: str | None
    open_links: int
    parked: int


def switch(given: str, *, on: bool) -> Switched:
    """Turn a user's task sync on or off, with the credentials that the project's plugins have.

    Args:
        given: The user's email, in any case, or their id in Sales Connect.
        on: What the box shall say.

    Raises:
        ConfigError: There is no such user, or several.
        ForeignLedger: The credentials lead to another tenant than the ledger's.
        ClientError: Sales Connect does not permit it, or cannot be reached.
    """
    config = Project.here().plugin_settings(PLUGIN)
    with closing(SalesConnectClient(SalesConnectSettings.from_config(config))) as client:
        _check_tenant(client.salesforce_settings()["account_id"])
        user = _find(client, given)
        was_on = participant(user).is_on
        if was_on is not on:
            user = client.patch_user(user["id"], {"task_sync": {"enabled": on}})
    now = participant(user)
    if now.is_on is not on:
        message = f"Sales Connect took the change for {clean(given)} and did not make it: look at the user there."
        raise ConfigError(message)
    ids = frozenset(filter(None, (now.sales_connect_id, now.salesforce_id)))
    owned, parked = _owned(Sought(users=ids))
    return Switched(
        user_id=now.sales_connect_id,
        email=now.email,
        is_on=now.is_on,
        changed=was_on is not on,
        enabled_at=now.enabled_at if now.is_on else None,
        salesforce_user_id=now.salesforce_id,
        open_links=owned,
        parked=parked,
    )


def _check_tenant(account: str) -> None:
    """Nobody is switched on in a tenant that this ledger does not belong to; without a ledger any will do."""
    address = find_address()
    if address.is_missing():
        return
    with open_ledger(address.url, create=False) as ledger:
        known = ledger.get("account_id")
    if known not in {None, account}:
        message = (
            f"The ledger belongs to Sales Connect tenant {known}, but the credentials lead to {account}. Nothing was "
            "changed: check MELTANO_ENVIRONMENT, the credentials and TASKSYNC_LEDGER_URL."
        )
        raise ForeignLedger(message)


def _find(client: SalesConnectClient, given: str) -> dict[str, Any]:
    text = given.strip()
    users = [user for page in client.users() for user in page]
    found = [user for user in users if user.get("id") == text]
    # An empty word is a variable that is not set, and not the email of whoever has none.
    found = found or [user for user in users if text and str(user.get("email") or "").lower() == text.lower()]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(str(user.get("id")) for user in found)
        message = f"Several users have the email {clean(text)}: say which by the id, one of {clean(ids)}."
    else:
        message = f"Sales Connect has no user with the email or id {clean(text)}. Nothing was changed."
    raise ConfigError(message)


def _owned(sought: Sought) -> tuple[int, int]:
    """How many open links and parked changes are somebody's; none where there is no ledger yet."""
    address = find_address()
    if address.is_missing():
        return 0, 0
    links = Sought(users=sought.users, kinds=frozenset({OPEN}))
    with open_ledger(address.url, create=False) as ledger, ledger.reading() as connection:
        _, owned = overview.find_links(connection, links, 1)
        _, parked = overview.find_parked(connection, sought, 1)
    return owned, parked


def in_words(done: Switched) -> str:
    """What a person is told: how the box stands, and what the next run does about it."""
    who = f"{done.email} ({done.user_id})" if done.email else done.user_id
    already = "" if done.changed else " already"
    if done.is_on:
        lines = [f"Task sync is{already} on for {who}, since {moment(done.enabled_at)}.", *_when_on(done)]
    else:
        lines = [f"Task sync is{already} off for {who}.", *_when_off(done)]
    return "\n".join(map(clean, lines))


def _when_on(done: Switched) -> list[str]:
    lines = [NEXT_RUN]
    if done.open_links or done.parked:
        lines.append(
            f"{many(done.open_links, 'open link')} of theirs go on, and {many(done.parked, 'parked change')} are tried."
        )
    if done.salesforce_user_id is None:
        lines.append(
            "Sales Connect does not say which Salesforce user they are: that run looks for the one active user with "
            "this email, and leaves them out where there is none (`tasksync status` says so then)."
        )
    return lines


def _when_off(done: Switched) -> list[str]:
    lines = [
        "From the next `meltano run sync` on nothing of theirs goes over, in either direction; nothing is deleted."
    ]
    if done.open_links:
        lines.append(
            f"{many(done.open_links, 'open link')} of theirs stay: what changes there meanwhile is kept as parked "
            "(roster), and goes over once task sync is on again."
        )
    return lines
