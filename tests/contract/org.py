"""The Salesforce org under trial, and the suite's records in it."""

# ruff: noqa: S608  SOQL, whose values the client's own module quotes

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from tasksync_clients import ClientError, Refused
from tasksync_clients.salesforce import SalesforceClient
from tasksync_clients.salesforce.login import Login
from tasksync_clients.soql import quote
from tasksync_clients.transport import Transport
from tasksync_mappings import load_mapping

from .choosing import PRODUCTION, Chosen
from .marks import ABOUT, MARK, is_marked, marked
from .wire import Wire

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import requests

    from tasksync_clients import RowResult
    from tasksync_clients.transport import Answer, Ask, Silence

SWEPT = {"Task": "Subject", "Opportunity": "Name", "Contact": "Name", "Lead": "Name", "Account": "Name"}
"""What the suite creates, in an order in which it can be removed, and the field that bears the mark."""


class Overheard(Transport):
    """A transport that keeps the newest answer."""

    heard: Answer | Silence | None = None

    def send(self, ask: Ask, token: Any) -> Answer | Silence:
        """Make the request."""
        self.heard = super().send(ask, token)
        return self.heard


class Org:
    """One org, through the connector's client and by plain HTTP.

    Attributes:
        client: the connector's client.
        wire: plain HTTP with a token of its own.
        login_answer: the token endpoint's answer, secrets included: look at its members only.
        link: the link field of the packaged mapping.
        made: ids of the records that the running test has made.
    """

    def __init__(self, chosen: Chosen) -> None:
        """Log in.

        Raises:
            AssertionError: this is a production org that was not named.
        """
        assert chosen.salesforce is not None
        self.chosen = chosen
        self.client = SalesforceClient(chosen.salesforce)
        transport = Overheard("Salesforce", chosen.salesforce.limits())
        token = Login(chosen.salesforce, transport)()
        self.login_answer: Any = transport.heard.json()
        transport.close()
        self.wire = Wire(token)
        self.data = f"/services/data/v{chosen.salesforce.api_version}"
        self.link = load_mapping().task_field or ""
        self.made: list[str] = []
        self._refuse_production()

    def __enter__(self) -> Self:
        """Give the org itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the connections."""
        self.client.close()
        self.wire.close()

    @property
    def secrets(self) -> list[str]:
        """What the login gave away."""
        told = self.login_answer
        return [str(told[name]) for name in ("access_token", "refresh_token", "signature", "id_token") if name in told]

    def _refuse_production(self) -> None:
        (found,) = self.query("SELECT Id, IsSandbox, OrganizationType FROM Organization")
        harmless = found["IsSandbox"] or found["OrganizationType"] == "Developer Edition"
        if not harmless and self.chosen.production != found["Id"]:
            message = (
                f"The org {found['Id']} is a production org ({found['OrganizationType']}): nothing was written. Use a "
                f"sandbox or developer org, or set {PRODUCTION}={found['Id']} to run the suite there all the same."
            )
            raise AssertionError(message)

    def ask(self, method: str, path: str, **more: Any) -> requests.Response:
        """Call a path below the API version by plain HTTP."""
        return self.wire.ask(method, self.data + path, **more)

    def query(self, soql: str, *, everything: bool = False) -> list[dict[str, Any]]:
        """Return the rows of a query."""
        return [row for page in self.client.query(soql, include_deleted=everything) for row in page]

    def task(self, task_id: str, *fields: str) -> dict[str, Any]:
        """Return a task's fields, deleted or not."""
        (row,) = self.query(f"SELECT {', '.join(fields)} FROM Task WHERE Id = {quote(task_id)}", everything=True)
        return row

    def field(self, name: str, sobject: str = "Task") -> dict[str, Any]:
        """Return a field's description."""
        found = [field for field in self.client.describe(sobject)["fields"] if field["name"] == name]
        assert found, f"{sobject} has no field {name}, or the user may not see it"
        return found[0]

    def keep(self, rows: Sequence[RowResult]) -> list[str]:
        """Remember the records of these results for removal, and give their ids; all must be well."""
        self.made += [row.id for row in rows if row.ok and row.id]
        refused = sorted({f"{row.code} {row.fields}" for row in rows if not row.ok})
        assert not refused, f"refused: {', '.join(refused)}"
        return [str(row.id) for row in rows]

    def create(self, sobject: str = "Task", **fields: Any) -> str:
        """Make a marked record and return its id."""
        return self.create_all(sobject, [fields])[0]

    def create_all(self, sobject: str, rows: Sequence[dict[str, Any]]) -> list[str]:
        """Make marked records and return their ids."""
        usual = {
            "Task": lambda: {"Subject": marked(), "Description": ABOUT},
            "Lead": lambda: {"LastName": marked(), "Company": MARK},
            "Contact": lambda: {"LastName": marked()},
        }.get(sobject, lambda: {"Name": marked()})
        return self.keep(self.client.create(sobject, [usual() | row for row in rows]))

    def update(self, task_id: str, **fields: Any) -> RowResult:
        """Change a task."""
        return self.client.update("Task", [{"Id": task_id, **fields}])[0]

    def upsert(self, value: str, **fields: Any) -> RowResult:
        """Upsert a marked task by the link field."""
        row = {self.link: value, "Subject": marked(), "Description": ABOUT, **fields}
        (result,) = self.client.upsert("Task", self.link, [row])
        if result.ok and result.id:
            self.made.append(result.id)
        return result

    def remove_made(self) -> None:
        """Remove what the test has made; what fails here is swept at the end."""
        made, self.made = self.made[::-1], []
        self._delete(list(dict.fromkeys(made)))

    def sweep(self) -> list[str]:
        """Remove all living records that bear the mark and are ours; returns what remains, by object and id."""
        for sobject in SWEPT:
            self._delete([row["Id"] for row in self._marked(sobject)])
        return [f"{sobject} {row['Id']}" for sobject in SWEPT for row in self._marked(sobject)]

    def _delete(self, ids: Sequence[str]) -> None:
        try:
            self.client.delete(ids)
        except ClientError:
            return

    def _marked(self, sobject: str) -> Iterator[dict[str, Any]]:
        """The suite's living records: LIKE heeds no case, so each is looked at again."""
        field = SWEPT[sobject]
        mine = f"CreatedById = {quote(self.client.user_id)} AND IsDeleted = false"
        soql = f"SELECT Id, {field} FROM {sobject} WHERE {field} LIKE '{MARK}%' AND {mine}"
        try:
            found = self.query(soql, everything=True)
        except Refused:
            return
        yield from (row for row in found if is_marked(row[field]))
