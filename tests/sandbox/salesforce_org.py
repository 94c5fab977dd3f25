"""A caller of the sandbox's Salesforce, as raw as HTTP lets it be."""

# ruff: noqa: S608  the queries are made of these tests' own constants

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

ADA, BOB = "005A00000000001AAA", "005A00000000002AAA"
CONTACT, LEAD, CONVERTED_LEAD = "003A00000000001AAA", "00QA00000000001AAA", "00QA00000000002AAA"
ACCOUNT, OPPORTUNITY, QUEUE = "001A00000000001AAA", "006A00000000001AAA", "00GA00000000001AAA"


class OrgCaller:
    """Calls the data API with a token of its own.

    Attributes:
        url: base address of the sandbox's Salesforce.
        sandbox: its control.
    """

    def __init__(self, sandbox: SandboxHandle) -> None:
        self.url = sandbox.salesforce_url
        self.sandbox = sandbox
        self.http = requests.Session()
        self.http.headers["Authorization"] = f"Bearer {self.token()['access_token']}"

    def token(self, **form: str) -> dict[str, Any]:
        """Ask for a token, by client credentials unless told otherwise."""
        answer = self.login(**form)
        assert answer.ok, answer.text
        found: dict[str, Any] = answer.json()
        return found

    def login(self, **form: str) -> requests.Response:
        """Send a token request."""
        asked = {"grant_type": "client_credentials", "client_id": "sandbox", "client_secret": "sandbox"} | form
        return requests.post(f"{self.url}/services/oauth2/token", data=asked, timeout=60)

    def call(self, method: str, path: str, *, version: str = "62.0", **more: Any) -> requests.Response:
        """Call a path below a version; `more` as in `requests.request`."""
        return self.http.request(method, f"{self.url}/services/data/v{version}{path}", timeout=60, **more)

    def get(self, path: str, *, version: str = "62.0", **params: str) -> requests.Response:
        """GET a path with these parameters."""
        return self.call("GET", path, version=version, params=params)

    def post(self, path: str, body: Any, *, version: str = "62.0") -> requests.Response:
        """POST JSON to a path."""
        return self.call("POST", path, version=version, json=body)

    def patch(self, path: str, body: Any, *, version: str = "62.0") -> requests.Response:
        """PATCH a path with JSON."""
        return self.call("PATCH", path, version=version, json=body)

    def delete(self, path: str, *, version: str = "62.0") -> requests.Response:
        """DELETE a path."""
        return self.call("DELETE", path, version=version)

    def query(self, soql: str, *, everything: bool = False) -> list[dict[str, Any]]:
        """Return the records of a query's first page, without their attributes."""
        answer = self.get("/queryAll" if everything else "/query", q=soql)
        assert answer.ok, answer.text
        return [plain(record) for record in answer.json()["records"]]

    def names(self, condition: str, *, sobject: str = "Task", everything: bool = False) -> list[str]:
        """Return the sorted subjects (or names) of the records that meet a condition."""
        field = "Subject" if sobject == "Task" else "Name"
        found = self.query(f"SELECT {field} FROM {sobject} WHERE {condition}", everything=everything)
        return sorted(record[field] for record in found)

    def create(self, sobject: str = "Task", **fields: Any) -> str:
        """Create a record and return its id."""
        answer = self.post(f"/sobjects/{sobject}", fields)
        assert answer.status_code == 201, answer.text
        found: str = answer.json()["id"]
        return found

    def task(self, record_id: str) -> dict[str, Any]:
        """Return a task with all its fields, wherever it is."""
        fields = "Id, Subject, Status, Priority, Description, ActivityDate, OwnerId, WhoId, WhatId, AccountId, IsClosed"
        stamps = (
            "IsHighPriority, CompletedDateTime, IsDeleted, IsArchived, CreatedDate, LastModifiedDate, SystemModstamp"
        )
        more = "TaskSubtype, IsRecurrence, RecurrenceActivityId, LastModifiedById, CreatedById"
        soql = f"SELECT {fields}, {stamps}, {more} FROM Task WHERE Id = '{record_id}'"
        return self.query(soql, everything=True)[0]

    def load(self, **objects: list[dict[str, Any]]) -> None:
        """Load records by object."""
        self.sandbox.load(salesforce=objects)

    def control(self, resource: str, body: Any = None) -> Any:
        """POST to a control resource."""
        return self.sandbox.control("salesforce", "POST", resource, body)


def plain(record: dict[str, Any]) -> dict[str, Any]:
    """Return a record without `attributes`, also in the records that it holds."""
    return {
        name: plain(value) if isinstance(value, dict) else value
        for name, value in record.items()
        if name != "attributes"
    }


def refusal(answer: requests.Response) -> tuple[int, str]:
    """Return status and code of a refused request, whose body must be an array of one error."""
    body = answer.json()
    assert isinstance(body, list), body
    assert len(body) == 1, body
    assert isinstance(body[0]["message"], str)
    return answer.status_code, body[0]["errorCode"]
