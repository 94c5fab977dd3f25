"""Every command of the README, and of the way to production, does what the page says, in a copy of the project."""

import re
import shutil

import pytest
import yaml

from .copies import ROOT, Project, copy, free_ports, tracked
from .pages import blocks

README = (ROOT / "README.md").read_text(encoding="utf-8")
PRODUCTION = (ROOT / "docs/production.md").read_text(encoding="utf-8")
RECIPES = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")
SYNC, LOOK, WRONG, TEST = [text.strip().splitlines() for text in blocks(README, "sh")]


def kept(command):
    """The same command without renewing the virtual environment, which the copy shares with this project."""
    return command.replace("make ", "make -o .venv/ready ")


@pytest.fixture
def tried(tmp_path):
    """A project as it is fetched, with free ports for a sandbox, which is stopped in the end."""
    project = Project(copy(tmp_path / "project"))
    salesforce, sales_connect = free_ports(2)
    project.environment |= {
        "SANDBOX_SALESFORCE_PORT": str(salesforce),
        "SANDBOX_SALES_CONNECT_PORT": str(sales_connect),
        "SALESFORCE_LOGIN_URL": f"http://127.0.0.1:{salesforce}",
        "SALES_CONNECT_URL": f"http://127.0.0.1:{sales_connect}",
    }
    yield project
    project.run(f"{ROOT}/.venv/bin/sandbox down")


def test_trying_it(tried):
    """From `make sync` to a sandbox whose records can be seen, a second sync, every look-up, and a clean folder."""
    (make_sync,) = SYNC
    summary = tried.run(kept(make_sync))
    assert "created in Salesforce" in summary
    assert "created in Sales Connect" in summary
    for command in LOOK + WRONG:
        tried.run(command)
    assert tried.run(".venv/bin/sandbox status")
    tried.run(".venv/bin/sandbox down")
    tried.run(kept("make clean"))
    left = {str(path.relative_to(tried.folder)) for path in tried.folder.rglob("*") if path.is_file()}
    assert left <= {str(path) for path in tracked()}


def test_the_tests_are_what_ci_runs():
    """The README's test command is the one of .ci/run."""
    assert TEST == ["make test"]
    assert TEST[0] in (ROOT / ".ci/run").read_text(encoding="utf-8").splitlines()


def test_running_it_for_real(project, team_sandbox):
    """In production an unfilled .env is named, a dry run writes nothing, and the sync keeps a ledger of its own."""
    lines = [line for text in blocks(PRODUCTION, "sh") for line in text.splitlines()]
    fill_in, look_ahead, for_real = (
        next(line for line in lines if words in line) for words in ("cp .env", "tasksync plan", "make sync")
    )
    project.run(fill_in)
    assert "SALESFORCE_LOGIN_URL" in project.run(look_ahead, exits=1)
    env = project.folder / ".env"
    filled = {
        "SALESFORCE_LOGIN_URL": team_sandbox.salesforce_url,
        "SALES_CONNECT_URL": team_sandbox.sales_connect_url,
        "SALESFORCE_CLIENT_ID": "sandbox",
        "SALESFORCE_CLIENT_SECRET": "sandbox",
        "SALES_CONNECT_TOKEN": "sandbox",
    }
    text = env.read_text(encoding="utf-8")
    for name, value in filled.items():
        text = re.sub(f"^#{name}=.*$", f"{name}={value}", text, flags=re.MULTILINE)
    env.write_text(text, encoding="utf-8")
    assert "create task" in project.run(look_ahead)
    assert not team_sandbox.writes("salesforce")
    assert "created in Salesforce" in project.run(kept(for_real))
    assert team_sandbox.writes("salesforce")
    assert team_sandbox.writes("sales_connect")
    assert [path.name for path in (project.folder / ".tasksync").glob("*.db")] == ["production.db"]


@pytest.mark.skipif(shutil.which("git") is None, reason="a plugin is fetched by git")
def test_in_another_meltano_project(tmp_path, team_sandbox):
    """The plugins of meltano.yml work in another project once their pip_url is one as in docs/recipes.md."""
    address = re.search(r"pip_url: (git\+\S+\.git)#subdirectory=tap-salesconnect", RECIPES)[1]
    repository = Project(copy(tmp_path / "repository"))
    (repository.folder / ".venv").unlink()
    repository.run("git init -q && git add -A && git -c user.name=x -c user.email=x@example.com commit -qm x")
    theirs = Project(tmp_path / "theirs")
    theirs.folder.mkdir()
    (theirs.folder / ".venv").symlink_to(ROOT / ".venv")
    shutil.copytree(ROOT / "catalogs", theirs.folder / "catalogs")
    text = (ROOT / "meltano.yml").read_text(encoding="utf-8")
    text = re.sub(r"-e \$\{MELTANO_PROJECT_ROOT\}/(\S+) -c \S+", rf"{address}#subdirectory=\1", text)
    (theirs.folder / "meltano.yml").write_text(text.replace(address, f"git+file://{repository.folder}"))
    assert all(
        "#subdirectory=" in plugin["pip_url"] for kind in yaml.safe_load(text)["plugins"].values() for plugin in kind
    )
    theirs.use(team_sandbox)
    theirs.meltano("run to-salesforce")
    assert team_sandbox.writes("salesforce")


def test_every_link_leads_somewhere():
    """Each relative link of each page names a file, and each of its anchors a heading."""
    for page in [path for path in tracked() if path.suffix == ".md"]:
        text = (ROOT / page).read_text(encoding="utf-8")
        for target in re.findall(r"\]\((?!https?:)([^)\s]+)\)", text):
            path, _, anchor = target.partition("#")
            led_to = (ROOT / page).parent / path if path else ROOT / page
            assert led_to.exists(), f"{page} links to {target}"
            if anchor:
                assert anchor in anchors(led_to), f"{page} links to {target}"


def anchors(page):
    """The anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
