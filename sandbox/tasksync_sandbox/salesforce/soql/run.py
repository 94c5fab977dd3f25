"""Queries carried out: text to a plan, kept for the next time, and a plan to rows."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from itertools import islice
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.database import BY_STAMP
from tasksync_sandbox.salesforce.errors import Code
from tasksync_sandbox.salesforce.soql.aggregate import Aggregation, is_aggregate, is_count, sort_key
from tasksync_sandbox.salesforce.soql.candidates import Hints, hints
from tasksync_sandbox.salesforce.soql.operands import Names
from tasksync_sandbox.salesforce.soql.parse import parse
from tasksync_sandbox.salesforce.soql.predicate import Tests, folded
from tasksync_sandbox.salesforce.soql.problem import Problem, malformed
from tasksync_sandbox.salesforce.soql.select import show
from tasksync_sandbox.salesforce.soql.syntax import Comparison, Logical, Path, Query

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import date

    from tasksync_sandbox.salesforce.database import Database
    from tasksync_sandbox.salesforce.rows import Row
    from tasksync_sandbox.salesforce.schema import SObject
    from tasksync_sandbox.salesforce.soql.operands import Operand
    from tasksync_sandbox.salesforce.soql.predicate import Test
    from tasksync_sandbox.salesforce.soql.select import Show
    from tasksync_sandbox.salesforce.soql.syntax import Condition, Order

_KEPT = 512


@dataclass(frozen=True, slots=True)
class Plan:
    """A query ready to run.

    Attributes:
        query: as parsed.
        sobject: what it reads.
        hints: what indexes may serve.
        test: what a row must meet.
        sorts: how to order rows, last key first; empty when the index's order is the wanted one.
        by_stamp: the wanted order is that of (SystemModstamp, Id).
        show: shows rows as records; None for aggregates.
        aggregation: makes the aggregate results; None for plain queries.
    """

    query: Query
    sobject: SObject
    hints: Hints
    test: Test | None
    sorts: tuple[tuple[Callable[[Row], Any], bool], ...]
    by_stamp: bool
    show: Show | None
    aggregation: Aggregation | None

    @property
    def counts_only(self) -> bool:
        """Whether this is `SELECT COUNT() FROM …`."""
        return self.show is None and self.aggregation is None


class Queries:
    """Plans and runs queries against one org."""

    def __init__(self, database: Database) -> None:
        """Run against this database."""
        self._database = database
        self._plans: OrderedDict[tuple[str, int, date], Plan] = OrderedDict()

    def plan(self, text: str, today: date) -> Plan:
        """Return the plan of a query.

        Args:
            text: the SOQL.
            today: the day that relative date literals count from.

        Raises:
            SalesforceError: the query cannot be run; with row and column.
        """
        key = (text, self._database.schema.version, today)
        found = self._plans.get(key)
        if found is None:
            query = parse(text)
            try:
                found = self._planned(query, today)
            except Problem as problem:
                raise problem.located(text) from None
            if not _has_subquery(query.where):
                self._plans[key] = found
                if len(self._plans) > _KEPT:
                    self._plans.popitem(last=False)
        return found

    def _planned(self, query: Query, today: date) -> Plan:
        sobject = self._database.schema.find(query.entity)
        if sobject is None:
            message = (
                f"sObject type '{query.entity}' is not supported. If you are attempting to use a custom object, be "
                "sure to append the '__c' after the entity name. Please reference your WSDL or the describe call for "
                "the appropriate names."
            )
            raise Problem(Code.INVALID_TYPE, message, query.entity_at)
        names = Names(self._database, sobject, query.alias)
        tests = Tests(names, today, lambda inner: self._inner(inner, today))
        counts = is_count(query)
        aggregate = not counts and is_aggregate(query)
        by_stamp = _wants_stamp_order(query.orders)
        test = tests.of(query.where) if query.where else None
        return Plan(
            query,
            sobject,
            hints(query.where, names, self._database.table(sobject), today),
            test,
            () if aggregate else _sorts(query.orders, names),
            by_stamp,
            None if counts or aggregate else show(query, names, self._database),
            self._aggregation(query, names, today) if aggregate else None,
        )

    def _aggregation(self, query: Query, names: Names, today: date) -> Aggregation:
        made = Aggregation(query, names)
        if query.having is not None:
            made.restrict(Tests(made, today, lambda inner: self._inner(inner, today)).of(query.having))
        return made

    def _inner(self, query: Query, today: date) -> set[Any]:
        """Return the values of the one field of a query inside IN ( … )."""
        plan = self._planned(query, today)
        if plan.show is None or len(query.selected) != 1:
            raise malformed(query.entity_at, "Cannot have more than one field in the select list of an inner query")
        records = plan.show(self.rows(plan, deleted=False), "")
        return {value for record in records for label, value in record.items() if label != "attributes"} - {None}

    def rows(self, plan: Plan, *, deleted: bool) -> list[Row]:
        """Return the rows of a plan in its order, cut by its OFFSET and LIMIT; `deleted` says queryAll."""
        found, sorted_already = plan.hints.rows(self._database.table(plan.sobject), by_stamp=plan.by_stamp)
        matches = _matches(found, plan.test, deleted=deleted, archives="isarchived" in plan.sobject.fields)
        query = plan.query
        start, count = query.offset or 0, query.limit
        if plan.aggregation is not None:
            return list(matches)
        if not plan.sorts or (plan.by_stamp and sorted_already):
            return list(islice(matches, start, None if count is None else start + count))
        rows = list(matches)
        for key, reverse in plan.sorts:
            rows.sort(key=key, reverse=reverse)
        return rows[start : None if count is None else start + count]


def _matches(rows: Iterator[Row], test: Test | None, *, deleted: bool, archives: bool) -> Iterator[Row]:
    if not deleted:
        hidden = attrgetter("IsDeleted", "IsArchived") if archives else attrgetter("IsDeleted")
        seen = (False, False) if archives else False
        rows = (row for row in rows if hidden(row) == seen)
    return rows if test is None else filter(test, rows)


def _has_subquery(condition: Condition | None) -> bool:
    if isinstance(condition, Logical):
        return any(_has_subquery(part) for part in condition.parts)
    return isinstance(condition, Comparison) and isinstance(condition.right, Query)


def _wants_stamp_order(orders: tuple[Order, ...]) -> bool:
    names = [order.what.name for order in orders if isinstance(order.what, Path) and not order.descending]
    return len(names) == len(orders) and [n.lower() for n in names] in (
        [BY_STAMP.lower()],
        [BY_STAMP.lower(), "id"],
    )


def _sorts(orders: tuple[Order, ...], names: Names) -> tuple[tuple[Callable[[Row], Any], bool], ...]:
    if _wants_stamp_order(orders):
        return ((attrgetter(BY_STAMP, "Id"), False),)
    return tuple((_key(names.operand(order.what), order), order.descending) for order in reversed(orders))


def _key(operand: Operand, order: Order) -> Callable[[Row], Any]:
    if not operand.field.sortable:
        raise malformed(operand.at, f"field '{operand.field.name}' can not be sorted in a query call")
    read = folded(operand)
    return lambda row: sort_key(read(row), order)
