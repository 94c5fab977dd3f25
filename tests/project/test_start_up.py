"""What starts every five minutes starts fast: it imports what it needs, and no more."""

import subprocess
import sys

import pytest

PLUGINS = ["tap_salesconnect", "tap_salesforce_tasks", "target_salesconnect", "target_salesforce_tasks"]
NEVER = {
    "alembic", "typer", "rich", "starlette", "jinja2", "uvicorn", "pandas", "tasksync_console", "tasksync_sandbox",
    "sqlalchemy.dialects.postgresql", "sqlalchemy.orm",
}  # fmt: skip


def said(script):
    """What a script prints in a process of its own, in words."""
    line = [sys.executable, "-c", script]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603  our own words
    return done.stdout.split()


@pytest.mark.parametrize(
    ("module", "not_needed"),
    [
        ("tap_salesconnect.tap", NEVER | {"sqlalchemy", "tasksync_engine.engine"}),
        ("tap_salesforce_tasks.tap", NEVER | {"sqlalchemy", "tasksync_engine.engine"}),
        ("target_salesforce_tasks.target", NEVER),
        ("target_salesconnect.target", NEVER),
        ("tasksync_engine.ledger", NEVER | {"singer_sdk", "requests", "yaml", "jsonschema", "tasksync_clients"}),
        ("tasksync_console.cli", NEVER - {"tasksync_console"} | {"sqlalchemy", "singer_sdk", "requests"}),
        (
            "tasksync_console.commands.all",
            {"alembic", "sqlalchemy", "rich.table", "singer_sdk", "requests", "starlette", "jinja2", "uvicorn"},
        ),
    ],
)
def test_a_process_imports_what_it_needs(module, not_needed):
    """A tap alone needs no database; no plugin needs what people look at."""
    assert not_needed.isdisjoint(said(f"import sys, {module}; print(*sys.modules)"))


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_plugin_looks_for_no_garbage_among_its_imports(plugin):
    """As a command it puts them aside, which its module imported by others does not; then the collector works again."""
    script = f"import gc, {plugin}.{{}}; print(gc.get_freeze_count() > 0, gc.isenabled())"
    assert said(script.format("__main__")) == ["True", "True"]
    assert said(script.format(plugin.split("_")[0])) == ["False", "True"]
