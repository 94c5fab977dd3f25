"""The Salesforce metadata that the project deploys."""

import json
import re
import shutil
import subprocess
from xml.etree import ElementTree as ET

import pytest

from tap_salesforce_tasks.tap import TapSalesforceTasks
from tasksync_clients.salesforce import SalesforceClient, SalesforceSettings
from tasksync_mappings import load_mapping
from tasksync_sandbox.salesforce.schema.objects import LINK_FIELD

from .copies import ROOT

FOLDER = ROOT / "salesforce"
PACKAGE = (
    FOLDER / json.loads((FOLDER / "sfdx-project.json").read_text(encoding="utf-8"))["packageDirectories"][0]["path"]
)
NAME = "Sales_Connect_Id__c"
SETUP = (ROOT / "docs/salesforce-setup.md").read_text(encoding="utf-8")


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


def test_the_permission_set_has_the_least_rights():
    """No object, no user permission, no tab: only the one field, so that nobody gets more by being given it."""
    (path,) = (PACKAGE / "main/default/permissionsets").iterdir()
    kinds = {element.tag.rpartition("}")[2] for element in ET.parse(path).getroot()}  # noqa: S314 - see told
    assert kinds == {"label", "description", "hasActivationRequired", "fieldPermissions"}


def test_the_manifest_names_all_of_it():
    """package.xml lists every component in the folder."""
    members = told(FOLDER / "manifest/package.xml")["members"]
    found = [f"Activity.{path.name.partition('.')[0]}" for path in PACKAGE.rglob("*.field-meta.xml")]
    found += [path.name.partition(".")[0] for path in PACKAGE.rglob("*.permissionset-meta.xml")]
    assert sorted(members) == sorted(found)


def test_the_pages_name_what_is_deployed():
    """The steps to set up and to leave mean the components of the manifest."""
    members = set(told(FOLDER / "manifest/package.xml")["members"])
    named = set(re.findall(r"(?:PermissionSet|CustomField):([\w.]+)", SETUP))
    assert named == members
    assigned = re.findall(r"permset --name (\w+)", SETUP + (FOLDER / "README.md").read_text(encoding="utf-8"))
    assert set(assigned) == {"Sales_Connect_Sync"}


@pytest.mark.skipif(shutil.which("openssl") is None, reason="the page's command is openssl's")
def test_the_key_that_the_page_makes_logs_in(tmp_path, sandbox):
    """The page's own commands make a key that only its owner reads, and whose certificate an app takes for a login."""
    (block,) = re.findall(r"```sh\n(.*?openssl.*?)```", SETUP, re.DOTALL)
    subprocess.run(["/bin/sh", "-e", "-c", block], cwd=tmp_path, check=True, capture_output=True)  # noqa: S603 - our page's
    key = tmp_path / "tasksync.key"
    assert key.stat().st_mode & 0o077 == 0
    who = "integration@example.com"
    app = {"client_secret": "none", "certificate": (tmp_path / "tasksync.crt").read_text(), "username": who}
    user = {"Id": "005Tm0000000009AAA", "Username": who, "Email": who, "LastName": "Sync", "IsActive": True}
    sandbox.load(salesforce={"User": [user]})
    sandbox.control("salesforce", "POST", "logins", {"apps": {"consumer-key": app}})
    settings = SalesforceSettings.from_config({
        "login_url": sandbox.salesforce_url, "client_id": "consumer-key", "username": who,
        "private_key_path": str(key), "loopback_only": True,
    })  # fmt: skip
    with SalesforceClient(settings) as client:
        assert client.describe("Task")["name"] == "Task"


@pytest.mark.parametrize("flow", ["private key", "client credentials"])
def test_the_variables_of_the_page_choose_that_login(flow, tmp_path):
    """What the page says to set for a login is enough for it, and chooses it."""
    blocks = re.findall(r"```text\n(.*?)```", SETUP, re.DOTALL)
    by_login = [dict(re.findall(r"(SALESFORCE_\w+)=(.+)", block)) for block in blocks if "LOGIN_URL" in block]
    variables = by_login[0 if flow == "private key" else 1]
    names = {name.removeprefix("SALESFORCE_").lower(): value for name, value in variables.items()}
    if "private_key_path" in names:
        names["private_key_path"] = str(tmp_path)
    assert SalesforceSettings.from_config(names).login_flow().value == flow
