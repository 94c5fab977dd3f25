"""What a scene's runs are made of: bare pipes, forked or from nothing, with or without the link field; or Meltano."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING, Any

from tests.crashes.pipe import Pipes
from tests.crashes.through_meltano import MeltanoRuns

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

    from tests.conftest import SandboxHandle
    from tests.crashes.template import Template
    from tests.project.copies import Project

COLD_SCENE = 5
"""In each so-manieth scene every process is the plugin's own executable, started from nothing."""
POLICIES = ("newest", "newest", "salesforce", "salesconnect")


def settings(random: Random) -> dict[str, Any]:
    """The targets' settings of a scene; the brake would hold what is to be compared."""
    return {"allow_mass_delete": True, "conflict_policy": random.choice(POLICIES)}


@dataclass
class BarePipes:
    """Stages bare pipes.

    Attributes:
        template: what most processes are forked from; without it all are started from nothing.
    """

    random: Random
    template: Template | None
    link_field: bool = True
    scenes: int = 0

    def __call__(self, sandbox: SandboxHandle, folder: Path) -> Pipes:
        """The runs of the next scene."""
        self.scenes += 1
        chosen = settings(self.random)
        if not self.link_field:
            chosen["mapping_path"] = str(mapping_without_link_field(folder))
        return Pipes(sandbox, folder, chosen, self.template if self.scenes % COLD_SCENE else None)


@dataclass
class ThroughMeltano:
    """Stages runs of Meltano, in a project whose plugins are installed."""

    random: Random
    project: Project

    def __call__(self, sandbox: SandboxHandle, folder: Path) -> MeltanoRuns:
        """The runs of the next scene."""
        return MeltanoRuns(self.project, sandbox, folder, settings(self.random))


def mapping_without_link_field(folder: Path) -> Path:
    """A copy of the packaged mapping file with `link.task_field: null`."""
    text = resources.files("tasksync_mappings").joinpath("reminder-task.yml").read_text(encoding="utf-8")
    changed = text.replace("task_field: Sales_Connect_Id__c", "task_field: null")
    assert changed != text
    path = folder / "mapping.yml"
    path.write_text(changed, encoding="utf-8")
    return path
