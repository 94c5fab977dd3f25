"""What the streams' records hold: all members of the Sales Connect API contract, each nullable but the key."""

from __future__ import annotations

from typing import Any

from singer_sdk import typing as th

_SALESFORCE_IDS = [
    th.Property(f"salesforce_{kind}_id", th.StringType) for kind in ("contact", "lead", "account", "opportunity")
]

SALESFORCE_SETTINGS = th.PropertiesList(
    th.Property("account_id", th.StringType, required=True, description="The tenant."),
    th.Property("activity_detail_customization", th.StringType, description="Template of a pushed task's subject."),
).to_dict()

USERS = th.PropertiesList(
    th.Property("id", th.StringType, required=True),
    th.Property("email", th.StringType),
    th.Property("name", th.StringType),
    th.Property("time_zone", th.StringType, description="IANA name."),
    th.Property("salesforce_user_id", th.StringType),
    th.Property(
        "task_sync",
        th.ObjectType(th.Property("enabled", th.BooleanType), th.Property("enabled_at", th.DateTimeType)),
        description="Whether the user's reminders and tasks sync, and since when.",
    ),
    th.Property("updated_at", th.DateTimeType),
).to_dict()

_PERSON = th.ObjectType(
    th.Property("id", th.StringType),
    th.Property("name", th.StringType),
    th.Property("email", th.StringType),
    *_SALESFORCE_IDS,
)
_CAMPAIGN = th.ObjectType(
    th.Property("id", th.StringType),
    th.Property("name", th.StringType),
    # Steps are numbered in some campaigns and named in others: the contract leaves it open.
    th.Property("day", th.CustomType({"type": ["integer", "string", "null"]})),
    th.Property("step", th.CustomType({"type": ["integer", "string", "null"]})),
)

REMINDERS = th.PropertiesList(
    th.Property("id", th.StringType, required=True),
    th.Property("type", th.StringType, description="email, call, inmail or custom."),
    th.Property("name", th.StringType),
    th.Property("status", th.StringType, description="open or completed."),
    th.Property("priority", th.StringType, description="normal or high."),
    th.Property("due_date", th.DateType),
    th.Property("details", th.StringType),
    th.Property("assignee_id", th.StringType, description="The user who is to do it."),
    th.Property("person", _PERSON),
    th.Property("campaign", _CAMPAIGN),
    th.Property("call_outcome", th.StringType),
    th.Property("call_reason", th.StringType),
    th.Property("salesforce_task_id", th.StringType, description="The task that it was imported from."),
    th.Property("created_at", th.DateTimeType),
    th.Property("updated_at", th.DateTimeType),
    th.Property("completed_at", th.DateTimeType),
    th.Property("deleted_at", th.DateTimeType, description="Set on a tombstone."),
    th.Property("version", th.IntegerType),
).to_dict()

PEOPLE = th.PropertiesList(
    th.Property("id", th.StringType, required=True),
    th.Property("name", th.StringType),
    th.Property("email", th.StringType),
    *_SALESFORCE_IDS,
    th.Property("updated_at", th.DateTimeType),
).to_dict()

_ANYTHING = ["string", "number", "boolean", "object", "array", "null"]


def with_extra_fields(schema: dict[str, Any], names: list[str]) -> dict[str, Any]:
    """A copy of the schema that holds further members, of any type."""
    extra = {name: {"type": _ANYTHING} for name in names if name not in schema["properties"]}
    return {**schema, "properties": {**schema["properties"], **extra}}
