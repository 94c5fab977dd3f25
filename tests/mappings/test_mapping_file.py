"""Reading a mapping file: the packaged one, an edited copy, and files that cannot be read (sync-rules §3)."""

import pytest

from tasksync_mappings import DOES_NOT_TRAVEL, Kind, Translation, load_mapping

from .links import USERS
from .mapping_files import EXTRA, PACKAGED, document, refused, written

STAGE = {"reminder": "stage", "task": "Stage__c", "kind": "picklist", "values": {"a": "A"}, "import_as": "a"}


@pytest.mark.parametrize("nowhere", [None, ""])
def test_the_packaged_file_is_the_default(nowhere):
    """An empty setting counts as none."""
    fields = load_mapping(nowhere)
    assert [(field.name, field.reminder, field.task, field.kind) for field in fields.fields] == [
        ("name", "name", "Subject", Kind.SUBJECT),
        ("status", "status", "Status", Kind.PICKLIST),
        ("priority", "priority", "Priority", Kind.PICKLIST),
        ("due_date", "due_date", "ActivityDate", Kind.DATE),
        ("details", "details", "Description", Kind.TEXT),
        ("assignee", "assignee_id", "OwnerId", Kind.USER),
    ]
    assert (fields.task_field, fields.template, fields.default_name) == ("Sales_Connect_Id__c", None, "Task")
    assert dict(fields.named("status").values) == {"open": "Not Started", "completed": "Completed"}
    assert dict(fields.named("priority").values) == {"normal": "Normal", "high": "High"}
    assert (fields.named("name").max_length, fields.named("details").max_length) == (255, 32_000)


def test_an_edited_copy_is_read(tmp_path):
    """Picklist values, template, default name, link field and extra pairs come from the file."""
    path = written(
        tmp_path,
        document(
            link__task_field=None,
            subject={"template": "{{Activity_Type}}: {{activity_subject}}", "default_name": "Aufgabe"},
            fields__status__values={"open": "Offen", "completed": "Erledigt"},
            fields__priority__task="Dringlichkeit__c",
            extra_fields={
                "outcome": EXTRA,
                "stage": STAGE,
                "follow_up": {"reminder": "follow_up_on", "task": "Follow_Up__c", "kind": "date"},
            },
        ),
    )
    fields = load_mapping(path)
    assert load_mapping(str(path)) == fields
    assert fields.task_field is None
    assert [field.name for field in fields.fields[5:]] == ["outcome", "stage", "follow_up", "assignee"]
    translation = Translation(fields, USERS)
    put = translation.put({"type": "call", "name": "Ring Ada", "status": "completed", "call_outcome": "None"})
    assert (put["name"], put["status"], put["outcome"]) == ("Call: Ring Ada", "Erledigt", "None")
    assert translation.get({"Status": "Completed"})["status"] is DOES_NOT_TRAVEL
    assert translation.get_for_import({"Stage__c": "B"})["stage"] == "a"
    assert translation.get({})["name"] == "Aufgabe"


def test_lengths_that_the_file_leaves_out_are_salesforces(tmp_path):
    """Subject and Description are cut whether the file says so or not."""
    path = written(tmp_path, document(fields__name__max_length=..., fields__details__max_length=...))
    fields = load_mapping(path)
    assert (fields.named("name").max_length, fields.named("details").max_length) == (255, 32_000)


@pytest.mark.parametrize("leave_out", ["subject", "extra_fields"])
@pytest.mark.parametrize("how", [None, ...])
def test_optional_parts_may_be_empty_or_absent(tmp_path, leave_out, how):
    """They then mean their defaults."""
    assert load_mapping(written(tmp_path, document(**{leave_out: how}))) == load_mapping()


def test_a_byte_order_mark_is_read_over(tmp_path):
    """Some editors begin a file with one."""
    assert load_mapping(written(tmp_path, b"\xef\xbb\xbf" + PACKAGED.encode())) == load_mapping()


UNREADABLE = {
    "not UTF-8": (b"version: 1 # \xff\xfe", "cannot be read: it is not UTF-8 text. Set mapping_path to a copy"),
    "invalid YAML": ("version: 1\nlink: {task_field: X\nfields: 1\n", "is not valid YAML at line 3, column 7:"),
    "a tab": ("version: 1\nlink:\n\ttask_field: X\n", "is not valid YAML at line 3, column 1: found character '\\t'"),
    "a control character": ("version: 1\nlink: \x01", "is not valid YAML at line 2: the character #x0001"),
    "no such date": ("version: 2026-13-45", "is not valid YAML: month must be in 1..12"),
    "a key twice": (PACKAGED.replace("  priority:", "  status:"), "column 3: the key 'status' stands twice"),
    "an alias of nothing": ("version: *one", "is not valid YAML at line 1, column 10: found undefined alias"),
    "a Python tag": ("version: !!python/name:os.system 1", "could not determine a constructor"),
    "too deep": ("version: " + "[" * 5000, "nested too deeply"),
}


@pytest.mark.parametrize(("content", "words"), UNREADABLE.values(), ids=UNREADABLE)
def test_an_unreadable_file_is_named_with_the_reason(tmp_path, content, words):
    """And with the line, where there is one."""
    assert words in refused(written(tmp_path, content))


def test_a_missing_file_is_named(tmp_path):
    """With what to set instead."""
    message = refused(tmp_path / "no.yml")
    assert message == (
        "Mapping file FILE cannot be read: No such file or directory. Set mapping_path to a copy of reminder-task.yml."
    )
    assert "Is a directory" in refused(tmp_path)
