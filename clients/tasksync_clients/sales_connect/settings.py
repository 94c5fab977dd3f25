"""How to reach Sales Connect and as whom; parsed once, at the edge."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from tasksync_clients import configuration
from tasksync_clients.addresses import Setting, base_url
from tasksync_clients.errors import WrongSettings
from tasksync_clients.tokens import is_sendable
from tasksync_clients.transport import MAX_BODY_BYTES, Limits

API_URL: Final = Setting("api_url", "SALES_CONNECT_URL")
TOKEN: Final = Setting("token", "SALES_CONNECT_TOKEN")
OAUTH_CLIENT_ID: Final = Setting("oauth_client_id", "SALES_CONNECT_CLIENT_ID")
OAUTH_CLIENT_SECRET: Final = Setting("oauth_client_secret", "SALES_CONNECT_CLIENT_SECRET")


@dataclass(frozen=True, slots=True)
class SalesConnectSettings:
    """How to reach Sales Connect and as whom.

    Attributes:
        api_url: the API's base address.
        token: a static API token; it is used where both kinds of credentials are given.
        oauth_client_id, oauth_client_secret: for a login by client credentials.
        connect_timeout, read_timeout: seconds.
        parallel_requests: the most calls under way at once.
        ca_bundle: a file of further certificate authorities to trust.
        loopback_only: whether any host but this machine is refused.
        retry_delay: seconds of the first back-off.
        max_body_bytes: a larger answer, unpacked, is refused.
    """

    api_url: str
    token: str | None = field(default=None, repr=False)
    oauth_client_id: str | None = field(default=None, repr=False)
    oauth_client_secret: str | None = field(default=None, repr=False)
    user_agent: str = "tasksync"
    connect_timeout: float = 10.0
    read_timeout: float = 120.0
    parallel_requests: int = 4
    ca_bundle: str | None = None
    loopback_only: bool = False
    retry_delay: float = 0.5
    max_body_bytes: int = MAX_BODY_BYTES

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "SalesConnectSettings":
        """Read a plugin's settings; an empty text counts as unset.

        Raises:
            WrongSettings: something is missing or cannot be right; the message names it and its variable.
        """
        api_url = configuration.text(config, API_URL)
        if api_url is None:
            message = f"The address of Sales Connect is missing: set {API_URL}."
            raise WrongSettings(message)
        return cls(
            api_url=api_url,
            token=configuration.text(config, TOKEN),
            oauth_client_id=configuration.text(config, OAUTH_CLIENT_ID),
            oauth_client_secret=configuration.text(config, OAUTH_CLIENT_SECRET),
            connect_timeout=configuration.number(config, "connect_timeout", 10.0, 0.1, 600),
            read_timeout=configuration.number(config, "read_timeout", 120.0, 0.1, 3600),
            parallel_requests=int(configuration.number(config, "parallel_requests", 4, 1, 25)),
            ca_bundle=configuration.bundle(config),
            loopback_only=configuration.switch(config, "loopback_only"),
            retry_delay=configuration.number(config, "retry_delay", 0.5, 0, 60),
        ).check()

    def check(self) -> "SalesConnectSettings":
        """Make sure that they can be used, and give them with the address in its plain form.

        Raises:
            WrongSettings: the address or the credentials cannot be used.
        """
        api_url = base_url(self.api_url, API_URL, loopback_only=self.loopback_only, allow_path=True)
        if self.token:
            if not is_sendable(self.token):
                message = f"{TOKEN} holds characters that no token has: correct it."
                raise WrongSettings(message)
        elif not (self.oauth_client_id and self.oauth_client_secret):
            missing = [setting for setting in (OAUTH_CLIENT_ID, OAUTH_CLIENT_SECRET) if not getattr(self, setting.name)]
            partly = len(missing) == 1
            message = (
                f"To log in to Sales Connect by client credentials, set {configuration.listed(missing)} as well."
                if partly
                else f"No Sales Connect credentials: set {TOKEN}, or {configuration.listed(missing)}."
            )
            raise WrongSettings(message)
        return replace(self, api_url=api_url)

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
