"""What the streams' records hold, in Salesforce's own field names, each nullable but the id."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from singer_sdk import typing as th

from tasksync_engine.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

TASKS = th.PropertiesList(
    th.Property("Id", th.StringType, required=True),
    th.Property("Subject", th.StringType),
    th.Property("Status", th.StringType),
    th.Property("Priority", th.StringType),
    th.Property("ActivityDate", th.DateType, description="The due date; a date without a time zone."),
    th.Property("Description", th.StringType),
    th.Property("OwnerId", th.StringType),
    th.Property("WhoId", th.StringType),
    th.Property("WhatId", th.StringType),
    th.Property("IsClosed", th.BooleanType),
    th.Property("IsDeleted", th.BooleanType, description="True on a tombstone."),
    th.Property("IsArchived", th.BooleanType),
    th.Property("IsRecurrence", th.BooleanType, description="Whether it is the main record of a series."),
    th.Property("RecurrenceActivityId", th.StringType),
    th.Property("TaskSubtype", th.StringType),
    th.Property("CreatedDate", th.DateTimeType),
    th.Property("CreatedById", th.StringType),
    th.Property("LastModifiedDate", th.DateTimeType),
    th.Property("LastModifiedById", th.StringType),
    th.Property("SystemModstamp", th.DateTimeType),
    th.Property("CompletedDateTime", th.DateTimeType),
).to_dict()

USERS = th.PropertiesList(
    th.Property("Id", th.StringType, required=True),
    th.Property("Username", th.StringType),
    th.Property("Name", th.StringType),
    th.Property("Email", th.StringType),
    th.Property("IsActive", th.BooleanType),
    th.Property("UserType", th.StringType),
    th.Property("TimeZoneSidKey", th.StringType),
    th.Property("CreatedDate", th.DateTimeType),
    th.Property("LastModifiedDate", th.DateTimeType),
    th.Property("SystemModstamp", th.DateTimeType),
).to_dict()

_ANY_SCALAR = ["string", "number", "boolean", "null"]
_FIELD_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)
_DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+0000", re.ASCII)


def task_schema(config: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the sync needs, the link field unless it is empty, and `extra_fields`.

    Raises:
        ConfigError: a name cannot be a field's.
    """
    link_field = config.get("link_field", "Sales_Connect_Id__c")
    properties = dict(TASKS["properties"])
    if link_field:
        properties[_checked("link_field", link_field)] = {"type": ["string", "null"]}
    for name in config.get("extra_fields", []):
        properties.setdefault(_checked("extra_fields", name), {"type": _ANY_SCALAR})
    return {**TASKS, "properties": properties}


def _checked(setting: str, name: str) -> str:
    if _FIELD_NAME.fullmatch(name) is None:
        message = f"{setting}: {name!r} is no API name of a field; write it like Sales_Connect_Id__c"
        raise ConfigError(message)
    return name


def date_times(schema: Mapping[str, Any]) -> list[str]:
    """The fields that may hold a date-time: those declared so, and extra fields, whose type only their values show."""
    return [
        name
        for name, field in schema["properties"].items()
        if field.get("format") == "date-time" or field["type"] == _ANY_SCALAR
    ]


def with_fixed_times(row: dict[str, Any], fields: Iterable[str]) -> dict[str, Any]:
    """The row itself, its date-times in the fixed format."""
    for name in fields:
        value = row.get(name)
        # Most values are no date-time at all, or null: their end tells it at a fraction of the pattern's cost.
        if isinstance(value, str) and value[-5:] == "+0000" and _DATE_TIME.fullmatch(value):
            row[name] = value[:-5] + "Z"
    return row
