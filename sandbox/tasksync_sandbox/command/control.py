"""A client of the resources under `/_sandbox/`."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from tasksync_sandbox.command.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path


def ask(  # noqa: PLR0913  what a request is made of
    url: str,
    method: str,
    resource: str,
    body: object = None,
    *,
    certificate: Path | None = None,
    patience: float = 120.0,
) -> Any:  # noqa: ANN401  any JSON
    """Call one resource of the service at `url`; `patience` is in seconds.

    Raises:
        OSError: nobody answers there.
        CommandError: it refuses, or what answers is no sandbox.
    """
    connection = _connection(url, certificate, patience)
    try:
        encoded = None if body is None else json.dumps(body).encode()
        connection.request(method, f"/_sandbox/{resource}", encoded, {"Content-Type": "application/json"})
        answer = connection.getresponse()
        content = answer.read()
    except http.client.HTTPException as problem:
        msg = f"{url} does not speak HTTP: {problem!r}"
        raise CommandError(msg) from problem
    finally:
        connection.close()
    if answer.status >= http.HTTPStatus.BAD_REQUEST:
        msg = f"{method} {url}/_sandbox/{resource}: {answer.status} {content[:500].decode(errors='replace')}"
        raise CommandError(msg)
    return json.loads(content)


def _connection(url: str, certificate: Path | None, patience: float) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    host = str(parts.hostname)
    if parts.scheme == "https":
        trust = ssl.create_default_context(cafile=certificate)
        return http.client.HTTPSConnection(host, parts.port, timeout=patience, context=trust)
    return http.client.HTTPConnection(host, parts.port, timeout=patience)
