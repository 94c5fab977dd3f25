"""Settings mean the same in the plugins, in meltano.yml and in .env.example."""

import re

import pytest
import yaml

from .copies import ROOT
from .generated import docs

MELTANO = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
IN_MELTANO = {
    plugin["name"]: {setting["name"]: setting for setting in plugin["settings"]}
    for kind in MELTANO["plugins"].values()
    for plugin in kind
}
KINDS = {"string": {"string", "options"}, "integer": {"integer"}, "number": {"integer"}, "boolean": {"boolean"},
         "array": {"array"}}  # fmt: skip


@pytest.mark.parametrize("name", docs.PLUGINS)
def test_meltano_knows_every_setting_of_a_plugin(name):
    """Each setting that a plugin declares is in meltano.yml, and no other."""
    assert IN_MELTANO[name].keys() == docs.declared(docs.PLUGINS[name]).keys()


@pytest.mark.parametrize("name", docs.PLUGINS)
def test_meltano_knows_secrets_and_kinds(name):
    """What a plugin calls secret is sensitive in meltano.yml, and nothing else is; the kinds fit the types."""
    for key, schema in docs.declared(docs.PLUGINS[name]).items():
        setting = IN_MELTANO[name][key]
        assert bool(schema.get("secret")) == setting.get("sensitive", False), key
        (kind,) = {given for given in schema["type"] if given != "null"} if "null" in schema["type"] else {"string"}
        assert setting["kind"] in KINDS[kind], key


def test_the_example_lists_every_variable():
    """.env.example has each variable that meltano.yml reads, once, commented out, and no other."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = re.findall(r"^#([A-Z_]+)=", text, re.MULTILINE)
    aliases = {alias for plugin in IN_MELTANO.values() for s in plugin.values() for alias in s.get("env_aliases", ())}
    assert sorted(listed) == sorted(aliases)
    assert re.findall(r"^[^#\n]+", text, re.MULTILINE) == []


def test_a_variable_fills_the_same_setting_everywhere():
    """An alias belongs to one setting name, whichever plugins have it."""
    names = {}
    for plugin in IN_MELTANO.values():
        for key, setting in plugin.items():
            for alias in setting.get("env_aliases", ()):
                assert names.setdefault(alias, key) == key


def test_environments_set_declared_settings():
    """What an environment presets is a setting of that plugin."""
    for environment in MELTANO["environments"]:
        for kind in environment.get("config", {}).get("plugins", {}).values():
            for plugin in kind:
                assert plugin["config"].keys() <= IN_MELTANO[plugin["name"]].keys()
