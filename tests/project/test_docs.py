"""The pages in docs/ say what the code does."""

import json
import re
from importlib import resources

import pytest
import yaml

from tasksync_console.commands.all import app
from tasksync_mappings import MappingError, load_mapping

from .copies import ROOT, tracked
from .generated import docs
from .pages import section

PAGES = docs.PAGES
MAPPING = (ROOT / "docs/mapping.md").read_text(encoding="utf-8")
YAML = re.compile(r"```yaml\n(.*?)```", re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_is_up_to_date(page):
    """`make docs` would change nothing."""
    assert docs.renewed(page) == page.read_text(encoding="utf-8")


def test_the_index_leads_to_every_page():
    """docs/README.md links each page that can be read, the plugins' own too."""
    index = (ROOT / "docs/README.md").read_text(encoding="utf-8")
    linked = {(ROOT / "docs" / target).resolve() for target in re.findall(r"\]\(([^)#]+)", index)}
    assert {*PAGES} - {ROOT / "docs/README.md"} <= linked


@pytest.mark.parametrize("name", docs.PLUGINS)
def test_every_plugin_has_a_page(name):
    """It lists the plugin's settings."""
    assert f"<!-- generated: settings {name} -->" in (ROOT / name / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("text", YAML.findall(MAPPING))
def test_every_mapping_of_the_page_can_be_used(text, tmp_path):
    """Each example loads."""
    path = tmp_path / "mapping.yml"
    path.write_text(text, encoding="utf-8")
    assert load_mapping(path).task_field == "Sales_Connect_Id__c"


def test_every_key_of_the_mapping_file_is_on_its_page():
    """What the schema takes is explained."""
    text = resources.files("tasksync_mappings").joinpath("reminder-task.schema.json").read_text(encoding="utf-8")
    told = {
        word
        for piece in re.findall(r"`([^`]+)`", section("docs/mapping.md", "The parts"))
        for word in re.findall(r"\w+", piece)
    }
    assert set(keys(json.loads(text))) <= told


def keys(schema):
    """Every key that a schema names, at whatever depth."""
    for key, value in schema.items():
        if key == "properties":
            yield from value
        if isinstance(value, dict):
            yield from keys(value)


def test_a_mistake_is_named_as_the_page_shows(tmp_path, monkeypatch):
    """The page's message is the one that the mistake gets."""
    document = yaml.safe_load(YAML.findall(MAPPING)[0])
    del document["fields"]["status"]["values"]["completed"]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "our-mapping.yml").write_text(yaml.safe_dump(document), encoding="utf-8")
    with pytest.raises(MappingError) as mistake:
        load_mapping("our-mapping.yml")
    assert str(mistake.value) in MAPPING


def test_every_setting_of_an_example_exists():
    """What a page writes into a plugin's `config` is a setting of that plugin."""
    checked = 0
    for page in PAGES:
        for text in YAML.findall(page.read_text(encoding="utf-8")):
            for plugin in plugins(yaml.safe_load(text)):
                name = plugin.get("inherit_from", plugin["name"])
                if name in docs.PLUGINS and "config" in plugin:
                    known = {*docs.declared(docs.PLUGINS[name]), "stream_maps"}  # which every plugin has from the SDK
                    assert plugin["config"].keys() <= known, page.name
                    checked += 1
    assert checked


def plugins(document):
    """The plugins in a piece of meltano.yml, of its environments too."""
    parts = [document.get("plugins", {})]
    parts += [found["config"]["plugins"] for found in document.get("environments", ()) if "config" in found]
    return [plugin for part in parts for kind in part.values() for plugin in kind]


def test_every_command_of_the_pages_exists():
    """Each `tasksync …` on any page is a command."""
    known = {command.name or command.callback.__name__ for command in app.registered_commands}
    known |= {group.name for group in app.registered_groups}
    pages = [ROOT / path for path in tracked() if path.suffix == ".md"]
    named = {name for page in pages for name in re.findall(r"[`/]tasksync ([a-z]+)", page.read_text(encoding="utf-8"))}
    assert {"status", "check", "parked"} <= named <= known
