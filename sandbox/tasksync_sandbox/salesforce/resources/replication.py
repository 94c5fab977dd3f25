"""Which records were deleted or updated in a time window (Salesforce facts, §6)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.database import BY_STAMP
from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import Answer, Call, Resource, resource
from tasksync_sandbox.salesforce.soql.dates import parse_stamp, stamp

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.schema import SObject

DELETED_DAYS, UPDATED_DAYS = 15, 30
MOST_IDS = 600_000
_MINUTE = timedelta(minutes=1)
_LAST = "\uffff"


class ReplicationResources:
    """The deleted and updated resources of one org."""

    def __init__(self, org: Org) -> None:
        """Tell about this org."""
        self._org = org

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [
            resource("/sobjects/{object}/deleted", GET=self.deleted),
            resource("/sobjects/{object}/updated", GET=self.updated),
        ]

    def deleted(self, call: Call) -> Answer:
        """Answer the deletion log of a window; a record undeleted or purged since is still in it."""
        sobject, start, end = self._window(call, DELETED_DAYS)
        first, last = stamp(start), stamp(end)
        found = sorted((entry.at, entry.id) for entry in self._org.deletions_of(sobject) if first <= entry.at <= last)
        _check_count(len(found))
        body: dict[str, Any] = {
            "deletedRecords": [{"id": record_id, "deletedDate": at} for at, record_id in found],
            "earliestDateAvailable": self._org.log_purged_until(sobject),
            "latestDateCovered": self._covered(sobject, end),
        }
        return Answer(body)

    def updated(self, call: Call) -> Answer:
        """Answer the ids of living records created or updated in a window."""
        sobject, start, end = self._window(call, UPDATED_DAYS)
        table = self._org.database.table(sobject)
        pairs = table.ordered[BY_STAMP].walk((stamp(start),), (stamp(end), _LAST))
        found = [record_id for _, record_id in pairs if not table.rows[record_id].IsDeleted]
        _check_count(len(found))
        return Answer({"ids": found, "latestDateCovered": self._covered(sobject, end)})

    def _window(self, call: Call, days: int) -> tuple[SObject, datetime, datetime]:
        """Return the object and the window, whose seconds are cut off.

        Raises:
            SalesforceError: INVALID_REPLICATION_DATE.
        """
        sobject = self._org.database.schema.get(call.names["object"])
        start, end = _moment(call, "start"), _moment(call, "end")
        now = self._org.core.clock.now()
        if start < now - timedelta(days=days):
            raise SalesforceError(Code.INVALID_REPLICATION_DATE, "startDate before org replication enabled date")
        if end - start <= _MINUTE:
            raise SalesforceError(Code.INVALID_REPLICATION_DATE, "endDate must be more than one minute after startDate")
        return sobject, start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)

    def _covered(self, sobject: SObject, end: datetime) -> str:
        """Return up to when the answer is whole: not past now, nor past the start of a write not yet visible."""
        covered = min(end, self._org.core.clock.now())
        late = self._org.database.table(sobject).late.values()
        begun = [parse_stamp(version.row.SystemModstamp) for version in late if version.row is not None]
        return stamp(min([covered, *begun]))


def _moment(call: Call, name: str) -> datetime:
    text = call.params.get(name)
    if not text:
        raise SalesforceError(Code.MISSING_ARGUMENT, f"{name} is a required parameter")
    try:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise SalesforceError(Code.INVALID_REPLICATION_DATE, f"Invalid date: {text}") from None


def _check_count(count: int) -> None:
    if count > MOST_IDS:
        raise SalesforceError(Code.EXCEEDED_ID_LIMIT, f"more than {MOST_IDS} ids: choose a shorter window")
