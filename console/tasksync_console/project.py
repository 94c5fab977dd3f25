"""The Meltano project that the command stands in, and the settings that Meltano gives its plugins there.

Where they come from, the first that is set: the terminal's variables, those in `.env`, the environment's plugin config
in meltano.yml, the plugin's own config there, and the default that the setting declares.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tasksync_engine.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DEFAULT_ENVIRONMENT = "sandbox"
PROJECT_FILE = "meltano.yml"


@dataclass(frozen=True, slots=True)
class Project:
    """A project folder and the environment that is in force.

    Attributes:
        folder: Where meltano.yml lies, if there is one.
        environment: The Meltano environment.
    """

    folder: Path
    environment: str

    @classmethod
    def here(cls) -> Project:
        """The one that Meltano names, else the nearest one above the current folder, else that folder."""
        environment = os.environ.get("MELTANO_ENVIRONMENT") or DEFAULT_ENVIRONMENT
        given = os.environ.get("MELTANO_PROJECT_ROOT")
        if given:
            return cls(Path(given).absolute(), environment)
        here = Path.cwd()
        found = (folder for folder in (here, *here.parents) if (folder / PROJECT_FILE).is_file())
        return cls(next(found, here), environment)

    def variable(self, name: str) -> str | None:
        """A variable of the terminal or of `.env`; one that is empty is unset.

        Raises:
            ConfigError: `.env` cannot be read.
        """
        return os.environ.get(name) or self._dotenv(name) or None

    def _dotenv(self, name: str) -> str | None:
        path = self.folder / ".env"
        if not path.is_file():
            return None
        from dotenv import dotenv_values  # noqa: PLC0415 - only where there is such a file

        try:
            return dotenv_values(path).get(name)
        except (OSError, UnicodeDecodeError) as error:
            message = f"The file {path} cannot be read: make it readable UTF-8 text, or set {name} in the terminal."
            raise ConfigError(message) from error

    def top_level(self, key: str) -> Any:  # noqa: ANN401 - whatever YAML holds there
        """What meltano.yml says under a key of its own; None where there is no such file or key."""
        return self._document().get(key) if (self.folder / PROJECT_FILE).is_file() else None

    def plugin_settings(self, name: str) -> dict[str, Any]:
        """What Meltano would tell a plugin of this project.

        Args:
            name: The plugin's name in meltano.yml.

        Raises:
            ConfigError: There is no such plugin, or meltano.yml cannot be read.
        """
        document = self._document()
        plugin = next((found for found in _plugins(document) if found["name"] == name), None)
        if plugin is None:
            message = (
                f"{self.folder / PROJECT_FILE} has no plugin {name}: run this where the project's meltano.yml lies."
            )
            raise ConfigError(message)
        settings: dict[str, Any] = {}
        for setting in plugin.get("settings") or ():
            value = self._value(plugin, setting, self._configured(document, name))
            if value is not None and value != "":
                settings[setting["name"]] = value
        return settings

    def schedules(self) -> list[Mapping[str, Any]]:
        """The schedules in meltano.yml: each with its name, its interval and its job.

        Raises:
            ConfigError: meltano.yml cannot be read.
        """
        found = self._document().get("schedules") or ()
        return [schedule for schedule in found if isinstance(schedule, dict)]

    def _value(self, plugin: Mapping[str, Any], setting: Mapping[str, Any], configured: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a setting's value is what its kind says
        own = f"{plugin['name']}_{setting['name']}".upper().replace("-", "_")
        for variable in (own, *(setting.get("env_aliases") or ())):
            found = self.variable(variable)
            if found is not None:
                return found
        key = setting["name"]
        value = configured.get(key, (plugin.get("config") or {}).get(key, setting.get("value")))
        return self._expanded(value) if isinstance(value, str) else value

    def _expanded(self, text: str) -> str:
        known = {"MELTANO_PROJECT_ROOT": str(self.folder), "MELTANO_ENVIRONMENT": self.environment}
        for variable, value in known.items():
            text = text.replace(f"${{{variable}}}", value).replace(f"${variable}", value)
        return text

    def _configured(self, document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
        for environment in document.get("environments") or ():
            if environment["name"] == self.environment:
                plugins = (environment.get("config") or {}).get("plugins") or {}
                return next((p.get("config") or {} for kind in plugins.values() for p in kind if p["name"] == name), {})
        return {}

    def _document(self) -> Mapping[str, Any]:
        import yaml  # noqa: PLC0415 - only commands that write to a service need it

        path = self.folder / PROJECT_FILE
        try:
            document = yaml.safe_load(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
            message = f"{path} cannot be read: run this in the Meltano project, or set MELTANO_PROJECT_ROOT."
            raise ConfigError(message) from error
        return document if isinstance(document, dict) else {}


def _plugins(document: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in (document.get("plugins") or {}).values():
        yield from kind
