"""A small sales team on both services, edited over their public APIs as people would."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

if TYPE_CHECKING:
    from tests.conftest import SandboxHandle

VERSION = "62.0"


def salesforce_user(number: int) -> str:
    """The id of the team's n-th Salesforce user."""
    return f"005Tm000000000{number}" + "AAA"


class Team:
    """Ann (u1) and Bob (u2) take part since an hour; Cid (u3) is off, Dan (u4) is on without a Salesforce user."""

    def __init__(self, sandbox: SandboxHandle, *, since_hours: float = 1) -> None:
        self.sandbox = sandbox
        self.link_fields = ["Sales_Connect_Id__c"]
        self._http = requests.Session()
        self.enabled_at = datetime.now(UTC) - timedelta(hours=since_hours)
        sandbox.load(
            salesforce={
                "User": [
                    self._salesforce_user(1, "ann"),
                    self._salesforce_user(2, "Bob"),
                    self._salesforce_user(3, "cid"),
                ]
            },
            sales_connect={
                "users": [
                    self._user(1, "ann"),
                    self._user(2, "bob"),
                    self._user(3, "cid", on=False),
                    self._user(4, "dan"),
                ]
            },
        )
        self.become_connector()

    def become_connector(self) -> None:
        """What is done in Salesforce is done by the user of the connector, as it is at first."""
        self._log_in("sandbox")

    def _log_in(self, app: str) -> None:
        answer = self._http.post(
            f"{self.sandbox.salesforce_url}/services/oauth2/token",
            data={"grant_type": "client_credentials", "client_id": app, "client_secret": "sandbox"},
            timeout=60,
        )
        self._http.headers["Authorization"] = f"Bearer {answer.json()['access_token']}"

    def become_ann(self) -> None:
        """From now on what is done in Salesforce is done by Ann, and no more by the user of the connector."""
        app = {"client_secret": "sandbox", "certificate": None, "username": "ann@example.com"}
        self.sandbox.control("salesforce", "POST", "logins", {"apps": {"ann": app}})
        self._log_in("ann")

    def lose_link_field(self) -> None:
        """The org has no link field."""
        self.sandbox.control("salesforce", "POST", "schema", {"objects": {"Task": {"remove": self.link_fields}}})
        self.link_fields = []

    @staticmethod
    def _salesforce_user(number: int, name: str) -> dict[str, Any]:
        email = f"{name}@example.com"
        return {"Id": salesforce_user(number), "Email": email, "Username": email, "LastName": name, "IsActive": True}

    def _user(self, number: int, name: str, *, on: bool = True) -> dict[str, Any]:
        return {
            "id": f"u{number}",
            "email": f"{name}@example.com",
            "name": name,
            "time_zone": "Europe/Vienna",
            "salesforce_user_id": None,
            "task_sync": {"enabled": on, "enabled_at": self.stamp(self.enabled_at) if on else None},
            "updated_at": self.stamp(self.enabled_at),
        }

    @staticmethod
    def stamp(moment: datetime) -> str:
        """A time as both services load it."""
        return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")

    # Sales Connect

    def remind(self, name: str = "Call", **members: Any) -> str:
        """Create a reminder; returns its id."""
        body = {"type": "call", "name": name, "assignee_id": "u1", **members}
        answer = self.sandbox.ask("POST", "/v1/reminders", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def edit_reminder(self, reminder_id: str, **members: Any) -> None:
        """Change members of a reminder."""
        answer = self.sandbox.ask("PATCH", f"/v1/reminders/{reminder_id}", json=members)
        assert answer.ok, answer.text

    def delete_reminder(self, reminder_id: str) -> None:
        """Delete a reminder."""
        assert self.sandbox.ask("DELETE", f"/v1/reminders/{reminder_id}").status_code == 204

    def switch(self, user: str, *, on: bool) -> None:
        """Turn a user's task sync on or off."""
        assert self.sandbox.ask("PATCH", f"/v1/users/{user}", json={"task_sync": {"enabled": on}}).ok

    def reminders(self) -> list[dict[str, Any]]:
        """All living reminders."""
        return list(self.sandbox.ask("GET", "/v1/reminders?limit=500").json()["data"])

    def reminder(self, reminder_id: str) -> dict[str, Any] | None:
        """A reminder, or None once it is deleted."""
        return next((row for row in self.reminders() if row["id"] == reminder_id), None)

    # Salesforce

    def data(self, method: str, path: str, **more: Any) -> requests.Response:
        """Call Salesforce's REST API."""
        return self._http.request(
            method, f"{self.sandbox.salesforce_url}/services/data/v{VERSION}/{path}", timeout=60, **more
        )

    def task(self, subject: str = "Visit", **fields: Any) -> str:
        """Create a task; returns its id."""
        answer = self.data("POST", "sobjects/Task", json={"Subject": subject, "OwnerId": salesforce_user(1), **fields})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    def edit_task(self, task_id: str, **fields: Any) -> None:
        """Change fields of a task."""
        answer = self.data("PATCH", f"sobjects/Task/{task_id}", json=fields)
        assert answer.status_code == 204, answer.text

    def delete_task(self, task_id: str) -> None:
        """Move a task to the recycle bin."""
        assert self.data("DELETE", f"sobjects/Task/{task_id}").status_code == 204

    def undelete_task(self, task_id: str) -> None:
        """Take a task out of the recycle bin."""
        self.sandbox.control("salesforce", "POST", "undelete", {"ids": [task_id]})

    def tasks(self) -> list[dict[str, Any]]:
        """All living tasks."""
        fields = ["Id", "Subject", "Status", "Priority", "ActivityDate", "Description", "OwnerId", "WhoId", "WhatId"]
        soql = f"SELECT {', '.join(fields + self.link_fields)} FROM Task"  # noqa: S608 - SOQL, of these names alone
        return list(self.data("GET", "query", params={"q": soql}).json()["records"])

    def count_tasks(self) -> int:
        """How many tasks live."""
        return int(self.data("GET", "query", params={"q": "SELECT COUNT() FROM Task"}).json()["totalSize"])

    def task_of(self, reminder_id: str) -> dict[str, Any]:
        """The one living task of a reminder."""
        pointer = (self.reminder(reminder_id) or {}).get("salesforce_task_id")
        (found,) = [
            row for row in self.tasks() if row.get("Sales_Connect_Id__c") == reminder_id or row["Id"] == pointer
        ]
        return found

    def reminder_of(self, task_id: str) -> dict[str, Any]:
        """The one living reminder of a task."""
        (found,) = [row for row in self.reminders() if row["salesforce_task_id"] == task_id]
        return found

    # Both

    def later(self, seconds: float) -> None:
        """Set the services' clock ahead of real time."""
        self.sandbox.clock(seconds)

    def pass_by(self, seconds: float = 3600) -> None:
        """Time and an outsider's records go by: the overlap of the next readings no longer reaches back to now."""
        self.later(seconds)
        self.remind("Another", assignee_id="u3")
        self.task("Another", OwnerId=salesforce_user(3))

    def refuse(self, service: str, code: str = "UNABLE_TO_LOCK_ROW", **members: Any) -> None:
        """From now on a service refuses single rows of batch writes; `members` as of the sandbox's `row_error`."""
        self.sandbox.fault(service, "row_error", code=code, message="refused for the test", **members)

    def heal(self) -> None:
        """Both services work again."""
        self.sandbox.clear_faults("salesforce")
        self.sandbox.clear_faults("sales_connect")

    def writes(self) -> int:
        """How many records both services have committed."""
        return len(self.sandbox.writes("salesforce")) + len(self.sandbox.writes("sales_connect"))
