"""Where the command looks for the ledger."""

import pytest

COMMANDS = [
    ["status"],
    ["check"],
    ["links"],
    ["explain", "rem_1"],
    ["conflicts"],
    ["parked"],
    ["retry"],
    ["ledger", "id"],
]


@pytest.fixture
def project(tmp_path, monkeypatch, tasksync):
    """A Meltano project; the terminal stands in a folder within, and no variable is set."""
    folder = tmp_path / "project"
    (folder / "docs" / "deep").mkdir(parents=True)
    (folder / "meltano.yml").write_text("")
    monkeypatch.delenv("TASKSYNC_LEDGER_URL")
    monkeypatch.chdir(folder / "docs" / "deep")

    def where():
        ended = tasksync("ledger", "path")
        assert ended.code == 0, ended.err
        return ended.out.strip()

    where.folder = folder
    return where


def test_the_project_is_the_nearest_folder_with_a_meltano_file(project):
    """Without any variable the ledger is the sandbox environment's file in the project."""
    assert project() == f"{project.folder}/.tasksync/sandbox.db"


def test_without_a_project_the_ledger_is_below_the_current_folder(project):
    """Where no parent folder has a meltano.yml."""
    (project.folder / "meltano.yml").unlink()
    assert project() == f"{project.folder}/docs/deep/.tasksync/sandbox.db"


def test_meltano_says_where_the_project_is(project, tmp_path, monkeypatch):
    """MELTANO_PROJECT_ROOT comes before the search for the file."""
    monkeypatch.setenv("MELTANO_PROJECT_ROOT", str(tmp_path / "elsewhere"))
    assert project() == f"{tmp_path}/elsewhere/.tasksync/sandbox.db"


@pytest.mark.parametrize(("environment", "file"), [("production", "production.db"), ("", "sandbox.db")])
def test_each_environment_has_a_ledger(project, monkeypatch, environment, file):
    """MELTANO_ENVIRONMENT names the file; empty is unset."""
    monkeypatch.setenv("MELTANO_ENVIRONMENT", environment)
    assert project() == f"{project.folder}/.tasksync/{file}"


@pytest.mark.parametrize(
    ("terminal", "dotenv", "expected"),
    [
        ("sqlite:////a/terminal.db", "sqlite:////a/dotenv.db", "/a/terminal.db"),
        ("", "sqlite:////a/dotenv.db", "/a/dotenv.db"),
        (None, "sqlite:////a/dotenv.db", "/a/dotenv.db"),
        (None, '"sqlite:////a/quoted.db"  # ours', "/a/quoted.db"),
        (None, "", None),
        ("", "", None),
    ],
)
def test_the_terminal_comes_before_the_dotenv_file(project, monkeypatch, terminal, dotenv, expected):
    """TASKSYNC_LEDGER_URL is read from `.env` where the terminal does not set it; an empty one is unset."""
    if terminal is not None:
        monkeypatch.setenv("TASKSYNC_LEDGER_URL", terminal)
    (project.folder / ".env").write_text(f"OTHER=1\nTASKSYNC_LEDGER_URL={dotenv}\n")
    assert project() == (expected or f"{project.folder}/.tasksync/sandbox.db")


def test_a_dotenv_file_that_is_no_text_is_named(project, tasksync):
    """The command says which file it is, and exits with 1."""
    (project.folder / ".env").write_bytes(b"TASKSYNC_LEDGER_URL=\xff\xfe")
    ended = tasksync("check")
    assert ended.code == 1
    assert ended.err.startswith(f"tasksync: The file {project.folder}/.env cannot be read")


def test_a_password_is_never_shown(tasksync, monkeypatch):
    """Neither where the address is printed nor in what goes wrong with it."""
    monkeypatch.setenv("TASKSYNC_LEDGER_URL", "postgresql://ann:hunter2@127.0.0.1:1/tasksync?connect_timeout=2")
    shown, failed = tasksync("ledger", "path"), tasksync("check")
    assert shown.out.startswith("postgresql://ann:***@127.0.0.1:1/tasksync")
    assert failed.code == 1
    assert "127.0.0.1" in failed.err
    assert "hunter2" not in shown.out + failed.err


@pytest.mark.parametrize("url", ["nonsense", "mysterious://host/db", "sqlite://"])
def test_what_is_no_address_is_told_in_a_line_or_two(tasksync, monkeypatch, url):
    """With exit code 1, on standard error, without a traceback."""
    monkeypatch.setenv("TASKSYNC_LEDGER_URL", url)
    ended = tasksync("check")
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) <= 2


def test_a_database_of_something_else_is_refused(tasksync, tmp_path):
    """It is no ledger, and stays as it is."""
    (tmp_path / "ledger.db").write_bytes(b"This is no database, but long enough to look at." * 20)
    ended = tasksync("check")
    assert (ended.code, ended.out) == (1, "")
    assert len(ended.err.splitlines()) == 1


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("more", [[], ["--json"]], ids=["text", "json"])
def test_a_missing_ledger_is_said_and_not_made(tasksync, tmp_path, command, more):
    """Every command says to sync first, exits with 1, and leaves no file behind."""
    ended = tasksync(*command, *([] if command[0] == "ledger" else more))
    assert (ended.code, ended.out) == (1, "")
    assert "run `meltano run to-salesforce` first" in ended.err
    assert list(tmp_path.iterdir()) == []
