"""A tap without the sync, in front of somebody else's target."""

import json
import re

import yaml

from .copies import ROOT

PAGE = (ROOT / "docs/tap-salesconnect.md").read_text(encoding="utf-8")


def test_a_tap_alone_fills_a_public_target(project, team_sandbox):
    """With the page's lines in meltano.yml, every reminder and person arrives, and no ledger is made."""
    theirs = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])["plugins"]

    def add(document):
        for kind, plugins in theirs.items():
            document["plugins"][kind] += plugins

    project.edit_meltano_yml(add)
    project.use(team_sandbox)
    (project.folder / "output").mkdir()
    command = re.search(r"`meltano (run tap-salesconnect-alone \S+)`", PAGE)[1]
    project.meltano("install loader target-jsonl")
    project.meltano(command)
    for stream in ("reminders", "people"):
        (file,) = (project.folder / "output").glob(f"{stream}*.jsonl")
        found = {json.loads(line)["id"] for line in file.read_text(encoding="utf-8").splitlines()}
        there = team_sandbox.ask("GET", f"/v1/{stream}", params={"limit": 500}).json()["data"]
        assert found == {record["id"] for record in there}
    assert not (project.folder / ".tasksync").exists()
