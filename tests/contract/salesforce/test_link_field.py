"""The link field: an External ID that is unique and heeds case."""

# ruff: noqa: S608  SOQL of these tests' own constants

from __future__ import annotations

import pytest

from tasksync_clients.salesforce.dialect import holder
from tasksync_clients.soql import in_list
from tests.contract.marks import marked


def test_the_link_field_as_it_must_be(org):
    """§7 External ID [X]: the link field is an External ID, unique, heeds case, may be written and filtered."""
    field = org.field(org.link)
    names = ("externalId", "unique", "caseSensitive", "createable", "updateable", "filterable")
    assert [name for name in names if field.get(name) is not True] == [], "these are not true"
    assert field["length"] >= 64, f"it holds {field['length']} characters"


def test_an_upsert_creates_and_finds(org):
    """§3 Upsert [D]: an upsert with a new value creates the task, the same again finds it and updates it."""
    value = marked()
    first, second = org.upsert(value), org.upsert(value, Priority="High")
    assert (first.created, second.created, first.id) == (True, False, second.id)
    assert org.task(str(first.id), "Priority", org.link) == {"Priority": "High", org.link: value}


def test_an_upsert_does_not_match_deleted_tasks(org):
    """§7 External ID [U]: an upsert does not match a deleted row: it creates a new one under the same value."""
    value = marked()
    first = org.upsert(value)
    org.client.delete([str(first.id)])
    second = org.upsert(value)
    assert second.ok, f"it is refused as {second.code}"
    assert (second.created, second.id == first.id) == (True, False)


def test_a_deleted_task_is_found_by_its_link(org):
    """§6, §7 [D]: queryAll finds living and deleted tasks by the link field."""
    gone, kept = org.upsert(marked()), org.upsert(marked())
    values = [org.task(str(row.id), org.link)[org.link] for row in (gone, kept)]
    org.client.delete([str(gone.id)])
    soql = f"SELECT Id, IsDeleted FROM Task WHERE {org.link} IN {in_list(values)}"
    found = {row["Id"]: row["IsDeleted"] for row in org.query(soql, everything=True)}
    assert found == {gone.id: True, kept.id: False}


def test_a_duplicate_is_refused(org):
    """§7 [U]: a create with a value that a living task holds is DUPLICATE_VALUE."""
    value = marked()
    org.upsert(value)
    (result,) = org.client.create("Task", [{"Subject": marked(), org.link: value}])
    org.made += [result.id] if result.id else []
    assert (result.ok, result.code) == (False, "DUPLICATE_VALUE")


@pytest.mark.alternative("the reminder is parked; when it is tried again, the task is found by its link field")
def test_a_duplicate_names_its_holder(org):
    """§7 [U]: the message of DUPLICATE_VALUE names the task that holds the value, by 15 or 18 characters."""
    value = marked()
    first = org.upsert(value)
    (result,) = org.client.create("Task", [{"Subject": marked(), org.link: value}])
    org.made += [result.id] if result.id else []
    found = holder(result.code or "", result.message or "")
    assert found == first.id, f"it names {found}"


def test_the_link_field_heeds_case(org):
    """§7 External ID [U]: values that differ in case alone are two, for upserts and for the unique index."""
    value = marked("a")
    lower, upper = org.upsert(value), org.upsert(value[:-1] + "A")
    assert upper.ok, f"the second is refused as {upper.code}"
    assert lower.id != upper.id, "the second upsert found the first one's task"


@pytest.mark.alternative("rows are told apart in the connector, with regard to case")
def test_a_filter_on_the_link_field_heeds_case(org):
    """§7 External ID [U]: a filter by the link field finds the value in its own case alone."""
    value = marked("a")
    org.upsert(value)
    other = value[:-1] + "A"
    assert org.query(f"SELECT Id FROM Task WHERE {org.link} = '{other}'") == []


def test_a_link_can_be_emptied(org):
    """§3 [D]: null empties the link field, and its value is free for another task."""
    value = marked()
    first = org.upsert(value)
    assert org.update(str(first.id), **{org.link: None}).ok
    assert org.upsert(value).created is True
