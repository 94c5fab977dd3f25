"""Who may import whom."""

import ast
import re
import tomllib

import pytest

from .copies import ROOT

TAP = {"tasksync_clients", "tasksync_engine"}
MAY_IMPORT = {
    "tap_salesconnect": TAP,
    "tap_salesforce_tasks": TAP,
    "target_salesconnect": {"tasksync_engine"},
    "target_salesforce_tasks": {"tasksync_engine"},
    "tasksync_mappings": set(),
    "tasksync_clients": set(),
    "tasksync_engine": {"tasksync_mappings", "tasksync_clients"},
    "tasksync_console": {"tasksync_engine", "tasksync_mappings", "tasksync_clients"},
    "tasksync_sandbox": set(),
}
FOR_TYPES_ALONE = {
    "target_salesconnect": {"tasksync_mappings"},
    "target_salesforce_tasks": {"tasksync_mappings"},
}
"""Names in annotations: the engine's protocol speaks of the field map."""
NETWORK = {
    "aiohttp", "asyncio", "ftplib", "http", "httpx", "requests", "smtplib", "socket", "socketserver", "ssl", "urllib",
    "urllib3", "xmlrpc",
}  # fmt: skip
PACKAGES = {path.parent.name: path.parent for path in ROOT.glob("*/*/__init__.py") if path.parent.name in MAY_IMPORT}


def imported(tree):
    """The names that a module's code imports, wherever in it, by their first part."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module.partition(".")[0]
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"import_module", "find_spec"}:
            yield from (str(a.value).partition(".")[0] for a in node.args if isinstance(a, ast.Constant))


def without_type_checking(tree):
    """The code that runs: what stands under `if TYPE_CHECKING` is taken out."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    return tree


def imports_of(package, *, at_run_time):
    """Every name that a package imports."""
    names = set()
    for path in PACKAGES[package].rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names |= set(imported(without_type_checking(tree) if at_run_time else tree))
    return names


def test_every_package_is_listed():
    """The table holds every package of the workspace, and each of them was found."""
    workspace = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["uv"]["workspace"]
    assert {folder.parent.name for folder in PACKAGES.values()} == set(workspace["members"])
    assert PACKAGES.keys() == MAY_IMPORT.keys()


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_imports_only_what_it_may(package):
    """None imports a package of this project but those that the architecture allows it."""
    allowed = MAY_IMPORT[package] | {package}
    assert imports_of(package, at_run_time=True) & MAY_IMPORT.keys() <= allowed
    allowed |= FOR_TYPES_ALONE.get(package, set())
    assert imports_of(package, at_run_time=False) & MAY_IMPORT.keys() <= allowed


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_the_table_of_the_architecture_is_this_one(package):
    """docs/architecture.md lists what a package requires of this project: that is what it may import."""
    text = (PACKAGES[package].parent / "pyproject.toml").read_text(encoding="utf-8")
    required = {re.split(r"[^\w-]", name)[0] for name in tomllib.loads(text)["project"]["dependencies"]}
    assert {name.replace("-", "_") for name in required} & MAY_IMPORT.keys() == MAY_IMPORT[package]


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_a_package_requires_what_it_imports(package):
    """What a package imports of this project is among its requirements: it can be installed alone."""
    text = (PACKAGES[package].parent / "pyproject.toml").read_text(encoding="utf-8")
    required = " ".join(tomllib.loads(text)["project"]["dependencies"])
    of_ours = imports_of(package, at_run_time=True) & MAY_IMPORT.keys() - {package}
    assert [name for name in of_ours if name.replace("_", "-") not in required] == []


def test_the_mappings_know_no_network():
    """They decide; they ask nobody."""
    assert not imports_of("tasksync_mappings", at_run_time=False) & NETWORK
