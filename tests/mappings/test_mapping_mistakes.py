"""A mistake in a mapping file is named with file and path before anything is read or written (sync-rules §3)."""

from importlib import resources

import jsonschema
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from tasksync_mappings import MappingError, load_mapping

from .mapping_files import EXTRA, document, refused, written
from .strategies import thoroughly

MISTAKES = {
    "empty file": ("", "the file: must be a mapping, not nothing"),
    "a list": ("- 1", "the file: must be a mapping, not a list"),
    "wrong version": (document(version=2), "version: must be 1, not 2"),
    "wrong version before all else": ({"version": "one"}, "version: must be 1, not one"),
    "no version": (document(version=...), "the file: version is missing"),
    "unknown part": (
        document(feilds={}),
        "the file: unknown key feilds; known are version, link, subject, fields, extra_fields",
    ),
    "no link": (document(link=...), "the file: link is missing"),
    "empty link": (document(link={}), "link: task_field is missing"),
    "link is text": (document(link="X"), "link: must be a mapping, not X"),
    "forbidden link field": (document(link__task_field="Type"), "link.task_field: Type must not be mapped"),
    "empty link field": (document(link__task_field=""), "link.task_field: '' is not a field name"),
    "missing core field": (document(fields__due_date=...), "fields: due_date is missing"),
    "unknown core field": (
        document(fields__sobject="x"),
        "fields: unknown key sobject; known are name, status, priority",
    ),
    "core field is empty": (document(fields__status=None), "fields.status: must be a mapping, not nothing"),
    "unknown key in a field": (
        document(fields__status__valeus=1, fields__status__values=...),
        "fields.status: unknown key valeus; known are reminder, task, kind, values, import_as",
    ),
    "two unknown keys": (document(link={"a": 1, "b": 2}), "link: unknown key a and 1 more; known are task_field"),
    "no column": (document(fields__details__task=...), "fields.details: task is missing"),
    "wrong reminder column": (
        document(fields__details__reminder="notes"),
        "fields.details.reminder: must be details, not notes",
    ),
    "wrong core kind": (document(fields__status__kind="text"), "fields.status.kind: must be picklist, not text"),
    "not a column name": (
        document(fields__details__task="Description 2"),
        "fields.details.task: Description 2 is not a field name",
    ),
    "column in quotes needed": (
        document(fields__details__task=True),
        "fields.details.task: must be text, not true (put it in quotes)",
    ),
    "negative length": (
        document(fields__details__max_length=0),
        "fields.details.max_length: must be at least 1, not 0",
    ),
    "Subject too long": (
        document(fields__name__max_length=256),
        "fields.name.max_length: must be at most 255, not 256",
    ),
    "length as text": (
        document(fields__name__max_length="255"),
        "fields.name.max_length: must be a whole number, not 255",
    ),
    "length of a date": (document(fields__due_date__max_length=9), "fields.due_date: unknown key max_length"),
    "picklist without values": (document(fields__status__values=...), "fields.status: values is missing"),
    "picklist with empty values": (
        document(extra_fields={"x": {**EXTRA, "kind": "picklist", "values": {}, "import_as": ""}}),
        "extra_fields.x.values: must not be empty",
    ),
    "core value missing": (
        document(fields__status__values={"open": "Not Started"}),
        "fields.status.values: completed is missing",
    ),
    "core value unknown": (
        document(fields__status__values={"open": "A", "completed": "B", "waiting": "C"}),
        "fields.status.values: the key waiting is none of open, completed",
    ),
    "value is no text": (
        document(fields__status__values={"open": False, "completed": "Completed"}),
        "fields.status.values.open: must be text, not false (put it in quotes)",
    ),
    "value is empty": (
        document(fields__priority__values={"normal": "", "high": "High"}),
        "fields.priority.values.normal: must not be empty",
    ),
    "two values on one task value": (
        document(fields__status__values={"open": "Done", "completed": "Done"}),
        "fields.status.values: open and completed both become Done, so it could not be read back",
    ),
    "import_as is not a key": (
        document(fields__status__import_as="closed"),
        "fields.status.import_as: closed is none of the keys of values",
    ),
    "no import_as": (document(fields__status__import_as=...), "fields.status: import_as is missing"),
    "unknown template field": (
        document(subject__template="{{Activity-Subject}}"),
        "subject.template: {{activity-subject}} is not a field; known are activity_type",
    ),
    "empty template": (document(subject__template=""), "subject.template: must not be empty"),
    "empty default name": (document(subject__default_name=""), "subject.default_name: must not be empty"),
    "blank default name": (document(subject__default_name=" "), "subject.default_name: must not be blank"),
    "long default name": (
        document(subject__default_name="x" * 256),
        "subject.default_name: must not be longer than 255 characters",
    ),
    "extra field without kind": (document(extra_fields={"x": {}}), "extra_fields.x: kind is missing"),
    "extra field without columns": (
        document(extra_fields={"x": {"kind": "text"}}),
        "extra_fields.x: reminder, task are missing",
    ),
    "unknown kind": (
        document(extra_fields={"x": {**EXTRA, "kind": "number"}}),
        "extra_fields.x.kind: number is none of text, date, picklist",
    ),
    "kind of ours": (
        document(extra_fields={"x": {**EXTRA, "kind": "subject"}}),
        "extra_fields.x.kind: subject is none of text, date, picklist",
    ),
    "text with values": (
        document(extra_fields={"x": {**EXTRA, "values": {"a": "b"}}}),
        "extra_fields.x: unknown key values; known are reminder, task, kind, max_length",
    ),
    "extra picklist without values": (
        document(extra_fields={"x": {**EXTRA, "kind": "picklist"}}),
        "extra_fields.x: values, import_as are missing",
    ),
    "extra field is text": (document(extra_fields={"x": "Foo__c"}), "extra_fields.x: must be a mapping, not Foo__c"),
    "extra fields in a list": (document(extra_fields=[EXTRA]), "extra_fields: must be a mapping or null, not a list"),
    "extra key is no name": (
        document(extra_fields={"Call Outcome": EXTRA}),
        "extra_fields: the key Call Outcome is not a field name",
    ),
    "duplicate task column": (
        document(extra_fields={"x": {**EXTRA, "task": "subject"}}),
        "extra_fields.x.task: subject is used already, by fields.name.task",
    ),
    "duplicate reminder column": (
        document(extra_fields={"x": EXTRA, "y": {**EXTRA, "task": "Y__c"}}),
        "extra_fields.y.reminder: call_outcome is used already, by extra_fields.x.reminder",
    ),
    "link field mapped": (
        document(extra_fields={"x": {**EXTRA, "task": "sales_connect_id__c"}}),
        "extra_fields.x.task: sales_connect_id__c is used already, by link.task_field",
    ),
}


