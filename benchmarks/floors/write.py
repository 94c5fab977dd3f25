# noqa: INP001  a script, no package
"""The floor of writing: payloads that lie ready in a file are posted, with requests and json alone.

`write.py salesforce|sales_connect URL FILE`, one `{"method", "path", "body"}` a line.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import requests


def main(service: str, url: str, file: str) -> None:
    """Post them one after the other, and decode the answers."""
    session = requests.Session()
    token = "sandbox"  # noqa: S105  the sandbox's own
    if service == "salesforce":
        form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
        token = session.post(f"{url}/services/oauth2/token", data=form, timeout=60).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    with Path(file).open(encoding="utf-8") as lines:
        for line in lines:
            ask = json.loads(line)
            body = json.dumps(ask["body"]) if ask["body"] is not None else None
            headers = {"Content-Type": "application/json"}
            answer = session.request(ask["method"], url + ask["path"], data=body, headers=headers, timeout=600)
            answer.raise_for_status()
            json.loads(answer.content)


if __name__ == "__main__":
    main(*sys.argv[1:])
