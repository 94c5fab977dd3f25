"""The Salesforce metadata that the project deploys."""

import json
from xml.etree import ElementTree as ET

import pytest

from tap_salesforce_tasks.tap import TapSalesforceTasks
from tasksync_mappings import load_mapping
from tasksync_sandbox.salesforce.schema.objects import LINK_FIELD

from .copies import ROOT

FOLDER = ROOT / "salesforce"
PACKAGE = (
    FOLDER / json.loads((FOLDER / "sfdx-project.json").read_text(encoding="utf-8"))["packageDirectories"][0]["path"]
)
NAME = "Sales_Connect_Id__c"


def told(path):
    """An XML file's leaves, by tag, each with its texts."""
    found = {}
    for element in ET.parse(path).iter():  # noqa: S314 - our own files
        if not len(element):
            found.setdefault(element.tag.rpartition("}")[2], []).append(element.text)
    return found


@pytest.fixture(scope="module")
def field():
    """The field's definition."""
    return told(PACKAGE / f"main/default/objects/Activity/fields/{NAME}.field-meta.xml")


def test_the_field_can_be_upserted_on(field):
    """It is text, an External ID, unique and case-sensitive."""
    assert field["fullName"] == [NAME]
    assert field["type"] == ["Text"]
    assert field["externalId"] == field["unique"] == field["caseSensitive"] == ["true"]


def test_the_field_is_the_sandboxes(field):
    """What fits into the sandbox's link field fits into the org's, and both are named alike."""
    assert LINK_FIELD.name == NAME
    assert (LINK_FIELD.unique, LINK_FIELD.external_id, LINK_FIELD.case_sensitive) == (True, True, True)
    assert int(field["length"][0]) >= LINK_FIELD.length


def test_everybody_means_the_same_field():
    """The mapping and the tap have it as their default."""
    assert load_mapping().task_field == NAME
    assert TapSalesforceTasks.config_jsonschema["properties"]["link_field"]["default"] == NAME


def test_the_permission_set_may_edit_the_field():
    """And nothing else."""
    (path,) = (PACKAGE / "main/default/permissionsets").iterdir()
    given = told(path)
    assert given["field"] == [f"Task.{NAME}"]
    assert given["editable"] == given["readable"] == ["true"]


def test_the_manifest_names_all_of_it():
    """package.xml lists every component in the folder."""
    members = told(FOLDER / "manifest/package.xml")["members"]
    found = [f"Activity.{path.name.partition('.')[0]}" for path in PACKAGE.rglob("*.field-meta.xml")]
    found += [path.name.partition(".")[0] for path in PACKAGE.rglob("*.permissionset-meta.xml")]
    assert sorted(members) == sorted(found)
