"""What `meltano run` says: lines for people, structured where Meltano asks for them, and nothing about the SDK."""

import json
import re

import pytest

PLUGIN = re.compile(r"^\S+ \[(\w+) *\] ((?:tap|target)-\S+) +(.*)$", re.MULTILINE)


def said(output):
    """(level, plugin, text) of every line that a plugin said."""
    plain = re.sub(r"\x1b\[[0-9;]*m", "", output)
    return [(level, name, text.strip()) for level, name, text in PLUGIN.findall(plain)]


def test_one_line_per_batch_and_one_per_pipeline(project, team_sandbox):
    """Counts and progress, calls and seconds; nothing per record, and no word of the SDK's."""
    project.use(team_sandbox)
    lines = said(project.meltano("run sync"))
    for name in ("target-salesforce-tasks", "target-salesconnect"):
        told = [text for _, plugin, text in lines if plugin == name]
        assert len(told) == 2, told
        assert re.match(r"Batch 1: [\d,]+ read, .*\([\d,]+ read so far\)", told[0])
        assert re.match(r"Done: run \d+ in [\d.]+ s with \d+ API calls?: [\d,]+ read, .*created", told[1])
    assert not re.search("METRIC|Beginning sync|setup plugin|Reader '|Skipping", "\n".join(text for *_, text in lines))


def test_the_sdks_lines_are_there_for_who_asks(project, team_sandbox):
    """By a setting of each plugin, or by the level `debug`."""
    project.use(team_sandbox)
    asked = {"TAP_SALESCONNECT_SDK_LOGS": "true", "TARGET_SALESFORCE_TASKS_SDK_LOGS": "true"}
    lines = said(project.meltano("run to-salesforce", **asked))
    told = {(name, text.split()[0]) for _, name, text in lines}
    assert {("tap-salesconnect", "METRIC"), ("target-salesforce-tasks", "METRIC")} <= told
    assert ("tap-salesconnect", "Beginning") in told
    debug = project.meltano("--log-level=debug run to-salesforce")
    assert "Beginning sync of" in debug


def test_programs_get_structured_lines(project, team_sandbox):
    """With `--log-format=json` every line is JSON; the counts are members of the plugins' own."""
    project.use(team_sandbox)
    lines = [json.loads(line) for line in project.meltano("--log-format=json run to-salesforce").splitlines() if line]
    (done,) = [line for line in lines if str(line.get("event")).startswith("Done: run")]
    assert done["level"] == "info"
    assert json.dumps(done).count('"created"') >= 1
    assert done["counts"]["created"] > 0


@pytest.mark.parametrize("with_ledger", [True, False])
def test_a_tap_that_works_alone_keeps_the_sdks_lines(tmp_path, team_sandbox, project, with_ledger):
    """Whoever puts it in front of another target finds what they are used to."""
    config = {"api_url": team_sandbox.sales_connect_url, "token": "sandbox"}
    if with_ledger:
        config["ledger_url"] = f"sqlite:///{tmp_path}/ledger.db"
    path = tmp_path / "config.json"
    path.write_text(json.dumps(config), encoding="utf-8")
    err = project.run(f".venv/bin/tap-salesconnect --config {path} 2>&1 >/dev/null")
    assert ("METRIC" in err) is not with_ledger
    assert ("Beginning sync of" in err) is not with_ledger


def test_the_command_is_a_utility_of_meltano(synced):
    """`meltano invoke tasksync …` says what the command says, and has its exit code."""
    project, _ = synced
    assert "Last run to-salesforce (run " in project.meltano("invoke tasksync status")
    assert "sales connect: " in project.meltano("invoke tasksync:doctor")
    assert "Nothing needs a person." in project.meltano("invoke tasksync:check")
    assert "The ledger knows nothing of rem_x" in project.meltano("invoke tasksync explain rem_x", exits=1)
