# noqa: INP001  a script, no package
"""The floor of reading: pages fetched and decoded, with requests and json alone.

`read.py tasks|reminders URL [FIELDS]`
"""

from __future__ import annotations

import json
import sys

import requests


def tasks(url: str, fields: str) -> int:
    """Read all tasks by REST."""
    session = requests.Session()
    form = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    token = session.post(f"{url}/services/oauth2/token", data=form, timeout=60).json()["access_token"]
    session.headers["Authorization"] = f"Bearer {token}"
    soql = f"SELECT {fields} FROM Task ORDER BY SystemModstamp, Id"  # noqa: S608  our own fields
    answer = session.get(f"{url}/services/data/v62.0/queryAll", params={"q": soql}, timeout=600)
    number = 0
    while True:
        page = json.loads(answer.content)
        number += len(page["records"])
        if page["done"]:
            return number
        answer = session.get(url + page["nextRecordsUrl"], timeout=600)


def reminders(url: str) -> int:
    """Read all reminders."""
    session = requests.Session()
    session.headers["Authorization"] = "Bearer sandbox"
    cursor, number = None, 0
    while True:
        asked = {"limit": 500, "include_deleted": "true"} | ({"cursor": cursor} if cursor else {})
        page = json.loads(session.get(f"{url}/v1/reminders", params=asked, timeout=600).content)
        number += len(page["data"])
        cursor = page["next_cursor"]
        if cursor is None:
            return number


if __name__ == "__main__":
    what, *arguments = sys.argv[1:]
    print({"tasks": tasks, "reminders": reminders}[what](*arguments))
