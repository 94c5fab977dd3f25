"""What `columns=true` answers: the columns of a query's result, and no records (Salesforce facts, §2)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tasksync_sandbox.salesforce.schema import NUMBER_TYPES
from tasksync_sandbox.salesforce.soql.aggregate import is_aggregate, is_count, is_total
from tasksync_sandbox.salesforce.soql.select import Branch, selected
from tasksync_sandbox.salesforce.soql.syntax import Call, Selected

if TYPE_CHECKING:
    from tasksync_sandbox.salesforce.schema import Field
    from tasksync_sandbox.salesforce.soql.operands import Names
    from tasksync_sandbox.salesforce.soql.syntax import Query

    Column = dict[str, Any]

_APEX_TYPES = {
    **dict.fromkeys(NUMBER_TYPES, "Double"),
    "id": "Id", "reference": "Id", "boolean": "Boolean", "int": "Integer", "date": "Date", "datetime": "Datetime",
}  # fmt: skip
_COUNTS = frozenset({"COUNT", "COUNT_DISTINCT"})


def described(query: Query, names: Names) -> dict[str, Any]:
    """Return the columns of a query's result.

    Args:
        query: one that can be run.
        names: what resolves its names.
    """
    columns: list[Column] = []
    if is_count(query):
        pass
    elif is_aggregate(query):
        columns = _totals(query, names)
    else:
        columns = _below(selected(query, names))
    return {
        "columnMetadata": columns,
        "entityName": names.sobject.name,
        "groupBy": bool(query.groups),
        "idSelected": any(column["columnName"] == "Id" for column in columns),
        "keyPrefix": names.sobject.prefix,
    }


def _below(branch: Branch) -> list[Column]:
    """Return the columns of an object's fields, and of the relationships, which hold those of the object behind."""
    return [
        {**_column(name, None), "foreignKeyName": entry.reference.name, "joinColumns": _below(entry)}
        if isinstance(entry, Branch)
        else _column(name, _APEX_TYPES.get(entry.type, "String"), entry)
        for name, entry in branch.entries.items()
    ]


def _totals(query: Query, names: Names) -> list[Column]:
    """Return the columns of aggregate results: totals without a name of their own are expr0, expr1 …."""
    columns: list[Column] = []
    unnamed = 0
    for entry in query.selected:
        if not isinstance(entry, Selected):
            continue
        if isinstance(entry.what, Call):
            name = entry.alias or f"expr{unnamed}"
            unnamed += entry.alias is None
            columns.append(_computed(name, entry.what, names))
        else:
            field = names.resolve(entry.what)[1]
            columns.append(_column(entry.alias or field.name, _APEX_TYPES.get(field.type, "String")))
    return columns


def _computed(name: str, call: Call, names: Names) -> Column:
    kind = "Integer"
    if call.argument is not None and call.function not in _COUNTS:
        field = names.operand(call.argument if is_total(call) else call).field
        kind = _APEX_TYPES.get(field.type, "String")
    shown = f"{call.function.lower()}({call.argument.name if call.argument else ''})"
    return {**_column(name, kind), "aggregate": True, "displayName": shown}


def _column(name: str, kind: str | None, field: Field | None = None) -> Column:
    """Return a column of an Apex type; one of a record's own field may be writable."""
    return {
        "aggregate": False,
        "apexType": kind,
        "booleanType": kind == "Boolean",
        "columnName": name,
        "custom": field is not None and field.custom,
        "displayName": name,
        "foreignKeyName": None,
        "insertable": field is not None and field.createable,
        "joinColumns": [],
        "numberType": kind in {"Integer", "Double"},
        "textType": kind == "String",
        "updatable": field is not None and field.updateable,
    }
