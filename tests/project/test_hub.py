"""The plugins' definitions in hub/, by which they are added to other projects."""

import importlib.util
import json
from importlib import resources

import jsonschema
import pytest
import yaml

from tasksync_clients.errors import WrongSettings
from tasksync_clients.sales_connect import SalesConnectSettings
from tasksync_clients.salesforce import SalesforceSettings

from .copies import ROOT, Project
from .generated import docs

FILES = {path.stem: path for path in sorted((ROOT / "hub").glob("*/*.yml"))}
DEFINITIONS = {name: yaml.safe_load(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
SERVICES = {"connect": SalesConnectSettings, "tasks": SalesforceSettings}


@pytest.fixture(scope="module")
def meltano_schema():
    """What Meltano itself takes for a plugin."""
    text = resources.files("meltano.schemas").joinpath("meltano.schema.json").read_text(encoding="utf-8")
    return json.loads(text)


def test_nothing_is_out_of_date(monkeypatch):
    """`make docs` would change nothing: the settings are the plugins' own, with their words and defaults."""
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    spec = importlib.util.spec_from_file_location("hub_script", ROOT / "scripts/hub.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert {path: path.read_text(encoding="utf-8") for path in FILES.values()} == script.definitions()


@pytest.mark.parametrize("name", FILES)
def test_meltano_takes_the_definition(name, meltano_schema):
    """By its own schema, but for what only the Hub's pages show."""
    plugin = {key: value for key, value in DEFINITIONS[name].items() if key not in {"domain_url", "keywords"}}
    for only_shown in ("maintenance_status", "settings_preamble"):
        assert plugin.pop(only_shown)
    kind = FILES[name].parent.name
    checked = {"$ref": f"#/$defs/plugins/{kind}", "$defs": meltano_schema["$defs"]}
    jsonschema.Draft202012Validator(checked).validate(plugin)


@pytest.mark.parametrize("name", docs.PLUGINS)
def test_each_group_of_settings_is_enough_to_log_in(name):
    """A client takes every group as whole, and misses each setting of it that is left out, by its name."""
    service = next(found for end, found in SERVICES.items() if name.endswith(end))
    for group in DEFINITIONS[name]["settings_group_validation"]:
        given = {key: "https://example.com" if key.endswith("_url") else "x" for key in group if key != "ledger_url"}
        service.from_config(given)
        longer = [set(other) for other in DEFINITIONS[name]["settings_group_validation"]]
        for left_out in given:
            rest = {key: value for key, value in given.items() if key != left_out}
            if not any(other <= rest.keys() | {"ledger_url"} for other in longer):
                with pytest.raises(WrongSettings):
                    service.from_config(rest)


@pytest.mark.parametrize("name", FILES)
def test_a_plugin_is_added_to_another_project(name, tmp_path):
    """With the command of its own page: Meltano then knows its settings, and which of them are secret."""
    project = Project(tmp_path)
    (tmp_path / ".venv").symlink_to(ROOT / ".venv")
    (tmp_path / "meltano.yml").write_text("default_environment: dev\nenvironments:\n- name: dev\n")
    folder = name if name in docs.PLUGINS else "console"
    page = (ROOT / folder / "README.md").read_text(encoding="utf-8")
    (line,) = [line for line in page.splitlines() if line.startswith("meltano add")]
    assert f"https://git.example.com/tasksync/raw/main/{FILES[name].relative_to(ROOT)}" in line
    project.run(".venv/bin/" + line.replace("https://git.example.com/tasksync/raw/main", str(ROOT)) + " --no-install")
    added = yaml.safe_load((tmp_path / "meltano.yml").read_text())["plugins"][FILES[name].parent.name][0]
    assert added["pip_url"] == f"git+https://git.example.com/tasksync.git#subdirectory={folder}"
    secret = {setting["name"] for setting in added["settings"] if setting.get("sensitive")}
    assert "ledger_url" in secret
    if name in docs.PLUGINS:
        declared = docs.declared(docs.PLUGINS[name])
        assert secret == {key for key, schema in declared.items() if schema.get("secret")}
