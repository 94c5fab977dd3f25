# noqa: INP001 - a script, no package
"""Write the generated parts of the pages: between `<!-- generated: WHAT -->` and `<!-- end -->`.

`--check` writes nothing and exits with 1 where a page is out of date.
"""

from __future__ import annotations

import ast
import json
import re
import sys
import tomllib
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from tap_salesconnect.tap import TapSalesconnect
from tap_salesforce_tasks.tap import TapSalesforceTasks
from target_salesconnect.target import TargetSalesconnect
from target_salesforce_tasks.target import TargetSalesforceTasks

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from singer_sdk.plugin_base import PluginBase

    Schema = dict[str, Any]

ROOT = Path(__file__).resolve().parent.parent
PLUGINS: dict[str, type[PluginBase]] = {
    plugin.name: plugin for plugin in (TapSalesconnect, TargetSalesforceTasks, TapSalesforceTasks, TargetSalesconnect)
}
PAGES = sorted([*(ROOT / "docs").glob("*.md"), *(ROOT / name / "README.md" for name in PLUGINS)])
"""What may have generated parts: docs/, and each plugin's own page."""
REGION = re.compile(r"(?P<start><!-- generated: (?P<what>[^>]+) -->\n).*?(?P<end><!-- end -->)", re.DOTALL)


def declared(plugin: type[PluginBase]) -> dict[str, Schema]:
    """A plugin's own settings with their schemas: those that the SDK gives to every plugin are left out."""
    builtin: dict[str, Any] = {"properties": {}}
    plugin.append_builtin_config(builtin)
    settings: dict[str, Schema] = plugin.config_jsonschema["properties"]
    return {name: schema for name, schema in settings.items() if name not in builtin["properties"]}


def in_meltano() -> Iterator[tuple[str, dict[str, Any]]]:
    """Each setting in meltano.yml with its plugin's name."""
    document = yaml.safe_load((ROOT / "meltano.yml").read_text(encoding="utf-8"))
    for plugins in document["plugins"].values():
        for plugin in plugins:
            for setting in plugin.get("settings", ()):
                yield plugin["name"], setting


def variable(plugin: str, setting: dict[str, Any]) -> str:
    """The environment variable of a setting: its alias, else the one that Meltano gives it."""
    aliases: list[str] = setting.get("env_aliases", [])
    return aliases[0] if aliases else f"{plugin}_{setting['name']}".replace("-", "_").upper()


def settings_table(name: str) -> str:
    """What a plugin can be told."""
    variables = {setting["name"]: variable(name, setting) for plugin, setting in in_meltano() if plugin == name}
    rows = (
        (f"`{key}`", f"`{variables[key]}`", takes(schema), default(schema), schema.get("description", ""))
        for key, schema in declared(PLUGINS[name]).items()
    )
    return table(("Setting", "Variable", "Takes", "Default", ""), rows)


def streams(name: str) -> str:
    """What a tap reads: each stream with its fields, as they are without extra fields."""
    plugin = PLUGINS[name]
    required = dict.fromkeys(plugin.config_jsonschema.get("required", ()), "-")
    tap: Any = plugin(config=required, validate_config=False)
    return "\n".join(stream(found) for found in tap.streams.values())


def stream(found: Any) -> str:  # noqa: ANN401 - a stream of either tap, which differ in nothing that matters here
    """One stream."""
    summary = (type(found).__doc__ or "").strip().splitlines()[0]
    incremental = f"incremental by `{found.replication_key}`" if found.replication_key else "in full each time"
    keys = ", ".join(f"`{key}`" for key in found.primary_keys)
    rows = (
        (f"`{key}`", takes(schema), schema.get("description", "")) for key, schema in flat(found.schema["properties"])
    )
    return f"### {found.name}\n\n{summary}\n\nKey {keys}; {incremental}.\n\n{table(('Field', 'Type', ''), rows)}"


def flat(properties: dict[str, Schema], prefix: str = "") -> Iterator[tuple[str, Schema]]:
    """The fields, those inside objects as `object.field`."""
    for key, schema in properties.items():
        if "properties" in schema:
            yield from flat(schema["properties"], f"{prefix}{key}.")
        else:
            yield prefix + key, schema


def takes(schema: Schema) -> str:
    """A JSON schema's type in a word or two."""
    given = schema.get("type", "string")
    kinds = [kind for kind in ([given] if isinstance(given, str) else given) if kind != "null"]
    if kinds == ["array"]:
        return f"list of {takes(schema['items'])}s"
    words = {"date": "date", "date-time": "date-time"}
    word = words.get(schema.get("format", "")) or " or ".join(kinds)
    return f"{word}, secret" if schema.get("secret") else word


def default(schema: Schema) -> str:
    """A setting's default, if it has one."""
    return f"`{json.dumps(schema['default']).strip(chr(34))}`" if "default" in schema else ""


def variables_table() -> str:
    """The project's own environment variables, and the settings that they fill."""
    found: dict[str, list[str]] = {}
    secret = set()
    for plugin, setting in in_meltano():
        for alias in setting.get("env_aliases", ()):
            found.setdefault(alias, []).append(f"`{plugin}` `{setting['name']}`")
            secret |= {alias} if setting.get("sensitive") else set()
    rows = (
        (f"`{name}`", "yes" if name in secret else "", ", ".join(settings)) for name, settings in sorted(found.items())
    )
    return table(("Variable", "Secret", "Fills"), rows)