@pytest.mark.parametrize(("content", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_is_named_with_its_path(tmp_path, content, words):
    """In words for the person who edits the file, on one line."""
    message = refused(written(tmp_path, content))
    assert message.startswith(f"Mapping file FILE, {words}")
    assert message.endswith("Nothing was read or written.")


FORBIDDEN = [
    "Type", "type", "TaskSubtype", "TASKSUBTYPE", "IsRecurrence", "RecurrenceInterval", "RecurrenceType",
    "RecurrenceStartDateOnly", "RecurrenceEndDateOnly", "RecurrenceDayOfWeekMask", "RecurrenceDayOfMonth",
    "RecurrenceInstance", "RecurrenceMonthOfYear", "RecurrenceTimeZoneSidKey", "RecurrenceRegeneratedType",
    "recurrenceActivityId", "Id", "OwnerId", "ownerid", "WhoId", "WhatId", "IsClosed", "IsDeleted", "SystemModstamp",
]  # fmt: skip


@pytest.mark.parametrize("column", FORBIDDEN)
@pytest.mark.parametrize("place", ["fields__details__task", "link__task_field", "extra_fields"])
def test_a_column_that_is_never_written_cannot_be_mapped(tmp_path, column, place):
    """Type, TaskSubtype, recurrence and system fields, in whatever case: Salesforce does not tell case apart."""
    value = {"x": {**EXTRA, "task": column}} if place == "extra_fields" else column
    path = "extra_fields.x.task" if place == "extra_fields" else place.replace("__", ".")
    assert f"{path}: {column} must not be mapped" in refused(written(tmp_path, document(**{place: value})))


@pytest.mark.parametrize(
    "column", ["id", "assignee_id", "person", "campaign", "salesforce_task_id", "updated_at", "version"]
)
def test_a_reminder_member_that_is_ours_or_no_single_value_cannot_be_mapped(tmp_path, column):
    """The assignee has its own pair, and stamps and the link are not the user's."""
    message = refused(written(tmp_path, document(extra_fields={"x": {**EXTRA, "reminder": column}})))
    assert f"extra_fields.x.reminder: {column} must not be mapped" in message


@pytest.mark.parametrize("name", ["name", "status", "priority", "due_date", "details", "assignee"])
def test_an_extra_field_cannot_take_a_core_fields_name(tmp_path, name):
    """It would silently replace that field's base."""
    message = refused(written(tmp_path, document(extra_fields={name: EXTRA})))
    assert f"extra_fields: the key {name} is one of our own fields; choose another name" in message


def test_a_long_mistake_is_shown_short(tmp_path):
    """Neither values nor keys of any length, nor whole parts of the file, get into a message."""
    long = "long " * 200
    for content in (
        document(version=long),
        document(link__task_field=long),
        document(extra_fields={long: EXTRA}),
        document(fields__details={"kind": {"deep": [long] * 50}}),
        document(extra_fields={"x" * 500: {**EXTRA, "kind": long}}),
        document(
            extra_fields={"x" * 500: {**EXTRA, "reminder": "y" * 500}, "z" * 500: {**EXTRA, "reminder": "y" * 500}}
        ),
        document(subject__template="{{" + long + "}}"),
        document(fields__status__values={"open": long, "completed": long}),
        f"version: 1\n{long}: 1\n{long}: 2",
        f"version: !{'x' * 500} 1",
    ):
        refused(written(tmp_path, content))


PLACES = [
    "version", "link", "link__task_field", "subject", "subject__template", "subject__default_name", "fields",
    "fields__name", "fields__status", "fields__status__values", "fields__status__values__open", "fields__details__task",
    "fields__details__max_length", "fields__priority__import_as", "fields__due_date__kind", "extra_fields",
]  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.dates(), st.binary(max_size=3), st.text(max_size=60)
)
PARTS = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "kind", "task", "values", "reminder"]) | LEAVES, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.sampled_from(PLACES), PARTS)
@thoroughly
def test_any_part_is_either_taken_or_named(tmp_path_factory, place, part):
    """Whatever stands anywhere in the file, the answer is a field map or one short line, and never another error."""
    path = written(tmp_path_factory.mktemp("map"), document(**{place: part}))
    try:
        load_mapping(path)
    except MappingError:
        assert place.split("__")[0] in refused(path)


def test_the_schema_is_itself_valid():
    """It is what the mapping file's comment names, and what an editor may check against."""
    schema = yaml.safe_load(
        resources.files("tasksync_mappings").joinpath("reminder-task.schema.json").read_text("utf-8")
    )
    jsonschema.Draft202012Validator.check_schema(schema)
