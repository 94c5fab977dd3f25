"""Both services as people use them: they create, edit, delete and undelete; and the services' one clock."""

from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import requests

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.conftest import SandboxHandle

SALESFORCE, SALES_CONNECT = "salesforce", "sales_connect"

BEGIN = datetime(2030, 1, 7, 12, tzinfo=UTC)
"""When every example begins by the sandbox's clock: the same stamps on every run, so that a failure repeats itself."""

TURNED_ON = BEGIN - timedelta(days=10)

ANN, BOB, DAN, XAN = (f"00500000000{n}AAA" for n in ("1001", "1002", "1003", "1004"))
QUEUE = "00G000000001001AAA"
PEOPLE = {"u_ann": ANN, "u_bob": BOB, "u_dan": DAN}
"""Sales Connect user → Salesforce user. u_cat is on and has none, u_dan is off at first; Xan is in Salesforce alone."""

ASSIGNEES = ("u_ann", "u_bob", "u_cat", "u_dan")
OWNERS = (ANN, BOB, DAN, XAN, QUEUE)

MOST_ROWS = 100_000
"""More than any test makes."""

OLD_REMINDER, OLD_TASK = "rem_old", "00T000000000101AAA"
"""Records from before anybody turned task sync on."""

_EMAILS = {"u_ann": "ann@a.example", "u_bob": "Bob@A.example", "u_cat": "cat@a.example", "u_dan": "dan@a.example"}
_PEOPLES_APP = {"people": {"client_secret": "sandbox", "certificate": None, "username": f"{XAN}@org"}}
"""People write to Salesforce as Xan; the connector has a user of its own."""

LINK_FIELD = "Sales_Connect_Id__c"
_API = "/services/data/v62.0/sobjects/Task"


