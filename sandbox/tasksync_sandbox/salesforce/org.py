"""The org: its records, its ids, its clock, its deletion log, and how many calls it has answered."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from tasksync_sandbox.salesforce.database import Database
from tasksync_sandbox.salesforce.errors import calls_used_up
from tasksync_sandbox.salesforce.ids import make_id
from tasksync_sandbox.salesforce.rows import made
from tasksync_sandbox.salesforce.soql.dates import stamp
from tasksync_sandbox.salesforce.soql.run import Queries

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_sandbox.core.service import Core
    from tasksync_sandbox.salesforce.schema import SObject

DAILY_CALLS = 100_000
USERNAME = "integration@sandbox.example"
_FOUNDED = datetime(2015, 1, 1, tzinfo=UTC)
KEPT_VALUES = ("org_id", "next_number", "apps", "passwords", "refresh_tokens")


class Deletion(msgspec.Struct, frozen=True):
    """One entry of the deletion log.

    Attributes:
        id: of the record, which may be purged or undeleted since.
        sobject: name of its object.
        at: the deletion's stamp.
    """

    id: str
    sobject: str
    at: str


class Org:
    """One Salesforce org over the core's store."""

    def __init__(self, core: Core) -> None:
        """Declare what is kept; `found` makes what a new org lacks."""
        self.core = core
        self.store = core.store
        self.database = Database(core.store)
        self.queries = Queries(self.database)
        self.deletions = core.store.table("DeletionLog", Deletion, lambda entry: f"{entry.sobject}:{entry.id}")
        self.calls_used = 0
        self.daily_calls = DAILY_CALLS

    @property
    def id(self) -> str:
        """The organization's id."""
        found: str = self.store.values["org_id"]
        return found

    @property
    def user_id(self) -> str:
        """The integration user's id."""
        return make_id("005", 1)

    def now(self) -> str:
        """Return the sandbox's time as a stamp."""
        return stamp(self.core.clock.now())

    def change_schema(self, changes: dict[str, dict[str, Any]]) -> None:
        """Change objects and remember it, so that a restart finds the same schema; inside a transaction.

        Raises:
            ValueError: a change that cannot be made.
        """
        self.database.change_schema(changes)
        self.store.set_value("schema", [*self.store.values.get("schema", []), changes])

    def found(self) -> None:
        """Make what a new or emptied org lacks: its id, its organization and its integration user."""
        for changes in self.store.values.get("schema", []):
            self.database.change_schema(changes)
        with self.store.transaction():
            if "org_id" not in self.store.values:
                self.store.set_value("org_id", make_id("00D", 1))
            audit = dict.fromkeys(("CreatedDate", "LastModifiedDate", "SystemModstamp"), stamp(_FOUNDED))
            audit |= dict.fromkeys(("CreatedById", "LastModifiedById"), self.user_id)
            for name, values in self._first_records().items():
                sobject = self.database.schema.get(name)
                if self.database.table(sobject).get(values["Id"]) is None:
                    self.database.table(sobject).put(made(sobject, values | audit))

    def _first_records(self) -> dict[str, dict[str, Any]]:
        user = {"Username": USERNAME, "LastName": "Integration", "Name": "Integration", "Email": USERNAME}
        regional = {"TimeZoneSidKey": "GMT", "LanguageLocaleKey": "en_US"}
        return {
            "Organization": {
                "Id": self.id, "Name": "Sandbox", "IsSandbox": True, "InstanceName": "SBX1",
                "OrganizationType": "Developer Edition", **regional,
            },
            "User": {
                "Id": self.user_id, "IsActive": True, "UserType": "Standard", "Alias": "integr",
                "LocaleSidKey": "en_US", "EmailEncodingKey": "UTF-8", **user, **regional,
            },
        }  # fmt: skip

    def empty(self) -> None:
        """Forget all but the org's id, its logins and its integration user; the schema is the standard one again."""
        sessions = [name for name in self.store.values if name.startswith("session:")]
        self.store.clear(keep=(*KEPT_VALUES, *sessions))
        self.database.schema.reset()
        self.calls_used = 0
        self.daily_calls = DAILY_CALLS
        self.found()

    def count_call(self) -> None:
        """Count a call.

        Raises:
            SalesforceError: the allowance is used up.
        """
        if self.calls_used >= self.daily_calls:
            raise calls_used_up()
        self.calls_used += 1

    def next_id(self, sobject: SObject) -> str:
        """Return an id that no record has had; inside a transaction."""
        table = self.database.table(sobject)
        number = self.store.values.get("next_number", 1000)
        for candidate in itertools.count(number):
            found = make_id(sobject.prefix, candidate)
            if found not in table.rows and found not in table.late:
                self.store.set_value("next_number", candidate + 1)
                return found
        raise AssertionError

    def log_deletion(self, sobject: SObject, record_id: str, at: str, visible_at: float | None) -> None:
        """Note a deletion for the deleted-records resource; inside a transaction."""
        self.deletions.put(Deletion(record_id, sobject.name, at), visible_at)

    def log_purged_until(self, sobject: SObject) -> str:
        """Return the stamp from which on the deletion log is whole."""
        found: str = self.store.values.get(f"log_purged:{sobject.name}", stamp(_FOUNDED))
        return found

    def purge_log(self) -> int:
        """Empty the deletion log and return how many entries it held; inside a transaction."""
        now, count = self.now(), len(self.deletions.rows)
        for name in {entry.sobject for entry in self.deletions.rows.values()} | {"Task"}:
            self.store.set_value(f"log_purged:{name}", now)
        for key in list(self.deletions.rows):
            self.deletions.remove(key)
        return count

    def deletions_of(self, sobject: SObject) -> Iterator[Deletion]:
        """Yield the log's entries of one object."""
        return (entry for entry in self.deletions.rows.values() if entry.sobject == sobject.name)
