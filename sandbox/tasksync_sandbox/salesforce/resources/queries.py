"""query, queryAll and their locators (Salesforce facts, §2)."""

from __future__ import annotations

import itertools
import re
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import Answer, Call, Resource, resource
from tasksync_sandbox.salesforce.ids import make_id
from tasksync_sandbox.salesforce.soql.columns import described
from tasksync_sandbox.salesforce.soql.operands import Names

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.soql.run import Plan

LARGEST_PAGE, SMALLEST_PAGE = 2000, 200
CURSOR_SECONDS = 2 * 24 * 3600
_MOST_CURSORS = 1000
_PREFIX = "0r8"
_BATCH_SIZE = re.compile(r"batchSize\s*=\s*(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Cursor:
    """A query under way: which records it found; a page shows them as they are when it is read.

    Attributes:
        plan: what shows them.
        ids: of all records, in order; for aggregates the results themselves.
        deleted: queryAll: records deleted meanwhile are still shown.
        opened: when, in seconds since 1970.
    """

    plan: Plan
    ids: list[Any]
    deleted: bool
    opened: float


class QueryResources:
    """Queries of one org."""

    def __init__(self, org: Org) -> None:
        """Query this org."""
        self._org = org
        self._cursors: OrderedDict[str, Cursor] = OrderedDict()
        self._numbers = itertools.count(1)

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [
            resource("/query", GET=self.query),
            resource("/queryAll", GET=self.query_all),
            resource("/query/{locator}", GET=self.more),
            resource("/queryAll/{locator}", GET=self.more),
        ]

    def forget(self) -> None:
        """Close all cursors."""
        self._cursors.clear()

    def query(self, call: Call) -> Answer:
        """Answer the first page of a query over what is neither deleted nor archived."""
        return self._first_page(call, deleted=False)

    def query_all(self, call: Call) -> Answer:
        """Answer the first page of a query over all records that are not purged."""
        return self._first_page(call, deleted=True)

    def _first_page(self, call: Call, *, deleted: bool) -> Answer:
        text = call.params.get("q")
        if not text:
            raise SalesforceError(Code.MALFORMED_QUERY, "A query string has to be specified")
        plan = self._org.queries.plan(text, self._org.core.clock.now().date())
        if call.params.get("columns", "").lower() == "true":
            return Answer(described(plan.query, Names(self._org.database, plan.sobject, plan.query.alias)))
        rows = self._org.queries.rows(plan, deleted=deleted)
        if plan.counts_only:
            return Answer({"totalSize": len(rows), "done": True, "records": []})
        now = self._org.core.clock.timestamp()
        found = plan.aggregation.results(rows) if plan.aggregation else [row.Id for row in rows]
        return self._page(call, Cursor(plan, found, deleted, now), None, 0)

    def more(self, call: Call) -> Answer:
        """Answer a further page; a stray `q` is ignored."""
        name, _, offset = call.names["locator"].rpartition("-")
        cursor = self._cursors.get(name)
        age = self._org.core.clock.timestamp() - cursor.opened if cursor else 0
        if cursor is None or age > CURSOR_SECONDS or not offset.isdecimal() or int(offset) > len(cursor.ids):
            raise SalesforceError(Code.INVALID_QUERY_LOCATOR, "invalid query locator")
        return self._page(call, cursor, name, int(offset))

    def _page(self, call: Call, cursor: Cursor, name: str | None, start: int) -> Answer:
        size = call.faults.page_size(_page_size(call))
        part = cursor.ids[start : start + size]
        end = start + len(part)
        answer: dict[str, Any] = {"totalSize": len(cursor.ids), "done": end >= len(cursor.ids)}
        if end < len(cursor.ids):
            name = name or self._open(cursor)
            answer["nextRecordsUrl"] = f"{call.base}/query/{name}-{end}"
        answer["records"] = self._shown(call, cursor, part)
        return Answer(answer)

    def _shown(self, call: Call, cursor: Cursor, part: list[Any]) -> list[dict[str, Any]]:
        if cursor.plan.show is None:
            return part
        table = self._org.database.table(cursor.plan.sobject)
        rows = (row for key in part if (row := table.get(key)) is not None and (cursor.deleted or not row.IsDeleted))
        return cursor.plan.show(rows, call.version)

    def _open(self, cursor: Cursor) -> str:
        name = make_id(_PREFIX, next(self._numbers))
        self._cursors[name] = cursor
        if len(self._cursors) > _MOST_CURSORS:
            self._cursors.popitem(last=False)
        return name


def _page_size(call: Call) -> int:
    """Return the asked page size, between 200 and 2,000."""
    asked = _BATCH_SIZE.search(call.headers.get("sforce-query-options", ""))
    return min(max(int(asked[1]), SMALLEST_PAGE), LARGEST_PAGE) if asked else LARGEST_PAGE