class World:
    """One example's two services, emptied and filled with people.

    Attributes:
        sandbox: the running services.
        now: the clock of both; it goes forwards, and stands still but for real time within a step.
        late_until: when the last late commit becomes visible.
        template: the subject template of Sales Connect's settings.
    """

    def __init__(self, sandbox: SandboxHandle) -> None:
        self.sandbox = sandbox
        self._http = requests.Session()
        self._direct = {
            service: HTTPConnection(urlsplit(url).netloc, timeout=60)
            for service, url in ((SALESFORCE, sandbox.salesforce_url), (SALES_CONNECT, sandbox.sales_connect_url))
        }
        self._token = ""
        self.template = ""
        self.now = BEGIN
        self.late_until = self._furthest = BEGIN
        self._set_at = 0.0

    def begin(self, template: str, *, link_field: bool = True) -> None:
        """Empty both services, and fill them with people and with what was there before the sync."""
        self.template = template
        self.sandbox.reset()
        self._control(SALESFORCE, "POST", "logins", {"apps": _PEOPLES_APP})
        if not link_field:
            self._control(SALESFORCE, "POST", "schema", {"objects": {"Task": {"remove": [LINK_FIELD]}}})
        self.now = self.late_until = self._furthest = BEGIN
        self._set_at = 0.0
        self.advance(0)
        users = [
            {"Id": user, "Username": f"{user}@org", "LastName": "L", "Email": email, "IsActive": True}
            for user, email in (
                (ANN, "x@a.example"),
                (BOB, "bob@a.example"),
                (DAN, "d@a.example"),
                (XAN, "y@a.example"),
            )
        ]
        self.sandbox.load(
            salesforce={
                "User": users,
                "Group": [{"Id": QUEUE, "Name": "Queue", "Type": "Queue"}],
                "Task": [_old_task()],
            },
            sales_connect={
                "users": [_user(name, email) for name, email in _EMAILS.items()],
                "reminders": [_old_reminder()],
                "settings": {"activity_detail_customization": template},
            },
        )

    def advance(self, seconds: float) -> None:
        """Move the clock forwards; each step begins just after a whole second, whatever the machine's speed.

        It never goes back, not even where a step took longer than it is told to have taken.
        """
        passed = time.monotonic() - self._set_at if self._set_at else 0.0
        if seconds == 0 and passed:
            return
        self.now += timedelta(seconds=seconds if passed <= seconds else math.ceil(passed))
        ahead = self.now + timedelta(milliseconds=20) - datetime.now(UTC)
        self._control(SALES_CONNECT, "POST", "clock", {"offset_seconds": ahead.total_seconds()})
        self._set_at = time.monotonic()

    def set_back(self, seconds: float) -> None:
        """Set the services' clock back, as a clock that ran ahead is: so far behind its furthest point, and no further.

        What was written before is stamped in the future now: no reader takes it until the clock is there again.
        """
        self._furthest = max(self._furthest, self.now)
        self.late_until = max(self.late_until, self._furthest)
        self.now = max(self.now - timedelta(seconds=seconds), self._furthest - timedelta(seconds=seconds))
        self._set_at = 0.0
        self.advance(0)

    def let_late_commits_appear(self) -> None:
        """Wait until nothing is invisible any more."""
        self.advance(max(1.0, (self.late_until - self.now).total_seconds() + 1))

    # Looking, without a call that counts.

    def reminders(self) -> dict[str, dict[str, Any]]:
        """All reminders by id, deleted ones included, as readers see them."""
        return {row["id"]: row for row in self._control(SALES_CONNECT, "GET", f"rows/reminders?limit={MOST_ROWS}")}

    def tasks(self) -> dict[str, dict[str, Any]]:
        """All tasks by id, deleted ones included, as readers see them."""
        rows = self._control(SALESFORCE, "GET", f"rows/Task?limit={MOST_ROWS}")
        return {row["Id"]: row | row.get("Custom", {}) for row in rows}

    def users(self) -> dict[str, dict[str, Any]]:
        """Sales Connect's users by id."""
        return {row["id"]: row for row in self._control(SALES_CONNECT, "GET", "rows/users")}

    def writes(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that was ever written, by service."""
        return {service: self._control(service, "GET", "writes") for service in (SALESFORCE, SALES_CONNECT)}

    # Doing.

    def create_reminder(self, values: Mapping[str, Any], late: int = 0) -> str:
        """A person makes a reminder; its id."""
        with self._committing(SALES_CONNECT, late):
            return str(self._ask("POST", "/v1/reminders", {"type": "custom", **values}).json()["id"])

    def create_task(self, values: Mapping[str, Any], late: int = 0) -> str:
        """A person makes a task; its id."""
        with self._committing(SALESFORCE, late):
            return str(self._salesforce("POST", _API, values).json()["id"])

    def edit(self, side: str, record_id: str, values: Mapping[str, Any], late: int = 0) -> None:
        """A person changes a record."""
        if side == "reminder":
            with self._committing(SALES_CONNECT, late):
                self._ask("PATCH", f"/v1/reminders/{record_id}", values)
        else:
            with self._committing(SALESFORCE, late):
                self._salesforce("PATCH", f"{_API}/{record_id}", values)

    def delete(self, side: str, record_id: str, late: int = 0) -> None:
        """A person deletes a record."""
        if side == "reminder":
            with self._committing(SALES_CONNECT, late):
                self._ask("DELETE", f"/v1/reminders/{record_id}")
        else:
            with self._committing(SALESFORCE, late):
                self._salesforce("DELETE", f"{_API}/{record_id}")

    def undelete(self, task_id: str) -> None:
        """A person takes a task out of the recycle bin."""
        self._control(SALESFORCE, "POST", "undelete", {"ids": [task_id]})

    def purge(self, task_id: str) -> None:
        """A deleted task leaves the recycle bin for good."""
        self._control(SALESFORCE, "POST", "purge", {"ids": [task_id]})

    def switch(self, user_id: str, *, on: bool) -> None:
        """A person turns their task sync on or off."""
        self._ask("PATCH", f"/v1/users/{user_id}", {"task_sync": {"enabled": on}})

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        for connection in self._direct.values():
            connection.close()

    def _control(self, service: str, method: str, resource: str, body: Any = None) -> Any:
        """Call one resource under `/_sandbox/`: half of an example's requests, so without a library in between."""
        connection = self._direct[service]
        connection.request(method, f"/_sandbox/{resource}", None if body is None else json.dumps(body))
        answer = connection.getresponse()
        told = json.loads(answer.read())
        assert answer.status < requests.codes.bad_request, (resource, body, told)
        return told

    def _committing(self, service: str, late: int) -> _Committing:
        if late:
            self.late_until = max(self.late_until, self.now + timedelta(seconds=late))
        return _Committing(self.sandbox, service, late)

    def _ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        answer = self.sandbox.ask(method, path, json=body) if body is not None else self.sandbox.ask(method, path)
        assert answer.ok, (method, path, body, answer.text)
        return answer

    def _salesforce(self, method: str, path: str, body: Any = None) -> requests.Response:
        for _ in range(2):
            headers = {"Authorization": f"Bearer {self._token}"}
            answer = self._http.request(
                method, self.sandbox.salesforce_url + path, json=body, headers=headers, timeout=60
            )
            if answer.status_code != requests.codes.unauthorized:
                break
            self._log_in()
        assert answer.ok, (method, path, body, answer.text)
        return answer

    def _log_in(self) -> None:
        form = {"grant_type": "client_credentials", "client_id": "people", "client_secret": "sandbox"}
        answer = self._http.post(f"{self.sandbox.salesforce_url}/services/oauth2/token", data=form, timeout=60)
        self._token = answer.json()["access_token"]


class _Committing:
    """A write whose row becomes visible `late` seconds after its stamp."""

    def __init__(self, sandbox: SandboxHandle, service: str, late: int) -> None:
        self._sandbox, self._service, self._late = sandbox, service, late

    def __enter__(self) -> None:
        if self._late:
            self._sandbox.fault(self._service, "late_commit", seconds=self._late, times=1)

    def __exit__(self, *error: object) -> None:
        if self._late:
            self._sandbox.clear_faults(self._service)


def _user(name: str, email: str) -> dict[str, Any]:
    turned_on = TURNED_ON.isoformat() if name != "u_dan" else None
    return {
        "id": name,
        "email": email,
        "name": name,
        "time_zone": "UTC",
        "salesforce_user_id": {"u_ann": ANN, "u_dan": DAN}.get(name),
        "task_sync": {"enabled": turned_on is not None, "enabled_at": turned_on},
        "updated_at": TURNED_ON.isoformat(),
    }


def _old_reminder() -> dict[str, Any]:
    before = (TURNED_ON - timedelta(days=5)).isoformat()
    kept = {"id": OLD_REMINDER, "type": "custom", "name": "Old", "status": "open", "priority": "normal"}
    return {**kept, "assignee_id": "u_ann", "created_at": before, "updated_at": before}


def _old_task() -> dict[str, Any]:
    before = (TURNED_ON - timedelta(days=3)).isoformat()
    stamps = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), before)
    return {"Id": OLD_TASK, "Subject": "Old", "OwnerId": ANN, "Status": "Not Started", "Priority": "Normal", **stamps}


def living(rows: Mapping[str, Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """The rows that are not deleted, of either side."""
    return (row for row in rows.values() if not row.get("IsDeleted") and not row.get("deleted_at"))
