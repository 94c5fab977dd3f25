"""One notice to one web hook: sent once, to that host and nowhere else; its address is a secret and in no message."""

import json
import logging
import os
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from requests import Session
from requests.exceptions import RequestException
from requests.utils import get_environ_proxies
from urllib3.exceptions import HTTPError

from tasksync_clients.addresses import is_loopback
from tasksync_clients.errors import Unreachable, WrongSettings
from tasksync_clients.transport import what_went_wrong

_SECONDS: Final = (5.0, 10.0)
_TAKEN: Final = range(200, 300)
_ELSEWHERE: Final = range(300, 400)


def check_url(url: str) -> None:
    """Make sure that a hook's address can be used.

    Raises:
        WrongSettings: it is no address, or would go over the network unencrypted.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, 0
    sane = bool(host) and port != 0 and url.isascii() and url.isprintable() and not set(url) & set(" \\")
    if not sane or parts.scheme not in {"http", "https"}:
        message = "The hook's address is not one such as https://name.example/path: correct it."
        raise WrongSettings(message)
    if parts.scheme == "http" and not is_loopback(host or ""):
        message = "The hook's address begins with http://, which everybody on the way can read: it takes https://."
        raise WrongSettings(message)


def post(url: str, notice: Mapping[str, Any]) -> None:
    """Send a notice as JSON, once; redirects are not followed, and no answer is read.

    Args:
        url: the hook's whole address; may hold a secret.
        notice: what is sent.

    Raises:
        WrongSettings: the address cannot be used.
        Unreachable: the hook did not take it; the message says why, and nothing of the address.
    """
    check_url(url)
    logging.getLogger("urllib3").setLevel(logging.ERROR)  # below that it logs paths
    nearby = is_loopback(urlsplit(url).hostname or "")
    with Session() as session:
        session.trust_env = False  # the environment's proxies are wanted, its .netrc is not
        try:
            with session.post(
                url,
                data=json.dumps(notice).encode(),
                headers={"Content-Type": "application/json"},
                timeout=_SECONDS,
                verify=os.environ.get("REQUESTS_CA_BUNDLE") or True,
                proxies={} if nearby else get_environ_proxies(url),
                allow_redirects=False,
                stream=True,
            ) as answer:
                status = answer.status_code
        except (RequestException, HTTPError, OSError) as error:
            known = isinstance(error, RequestException | HTTPError)
            words = what_went_wrong(error)[1] if known else "the file that REQUESTS_CA_BUNDLE names cannot be read"
            message = f"The hook was not told: {words}."
            raise Unreachable(message) from None
    if status in _ELSEWHERE:
        message = f"The hook was not told: it answered HTTP {status}, which points elsewhere; nothing is sent there."
        raise Unreachable(message, status=status)
    if status not in _TAKEN:
        message = f"The hook was not told: it answered HTTP {status}."
        raise Unreachable(message, status=status)
