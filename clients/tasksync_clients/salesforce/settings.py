"""How to reach Salesforce and as whom; parsed once, at the edge."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from tasksync_clients import configuration
from tasksync_clients.addresses import Setting, base_url
from tasksync_clients.errors import WrongSettings
from tasksync_clients.transport import MAX_BODY_BYTES, Limits

LOGIN_URL: Final = Setting("login_url", "SALESFORCE_LOGIN_URL")
CLIENT_ID: Final = Setting("client_id", "SALESFORCE_CLIENT_ID")
CLIENT_SECRET: Final = Setting("client_secret", "SALESFORCE_CLIENT_SECRET")
USERNAME: Final = Setting("username", "SALESFORCE_USERNAME")
PASSWORD: Final = Setting("password", "SALESFORCE_PASSWORD")
PRIVATE_KEY_PATH: Final = Setting("private_key_path", "SALESFORCE_PRIVATE_KEY_PATH")
REFRESH_TOKEN: Final = Setting("refresh_token", "SALESFORCE_REFRESH_TOKEN")
API_VERSION: Final = Setting("api_version", "SALESFORCE_API_VERSION")

DEFAULT_API_VERSION: Final = "62.0"
DEFAULT_RESERVE_PERCENT: Final = 10.0

_TEXTS: Final = (CLIENT_ID, CLIENT_SECRET, USERNAME, PASSWORD, PRIVATE_KEY_PATH, REFRESH_TOKEN)
_VERSION: Final = re.compile(r"v?(\d{2,3})(?:\.0)?", re.ASCII)


class LoginFlow(StrEnum):
    """The ways to log in, in the order in which they are chosen."""

    PRIVATE_KEY = "private key"
    REFRESH_TOKEN = "refresh token"  # noqa: S105 - the name of a login, no secret
    PASSWORD = "username with password"  # noqa: S105 - the name of a login, no secret
    CLIENT_CREDENTIALS = "client credentials"


_NEEDS: Final = {
    LoginFlow.PRIVATE_KEY: (PRIVATE_KEY_PATH, CLIENT_ID, USERNAME),
    LoginFlow.REFRESH_TOKEN: (REFRESH_TOKEN, CLIENT_ID),
    LoginFlow.PASSWORD: (USERNAME, PASSWORD, CLIENT_ID, CLIENT_SECRET),
    LoginFlow.CLIENT_CREDENTIALS: (CLIENT_ID, CLIENT_SECRET),
}


@dataclass(frozen=True, slots=True)
class SalesforceSettings:
    """How to reach Salesforce and as whom.

    Attributes:
        login_url: scheme and host of the login, such as https://login.salesforce.com or the My Domain.
        client_id, client_secret, username, password, private_key_path, refresh_token: as much as the login needs.
        api_version: such as "62.0".
        connect_timeout, read_timeout: seconds.
        parallel_requests: the most calls under way at once.
        ca_bundle: a file of further certificate authorities to trust.
        loopback_only: whether any host but this machine is refused, for the login and for what it points to.
        retry_delay: seconds of the first back-off.
        max_body_bytes: a larger answer, unpacked, is refused.
        bulk_timeout: seconds after which a bulk job that has not ended is aborted.
        reserve_percent: the share of the org's API calls of a day that is left to others.
    """

    login_url: str
    client_id: str | None = field(default=None, repr=False)
    client_secret: str | None = field(default=None, repr=False)
    username: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    private_key_path: str | None = field(default=None, repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    api_version: str = DEFAULT_API_VERSION
    user_agent: str = "tasksync"
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    parallel_requests: int = 4
    ca_bundle: str | None = None
    loopback_only: bool = False
    retry_delay: float = 0.5
    max_body_bytes: int = MAX_BODY_BYTES
    bulk_timeout: float = 3600.0
    reserve_percent: float = DEFAULT_RESERVE_PERCENT

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "SalesforceSettings":
        """Read a plugin's settings; an empty text counts as unset.

        Raises:
            WrongSettings: something is missing or cannot be right; the message names it and its variable.
        """
        login_url = configuration.text(config, LOGIN_URL)
        if login_url is None:
            message = f"The address of the Salesforce login is missing: set {LOGIN_URL}."
            raise WrongSettings(message)
        loopback_only = configuration.switch(config, "loopback_only")
        settings = cls(
            login_url=base_url(login_url, LOGIN_URL, loopback_only=loopback_only),
            **{setting.name: configuration.text(config, setting) for setting in _TEXTS},  # type: ignore[arg-type]  # names and types are those of _TEXTS
            api_version=_version(configuration.text(config, API_VERSION) or DEFAULT_API_VERSION),
            connect_timeout=configuration.number(config, "connect_timeout", 10.0, 0.1, 600),
            read_timeout=configuration.number(config, "read_timeout", 120.0, 0.1, 3600),
            parallel_requests=int(configuration.number(config, "parallel_requests", 4, 1, 25)),
            ca_bundle=configuration.bundle(config),
            loopback_only=loopback_only,
            retry_delay=configuration.number(config, "retry_delay", 0.5, 0, 60),
            bulk_timeout=configuration.number(config, "bulk_timeout", 3600, 1, 86400),
            reserve_percent=configuration.number(config, "api_reserve_percent", DEFAULT_RESERVE_PERCENT, 0, 99),
        )
        settings.login_flow()
        return settings

    def login_flow(self) -> LoginFlow:
        """Choose the login: private key, refresh token, username with password, client credentials.

        Raises:
            WrongSettings: the settings complete none of them; the message names what is missing.
        """
        flow = self._wanted_flow()
        missing = [setting for setting in _NEEDS[flow] if not getattr(self, setting.name)]
        if not missing:
            return flow
        message = f"To log in to Salesforce by {flow}, set {configuration.listed(missing)} as well."
        if not any(getattr(self, setting.name) for setting in _TEXTS):
            message = (
                f"No Salesforce credentials: set {CLIENT_ID} and {CLIENT_SECRET}, or those of another login "
                "(docs/settings.md)."
            )
        raise WrongSettings(message)

    def _wanted_flow(self) -> LoginFlow:
        if self.private_key_path:
            return LoginFlow.PRIVATE_KEY
        if self.refresh_token:
            return LoginFlow.REFRESH_TOKEN
        # A username alone may be left over from another login; a password is meant.
        if self.password or (self.username and not self.client_secret):
            return LoginFlow.PASSWORD
        return LoginFlow.CLIENT_CREDENTIALS

    def limits(self) -> Limits:
        """Give what the transport needs of these settings."""
        return Limits(
            self.connect_timeout,
            self.read_timeout,
            self.parallel_requests,
            self.user_agent,
            self.ca_bundle,
            self.retry_delay,
            self.max_body_bytes,
        )


def _version(text: str) -> str:
    found = _VERSION.fullmatch(text)
    if not found:
        message = f"{API_VERSION} must look like 62.0."
        raise WrongSettings(message)
    return f"{found.group(1)}.0"
