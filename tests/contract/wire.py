"""Plain HTTP with a client's token, for facts that a client hides."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests
from requests.utils import get_environ_proxies

from tasksync_clients.addresses import is_loopback
from tasksync_clients.tokens import Bearer

if TYPE_CHECKING:
    from tasksync_clients.tokens import Token


class Wire:
    """Sends to one address; a redirect is an answer like any other, so that the token goes nowhere else."""

    def __init__(self, token: Token) -> None:
        self.token = token
        self._http = requests.Session()
        self._http.trust_env = False
        self._trusted = os.environ.get("REQUESTS_CA_BUNDLE") or os.environ.get("CURL_CA_BUNDLE") or True

    def ask(self, method: str, path: str, *, token: Token | None = None, **more: Any) -> requests.Response:
        """Make one request; `more` as in `requests.request`, `token` and its address in place of the usual ones."""
        token = token or self.token
        url = token.base + path
        here = is_loopback(urlsplit(url).hostname or "")
        return self._http.request(
            method,
            url,
            auth=Bearer(token),
            allow_redirects=False,
            timeout=120,
            verify=self._trusted,
            proxies={} if here else get_environ_proxies(url),
            **more,
        )

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
