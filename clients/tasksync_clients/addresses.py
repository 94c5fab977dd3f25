"""Which hosts the clients talk to, and no others."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from tasksync_clients.errors import WrongSettings

_LIKE: Final = "https://name.example"
_HOST: Final = re.compile(r"[\w.:\[\]-]{1,255}", re.ASCII)
_SALESFORCE: Final = ("salesforce.com", "salesforce.mil", "force.com", "cloudforce.com", "database.com")


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's name and its environment variable, as messages show them."""

    name: str
    variable: str

    def __str__(self) -> str:
        """Show both names."""
        return f"{self.name} ({self.variable})"


def is_loopback(host: str) -> bool:
    """Tell whether a host name or address is this machine's own."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def host_of(url: str) -> str:
    """Give host and port of a URL, all that messages say of it; "?" for what cannot be a host's name."""
    try:
        host = urlsplit(url).netloc.rpartition("@")[2]
    except ValueError:
        return "?"
    return host if not host or _HOST.fullmatch(host) else "?"


def may_follow(base: str, login_url: str) -> bool:
    """Tell whether a token that one address gave may be sent to another.

    It may where both are of one domain, such as login.salesforce.com and acme.my.salesforce.com, or where the other is
    Salesforce's own; between numbers, and on this machine, only to the same port of the same.
    """
    to, from_ = urlsplit(base), urlsplit(login_url)
    host, login = to.hostname or "", from_.hostname or ""
    if is_loopback(host) or is_loopback(login) or _is_number(host) or _is_number(login):
        same = host == login or {host, login} == {"localhost", "127.0.0.1"}
        return same and to.port == from_.port
    above = login.partition(".")[2]
    domain = above if "." in above else login
    return host == login or any(host.endswith(f".{one}") for one in (domain, *_SALESFORCE))


def _is_number(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def split(url: str) -> SplitResult | None:
    """Take a URL apart; None unless it is http(s) with a host, a sane port, and no user, query or fragment."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    sane = parts.scheme in {"http", "https"} and parts.hostname and port != 0 and url.isascii() and url.isprintable()
    if not sane or "@" in parts.netloc or " " in url or "\\" in url or "?" in url or "#" in url:
        return None
    return parts


def base_url(raw: str, setting: Setting, *, loopback_only: bool, allow_path: bool = False) -> str:
    """Check the address of a service and give it without a slash at its end.

    Raises:
        WrongSettings: it is no http(s) address of a host, or not on this machine where only that is allowed.
    """
    parts = split(raw)
    if parts is None or (parts.path.strip("/") and not allow_path):
        message = f"{setting} is not an address such as {_LIKE}: correct it."
        raise WrongSettings(message)
    if loopback_only and not is_loopback(parts.hostname or ""):
        message = (
            f"{setting} names the host {host_of(raw)}, but the sandbox environment talks to this machine only: "
            "unset it, or use the production environment."
        )
        raise WrongSettings(message)
    return raw.rstrip("/")