def operations() -> str:
    """What the connector calls at Sales Connect, from the OpenAPI document."""
    text = resources.files("tasksync_sandbox.sales_connect").joinpath("openapi.json").read_text(encoding="utf-8")
    rows = (
        (f"`{method.upper()} {path}`", operation["summary"], ", ".join(operation["responses"]))
        for path, methods in json.loads(text)["paths"].items()
        for method, operation in methods.items()
        if isinstance(operation, dict)
    )
    return table(("Call", "", "Answers"), rows)


def facts() -> str:
    """What the sandbox's Salesforce does, from the docstrings of the tests that show it: `§n Title: sentence`."""
    rows = []
    for path in sorted((ROOT / "tests/sandbox").glob("test_salesforce_*.py")):
        found = ast.parse(path.read_text(encoding="utf-8")).body
        for node in (one for one in found if isinstance(one, ast.FunctionDef)):
            said = ast.get_docstring(node) or ""
            if node.name.startswith("test_") and said.startswith("§"):
                section, _, fact = said.splitlines()[0].partition(": ")
                rows.append((section, fact, f"`{path.name}` `{node.name}`"))
    return table(("Section", "What it does", "Test"), sorted(rows, key=lambda row: (section_order(row[0]), row)))


def contract(side: str) -> str:
    """What the contract suite tries at one side, from its tests' docstrings: `where [tag]: sentence`."""
    rows = []
    for path in sorted((ROOT / "tests/contract" / side).glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                head, _, words = " ".join((ast.get_docstring(node) or "").split()).partition("]: ")
                where, _, tag = head.partition(" [")
                rows.append((where, tag, words, alternative(node)))
    return table(("Where", "Tag", "Fact", "Where it differs"), sorted(rows, key=lambda row: section_order(row[0])))


def alternative(test: ast.FunctionDef) -> str:
    """What the connector does where a test's fact differs; empty where it relies on it."""
    calls = (one for one in test.decorator_list if isinstance(one, ast.Call) and one.args)
    return next((one.args[0].value for one in calls if isinstance(one.args[0], ast.Constant)), "")


def section_order(section: str) -> list[int]:
    """The numbers of a section, so that §10 comes after §2."""
    return [int(number) for number in re.findall(r"\d+", section.partition(",")[0])[:2]]


def mapping_file() -> str:
    """The packaged mapping file."""
    text = resources.files("tasksync_mappings").joinpath("reminder-task.yml").read_text(encoding="utf-8")
    return f"```yaml\n{text}```\n"


def imports() -> str:
    """Which package is what, and which others of ours it requires: what `tests/project/test_imports.py` holds it to."""
    projects = {}
    for path in sorted(ROOT.glob("*/pyproject.toml")):
        projects[path.parent.name] = tomllib.loads(path.read_text(encoding="utf-8"))["project"]
    folders = {project["name"]: folder for folder, project in projects.items()}
    rows = []
    for folder, project in projects.items():
        required = {re.split(r"[^\w-]", one)[0] for one in project["dependencies"]} & folders.keys()
        may = ", ".join(f"`{name}`" for name in sorted(folders[name] for name in required)) or "nothing of ours"
        rows.append((f"`{folder}/`", project["description"], may))
    return table(("Folder", "What it is", "May import"), rows)


def unmapped() -> str:
    """The columns that no pair may have, from the mapping file's schema."""
    text = resources.files("tasksync_mappings").joinpath("reminder-task.schema.json").read_text(encoding="utf-8")
    kinds = json.loads(text)["$defs"]
    rows = (
        (side, ", ".join(f"`{name}`" for name in sorted(kinds[kind]["not"]["enum"])))
        for side, kind in (("reminder", "reminder_column"), ("task", "task_column"))
    )
    return table(("Side", "Never mapped"), rows)


def crashes(part: str) -> str:
    """What a campaign of kills and faults came to, from its kept results."""
    results = json.loads((ROOT / "docs/faults.json").read_text(encoding="utf-8"))
    if part not in results:
        return "Not measured yet.\n"
    told = results[part]
    rows = (tuple(str(value) for value in row.values()) for row in told["rows"])
    head = ("Fault", "Where it struck", "To Salesforce", "To Sales Connect", "Lost", "Doubled", "How the run ended")
    sums = (
        f"`{told['command']}`: {told['trials']} strikes of {told['kinds']} kinds, {told['kills']} of them kills; "
        f"{told['things']} records of people compared at {told['compared']} rests; {told['problems']} problems.\n\n"
    )
    return sums + table(head, rows)


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A Markdown table."""
    lines = [head, ("---",) * len(head), *rows]
    return "".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |\n" for line in lines)


def generated(what: str) -> str:
    """The text that belongs between a region's marks.

    Raises:
        KeyError: nothing is called so.
    """
    kind, _, argument = what.partition(" ")
    if argument:
        pages_of = {"settings": settings_table, "streams": streams, "contract": contract, "crashes": crashes}
        return pages_of[kind](argument)
    pages = {
        "imports": imports,
        "unmapped": unmapped,
        "variables": variables_table,
        "operations": operations,
        "mapping": mapping_file,
        "facts": facts,
    }
    return pages[kind]()


def renewed(page: Path) -> str:
    """A page with its regions written anew."""
    text = page.read_text(encoding="utf-8")
    return REGION.sub(lambda found: f"{found['start']}\n{generated(found['what'])}\n{found['end']}", text)


def main() -> int:
    """Write, or check."""
    stale = [page for page in PAGES if renewed(page) != page.read_text(encoding="utf-8")]
    if "--check" not in sys.argv:
        for page in stale:
            page.write_text(renewed(page), encoding="utf-8")
        return 0
    for page in stale:
        print(f"{page.relative_to(ROOT)} is out of date: run `make docs`.")  # noqa: T201 - a command's answer
    return int(bool(stale))


if __name__ == "__main__":
    sys.exit(main())
