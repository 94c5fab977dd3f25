"""What starts every five minutes starts fast: it imports what it needs, and no more."""

import subprocess
import sys

import pytest

NEVER = {"alembic", "typer", "rich", "starlette", "jinja2", "uvicorn", "pandas", "tasksync_console", "tasksync_sandbox"}


@pytest.mark.parametrize(
    ("module", "not_needed"),
    [
        ("tap_salesconnect.tap", NEVER | {"sqlalchemy", "tasksync_engine.engine"}),
        ("tap_salesforce_tasks.tap", NEVER | {"sqlalchemy", "tasksync_engine.engine"}),
        ("target_salesforce_tasks.target", NEVER),
        ("target_salesconnect.target", NEVER),
        (
            "tasksync_console.cli",
            {"alembic", "sqlalchemy", "rich.table", "singer_sdk", "requests", "starlette", "jinja2", "uvicorn"},
        ),
    ],
)
def test_a_process_imports_what_it_needs(module, not_needed):
    """A tap alone needs no database; no plugin needs what people look at."""
    script = f"import sys, {module}; print(*sys.modules)"
    line = [sys.executable, "-c", script]
    done = subprocess.run(line, capture_output=True, text=True, check=True, timeout=120)  # noqa: S603  our own words
    assert not_needed.isdisjoint(done.stdout.split())
