"""The Sales Connect tenant under trial, and the suite's reminders in it."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit

import schemathesis

from tasksync_clients import ClientError
from tasksync_clients.sales_connect import SalesConnectClient
from tasksync_clients.sales_connect.login import tokens
from tasksync_clients.transport import Transport

from .choosing import ASSIGNEE, Chosen
from .marks import ABOUT, is_marked, marked
from .wire import Wire

if TYPE_CHECKING:
    from collections.abc import Sequence

    import requests

DOCUMENT = resources.files("tasksync_sandbox.sales_connect").joinpath("openapi.json")
_SCHEMA = schemathesis.openapi.from_dict(json.loads(DOCUMENT.read_text(encoding="utf-8")))
_TEMPLATES = sorted(_SCHEMA.raw_schema["paths"], key=lambda path: path.count("{"))


class Tenant:
    """One tenant, through the connector's client and by plain HTTP.

    Attributes:
        client: the connector's client.
        wire: plain HTTP with a token of its own.
        user: the user who gets the reminders.
        made: ids of the reminders that the running test has made.
    """

    def __init__(self, chosen: Chosen) -> None:
        """Log in, and find the user.

        Raises:
            AssertionError: there is no such user, or the user takes part in the sync.
        """
        assert chosen.sales_connect is not None
        self.chosen = chosen
        self.client = SalesConnectClient(chosen.sales_connect)
        transport = Transport("Sales Connect", chosen.sales_connect.limits())
        self.wire = Wire(tokens(chosen.sales_connect, transport).current())
        transport.close()
        self.made: list[str] = []
        self.user = self._user()

    def __enter__(self) -> Self:
        """Give the tenant itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.client.close()
        self.wire.close()

    @property
    def secrets(self) -> list[str]:
        """The token."""
        return [self.wire.token.value]

    def _user(self) -> dict[str, Any]:
        users = [user for page in self.client.users() for user in page]
        off = [user for user in users if not user["task_sync"]["enabled"]]
        wanted = [user for user in off if self.chosen.assignee in {None, user["id"]}]
        message = f"no user with task sync off who may get the reminders; set {ASSIGNEE} to the id of one"
        assert wanted, message
        return wanted[0]

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Make a request by plain HTTP; its answer must have a status and a shape that the document names."""
        answer = self.wire.ask(method, path, **more)
        template = _template(urlsplit(path).path)
        operation = _SCHEMA[template][method]
        known = operation.definition.raw["responses"]
        assert str(answer.status_code) in known, f"{method} {template} answered HTTP {answer.status_code}"
        operation.validate_response(answer)
        return answer

    def body(self, **members: Any) -> dict[str, Any]:
        """Members of a marked reminder."""
        return {"name": marked(), "details": ABOUT, "assignee_id": self.user["id"]} | members

    def create(self, *, key: str | None = None, **members: Any) -> dict[str, Any]:
        """Make a marked reminder through the client."""
        reminder = self.client.create_reminder(self.body(**members), key)
        self.made.append(reminder["id"])
        return reminder

    def post(self, body: dict[str, Any], **more: Any) -> requests.Response:
        """Make a reminder by plain HTTP."""
        answer = self.ask("POST", "/v1/reminders", json=body, **more)
        if answer.ok:
            self.made.append(answer.json()["id"])
        return answer

    def batch(self, *operations: dict[str, Any]) -> list[dict[str, Any]]:
        """Carry out operations by plain HTTP; returns the results."""
        answer = self.ask("POST", "/v1/reminders/batch", json={"operations": operations})
        assert answer.status_code == 200, f"HTTP {answer.status_code}"
        results: list[dict[str, Any]] = answer.json()["results"]
        self.made += [result["reminder"]["id"] for result in results if result["status"] == 201]
        return results

    def list(self, **filters: Any) -> list[dict[str, Any]]:
        """List reminders through the client."""
        return [reminder for page in self.client.reminders(**filters) for reminder in page]

    def remove_made(self) -> None:
        """Remove what the test has made; what fails here is swept at the end."""
        made, self.made = self.made, []
        self._delete(list(dict.fromkeys(made)))

    def sweep(self) -> list[str]:
        """Remove all living reminders of the user that bear the mark; returns what remains."""
        self._delete(self._marked())
        return [f"reminder {reminder_id}" for reminder_id in self._marked()]

    def _marked(self) -> list[str]:
        found = self.list(assignee_ids=[self.user["id"]])
        return [reminder["id"] for reminder in found if is_marked(reminder["name"])]

    def _delete(self, ids: Sequence[str]) -> None:
        for reminder_id in ids:
            try:
                self.client.delete_reminder(reminder_id)
            except ClientError:
                continue


def _template(path: str) -> str:
    """Find the document's path that an address belongs to."""
    for template in _TEMPLATES:
        if re.fullmatch(re.sub(r"{\w+}", "[^/]+", template), path):
            return template
    message = f"the document has no path {path}"
    raise AssertionError(message)
