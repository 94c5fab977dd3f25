"""sObject Tree: new records with their children, all or none (Salesforce facts, §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.errors import Code, SalesforceError
from tasksync_sandbox.salesforce.http import Answer, Call, Resource, objects, resource
from tasksync_sandbox.salesforce.resources.descriptions import child_relationship

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasksync_sandbox.salesforce.org import Org
    from tasksync_sandbox.salesforce.records.writer import Writer
    from tasksync_sandbox.salesforce.resources.records import RecordResources
    from tasksync_sandbox.salesforce.schema import SObject

MOST_RECORDS, MOST_LEVELS = 200, 5


class _Refused(Exception):
    """Undo the tree; `results` names the records that were refused."""

    def __init__(self, results: list[dict[str, Any]]) -> None:
        super().__init__()
        self.results = results


class TreeResources:
    """Trees of one org's records."""

    def __init__(self, org: Org, records: RecordResources) -> None:
        """Create in this org."""
        self._org = org
        self._records = records

    def resources(self) -> list[Resource]:
        """Return the resources."""
        return [resource("/composite/tree/{object}", since=34.0, POST=self.create)]

    def create(self, call: Call) -> Answer:
        """Create all records of the request, or none."""
        sobject = self._org.database.schema.get(call.names["object"])
        records = objects(call.object_body().get("records"), "records")
        if not records:
            raise SalesforceError(Code.INVALID_INPUT, "records: an array of records is required")
        writer = self._records.writer(call)
        try:
            with self._org.store.transaction():
                results = list(self._level(writer, sobject, records, {}, 1))
                _check(results)
        except _Refused as refused:
            return Answer({"hasErrors": True, "results": refused.results}, 400)
        return Answer({"hasErrors": False, "results": results}, 201)

    def _level(
        self, writer: Writer, sobject: SObject, records: list[dict[str, Any]], parent: dict[str, str], level: int
    ) -> Iterator[dict[str, Any]]:
        """Create records of one object under one parent, and then their children; yield a result for each."""
        if level > MOST_LEVELS:
            raise SalesforceError(Code.INVALID_INPUT, f"a tree has at most {MOST_LEVELS} levels")
        for record in records:
            attributes = record.get("attributes")
            name = attributes.get("referenceId") if isinstance(attributes, dict) else None
            children = {key: value for key, value in record.items() if isinstance(value, dict) and "records" in value}
            own = {key: value for key, value in record.items() if key not in children}
            try:
                record_id = writer.create(sobject, {**own, **parent})
            except SalesforceError as error:
                yield {"referenceId": name, "errors": [error.as_result()]}
                continue
            yield {"referenceId": name, "id": record_id}
            for key, value in children.items():
                child, field = self._child(sobject, key)
                yield from self._level(writer, child, objects(value["records"], key), {field: record_id}, level + 1)

    def _child(self, parent: SObject, name: str) -> tuple[SObject, str]:
        """Return the object and reference field that a relationship's name stands for."""
        for child in self._org.database.schema.all():
            for field in child.fields.values():
                if (child_relationship(child, field, parent) or "").lower() == name.lower():
                    return child, field.name
        raise SalesforceError(Code.INVALID_FIELD, f"No such column '{name}' on sobject of type {parent.name}")


def _check(results: list[dict[str, Any]]) -> None:
    if len(results) > MOST_RECORDS:
        raise SalesforceError(Code.INVALID_INPUT, f"a tree has at most {MOST_RECORDS} records")
    refused = [result for result in results if "errors" in result]
    if refused:
        raise _Refused(refused)
