"""The files that run the sync constantly, each as far as a machine without root, cron and containers can try it."""

import re
import shlex
import shutil
import subprocess
import time

import pytest

from .copies import ROOT

DEPLOY = ROOT / "deploy"
PLACE = "/srv/tasksync"
BARE = {"HOME": "/", "LOGNAME": "tasksync", "SHELL": "/bin/sh"}
"""What cron gives, besides what its file says."""


def sentences(name):
    """The lines of a file that say something, continued ones joined."""
    text = (DEPLOY / name).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line.strip() and not line.startswith("#")]


def test_the_cron_line_works_in_crons_bare_environment(project, team_sandbox):
    """Nothing of the caller's environment is needed: the credentials come from `.env`."""
    *variables, entry = sentences("tasksync.cron")
    given = dict(line.split("=", 1) for line in variables)
    minute, *rest, user, command = entry.split(None, 6)
    assert (minute, rest, user) == ("*/5", ["*"] * 4, "tasksync")
    assert "%" not in command
    (project.folder / ".tasksync").mkdir(exist_ok=True)
    (project.folder / ".env").write_text(
        f"SALESFORCE_LOGIN_URL={team_sandbox.salesforce_url}\nSALES_CONNECT_URL={team_sandbox.sales_connect_url}\n"
        "SALESFORCE_CLIENT_ID=sandbox\nSALESFORCE_CLIENT_SECRET=sandbox\nSALES_CONNECT_TOKEN=sandbox\n",
        encoding="utf-8",
    )
    done = subprocess.run(  # noqa: S603 - the line as cron would run it
        ["/bin/sh", "-c", command.replace(PLACE, str(project.folder))],
        env={**BARE, **given}, cwd="/", capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip
    log = (project.folder / ".tasksync/cron.log").read_text(encoding="utf-8")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", ""), log
    assert team_sandbox.writes("salesforce")
    assert (project.folder / ".tasksync/production.db").exists()


def test_the_script_checks_also_where_the_sync_stopped(project, team_sandbox):
    """The check of the job never came; whoever is to be told is told, and the exit code is the sync's."""
    project.use(team_sandbox)
    project.run("deploy/run.sh")
    said = project.run("deploy/run.sh", exits=1, SALES_CONNECT_TOKEN="wrong", MELTANO_CLI_LOG_LEVEL="critical")
    assert "FAIL  " not in project.run("deploy/run.sh", MELTANO_CLI_LOG_LEVEL="critical")
    assert "FAIL  The job ended with 1 before its own check.\n" in said
    assert said.count("The job ended with") == 1
    assert re.search(r"^note  The last run to-salesforce .* tap-salesconnect said: .*credentials", said, re.MULTILINE)


def test_the_script_checks_once_where_the_check_is_what_fails(project, team_sandbox):
    """What needs a person is told as that, and not as a job that failed besides; both directions have run."""
    project.use(team_sandbox)
    team_sandbox.fault("salesforce", "row_error", code="ENTITY_IS_LOCKED", message="locked")
    said = project.run("deploy/run.sh", exits=1, MELTANO_CLI_LOG_LEVEL="critical")
    assert said.count("FAIL  ") == said.count("FAIL  The change of ") == 1
    assert "The job ended" not in said
    assert "never read to the end" not in project.run(".venv/bin/tasksync status")
    team_sandbox.clear_faults("salesforce")


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not here")
def test_systemd_takes_the_units(tmp_path):
    """`systemd-analyze verify` has nothing to say."""
    (tmp_path / "run.sh").symlink_to(DEPLOY / "run.sh")
    units = []
    for name in ("tasksync.service", "tasksync.timer"):
        text = (DEPLOY / name).read_text(encoding="utf-8")
        units.append(tmp_path / name)
        units[-1].write_text(text.replace(f"{PLACE}/deploy", str(tmp_path)).replace(PLACE, str(tmp_path)))
    done = subprocess.run(  # noqa: S603 - our own files
        [str(shutil.which("systemd-analyze")), "verify", *units],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_units_say_what_they_have_to():
    """One sync at a time, as a user of its own, every five minutes."""
    service = dict(line.split("=", 1) for line in sentences("tasksync.service") if "=" in line)
    timer = dict(line.split("=", 1) for line in sentences("tasksync.timer") if "=" in line)
    assert service["Type"] == "oneshot"  # a timer starts no second one while it goes on
    assert (service["User"], service["ExecStart"]) == ("tasksync", f"{PLACE}/deploy/run.sh")
    assert service["ReadWritePaths"] == service["WorkingDirectory"] == PLACE
    assert (timer["OnCalendar"], timer["WantedBy"]) == ("*:0/5", "timers.target")


def test_the_container_file_is_sound():
    """Known instructions, a named base, another user than root, no secret; what it starts is there."""
    steps = [line.split(None, 1) for line in sentences("Containerfile")]
    assert {step for step, _ in steps} <= {"FROM", "RUN", "WORKDIR", "COPY", "ENV", "USER", "VOLUME", "CMD"}
    told = {step: rest for step, rest in steps if step != "RUN"}
    assert steps[0][0] == "FROM"
    assert re.fullmatch(r"docker\.io/library/python:3\.\d+-slim", told["FROM"])
    assert (told["COPY"], told["WORKDIR"], told["USER"]) == (". .", PLACE, "tasksync")
    assert (ROOT / told["CMD"].strip('["]')).stat().st_mode & 0o111
    ignored = (ROOT / ".containerignore").read_text(encoding="utf-8").split()
    assert {".env", ".git", ".venv", ".tasksync"} <= set(ignored)
    for step, rest in steps:
        if step == "RUN":
            checked = subprocess.run(["/bin/sh", "-n", "-c", rest], capture_output=True, check=False)  # noqa: S603
            assert checked.returncode == 0, checked.stderr


def test_what_the_container_runs_works_in_a_fresh_folder(new_project, team_sandbox):
    """Its commands that need no root, with its variables: one volume gets the ledger and the bookmarks."""
    project = new_project()
    commands = [rest for step, rest in (line.split(None, 1) for line in sentences("Containerfile")) if step == "RUN"]
    (install,) = [command for command in commands if ".venv/ready" in command]
    project.run(install.replace("make ", "make -o .venv/ready "))  # the copy shares this project's environment
    variables = dict(
        rest.replace(PLACE, str(project.folder)).split("=", 1)
        for step, rest in (line.split(None, 1) for line in sentences("Containerfile"))
        if step == "ENV"
    )
    project.use(team_sandbox)
    login = {"SALESFORCE_CLIENT_ID": "sandbox", "SALESFORCE_CLIENT_SECRET": "sandbox", "SALES_CONNECT_TOKEN": "sandbox"}
    project.run("mkdir -p .tasksync && deploy/run.sh", **variables, **login)
    assert team_sandbox.writes("salesforce")
    kept = {path.name for path in (project.folder / ".tasksync").glob("*.db")}
    assert kept == {"production.db", "meltano.db"}


@pytest.mark.parametrize(
    ("force", "said"),
    [("", "already running"), ("--force ", "Another tasksync process holds this ledger's run lock")],
)
def test_a_run_that_outlasts_the_interval(project, team_sandbox, force, said):
    """The second one stops with 1 at once, by Meltano's word or else by the ledger's; the first goes on."""
    project.use(team_sandbox)
    team_sandbox.fault("salesforce", "latency", path="composite/sobjects", seconds=12)
    first = subprocess.Popen(  # noqa: S603 - as cron would
        shlex.split(".venv/bin/meltano run to-salesforce"),
        cwd=project.folder, env=project.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not any(fault["hits"] for fault in team_sandbox.faults("salesforce")):
            assert first.poll() is None
            time.sleep(0.1)
        told = project.meltano(f"run {force}to-salesforce", exits=1)
    finally:
        ended = first.wait(timeout=120)
    assert said in told
    assert ended == 0
    assert "created in Salesforce" in project.run(".venv/bin/tasksync status")
