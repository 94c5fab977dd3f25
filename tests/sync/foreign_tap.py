"""Stands in for a Salesforce tap of somebody else's: all fields of `Task` in a stream `Task`, in a Singer tap's manner.

What MeltanoLabs' tap-salesforce does is public: types from the object's description, date and date-time alike as
`date-time`, null for empty, `version` and `time_extracted` beside each record, a bookmark by SystemModstamp. That tap
logs in at Salesforce's own addresses, so it cannot read a sandbox; this one reads it over the same REST API.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    Message = dict[str, Any]

DATES = {"date", "datetime"}
DATE = {"anyOf": [{"type": "string", "format": "date-time"}, {"type": ["string", "null"]}]}


def messages(url: str, *, without: Collection[str] = (), deleted: bool = False) -> Iterator[Message]:
    """What the tap writes.

    Args:
        url: The sandbox's Salesforce.
        without: Fields that are deselected.
        deleted: Whether it asks for deleted tasks too, as that tap does with the Bulk API alone.
    """
    data = f"{url}/services/data/v62.0"
    login = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"}
    token = requests.post(f"{url}/services/oauth2/token", data=login, timeout=60).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    described = requests.get(f"{data}/sobjects/Task/describe", headers=headers, timeout=60).json()["fields"]
    types = {field["name"]: field["type"] for field in described if field["name"] not in without}
    yield {
        "type": "SCHEMA",
        "stream": "Task",
        "schema": {"type": "object", "additionalProperties": False, "properties": properties(types)},
        "key_properties": ["Id"],
        "bookmark_properties": ["SystemModstamp"],
    }
    soql = f"SELECT {','.join(types)} FROM Task ORDER BY SystemModstamp ASC"  # noqa: S608 - SOQL, of described names
    resource = "queryAll" if deleted else "query"
    rows = requests.get(f"{data}/{resource}", headers=headers, params={"q": soql}, timeout=60).json()["records"]
    for row in rows:
        yield {"type": "RECORD", "stream": "Task", "record": record(types, row), "version": 1}
    bookmark = {"SystemModstamp": record(types, rows[-1])["SystemModstamp"]} if rows else {}
    yield {"type": "STATE", "value": {"bookmarks": {"Task": bookmark}}}


def properties(types: dict[str, str]) -> dict[str, Any]:
    """The schemas of fields, by their types in Salesforce."""
    kinds = {"boolean": "boolean", "int": "integer", "double": "number"}
    return {
        name: DATE if kind in DATES else {"type": ["null", kinds.get(kind, "string")]} for name, kind in types.items()
    }


def record(types: dict[str, str], row: dict[str, Any]) -> dict[str, Any]:
    """A row without its attributes, every date as a moment in UTC."""
    return {name: moment(row[name]) if kind in DATES else row[name] for name, kind in types.items()}


def moment(text: str | None) -> str | None:
    """A date or date-time of Salesforce's as that tap writes both."""
    return text and f"{text[:19] if 'T' in text else text + 'T00:00:00'}.000000Z"


if __name__ == "__main__":
    for message in messages(sys.argv[1]):
        print(json.dumps(message))  # noqa: T201 - a tap's output
