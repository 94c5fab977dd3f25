"""Every command on every page: run here after a first sync, run by a test that is named here, or marked as not run."""

import re

import pytest

from .copies import ROOT, Project, copy, free_ports
from .pages import FENCED, PAGES

RUN_BY = {
    "README.md": "tests/project/test_readme.py",
    "console/README.md": "tests/project/test_hub.py",
    "docs/commands.md": "tests/console/test_commands_page.py",
    "docs/recipes.md": "tests/project/test_recipes.py",
    "docs/scale.md": "tests/scale/test_page.py",
    "tap-salesconnect/README.md": "tests/project/test_hub.py",
    "tap-salesforce-tasks/README.md": "tests/project/test_hub.py",
    "target-salesconnect/README.md": "tests/project/test_hub.py",
    "target-salesforce-tasks/README.md": "tests/project/test_hub.py",
}
"""Pages whose commands have a test of their own, which reads them from the page."""
NOT_RUN = re.compile(r"<!-- not run by a test: \S[^\n]* -->\n\s*\Z")
"""Stands right before a block that no test can run, with the reason."""
STAND_INS = {
    "/backups/": "./",
    "postgresql://user@host/tasksync": "sqlite:///copy.db",
    "make ": "make -o .venv/ready ",  # the copy shares this project's virtual environment
}
"""What a page's example words stand for here."""
SERVING = re.compile(r"^( *\S+/tasksync serve.*)$", re.MULTILINE)
"""Goes on until it is ended: here after some seconds."""
FIRST = "import json, sys; print(json.load(sys.stdin)[0]['reminder_id'])"
NAMED = f'ID=$(.venv/bin/tasksync links --limit 1 --json | .venv/bin/python -c "{FIRST}")\nRUN=1\n'
"""What an example's capital words stand for."""
LOG_IN = {"SALESFORCE_CLIENT_ID": "sandbox", "SALESFORCE_CLIENT_SECRET": "sandbox", "SALES_CONNECT_TOKEN": "sandbox"}


def scripts(page):
    """The page's shell blocks that are to be run, as they would be typed, one after the other."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = [block for block in FENCED.finditer(text) if block["kind"].split()[:1] in (["sh"], ["bash"], ["console"])]
    assert all(block["kind"] == "sh" for block in found), f"{page}: write `sh`, so that the block is found"
    return [block["text"] for block in found if not NOT_RUN.search(text[: block.start()])]


def script_of(page):
    """All of them as one script, without the lines that an earlier block had."""
    seen, lines = set(), []
    for text in scripts(page):
        lines += [line for line in text.splitlines() if line.strip() not in seen]
        seen |= {line.strip() for line in text.splitlines()}
    return "\n".join(lines)


PATIENCE = 900
"""Seconds that a page may take: some run Meltano several times."""
TO_RUN = [str(page) for page in PAGES if str(page) not in RUN_BY and scripts(page)]


@pytest.fixture(scope="module")
def after_a_sync(tmp_path_factory):
    """A project as `make sync` leaves it: its sandbox is running, with the sample team, and both sides are in step.

    Its plugins are its own, for some pages install them again.
    """
    project = Project(copy(tmp_path_factory.mktemp("pages") / "project"))
    salesforce, sales_connect = free_ports(2)
    project.environment |= LOG_IN | {
        "SANDBOX_SALESFORCE_PORT": str(salesforce),
        "SANDBOX_SALES_CONNECT_PORT": str(sales_connect),
        "SALESFORCE_LOGIN_URL": f"http://127.0.0.1:{salesforce}",
        "SALES_CONNECT_URL": f"http://127.0.0.1:{sales_connect}",
    }
    project.run("make -o .venv/ready sync")
    yield project
    project.run(f"{ROOT}/.venv/bin/sandbox down")


@pytest.mark.timeout(PATIENCE + 60)
@pytest.mark.parametrize("page", TO_RUN)
def test_the_commands_of_a_page_work(page, after_a_sync):
    """One after the other, in one shell, each with exit code 0."""
    after_a_sync.run(".venv/bin/sandbox up")
    script = script_of(page)
    for words, stand_in in STAND_INS.items():
        script = script.replace(words, stand_in)
    if re.search(r" (ID|RUN)\b", script):
        script = NAMED + re.sub(r" (ID|RUN)\b", r" $\1", script)
    (port,) = free_ports(1)
    script = SERVING.sub(rf"timeout 8 \1 --port {port} || [ $? -eq 124 ]", script)
    after_a_sync.run(f"set -e\n{script}", patience=PATIENCE)


@pytest.mark.parametrize("page", RUN_BY)
def test_a_page_with_a_test_of_its_own_is_read_by_it(page):
    """The test names the page, or the folder of it, and the page has commands."""
    assert scripts(page)
    text = (ROOT / RUN_BY[page]).read_text(encoding="utf-8")
    assert page.rpartition("/")[2] in text or page in text
