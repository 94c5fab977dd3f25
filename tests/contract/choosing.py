"""Which services the suite is run against: sandboxes of its own, unless the environment names others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from tasksync_clients.addresses import host_of, is_loopback
from tasksync_clients.errors import WrongSettings
from tasksync_clients.sales_connect import SalesConnectSettings
from tasksync_clients.sales_connect import settings as sales_connect_names
from tasksync_clients.salesforce import SalesforceSettings
from tasksync_clients.salesforce import settings as salesforce_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tasksync_clients.addresses import Setting

OPT_IN: Final = "TASKSYNC_CONTRACT"
PRODUCTION: Final = "TASKSYNC_CONTRACT_PRODUCTION"
OWNER: Final = "TASKSYNC_CONTRACT_OWNER"
ASSIGNEE: Final = "TASKSYNC_CONTRACT_ASSIGNEE"
PERSON: Final = "TASKSYNC_CONTRACT_PERSON"

SALESFORCE: Final = "salesforce"
SALES_CONNECT: Final = "salesconnect"
SECRETS: Final = (
    salesforce_names.CLIENT_SECRET,
    salesforce_names.PASSWORD,
    salesforce_names.REFRESH_TOKEN,
    sales_connect_names.TOKEN,
    sales_connect_names.OAUTH_CLIENT_SECRET,
)
_SALESFORCE: Final = (
    salesforce_names.LOGIN_URL,
    salesforce_names.CLIENT_ID,
    salesforce_names.CLIENT_SECRET,
    salesforce_names.USERNAME,
    salesforce_names.PASSWORD,
    salesforce_names.PRIVATE_KEY_PATH,
    salesforce_names.REFRESH_TOKEN,
    salesforce_names.API_VERSION,
)
_SALES_CONNECT: Final = (
    sales_connect_names.API_URL,
    sales_connect_names.TOKEN,
    sales_connect_names.OAUTH_CLIENT_ID,
    sales_connect_names.OAUTH_CLIENT_SECRET,
)


class NotAllowedError(Exception):
    """The environment names something that the suite must not, or cannot, be run against; the text says what to do."""


@dataclass(frozen=True)
class Chosen:
    """What to run against.

    Attributes:
        salesforce, sales_connect: how to reach them; None where that side is not tried.
        production: the id of the production org that may be used, if any.
        owner: the id of a second active Salesforce user who may be given a task for a moment.
        assignee: the id of the Sales Connect user who gets the reminders; task sync must be off for that user.
        person: the Salesforce contact id of somebody whom Sales Connect knows.
        secrets: what must never be printed.
    """

    salesforce: SalesforceSettings | None = None
    sales_connect: SalesConnectSettings | None = None
    production: str | None = None
    owner: str | None = None
    assignee: str | None = None
    person: str | None = None
    secrets: Sequence[str] = field(default=(), repr=False)

    @property
    def is_own_sandbox(self) -> bool:
        """Whether nothing was named, so that the suite starts services of its own."""
        return not (self.salesforce or self.sales_connect)


def choose(environment: Mapping[str, str]) -> Chosen:
    """Read the environment.

    Raises:
        NotAllowedError: it names another host than this machine without opting in, or settings that cannot be used.
    """
    opted = _opted_in(environment)
    try:
        salesforce = _salesforce(environment, opted=SALESFORCE in opted)
        sales_connect = _sales_connect(environment, opted=SALES_CONNECT in opted)
    except WrongSettings as wrong:
        raise NotAllowedError(wrong.message) from None
    return Chosen(
        salesforce,
        sales_connect,
        **{
            name: environment.get(variable) or None
            for name, variable in (
                ("production", PRODUCTION), ("owner", OWNER), ("assignee", ASSIGNEE), ("person", PERSON),
            )
        },
        secrets=[value for setting in SECRETS if (value := environment.get(setting.variable))],
    )  # fmt: skip


def _opted_in(environment: Mapping[str, str]) -> set[str]:
    named = {name.strip() for name in environment.get(OPT_IN, "").split(",")} - {""}
    if unknown := named - {SALESFORCE, SALES_CONNECT}:
        message = f"{OPT_IN} names {', '.join(sorted(unknown))}: it can name {SALESFORCE} and {SALES_CONNECT}."
        raise NotAllowedError(message)
    return named


def _salesforce(environment: Mapping[str, str], *, opted: bool) -> SalesforceSettings | None:
    url = _address(environment, salesforce_names.LOGIN_URL, SALESFORCE, opted=opted)
    if url is None:
        return None
    usual = {"client_id": "sandbox", "client_secret": "sandbox"} if _is_here(url) else {}
    return SalesforceSettings.from_config(usual | _given(environment, _SALESFORCE) | {"loopback_only": not opted})


def _sales_connect(environment: Mapping[str, str], *, opted: bool) -> SalesConnectSettings | None:
    url = _address(environment, sales_connect_names.API_URL, SALES_CONNECT, opted=opted)
    if url is None:
        return None
    usual = {"token": "sandbox"} if _is_here(url) else {}
    settings = SalesConnectSettings.from_config(
        usual | _given(environment, _SALES_CONNECT) | {"loopback_only": not opted}
    )
    if not _is_here(url) and not environment.get(ASSIGNEE):
        message = f"Set {ASSIGNEE} to the id of a Sales Connect user who has task sync off and may get reminders."
        raise NotAllowedError(message)
    return settings


def _address(environment: Mapping[str, str], setting: Setting, side: str, *, opted: bool) -> str | None:
    """Give the address of a side, or None; one that is not on this machine must be opted in."""
    url = environment.get(setting.variable)
    if not url:
        if opted:
            message = f"{OPT_IN} names {side}, but {setting.variable} does not say where that is: set it."
            raise NotAllowedError(message)
        return None
    if not opted and not _is_here(url):
        message = (
            f"{setting.variable} names {host_of(url)}, which is not this machine. The suite creates and deletes "
            f"records there. Set {OPT_IN}={side} to allow it, or unset {setting.variable} to run against a sandbox "
            "(docs/contract.md). Nothing was sent."
        )
        raise NotAllowedError(message)
    return url


def _is_here(url: str) -> bool:
    try:
        return is_loopback(urlsplit(url).hostname or "")
    except ValueError:
        return False


def _given(environment: Mapping[str, str], settings: Sequence[Setting]) -> dict[str, str]:
    return {setting.name: value for setting in settings if (value := environment.get(setting.variable))}


def own_sandbox(salesforce_url: str, sales_connect_url: str) -> Chosen:
    """Name a sandbox that the suite has started."""
    chosen = choose({"SALESFORCE_LOGIN_URL": salesforce_url, "SALES_CONNECT_URL": sales_connect_url})
    return replace(chosen, owner="005A00000000009AAA", assignee="contract", person="003A00000000009AAA")
